"""In which part of the index of what is due a row stands, and what is due there."""

from __future__ import annotations

import zlib

from ..storage import query
from .models import TaskRow

_SHARDS = 16


def of(identifier: str) -> str:
    """The partition of the due index that this row stands in while the tick must look at it."""
    return f"due#{zlib.crc32(identifier.encode()) % _SHARDS}"


def due_keys(now: int, limit: int) -> list[str]:
    """The keys (pk) of the tasks that are due; the oldest of each shard first, at most `limit` of each."""
    parts = [f"due#{shard}" for shard in range(_SHARDS)]  # in turn: a tick opens one connection, not sixteen
    return [
        row.pk
        for part in parts
        for row in query(TaskRow, part, index="due", between=TaskRow.due_at <= now, limit=limit).items
    ]
