"""The delivery log over the API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..messaging import progress, reading, suppression
from ..messaging.reading import Message
from ..web.operation import Answer, Call, Paging, one, page
from .registry import AT, operation, path

_GROUP = "Delivery log"
_STATUSES = Literal[
    "queued", "sending", "unknown", "sent", "failed", "delivered", "bounced", "complained", "suppressed", "expired",
    "dropped", "needs_attention",
]  # fmt: skip


class MessageQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to filter messages."""

    about: (
        Annotated[
            str,
            Meta(
                max_length=90,
                pattern="^[a-z-]{1,20}:[0-9a-z-]{1,64}$",
                description="What it is about: a kind and an id, such as batch:019a9f6f3c7e7d10a2b4c6d8e0f20406.",
            ),
        ]
        | None
    ) = None
    status: (
        Annotated[
            _STATUSES,
            Meta(description="A status, or needs_attention: unknown for an hour, bounced or complained."),
        ]
        | None
    ) = None
    channel: Literal["email", "sms"] | None = None
    template: (
        Annotated[str, Meta(max_length=60, pattern="^[a-z][a-z0-9-]*$", description="Such as batch-in-review.")] | None
    ) = None


@operation("GET", f"{AT}/messages", _GROUP, query=MessageQuery, gives=Message, many=True)
def list_messages(call: Call[MessageQuery, None]) -> Answer:
    """List messages, newest first.

    What was sent to whom in the last 90 days, what became of it, and what to do next. A page may hold fewer than limit:
    go on as long as there is a cursor.
    """
    query = call.query
    found = reading.listed(
        call.slug,
        about=query.about,
        status=query.status,
        channel=query.channel,
        template=query.template,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "messages"), query)


@operation("GET", f"{AT}/messages/{{message}}", _GROUP, gives=Message)
def read_message(call: Call[None, None]) -> Answer:
    """Read one message's fate."""
    return one(reading.get(call.slug, call.ids["message"]))


def released_before(call: Call[None, None]) -> Answer:
    """The message of a release that was carried out before."""
    return one(reading.get(call.slug, call.ids["message"]))


@operation(
    "POST", f"{AT}/messages/{{message}}/release", _GROUP, gives=Message, replay=released_before, refusals=("conflict",)
)
def release_message(call: Call[None, None]) -> Answer:
    """Send a message whose outcome is unknown.

    Nobody knows whether the provider took it, so it may arrive twice. It goes out within a minute.
    """
    message = reading.get(call.slug, call.ids["message"])
    progress.release_by(call.act, message.id)
    return one(reading.get(call.slug, message.id))


class Suppressed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address that nothing is sent to."""

    channel: Literal["email", "sms"]
    recipient: Annotated[fields.Required, Meta(description="The email address, or the mobile number in E.164.")]


class Lifted(Struct, frozen=True, kw_only=True):
    """Whether something stood against the address."""

    lifted: bool


def lifted_before(_call: Call[None, Suppressed]) -> Answer:
    """The block is gone already."""
    return one(Lifted(lifted=True))


@operation(
    "POST", f"{AT}/suppressions/lift", _GROUP, body=Suppressed, gives=Lifted, replay=lifted_before,
    example={"channel": "email", "recipient": "maria@example.com"},
)  # fmt: skip
def lift_suppression(call: Call[None, Suppressed]) -> Answer:
    """Send to an address again.

    Nothing is sent to an address that bounced for good or complained. Lift that once the reason is gone. A number whose owner
    answered STOP is freed by their START alone.
    """
    return one(Lifted(lifted=suppression.lift(call.act, call.body.channel, call.body.recipient)))
