"""Changing a workflow that people are in: what the change would do to them, shown first; and taking them along, if wanted.

Steps are known by their ids, which stay the same: what is over of one stays over in the new revision, whatever became of its
delay or its action.
"""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

from msgspec import Struct

from .. import clock, facts, ids
from ..errors import Conflict, Stale
from ..facts import Act, Kind
from ..jobs import jobs
from ..jobs.jobs import CHANGED, UNCHANGED, Answer, JobKind
from ..portals import Portal
from ..storage import Page, Transaction, afresh
from . import definitions, enrolments, timing
from .decisions import Of, note, note_passed_over
from .models import EnrolmentRow, WorkflowRow
from .shapes import Workflow, WorkflowInput
from .switch_jobs import id_of, in_turn, settled

_LOOKED_AT = 5000  # enrolments, within a request
_AT_ONCE = 500
_SECONDS = 4
OVERDUE: Final = "It was due before the change that added it."

Overdue = Literal["send", "skip"]


class StepMoves(Struct, frozen=True, kw_only=True):
    """What a change would do to one step of those enrolled: how many wait for it, and for how many it would be due at once."""

    id: str
    waiting: int
    due_at_once: int
    is_new: bool
    is_gone: bool


class ChangeReach(Struct, frozen=True, kw_only=True):
    """Whom a change concerns. `is_all`: every enrolment was looked at; else there are more than could be counted."""

    running: int
    due_at_once: int
    finished_at_once: int
    is_all: bool
    in_words: str
    steps: tuple[StepMoves, ...]


class Moving(Struct, frozen=True, kw_only=True):
    """What the job that takes enrolments along has to know."""

    workflow_id: str
    revision: int
    overdue: Overdue
    moved_at: int


def reach(portal: Portal, workflow_id: str, wanted: WorkflowInput) -> ChangeReach:
    """What would become of those enrolled if they were taken along to this revision now. Raises NotFound."""
    definitions.read(portal.slug, workflow_id)
    now, until = clock.timestamp(), clock.timestamp() + _SECONDS
    counts = {step.id: [0, 0] for step in wanted.steps}
    gone: dict[str, int] = {}
    running = at_once = finished = 0
    cursor: str | None = None
    while running < _LOOKED_AT and clock.timestamp() <= until:
        page = in_turn(portal.slug, workflow_id, enrolments.RUNNING, _AT_ONCE, cursor)
        for row in page.items:
            running += 1
            waiting = timing.waiting(wanted.steps, row)
            overdue = [step.id for moment, step in waiting if moment <= now]
            at_once, finished = at_once + bool(overdue), finished + (not waiting)
            for _, step in waiting:
                counts[step.id][0] += 1
                counts[step.id][1] += step.id in overdue
            for step_id in _left_out(portal.slug, row, wanted):
                gone[step_id] = gone.get(step_id, 0) + 1
        cursor = page.cursor
        if cursor is None:
            break
    before = {step.id for step in definitions.read(portal.slug, workflow_id).said.steps}
    steps = [
        StepMoves(id=step_id, waiting=number, due_at_once=due, is_new=step_id not in before, is_gone=False)
        for step_id, (number, due) in counts.items()
    ]
    steps += [
        StepMoves(id=step_id, waiting=number, due_at_once=0, is_new=False, is_gone=True)
        for step_id, number in gone.items()
    ]
    is_all = cursor is None
    return ChangeReach(
        running=running, due_at_once=at_once, finished_at_once=finished, is_all=is_all, steps=tuple(steps),
        in_words=_in_words(running, at_once, finished, is_all=is_all),
    )  # fmt: skip


