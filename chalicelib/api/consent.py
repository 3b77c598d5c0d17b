"""Consent over the API: what the owner of an address said of marketing, and what staff note in their name."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import clock, fields
from ..messaging import consent, suppression
from ..web.operation import Answer, Call, one
from .registry import AT, operation

_GROUP = "Delivery log"
Channel = Literal["email", "sms"]
Recipient = Annotated[fields.Required, Meta(description="The email address, or the mobile number in E.164.")]


class ConsentQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose consent."""

    channel: Channel
    recipient: Recipient


class ConsentInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the owner of an address said."""

    channel: Channel
    recipient: Recipient
    purpose: Literal["marketing"] = "marketing"
    state: Annotated[
        Literal["given", "withdrawn"],
        Meta(description="Say given only of who asked for it: it takes back what they said themselves."),
    ]


class Consent(Struct, frozen=True, kw_only=True):
    """Whether marketing may go to an address. `unknown`: nothing was said, so it may.

    `how` is by which way it was said (the page, the mail program's one-click button, or staff), `suppressed` why nothing at
    all is sent to the address, null where nothing stands against it.
    """

    channel: Channel
    recipient: str
    purpose: str
    state: Literal["given", "withdrawn", "unknown"]
    said_at: str | None
    how: str | None
    by: str | None
    suppressed: str | None


@operation("GET", f"{AT}/consent", _GROUP, query=ConsentQuery, gives=Consent, refusals=("not-an-address",))
def read_consent(call: Call[ConsentQuery, None]) -> Answer:
    """Read what an address said of marketing.

    The address is shown masked.
    """
    return one(_consent(call.slug, call.query.channel, call.query.recipient))


def said_before(call: Call[None, ConsentInput]) -> Answer:
    """The consent as a call that was carried out before left it."""
    return one(_consent(call.slug, call.body.channel, call.body.recipient))


@operation(
    "POST", f"{AT}/consent", _GROUP, body=ConsentInput, gives=Consent, replay=said_before, refusals=("not-an-address",),
    example={"channel": "email", "recipient": "maria@example.com", "state": "withdrawn"},
)  # fmt: skip
def note_consent(call: Call[None, ConsentInput]) -> Answer:
    """Note what an address said of marketing.

    It holds from the next message on, also for those that are queued already, and never expires.
    """
    body = call.body
    whose = consent.whose(call.slug, body.channel, body.recipient)
    say = consent.give if body.state == "given" else consent.withdraw
    say(call.act, whose, how="staff", purpose=body.purpose)
    return one(_consent(call.slug, body.channel, body.recipient))


def _consent(portal: str, channel: Channel, recipient: str) -> Consent:
    whose = consent.whose(portal, channel, recipient)
    said = consent.said(portal, whose.key)
    return Consent(
        channel=channel,
        recipient=whose.masked,
        purpose="marketing",
        state=said.state if said else "unknown",
        said_at=clock.text(said.at) if said else None,
        how=said.how if said else None,
        by=said.by if said else None,
        suppressed=suppression.is_suppressed(portal, channel, recipient, key=whose.key),
    )
