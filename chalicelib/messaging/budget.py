"""What a portal's text messages may cost in a month: every part counts, and codes go out all the same.

The price is the list price that previews show, taken as units of the portal's currency: a bound, not a bill.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from .. import clock
from ..portals import Portal
from ..security import limits

# US dollars for one part to a number in the US, before what carriers add (list price of November 2026): a hint, not a bill.
PART_PRICE: Final = Decimal("0.0083")
_NAME: Final = "sms-parts"


class Month(Struct, frozen=True):
    """A month of the portal's calendar, such as 2030-06, and the moment (seconds) at which it is over."""

    name: str
    until: int


def month(portal: Portal, at: int) -> Month:
    """The month in which a moment lies."""
    place = ZoneInfo(portal.time_zone)
    here = datetime.fromtimestamp(at, place)
    following = datetime(here.year + here.month // 12, here.month % 12 + 1, 1, tzinfo=place)
    return Month(f"{here:%Y-%m}", int(following.timestamp()))


def most_parts(portal: Portal) -> int | None:
    """How many parts the budget pays for; None: no bound."""
    budget = portal.reach.sms_budget
    return None if budget is None else int(budget / PART_PRICE)


def is_spent(portal: Portal, at: int) -> bool:
    """Whether not one part more is paid for in the month of a moment."""
    most = most_parts(portal)
    return most is not None and limits.spent(portal.slug, _NAME, month(portal, at).name) >= most


def spend(portal: Portal, parts: int, *, always: bool) -> None:
    """Count so many parts. Raises TooMany where the budget does not pay for them, unless they go out `always`."""
    most = most_parts(portal)
    if most is None:
        return
    now = month(portal, clock.timestamp())
    limits.spend(portal.slug, _NAME, now.name, parts, most=None if always else most, until=now.until)
