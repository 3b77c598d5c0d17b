"""The delivery log over the API."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ..messaging import reading
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
    status: Annotated[_STATUSES, Meta(description="A status, or needs_attention: unknown for an hour.")] | None = None
    channel: Literal["email", "sms"] | None = None
    template: (
        Annotated[str, Meta(max_length=60, pattern="^[a-z][a-z-]*$", description="Such as batch-in-review.")] | None
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
