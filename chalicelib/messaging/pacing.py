"""How fast bulk mail leaves: never faster than the deployment may send, however many workers there are.

A batch takes its room in the present window by one conditional update of a counter that all workers share. Where there is
no room, nothing of it is sent: the queue brings it again, and its rows are not touched. A counter that does not answer sends
nothing. Urgent mail has a queue of its own and is never held back.
"""

from __future__ import annotations

from typing import Final

from ..errors import TooMany
from ..security import limits
from ..security.limits import Limit

EVERYWHERE: Final = "*"  # the portals of a deployment share what its mail account may send
_LARGEST_BATCH = 10  # which must find room in an empty window


def may_go(count: int, rate: int) -> bool:
    """Whether so many messages may go out now, at `rate` a second (0: always); they are counted if so.

    Raises Unavailable where that cannot be counted.
    """
    if rate <= 0 or count <= 0:
        return True
    seconds = max(1, -(-_LARGEST_BATCH // rate))
    try:
        limits.take(EVERYWHERE, "send-rate", "bulk", Limit(rate * seconds, seconds), many=count)
    except TooMany:
        return False
    return True
