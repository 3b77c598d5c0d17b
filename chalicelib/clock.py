"""The one source of time. Nothing else in the product asks the operating system what time it is.

Tests and rehearsals set the clock, so that years pass in milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_seconds: Callable[[], float] = time.time


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.fromtimestamp(_seconds(), UTC)


def timestamp() -> int:
    """The present moment in whole seconds since 1970."""
    return int(_seconds())


def milliseconds() -> int:
    """The present moment in milliseconds since 1970."""
    return int(_seconds() * 1000)


def text(seconds: int | None) -> str | None:
    """A moment as the API writes it: ISO 8601 in UTC, such as 2026-11-21T09:30:00Z."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def telling(source: Callable[[], float]) -> Iterator[None]:
    """Take the time from `source` (seconds since 1970) for as long as the block runs."""
    global _seconds
    before, _seconds = _seconds, source
    try:
        yield
    finally:
        _seconds = before
