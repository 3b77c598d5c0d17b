"""Once a minute: the messages that did not get through by the straight way are looked at again.

A queue message can be lost, a worker can die, a provider can stay silent. Each message that is not settled stands in a
sparse index under the moment at which to look again, so a sweep reads what is due and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .. import clock, log
from ..storage import together
from . import pacing, progress
from .gates import LONGEST_SECONDS, waiting_since
from .handing_on import Handing, hand_on
from .models import MessageRow
from .progress import confirm, release
from .statuses import Status


def sweep(keys: Sequence[str]) -> int:
    """Look at every message that is due, and give how many were handed on again. Safe to run twice, or late."""
    waits = bool(keys) and pacing.is_behind()
    looked_at = together([partial(_safely, key, waits) for key in keys])
    handed = [handing for handing in looked_at if handing]
    failed = hand_on(handed)
    if handed:
        log.info("messages handed on again", count=len(handed) - len(failed))
    return len(handed) - len(failed)


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
