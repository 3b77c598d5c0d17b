"""Campaigns: something is done for every account of a filter, at once, at a time, or again and again; and stopped by a word.

A draft is planned, changed and counted as often as one likes. Scheduled it stays as it is: what was counted is what happens.
"""

from __future__ import annotations

from typing import Final

import msgspec

from .. import clock, facts, ids
from ..errors import Conflict, Invalid, Stale
from ..facts import Act, Kind
from ..messaging import tallies, wordings
from ..people import filters, tag_rules
from ..portals import Portal
from ..storage import Page, query
from ..work import moments
from ..workflows.shapes import AddTags, RemoveTags
from . import cron
from . import doing as campaign_doing
from . import reports as campaign_reports
from . import runs as campaign_runs
from .doing import channel_of
from .models import CampaignRow
from .shapes import AtTime, Campaign, CampaignCount, CampaignInput, MailEach, OnCron, Outlook, Receipt, TextEach

_MOST: Final = 200  # drafts of a portal
_LIVE: Final = ("draft", "scheduled", "running", "holding")
_NOT_DRAFT: Final = "Only a draft can be changed or removed. Copy it, and change the copy."
_NOT_HELD: Final = "It is not held, so there is nothing to release."
_NOT_BEGUN: Final = "It is a draft, so there is nothing to cancel. Remove it."
_OVER: Final = "It is over already: there is nothing left to cancel."
_TOO_MANY: Final = f"A portal has at most {_MOST} drafts. Remove those that are no longer needed."
_NO_MESSAGE: Final = "There is no message for records of this name with a wording for this channel."
_NOTHING_SENT: Final = "Nothing is sent, so there is no canary to judge. Leave it out."
_PASSED: Final = "This time has passed."
_NEVER: Final = "No such time comes any more."


def create(act: Act, portal: Portal, wanted: CampaignInput, *, campaign_id: str | None = None) -> Campaign:
    """A draft. Raises Invalid."""
    _check(portal, wanted)
    if len(listed(act.portal, state="draft", limit=_MOST).items) == _MOST:
        raise Conflict(_TOO_MANY)
    identifier, now = campaign_id or ids.new(), clock.timestamp()
    row = CampaignRow(
        pk=campaign_reports.key(act.portal, identifier), sk="campaign", list_key=_list(act.portal), order_key=identifier,
        id=identifier, said=wanted, state="draft", version=1, created_by=act.actor, created_at=now, updated_at=now,
    )  # fmt: skip
    tx = act.transaction()
    tx.put(row, when=CampaignRow.pk.does_not_exist(), refusal=Conflict("This campaign exists already."))
    facts.record(tx, act, Kind.CAMPAIGN_CREATED, _subject(identifier), {"name": wanted.name})
    tx.commit()
    return campaign_reports.shown(row)


def get(portal: str, campaign_id: str) -> Campaign:
    """The campaign as of now. Raises NotFound."""
    return campaign_reports.shown(campaign_reports.read(portal, campaign_id))


def listed(portal: str, *, state: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Campaign]:
    """Campaigns, the newest first; in one state if named."""
    only = (CampaignRow.state == state) if state else None
    page = query(CampaignRow, _list(portal), index="by_order", only=only, limit=limit, cursor=cursor, descending=True)
    return Page([campaign_reports.shown(row) for row in page.items], page.cursor)


def change(
    act: Act, portal: Portal, campaign_id: str, wanted: CampaignInput, *, version: int | None = None
) -> Campaign:
    """Say something else of a draft. Raises Invalid, NotFound, Stale, and Conflict once it is scheduled."""
    row = _draft(act.portal, campaign_id, version)
    if row.said == wanted:
        return campaign_reports.shown(row)
    _check(portal, wanted)
    before, read_version = row.said, int(row.version)
    row.said, row.version, row.updated_at = wanted, read_version + 1, clock.timestamp()
    tx = act.transaction()
    tx.put(row, when=CampaignRow.version == read_version, refusal=Stale())
    changed = [name for name in wanted.__struct_fields__ if getattr(before, name) != getattr(wanted, name)]
    facts.record(tx, act, Kind.CAMPAIGN_CHANGED, _subject(campaign_id), {"changed": changed})
    tx.commit()
    return campaign_reports.shown(row)


