"""What a workflow has come to: of each step in each revision, how often what became of it, and of what it sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from .. import clock
from ..messaging import tallies
from . import actions, decisions, definitions, enrolments, plans, timing
from .decisions import Counted
from .shapes import SendEmail, SendSms, Step
from .switch_jobs import in_turn

_LOOKED_AT = 5000  # enrolments, within a request
_AT_ONCE = 500
_SECONDS = 4
_MOST_REVISIONS = 20  # the newest
_REASONS = plans.REASONS | {
    "paused": "The workflow was paused when it was due.",
    "changed": "It was due before the change that added it.",
    plans.OTHER: "Another reason: see the records' histories.",
}


class SkippedFor(Struct, frozen=True, kw_only=True):
    """How often a step was skipped for a reason."""

    reason: str
    in_words: str
    number: int


class StepCounts(Struct, frozen=True, kw_only=True):
    """What became of a step. `messages`: how many of what it sent have come to each status."""

    id: str
    action: str
    waiting: int
    done: int
    skipped: int
    skipped_for: tuple[SkippedFor, ...]
    failed: int
    put_off: int
    messages: dict[str, int] | None


class RevisionCounts(Struct, frozen=True, kw_only=True):
    """What became of those in one revision. `moved`: taken along to it from an earlier one."""

    revision: int
    entered: int
    moved: int
    running: int
    finished: int
    stopped: int
    steps: tuple[StepCounts, ...]


class Funnel(Struct, frozen=True, kw_only=True):
    """The newest revision first. Unless `is_all`, more records are in it than `running` and `waiting` count."""

    not_entered: int
    is_all: bool
    revisions: tuple[RevisionCounts, ...]


def of_workflow(portal: str, workflow_id: str) -> Funnel:
    """The numbers of a workflow, as of now. Raises NotFound."""
    newest = int(definitions.read(portal, workflow_id).revision)
    counts = decisions.counted(portal, workflow_id)
    running, is_all = _waiting(portal, workflow_id)
    named = {counted.revision for counted in counts} | {newest}
    shown = sorted(named, reverse=True)[:_MOST_REVISIONS]
    return Funnel(
        not_entered=sum(number for key, number in counts.items() if key.what == "not-entered"), is_all=is_all,
        revisions=tuple(_revision(portal, workflow_id, each, counts, running) for each in shown),
    )  # fmt: skip


def _waiting(portal: str, workflow_id: str) -> tuple[Counter[tuple[int, str]], bool]:
    """How many are in each revision (of a blank step) and wait for each step; and whether that is all of them."""
    found: Counter[tuple[int, str]] = Counter()
    cursor, until, looked_at = None, clock.timestamp() + _SECONDS, 0
    while looked_at < _LOOKED_AT and clock.timestamp() <= until:
        page = in_turn(portal, workflow_id, enrolments.RUNNING, _AT_ONCE, cursor)
        for row in page.items:
            number = int(row.revision)
            said = definitions.revision(portal, workflow_id, number)
            found.update([(number, ""), *((number, step.id) for _, step in timing.waiting(said.steps, row))])
        looked_at, cursor = looked_at + len(page.items), page.cursor
        if cursor is None:
            return found, True
    return found, False


def _revision(
    portal: str,
    workflow_id: str,
    number: int,
    counts: Mapping[Counted, int],
    running: Mapping[tuple[int, str], int],
) -> RevisionCounts:
    said = definitions.revision(portal, workflow_id, number)
    of_all = {what: counts.get(Counted(number, "", what), 0) for what in ("entered", "moved", "finished", "stopped")}
    steps = []
    for step in said.steps:
        mine = {key: times for key, times in counts.items() if (key.revision, key.step) == (number, step.id)}
        steps.append(_step(portal, workflow_id, number, step, mine, running.get((number, step.id), 0)))
    return RevisionCounts(revision=number, running=running.get((number, ""), 0), steps=tuple(steps), **of_all)


def _step(
    portal: str, workflow_id: str, number: int, step: Step, counts: Mapping[Counted, int], waiting: int
) -> StepCounts:
    total: Counter[str] = Counter()
    for key, times in counts.items():
        total[key.what] += times
    messages = None
    if isinstance(step.do, SendEmail | SendSms) and total["done"]:
        tally = tallies.read(portal, actions.tally_of(workflow_id, number, step.id))
        messages = {status.value: times for status, times in tally.items() if times}
    return StepCounts(
        id=step.id, action=step.do.__struct_config__.tag,  # type: ignore[arg-type]
        waiting=waiting, done=total["done"], skipped=total["skipped"], failed=total["failed"], put_off=total["put-off"],
        skipped_for=tuple(
            SkippedFor(reason=key.sort, in_words=_REASONS.get(key.sort, key.sort), number=times)
            for key, times in sorted(counts.items(), key=lambda each: -each[1])
            if key.what == "skipped"
        ),
        messages=messages,
    )  # fmt: skip
