"""How campaigns stand: their runs, with what became of each account and message; and what a cancellation stopped."""

from __future__ import annotations

from functools import partial
from typing import Final

from .. import clock, fields
from ..errors import NotFound
from ..jobs import jobs
from ..messaging import tallies
from ..messaging.statuses import Status
from ..storage import Page, query, together
from . import doing as campaign_doing
from . import runs as campaign_runs
from .doing import CampaignRun, channel_of
from .models import CampaignRow, RunRow
from .shapes import Campaign, CampaignReport, Receipt, Recipient, Run

_RUNS_SHOWN: Final = 5
_NO_CAMPAIGN: Final = "There is no campaign with this id."
_NO_RUN: Final = "There is no run of this moment."


def report(portal: str, campaign_id: str) -> CampaignReport:
    """The campaign with its newest runs: how far each has come, and what became of its messages. Raises NotFound."""
    row = read(portal, campaign_id)
    between = RunRow.sk.startswith("run#")
    rows = query(RunRow, row.pk, between=between, limit=_RUNS_SHOWN, descending=True).items
    runs = together([partial(_run, portal, row, each) for each in rows])
    return CampaignReport(runs=tuple(runs), **fields.values(shown(row)))


def receipt(portal: str, campaign_id: str) -> Receipt:
    """What the cancellation of a campaign stopped, of its newest run. Raises NotFound."""
    row = read(portal, campaign_id)
    if row.run is None:
        return Receipt(campaign=shown(row), done=0, gone=0, stopped=0, left=None)
    job = jobs.get(portal, campaign_runs.job_id(row.id, int(row.run)), kind=campaign_runs.KIND)
    gone, stopped = _gone(portal, job)
    return Receipt(campaign=shown(row), done=job.changed, gone=gone, stopped=stopped, left=job.left)


def recipients_of(
    portal: str, campaign_id: str, *, moment: int | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Recipient]:
    """For whom a run did it, and who got nothing and why; of the newest run unless its moment is given. Raises NotFound."""
    row = read(portal, campaign_id)
    at = moment if moment is not None else int(row.run or 0)
    if RunRow.find(row.pk, campaign_runs.run_key(at)) is None:
        if moment is None:
            return Page([])
        raise NotFound(_NO_RUN)
    page = jobs.visited(portal, campaign_runs.job_id(campaign_id, at), limit=limit, cursor=cursor)
    return Page([_recipient(each) for each in page.items], page.cursor)


def waiting(portal: str, row: CampaignRow) -> int:
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


def read(portal: str, campaign_id: str) -> CampaignRow:
    """The stored campaign. Raises NotFound."""
    row = CampaignRow.find(key(portal, campaign_id), "campaign")
    if row is None:
        raise NotFound(_NO_CAMPAIGN)
    return row


def shown(row: CampaignRow) -> Campaign:
    """As the API shows it."""
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


def _tally(row: CampaignRow, moment: int) -> str:
    return campaign_doing.tally(row.id, moment)


def key(portal: str, campaign_id: str) -> str:
    """Under which partition key a campaign and its runs stand."""
    return f"{portal}#campaign#{campaign_id}"
