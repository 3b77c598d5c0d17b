"""Campaigns, as the API takes and shows them: which accounts, what is done with each, when, and how each run went."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..people.filters import Which
from ..work.moments import WallTime
from ..workflows.shapes import AddTags, EnableSelfService, MessageName, Moment, RemoveTags
from .cron import Cron

State = Literal["draft", "scheduled", "running", "holding", "done", "cancelled", "stopped"]
RunState = Literal["running", "holding", "done", "cancelled", "stopped"]


class MailEach(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="send-email"):
    """Send a mail to each record."""

    message: MessageName


class TextEach(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="send-sms"):
    """Send a text message to each record."""

    message: MessageName


CampaignAction = MailEach | TextEach | AddTags | RemoveTags | EnableSelfService


class Now(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="when", tag="now"):
    """As soon as it is scheduled."""


class AtTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="when", tag="at"):
    """Once, at a time on the wall clock in the portal's zone."""

    at: WallTime


class OnCron(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="when", tag="cron"):
    """Again and again, by the wall clock in the portal's zone."""

    cron: Cron


When = Now | AtTime | OnCron


class Canary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A first share of the list gets it; then it is held, and goes on only if not too many bounced or complained."""

    percent: Annotated[int, Meta(ge=1, le=50, description="Of the list, at least one account.")]
    hold_minutes: Annotated[int, Meta(ge=5, le=7 * 24 * 60)] = 60
    stop_above_bounce_percent: Annotated[
        int,
        Meta(
            ge=0, le=100,
            description="If more than this of what was sent bounced or was complained of, the campaign is stopped. Of text "
            "messages those that failed count.",
        ),
    ] = 5  # fmt: skip


class CampaignInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff and systems say of a campaign."""

    name: fields.Required
    note: fields.Text = ""
    filter: Which
    do: CampaignAction
    when: When
    canary: Annotated[Canary | None, Meta(description="Only where something is sent.")] = None


class Run(Struct, frozen=True, kw_only=True):
    """One performance of a campaign, known by the moment for which it was planned."""

    moment: Moment
    state: RunState
    reason: Annotated[str, Meta(description="Why it was stopped.")]
    started_at: Moment
    held_until: Annotated[Moment | None, Meta(description="When the canary is judged.")]
    ended_at: Moment | None
    total: Annotated[int | None, Meta(description="How many accounts the filter found; null: too many to be counted.")]
    done: Annotated[int, Meta(description="For how many it was done: of messages, how many were queued.")]
    unchanged: Annotated[int, Meta(description="How many had it already.")]
    refused: Annotated[int, Meta(description="How many got nothing; the recipients say why.")]
    left: int | None
    a_minute: Annotated[float, Meta(description="How many accounts were looked at in a minute, on average.")]
    messages: Annotated[
        dict[str, int],
        Meta(description="How many messages have come to each status (sent and delivered count under both); may lag."),
    ]


class Campaign(CampaignInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A campaign as of now."""

    id: str
    state: State
    next_at: Annotated[Moment | None, Meta(description="When it runs next, or is judged while it is held.")]
    version: int
    created_by: str
    created_at: Moment
    updated_at: Moment


class CampaignReport(Campaign, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A campaign with its newest runs."""

    runs: tuple[Run, ...]


class Receipt(Struct, frozen=True, kw_only=True):
    """What a cancellation stopped, and what it came too late for."""

    campaign: Campaign
    done: Annotated[
        int, Meta(description="For how many accounts it was done. Messages among them may still have stopped.")
    ]
    gone: Annotated[int, Meta(description="How many messages had gone already: they cannot be called back.")]
    stopped: Annotated[int, Meta(description="How many messages were waiting, and are not sent any more.")]
    left: Annotated[int | None, Meta(description="How many accounts were not touched; null: nobody has counted.")]


class CampaignCount(Struct, frozen=True, kw_only=True):
    """Whom a campaign would reach now. Nothing is changed by counting."""

    total: Annotated[int | None, Meta(description="How many accounts the filter finds; null: too many to be counted.")]
    looked_at: Annotated[int, Meta(description="How many of these were looked at one by one, from the first on.")]
    would: Annotated[int, Meta(description="For how many of them it would be done now.")]
    later: Annotated[int, Meta(description="How many of these would wait until quiet hours end.")]
    nothing: Annotated[dict[str, int], Meta(description="How many would get nothing, by reason.")]


class Outlook(Struct, frozen=True, kw_only=True):
    """What a campaign would do for one account, as both are now. Nothing is changed or sent by asking."""

    account_id: str
    channel: Literal["email", "sms"] | None
    to: Annotated[str | None, Meta(description="Enough to recognise the address by; null where nothing is sent.")]
    answer: Annotated[
        Literal["would", "later", "nothing"], Meta(description="`later`: its message waits until quiet hours end.")
    ]
    at: Annotated[Moment | None, Meta(description="When it would go; null where nothing would.")]
    why: Annotated[str, Meta(description="What holds it back, or rules it out, in words.")]


class Recipient(Struct, frozen=True, kw_only=True):
    """An account of a run. Those that had it already are counted only."""

    account_id: str
    answer: Literal["done", "refused"]
    why: str
    at: Moment
