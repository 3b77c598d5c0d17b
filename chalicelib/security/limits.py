"""Limits: how often something may happen. The numbers are one table; every count is taken before the act it counts.

Two mechanisms, both one blind conditional write, so that no number of parallel tries can slip past:

- a *window counter* counts in clock-aligned windows (client addresses, portals, prefixes);
- a *register* keeps the last eight moments in one row and shifts them at each use, which gives exact sliding windows:
  the n-th last use must lie before the window.

All fail closed: when DynamoDB does not answer, the act does not happen.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from msgspec import Struct

from .. import clock
from ..errors import TooMany
from ..storage import Action, Condition, Transaction
from .models import CounterRow, IdentityRow


class Limit(Struct, frozen=True):
    """At most `count` in `seconds`."""

    count: int
    seconds: int


# What                                    Source: docs/security.md, "Decided numbers"
CODE_TRIES = 5  # wrong or right, over all resends of one challenge
CODE_RESEND = Limit(1, 30)
CODE_SENDS = Limit(3, 15 * 60)
CODE_SENDS_A_DAY = Limit(8, 24 * 3600)
CODES_TYPED_PER_ADDRESS = Limit(25, 5 * 60)  # threat 3; per IPv4 address or IPv6 /64, right ones are given back
CODES_ASKED_PER_ADDRESS = Limit(60, 5 * 60)
PASSWORDS_TYPED_PER_ADDRESS = Limit(25, 5 * 60)  # threat 3
LINKS_ASKED_PER_ADDRESS = Limit(20, 5 * 60)  # forgotten passwords and usernames, first links
HELP_PER_ADDRESS = Limit(5, 3600)  # help requests: anybody may send one, and each is a mail to staff
HELP_A_DAY = Limit(200, 24 * 3600)  # per portal
OFFICES_SOUGHT_PER_ADDRESS = Limit(25, 5 * 60)  # by their identifiers, by whoever registers
OFFICES_SOUGHT = Limit(600, 5 * 60)  # in one portal
CHECKS_PER_ACCOUNT = Limit(5, 24 * 3600)  # threat 12; more of them are as good as wrong
CHECKS_PER_ADDRESS = Limit(5, 24 * 3600)
WAITING_MAILS = Limit(8, 24 * 3600)  # threat 14; to those who decide for one office
CALLER_CODES_AN_HOUR = Limit(30, 3600)  # that a staff user sends to verify callers
CALLER_TRIES = 3  # at a code that a caller reads out; then staff start anew
USERNAMES_TOLD_AN_HOUR = Limit(20, 3600)  # by a staff user
SAMPLES_A_HOUR = Limit(30, 3600)  # messages in a portal's wording that a staff user sends themselves
VIEWS_AN_HOUR = Limit(30, 3600)  # threat 18; of clients' pages, asked for by one staff user
CROWDED = 10  # from this many in a window, a right code gives its count back (below, that write is not worth making)

_KEPT_AFTER = 24 * 3600  # seconds that the count of a period outlives it

LOCK_FIRST, LOCK_STEP, LOCK_FOR_GOOD = 10, 5, 100  # failures in a row: first lock, each further lock, staff must unlock
LOCK_SECONDS, LOCK_LONGEST = 15 * 60, 24 * 3600  # the first lock; doubled at each further one, up to a day
LOCK_FORGOTTEN = 30 * LOCK_LONGEST  # seconds without a further failure after which nothing locks any more


def take(portal: str, name: str, key: str, limit: Limit) -> int:
    """Count one more use of `name` by `key` in the present window, and give the count. Raises TooMany at the limit."""
    row, use, wait = _window(portal, name, key, limit)
    if not row.change(*use, when=_has_room(limit.count)):
        raise TooMany(retry_after=wait)
    return int(row.used)


def take_in(tx: Transaction, portal: str, name: str, key: str, limit: Limit, text: str | None = None) -> None:
    """The same within a transaction, for an act that a second press must neither do nor count again.

    Refuses the transaction with TooMany, in these words if any are given.
    """
    row, use, wait = _window(portal, name, key, limit)
    tx.update(row, *use, when=_has_room(limit.count), refusal=TooMany(text, retry_after=wait))


def spend(portal: str, name: str, period: str, many: int, *, most: int | None, until: int) -> None:
    """Count so many uses in a period that is no clock-aligned window (a month, say) and ends at `until`.

    Raises TooMany, and counts none of them, where they would be more than `most` (None: no bound).
    """
    used = CounterRow.used.add(many), CounterRow.expires_at.set(until + _KEPT_AFTER)
    within = None if most is None else _has_room(most, many)
    if not _period(portal, name, period).change(*used, when=within):
        raise TooMany(retry_after=max(until - clock.timestamp(), 1))


def spent(portal: str, name: str, period: str) -> int:
    """How many uses a period has seen so far."""
    row = CounterRow.find(_period(portal, name, period).pk)
    return int(row.used or 0) if row else 0


def _period(portal: str, name: str, period: str) -> CounterRow:
    return CounterRow(f"{portal}#limit#{name}#{period}")


def give_back(portal: str, name: str, key: str, limit: Limit) -> None:
    """Undo one `take` of the present window, for a use that turned out to be a good one."""
    now = clock.timestamp()
    CounterRow(f"{portal}#limit#{name}#{key}#{now - now % limit.seconds}").change(
        CounterRow.used.add(-1), when=CounterRow.used > 0
    )


def _window(portal: str, name: str, key: str, limit: Limit) -> tuple[CounterRow, list[Action], int]:
    """The counter of the present window, the update that counts one more, and the seconds until the next window."""
    now = clock.timestamp()
    window = now - now % limit.seconds
    use: list[Action] = [CounterRow.used.add(1), CounterRow.expires_at.set(window + 2 * limit.seconds)]
    return CounterRow(f"{portal}#limit#{name}#{key}#{window}"), use, window + limit.seconds - now


def _has_room(most: int, many: int = 1) -> Condition:
    room = CounterRow.used <= most - many
    return (CounterRow.used.does_not_exist() | room) if many <= most else room


def shifted(row: type[IdentityRow], now: int) -> list[Action]:
    """The update that notes one more use at `now` in a register."""
    return [*_moves(row), row.slots()[0].set(now)]


@cache
def _moves(row: type[IdentityRow]) -> list[Action]:
    """Every slot takes over the one before it; the part of the update that is always the same."""
    return [later.set(earlier | 0) for earlier, later in pairwise(row.slots())]


def allows(row: type[IdentityRow], limit: Limit, now: int) -> Condition:
    """The condition that one more use at `now` keeps a register within `limit` (count at most 8)."""
    slot = row.slots()[limit.count - 1]
    return slot.does_not_exist() | (slot <= now - limit.seconds)


def lock_seconds(failures: int) -> int | None:
    """How long the failure that makes this many in a row locks: 0 not at all, None until staff unlock."""
    if failures >= LOCK_FOR_GOOD:
        return None
    if failures < LOCK_FIRST or (failures - LOCK_FIRST) % LOCK_STEP:
        return 0
    return int(min(LOCK_SECONDS * 2 ** ((failures - LOCK_FIRST) // LOCK_STEP), LOCK_LONGEST))


def unlocked(row: type[IdentityRow], now: int) -> Condition:
    """The condition that an identity is not locked, spelled out from `lock_seconds` for the database to decide."""
    fresh, outlived, bands = _lock_bands(row)
    for seconds, counted in bands:
        outlived &= ~(counted & (row.failed_at > now - seconds))
    return fresh | outlived | (row.failed_at <= now - LOCK_FORGOTTEN)


@cache
def _lock_bands(row: type[IdentityRow]) -> tuple[Condition, Condition, list[tuple[int, Condition]]]:
    """The parts that never change: not near a lock; not locked for good; for each duration the counts that lock so long."""
    counts: dict[int, list[int]] = {}
    for failures in range(LOCK_FIRST, LOCK_FOR_GOOD, LOCK_STEP):
        counts.setdefault(lock_seconds(failures) or 0, []).append(failures)
    fresh = row.failures.does_not_exist() | (row.failures < LOCK_FIRST)
    return fresh, row.failures < LOCK_FOR_GOOD, [(held, row.failures.is_in(*some)) for held, some in counts.items()]
