"""Campaigns: something is done for every account of a filter, at once, at a time, or again and again; and stopped by a word.

A draft is planned, changed and counted as often as one likes. Scheduled it stays as it is: what was counted is what happens.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..messaging import tallies, wordings
from ..messaging.statuses import Status
from ..portals import Portal
from ..storage import Page, query, together
from . import campaign_doing, campaign_runs, cron, jobs, moments, tagging
from .campaign_doing import CampaignRun, channel_of
from .campaign_models import CampaignRow, RunRow
from .campaign_shapes import (
    AtTime,
    Campaign,
    CampaignCount,
    CampaignInput,
    CampaignReport,
    MailEach,
    OnCron,
    Receipt,
    Recipient,
    Run,
    TextEach,
)
from .workflow_shapes import AddTags, RemoveTags

_MOST: Final = 500  # of a portal
_RUNS_SHOWN: Final = 5
_LIVE: Final = ("draft", "scheduled", "running", "holding")
_NO_CAMPAIGN: Final = "There is no campaign with this id."
_NO_RUN: Final = "There is no run of this moment."
_NOT_DRAFT: Final = "Only a draft can be changed or removed. Copy it, and change the copy."
_NOT_HELD: Final = "It is not held, so there is nothing to release."
_NOT_BEGUN: Final = "It is a draft, so there is nothing to cancel. Remove it."
_OVER: Final = "It is over already: there is nothing left to cancel."
_TOO_MANY: Final = f"A portal has at most {_MOST} campaigns. Remove drafts that are no longer needed."
_NO_MESSAGE: Final = "There is no message for records of this name with a wording for this channel."
_NOTHING_SENT: Final = "Nothing is sent, so there is no canary to judge. Leave it out."
_PASSED: Final = "This time has passed."
_NEVER: Final = "No such time comes any more."


def create(act: Act, portal: Portal, wanted: CampaignInput, *, campaign_id: str | None = None) -> Campaign:
    """A draft. Raises Invalid."""
    _check(portal, wanted)
    if len(query(CampaignRow, _list(act.portal), index="by_order", limit=_MOST).items) == _MOST:
        raise Conflict(_TOO_MANY)
    identifier, now = campaign_id or ids.new(), clock.timestamp()
    row = CampaignRow(
        pk=_key(act.portal, identifier), sk="campaign", list_key=_list(act.portal), order_key=identifier, id=identifier,
        said=wanted, state="draft", version=1, created_by=act.actor, created_at=now, updated_at=now,
    )  # fmt: skip
    tx = act.transaction()
    tx.put(row, when=CampaignRow.pk.does_not_exist(), refusal=Conflict("This campaign exists already."))
    facts.record(tx, act, Kind.CAMPAIGN_CREATED, _subject(identifier), {"name": wanted.name})
    tx.commit()
    return _shown(row)


def get(portal: str, campaign_id: str) -> Campaign:
    """The campaign as of now. Raises NotFound."""
    return _shown(_read(portal, campaign_id))


def report(portal: str, campaign_id: str) -> CampaignReport:
    """The campaign with its newest runs: how far each has come, and what became of its messages. Raises NotFound."""
    row = _read(portal, campaign_id)
    between = RunRow.sk.startswith("run#")
    rows = query(RunRow, row.pk, between=between, limit=_RUNS_SHOWN, descending=True).items
    runs = together([partial(_run, portal, row, each) for each in rows])
    return CampaignReport(runs=tuple(runs), **fields.values(_shown(row)))


def listed(portal: str, *, state: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Campaign]:
    """Campaigns, the newest first; in one state if named."""
    only = (CampaignRow.state == state) if state else None
    page = query(CampaignRow, _list(portal), index="by_order", only=only, limit=limit, cursor=cursor, descending=True)
    return Page([_shown(row) for row in page.items], page.cursor)


def change(
    act: Act, portal: Portal, campaign_id: str, wanted: CampaignInput, *, version: int | None = None
) -> Campaign:
    """Say something else of a draft. Raises Invalid, NotFound, Stale, and Conflict once it is scheduled."""
    row = _draft(act.portal, campaign_id, version)
    if row.said == wanted:
        return _shown(row)
    _check(portal, wanted)
    before, read_version = row.said, int(row.version)
    row.said, row.version, row.updated_at = wanted, read_version + 1, clock.timestamp()
    tx = act.transaction()
    tx.put(row, when=CampaignRow.version == read_version, refusal=Stale())
    changed = [name for name in wanted.__struct_fields__ if getattr(before, name) != getattr(wanted, name)]
    facts.record(tx, act, Kind.CAMPAIGN_CHANGED, _subject(campaign_id), {"changed": changed})
    tx.commit()
    return _shown(row)


def copy(act: Act, portal: Portal, campaign_id: str, *, copy_id: str | None = None) -> Campaign:
    """A draft like it, with no runs. Raises NotFound, and Invalid where it could not be made so today."""
    said = _read(act.portal, campaign_id).said
    name = f"Copy of {said.name}"[:200]
    return create(act, portal, msgspec.structs.replace(said, name=name), campaign_id=copy_id)


def remove(act: Act, campaign_id: str, *, version: int | None = None) -> None:
    """Take a draft away. Raises NotFound, Stale, and Conflict once it was scheduled: what was sent stays on record."""
    row = _draft(act.portal, campaign_id, version)
    tx = act.transaction()
    tx.delete(CampaignRow(row.pk, row.sk), when=CampaignRow.version == row.version, refusal=Stale())
    facts.record(tx, act, Kind.CAMPAIGN_REMOVED, _subject(campaign_id), {"name": row.said.name})
    tx.commit()


def schedule(act: Act, portal: Portal, campaign_id: str, *, version: int | None = None) -> Campaign:
    """From now on it runs when its time comes. Raises Invalid where that has passed, NotFound, Stale, Conflict."""
    row = _draft(act.portal, campaign_id, version)
    _check(portal, row.said)
    due_at, tx = _first_moment(portal, row.said), act.transaction()
    campaign_runs.move(tx, row, "scheduled", due_at=due_at)
    facts.record(tx, act, Kind.CAMPAIGN_SCHEDULED, _subject(campaign_id), {"at": clock.text(due_at)})
    tx.commit()
    return get(act.portal, campaign_id)


def cancel(act: Act, campaign_id: str) -> Receipt:
    """Stop it for good: no account is touched any more, and what waits to be sent is not sent.

    Cancelled twice it answers alike. Raises NotFound, and Conflict for a draft, or where everything had gone.
    """
    row = _read(act.portal, campaign_id)
    if row.state == "draft":
        raise Conflict(_NOT_BEGUN)
    if row.state in ("running", "holding"):
        campaign_runs.cancel(act, row)
    elif row.state == "scheduled" or (row.state == "done" and _waiting(act.portal, row)):
        _cancel_between_runs(act, row)
    elif row.state == "done":
        raise Conflict(_OVER)
    return receipt(act.portal, campaign_id)


def receipt(portal: str, campaign_id: str) -> Receipt:
    """What the cancellation of a campaign stopped, of its newest run. Raises NotFound."""
    row = _read(portal, campaign_id)
    if row.run is None:
        return Receipt(campaign=_shown(row), done=0, gone=0, stopped=0, left=None)
    job = jobs.get(portal, campaign_runs.job_id(row.id, int(row.run)), kind=campaign_runs.KIND)
    gone, waiting = _gone(portal, job)
    return Receipt(campaign=_shown(row), done=job.changed, gone=gone, stopped=waiting, left=job.left)


def release(act: Act, campaign_id: str) -> Campaign:
    """Go on with a campaign that is held, without waiting for its canary. Raises NotFound, Conflict."""
    row = _read(act.portal, campaign_id)
    if row.state != "holding":
        raise Conflict(_NOT_HELD)
    campaign_runs.release(act, row)
    return get(act.portal, campaign_id)


def count(portal: Portal, campaign_id: str) -> CampaignCount:
    """Whom it would reach now, and whom not, and why. Raises NotFound."""
    said = _read(portal.slug, campaign_id).said
    return campaign_doing.count(portal, said.filter, said.do)


def recipients_of(
    portal: str, campaign_id: str, *, moment: int | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Recipient]:
    """For whom a run did it, and who got nothing and why; of the newest run unless its moment is given. Raises NotFound."""
    row = _read(portal, campaign_id)
    at = moment if moment is not None else int(row.run or 0)
    if RunRow.find(row.pk, campaign_runs.run_key(at)) is None:
        if moment is None:
            return Page([])
        raise NotFound(_NO_RUN)
    page = jobs.visited(portal, campaign_runs.job_id(campaign_id, at), limit=limit, cursor=cursor)
    return Page([_recipient(each) for each in page.items], page.cursor)


def using(portal: str, message: str) -> tuple[str, ...]:
    """The names of the campaigns that may still send this message."""
    rows = query(CampaignRow, _list(portal), index="by_order", limit=_MOST).items
    sending = [row.said for row in rows if row.state in _LIVE and isinstance(row.said.do, MailEach | TextEach)]
    return tuple(said.name for said in sending if said.do.message == message)  # type: ignore[union-attr]


def _cancel_between_runs(act: Act, row: CampaignRow) -> None:
    tx = act.transaction()
    campaign_runs.move(tx, row, "cancelled", due_at=None)
    if row.run is not None:
        tallies.stop(tx, act.portal, _tally(row, int(row.run)))
    facts.record(tx, act, Kind.CAMPAIGN_CANCELLED, _subject(row.id))
    tx.commit()


def _waiting(portal: str, row: CampaignRow) -> int:
    """How many messages of the newest run are still to be sent."""
    if row.run is None:
        return 0
    job = jobs.get(portal, campaign_runs.job_id(row.id, int(row.run)), kind=campaign_runs.KIND)
    return _gone(portal, job)[1]


def _gone(portal: str, job: jobs.Job) -> tuple[int, int]:
    """How many messages of a run have gone, and how many were stopped or still wait."""
    wanted: CampaignRun = job.wanted
    if channel_of(wanted.do) is None:
        return 0, 0
    told = tallies.read(portal, wanted.tally)
    gone = campaign_runs.sent(told)
    never = told[Status.FAILED] + told[Status.SUPPRESSED] + told[Status.EXPIRED]
    return gone, max(0, job.changed - gone - never)


def _check(portal: Portal, wanted: CampaignInput) -> None:
    wrong: dict[str, str] = {}
    do, channel = wanted.do, channel_of(wanted.do)
    if isinstance(do, MailEach | TextEach) and not _can_send(portal.slug, do.message, channel or ""):
        wrong["do.message"] = _NO_MESSAGE
    if isinstance(do, AddTags | RemoveTags):
        found = tagging.faults(do.tags, ()) if isinstance(do, AddTags) else tagging.faults((), do.tags)
        wrong |= {f"do.tags{field.removeprefix('add').removeprefix('remove')}": said for field, said in found.items()}
    if wanted.canary is not None and channel is None:
        wrong["canary"] = _NOTHING_SENT
    if isinstance(wanted.when, AtTime) and not moments.is_wall_time(wanted.when.at):
        wrong["when.at"] = moments.NO_WALL_TIME
    if isinstance(wanted.when, OnCron) and not cron.is_cron(wanted.when.cron):
        wrong["when.cron"] = cron.NO_CRON
    if wrong:
        raise Invalid(fields=wrong)


def _can_send(portal: str, message: str, channel: str) -> bool:
    """Only what tells of a record: no link to one, no password, can go to many."""
    try:
        template = wordings.template(portal, message)
    except LookupError:
        return False
    return template.for_records and channel in template.channels


def _first_moment(portal: Portal, said: CampaignInput) -> int:
    now = clock.timestamp()
    if isinstance(said.when, AtTime):
        moment = moments.at(said.when.at, portal.time_zone)
        if moment <= now:
            raise Invalid(fields={"when.at": _PASSED})
        return moment
    if isinstance(said.when, OnCron):
        found = cron.next_after(said.when.cron, portal.time_zone, now)
        if found is None:
            raise Invalid(fields={"when.cron": _NEVER})
        return found
    return now


def _draft(portal: str, campaign_id: str, version: int | None) -> CampaignRow:
    row = _read(portal, campaign_id)
    if version is not None and version != row.version:
        raise Stale
    if row.state != "draft":
        raise Conflict(_NOT_DRAFT)
    return row


def _read(portal: str, campaign_id: str) -> CampaignRow:
    row = CampaignRow.find(_key(portal, campaign_id), "campaign")
    if row is None:
        raise NotFound(_NO_CAMPAIGN)
    return row


def _run(portal: str, row: CampaignRow, run: RunRow) -> Run:
    """Of a run that goes on, as far as its job has come."""
    moment = int(run.moment)
    changed, unchanged, refused = int(run.changed), int(run.unchanged), int(run.refused)
    total = None if run.total is None else int(run.total)
    if run.ended_at is None:
        job = jobs.get(portal, campaign_runs.job_id(row.id, moment), kind=campaign_runs.KIND)
        changed, unchanged, refused = job.changed, job.unchanged, job.refused
    looked_at = changed + unchanged + refused
    total = looked_at if run.state == "done" else total
    told = tallies.read(portal, _tally(row, moment)) if channel_of(row.said.do) else {}
    return Run(
        moment=clock.text(moment) or "",
        state=run.state,  # type: ignore[arg-type]
        reason=run.reason,
        started_at=clock.text(int(run.started_at)) or "",
        held_until=clock.text(int(run.held_until) if run.held_until else None),
        ended_at=clock.text(int(run.ended_at) if run.ended_at else None),
        total=total,
        done=changed,
        unchanged=unchanged,
        refused=refused,
        left=None if total is None else max(0, total - looked_at),
        a_minute=round(looked_at * 60 / max(1, _worked_seconds(run)), 1),
        messages={status.value: number for status, number in told.items() if number},
    )


def _worked_seconds(run: RunRow) -> int:
    """How long a run was at work; while it is held it is not."""
    end = int(run.ended_at or (run.held_at if run.state == "holding" else 0) or clock.timestamp())
    return end - int(run.started_at)


def _recipient(each: jobs.Visited) -> Recipient:
    answer = "done" if each.what == "changed" else "refused"
    return Recipient(account_id=each.id, answer=answer, why=each.why, at=clock.text(each.at) or "")  # type: ignore[arg-type]


def _shown(row: CampaignRow) -> Campaign:
    return Campaign(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]
        next_at=clock.text(int(row.due_at) if row.due_at else None),
        version=int(row.version),
        created_by=row.created_by,
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
        **fields.values(row.said),
    )


def _tally(row: CampaignRow, moment: int) -> str:
    return campaign_doing.tally(row.id, moment)


def _key(portal: str, campaign_id: str) -> str:
    return f"{portal}#campaign#{campaign_id}"


def _list(portal: str) -> str:
    return f"{portal}#campaigns"


def _subject(campaign_id: str) -> str:
    return facts.subject("campaign", campaign_id)