def copy(act: Act, portal: Portal, campaign_id: str, *, copy_id: str | None = None) -> Campaign:
    """A draft like it, with no runs. Raises NotFound, and Invalid where it could not be made so today."""
    said = campaign_reports.read(act.portal, campaign_id).said
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
    row = campaign_reports.read(act.portal, campaign_id)
    if row.state == "draft":
        raise Conflict(_NOT_BEGUN)
    if row.state in ("running", "holding"):
        campaign_runs.cancel(act, row)
    elif row.state == "scheduled" or (row.state == "done" and campaign_reports.waiting(act.portal, row)):
        _cancel_between_runs(act, row)
    elif row.state == "done":
        raise Conflict(_OVER)
    return campaign_reports.receipt(act.portal, campaign_id)


def release(act: Act, campaign_id: str) -> Campaign:
    """Go on with a campaign that is held, without waiting for its canary. Raises NotFound, Conflict."""
    row = campaign_reports.read(act.portal, campaign_id)
    if row.state != "holding":
        raise Conflict(_NOT_HELD)
    campaign_runs.release(act, row)
    return get(act.portal, campaign_id)


def count(portal: Portal, campaign_id: str) -> CampaignCount:
    """Whom it would reach now, and whom not, and why. Raises NotFound."""
    said = campaign_reports.read(portal.slug, campaign_id).said
    return campaign_doing.count(portal, said.filter, said.do)


def rehearsed(portal: Portal, campaign_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Outlook]:
    """What it would do for each account, a page of its list after the other, at its next moment. Raises NotFound."""
    said = campaign_reports.read(portal.slug, campaign_id).said
    at = clock.timestamp()
    if isinstance(said.when, AtTime):
        at = max(at, moments.at(said.when.at, portal.time_zone))
    elif isinstance(said.when, OnCron):
        at = cron.next_after(said.when.cron, portal.time_zone, at) or at
    page = filters.listed(portal.slug, said.filter, limit, cursor)
    return Page([campaign_doing.outlook(portal, said.do, account, at) for account in page.items], page.cursor)


def using(portal: str, message: str) -> tuple[str, ...]:
    """The names of the campaigns that may still send this message."""
    only, rows, cursor = CampaignRow.state.is_in(*_LIVE), list[CampaignRow](), None
    while True:
        page = query(CampaignRow, _list(portal), index="by_order", only=only, limit=_MOST, cursor=cursor)
        rows, cursor = rows + page.items, page.cursor
        if cursor is None:
            break
    sending = [row.said for row in rows if isinstance(row.said.do, MailEach | TextEach)]
    return tuple(said.name for said in sending if said.do.message == message)  # type: ignore[union-attr]


def _cancel_between_runs(act: Act, row: CampaignRow) -> None:
    tx = act.transaction()
    campaign_runs.move(tx, row, "cancelled", due_at=None)
    if row.run is not None:
        tallies.stop(tx, act.portal, campaign_doing.tally(row.id, int(row.run)))
    facts.record(tx, act, Kind.CAMPAIGN_CANCELLED, _subject(row.id))
    tx.commit()


def _check(portal: Portal, wanted: CampaignInput) -> None:
    wrong: dict[str, str] = {}
    do, channel = wanted.do, channel_of(wanted.do)
    if isinstance(do, MailEach | TextEach) and not _can_send(portal.slug, do.message, channel or ""):
        wrong["do.message"] = _NO_MESSAGE
    if isinstance(do, AddTags | RemoveTags):
        found = tag_rules.faults(do.tags, ()) if isinstance(do, AddTags) else tag_rules.faults((), do.tags)
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
    row = campaign_reports.read(portal, campaign_id)
    if version is not None and version != row.version:
        raise Stale
    if row.state != "draft":
        raise Conflict(_NOT_DRAFT)
    return row


def _list(portal: str) -> str:
    return f"{portal}#campaigns"


def _subject(campaign_id: str) -> str:
    return facts.subject("campaign", campaign_id)
