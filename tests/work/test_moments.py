"""Wall times and delays: a table of what daylight saving does, and what holds for any of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.work import moments
from chalicelib.work.moments import Delay, Unit

NEW_YORK, BERLIN, LORD_HOWE, APIA, CAIRO = (
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo",
)  # fmt: skip
ZONES = st.sampled_from([NEW_YORK, BERLIN, LORD_HOWE, APIA, CAIRO, "UTC", "Asia/Kolkata", "America/Santiago"])
UNITS = st.sampled_from(["minutes", "hours", "days", "weeks", "months", "years"])
MOMENTS = st.integers(
    int(datetime(2000, 1, 2, tzinfo=UTC).timestamp()), int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
)


def utc(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        (NEW_YORK, "2027-01-31T09:30", "2027-01-31T14:30:00"),
        (NEW_YORK, "2027-03-14T01:59", "2027-03-14T06:59:00"),
        (NEW_YORK, "2027-03-14T02:00", "2027-03-14T07:00:00"),  # skipped: 03:00 is the next that exists
        (NEW_YORK, "2027-03-14T02:30", "2027-03-14T07:00:00"),
        (NEW_YORK, "2027-03-14T02:59", "2027-03-14T07:00:00"),
        (NEW_YORK, "2027-03-14T03:00", "2027-03-14T07:00:00"),
        (NEW_YORK, "2027-11-07T01:30", "2027-11-07T05:30:00"),  # twice: the first
        (NEW_YORK, "2027-11-07T02:00", "2027-11-07T07:00:00"),
        (BERLIN, "2027-03-28T02:30", "2027-03-28T01:00:00"),
        (BERLIN, "2027-10-31T02:30", "2027-10-31T00:30:00"),
        (LORD_HOWE, "2027-10-03T02:15", "2027-10-02T15:30:00"),  # half an hour is skipped there
        (LORD_HOWE, "2027-04-04T01:45", "2027-04-03T14:45:00"),
        (APIA, "2011-12-30T12:00", "2011-12-30T10:00:00"),  # a day that Samoa never had
        (CAIRO, "2027-04-30T00:30", "2027-04-29T22:00:00"),  # midnight does not exist
        ("UTC", "2028-02-29T00:00", "2028-02-29T00:00:00"),
    ],
)
def test_a_wall_time_is_one_moment(zone: str, wall: str, expected: str) -> None:
    assert utc(moments.at(wall, zone)) == expected


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        ("2027-03-13T02:30", 1, "days", "2027-03-14T03:00"),  # the hour is skipped
        ("2027-03-13T02:30", 2, "days", "2027-03-15T02:30"),  # and two days later it is there
        ("2027-03-13T12:00", 24, "hours", "2027-03-14T13:00"),  # hours pass
        ("2027-03-13T12:00", 1, "days", "2027-03-14T12:00"),  # days are dates
        ("2027-11-06T12:00", 24, "hours", "2027-11-07T11:00"),
        ("2027-01-31T09:00", 1, "months", "2027-02-28T09:00"),
        ("2027-01-31T09:00", 2, "months", "2027-03-31T09:00"),  # from the start, not from the 28th
        ("2028-01-31T09:00", 1, "months", "2028-02-29T09:00"),
        ("2028-02-29T09:00", 1, "years", "2029-02-28T09:00"),
        ("2028-02-29T09:00", 4, "years", "2032-02-29T09:00"),
        ("2027-12-31T23:59", 2, "months", "2028-02-29T23:59"),
        ("2027-06-01T09:00", 1, "weeks", "2027-06-08T09:00"),
        ("2027-06-01T09:00", 45, "minutes", "2027-06-01T09:45"),
    ],
)
def test_a_delay(start: str, count: int, unit: Unit, expected: str) -> None:
    found = moments.after(moments.at(start, NEW_YORK), Delay(count=count, unit=unit), NEW_YORK)
    assert moments.shown(found, NEW_YORK) == expected


def test_a_day_begins_when_its_first_minute_exists() -> None:
    assert utc(moments.day_begins("2027-01-31", NEW_YORK)) == "2027-01-31T05:00:00"
    assert utc(moments.day_begins("2027-03-14", NEW_YORK, later=1)) == "2027-03-15T04:00:00"
    assert utc(moments.day_begins("2027-04-30", CAIRO)) == "2027-04-29T22:00:00"


@given(MOMENTS, ZONES)
def test_what_a_clock_shows_is_that_moment_or_the_same_wall_time_once_before(moment: int, zone: str) -> None:
    minute = moment - moment % 60
    found = moments.at(moments.shown(minute, zone), zone)
    assert found <= minute and minute - found <= 24 * 3600
    assert moments.shown(found, zone) == moments.shown(minute, zone)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1)), ZONES)  # noqa: DTZ001 - wall times
def test_a_skipped_wall_time_is_the_first_that_exists_after_it(wall: datetime, zone: str) -> None:
    text = wall.strftime("%Y-%m-%dT%H:%M")
    moment = moments.at(text, zone)
    assert moments.shown(moment, zone) >= text
    if moments.shown(moment, zone) > text:
        assert moments.shown(moment - 60, zone) < text, "the minute before, the clocks had not jumped yet"


@given(MOMENTS, st.integers(0, 60), UNITS, ZONES)
def test_a_longer_delay_never_ends_sooner(start: int, count: int, unit: Unit, zone: str) -> None:
    shorter, longer = (moments.after(start, Delay(count=each, unit=unit), zone) for each in (count, count + 1))
    assert start <= shorter <= longer
    if unit in ("minutes", "hours"):
        assert shorter - start == count * {"minutes": 60, "hours": 3600}[unit]


@given(MOMENTS, st.integers(1, 60), st.sampled_from(["days", "weeks", "months", "years"]), ZONES)
def test_a_step_in_the_calendar_keeps_the_time_of_day_unless_it_is_skipped(
    start: int, count: int, unit: Unit, zone: str
) -> None:
    ended = moments.after(start, Delay(count=count, unit=unit), zone)
    before, after = (moments.shown(each, zone) for each in (start, ended))
    if after[11:] != before[11:]:
        assert moments.shown(ended - 60, zone) < after[:11] + before[11:], "only where the clocks jump"
    if unit in ("months", "years"):
        assert int(after[8:10]) <= int(before[8:10]) or after[11:] != before[11:]


@pytest.mark.parametrize("text", ["2027-02-30T09:00", "2027-01-31T24:00", "2027-01-31", "1999-01-01T00:00", "x"])
def test_what_is_no_wall_time(text: str) -> None:
    assert not moments.is_wall_time(text)
