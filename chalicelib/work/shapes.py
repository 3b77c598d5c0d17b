"""Tasks and calls, as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..people.shapes import Phone
from .moments import WallTime

TaskState = Literal["open", "done"]
CallState = Literal["waiting", "later", "claimed", "done"]
Outcome = Literal["reached", "no-answer", "wrong-number", "call-back"]


class TaskInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff and systems can say of a task."""

    title: fields.Required
    note: fields.Text = ""
    account_id: Annotated[fields.Identifier, Meta(description="The account that it is about.")] | None = None
    assignee: (
        Annotated[fields.Identifier, Meta(description="The id of the staff user who is to do it; null: nobody yet.")]
        | None
    ) = None
    due: WallTime | None = None
    reminder_minutes: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=60 * 24 * 30,
                description="How many minutes before it is due its assignee gets a mail, once; null: never.",
            ),
        ]
        | None
    ) = None
    state: TaskState = "open"


class Task(TaskInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Something to do."""

    id: str
    due_at: Annotated[str | None, Meta(description="When it is due, in UTC.")]
    time_zone: Annotated[str, Meta(description="The zone of the wall time in `due`: the portal's when that was set.")]
    done_at: str | None
    done_by: Annotated[str | None, Meta(description="Who did it, as facts name them.")]
    version: int
    created_by: str
    created_at: str
    updated_at: str


class CallInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to call, and why."""

    account_id: fields.Identifier
    contact_id: Annotated[fields.Identifier, Meta(description="A contact of the account.")] | None = None
    number: Annotated[Phone, Meta(description="Without one the contact's mobile, else their landline.")] | None = None
    reason: fields.Required


class CallOutcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a call."""

    outcome: Annotated[Outcome, Meta(description="With `call-back` it waits again, from `call_back` on.")]
    note: fields.Text = ""
    call_back: WallTime | None = None


class QueuedCall(CallInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Somebody to be called. `later`: they asked to be called back, and that time has not come."""

    id: str
    number: Annotated[str, Meta(description="The number to call.")]
    state: CallState
    waits_from: Annotated[str, Meta(description="Since when it waits, or from when on.")]
    call_back_at: str | None
    claimed_by: Annotated[str | None, Meta(description="Who has it, as facts name them.")]
    claimed_by_name: str | None
    claimed_at: str | None
    outcome: Annotated[Outcome | None, Meta(description="Of the last call.")]
    note: Annotated[str, Meta(description="On the last call.")]
    tries: Annotated[int, Meta(description="How many calls have an outcome.")]
    done_at: str | None
    done_by: str | None
    version: int
    created_by: str
    created_at: str
    updated_at: str
