"""In which part of the index of what is due a row stands, and what is due there."""

from __future__ import annotations

import zlib

from ..storage import query
from .models import TaskRow

SHARDS = 16


def of(identifier: str) -> str:
    """The partition of the due index that this row stands in while the tick must look at it."""
    return part(zlib.crc32(identifier.encode()) % SHARDS)


def part(shard: int) -> str:
    """The key of one partition of a due index."""
    return f"due#{shard}"


def due_keys(now: int, limit: int) -> list[str]:
    """The keys (pk) of the tasks that are due; the oldest of each shard first, at most `limit` of each."""
    parts = [part(shard) for shard in range(SHARDS)]  # in turn: a tick opens one connection, not sixteen
    return [
        row.pk
        for each in parts
        for row in query(TaskRow, each, index="due", between=TaskRow.due_at <= now, limit=limit).items
    ]
