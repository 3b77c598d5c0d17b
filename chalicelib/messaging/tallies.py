"""Tallies: how many of the messages that belong together have come how far, without reading them all.

A message is counted under each status that it comes to, right after its status has changed and not in the same write: a
worker that dies in between leaves one out. The messages themselves stay the truth.
"""

from __future__ import annotations

import zlib
from typing import Final

from .. import clock, log
from ..errors import Unavailable
from ..storage import Transaction, guarded
from .models import MessageRow, TallyRow
from .statuses import Status

SHARDS: Final = 8  # of a tally: as many messages at once as one item could not take
KEPT_SECONDS: Final = 400 * 24 * 3600
COUNTED: Final = (
    Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.COMPLAINED, Status.SUPPRESSED, Status.FAILED, Status.EXPIRED,
    Status.DROPPED,
)  # fmt: skip


def count(row: MessageRow, status: Status) -> None:
    """Count a message that has come to a status, if it belongs to a tally. What cannot be counted is left out."""
    if not row.tally:
        return
    shard = zlib.crc32(row.id.encode()) % SHARDS
    counter = TallyRow(_pk(row.portal, row.tally, shard))
    try:
        counter.change(
            getattr(TallyRow, status.value).add(1), TallyRow.expires_at.set(clock.timestamp() + KEPT_SECONDS)
        )
    except Unavailable:
        log.warning("message not counted", portal=row.portal, subject=f"message:{row.id}")


def read(portal: str, tally: str) -> dict[Status, int]:
    """How many have come to each status, those that went on from there too."""
    keys = [_pk(portal, tally, shard) for shard in range(SHARDS)]
    rows = guarded(lambda: list(TallyRow.batch_get(keys, consistent_read=True)))
    return {status: sum(int(getattr(row, status.value) or 0) for row in rows) for status in COUNTED}


def stop(tx: Transaction, portal: str, tally: str) -> None:
    """Add to the transaction that none of these messages is sent any more which has not been sent yet."""
    tx.put(TallyRow(pk=_stopped(portal, tally), expires_at=clock.timestamp() + KEPT_SECONDS))


def is_stopped(portal: str, tally: str) -> bool:
    """Whether these messages were stopped. Asked right before one is sent."""
    return TallyRow.find(_stopped(portal, tally)) is not None


def _stopped(portal: str, tally: str) -> str:
    return f"{portal}#tally#{tally}#stopped"


def _pk(portal: str, tally: str, shard: int) -> str:
    return f"{portal}#tally#{tally}#{shard}"
