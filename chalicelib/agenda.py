"""What the tick must look at, and when: sparse indexes in which a row stands until what was to be done for it is done.

The rooms put their rows there. The tick reads the keys through here, for a tick that finds nothing due, as most do, should
not have loaded the rooms.
"""

from __future__ import annotations

import zlib

from msgspec import Struct

from . import clock
from .storage import keys_until, number_in


class Agenda(Struct, frozen=True):
    """One such index. Its rows are spread over `shards`, so that none throttles; a tick reads `a_tick` of each at most."""

    table: str
    index: str = "due"
    shards: int = 16
    a_tick: int = 100

    def shard_of(self, identifier: str) -> str:
        """The partition in which a row stands while the tick must look at it."""
        return self.part(zlib.crc32(identifier.encode()) % self.shards)

    def part(self, shard: int) -> str:
        """The key of one partition."""
        return f"{self.index}#{shard}"

    def due(self, by: int | None = None) -> list[str]:
        """The keys (pk) of all that is due by a moment, or now: the oldest of each shard first. The rest waits a minute."""
        until = clock.timestamp() if by is None else by
        return [key for part in self.parts for key in keys_until(self.table, self.index, part, until, self.a_tick)]

    @property
    def parts(self) -> list[str]:
        """Its partitions. They are read in turn: each thread would open a connection."""
        return [self.part(shard) for shard in range(self.shards)]


class Parts(Agenda, frozen=True):
    """One of which the tick only hands on, as a whole, the partitions in which something is due."""

    def due(self, by: int | None = None) -> list[str]:
        """The partitions in which something is due by a moment, or now."""
        until = clock.timestamp() if by is None else by
        return [part for part in self.parts if keys_until(self.table, self.index, part, until, 1)]


class Timed(Struct, frozen=True):
    """Something that is due when a moment has passed which a row of the tokens table holds, and at first."""

    table: str
    key: str
    attribute: str

    def due(self, by: int | None = None) -> list[str]:
        """Its key, if it is due."""
        moment = number_in(self.table, self.key, self.attribute)
        return [self.key] if moment is None or moment <= (clock.timestamp() if by is None else by) else []


MESSAGES = Agenda("messages", "unsent", a_tick=250)
BATCHES = Agenda("batches")
REGISTRATIONS = Agenda("registrations")  # and the sending of many registration links
WORK = Agenda("tasks")
WORKFLOWS = Parts("workflows")  # enrolments, campaigns, jobs over many accounts
OPT_OUTS = Timed("tokens", "*#opt-outs", "ask_at")
