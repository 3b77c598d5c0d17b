"""Shared by every test: the world (see `world`), made before anything of `chalicelib` is imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from msgspec.structs import replace

from tests.world import MovableClock, World

# The same examples every time: a red run can be repeated. No example has a time: how quick it is, a busy machine decides.
settings.register_profile("seeded", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seeded")
_world = World()  # sets the environment that chalicelib.config reads at import
_HERE = Path(__file__).parent
# Stories told over a database, many times over: `make check` leaves them to `make test`, but for the quick ones.
_STORIES = (
    "api/test_guard", "api/test_hostile", "api/test_manual", "api/test_once", "api/test_sessions", "api/test_staff",
    "api/test_trouble", "api/test_users", "faults/", "infra/test_deploy", "infra/test_first_key", "infra/test_owner",
    "infra/test_template",
    "journeys/", "local/test_local_pumps", "messaging/test_cold_starts", "messaging/test_crashes", "messaging/test_pacing",
    "messaging/test_queues", "messaging/test_reach",
    "people/test_automatic_credentials", "people/test_credentials", "registration/test_sending",
    "registration/test_state_machine", "selfservice/test_reminders", "threats/", "campaigns/test_campaigns",
    "campaigns/test_canary", "jobs/test_jobs", "workflows/test_rehearsal", "workflows/test_state_machine",
    "campaigns/test_tagging", "work/test_tasks",
)  # fmt: skip
_QUICK = (
    "journeys/test_benefits_batch.py::test_the_whole_story",
    "journeys/test_credentials.py::test_from_the_mail_to_the_portal",
    "people/test_credentials.py::test_c6_every_state_and_every_action",
    *(f"threats/test_{number}_" for number in ("30", "31", "33", "35", "41")),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the stories as slow."""
    for item in items:
        where = f"{item.path.relative_to(_HERE).as_posix()}::{item.name}"
        if where.startswith(_STORIES) and not where.startswith(_QUICK):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def permitted() -> Iterator[None]:
    """Whatever a function asked of AWS in any test is granted to it by its policy file in `.chalice/`."""
    from tests.infra import permissions

    with permissions.watching() as asked:
        yield
    assert permissions.missing(asked) == []


@pytest.fixture(autouse=True, scope="session")
def quick_hashes() -> Iterator[tuple[int, int]]:
    """Where no test looks at the hashing itself, argon2 does the least that it can: as decided it takes 25 ms of CPU."""
    from chalicelib.security import passwords

    decided = passwords._MEMORY_KIB, passwords._PASSES
    _hash_with(8, 1)
    yield decided
    _hash_with(*decided)


@pytest.fixture(scope="module")
def real_hashes(quick_hashes: tuple[int, int]) -> Iterator[None]:
    """For the modules that do look at it: argon2 works as decided."""
    _hash_with(*quick_hashes)
    yield
    _hash_with(8, 1)


def _hash_with(memory: int, passes: int) -> None:
    from chalicelib.security import passwords

    passwords._MEMORY_KIB, passwords._PASSES = memory, passes
    passwords._hasher.cache_clear()
    passwords._dummy.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def few_shards() -> None:
    """What is due stands in two shards, not sixteen, and a day in two, not eight: every tick, and every look at a log or
    at facts, reads them all, and two show what more would.
    """
    from chalicelib import agenda, days

    days.SHARDS = 2
    for name in ("MESSAGES", "BATCHES", "REGISTRATIONS", "WORK", "WORKFLOWS"):
        setattr(agenda, name, replace(getattr(agenda, name), shards=2))


@pytest.fixture
def world() -> Iterator[World]:
    """Everything around the product, with nothing on its way and the clock at its start, standing still."""
    with _world.telling():
        _world.reset()
        yield _world


@pytest.fixture
def moment(world: World) -> MovableClock:
    """The clock: `moment.advance(minutes=5)`."""
    return world.clock


@pytest.fixture
def mishaps(world: World) -> Iterator[object]:
    """Records AWS calls and lets them go wrong (see `mishaps`)."""
    from tests.mishaps import Mishaps

    yield _mishaps.setdefault("one", Mishaps())


_mishaps: dict[str, object] = {}
