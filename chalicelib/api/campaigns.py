"""Campaigns over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta
from msgspec.structs import replace

from .. import fields
from ..campaigns import campaigns
from ..campaigns import reports as campaign_reports
from ..campaigns.shapes import (
    Campaign,
    CampaignCount,
    CampaignInput,
    CampaignReport,
    Outlook,
    Receipt,
    Recipient,
    State,
)
from ..errors import Invalid
from ..web.operation import Answer, Call, Paging, created, nothing, one, page
from .changing import changed, removed
from .registry import AT, operation, path

_GROUP = "Campaigns"
_ONE = f"{AT}/campaigns/{{campaign}}"
_NO_MOMENT = "There is no such moment."
# What an action and a time may hold: a patch of either replaces it as a whole.
_PARTS: Final = {"do": ("message", "tags"), "when": ("at", "cron")}
_EXAMPLE: dict[str, Any] = {
    "name": "Annual review 2031",
    "filter": {"record_type": "client", "status": "open", "tag": "review-2031"},
    "do": {"action": "send-email", "message": "annual-review"},
    "when": {"when": "at", "at": "2031-09-01T09:30"},
    "canary": {"percent": 5, "hold_minutes": 60, "stop_above_bounce_percent": 5},
}


class CampaignQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which campaigns."""

    state: State | None = None


class RecipientQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which run."""

    run: (
        Annotated[
            str,
            Meta(
                pattern="^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z" + fields.END,
                description="The moment of a run, as the campaign shows it; the newest unless given.",
            ),
        ]
        | None
    ) = None


@operation("GET", f"{AT}/campaigns", _GROUP, query=CampaignQuery, gives=Campaign, many=True)
def list_campaigns(call: Call[CampaignQuery, None]) -> Answer:
    """List campaigns, the newest first."""
    query = call.query
    found = campaigns.listed(call.slug, state=query.state, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "campaigns"), query)


def campaign_again(call: Call[None, Any]) -> Answer:
    """The campaign of a creation or copy that was carried out before."""
    return created(campaigns.get(call.slug, call.new_id), path(call.slug, "campaigns", call.new_id))


@operation(
    "POST", f"{AT}/campaigns", _GROUP, body=CampaignInput, gives=Campaign, status=201, replay=campaign_again,
    refusals=("conflict",), example=_EXAMPLE,
)  # fmt: skip
def create_campaign(call: Call[None, CampaignInput]) -> Answer:
    """Plan a campaign.

    It is a draft: nothing happens until it is scheduled. What it sends must be a message for records: links and passwords of
    self-service go out by enable-self-service only.
    """
    made = campaigns.create(call.act, call.portal, call.body, campaign_id=call.new_id)
    return created(made, path(call.slug, "campaigns", made.id))


@operation("GET", _ONE, _GROUP, gives=CampaignReport)
def read_campaign(call: Call[None, None]) -> Answer:
    """Read a campaign, with its newest runs.

    Of each run: for how many accounts it was done, how many got nothing, how many are left, how fast it goes, and what became
    of its messages.
    """
    return one(campaign_reports.report(call.slug, call.ids["campaign"]))


@operation(
    "PATCH", _ONE, _GROUP, body=CampaignInput, takes="patch", gives=Campaign, refusals=("stale", "conflict"),
    example={"when": {"when": "now"}},
)  # fmt: skip
def change_campaign(call: Call[None, Any]) -> Answer:
    """Change a draft.

    An action and a time are replaced as a whole. What is scheduled stays as it is: copy it, and change the copy.
    """
    campaign_id = call.ids["campaign"]
    return changed(
        replace(call, body=_wholly(call.body)),
        CampaignInput,
        read=lambda: campaigns.get(call.slug, campaign_id),
        change=lambda wanted, version: campaigns.change(call.act, call.portal, campaign_id, wanted, version=version),
    )


@operation("DELETE", _ONE, _GROUP, status=204, refusals=("stale", "conflict"))
def remove_campaign(call: Call[None, None]) -> Answer:
    """Remove a draft.

    What was scheduled once stays, with what became of it.
    """
    removed(call, lambda: campaigns.remove(call.act, call.ids["campaign"], version=call.version))
    return nothing()


def campaign_now(call: Call[None, None]) -> Answer:
    """The campaign as of now, of a call that was carried out before."""
    return one(campaigns.get(call.slug, call.ids["campaign"]))


@operation(
    "POST", f"{_ONE}/schedule", _GROUP, gives=Campaign, replay=campaign_now, refusals=("stale", "conflict")
)  # fmt: skip
def schedule_campaign(call: Call[None, None]) -> Answer:
    """Schedule a draft.

    From now on it runs when its time comes: at once, at a time on the wall clock in the portal's zone, or again and again.
    Where daylight saving skips that time, it is the next minute that exists; where daylight saving repeats it, the first. A
    time that was missed because the service was down is made up for once.
    """
    return one(campaigns.schedule(call.act, call.portal, call.ids["campaign"], version=call.version))


def receipt_again(call: Call[None, None]) -> Answer:
    """What a cancellation that was carried out before has stopped."""
    return one(campaign_reports.receipt(call.slug, call.ids["campaign"]))


@operation("POST", f"{_ONE}/cancel", _GROUP, gives=Receipt, replay=receipt_again, refusals=("conflict",))
def cancel_campaign(call: Call[None, None]) -> Answer:
    """Cancel a campaign.

    No further account is touched, and messages that wait are not sent. The answer says what was done, how many messages had
    gone already, and how many were stopped. Cancelled twice, it answers alike.
    """
    return one(campaigns.cancel(call.act, call.ids["campaign"]))


@operation("POST", f"{_ONE}/release", _GROUP, gives=Campaign, replay=campaign_now, refusals=("conflict",))
def release_campaign(call: Call[None, None]) -> Answer:
    """Go on with a campaign that is held.

    Without waiting for the end of its hold.
    """
    return one(campaigns.release(call.act, call.ids["campaign"]))


@operation(
    "POST", f"{_ONE}/copy", _GROUP, gives=Campaign, status=201, replay=campaign_again, refusals=("conflict",)
)  # fmt: skip
def copy_campaign(call: Call[None, None]) -> Answer:
    """Copy a campaign.

    The copy is a draft without runs.
    """
    made = campaigns.copy(call.act, call.portal, call.ids["campaign"], copy_id=call.new_id)
    return created(made, path(call.slug, "campaigns", made.id))


@operation("GET", f"{_ONE}/count", _GROUP, gives=CampaignCount)
def count_campaign(call: Call[None, None]) -> Answer:
    """Count whom a campaign would reach now.

    Nothing is changed and nobody is written to. Of long lists only the first accounts are looked at one by one; the answer
    says how many.
    """
    return one(campaigns.count(call.portal, call.ids["campaign"]))


@operation("GET", f"{_ONE}/rehearsal", _GROUP, query=Paging, gives=Outlook, many=True)
def rehearse_campaign(call: Call[Paging, None]) -> Answer:
    """Rehearse a campaign.

    What it would do for each account at its moment, a page at a time: whom it would reach and where, what waits for the end of
    quiet hours, and who would get nothing, with the reason. Nothing is changed and nobody is written to.
    """
    query, campaign_id = call.query, call.ids["campaign"]
    found = campaigns.rehearsed(call.portal, campaign_id, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "campaigns", campaign_id, "rehearsal"), query)


@operation("GET", f"{_ONE}/recipients", _GROUP, query=RecipientQuery, gives=Recipient, many=True)
def list_recipients(call: Call[RecipientQuery, None]) -> Answer:
    """List for whom a run did it, and who got nothing.

    By account, with the reason. Who had it already is counted only.
    """
    query, campaign_id = call.query, call.ids["campaign"]
    found = campaign_reports.recipients_of(
        call.slug, campaign_id, moment=_moment(query.run), limit=query.limit, cursor=query.cursor or None
    )
    return page(found, path(call.slug, "campaigns", campaign_id, "recipients"), query)


def _moment(text: str | None) -> int | None:
    try:
        return None if text is None else int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise Invalid(fields={"run": _NO_MOMENT}) from error


def _wholly(patch: Any) -> Any:
    """The patch, with a null for whatever an action or a time of another kind may have held."""
    if not isinstance(patch, dict):
        return patch
    parts = {
        name: {**dict.fromkeys(held), **patch[name]}
        for name, held in _PARTS.items()
        if isinstance(patch.get(name), dict)
    }
    return {**patch, **parts}
