"""Switching a workflow on and off, pausing and resuming it: each with a say in what becomes of the records it concerns.

The new state is written with the job that sees to the records, a page at a time; when the job has ended the workflow is on,
or off. Meanwhile nothing else can be asked of it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .. import clock, facts, ids
from ..errors import Conflict, Stale
from ..facts import Act, Kind
from ..jobs import jobs
from ..jobs.jobs import Job, JobKind
from ..people import accounts
from ..people.shapes import Account
from ..portals import Portal
from . import definitions, enrolling, triggers
from .enrolments import rows_of_workflow
from .models import WorkflowRow
from .shapes import Trigger, Workflow
from .switch_jobs import RESUME, START, STOP, Overdue, Resuming, Starting, Stopping

_COUNTED_AT_ONCE = 1000
_COUNTING_SECONDS = 4  # within a request, which has 15
_A_SECOND = 10  # enrolments that go on after a pause, where what is overdue is sent
_NOT_PAUSED = "This workflow is not paused."
_NOT_ON = "This workflow is not on."
_NOT_OFF = "This workflow is on already."
_OFF_ALREADY = "This workflow is off already."
_TOO_MANY = f"At most {definitions.MOST_LIVE} workflows of a portal are on at the same time. Switch one off first."


class Existing(msgspec.Struct, frozen=True, kw_only=True):
    """How many records match a trigger now, and how many were looked at; `is_all`: that is all there are."""

    matching: int
    looked_at: int
    is_all: bool
    in_words: str


def count_existing(portal: Portal, trigger: Trigger) -> Existing:
    """Count who matches now, for as long as a request may take."""
    matching = looked_at = 0
    cursor, until = None, clock.timestamp() + _COUNTING_SECONDS
    while clock.timestamp() <= until:
        page = accounts.listed(portal.slug, sort="created_at", limit=_COUNTED_AT_ONCE, cursor=cursor)
        looked_at += len(page.items)
        for account in page.items:
            if all(rule.holds for rule in triggers.rules_of_record(trigger, account)):
                matching += bool(_matching(portal, trigger, account))
        cursor = page.cursor
        if cursor is None:
            return _existing(matching, looked_at, is_all=True)
    return _existing(matching, looked_at, is_all=False)


def switch_on(
    act: Act, portal: Portal, workflow_id: str, *, enrol_existing: bool, version: int | None = None
) -> Workflow:
    """Switch it on: records that match from now on enter it, and those that match already if so wanted.

    Raises NotFound, Stale, Conflict where it is not off, Invalid where there is nothing that it could do.
    """
    row = _read(act.portal, workflow_id, version, must_be=("off",), refusal=_NOT_OFF)
    definitions.ready(portal, row.said)
    if len(definitions.live(portal.slug)) >= definitions.MOST_LIVE:
        raise Conflict(_TOO_MANY)
    row.switched_on_at = clock.timestamp()
    wanted = Starting(workflow_id=workflow_id, enrol=enrol_existing, since=int(row.switched_on_at))
    told = {"existing": "enrolled" if enrol_existing else "left"}
    return _move(act, row, "starting", Kind.WORKFLOW_SWITCHED_ON, told, START, wanted)


def pause(act: Act, workflow_id: str, *, version: int | None = None) -> Workflow:
    """Hold everything: nobody enters, and what comes due is kept. Raises NotFound, Stale, Conflict."""
    row = _read(act.portal, workflow_id, version, must_be=("on",), refusal=_NOT_ON)
    row.paused_at = clock.timestamp()
    return _move(act, row, "paused", Kind.WORKFLOW_PAUSED, {})


def resume(act: Act, workflow_id: str, *, overdue: Overdue, version: int | None = None) -> Workflow:
    """Go on: `shift` everything by how long it was paused, `send` what is overdue (some a second), or `skip` that.

    Raises NotFound, Stale, Conflict.
    """
    row = _read(act.portal, workflow_id, version, must_be=("paused",), refusal=_NOT_PAUSED)
    now, paused_at = clock.timestamp(), int(row.paused_at or 0)
    held = _held(act.portal, workflow_id)
    wanted = Resuming(
        workflow_id=workflow_id, overdue=overdue, paused_at=paused_at, resumed_at=now,
        window=held // _A_SECOND if overdue == "send" else 0,
    )  # fmt: skip
    row.paused_at = None
    return _move(act, row, "resuming", Kind.WORKFLOW_RESUMED, {"overdue": overdue}, RESUME, wanted)


def switch_off(act: Act, workflow_id: str, *, stop_running: bool, version: int | None = None) -> Workflow:
    """Switch it off: nobody enters any more. Those in it go on to their end, or are stopped if so wanted.

    Those that are held by a pause are stopped in any case. Raises NotFound, Stale, Conflict.
    """
    row = _read(act.portal, workflow_id, version, must_be=("on", "paused"), refusal=_OFF_ALREADY)
    told = {"running": "stopped" if stop_running or row.state == "paused" else "finish"}
    row.paused_at = None
    if told["running"] == "finish":
        return _move(act, row, "off", Kind.WORKFLOW_SWITCHED_OFF, told)
    wanted = Stopping(workflow_id=workflow_id, asked_by=act.actor)
    return _move(act, row, "stopping", Kind.WORKFLOW_SWITCHED_OFF, told, STOP, wanted)


def _read(portal: str, workflow_id: str, version: int | None, *, must_be: tuple[str, ...], refusal: str) -> WorkflowRow:
    row = definitions.read(portal, workflow_id)
    if version is not None and version != row.version:
        raise Stale
    definitions.must_be_settled(row)
    if row.state not in must_be:
        raise Conflict(refusal)
    return row


def _move(
    act: Act,
    row: WorkflowRow,
    state: str,
    kind: Kind,
    told: dict[str, str],
    job_kind: JobKind[Any, Any] | None = None,
    wanted: msgspec.Struct | None = None,
) -> Workflow:
    read_version, job_id = int(row.version), ids.new()
    row.state, row.version, row.updated_at = state, read_version + 1, clock.timestamp()
    row.job = job_id if job_kind else None
    row.switched_on_at = None if state in ("off", "stopping") else row.switched_on_at
    tx = act.transaction()
    tx.put(row, when=WorkflowRow.version == read_version, refusal=Stale())
    if state in ("off", "stopping"):
        definitions.drop_live(tx, row)
    else:
        definitions.put_live(tx, row)
    facts.record(tx, act, kind, definitions.subject(row.id), told)
    if job_kind is not None and wanted is not None:
        jobs.start(tx, act, job_kind, wanted, job_id=job_id)
    tx.commit()
    if job_kind is not None:
        jobs.go_on_at_once(act.portal, job_id)
    return definitions.get(act.portal, row.id)


def at_work(portal: str, workflow_id: str) -> tuple[Workflow, Job | None]:
    """A workflow, and the job that is at work on it, if one is. Raises NotFound."""
    workflow = definitions.get(portal, workflow_id)
    return workflow, jobs.get(portal, workflow.job) if workflow.job else None


def _existing(matching: int, looked_at: int, *, is_all: bool) -> Existing:
    verb = "matches" if matching == 1 else "match"
    told = f"{matching} {verb} now." if is_all else f"{matching} of the first {looked_at} {verb} now; there are more."
    return Existing(matching=matching, looked_at=looked_at, is_all=is_all, in_words=told)


def _matching(portal: Portal, trigger: Trigger, account: Account) -> dict[str, triggers.Match]:
    products = enrolling.products_for(portal, account.id, trigger)
    return triggers.matches(trigger, account, products, portal.time_zone, clock.timestamp())


def _held(portal: str, workflow_id: str) -> int:
    """How many are held, counted for as long as a request may take."""
    number, cursor, until = 0, None, clock.timestamp() + _COUNTING_SECONDS
    while clock.timestamp() <= until:
        page = rows_of_workflow(portal, workflow_id, "held", limit=_COUNTED_AT_ONCE, cursor=cursor)
        number, cursor = number + len(page.items), page.cursor
        if cursor is None:
            break
    return number
