"""When a batch's contact is reminded of its answer-by date. `due` sends what is due."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .. import agenda, clock
from ..portals import Portal
from .models import BatchRow
from .shapes import BatchInput
from .statuses import is_shown

_HOUR = time(9, 0)  # reminders go out at nine in the morning, in the portal's zone


def moments(answer_by: str, days: tuple[int, ...], zone: str) -> list[int]:
    """Every reminder of a date: nine o'clock in `zone`, so many days before it."""
    last = date.fromisoformat(answer_by)
    return [int(datetime.combine(last - timedelta(days=before), _HOUR, ZoneInfo(zone)).timestamp()) for before in days]


def next_moment(answer_by: str, days: tuple[int, ...], zone: str, after: int) -> int | None:
    """The next reminder after a moment. None: no more."""
    return min((moment for moment in moments(answer_by, days, zone) if moment > after), default=None)


def schedule(row: BatchRow, portal: Portal, before: BatchInput | None = None) -> None:
    """Set on a batch when its next reminder is due: only while it waits for the client's answer.

    One that is due already and not sent yet stays due, unless the change from `before` is to the date or the status.
    """
    moment = upcoming(row, portal)
    is_due = row.due_at is not None and row.due_at <= clock.timestamp()
    if is_due and before and _is_reminded(row.details) and _waits_as(before) == _waits_as(row.details):
        moment = int(row.due_at)
    row.due_at, row.due_shard = moment, None if moment is None else agenda.BATCHES.shard_of(row.created_key)


def upcoming(row: BatchRow, portal: Portal) -> int | None:
    """The next reminder from now on, if the batch waits for an answer."""
    if not _is_reminded(row.details):
        return None
    days = portal.notifications.reminder_days
    return next_moment(row.details.answer_by or "", days, portal.time_zone, clock.timestamp())


def is_asked_for(row: BatchRow, portal: Portal, moment: int) -> bool:
    """Whether the portal, as it is now, wants the batch's reminder of this moment."""
    if portal.status != "open" or not _is_reminded(row.details):
        return False
    return moment in moments(row.details.answer_by or "", portal.notifications.reminder_days, portal.time_zone)


def _is_reminded(details: BatchInput) -> bool:
    waits = details.status == "client_review" and is_shown(details.status, details.open_to_portal)
    return waits and details.answer_by is not None


def _waits_as(details: BatchInput) -> tuple[str | None, str]:
    return details.answer_by, details.status
