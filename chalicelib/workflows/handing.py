"""What the tick does of workflows: it looks whether anything is due, and leaves the work to the queue.

A minute is short and there may be thousands of steps due, so the parts of the index go to as many workers as there are.
"""

from __future__ import annotations

from .. import clock, log
from ..storage import query
from . import reactions, shards
from .models import DueRow


def hand_on_due() -> int:
    """Send one message for each part of the index in which something is due; how many. Safe to run twice, or late.

    What SQS does not take is found again a minute later.
    """
    now = clock.timestamp()
    due = [reactions.ShardDue(shard) for shard in range(shards.SHARDS) if _is_due(shard, now)]
    sent = len(due) - len(reactions.send(due))
    if sent:
        log.info("due parts handed on", count=sent)
    return sent


def _is_due(shard: int, now: int) -> bool:
    page = query(DueRow, shards.part(shard), index="due", between=DueRow.due_at <= now, limit=1)
    return bool(page.items)
