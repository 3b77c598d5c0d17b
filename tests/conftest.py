"""Shared by every test: the world (see `world`), made before anything of `chalicelib` is imported."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import MovableClock, World

_world = World()  # sets the environment that chalicelib.config reads at import


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
