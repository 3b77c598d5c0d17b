"""The moves of a batch, and when its contact is reminded."""

from __future__ import annotations

from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid
from chalicelib.selfservice.filetypes import is_allowed, looks_like, type_of
from chalicelib.selfservice.reminders import next_moment
from chalicelib.selfservice.shapes import Status
from chalicelib.selfservice.statuses import HIDDEN, LABELS, MOVES, check_move, is_shown

STATUSES = get_args(Status)


def test_every_status_has_a_label_and_its_moves() -> None:
    assert set(LABELS) == set(MOVES) == set(STATUSES)
    assert all(moves <= set(STATUSES) and before not in moves for before, moves in MOVES.items())


@pytest.mark.parametrize("before", [None, *STATUSES])
@pytest.mark.parametrize("after", STATUSES)
def test_only_sensible_moves_and_the_refusal_names_them(before: Status | None, after: Status) -> None:
    allowed = {"draft", "in_progress", "client_review"} if before is None else MOVES[before] | {before}
    if after in allowed:
        check_move(before, after)
    else:
        with pytest.raises(Invalid) as refused:
            check_move(before, after)
        assert all(name in refused.value.fields["status"] for name in allowed)


def test_nobody_finishes_what_was_never_reviewed() -> None:
    assert not any("complete" in MOVES[status] for status in ("draft", "in_progress", "client_review", "cancelled"))


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_not_open_or_not_ready_is_not_shown(status: Status) -> None:
    assert not is_shown(status, open_to_portal=False)
    assert is_shown(status, open_to_portal=True) is (status not in HIDDEN)


def at(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def test_reminders_come_at_nine_in_the_portals_zone_on_both_sides_of_a_clock_change() -> None:
    zone = "America/New_York"  # clocks go back on 1 November 2026
    start = at("2026-10-20 12:00", zone)
    first = next_moment("2026-11-02", (3, 1, 0), zone, start)
    second = next_moment("2026-11-02", (3, 1, 0), zone, first or 0)
    third = next_moment("2026-11-02", (3, 1, 0), zone, second or 0)
    assert (first, second, third) == (
        at("2026-10-30 09:00", zone), at("2026-11-01 09:00", zone), at("2026-11-02 09:00", zone),
    )  # fmt: skip
    assert next_moment("2026-11-02", (3, 1, 0), zone, third or 0) is None


@given(st.dates(min_value=datetime(2026, 1, 1).date(), max_value=datetime(2036, 1, 1).date()), st.integers(0, 60))  # noqa: DTZ001
def test_a_reminder_is_never_in_the_past(day: object, before: int) -> None:
    now = at("2030-06-03 10:00", "UTC")
    moment = next_moment(str(day), (before,), "Europe/Paris", now)
    assert moment is None or moment > now


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("application/pdf", b"<html><script>"), ("image/png", b"GIF89a"), ("text/plain", b"<svg onload=1>"),
        ("text/csv", b"a,b\x00c"), ("image/svg+xml", b"<svg"), ("text/html", b"<html>"), ("application/pdf", b""),
    ],
)  # fmt: skip
def test_what_a_file_is_not_it_does_not_pass_for(kind: str, head: bytes) -> None:
    assert not looks_like(kind, head)


def test_types_that_browsers_run_are_never_allowed() -> None:
    assert not is_allowed("text/html", "page.html") and not is_allowed("image/svg+xml", "drawing.svg")
    assert not is_allowed("application/pdf", "report.pdf.exe") and is_allowed("application/pdf", "Report.PDF")
    assert type_of(b"%PDF-1.7") == "application/pdf" and type_of(b"\x7fELF\x00") is None
