"""When the steps of an enrolment are due: each delay counts from where the enrolment starts."""

from __future__ import annotations

from collections.abc import Iterable

from ..work import moments
from .models import EnrolmentRow
from .shapes import DateTrigger, Step

_YEARS_LOOKED_AT = 4  # this year's may be over, and an offset can be a year either way
_CALENDAR = ("days", "weeks", "months", "years")


def is_of_calendar(step: Step) -> bool:
    """Whether its delay is one of the calendar, after which a time of day makes sense."""
    return step.after.unit in _CALENDAR


def due_at(step: Step, starts_at: int, zone: str) -> int:
    """The moment at which a step is due. At a time of day: on the day the delay ends, or the next if it has passed."""
    moment = moments.after(starts_at, step.after, zone)
    if step.at is None:
        return moment
    day = moments.shown(moment, zone).partition("T")[0]
    timed = moments.at(f"{day}T{step.at}", zone)
    if timed >= moment:
        return timed
    return moments.at(f"{moments.day_later(day)}T{step.at}", zone)


def in_order(steps: Iterable[Step], starts_at: int, zone: str) -> list[tuple[int, Step]]:
    """The steps with their moments, as they come: of the same moment in the order in which they stand."""
    return sorted(((due_at(step, starts_at, zone), step) for step in steps), key=lambda each: each[0])


def waiting(steps: Iterable[Step], row: EnrolmentRow) -> list[tuple[int, Step]]:
    """The steps of an enrolment that are not over, with their moments, as they come."""
    ordered = in_order(steps, int(row.starts_at), row.zone)
    return [each for each in ordered if each[1].id not in row.outcomes]


def occasion(wanted: DateTrigger, day: str, zone: str, now: int) -> tuple[str, int] | None:
    """The next date (2027-01-31) and moment for which a date enrols; None where it is over."""
    years = range(1)
    if wanted.every_year:
        first = max(0, int(moments.shown(now, zone)[:4]) - int(day[:4]) - 1)
        years = range(first, first + _YEARS_LOOKED_AT)
    for each in years:
        found = moments.anniversary(day, each)
        moment = moments.at(f"{moments.day_later(found, wanted.days)}T{wanted.at}", zone)
        if moment >= now:
            return found, moment
    return None
