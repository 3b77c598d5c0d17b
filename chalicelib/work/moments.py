"""Moments: what a wall clock in a time zone shows, as seconds since 1970; and delays that are counted from a moment.

Where daylight saving skips a wall time, it is the next minute that exists; where it repeats one, the first. Minutes and hours
are time that passes. Days, weeks, months and years are steps in the calendar: the wall clock shows the same time afterwards,
and the 31st of a month without one is its last day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from .. import fields

_SHAPE = "%Y-%m-%dT%H:%M"
_LAST_YEAR = 2999
NO_WALL_TIME = "There is no such date and time. Write it as 2027-01-31T09:30."

Unit = Literal["minutes", "hours", "days", "weeks", "months", "years"]


def is_wall_time(text: str) -> bool:
    """Whether there is such a day, and such a time on a clock."""
    try:
        return 2000 <= datetime.strptime(text, _SHAPE).year <= _LAST_YEAR  # noqa: DTZ007 - a wall time has no zone
    except ValueError:
        return False


WallTime = Annotated[
    str,
    Meta(
        pattern="^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}" + fields.END,
        description="A date and time on the wall clock, such as 2027-01-31T09:30.",
    ),
    fields.content(is_wall_time, NO_WALL_TIME),
]


class Delay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delay: 30 minutes, 2 days, 6 months."""

    count: Annotated[int, Meta(ge=0, le=1000)]
    unit: Unit


def at(wall_time: str, zone: str) -> int:
    """The moment at which clocks in the zone show this wall time. Raises ValueError where there is no such date or time."""
    return _at(datetime.strptime(wall_time, _SHAPE), ZoneInfo(zone))  # noqa: DTZ007 - the zone comes beside it


def shown(moment: int, zone: str) -> str:
    """What clocks in the zone show at a moment."""
    return _wall(moment, ZoneInfo(zone)).strftime(_SHAPE)


def day_begins(day: str, zone: str, *, later: int = 0) -> int:
    """The first moment of a day (2027-01-31) in the zone, or of a day so many later."""
    return _at(datetime.combine(date.fromisoformat(day) + timedelta(days=later), time()), ZoneInfo(zone))


def day_later(day: str, days: int = 1) -> str:
    """The day so many after another (2027-01-31)."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def anniversary(day: str, years: int) -> str:
    """The same day so many years later; of 29 February the 28th in years without one."""
    first = date.fromisoformat(day)
    year = first.year + years
    return first.replace(year=year, day=min(first.day, monthrange(year, first.month)[1])).isoformat()


def after(start: int, delay: Delay, zone: str) -> int:
    """The moment so long after another, by the calendar of the zone where the unit is a day or longer."""
    if delay.count == 0:
        return start  # also in an hour that daylight saving repeats
    if delay.unit in ("minutes", "hours"):
        return start + delay.count * (60 if delay.unit == "minutes" else 3600)
    place = ZoneInfo(zone)
    return _at(_stepped(_wall(start, place), delay), place)


def _stepped(wall: datetime, delay: Delay) -> datetime:
    """The wall time so many steps of the calendar later."""
    if delay.unit in ("days", "weeks"):
        return wall + timedelta(days=delay.count * (1 if delay.unit == "days" else 7))
    months = wall.year * 12 + wall.month - 1 + delay.count * (1 if delay.unit == "months" else 12)
    year, month = months // 12, months % 12 + 1
    return wall.replace(year=year, month=month, day=min(wall.day, monthrange(year, month)[1]))


def _at(wall: datetime, place: ZoneInfo) -> int:
    moment = int(wall.replace(tzinfo=place, fold=0).timestamp())
    if _wall(moment, place) == wall:
        return moment
    return _next_that_exists(wall, place)


def _next_that_exists(wall: datetime, place: ZoneInfo) -> int:
    """The first moment after a gap in which a wall time lies: the clocks have jumped then, and not a minute before."""
    early = int(wall.replace(tzinfo=place, fold=1).timestamp())  # by the offset of afterwards: before the jump
    late = int(wall.replace(tzinfo=place, fold=0).timestamp())  # by the offset of before: after it
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if _wall(middle, place) >= wall else (middle, late)
    return late


def _wall(moment: int, place: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(place).replace(tzinfo=None, fold=0)
