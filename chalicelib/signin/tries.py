"""Under which names tries at a sign-in are counted, by whatever way it is tried."""

from __future__ import annotations

from msgspec import Struct


class Tries(Struct, frozen=True):
    """Under which names tries are counted: `plain` of what was typed, and whether this browser is known for it."""

    plain: str
    known_as: str
    address: str

    @property
    def key(self) -> str:
        """The identity whose failures and sends these are."""
        return f"{self.plain}.{self.known_as}" if self.known_as else self.plain

    @property
    def counted_as(self) -> str:
        """Whose tries these are: a known browser's own, else the client address's."""
        return self.key if self.known_as else self.address
