"""Shared by the threats: password hashes that cost next to nothing, and are counted."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

import pytest

from chalicelib.security import passwords


class Hashes:
    """A hasher of the product's own kind, but of the least memory. `compared` counts what was held against a hash."""

    def __init__(self) -> None:
        from argon2 import PasswordHasher, Type

        self._real = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
        self.dummy = self._real.hash("nobody's")
        self.compared = 0
        self._lock = Lock()

    def hash(self, password: str) -> str:
        """A hash to store."""
        return str(self._real.hash(password))

    def verify(self, stored: str, password: str) -> bool:
        """Count, then compare."""
        with self._lock:
            self.compared += 1
        return bool(self._real.verify(stored, password))

    def check_needs_rehash(self, stored: str) -> bool:
        """Whether it is another kind of hash."""
        return bool(self._real.check_needs_rehash(stored))


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hashes]:
    """The hasher of this test: an argon2 of 25 ms is dear where many passwords are tried."""
    made: Any = Hashes()
    monkeypatch.setattr(passwords, "_hasher", lambda: made)
    monkeypatch.setattr(passwords, "_dummy", lambda: made.dummy)
    yield made
