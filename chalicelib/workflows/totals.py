"""What a rehearsal adds up to: how much of what, when, to what cost, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from .. import clock
from ..messaging.budget import PART_PRICE
from ..portals import Portal
from ..work import moments
from .foreseeing import Event, Message, entered
from .rehearsal_shapes import Hour, Landing, Reason, StepForeseen
from .shapes import WorkflowInput

_MOST_HOURS = 1000


class _OfStep(Struct):
    done: int = 0
    skipped: int = 0
    never: int = 0
    moments: list[int] = field(default_factory=list)  # the first and the last at which it is done

    def at(self, moment: int) -> None:
        self.moments = [min([moment, *self.moments]), max([moment, *self.moments])]


class Totals:
    """Counts of all records that were looked at."""

    def __init__(self, portal: Portal, said: WorkflowInput) -> None:
        self._zone, self._said = portal.time_zone, said
        self.looked_at = self._matching = self._entering = self._parts = 0
        self._not_entering, self._skips, self._put_off = Counter[str](), Counter[str](), Counter[str]()
        self._actions: Counter[str] = Counter()
        self._steps = {step.id: _OfStep() for step in said.steps}
        self._hours: dict[str, Counter[str]] = {}
        self._channels: Counter[str] = Counter()
        self._last: dict[str, int] = {}

    def add(self, events: Sequence[Event]) -> None:
        """Add what becomes of one record that matches."""
        self._matching += 1
        if entered(events):
            self._entering += 1
        elif events:
            self._not_entering[events[0].reason] += 1
        for event in events:
            if event.step is not None:
                self._of_step(event, self._steps[event.step.id])
            for message in event.messages:
                self._of_message(message)
        courses = {event.course for event in events if event.what in ("stopped", "finished")}
        for step in self._said.steps:
            came = {event.course for event in events if event.step is step and event.what in ("done", "skipped")}
            self._steps[step.id].never += len(courses - came)

    def told(self) -> dict[str, Any]:
        """As the API shows them."""
        return {
            "looked_at": self.looked_at, "matching": self._matching, "entering": self._entering,
            "not_entering": _reasons(self._not_entering), "steps": tuple(self._steps_told()),
            "emails": self._channels["email"], "texts": self._channels["sms"],
            "tasks": self._actions["create-task"], "calls": self._actions["add-to-call-queue"],
            "hours": tuple(
                Hour(hour=hour, emails=found["email"], texts=found["sms"])
                for hour, found in sorted(self._hours.items())[:_MOST_HOURS]
            ),
            "last_email": self._landing("email"), "last_text": self._landing("sms"), "skips": _reasons(self._skips),
            "put_off": _reasons(self._put_off), "sms_parts": self._parts, "sms_cost": str(PART_PRICE * self._parts),
        }  # fmt: skip

    def _of_step(self, event: Event, counted: _OfStep) -> None:
        if event.what == "done" and event.step is not None:
            counted.done += 1
            counted.at(event.at)
            self._actions[str(event.step.do.__struct_config__.tag)] += 1
        elif event.what == "skipped":
            counted.skipped += 1
            self._skips[event.reason] += 1
        else:
            self._put_off[event.reason] += 1

    def _of_message(self, message: Message) -> None:
        if message.answer == "not-sent" or message.lands_at is None:
            self._skips[message.reason] += 1
            return
        if message.answer == "held":
            self._put_off[message.reason] += 1
        channel, lands_at = message.channel, message.lands_at
        hour = f"{moments.shown(lands_at, self._zone)[:13]}:00"
        self._hours.setdefault(hour, Counter())[channel] += 1
        self._channels[channel] += 1
        self._last[channel] = max(lands_at, self._last.get(channel, 0))
        self._parts += message.parts or 0

    def _steps_told(self) -> list[StepForeseen]:
        return [
            StepForeseen(
                step=step.id, action=str(step.do.__struct_config__.tag), done=found.done, skipped=found.skipped,
                never=found.never, first=self._wall(found.moments[:1]), last=self._wall(found.moments[1:]),
            )
            for step in self._said.steps
            for found in (self._steps[step.id],)
        ]  # fmt: skip

    def _wall(self, found: list[int]) -> str | None:
        return moments.shown(found[0], self._zone) if found else None

    def _landing(self, channel: str) -> Landing | None:
        moment = self._last.get(channel)
        if moment is None:
            return None
        return Landing(at=clock.text(moment) or "", wall=moments.shown(moment, self._zone))


def _reasons(found: Counter[str]) -> tuple[Reason, ...]:
    """The most frequent first."""
    return tuple(Reason(reason=reason, number=number) for reason, number in found.most_common())
