"""When steps are due: delays count from the enrolment, a time of day is that of the portal's zone, whatever the clocks do."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.work import moments
from chalicelib.work.moments import Delay
from chalicelib.workflows import timing
from chalicelib.workflows.shapes import DateTrigger, Step
from tests.flows import MAIL, step

NEW_YORK = "America/New_York"
ZONES = st.sampled_from([NEW_YORK, "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
STARTS = st.integers(1_900_000_000, 2_300_000_000)
TIMES = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))


def made(count: int, unit: str, at: str | None = None) -> Step:
    return msgspec.convert(step("s", count, unit, MAIL, at=at), Step)


def wall(moment: int, zone: str) -> str:
    return moments.shown(moment, zone)


@pytest.mark.parametrize(
    ("start", "count", "unit", "at", "due"),
    [
        ("2026-09-01T08:00", 1, "minutes", None, "2026-09-01T08:01"),
        ("2026-09-01T08:00", 2, "days", "09:30", "2026-09-03T09:30"),
        ("2026-09-01T10:00", 0, "days", "09:30", "2026-09-02T09:30"),  # that time has passed
        ("2026-10-31T08:00", 1, "days", None, "2026-11-01T08:00"),  # the clocks go back: 25 hours
        ("2027-03-13T02:30", 1, "days", None, "2027-03-14T03:00"),  # 02:30 does not exist
        ("2027-03-13T08:00", 1, "days", "02:30", "2027-03-15T02:30"),
        ("2027-03-13T01:00", 1, "days", "02:30", "2027-03-14T03:00"),
        ("2027-01-31T08:00", 1, "months", None, "2027-02-28T08:00"),
        ("2028-02-29T08:00", 1, "years", None, "2029-02-28T08:00"),
    ],
)
def test_a_step_is_due(start: str, count: int, unit: str, at: str | None, due: str) -> None:
    moment = timing.due_at(made(count, unit, at), moments.at(start, NEW_YORK), NEW_YORK)
    assert wall(moment, NEW_YORK) == due


@given(STARTS, ZONES, st.integers(0, 400), st.sampled_from(["days", "weeks", "months"]), TIMES)
def test_a_time_of_day_is_the_first_one_after_the_delay(start: int, zone: str, count: int, unit: str, at: str) -> None:
    after = moments.after(start, Delay(count=count, unit=unit), zone)  # type: ignore[arg-type]
    due = timing.due_at(made(count, unit, at), start, zone)
    assert after <= due <= after + 26 * 3600, "on that day or the next, a day of which may have 25 hours"
    shown = datetime.fromtimestamp(due, ZoneInfo(zone))
    wanted = timedelta(hours=int(at[:2]), minutes=int(at[3:]))
    late = timedelta(hours=shown.hour, minutes=shown.minute) - wanted
    assert timedelta() <= late <= timedelta(hours=1), "at that time, or as soon as a skipped hour is over"


@given(
    STARTS, ZONES, st.lists(st.tuples(st.integers(0, 90), st.sampled_from(["minutes", "hours", "days"])), max_size=8)
)
def test_steps_come_in_the_order_of_their_moments(start: int, zone: str, delays: list[tuple[int, str]]) -> None:
    steps = [msgspec.convert(step(f"s{place}", *delay, MAIL), Step) for place, delay in enumerate(delays)]
    ordered = timing.in_order(steps, start, zone)
    assert [moment for moment, _ in ordered] == sorted(moment for moment, _ in ordered)
    assert {each.id for _, each in ordered} == {each.id for each in steps}
    for (one, first), (other, second) in itertools.pairwise(ordered):
        assert one < other or first.id < second.id, "of one moment, as they stand"


@pytest.mark.parametrize(
    ("wanted", "day", "now", "expected"),
    [
        ({"days": -30}, "2027-03-01", "2027-01-01T08:00", ("2027-03-01", "2027-01-30T09:00")),
        ({"days": 0}, "2027-03-01", "2027-03-01T09:01", None),
        ({"days": -30, "every_year": True}, "2020-03-01", "2027-01-01T08:00", ("2027-03-01", "2027-01-30T09:00")),
        ({"days": -30, "every_year": True}, "2020-03-01", "2027-02-01T08:00", ("2028-03-01", "2028-01-31T09:00")),
        ({"every_year": True}, "2024-02-29", "2027-01-01T08:00", ("2027-02-28", "2027-02-28T09:00")),
        ({"days": 366, "every_year": True}, "2026-06-01", "2027-01-01T08:00", ("2026-06-01", "2027-06-02T09:00")),
        ({"every_year": True}, "2030-06-01", "2027-01-01T08:00", ("2030-06-01", "2030-06-01T09:00")),
    ],
)
def test_the_occasion_of_a_date(
    wanted: dict[str, object], day: str, now: str, expected: tuple[str, str] | None
) -> None:
    found = timing.occasion(msgspec.convert(wanted, DateTrigger), day, NEW_YORK, moments.at(now, NEW_YORK))
    assert (found and (found[0], wall(found[1], NEW_YORK))) == expected
