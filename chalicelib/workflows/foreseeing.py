"""What workflows will do with one record: its steps played through in memory, one after the other, as `acting` would.

The record is changed as the steps change it, so a later step sees what an earlier one did. Nothing is written or sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct, field

from ..errors import Refusal, Unavailable
from ..messaging import addresses, gsm, preview
from ..people import agent_cards, tag_rules
from ..people.agent_cards import AgentCard
from ..people.shapes import Account
from ..portals import Portal
from ..selfservice import access
from ..selfservice.record_shapes import Product
from ..work import calls, tasks
from ..work.shapes import CallInput, TaskInput
from . import enrolling, plans, reaching, record_context, timing, triggers
from .models import LiveRow, StandingRow
from .plans import NotYet, Plan, Retagging, Sending, Skipped, Standing, Switching
from .reaching import Lately
from .recipients import Channel, Reached
from .shapes import Step, WorkflowInput
from .triggers import Match

_MOST_EVENTS = 300  # of a record: two workflows, or one, may go round for ever
_LATEST_ENTRY = 366 * 24 * 3600  # after the begin, of records that enter again
ALREADY = "It matched already when it was last looked at."


class Message(Struct, frozen=True):
    """A message to one recipient, and the moment at which it lands."""

    message: str
    channel: Channel
    who: str
    to: str
    answer: str
    reason: str = ""
    lands_at: int | None = None
    parts: int | None = None


class Course(Struct, eq=False):
    """A record on its way through a workflow: what is still to come, and when the next of it is due."""

    id: str
    said: WorkflowInput
    key: str
    product: Product | None
    zone: str
    steps: list[tuple[int, Step]]
    due_at: int


class Event(Struct, frozen=True):
    """Something that becomes of the record."""

    at: int
    what: str
    key: str
    course: str = ""
    step: Step | None = None
    reason: str = ""
    until: int | None = None
    rules: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    assignee: str | None = None
    tags: tuple[str, ...] | None = None


class Cards:
    """Agents' cards, each looked for once."""

    def __init__(self, portal: Portal) -> None:
        self._portal, self._found = portal, dict[str, AgentCard | None]()

    def of(self, email: str | None) -> AgentCard | None:
        """The card of the agent with this address."""
        if email and email not in self._found:
            self._found[email] = agent_cards.of_email(self._portal.slug, email)
        return self._found[email] if email else None


class Record(Struct):
    """A record as it is at a moment of the play."""

    portal: Portal
    account: Account
    products: Sequence[Product]
    lately: Lately
    cards: Cards
    self_service: bool | None = None  # None: not looked up yet

    @property
    def is_on(self) -> bool:
        """Whether self-service is on."""
        if self.self_service is None:
            self.self_service = access.is_on(self.portal.slug, self.account.id)
        return self.self_service

    def standing(self, product: Product | None) -> Standing:
        """As a step sees it."""
        return Standing(self.portal, self.account, product, self.lately)


class Entering(Struct):
    """The workflow that the record may enter while it is played through, and where it stands in it."""

    live: LiveRow
    said: WorkflowInput
    standing: dict[str, StandingRow]
    running: frozenset[str] = frozenset()  # enrolments that are stored, and not over


