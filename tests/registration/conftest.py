"""What these tests leave due is not left to others: their tick would send it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.registration import entries
from chalicelib.registration.models import RegistrationRow
from tests.world import World

_FOR_EVER = 10**11


@pytest.fixture(autouse=True)
def nothing_left_due(world: World) -> Iterator[None]:
    yield
    for key in entries.due_keys(_FOR_EVER, 1000):
        row = RegistrationRow(key, "job" if "#sending#" in key else "entry")
        row.change(RegistrationRow.due_at.remove(), RegistrationRow.due_shard.remove())
