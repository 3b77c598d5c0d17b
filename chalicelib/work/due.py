"""What the tick does of work: reminders of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from .. import clock, facts, log
from ..errors import Conflict, NotFound, Refusal, Stale, Unavailable
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, users
from ..people.users import User
from ..portals import known
from ..storage import Transaction
from . import tasks
from .models import TaskRow

_PASSING = (Conflict, Stale, Unavailable)  # refusals that may be over a minute later


def do_due(keys: Sequence[str]) -> int:
    """Send the reminders that are due (see `agenda`); how many. Safe to run twice, or late."""
    return sum(_safely(key) for key in keys)


def _safely(key: str) -> bool:
    """One task that cannot be read must not stop the others."""
    try:
        return _remind(key)
    except _PASSING as refusal:
        log.warning("task reminder not sent", portal=_portal(key), refusal=refusal.code)
    except Exception as error:  # noqa: BLE001 - see above
        log.failure("task reminder failed", error, portal=_portal(key))
    return False


def _remind(key: str) -> bool:
    """Remind of one task, if that still is due and there is somebody to remind; if not, it is over too."""
    row = TaskRow.find(key, "task")
    if row is None or row.due_at is None or row.due_at > clock.timestamp():
        return False
    portal = known(_portal(key))
    assignee = users.by_id(portal.slug, row.details.assignee) if row.details.assignee else None
    is_somebody = assignee is not None and assignee.kind == "staff" and assignee.is_active and bool(assignee.emails)
    if portal.status != "open" or not is_somebody or assignee is None:
        _pass_over(row, "nobody-to-remind")
        return False
    try:
        _send(Act(portal=portal.slug, actor="system:reminders"), row, assignee)
    except _PASSING:
        raise
    except Refusal as refusal:
        _pass_over(row, refusal.code)
        return False
    return True


def _send(act: Act, row: TaskRow, assignee: User) -> None:
    """The mail, its fact, and that it is over: together."""
    tx = act.transaction()
    _over(tx, row)
    queue(
        tx,
        act,
        template="task-reminder",
        channel="email",
        to=assignee.emails[0],
        about=tasks.subject(row),
        context={
            "title": row.details.title,
            "due": str(int(row.moment or 0)),
            "account_name": _account_name(act.portal, row.details.account_id),
            "first_name": assignee.details.first_name,
        },
        once=f"task-reminder/{row.id}/{row.due_at}/{assignee.id}",
        not_after=int(row.moment or 0) or None,
    )
    facts.record(tx, act, Kind.TASK_REMINDED, tasks.subject(row), {"assignee": assignee.id})
    tx.commit()


def _pass_over(row: TaskRow, reason: str) -> None:
    log.warning("task reminder passed over", portal=_portal(row.pk), subject=tasks.subject(row), reason=reason)
    tx = Transaction()
    _over(tx, row)
    with suppress(*_PASSING):  # the next minute passes it over
        tx.commit()


def _over(tx: Transaction, row: TaskRow) -> None:
    """Add to the transaction that this reminder is over. The version stays: nothing that is read of the task has changed."""
    tx.update(
        TaskRow(row.pk, row.sk),
        TaskRow.due_at.remove(),
        TaskRow.due_shard.remove(),
        TaskRow.reminded_for.set(int(row.due_at or 0)),
        when=(TaskRow.due_at == row.due_at) & (TaskRow.version == row.version),
    )


def _account_name(portal: str, account_id: str | None) -> str:
    try:
        return accounts.get(portal, account_id).name if account_id else ""
    except NotFound:
        return ""


def _portal(key: str) -> str:
    return key.partition("#")[0]
