"""What these tests leave due is not left to others: their tick would do it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import agenda
from chalicelib.workflows.models import TaskRow
from tests.working import leave_nothing_due

_FOR_EVER = 10**11


@pytest.fixture(autouse=True)
def nothing_left_due(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "world" not in request.fixturenames:
        return
    for key in agenda.WORK.due(by=_FOR_EVER):
        TaskRow(key, "task").change(TaskRow.due_at.remove(), TaskRow.due_shard.remove())
    leave_nothing_due()
