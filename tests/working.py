"""What is due of workflows, campaigns and jobs, done as the workers of its shards do it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import agenda, clock
from chalicelib.jobs import jobs
from chalicelib.jobs.models import JobRow
from chalicelib.storage import query
from chalicelib.work.models import TaskRow

_FOR_EVER = 10**11


def due_keys(by: int | None = None) -> list[str]:
    """The keys of what is due by a moment, or now."""
    until = clock.timestamp() if by is None else by
    return [
        row.pk
        for part in agenda.WORKFLOWS.parts
        for row in query(JobRow, part, index="due", between=JobRow.due_at <= until, limit=1000).items
    ]


def work_due(most: int = jobs.A_TURN) -> int:
    """Go on with every job that is due; how many were visited."""
    return sum(jobs.go_on(*_split(key), most) for key in due_keys() if "#job#" in key)


def leave_nothing_due() -> None:
    """So that no other test does it."""
    for key in due_keys(_FOR_EVER):
        JobRow(key, key.split("#")[1]).change(JobRow.due_at.remove(), JobRow.due_shard.remove())


def _split(key: str) -> tuple[str, str]:
    portal, _, identifier = key.split("#")
    return portal, identifier


@pytest.fixture(autouse=True)
def nothing_left_due(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test leaves due is not left to others: their tick would do it."""
    yield
    if "world" not in request.fixturenames:
        return
    for key in agenda.WORK.due(by=_FOR_EVER):
        TaskRow(key, "task").change(TaskRow.due_at.remove(), TaskRow.due_shard.remove())
    leave_nothing_due()
