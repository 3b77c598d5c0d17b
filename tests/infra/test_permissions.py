"""Each function may do what it does in the stories, by its own policy. (Other tests say that policies name no more.)

The whole suite is watched (tests/conftest.py); here each function also reads for itself what another has read before.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest

from tests.infra import permissions
from tests.journeys import test_benefits_batch, test_wording
from tests.messaging import test_feedback, test_journey
from tests.world import World

_GIVEN = {"world", "moment"}
pytestmark = pytest.mark.slow


def _stories(*modules: ModuleType) -> Iterator[Any]:
    """The stories that need nothing but the world."""
    for module in modules:
        for name, story in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_") and set(inspect.signature(story).parameters) <= _GIVEN:
                yield pytest.param(story, id=name)


@pytest.mark.parametrize("story", list(_stories(test_benefits_batch, test_wording, test_journey, test_feedback)))
def test_every_function_has_the_permissions_that_the_story_needs(story: Callable[..., None], world: World) -> None:
    have = {"world": world, "moment": world.clock}
    with (
        permissions.watching(apart=True) as asked,
        suppress(AssertionError),
    ):  # a story that fails does so under its own name
        story(**{name: have[name] for name in inspect.signature(story).parameters})
    assert permissions.missing(asked) == []
