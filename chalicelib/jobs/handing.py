"""What the tick does of workflows: it looks whether anything is due, and leaves the work to the queue.

A minute is short and there may be thousands of steps due, so the parts of the index go to as many workers as there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import log
from . import reactions


def hand_on_due(parts: Sequence[str]) -> int:
    """Send one message for each part of the index in which something is due (see `agenda`); how many. Safe twice, or late.

    What SQS does not take is found again a minute later.
    """
    due = [reactions.ShardDue(int(part.rpartition("#")[2])) for part in parts]
    sent = len(due) - len(reactions.send(due))
    if sent:
        log.info("due parts handed on", count=sent)
    return sent
