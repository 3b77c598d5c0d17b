"""The jobs behind switching: looking at the records there are, letting enrolments go on after a pause, stopping them.

A visit may be repeated after a crash: each finds by the row itself that it was made.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Final, Literal

from msgspec import Struct

from .. import clock, facts
from ..errors import Stale
from ..facts import Act, Kind
from ..facts.reactions import concerns
from ..jobs.jobs import CHANGED, UNCHANGED, Answer, Hook, Job, JobKind
from ..people import accounts
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Page, Transaction, afresh
from . import decisions, definitions, enrolling, enrolments, timing, triggers
from .decisions import Of
from .enrolments import rows_of_workflow
from .models import EnrolmentRow, WorkflowRow

_FACTS_LOOKED_AT = 100
PASSED_OVER: Final = "The workflow was paused when it was due."
SWITCHED_OFF: Final = "The workflow was switched off."

Overdue = Literal["shift", "send", "skip"]


class Starting(Struct, frozen=True, kw_only=True):
    """What the job that looks at existing records has to know."""

    workflow_id: str
    enrol: bool
    since: int


class Resuming(Struct, frozen=True, kw_only=True):
    """What the job that lets enrolments go on has to know; `window` is over how many seconds it spreads them."""

    workflow_id: str
    overdue: Overdue
    paused_at: int
    resumed_at: int
    window: int


class Stopping(Struct, frozen=True, kw_only=True):
    """What the job that stops enrolments has to know."""

    workflow_id: str
    asked_by: str


def _all_accounts(portal: Portal, _wanted: Starting, limit: int, cursor: str | None) -> Page[Account]:
    return accounts.listed(portal.slug, sort="created_at", limit=limit, cursor=cursor)


def _start_one(_act: Act, portal: Portal, wanted: Starting, account: Account) -> Answer:
    live = definitions.live_row(portal.slug, wanted.workflow_id)
    if live is None or not all(rule.holds for rule in triggers.rules_of_record(live.trigger, account)):
        return UNCHANGED
    if not wanted.enrol and _has_changed(portal.slug, account, wanted.since):
        return UNCHANGED  # the word of that change decides: it may match only since then
    products = enrolling.products_for(portal, account.id, live.trigger)
    found = enrolling.note_existing(portal, account, products, live, enrol=wanted.enrol)
    return CHANGED if found else UNCHANGED


def _has_changed(portal: str, account: Account, since: int) -> bool:
    """Whether a record has changed, since the workflow was switched on, in what triggers look at."""
    for fact in facts.about(portal, facts.subject("account", account.id), limit=_FACTS_LOOKED_AT).items:
        if fact.at < (clock.text(since) or ""):
            return False
        if concerns(fact.kind, fact.changes):
            return True
    return False


def _running(portal: Portal, wanted: Resuming, limit: int, cursor: str | None) -> Page[EnrolmentRow]:
    states = ("held",) if wanted.overdue == "send" else ("active", "held")  # what is due may not be held yet
    return in_turn(portal.slug, wanted.workflow_id, states, limit, cursor)


def _resume_one(_act: Act, portal: Portal, wanted: Resuming, row: EnrolmentRow) -> Answer:
    return afresh(partial(_resume, portal, wanted, row.id))


def _resume(portal: Portal, wanted: Resuming, enrolment_id: str) -> Answer:
    """Let one go on. Raises Stale where it moved meanwhile."""
    row = enrolments.find(portal.slug, enrolment_id)
    if row is None or row.state not in enrolments.RUNNING or row.created_at > wanted.resumed_at:
        return UNCHANGED
    if row.state == "active" and _is_seen_to(wanted, row):
        return UNCHANGED
    if wanted.overdue == "shift":
        row.starts_at, row.shifted_at = int(row.starts_at) + wanted.resumed_at - wanted.paused_at, wanted.paused_at
    said = definitions.revision(portal.slug, row.workflow, int(row.revision))
    waiting, tx = timing.waiting(said.steps, row), Transaction()
    if wanted.overdue == "skip":
        over = [step.id for moment, step in waiting if moment <= wanted.resumed_at]
        row.outcomes = row.outcomes | dict.fromkeys(over, f"skipped#{PASSED_OVER}")
        decisions.note_passed_over(
            tx, portal.slug, row.account, Of(row.workflow, said.name, int(row.revision)), over, PASSED_OVER,
            enrolment_id=row.id, counted_as="paused",
        )  # fmt: skip
        waiting = timing.waiting(said.steps, row)
    due_at = waiting[0][0] if waiting else wanted.resumed_at
    if wanted.window and due_at <= wanted.resumed_at:
        due_at = wanted.resumed_at + zlib.crc32(row.id.encode()) % wanted.window
    enrolments.set_going(tx, portal.slug, row, due_at=due_at)
    tx.commit()
    return CHANGED


def _is_seen_to(wanted: Resuming, row: EnrolmentRow) -> bool:
    """Whether one that is not held was let go on already, or has nothing that this concerns."""
    if wanted.overdue == "shift":
        return bool(row.shifted_at == wanted.paused_at)
    return wanted.overdue == "send" or row.due_at is None or row.due_at > wanted.resumed_at


def _still_in(portal: Portal, wanted: Stopping, limit: int, cursor: str | None) -> Page[EnrolmentRow]:
    return in_turn(portal.slug, wanted.workflow_id, ("held", "active"), limit, cursor)


def _stop_one(act: Act, portal: Portal, _wanted: Stopping, row: EnrolmentRow) -> Answer:
    return afresh(partial(_stop, act, portal, row.id))


def _stop(act: Act, portal: Portal, enrolment_id: str) -> Answer:
    row = enrolments.find(portal.slug, enrolment_id)
    if row is None or row.state not in enrolments.RUNNING:
        return UNCHANGED
    tx, of = act.transaction(), enrolments.named(portal.slug, row)
    enrolments.end(tx, act, row, of, "stopped", SWITCHED_OFF, kind=Kind.ENROLMENT_STOPPED_BY_STAFF)
    tx.commit()
    return CHANGED


def in_turn(
    portal: str, workflow_id: str, states: tuple[str, ...], limit: int, cursor: str | None
) -> Page[EnrolmentRow]:
    """A page of the enrolments of one state after the other; the cursor tells which, before its colon."""
    at, _, place = (cursor or "0:").partition(":")
    state = states[int(at)]
    page = rows_of_workflow(portal, workflow_id, state, limit=limit, cursor=place or None)
    if page.cursor:
        return Page(page.items, f"{at}:{page.cursor}")
    return Page(page.items, f"{int(at) + 1}:" if int(at) + 1 < len(states) else None)


def settled(state: Literal["on", "off"]) -> Hook:
    """What a job adds to the transaction in which it ends: that the workflow is on, or off."""

    def hook(tx: Transaction, act: Act, job: Job) -> None:
        row = definitions.read(act.portal, job.wanted.workflow_id)
        read_version = int(row.version)
        row.state, row.job, row.version = state, None, read_version + 1
        tx.put(row, when=WorkflowRow.version == read_version, refusal=Stale())
        if state == "on":
            definitions.put_live(tx, row)

    return hook


def id_of(item: Account | EnrolmentRow) -> str:
    """The id of one that a job visits."""
    return str(item.id)


START: Final = JobKind(
    "workflow-start", Starting, _all_accounts, id_of, _start_one, keeps_ledger=False, ended=settled("on")
)
RESUME: Final = JobKind(
    "workflow-resume", Resuming, _running, id_of, _resume_one, keeps_ledger=False, ended=settled("on")
)
STOP: Final = JobKind("workflow-stop", Stopping, _still_in, id_of, _stop_one, keeps_ledger=False, ended=settled("off"))
