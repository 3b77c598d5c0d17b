"""The tasks table: tasks and the call queue. Of the workflows table what the tick looks at: the keys of what is due."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import CallInput, TaskInput


class WorkRow(Row):
    """What tasks and calls have in common: lists by state, of all and of one account and one colleague, in `order_key`.

    Each list is of one state, so that what is done never stands before what is not.
    """

    table = "tasks"

    class Meta:
        table_name = table_name("tasks")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute()
    account_key = UnicodeAttribute(null=True)
    whose_key = UnicodeAttribute(null=True)
    order_key = UnicodeAttribute()
    id = UnicodeAttribute()
    state = UnicodeAttribute()
    version = NumberAttribute(default=1)
    created_at = NumberAttribute()
    created_by = UnicodeAttribute()
    updated_at = NumberAttribute()
    done_at = NumberAttribute(null=True)
    done_by = UnicodeAttribute(null=True)


class TaskRow(WorkRow):
    """A task: pk `{portal}#task#{id}`, sk `task`.

    `moment` is when it is due; `zone` the zone in which its wall time was read. `due_at` is when the tick must remind of it,
    `reminded_for` the moment whose reminder is over.
    """

    details: Packed[TaskInput] = Packed(TaskInput)
    zone = UnicodeAttribute()
    moment = NumberAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    reminded_for = NumberAttribute(null=True)


class CallRow(WorkRow):
    """Somebody to call: pk `{portal}#call#{id}`, sk `call`. It waits from `waits_from` on, which is what orders the queue."""

    details: Packed[CallInput] = Packed(CallInput)
    waits_from = NumberAttribute()
    claimed_by = UnicodeAttribute(null=True)
    claimed_by_name = UnicodeAttribute(null=True)
    claimed_at = NumberAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    note = UnicodeAttribute(default="")
    tries = NumberAttribute(default=0)
