"""When a batch's contact is reminded of its answer-by date. `due` sends what is due."""

from __future__ import annotations

import zlib
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .. import clock
from ..portals import Portal
from .models import BatchRow
from .statuses import is_shown

SHARDS = 16
_HOUR = time(9, 0)  # reminders go out at nine in the morning, in the portal's zone


def next_moment(answer_by: str, days: tuple[int, ...], zone: str, after: int) -> int | None:
    """The next reminder after a moment: nine o'clock in `zone`, so many days before the date. None: no more."""
    last = date.fromisoformat(answer_by)
    moments = (
        int(datetime.combine(last - timedelta(days=before), _HOUR, ZoneInfo(zone)).timestamp()) for before in days
    )
    return min((moment for moment in moments if moment > after), default=None)


def schedule(row: BatchRow, portal: Portal) -> None:
    """Set on a batch when its next reminder is due: only while it waits for the client's answer."""
    details, moment = row.details, None
    if details.status == "client_review" and details.answer_by and is_shown(details.status, details.open_to_portal):
        days = portal.notifications.reminder_days
        moment = next_moment(details.answer_by, days, portal.time_zone, clock.timestamp())
    row.due_at = moment
    row.due_shard = None if moment is None else f"due#{zlib.crc32(row.created_key.encode()) % SHARDS}"
