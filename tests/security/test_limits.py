"""Limits: the lock that the database decides equals the rule; the register is an exact sliding window."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, ids
from chalicelib.errors import TooMany
from chalicelib.security import limits
from chalicelib.security.limits import Limit, lock_seconds
from chalicelib.security.models import IdentityRow
from tests.world import MovableClock, World


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        (0, 0), (9, 0), (10, 900), (11, 0), (14, 0), (15, 1800), (20, 3600), (25, 7200), (30, 14400), (35, 28800),
        (40, 57600), (45, 86400), (95, 86400), (99, 0), (100, None), (200, None),
    ],
)  # fmt: skip
def test_the_table_of_locks(failures: int, seconds: int | None) -> None:
    assert lock_seconds(failures) == seconds


@pytest.mark.parametrize("failures", [0, 1, 9, 10, 11, 15, 20, 40, 45, 90, 95, 99, 100, 101, 150])
def test_the_database_locks_as_the_rule_says(world: World, failures: int) -> None:
    now = clock.timestamp()
    locked = lock_seconds(failures)
    for age in {0, 1, 899, 900, 901, 3599, 3600, 86399, 86400, 86401, 30 * 86400 - 1, 30 * 86400, 40 * 86400}:
        row = IdentityRow(f"test#identity#{ids.new()}", failures=failures, failed_at=now - age)
        row.save()
        may = age >= (30 * 86400 if locked is None else locked)
        assert row.change(IdentityRow.challenge.set("x"), when=limits.unlocked(IdentityRow, now)) is may, (
            failures,
            age,
        )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from([0, 1, 29, 30, 31, 300, 899, 900, 3600, 20000, 86400]), min_size=1, max_size=25))
def test_the_register_is_an_exact_sliding_window(world: World, moment: MovableClock, gaps: list[int]) -> None:
    allowed = (limits.CODE_SENDS, limits.CODE_SENDS_A_DAY)
    key, sent = f"test#sends#{ids.new()}", list[int]()
    for gap in gaps:
        moment.advance(gap)
        now = clock.timestamp()
        may = all(sum(1 for at in sent if at > now - limit.seconds) < limit.count for limit in allowed)
        room = limits.allows(IdentityRow, allowed[0], now) & limits.allows(IdentityRow, allowed[1], now)
        done = IdentityRow(key).change(*limits.shifted(IdentityRow, now), when=room)
        assert done is may
        if done:
            sent.append(now)


def test_a_window_counter_stops_at_its_limit_and_begins_anew(world: World, moment: MovableClock) -> None:
    portal, limit = world.portal(), Limit(3, 60)
    assert [limits.take(portal.slug, "test", "k", limit) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(TooMany) as refused:
        limits.take(portal.slug, "test", "k", limit)
    assert 0 < (refused.value.retry_after or 0) <= 60
    limits.give_back(portal.slug, "test", "k", limit)
    assert limits.take(portal.slug, "test", "k", limit) == 3
    assert limits.take(portal.slug, "test", "another", limit) == 1
    moment.advance(minutes=1)
    assert limits.take(portal.slug, "test", "k", limit) == 1
