"""Runs of campaigns: begun when they are due, held after their canary, judged, and ended. Each run is a job with a ledger.

A run is known by the moment for which it was planned. Of any number of workers that find the same moment due, one begins it;
of times that were missed while the service was down, the last is made up for, once.
"""

from __future__ import annotations

from typing import Final

from .. import agenda, clock, facts, portals
from ..errors import Conflict, Stale
from ..facts import Act, Kind
from ..jobs import jobs
from ..jobs.jobs import Job, JobKind
from ..messaging import tallies
from ..messaging.queue import queue
from ..messaging.statuses import Status
from ..people import filters
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Action, Page, Transaction
from . import cron
from . import doing as campaign_doing
from .doing import CampaignRun, channel_of
from .models import CampaignRow, RunRow
from .shapes import OnCron

_BY: Final = "system:campaigns"
_COUNTING_SECONDS: Final = 20
_CLOSED: Final = "The portal is closed."
_OVER_LIMIT: Final = "Of {sent} messages {bad} bounced, failed or were complained of: more than {limit} of a hundred."


def begin_due(slug: str, campaign_id: str) -> None:
    """Do what is due of one campaign: begin a run, or judge its canary. Safe to call twice, at once, or late."""
    row = CampaignRow.find(f"{slug}#campaign#{campaign_id}", "campaign")
    if row is None or row.due_at is None or row.due_at > clock.timestamp():
        return
    portal = portals.known(slug)
    try:
        if row.state == "holding":
            _judge(portal, row)
        elif row.state == "scheduled":
            _begin(portal, row)
    except (Conflict, Stale):
        return  # another worker was quicker, or staff have cancelled it


def job_id(campaign_id: str, moment: int) -> str:
    """The id of a run's job."""
    return f"{campaign_id}-{moment}"


def run_key(moment: int) -> str:
    """Under which sort key a run stands."""
    return f"run#{moment:011}"


def cancel(act: Act, row: CampaignRow) -> Job:
    """Cancel the run that a campaign is in, and with it the campaign. Raises Conflict where it has just ended."""
    return jobs.cancel(act, job_id(row.id, int(row.run or 0)), kind=KIND)


def release(act: Act, row: CampaignRow, kind: Kind = Kind.CAMPAIGN_RELEASED) -> None:
    """Go on with a run that is held. Raises Conflict where it is not."""
    moment, tx = int(row.run or 0), act.transaction()
    jobs.resume(tx, act.portal, job_id(row.id, moment))
    run = RunRow(row.pk, run_key(moment))
    tx.update(run, RunRow.state.set("running"), RunRow.held_until.remove(), when=RunRow.state == "holding")
    move(tx, row, "running", due_at=None)
    facts.record(tx, act, kind, facts.subject("campaign", row.id), {"moment": clock.text(moment)})
    tx.commit()


