"""Times that come again: by the wall clock, never twice, none left out."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns import cron
from chalicelib.work import moments

NEW_YORK = "America/New_York"


def times(text: str, start: str, count: int, zone: str = NEW_YORK) -> list[str]:
    """The next ones after a wall time, with the offset of each."""
    found, moment = [], moments.at(start, zone)
    for _ in range(count):
        following = cron.next_after(text, zone, moment)
        assert following is not None and following > moment
        moment = following
        found.append(f"{datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone)):%m-%dT%H:%M%z}")
    return found


def test_on_weekdays_at_nine() -> None:
    assert times("0 9 * * MON-FRI", "2031-01-03T09:00", 3) == [
        "01-06T09:00-0500",
        "01-07T09:00-0500",
        "01-08T09:00-0500",
    ]


def test_a_time_that_is_skipped_comes_with_the_next_minute_that_exists() -> None:
    """On 10 March 2030 clocks in New York jump from 2:00 to 3:00."""
    assert times("30 2 * * *", "2030-03-09T00:00", 3) == ["03-09T02:30-0500", "03-10T03:00-0400", "03-11T02:30-0400"]
    assert times("*/30 * * * *", "2030-03-10T01:30", 3) == ["03-10T03:00-0400", "03-10T03:30-0400", "03-10T04:00-0400"]


def test_a_time_that_is_shown_twice_comes_once_the_first_time() -> None:
    """On 3 November 2030 they go back from 2:00 to 1:00."""
    assert times("30 1 * * *", "2030-11-02T12:00", 2) == ["11-03T01:30-0400", "11-04T01:30-0500"]
    assert times("*/30 * * * *", "2030-11-03T00:30", 4) == [
        "11-03T01:00-0400", "11-03T01:30-0400", "11-03T02:00-0500", "11-03T02:30-0500",
    ]  # fmt: skip


def test_within_the_hour_that_is_repeated_nothing_comes_again() -> None:
    second = moments.at("2030-11-03T01:30", NEW_YORK) + 3600 + 60
    found = cron.next_after("*/10 * * * *", NEW_YORK, second)
    assert found == moments.at("2030-11-03T02:00", NEW_YORK)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0 9 * * *", True), ("*/5 8-18 * * MON-FRI", True), ("0 0 29 2 *", True), ("0 0 L * *", True),
        ("0 0 31 2 *", False), ("60 * * * *", False), ("* * * *", False), ("@daily", False), ("a b c d e", False),
        ("0 0 9 * * *", False), ("", False), ("0 9 * * MON-FRI; ls", False), ("1/2/3 * * * *", False), ("0 9 * * 5L/2", False),
    ],
)  # fmt: skip
def test_what_is_a_time_that_comes_again(text: str, is_one: bool) -> None:
    assert cron.is_cron(text) is is_one


def test_of_what_was_missed_it_is_the_last() -> None:
    first = moments.at("2030-06-03T09:00", NEW_YORK)
    for text in ("0 9 * * *", "*/5 * * * *", "0 9 1 * *"):
        for seconds in (0, 59, 3600, 90_000, 40 * 86400, 400 * 86400):
            now, slow = first + seconds, first
            if text != "*/5 * * * *" or seconds < 100_000:
                while (following := cron.next_after(text, NEW_YORK, slow)) is not None and following <= now:
                    slow = following
                assert cron.latest(text, NEW_YORK, first, now) == slow, (text, seconds)
            assert first <= cron.latest(text, NEW_YORK, first, now) <= now


@given(
    st.integers(0, 59), st.integers(0, 23), st.sampled_from(["*", "1", "*/7", "L"]), st.integers(1_890_000_000, 1_950_000_000),
    st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)  # fmt: skip
def test_moments_only_ever_go_on(minute: int, hour: int, day: str, start: int, zone: str) -> None:
    text, moment, seen = f"{minute} {hour} {day} * *", start, set()
    for _ in range(20):
        following = cron.next_after(text, zone, moment)
        assert following is not None and following > moment
        wall = moments.shown(following, zone)[:10]
        assert wall not in seen, "once a day"
        seen.add(wall)
        moment = following
