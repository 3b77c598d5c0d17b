"""What is to come for one record, of all the workflows that it is in, day by day: what they send at once is seen before."""

from __future__ import annotations

from .. import clock
from ..people import accounts
from ..portals import Portal
from ..selfservice import records
from ..work import moments
from . import definitions, enrolments, reaching, rehearsal, timing
from .foreseeing import Cards, Course, Event, Play, Record
from .models import EnrolmentRow
from .rehearsal_shapes import DayToCome, Due, Upcoming

DAYS = 60
_MOST_ENROLMENTS = 100
_DAY_SECONDS = 24 * 3600


def calendar_of(portal: Portal, account_id: str) -> Upcoming:
    """What its running enrolments will do in the next 60 days, if nothing else changes. Raises NotFound."""
    now = clock.timestamp()
    account = accounts.get(portal.slug, account_id)
    rows = {row.id: row for row in enrolments.running(portal.slug, account_id, limit=_MOST_ENROLMENTS)}
    products = records.listed(portal, account_id, records.PRODUCTS) if rows else []
    record = Record(portal, account, products, reaching.lately(portal, account_id), Cards(portal))
    play = Play(record, now + DAYS * _DAY_SECONDS)
    play.courses += [_course(portal, row, record, now) for row in rows.values()]
    play.begin(now)
    play.go_on()
    return Upcoming(
        account_id=account_id, until=clock.text(now + DAYS * _DAY_SECONDS) or "", days=tuple(_days(portal, rows, play.events))
    )  # fmt: skip


def _course(portal: Portal, row: EnrolmentRow, record: Record, now: int) -> Course:
    said = definitions.revision(portal.slug, row.workflow, int(row.revision))
    steps = timing.waiting(said.steps, row)
    due_at = int(row.due_at) if row.due_at is not None else steps[0][0] if steps else now
    product = next((each for each in record.products if each.id == row.product), None)
    return Course(row.id, said, row.product or "", product, row.zone, steps, max(now, due_at))


def _days(portal: Portal, rows: dict[str, EnrolmentRow], events: list[Event]) -> list[DayToCome]:
    held = {workflow for workflow in {row.workflow for row in rows.values()} if _is_paused(portal.slug, workflow)}
    days: dict[str, list[Due]] = {}
    for event, line in zip(events, rehearsal.lines(portal, events), strict=True):
        row = rows[event.course]
        due = Due(
            workflow_id=row.workflow, workflow_name=enrolments.named(portal.slug, row).name, enrolment_id=row.id,
            is_held=row.state == "held" or row.workflow in held, line=line,
        )  # fmt: skip
        days.setdefault(moments.shown(event.at, portal.time_zone)[:10], []).append(due)
    return [
        DayToCome(day=day, messages=sum(_messages(due) for due in found), due=tuple(found))
        for day, found in sorted(days.items())
    ]


def _messages(due: Due) -> int:
    return sum(message.answer != "not-sent" for message in due.line.messages)


def _is_paused(portal: str, workflow_id: str) -> bool:
    live = definitions.live_row(portal, workflow_id)
    return live is not None and live.state == "paused"
