"""Times that come again, written as cron has them, on the wall clock of a zone.

Where daylight saving skips a time, it is the next minute that exists; where it repeats one, the first. So no time comes
twice, and none is left out: two times that fall together are one moment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from cronsim import CronSim, CronSimError
from msgspec import Meta

from .. import fields
from ..work import moments

NO_CRON: Final = "This is no time that comes again. Write minute, hour, day, month and weekday: 0 9 * * MON-FRI."
_SHAPE: Final = "%Y-%m-%dT%H:%M"
_LOOKED_BACK: Final = tuple(hours * 3600 for hours in (2, 48, 24 * 62))  # seconds


def is_cron(text: str) -> bool:
    """Whether it has five fields that a moment can suit."""
    return len(text.split()) == 5 and _next_wall(text, "2027-01-01T00:00") is not None


Cron = Annotated[
    str,
    Meta(
        pattern="^[0-9A-Za-z*,/#-]{1,60}( [0-9A-Za-z*,/#-]{1,60}){4}" + fields.END,
        description="Minute, hour, day of the month, month, weekday, as cron has them: 0 9 * * MON-FRI.",
    ),
    fields.content(is_cron, NO_CRON),
]


def next_after(cron: str, zone: str, moment: int) -> int | None:
    """The first of its times later than a moment; None where none comes any more."""
    wall = _next_wall(cron, moments.shown(moment, zone))
    while wall is not None and moments.at(wall, zone) <= moment:
        wall = _next_wall(cron, wall)
    return None if wall is None else moments.at(wall, zone)


def latest(cron: str, zone: str, first: int, now: int) -> int:
    """The last of its times that is not after `now`, from one of them on."""
    for back in _LOOKED_BACK:
        found = next_after(cron, zone, now - back) if now - back > first else None
        if found is not None and found <= now:
            first = found
            break
    while (found := next_after(cron, zone, first)) is not None and found <= now:
        first = found
    return first


def _next_wall(cron: str, wall: str) -> str | None:
    start = datetime.strptime(wall, _SHAPE)  # noqa: DTZ007 - on a wall clock
    try:
        return f"{next(CronSim(cron, start)):{_SHAPE}}"
    except (CronSimError, StopIteration, ValueError):
        return None
