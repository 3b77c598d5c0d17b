"""What is due in one shard of the workflows' index: steps of enrolments, jobs, campaigns. One worker a shard, page by page.

The index may lag or repeat itself, so each row is read anew by what works it. A lease keeps a second worker away while one
is at it; it ends by itself where the worker died, and what was not reached is found by the next minute's tick.
"""

from __future__ import annotations

from .. import agenda, clock, log
from ..storage import query
from . import doers, reactions
from .models import DueRow, LeaseRow

_PAGE = 50
SECONDS = 40  # of work in one turn, well within the function's time
_LEASE_SECONDS = 90  # longer than a function may run


def work_shard(shard: int) -> None:
    """Work what is due in a shard; what is left when its time is over goes on in a turn of its own. Safe to call twice."""
    lease = _leased(shard)
    if lease is None:
        return
    try:
        is_all = _work(shard, until=clock.timestamp() + SECONDS)
    finally:
        _release(lease)
    if not is_all:
        reactions.send([reactions.ShardDue(shard)])


def _work(shard: int, until: int) -> bool:
    """One pass over what is due; whether it came to the end. What cannot be worked stays due, and is passed over."""
    cursor: str | None = None
    due = DueRow.due_at <= clock.timestamp()
    while True:
        page = query(DueRow, agenda.WORKFLOWS.part(shard), index="due", between=due, limit=_PAGE, cursor=cursor)
        for row in page.items:
            if clock.timestamp() >= until:
                return False
            _safely(row.pk)
        cursor = page.cursor
        if cursor is None:
            return True


def _safely(key: str) -> None:
    """One row that cannot be worked must not stop the others."""
    portal, kind, identifier = key.split("#", 2)
    try:
        doers.named(doers.DUE[kind])(portal, identifier)
    except Exception as error:  # noqa: BLE001 - the next minute tries again
        log.failure("due work failed", error, portal=portal, kind=kind)


def _leased(shard: int) -> LeaseRow | None:
    now = clock.timestamp()
    row = LeaseRow(f"due-lease#{shard}", "lease")
    free = LeaseRow.until.does_not_exist() | (LeaseRow.until <= now)
    return row if row.change(LeaseRow.until.set(now + _LEASE_SECONDS), when=free) else None


def _release(row: LeaseRow) -> None:
    row.change(LeaseRow.until.remove(), when=LeaseRow.until == row.until)
