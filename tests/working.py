"""What is due of workflows, campaigns and jobs, done as the workers of its shards do it."""

from __future__ import annotations

from chalicelib import agenda, clock
from chalicelib.storage import query
from chalicelib.workflows import jobs
from chalicelib.workflows.workflow_models import JobRow


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
    for key in due_keys(10**11):
        JobRow(key, key.split("#")[1]).change(JobRow.due_at.remove(), JobRow.due_shard.remove())


def _split(key: str) -> tuple[str, str]:
    portal, _, identifier = key.split("#")
    return portal, identifier
