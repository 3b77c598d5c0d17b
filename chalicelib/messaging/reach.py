"""May this be sent to them now: go, later, or never, and why. For marketing, and for what workflows and campaigns send.

Codes, links and notices of security are not asked about here: they keep no quiet hours and fill no cap. Nothing here changes
anything, so that a rehearsal may ask about a moment to come; `count` alone adds a message to an account's week.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from .. import clock, ids
from ..errors import Refusal, Stale
from ..portals import Portal
from ..portals.reach import MOST_A_WEEK, QuietHours
from ..storage import Transaction
from . import addresses, budget, consent, suppression
from .models import ReachedRow
from .templates import Purpose

WEEK: Final = 7 * 24 * 3600
REASONS: Final = {
    "bounced": "The address turned a message away for good, so nothing is sent to it.",
    "complained": "The owner of the address reported a message as spam, so nothing is sent to it.",
    "opted-out": "The owner of the number answered STOP, so nothing is sent to it in any portal.",
    "unsubscribed": "The owner of the address has unsubscribed from marketing.",
    "no-postal-address": "Marketing mails must carry the company's postal address, and the portal has none.",
    "quiet-hours": "It is within the quiet hours of whoever would get it.",
    "cap": "The account has had as many messages in 7 days as the portal allows.",
    "sms-cap": "The account has had as many text messages in 7 days as the portal allows.",
    "sms-budget-spent": "The portal's budget for text messages is spent for this month.",
}
"""Every reason of a verdict that is not `go`, in plain words."""


class Verdict(Struct, frozen=True):
    """The answer. `until`, of later: the moment (seconds) from which it may go."""

    answer: Literal["go", "later", "never"]
    reason: str = ""
    until: int | None = None


class Lately(Struct, frozen=True):
    """When an account was reached by workflows and campaigns: (seconds, channel), newest first, at most 20."""

    moments: tuple[tuple[int, str], ...] = ()

    def and_at(self, at: int, channel: str) -> Lately:
        """With one message more; what is a week old by then is left out."""
        fresh = [moment for moment in ((at, channel), *self.moments) if moment[0] > at - WEEK]
        return Lately(tuple(fresh[:MOST_A_WEEK]))

    def full_until(self, portal: Portal, channel: str, at: int) -> tuple[str, int] | None:
        """Which cap one message more at this moment would break, and when no more; None if it breaks none."""
        found = [
            (name, seen[most - 1] + WEEK)
            for name, most, seen in (
                ("cap", portal.reach.messages_a_week, [moment for moment, _ in self.moments]),
                ("sms-cap", portal.reach.sms_a_week, [moment for moment, of in self.moments if of == "sms"]),
            )
            if (name == "cap" or channel == "sms") and len(seen) >= most and seen[most - 1] > at - WEEK
        ]
        return max(found, key=lambda cap: cap[1], default=None)


class CapReached(Refusal):
    """The account has had as many messages in a week as the portal allows."""

    code = "cap-reached"
    status = 409
    text = "This account has had as many messages in 7 days as the portal allows."


def verdict(
    portal: Portal, *, channel: str, to: str, purpose: Purpose, at: int, zone: str | None, sent_lately: Lately
) -> Verdict:
    """Whether a message of a workflow or campaign may go to this address at this moment. Raises NotAnAddress, Unavailable.

    `zone` is the account's time zone (None: the portal's), `sent_lately` what `lately` gives for the account.
    """
    key = addresses.key(portal.slug, channel, addresses.checked(channel, to))
    if reason := suppression.is_suppressed(portal.slug, channel, to, key=key):
        return Verdict("never", reason)
    if reason := objection(portal, channel=channel, key=key, purpose=purpose):
        return Verdict("never", reason)
    if channel == "sms" and budget.is_spent(portal, at):
        return Verdict("never", "sms-budget-spent")
    if full := sent_lately.full_until(portal, channel, at):
        return Verdict("later", full[0], until=full[1])
    if until := quiet_until(portal, channel, at, zone):
        return Verdict("later", "quiet-hours", until=until)
    return Verdict("go")


def objection(portal: Portal, *, channel: str, key: str, purpose: Purpose) -> str | None:
    """What stands against a purpose, whatever the time; None: nothing."""
    if purpose != "marketing":
        return None
    if channel == "email" and not portal.support.postal_address.strip():
        return "no-postal-address"
    return "unsubscribed" if consent.is_withdrawn(portal.slug, key, purpose) else None


def lately(portal: str, account_id: str) -> Lately:
    """When the account was reached in the last week."""
    return Lately(row.moments) if (row := _row(portal, account_id)) else Lately()


def count(tx: Transaction, portal: Portal, account_id: str, channel: str) -> None:
    """Add to the transaction that the account is reached once more now.

    Raises CapReached; the transaction is refused with Stale where the account was reached by somebody else meanwhile.
    """
    row, now = _row(portal.slug, account_id), clock.timestamp()
    before = Lately(row.moments) if row else Lately()
    if before.full_until(portal, channel, now):
        raise CapReached
    after = ReachedRow(
        pk=_pk(portal.slug, account_id),
        moments=before.and_at(now, channel).moments,
        mark=ids.new(),
        expires_at=now + WEEK,
    )
    free = ReachedRow.pk.does_not_exist() | (ReachedRow.expires_at <= now)
    tx.put(after, when=(ReachedRow.mark == row.mark) if row else free, refusal=Stale())


def quiet_until(portal: Portal, channel: str, at: int, zone: str | None) -> int | None:
    """The moment at which the quiet hours end that this one lies in; None if it lies in none."""
    hours = portal.reach.quiet_hours
    if not (hours.for_sms if channel == "sms" else hours.for_mails):
        return None
    place = ZoneInfo(zone or portal.time_zone)
    return _end(hours, at, place) if _is_quiet(hours, at, place) else None


def _is_quiet(hours: QuietHours, at: int, place: ZoneInfo) -> bool:
    """By what clocks show there, every day; over midnight where the end is earlier than the start."""
    shown = f"{datetime.fromtimestamp(at, place):%H:%M}"
    if hours.start < hours.end:
        return hours.start <= shown < hours.end
    return shown >= hours.start or shown < hours.end


def _end(hours: QuietHours, at: int, place: ZoneInfo) -> int:
    """When clocks next show the end: of an hour that they show twice, the first time to come; of one they skip, the skip."""
    here, end = datetime.fromtimestamp(at, place), time.fromisoformat(hours.end)
    day = here.date() if here.time() < end else here.date() + timedelta(days=1)
    moments = [int(datetime.combine(day, end.replace(fold=fold), place).timestamp()) for fold in (0, 1)]
    moment = next((each for each in moments if each > at), moments[0])
    while moment - 60 > at and not _is_quiet(hours, moment - 60, place):
        moment -= 60
    return moment


def _row(portal: str, account_id: str) -> ReachedRow | None:
    return ReachedRow.find(_pk(portal, account_id))


def _pk(portal: str, account_id: str) -> str:
    return f"{portal}#reached#{account_id}"


__all__ = ["REASONS", "CapReached", "Lately", "Verdict", "count", "lately", "objection", "quiet_until", "verdict"]
