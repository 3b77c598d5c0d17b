"""Reading facts: about one subject, or the whole portal newest first."""

from __future__ import annotations

from typing import Any

import msgspec

from .. import clock, days
from ..storage import Page, query
from .models import FactRow
from .recording import partition


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: `kind` is `source:subject:action`, `at` ISO 8601 UTC, `actor` who did it."""

    id: str
    kind: str
    subject: str
    at: str
    actor: str
    changes: dict[str, Any] = {}
    request_id: str | None = None
    ip: str | None = None


def about(
    portal: str, subject: str, *, kind: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Fact]:
    """The facts about one subject, newest first; of one kind, if it is given."""
    only = FactRow.kind == kind if kind else None
    page = query(FactRow, partition(portal, subject), only=only, limit=limit, cursor=cursor, descending=True)
    return Page([_fact(row) for row in page.items], page.cursor)


def recent(
    portal: str, *, since: int = 0, kind: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Fact]:
    """The portal's facts, newest first; it has none older than `since` (seconds). A page may be short: see `days`."""
    page = days.newest_first(
        FactRow,
        portal,
        order="sk",
        since=since,
        limit=limit,
        cursor=cursor,
        matches=lambda row: kind is None or row.kind == kind,
    )
    return Page([_fact(row) for row in page.items], page.cursor)


def _fact(row: FactRow) -> Fact:
    return Fact(
        id=row.sk,
        kind=row.kind,
        subject=row.subject,
        at=clock.text(int(row.at)) or "",
        actor=row.actor,
        changes=row.changes or {},
        request_id=row.request_id,
        ip=row.ip,
    )
