"""Tasks: create, read, list, change, remove; and remind their assignees, once.

The due time is a wall time in the portal's zone as that was when it was set, kept beside the moment it stands for.
"""

from __future__ import annotations

from .. import agenda, clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..people import accounts, users
from ..portals import Portal
from ..storage import Page, query
from . import moments
from .models import TaskRow
from .shapes import Task, TaskInput

_NO_ASSIGNEE = "There is no such staff user here, or they were deactivated."
_NO_ACCOUNT = "There is no account with this id."
_NOT_DUE = "Set when it is due, or leave the reminder out."
_NEVER = "9" * 11  # what has no due time comes last


def create(act: Act, portal: Portal, wanted: TaskInput, *, task_id: str | None = None) -> Task:
    """A new task. Raises Invalid for an account, an assignee or a reminder that cannot be."""
    check(act.portal, wanted)
    identifier, now = task_id or ids.new(), clock.timestamp()
    row = TaskRow(
        pk=key(act.portal, identifier),
        sk="task",
        id=identifier,
        created_at=now,
        created_by=act.actor,
        zone=portal.time_zone,
    )
    _fill(act, portal, row, wanted)
    tx = act.transaction()
    tx.put(row, when=TaskRow.pk.does_not_exist(), refusal=Conflict("This task exists already."))
    facts.record(tx, act, Kind.TASK_CREATED, subject(row), {"account": wanted.account_id, "assignee": wanted.assignee})
    tx.commit()
    return _shown(row)


def get(portal: str, task_id: str) -> Task:
    """The task as of now. Raises NotFound."""
    return _shown(_read(portal, task_id))


def listed(
    portal: Portal,
    *,
    state: str = "open",
    assignee: str | None = None,
    account_id: str | None = None,
    first: str | None = None,
    last: str | None = None,
    sort: str = "due",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Task]:
    """Tasks in one state by when they are due, those without a time last; of one assignee or account if named.

    `first` and `last` are days in the portal's zone: only what is due from the one to the end of the other.
    """
    slug, only = portal.slug, None
    index, hash_key = "by_order", _list(slug, state)
    if assignee:
        index, hash_key = "by_whose", _list(slug, state, "of", assignee)
        only = (TaskRow.account_key == _list(slug, state, "at", account_id)) if account_id else None
    elif account_id:
        index, hash_key = "by_account", _list(slug, state, "at", account_id)
    page = query(
        TaskRow, hash_key, index=index, between=TaskRow.order_key.between(*_window(portal, first, last)), only=only,
        limit=limit, cursor=cursor, descending=sort.startswith("-"),
    )  # fmt: skip
    return Page([_shown(row) for row in page.items], page.cursor)


def change(act: Act, portal: Portal, task_id: str, wanted: TaskInput, *, version: int | None = None) -> Task:
    """Replace what is said of a task; its state `done` says who did it and when. Raises Invalid, NotFound, Stale."""
    row = _read(act.portal, task_id)
    if version is not None and version != row.version:
        raise Stale
    before = row.details
    if before == wanted:
        return _shown(row)
    _check(act.portal, before, wanted)
    read_version = int(row.version)
    row.version = read_version + 1
    _fill(act, portal, row, wanted, before)
    tx = act.transaction()
    tx.put(row, when=TaskRow.version == read_version, refusal=Stale())
    facts.record(tx, act, _kind(before, wanted), subject(row), _changed(before, wanted))
    tx.commit()
    return _shown(row)


def remove(act: Act, task_id: str, *, version: int | None = None) -> None:
    """Take a task away for good. Raises NotFound, Stale."""
    row = _read(act.portal, task_id)
    if version is not None and version != row.version:
        raise Stale
    tx = act.transaction()
    tx.delete(TaskRow(row.pk, row.sk), when=TaskRow.version == row.version, refusal=Stale())
    facts.record(tx, act, Kind.TASK_REMOVED, subject(row), {"account": row.details.account_id})
    tx.commit()


def key(portal: str, task_id: str) -> str:
    """The table key of a task."""
    return f"{portal}#task#{task_id}"


def subject(row: TaskRow) -> str:
    """The task as facts name it."""
    return facts.subject("task", str(row.id))


