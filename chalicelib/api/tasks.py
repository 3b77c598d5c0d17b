"""Tasks over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .. import fields
from ..errors import Invalid
from ..web.operation import Answer, Call, Paging, created, nothing, one, page
from ..work import tasks
from ..work.shapes import Task, TaskInput, TaskState
from .changing import changed, removed
from .registry import AT, operation, path

_GROUP = "Tasks"
_ONE = f"{AT}/tasks/{{task}}"
_EXAMPLE: dict[str, Any] = {
    "title": "Ask for the census",
    "account_id": "019a9f6f3c7e7d10a2b4c6d8e0f20406",
    "assignee": "019a9f6f3c7e7d10a2b4c6d8e0f20409",
    "due": "2027-01-31T09:30",
    "reminder_minutes": 60,
}
_ME = "A system has no tasks of its own. Name a staff user by id."
Day = Annotated[
    str,
    Meta(
        pattern="^2[0-9]{3}-[0-9]{2}-[0-9]{2}" + fields.END,
        description="A day in the portal's zone, such as 2027-01-31.",
    ),
    fields.content(fields.is_date, fields.NO_DATE),
]


class TaskQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tasks, and in which order."""

    state: TaskState = "open"
    assignee: (
        Annotated[
            str, Meta(pattern="^([0-9a-f]{32}|me)" + fields.END, description="Those of this staff user; me: one's own.")
        ]
        | None
    ) = None
    account_id: Annotated[fields.Identifier, Meta(description="Those about this account.")] | None = None
    first: Annotated[Day | None, Meta(description="A calendar: only what is due on this day or later.")] = (
        msgspec.field(default=None, name="from")
    )
    last: Annotated[Day | None, Meta(description="Only what is due on this day or before.")] = msgspec.field(
        default=None, name="to"
    )
    sort: Annotated[
        Literal["due", "-due"],
        Meta(description="What is due first, or last, is first. What has no due time is never due."),
    ] = "due"


@operation("GET", f"{AT}/tasks", _GROUP, query=TaskQuery, gives=Task, many=True)
def list_tasks(call: Call[TaskQuery, None]) -> Answer:
    """List tasks, by when they are due.

    With from and to as a calendar. Open ones unless state says otherwise.
    """
    query = call.query
    for name, day in (("from", query.first), ("to", query.last)):
        if day and not fields.is_date(day):
            raise Invalid(fields={name: fields.NO_DATE})
    found = tasks.listed(
        call.portal,
        state=query.state,
        assignee=_own_id(call) if query.assignee == "me" else query.assignee,
        account_id=query.account_id,
        first=query.first,
        last=query.last,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "tasks"), query)


def task_again(call: Call[None, TaskInput]) -> Answer:
    """The task of a creation that was carried out before."""
    return created(tasks.get(call.slug, call.new_id), path(call.slug, "tasks", call.new_id))


@operation("POST", f"{AT}/tasks", _GROUP, body=TaskInput, gives=Task, status=201, replay=task_again, example=_EXAMPLE)
def create_task(call: Call[None, TaskInput]) -> Answer:
    """Create a task.

    Its due time is on the wall clock in the portal's zone. Where daylight saving skips it, it is the next minute that
    exists; where daylight saving repeats it, the first. A reminder is mailed to the assignee, once.
    """
    made = tasks.create(call.act, call.portal, call.body, task_id=call.new_id)
    return created(made, path(call.slug, "tasks", made.id))


@operation("GET", _ONE, _GROUP, gives=Task)
def read_task(call: Call[None, None]) -> Answer:
    """Read a task."""
    return one(tasks.get(call.slug, call.ids["task"]))


@operation(
    "PATCH", _ONE, _GROUP, body=TaskInput, takes="patch", gives=Task, refusals=("stale",), example={"state": "done"}
)
def change_task(call: Call[None, Any]) -> Answer:
    """Change a task, or say that it is done.

    Its state open takes it up again. A new assignee is reminded though the one before was.
    """
    task_id = call.ids["task"]
    return changed(
        call,
        TaskInput,
        read=lambda: tasks.get(call.slug, task_id),
        change=lambda wanted, version: tasks.change(call.act, call.portal, task_id, wanted, version=version),
    )


@operation("DELETE", _ONE, _GROUP, status=204, refusals=("stale",))
def remove_task(call: Call[None, None]) -> Answer:
    """Remove a task.

    What is done is better marked so: what is removed is gone, but for the facts about it.
    """
    removed(call, lambda: tasks.remove(call.act, call.ids["task"], version=call.version))
    return nothing()


def _own_id(call: Call[Any, Any]) -> str:
    if call.caller.browser is None:
        raise Invalid(fields={"assignee": _ME})
    return call.caller.id
