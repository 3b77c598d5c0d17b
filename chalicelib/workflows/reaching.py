"""Whether what a step sends may go, as messaging says: asked here by whoever does the step, and by whoever only rehearses it.

What is sent to the record itself is held against quiet hours and caps; what colleagues get about it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..messaging import addresses, suppression
from ..messaging.templates import Purpose
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Transaction

REASONS = {
    "bounced": "The address turned a message away for good, so nothing is sent to it.",
    "complained": "The owner of the address reported a message as spam, so nothing is sent to it.",
    "quiet-hours": "It is within the quiet hours of whoever would get it.",
    "cap": "The account has had as many messages in 7 days as the portal allows.",
    "sms-cap": "The account has had as many text messages in 7 days as the portal allows.",
}
WAITS = ("cap", "sms-cap")  # the step itself waits; in quiet hours its message is queued, and waits there


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it may go. `until`, of later: the moment (seconds) from which it may."""

    answer: Literal["go", "later", "never"]
    reason: str = ""
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Lately:
    """When an account was reached by workflows and campaigns: (seconds, channel), newest first."""

    moments: tuple[tuple[int, str], ...] = ()

    def and_at(self, at: int, channel: str) -> Lately:
        """With one message more."""
        return Lately(((at, channel), *self.moments))


def verdict(
    portal: Portal, account: Account | None, lately: Lately, *, channel: str, to: str, purpose: Purpose, at: int
) -> Verdict:
    """Whether a message may go to an address at a moment; `account` is that whose record it tells, to its own contact.

    Raises NotAnAddress, Unavailable.
    """
    key = addresses.key(portal.slug, channel, addresses.checked(channel, to))
    reason = suppression.is_suppressed(portal.slug, channel, to, key=key)
    return Verdict("never", reason) if reason else Verdict("go")


def of_notice(portal: Portal, channel: str, to: str) -> Verdict:
    """Whether a notice may go to an address: a link, a password. It keeps no quiet hours and fills no cap."""
    reason = suppression.is_suppressed(portal.slug, channel, to)
    return Verdict("never", reason) if reason else Verdict("go")


def lately(portal: Portal, account_id: str) -> Lately:
    """When the account was reached in the last week."""
    return Lately()


def count(tx: Transaction, portal: Portal, account_id: str, channel: str) -> None:
    """Add to the transaction that the account is reached once more now."""
