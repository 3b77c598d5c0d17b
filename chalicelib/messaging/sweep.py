"""Once a minute: the messages that did not get through by the straight way are looked at again.

A queue message can be lost, a worker can die, a provider can stay silent. Each message that is not settled stands in a
sparse index under the moment at which to look again, so a sweep reads what is due and nothing else.
"""

from __future__ import annotations

from functools import partial

from .. import clock, log
from ..storage import query, together
from . import pacing, progress
from .gates import LONGEST_SECONDS, waiting_since
from .handing_on import Handing, hand_on
from .models import UNSENT_SHARDS, MessageRow
from .progress import confirm, release
from .statuses import Status

_A_SHARD = 250  # messages of one shard in one sweep; the rest follows in the next


def sweep() -> int:
    """Look at every message that is due, and give how many were handed on again. Safe to run twice, or late."""
    due = [_due(f"unsent#{shard}") for shard in range(UNSENT_SHARDS)]  # in turn: each thread would open a connection
    waits = any(due) and pacing.is_behind()
    looked_at = together([partial(_safely, key, waits) for keys in due for key in keys])
    handed = [handing for handing in looked_at if handing]
    failed = hand_on(handed)
    if handed:
        log.info("messages handed on again", count=len(handed) - len(failed))
    return len(handed) - len(failed)


def _due(shard: str) -> list[str]:
    due = MessageRow.sweep_at <= clock.timestamp()
    return [row.pk for row in query(MessageRow, shard, index="unsent", between=due, limit=_A_SHARD).items]


def _safely(key: str, bulk_waits: bool) -> Handing | None:
    """One message that cannot be read must not stop the others."""
    try:
        return _look_at(key, bulk_waits)
    except Exception as error:  # noqa: BLE001 - see above
        log.failure("message not swept", error)
        return None


def _look_at(key: str, bulk_waits: bool) -> Handing | None:
    """While bulk mail waits for its turn, its messages are in their queue still, and copies would only lengthen it."""
    row = MessageRow.find(key)
    if row is None or row.sweep_at is None or row.sweep_at > clock.timestamp():
        return None
    if row.status == Status.SENDING.value:
        if progress.lost_sight(row, "worker-died"):
            log.warning("message outcome unknown", portal=row.portal, subject=f"message:{row.id}", reason="worker-died")
    elif row.status == Status.UNKNOWN.value:
        if progress.show_to_staff(row):
            log.warning("message needs attention", portal=row.portal, subject=f"message:{row.id}")
    elif _is_too_old(row):
        progress.settle(row, Status.FAILED, "gave-up")
    elif progress.put_off(row) and (row.urgent or not bulk_waits):
        return Handing(row.portal, row.id, bool(row.urgent))
    return None


def _is_too_old(row: MessageRow) -> bool:
    return waiting_since(row) + LONGEST_SECONDS <= clock.timestamp()


__all__ = ["confirm", "release", "sweep"]