def take_along(act: Act, workflow_id: str, *, overdue: Overdue, version: int | None = None) -> Workflow:
    """Take those enrolled in earlier revisions along to the present one; what is overdue in it is sent, or skipped.

    Raises NotFound, Stale, Conflict where the workflow is off or being seen to.
    """
    row = definitions.read(act.portal, workflow_id)
    if version is not None and version != row.version:
        raise Stale
    definitions.must_be_settled(row)
    if row.state != "on":
        raise Conflict("Only those in a workflow that is on can be taken along to its newest revision.")
    read_version, job_id = int(row.version), ids.new()
    row.state, row.job, row.version, row.updated_at = "moving", job_id, read_version + 1, clock.timestamp()
    wanted = Moving(workflow_id=workflow_id, revision=int(row.revision), overdue=overdue, moved_at=clock.timestamp())
    tx = act.transaction()
    tx.put(row, when=WorkflowRow.version == read_version, refusal=Stale())
    definitions.put_live(tx, row)
    told = {"revision": int(row.revision), "overdue": overdue}
    facts.record(tx, act, Kind.WORKFLOW_TAKEN_ALONG, definitions.subject(workflow_id), told)
    jobs.start(tx, act, MOVE, wanted, job_id=job_id)
    tx.commit()
    jobs.go_on_at_once(act.portal, job_id)
    return definitions.get(act.portal, workflow_id)


def _in_words(running: int, at_once: int, finished: int, *, is_all: bool) -> str:
    if not running:
        return "Nobody is in this workflow: the change concerns those who enter from now on."
    told = [
        f"{running} {'is' if running == 1 else 'are'} in this workflow" if is_all else f"More than {running} are in it"
    ]
    told.append(f"if you take them along, something is due at once for {at_once or 'none'}")
    told.append(f"and {finished or 'none'} of them {'is' if finished == 1 else 'are'} through with it")
    return f"{told[0]}: {told[1]}, {told[2]}."


def _left_out(portal: str, row: EnrolmentRow, wanted: WorkflowInput) -> list[str]:
    """The steps that somebody waits for and that the new revision no longer has."""
    kept = {step.id for step in wanted.steps}
    said = definitions.revision(portal, row.workflow, int(row.revision))
    return [step.id for _, step in timing.waiting(said.steps, row) if step.id not in kept]


def _page(portal: Portal, wanted: Moving, limit: int, cursor: str | None) -> Page[EnrolmentRow]:
    return in_turn(portal.slug, wanted.workflow_id, enrolments.RUNNING, limit, cursor)


def _move_one(_act: Act, portal: Portal, wanted: Moving, row: EnrolmentRow) -> Answer:
    return afresh(partial(_move, portal, wanted, row.id))


def _move(portal: Portal, wanted: Moving, enrolment_id: str) -> Answer:
    """Take one along. Raises Stale where it moved on meanwhile."""
    row = enrolments.find(portal.slug, enrolment_id)
    if row is None or row.state not in enrolments.RUNNING or row.revision >= wanted.revision:
        return UNCHANGED
    said = definitions.revision(portal.slug, wanted.workflow_id, wanted.revision)
    of = Of(wanted.workflow_id, said.name, wanted.revision)
    read_turn, tx = int(row.turn), Transaction()
    row.revision, row.turn = wanted.revision, read_turn + 1
    told = note(tx, portal.slug, row.account, of, "moved", f"To revision {wanted.revision}.", enrolment_id=row.id)
    if wanted.overdue == "skip":
        over = [step.id for moment, step in timing.waiting(said.steps, row) if moment <= wanted.moved_at]
        row.outcomes = row.outcomes | dict.fromkeys(over, f"skipped#{OVERDUE}")
        note_passed_over(
            tx, portal.slug, row.account, of, over, OVERDUE, enrolment_id=row.id, counted_as="changed", after=told
        )  # fmt: skip
    waiting = timing.waiting(said.steps, row)
    if row.state == "active":
        row.due_at = waiting[0][0] if waiting else wanted.moved_at
    tx.put(row, when=EnrolmentRow.turn == read_turn, refusal=Stale())
    tx.commit()
    return CHANGED


MOVE: Final = JobKind("workflow-move", Moving, _page, id_of, _move_one, keeps_ledger=False, ended=settled("on"))
