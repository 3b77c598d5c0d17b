"""What the tick must look at, and when: sparse indexes in which a row stands until what was to be done for it is done.

The rooms put their rows there. The tick reads the keys through here, for a tick that finds nothing due, as most do, should
not have loaded the rooms.
"""

from __future__ import annotations

import zlib

from msgspec import Struct

from . import clock
from .storage import keys_until


class Agenda(Struct, frozen=True):
    """One such index. Its rows are spread over `shards`, so that none throttles; a tick reads `a_tick` of each at most."""

    table: str
    index: str = "due"
    shards: int = 16
    a_tick: int = 100

    def shard_of(self, identifier: str) -> str:
        """The partition in which a row stands while the tick must look at it."""
        return f"{self.index}#{zlib.crc32(identifier.encode()) % self.shards}"

    def due(self, by: int | None = None) -> list[str]:
        """The keys (pk) of all that is due by a moment, or now: the oldest of each shard first. The rest waits a minute."""
        until = clock.timestamp() if by is None else by
        shards = [
            f"{self.index}#{shard}" for shard in range(self.shards)
        ]  # in turn: each thread would open a connection
        return [key for shard in shards for key in keys_until(self.table, self.index, shard, until, self.a_tick)]


MESSAGES = Agenda("messages", "unsent", a_tick=250)
BATCHES = Agenda("batches")
REGISTRATIONS = Agenda("registrations")  # and the sending of many registration links
WORK = Agenda("tasks")  # and the tagging of accounts
