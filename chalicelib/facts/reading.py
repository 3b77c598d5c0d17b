"""Reading facts: about one subject, or the whole portal newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from .. import clock, ids
from ..errors import Invalid
from ..storage import Page, merged, query
from .models import FactRow
from .recording import SHARDS, day_partition, partition

_DAYS_BACK = 31  # how many days one call walks back through a quiet portal before it answers with a cursor


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


def about(portal: str, subject: str, *, limit: int = 50, cursor: str | None = None) -> Page[Fact]:
    """The facts about one subject, newest first."""
    page = query(FactRow, partition(portal, subject), limit=limit, cursor=cursor, descending=True)
    return Page([_fact(row) for row in page.items], page.cursor)


def recent(portal: str, *, kind: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Fact]:
    """The portal's facts, newest first, a month at a time at most. The cursor is the id of the last fact given."""
    if cursor and not ids.is_id(cursor):
        raise Invalid(fields={"cursor": "This is not a cursor of this list."})
    day = datetime.fromtimestamp(ids.made_at(cursor), UTC) if cursor else clock.now()
    found: list[Fact] = []
    for _ in range(_DAYS_BACK):
        shards = [day_partition(portal, day, shard) for shard in range(SHARDS)]
        before = cursor
        while len(found) < limit:
            rows = merged(FactRow, shards, index="by_day", before=before, limit=limit, order="sk")
            found += [_fact(row) for row in rows if kind is None or row.kind == kind]
            if len(rows) < limit:
                break
            before = rows[-1].sk
        if len(found) >= limit:
            return Page(found[:limit], found[limit - 1].id)
        day -= timedelta(days=1)
    return Page(found)


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