class Play(Struct):
    """The play of one record, until a moment."""

    record: Record
    until: int
    courses: list[Course] = field(default_factory=list)
    entering: Entering | None = None
    events: list[Event] = field(default_factory=list)
    moment: int = 0
    goes_on: bool = False  # it would enter again, but so late that it is not played
    _began: int = 0
    _has_changed: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more would come."""
        return not self.courses and not self.goes_on

    def begin(self, now: int) -> None:
        """Look at the record as switching the workflow on does: it enters if it matches, unless it did so before."""
        self.moment = self._began = now
        if self.entering is None:
            return
        for key, match in self._matching(self.entering).items():
            row = self.entering.standing.get(key)
            if enrolling.stands(self.entering.live, row):
                self._tell("not-entered", key, reason=ALREADY)
            else:
                self._arrive(self.entering, key, match)

    def go_on(self) -> None:
        """Play it to its end, or to the last moment that is of interest."""
        last: Course | None = None
        while len(self.events) < _MOST_EVENTS:
            course = min(self.courses, key=lambda each: each.due_at, default=None)
            if self._has_changed and (course is None or course is not last or course.due_at > self.moment):
                self._look()  # what is due of one record at one moment is done before the word of a change comes
                last = None
            elif course is None or course.due_at > self.until:
                break
            else:
                self.moment, last = max(self.moment, course.due_at), course
                self._turn(course)

    def _turn(self, course: Course) -> None:
        """The next step of a course."""
        if not course.steps:
            self._end(course, "finished")
            return
        if course.said.stop_when_no_longer_matching and not self._still_matches(course):
            self._end(course, "stopped", enrolling.NO_LONGER)
            return
        step, rules = course.steps[0][1], self._rules(course)
        try:
            told = self._done(plan_of(self.record, course.product, step, self.moment), course.product)
        except NotYet as wait:
            self._tell("put-off", course.key, course, step=step, rules=rules, reason=wait.reason, until=wait.until)
            course.due_at = wait.until
            return
        except Skipped as skip:
            self._tell("skipped", course.key, course, step=step, rules=rules, reason=skip.words)
        except Unavailable:
            raise
        except Refusal as refusal:
            self._tell("skipped", course.key, course, step=step, rules=rules, reason=plans.words(refusal))
        else:
            self._tell("done", course.key, course, step=step, rules=rules, told=told)
        course.steps.pop(0)
        if course.steps:
            course.due_at = course.steps[0][0]
        else:
            self._end(course, "finished")

    def _done(self, plan: Plan, product: Product | None) -> dict[str, object]:
        """Take the effect of a step on the record; what there is to tell of it."""
        record = self.record
        match plan:
            case Sending() as sending:
                messages = tuple(messages_of(record, product, sending, self.moment))
                if any(each.who == "record" and each.answer != "not-sent" for each in messages):
                    record.lately = record.lately.and_at(self.moment, sending.channel)
                return {"messages": messages, "reason": " ".join(sending.notes)}
            case Switching(on=on):
                record.self_service = on
                return {"messages": tuple(_of_access(record, self.moment)) if on else ()}
            case Retagging(add=add, remove=remove):
                tags = tag_rules.retagged(record.account.tags, add, remove)
                record.account = msgspec.structs.replace(record.account, tags=tags)
                self._has_changed = True
                return {"tags": tags}
            case TaskInput(assignee=assignee):
                return {"assignee": assignee}
            case CallInput():
                return {}

    def _look(self) -> None:
        """What a change of the record means for the workflows that it is in, or may enter."""
        self._has_changed = False
        if self.entering is not None:
            self._look_for(self.entering)
            return
        for course in list(self.courses):
            if course.said.stop_when_no_longer_matching and not self._still_matches(course):
                self._end(course, "stopped", enrolling.NO_LONGER)

    def _look_for(self, entering: Entering) -> None:
        matching = self._matching(entering)
        for turn in enrolling.turns(
            entering.live, entering.standing, matching, lambda row: self._is_running(entering, row)
        ):
            if turn.match is not None:
                self._arrive(entering, turn.key, turn.match)
            else:
                self._leave(entering, turn.key, turn.reason)

    def _arrive(self, entering: Entering, key: str, match: Match) -> None:
        """It matches anew: it enters, or the reason why not is told."""
        row, name = entering.standing.get(key), f"{key}/{len(self.events)}"
        why_not = enrolling.objection(entering.live, row, match, self.moment, lambda: self._is_running(entering, row))
        self._stand(entering, key, matches=True, occasion=match.occasion, enrolment=None if why_not else name)
        if why_not:
            self._tell("not-entered", key, reason=why_not)
            return
        starts_at = self.moment if match.starts_at is None else match.starts_at
        was_in = any(event.what == "entered" and event.key == key for event in self.events)
        is_too_late = was_in and starts_at > self._began + _LATEST_ENTRY
        zone = self.record.portal.time_zone
        steps = timing.in_order(entering.said.steps, starts_at, zone)
        course = Course(
            id=name, said=entering.said, key=key, product=match.product, zone=zone, steps=steps,
            due_at=steps[0][0] if steps else self.moment,
        )  # fmt: skip
        self._tell(
            "entered", key, course, reason=enrolling.entered(match), rules=self._rules(course, always=True)
        )  # fmt: skip
        if is_too_late:
            self.goes_on = True
        else:
            self.courses.append(course)

    def _leave(self, entering: Entering, key: str, reason: str) -> None:
        row = entering.standing[key]
        running = next((each for each in self.courses if each.id == row.enrolment), None)
        if running is not None and entering.live.stops:
            self._end(running, "stopped", reason)
        self._stand(entering, key, matches=False, occasion=row.occasion, enrolment=row.enrolment)

    def _stand(
        self, entering: Entering, key: str, *, matches: bool, occasion: str | None, enrolment: str | None
    ) -> None:
        record = self.record
        entering.standing[key] = enrolling.stood(
            record.portal.slug, record.account.id, entering.live, entering.standing.get(key), key, self.moment,
            matches=matches, occasion=occasion, enrolment=enrolment,
        )  # fmt: skip

    def _is_running(self, entering: Entering, row: StandingRow | None) -> bool:
        if row is None or row.enrolment is None:
            return False
        return row.enrolment in entering.running or any(each.id == row.enrolment for each in self.courses)

    def _end(self, course: Course, what: str, reason: str = "") -> None:
        self.courses.remove(course)
        rules = self._rules(course, always=True) if what == "stopped" else ()
        self._tell(what, course.key, course, reason=reason, rules=rules)
        date = course.said.trigger.date
        if what == "finished" and date is not None and date.every_year and self.entering is not None:
            self._look_for(self.entering)

    def _tell(
        self,
        what: str,
        key: str,
        course: Course | None = None,
        *,
        step: Step | None = None,
        reason: str = "",
        until: int | None = None,
        rules: tuple[str, ...] = (),
        told: dict[str, object] | None = None,
    ) -> None:
        said = {"reason": reason, **(told or {})}
        self.events.append(
            Event(self.moment, what, key, course.id if course else "", step, until=until, rules=rules, **said)  # type: ignore[arg-type]
        )

    def _rules(self, course: Course, *, always: bool = False) -> tuple[str, ...]:
        """What the record is held against: at a step only where it would stop."""
        if not (always or course.said.stop_when_no_longer_matching):
            return ()
        trigger, product = course.said.trigger, course.product
        rules = triggers.rules_of_record(trigger, self.record.account)
        return tuple(rule.said for rule in rules + (triggers.rules_of_product(trigger, product) if product else []))

    def _matching(self, entering: Entering) -> dict[str, Match]:
        record = self.record
        trigger, zone = entering.live.trigger, record.portal.time_zone
        return triggers.matches(trigger, record.account, record.products, zone, self.moment)

    def _still_matches(self, course: Course) -> bool:
        record = self.record
        return course.key in triggers.matches(
            course.said.trigger, record.account, record.products, course.zone, self.moment
        )


def plan_of(record: Record, product: Product | None, step: Step, now: int) -> Plan:
    """What a step would do with a record. Raises Skipped, NotYet, and what would refuse it."""
    plan = plans.of_step(record.standing(product), step, now)
    match plan:
        case Switching(on=on):
            why_not = access.objection(record.account, "enable" if on else "disable", is_on=record.is_on)
            if why_not:
                raise Skipped(why_not)
        case TaskInput() as task:
            tasks.check(record.portal.slug, task)
        case CallInput() as call:
            calls.checked(record.portal, call)
        case _:
            pass
    return plan


def messages_of(record: Record, product: Product | None, sending: Sending, now: int) -> Iterator[Message]:
    """The messages of a step, and whom it does not reach."""
    for each in sending.going:
        to, verdict = addresses.masked(sending.channel, each.reached.to), each.verdict
        answer, lands_at = ("held", verdict.until) if verdict.answer == "later" else ("sent", now)
        yield Message(
            sending.message, sending.channel, each.reached.who, to, answer, plans.REASONS.get(verdict.reason, ""),
            lands_at, _parts(record, product, sending, each.reached),
        )  # fmt: skip
    for missed in sending.missed:
        why = plans.REASONS.get(missed.why, missed.why)
        yield Message(sending.message, sending.channel, missed.who, "", "not-sent", why)


def _parts(record: Record, product: Product | None, sending: Sending, reached: Reached) -> int | None:
    """How many parts a text message has: of one that is gone by now nobody knows."""
    if sending.channel != "sms":
        return None
    card = record.cards.of(record.account.assigned_agent)
    context = record_context.context_of(record.portal, record.account, reached.contact, card, product)
    try:
        return gsm.parts(preview.text_of(record.portal, sending.message, context))
    except LookupError:
        return None


def _of_access(record: Record, now: int) -> Iterator[Message]:
    """The mails that go out as self-service is switched on. They are no marketing, and keep no quiet hours."""
    for address in record.account.primary_emails:
        verdict = reaching.of_notice(record.portal, "email", address)
        to = addresses.masked("email", address)
        for name in access.MESSAGES:
            if verdict.answer == "go":
                yield Message(name, "email", "record", to, "sent", lands_at=now)
            else:
                yield Message(
                    name, "email", "record", to, "not-sent", plans.REASONS.get(verdict.reason, verdict.reason)
                )


def entered(events: Iterable[Event]) -> bool:
    """Whether the record enters at all."""
    return any(event.what == "entered" for event in events)
