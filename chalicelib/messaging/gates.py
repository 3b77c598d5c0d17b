"""What may stop a message at the last moment: its time, its portal, its address, its country, its limits."""

from __future__ import annotations

from .. import clock, portals
from ..errors import NotFound, TooMany
from ..portals import Portal
from ..security import limits
from ..security.limits import Limit
from ..storage import beside
from . import numbers, suppression, tallies
from .models import MessageRow
from .statuses import Status

LONGEST_SECONDS = 24 * 3600  # how long we try where the provider refuses for the time being
_DAY = 24 * 3600


class Stopped(Exception):
    """The message is not to be sent. `reason` is one of those `statuses` explains."""

    def __init__(self, status: Status, reason: str | None = None) -> None:
        self.status, self.reason = status, reason
        super().__init__(status.value)


def passed(row: MessageRow) -> Portal:
    """The portal to send in the name of. Raises Stopped, or Unavailable where a limit cannot be counted."""
    if row.decoy:
        raise Stopped(Status.DROPPED)
    if row.not_after is not None and row.not_after <= clock.timestamp():
        raise Stopped(Status.EXPIRED)
    if int(row.created_at) + LONGEST_SECONDS <= clock.timestamp():
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
    if row.channel == "sms":
        _count(row, portal)
    return portal


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
