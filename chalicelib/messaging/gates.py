"""What may stop a message at the last moment or put it off: its time, portal, address, its owner's word, its limits."""

from __future__ import annotations

from .. import clock, portals
from ..errors import NotFound, TooMany
from ..portals import Portal
from ..security import limits
from ..security.limits import Limit
from ..storage import beside
from . import budget, gsm, numbers, reach, suppression, tallies
from .models import MessageRow
from .statuses import Status
from .templates import Purpose

LONGEST_SECONDS = 24 * 3600  # how long we try where the provider refuses for the time being
_DAY = 24 * 3600


class Stopped(Exception):
    """The message is not to be sent. `reason` is one of those `statuses` explains."""

    def __init__(self, status: Status, reason: str | None = None) -> None:
        self.status, self.reason = status, reason
        super().__init__(status.value)


class PutOff(Exception):
    """The message is not to be sent before a moment (seconds)."""

    def __init__(self, reason: str, until: int) -> None:
        self.reason, self.until = reason, until
        super().__init__(reason)


def waiting_since(row: MessageRow) -> int:
    """Since when a message could have been sent: what quiet hours hold back is not given up for it."""
    return max(int(row.created_at), int(row.held_until or 0))


def passed(row: MessageRow) -> Portal:
    """The portal to send in the name of. Raises Stopped, PutOff, or Unavailable where a limit cannot be counted."""
    if row.decoy:
        raise Stopped(Status.DROPPED)
    if row.not_after is not None and row.not_after <= clock.timestamp():
        raise Stopped(Status.EXPIRED)
    if waiting_since(row) + LONGEST_SECONDS <= clock.timestamp():
        raise Stopped(Status.FAILED, "gave-up")
    if row.tally and tallies.is_stopped(row.portal, row.tally):
        raise Stopped(Status.DROPPED, "stopped")
    portal, suppressed = beside(
        lambda: _portal(row.portal),
        lambda: suppression.is_suppressed(row.portal, row.channel, row.recipient, key=row.recipient_key),
    )
    if portal is None:
        raise Stopped(Status.FAILED, "portal-gone")
    if portal.status == "closed":
        raise Stopped(Status.FAILED, "portal-closed")
    if suppressed:
        raise Stopped(Status.SUPPRESSED, suppressed)
    if (row.is_marketing or row.account_id) and not row.is_sample:
        _reach(row, portal)
    if row.channel == "sms":
        _count(row, portal)
    return portal


def pay(row: MessageRow, portal: Portal, text: str) -> None:
    """Count a text message's parts towards the month's budget. Raises Stopped, for all but codes, or Unavailable."""
    if row.counted:
        return
    try:
        budget.spend(portal, gsm.parts(text), always=bool(row.urgent))
    except TooMany as reached:
        raise Stopped(Status.FAILED, "sms-budget-spent") from reached


def _reach(row: MessageRow, portal: Portal) -> None:
    """Hold marketing, and what workflows and campaigns send, against what was said and set since it was queued."""
    purpose: Purpose = "marketing" if row.is_marketing else "service"
    objection = reach.objection(portal, channel=row.channel, key=row.recipient_key, purpose=purpose)
    if objection:
        raise Stopped(Status.SUPPRESSED if objection == "unsubscribed" else Status.FAILED, objection)
    if until := reach.quiet_until(portal, row.channel, clock.timestamp(), row.zone):
        raise PutOff("quiet-hours", until)


def _portal(slug: str) -> Portal | None:
    try:
        return portals.known(slug)
    except NotFound:
        return None


def _count(row: MessageRow, portal: Portal) -> None:
    """Hold one text message against the allow-list and the day's limits. A message that is tried again counts once."""
    if objection := numbers.objection(row.recipient, portal.policy.sms_countries):
        raise Stopped(Status.FAILED, objection)
    if row.counted:
        return
    block = numbers.block(row.recipient)
    try:
        _take(portal.slug, "sms-block", block, portal.policy.sms_a_day_per_prefix)
        _take(portal.slug, "sms-day", "all", portal.policy.sms_a_day)
    except TooMany as reached:
        raise Stopped(Status.FAILED, "sms-limit-reached") from reached


def _take(portal: str, name: str, key: str, count: int) -> None:
    if count < 1:
        raise TooMany
    limits.take(portal, name, key, Limit(count, _DAY))
