"""Indexes by day: a portal's rows of one day stand in SHARDS partitions, since a single one would throttle the writes.

Reading merges the shards and walks back day by day. A quiet portal has many empty days, so one call looks at no more
than DAYS_A_CALL of them and then answers with a cursor, and never looks further back than there can be anything.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from . import clock, ids
from .errors import Invalid
from .storage import Page, Row, merged

SHARDS = 8  # eight partitions take 8,000 writes a second before DynamoDB throttles one
DAYS_A_CALL = 7
R = TypeVar("R", bound=Row)


def partition(portal: str, identifier: str) -> str:
    """The index key of a row made now: its portal's day (UTC), and the shard its id falls into."""
    return _shard(portal, clock.now(), zlib.crc32(identifier.encode()) % SHARDS)


def newest_first(
    model: type[R],
    portal: str,
    *,
    order: str,
    since: int,
    limit: int,
    cursor: str | None,
    matches: Callable[[R], bool] = lambda _row: True,
) -> Page[R]:
    """A page of the index `by_day`, newest first by the id-shaped sort key `order`; nothing is older than `since`.

    The cursor is the sort key of the last row given, or of the start of a day. A page may be short though more follow.
    """
    if cursor and (not ids.is_id(cursor) or ids.made_at(cursor) > clock.timestamp() + 86400):
        raise Invalid(fields={"cursor": "This is not a cursor of this list."})
    oldest = datetime.fromtimestamp(since, UTC).date()
    day = datetime.fromtimestamp(max(int(cursor[:12], 16) - 1, 0) / 1000, UTC) if cursor else clock.now()
    before, found = cursor, list[R]()
    for _ in range(DAYS_A_CALL):
        if day.date() < oldest:
            return Page(found)
        shards = [_shard(portal, day, shard) for shard in range(SHARDS)]
        rows = merged(model, shards, index="by_day", before=before, limit=limit + 1, order=order)
        found += [row for row in rows if matches(row)]
        if len(found) > limit:
            return Page(found[:limit], getattr(found[limit - 1], order))
        if len(rows) > limit:  # the day has more, but few that match
            before = getattr(rows[-1], order)
        else:
            before, day = _start(day), day - timedelta(days=1)
    return Page(found, before if day.date() >= oldest else None)


def _shard(portal: str, moment: datetime, shard: int) -> str:
    return f"{portal}#{moment.astimezone(UTC):%Y-%m-%d}#{shard}"


def _start(day: datetime) -> str:
    """The smallest id that the day could hold."""
    start = day.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"{int(start.timestamp()) * 1000:012x}{'0' * 20}"
