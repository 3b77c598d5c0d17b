"""The delivery log: what was sent to whom, what became of it, what that means and what to do next."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from .. import clock, days
from ..errors import Invalid, NotFound
from ..portals import known
from ..storage import Condition, Page, guarded, live, query
from .models import MessageRow, message_key
from .queue import RETENTION_SECONDS
from .statuses import Status, explained

NEEDS_ATTENTION = "needs_attention"  # a filter beside the statuses: unknown for an hour, bounced, complained


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log. `about` is its subject, as facts name it; moments are ISO 8601 UTC.

    `wording_version` is that of the portal's own wording, null where it went out in the default or not yet; `is_sample`
    marks what staff sent themselves to see a wording.
    """

    id: str
    template: str
    channel: str
    recipient: str
    about: str
    status: str
    status_text: str
    reason: str | None
    needs_attention: bool
    attempts: int
    wording_version: int | None
    is_sample: bool
    provider_id: str | None
    created_at: str
    sent_at: str | None
    delivered_at: str | None


def get(portal: str, identifier: str) -> Message:
    """One message. Raises NotFound, for decoys too."""
    row = MessageRow.find(message_key(portal, identifier))
    if row is None or row.decoy:
        raise NotFound("There is no message with this id.")
    return _message(row)


def statuses(portal: str, identifiers: Iterable[str]) -> dict[str, Status]:
    """How up to 100 messages stand, in one read, by their ids. Those that the log no longer has are left out."""
    keys = [message_key(portal, identifier) for identifier in identifiers]
    rows = guarded(lambda: list(MessageRow.batch_get(keys, consistent_read=True))) if keys else []
    return {row.id: Status(row.status) for row in rows if live(row)}


def listed(
    portal: str,
    *,
    about: str | None = None,
    status: str | None = None,
    channel: str | None = None,
    template: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Message]:
    """Messages, newest first: of the portal, or about one subject. A page may be short though more follow."""
    wanted = _Wanted(status, channel, template)
    if about is not None:
        page = query(
            MessageRow, f"{portal}#{about}", index="by_subject", only=wanted.condition(), limit=limit, cursor=cursor,
            descending=True,
        )  # fmt: skip
        return Page([_message(row) for row in page.items], page.cursor)
    since = max(clock.timestamp() - RETENTION_SECONDS, known(portal).created)
    found = days.newest_first(
        MessageRow, portal, order="created_key", since=since, limit=limit, cursor=cursor, matches=wanted.matches
    )
    return Page([_message(row) for row in found.items], found.cursor)


class _Wanted(msgspec.Struct, frozen=True):
    """What a list is narrowed to."""

    status: str | None
    channel: str | None
    template: str | None

    def __post_init__(self) -> None:
        if self.status and self.status not in {*Status, NEEDS_ATTENTION}:
            raise Invalid(fields={"status": f"Use one of {', '.join((*Status, NEEDS_ATTENTION))}."})

    def matches(self, row: MessageRow) -> bool:
        """Whether the row is one of them."""
        if self.status == NEEDS_ATTENTION and not row.needs_attention:
            return False
        return (
            self.status in (None, "", NEEDS_ATTENTION, row.status)
            and self.channel in (None, "", row.channel)
            and self.template in (None, "", row.template)
        )

    def condition(self) -> Condition | None:
        """The same for the database."""
        found: Condition | None = None
        for name in ("status", "channel", "template"):
            value = getattr(self, name)
            if not value:
                continue
            is_it = getattr(MessageRow, name) == value
            if value == NEEDS_ATTENTION:
                is_it = MessageRow.needs_attention == True  # noqa: E712 - a condition of the database
            found = is_it if found is None else found & is_it
        return found


def _message(row: MessageRow) -> Message:
    return Message(
        id=row.id,
        template=row.template,
        channel=row.channel,
        recipient=row.recipient,
        about=row.subject,
        status=row.status,
        status_text=explained(row.status, row.reason),
        reason=row.reason,
        needs_attention=bool(row.needs_attention),
        attempts=int(row.attempts),
        wording_version=_whole(row.wording_version),
        is_sample=bool(row.is_sample),
        provider_id=row.provider_id,
        created_at=clock.text(int(row.created_at)) or "",
        sent_at=clock.text(_whole(row.sent_at)),
        delivered_at=clock.text(_whole(row.delivered_at)),
    )


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)
