"""Whether what a step sends may go, as messaging says: asked here by whoever does the step, and by whoever only rehearses it.

What is sent to the record itself is held against quiet hours and caps; what colleagues get about it fills no cap, and keeps
quiet hours only where it is marketing, as `gates` has it.
"""

from __future__ import annotations

from ..messaging import addresses, budget, reach, suppression
from ..messaging.reach import REASONS, Lately, Verdict
from ..messaging.templates import Purpose
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Transaction

WAITS = ("cap", "sms-cap")  # the step itself waits; in quiet hours its message is queued, and waits there


def verdict(
    portal: Portal, account: Account | None, lately: Lately, *, channel: str, to: str, purpose: Purpose, at: int
) -> Verdict:
    """Whether a message may go to an address at a moment; `account` is that whose record it tells, to its own contact.

    Raises NotAnAddress, Unavailable.
    """
    if account is not None:
        zone = account.time_zone
        return reach.verdict(portal, channel=channel, to=to, purpose=purpose, at=at, zone=zone, sent_lately=lately)
    key = addresses.key(portal.slug, channel, addresses.checked(channel, to))
    reason = suppression.is_suppressed(portal.slug, channel, to, key=key)
    reason = reason or reach.objection(portal, channel=channel, key=key, purpose=purpose)
    if not reason and channel == "sms" and budget.is_spent(portal, at):
        reason = "sms-budget-spent"
    if reason:
        return Verdict("never", reason)
    until = reach.quiet_until(portal, channel, at, None) if purpose == "marketing" else None
    return Verdict("later", "quiet-hours", until) if until else Verdict("go")


def of_notice(portal: Portal, channel: str, to: str) -> Verdict:
    """Whether a notice may go to an address: a link, a password. It keeps no quiet hours and fills no cap."""
    reason = suppression.is_suppressed(portal.slug, channel, to)
    return Verdict("never", reason) if reason else Verdict("go")


def lately(portal: Portal, account_id: str) -> Lately:
    """When the account was reached in the last week."""
    return reach.lately(portal.slug, account_id)


def count(tx: Transaction, portal: Portal, account_id: str, channel: str) -> None:
    """Add to the transaction that the account is reached once more now. Raises CapReached, Stale."""
    reach.count(tx, portal, account_id, channel)


__all__ = ["REASONS", "WAITS", "Lately", "Verdict", "count", "lately", "of_notice", "verdict"]