def _begin(portal: Portal, row: CampaignRow) -> None:
    moment = int(row.due_at or 0)
    if isinstance(row.said.when, OnCron):
        moment = cron.latest(row.said.when.cron, portal.time_zone, moment, clock.timestamp())
    act, about = Act(portal.slug, _BY), facts.subject("campaign", row.id)
    tx = act.transaction()
    if portal.status != "open":
        move(tx, row, "stopped", due_at=None)
        facts.record(tx, act, Kind.CAMPAIGN_STOPPED, about, {"reason": _CLOSED})
        tx.commit()
        return
    total, first = campaign_doing.counted(portal.slug, row.said.filter, _COUNTING_SECONDS)
    wanted = CampaignRun(
        campaign_id=row.id, moment=moment, name=row.said.name, filter=row.said.filter, do=row.said.do
    )  # fmt: skip
    canary = row.said.canary
    share = max(1, (total or len(first)) * canary.percent // 100) if canary else None
    jobs.start(tx, act, KIND, wanted, job_id=job_id(row.id, moment), total=total, hold_after=share)
    now = clock.timestamp()
    run = RunRow(row.pk, run_key(moment), moment=moment, state="running", started_at=now, total=total)
    tx.put(run, when=RunRow.pk.does_not_exist(), refusal=Conflict("This run was begun already."))
    move(tx, row, "running", due_at=None, moment=moment)
    facts.record(tx, act, Kind.CAMPAIGN_STARTED, about, {"moment": clock.text(moment), "accounts": total})
    tx.commit()
    jobs.hand_on(portal.slug, job_id(row.id, moment))


def _judge(portal: Portal, row: CampaignRow) -> None:
    """The hold is over. Where nothing is known of any message yet (all wait for quiet hours to end), it is held on."""
    moment, canary = int(row.run or 0), row.said.canary
    job = jobs.get(portal.slug, job_id(row.id, moment), kind=KIND)
    told = tallies.read(portal.slug, job.wanted.tally)
    act = Act(portal.slug, _BY)
    if canary is not None and job.changed and not any(told.values()):
        tx, until = act.transaction(), clock.timestamp() + canary.hold_minutes * 60
        move(tx, row, "holding", due_at=until)
        tx.update(RunRow(row.pk, run_key(moment)), RunRow.held_until.set(until), when=RunRow.state == "holding")
        tx.commit()
    elif canary is not None and _bad(row, told) * 100 > canary.stop_above_bounce_percent * _tried(told):
        jobs.cancel(act, job.id, kind=KIND, state="stopped")
    else:
        release(act, row, Kind.CAMPAIGN_WENT_ON)
        jobs.hand_on(portal.slug, job.id)


def _bad(row: CampaignRow, told: dict[Status, int]) -> int:
    """How many did not arrive as they should. Of text messages nobody tells of bounces, so those that failed count."""
    failed = told[Status.FAILED] if channel_of(row.said.do) == "sms" else 0
    return told[Status.BOUNCED] + told[Status.COMPLAINED] + failed


def _tried(told: dict[Status, int]) -> int:
    return sent(told) + told[Status.FAILED]


def sent(told: dict[Status, int]) -> int:
    """How many were sent at least; a message may come to its end before we have noted that it was sent."""
    return max(told[Status.SENT], told[Status.DELIVERED] + told[Status.BOUNCED])


def _page(portal: Portal, run: CampaignRun, limit: int, cursor: str | None) -> Page[Account]:
    return filters.listed(portal.slug, run.filter, limit, cursor)


def _held(tx: Transaction, act: Act, job: Job) -> None:
    run: CampaignRun = job.wanted
    row, now = _row_of(act.portal, run), clock.timestamp()
    if row is None or row.said.canary is None:
        return
    until = now + row.said.canary.hold_minutes * 60
    move(tx, row, "holding", due_at=until)
    tx.update(
        RunRow(row.pk, run_key(run.moment)), RunRow.state.set("holding"), RunRow.held_at.set(now),
        RunRow.held_until.set(until), when=RunRow.pk.exists(), refusal=Stale(),
    )  # fmt: skip
    told = {"done": job.changed, "refused": job.refused, "until": clock.text(until)}
    facts.record(tx, Act(act.portal, _BY), Kind.CAMPAIGN_HELD, facts.subject("campaign", row.id), told)


def _ended(tx: Transaction, act: Act, job: Job) -> None:
    """The run is over, and its numbers stay. By cron the campaign waits for its next time; else it is over too."""
    run: CampaignRun = job.wanted
    row = _row_of(act.portal, run)
    if row is None:
        return
    told, reason = {"done": job.changed, "unchanged": job.unchanged, "refused": job.refused}, ""
    kind, due_at, state = Kind.CAMPAIGN_ENDED, None, str(job.state)
    if state == "done" and isinstance(row.said.when, OnCron):
        due_at = cron.next_after(row.said.when.cron, portals.known(act.portal).time_zone, run.moment)
        state = "scheduled" if due_at is not None else "done"
    elif state == "cancelled":
        kind = Kind.CAMPAIGN_CANCELLED
    elif state == "stopped":
        kind, reason = Kind.CAMPAIGN_STOPPED, _why_stopped(act.portal, row, run)
        _tell_staff(tx, act, row, run, reason)
    if job.state != "done":
        tallies.stop(tx, act.portal, run.tally)
    move(tx, row, state, due_at=due_at)
    tx.update(
        RunRow(row.pk, run_key(run.moment)), RunRow.state.set(job.state), RunRow.reason.set(reason),
        RunRow.ended_at.set(clock.timestamp()), RunRow.held_until.remove(), RunRow.changed.set(job.changed),
        RunRow.unchanged.set(job.unchanged), RunRow.refused.set(job.refused), when=RunRow.pk.exists(), refusal=Stale(),
    )  # fmt: skip
    facts.record(tx, act, kind, facts.subject("campaign", row.id), told | ({"reason": reason} if reason else {}))


def _why_stopped(portal: str, row: CampaignRow, run: CampaignRun) -> str:
    told = tallies.read(portal, run.tally)
    limit = row.said.canary.stop_above_bounce_percent if row.said.canary else 0
    return _OVER_LIMIT.format(sent=_tried(told), bad=_bad(row, told), limit=limit)


def _tell_staff(tx: Transaction, act: Act, row: CampaignRow, run: CampaignRun, reason: str) -> None:
    for address in portals.known(act.portal).notifications.staff_emails:
        queue(
            tx, act, template="campaign-stopped", channel="email", to=address,
            about=facts.subject("campaign", row.id), context={"campaign": row.said.name, "reason": reason},
            once=f"campaign-stopped/{row.id}/{run.moment}/{address}",
        )  # fmt: skip


def _row_of(portal: str, run: CampaignRun) -> CampaignRow | None:
    return CampaignRow.find(f"{portal}#campaign#{run.campaign_id}", "campaign")


def move(tx: Transaction, row: CampaignRow, state: str, *, due_at: int | None, moment: int | None = None) -> None:
    """Add to the transaction that a campaign which was read comes to a state. Refused with Stale if it changed."""
    when = CampaignRow.version == row.version
    due: list[Action] = [CampaignRow.due_at.remove(), CampaignRow.due_shard.remove()]
    if due_at is not None:
        due = [CampaignRow.due_at.set(due_at), CampaignRow.due_shard.set(agenda.WORKFLOWS.shard_of(row.id))]
    run = [] if moment is None else [CampaignRow.run.set(moment)]
    changes = [CampaignRow.state.set(state), CampaignRow.version.add(1), CampaignRow.updated_at.set(clock.timestamp())]
    tx.update(CampaignRow(row.pk, row.sk), *changes, *due, *run, when=when, refusal=Stale())


KIND: Final = JobKind(
    name="campaign", wants=CampaignRun, page=_page, identify=lambda account: account.id, visit=campaign_doing.visit,
    ended=_ended, held=_held, kept_days=400,
)  # fmt: skip
