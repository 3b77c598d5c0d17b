"""How fast bulk mail leaves: never faster than the deployment may send, however many workers there are.

A batch takes its turn by one conditional update of a moment that all workers share: from then on the next one may go. A turn
that is near is waited for; where the queue of turns is long, the batch goes back to its SQS queue and its rows are not
touched. A moment that cannot be taken sends nothing. Urgent mail has a queue of its own and is never held back.
"""

from __future__ import annotations

from typing import Final

from .. import clock
from .models import PaceRow

LONGEST_WAIT = 10  # seconds of a worker's time; its Lambda is stopped after 30
_ROW: Final = "*#pace#bulk"


def turn(count: int, rate: int) -> float | None:
    """In how many seconds so many messages may begin to go, at `rate` a second (0: at once); None where that is too long.

    Raises Unavailable.
    """
    if rate <= 0 or count <= 0:
        return 0
    now, taken = clock.milliseconds(), count * 1000 // rate
    for begin in (_after_others, _at_once, _after_others):  # the last: another worker was the first of all, this moment
        wait = begin(now, taken)
        if wait is not None:
            return wait
    return None


def is_behind() -> bool:
    """Whether the workers have more to send than they may at this moment: what waits in the queue is not lost then."""
    row = PaceRow.find(_ROW)
    return row is not None and int(row.free_at or 0) > clock.milliseconds()


def _after_others(now: int, taken: int) -> float | None:
    row, free = PaceRow(_ROW), PaceRow.free_at
    if row.change(free.set(free + taken), when=(free >= now) & (free <= now + LONGEST_WAIT * 1000)):
        return (int(row.free_at) - taken - now) / 1000
    return None


def _at_once(now: int, taken: int) -> float | None:
    free = PaceRow.free_at
    return 0 if PaceRow(_ROW).change(free.set(now + taken), when=free.does_not_exist() | (free < now)) else None