def check(portal: str, wanted: TaskInput) -> None:
    """Refuse with Invalid a new task that cannot be."""
    _check(portal, None, wanted)


def _check(portal: str, before: TaskInput | None, wanted: TaskInput) -> None:
    """What types cannot tell, of what is new: somebody who left later does not stop a change of the rest."""
    wrong = {}
    if wanted.assignee and (before is None or wanted.assignee != before.assignee):
        user = users.by_id(portal, wanted.assignee)
        if user is None or user.kind != "staff" or user.state == "deactivated":
            wrong["assignee"] = _NO_ASSIGNEE
    if wanted.account_id and (before is None or wanted.account_id != before.account_id):
        try:
            accounts.get(portal, wanted.account_id)
        except NotFound:
            wrong["account_id"] = _NO_ACCOUNT
    if wanted.due and not moments.is_wall_time(wanted.due):
        wrong["due"] = moments.NO_WALL_TIME
    if wanted.reminder_minutes is not None and wanted.due is None:
        wrong["reminder_minutes"] = _NOT_DUE
    if wrong:
        raise Invalid(fields=wrong)


def _fill(act: Act, portal: Portal, row: TaskRow, wanted: TaskInput, before: TaskInput | None = None) -> None:
    now = clock.timestamp()
    if before is None or wanted.due != before.due:
        row.zone = portal.time_zone
        row.moment = moments.at(wanted.due, row.zone) if wanted.due else None
    if before and wanted.assignee != before.assignee:
        row.reminded_for = None  # whoever has it now has not been reminded
    if before is None or wanted.state != before.state:
        is_done = wanted.state == "done"
        row.done_at, row.done_by = (now, act.actor) if is_done else (None, None)
    row.details, row.state, row.updated_at = wanted, wanted.state, now
    row.list_key = _list(act.portal, wanted.state)
    row.whose_key = _list(act.portal, wanted.state, "of", wanted.assignee) if wanted.assignee else None
    row.account_key = _list(act.portal, wanted.state, "at", wanted.account_id) if wanted.account_id else None
    row.order_key = f"{_NEVER if row.moment is None else f'{int(row.moment):011}'}#{row.id}"
    row.due_at = _reminder(row)
    row.due_shard = None if row.due_at is None else agenda.WORK.shard_of(str(row.id))


def _reminder(row: TaskRow) -> int | None:
    """When its assignee is to be reminded. A moment that has passed is due at once, until the task itself is."""
    details = row.details
    if details.state != "open" or details.reminder_minutes is None or row.moment is None:
        return None
    moment = int(row.moment) - 60 * details.reminder_minutes
    is_over = moment == row.reminded_for or row.moment < clock.timestamp()
    return None if is_over else moment


def _window(portal: Portal, first: str | None, last: str | None) -> tuple[str, str]:
    since = moments.day_begins(first, portal.time_zone) if first else 0
    if last is None:
        return f"{since:011}", f"{_NEVER if first is None else f'{int(_NEVER) - 1}'}~"
    return f"{since:011}", f"{max(since, moments.day_begins(last, portal.time_zone, later=1)):011}"


def _kind(before: TaskInput, after: TaskInput) -> Kind:
    if before.state == after.state:
        return Kind.TASK_CHANGED
    return Kind.TASK_DONE if after.state == "done" else Kind.TASK_REOPENED


def _changed(before: TaskInput, after: TaskInput) -> dict[str, object]:
    """Which fields changed; what people wrote only as changed."""
    names = [name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    written = {"title", "note"}
    return {name: "changed" if name in written else [getattr(before, name), getattr(after, name)] for name in names}


def _read(portal: str, task_id: str) -> TaskRow:
    row = TaskRow.find(key(portal, task_id), "task")
    if row is None:
        raise NotFound("There is no task with this id.")
    return row


def _list(portal: str, state: str, *of: str) -> str:
    return "#".join((portal, "task", state, *of))


def _shown(row: TaskRow) -> Task:
    return Task(
        id=row.id,
        due_at=clock.text(None if row.moment is None else int(row.moment)),
        time_zone=row.zone,
        done_at=clock.text(int(row.done_at) if row.done_at else None),
        done_by=row.done_by,
        version=int(row.version),
        created_by=row.created_by,
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
        **fields.values(row.details),
    )
