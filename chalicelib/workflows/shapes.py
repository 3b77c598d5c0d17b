"""Workflows, as the API takes and shows them: what starts one for a record, its steps, and what becomes of each record."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..people.shapes import RecordType
from ..work.moments import Delay

MOST_STEPS = 50
Moment = Annotated[str, Meta(description="ISO 8601, in UTC.")]
Tags = Annotated[tuple[fields.Tag, ...], Meta(max_length=20)]
StepId = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}" + fields.END, description="Stays the same for good.")]
MessageName = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9][a-z0-9-]{0,60}" + fields.END,
        description="A message for records: one of the product's or of the portal's own.",
    ),
]
TimeOfDay = Annotated[
    str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]" + fields.END, description="A time on the wall clock: 09:30.")
]


class DateTrigger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Enrol for a date of the product, some days before or after it. A date that is over enrols nobody."""

    field: Literal["effective-date"] = "effective-date"
    days: Annotated[int, Meta(ge=-366, le=366, description="Days after the date; negative: before it.")] = 0
    at: TimeOfDay = "09:00"
    every_year: Annotated[bool, Meta(description="On each anniversary of the date too.")] = False


class Trigger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a record must be like: all that is named here, of each list at least one. Closed accounts never are.

    Status and coverage type must be those of one product. Where either is named, or a date, each product that is so is
    enrolled by itself, and messages speak of it.
    """

    record_types: Annotated[tuple[RecordType, ...], Meta(max_length=4)] = ()
    tags: Annotated[Tags, Meta(description="Tagged with at least one of these.")] = ()
    product_statuses: Annotated[tuple[fields.Required, ...], Meta(max_length=20)] = ()
    coverage_types: Annotated[tuple[fields.Required, ...], Meta(max_length=20)] = ()
    date: DateTrigger | None = None

    @property
    def is_of_product(self) -> bool:
        """Whether it looks at products, each by itself."""
        return bool(self.product_statuses or self.coverage_types or self.date)


class Recipients(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets a message: the record's own contact, its assigned agent, or staff by their user ids."""

    record: bool = False
    agent: bool = False
    staff: Annotated[tuple[fields.Identifier, ...], Meta(max_length=20)] = ()


class SendEmail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="send-email"):
    """Send a mail."""

    message: MessageName
    to: Recipients


class SendSms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="send-sms"):
    """Send a text message."""

    message: MessageName
    to: Recipients


class EnableSelfService(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="enable-self-service"
):
    """Switch the record's self-service on; its two messages go out. Skipped where it is on already."""


class DisableSelfService(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="disable-self-service"
):
    """Switch the record's self-service off. Skipped where it is off already."""


class CreateTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="create-task"):
    """A task about the record, for its agent or for one colleague."""

    title: fields.Required
    note: fields.Text = ""
    assignee: Annotated[
        fields.Identifier | None, Meta(description="The id of a staff user; null: the agent, if there is one.")
    ] = None
    due: Annotated[Delay | None, Meta(description="How long after the step it is due; null: no date.")] = None
    reminder_minutes: Annotated[int, Meta(ge=0, le=60 * 24 * 30)] | None = None


class AddToCallQueue(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="add-to-call-queue"
):
    """The record's contact is to be called."""

    reason: fields.Required


class AddTags(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="add-tags"):
    """Tag the record."""

    tags: Annotated[Tags, Meta(min_length=1)]


class RemoveTags(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", tag="remove-tags"):
    """Take tags from the record."""

    tags: Annotated[Tags, Meta(min_length=1)]


Action = (
    SendEmail
    | SendSms
    | EnableSelfService
    | DisableSelfService
    | CreateTask
    | AddToCallQueue
    | AddTags
    | RemoveTags
)  # fmt: skip


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is done, so long after the enrolment (never after the step before)."""

    id: StepId
    after: Delay
    at: Annotated[
        TimeOfDay | None,
        Meta(
            description="Only with days or longer: on that day, at this time in the portal's zone, or on the next day if it "
            "has passed; null: when the delay is over."
        ),
    ] = None
    do: Action


class WorkflowInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff and systems say of a workflow."""

    name: fields.Required
    note: fields.Text = ""
    trigger: Trigger
    stop_when_no_longer_matching: bool = True
    again: Annotated[
        Literal["never", "after-exit", "always"],
        Meta(
            description="Whether a record that matches anew enters again: never (once per season), once it is no longer in "
            "it, or always."
        ),
    ] = "never"
    season: Annotated[
        fields.Line, Meta(description="Such as 2027. With another one, records that were in it may enter once more.")
    ] = ""
    steps: Annotated[tuple[Step, ...], Meta(max_length=MOST_STEPS)] = ()


State = Literal["off", "starting", "on", "paused", "resuming", "moving", "stopping"]


class Workflow(WorkflowInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A workflow as of now. Enrolments keep the revision that they began with, unless an edit takes them along.

    `starting`: records that match already are being looked at. `resuming`, `moving`, `stopping`: enrolments are being seen to.
    """

    id: str
    state: State
    revision: Annotated[int, Meta(description="Which version of what is said of it; each change makes a new one.")]
    version: int
    switched_on_at: Moment | None
    paused_at: Moment | None
    job: Annotated[str | None, Meta(description="The job that is at work on its records, if one is.")]
    created_by: str
    created_at: Moment
    updated_at: Moment


class WorkflowInFull(Workflow, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A workflow as of now, with what there is to warn of."""

    warnings: Annotated[
        tuple[str, ...],
        Meta(
            description="What it names and that is gone: a message, a colleague, a product status. Such steps are skipped."
        ),
    ]


class Revision(Struct, frozen=True, kw_only=True):
    """What was said of a workflow once, and what was changed by it, in words."""

    revision: int
    saved_at: Moment
    saved_by: Annotated[str, Meta(description="As facts name them.")]
    changed: Annotated[tuple[str, ...], Meta(description="A sentence for each; none of the first.")]
    said: WorkflowInput


class StepOf(Struct, frozen=True, kw_only=True):
    """A step of an enrolment, with what became of it, or when it comes."""

    id: str
    action: str
    due_at: Moment
    outcome: Annotated[Literal["waiting", "done", "skipped", "failed"], Meta()]
    reason: str = ""


class Enrolment(Struct, frozen=True, kw_only=True):
    """A record in a workflow."""

    id: str
    workflow_id: str
    workflow_name: str
    revision: int
    account_id: str
    product_id: str | None
    state: Literal["active", "held", "finished", "stopped"]
    reason: Annotated[str, Meta(description="Why it stopped.")]
    starts_at: Annotated[Moment, Meta(description="From which delays count.")]
    next_at: Moment | None
    created_at: Moment
    ended_at: Moment | None
    steps: tuple[StepOf, ...]


class Decided(Struct, frozen=True, kw_only=True):
    """One line of a record's history: what was decided, by which rule, and why."""

    id: str
    at: Moment
    workflow_id: str
    workflow_name: str
    revision: int
    enrolment_id: str | None
    step_id: str | None
    what: Literal[
        "entered", "not-entered", "done", "skipped", "failed", "put-off", "held", "moved", "stopped", "finished"
    ]
    reason: Annotated[str, Meta(description="In words.")]
    made: Annotated[
        tuple[str, ...], Meta(description="What it made, as facts name it: message:…, task:…, call:….")
    ] = ()


class TagChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags to add to an account, and to remove from it.

    With `stop` its enrolments that would go on, though it is not tagged as their workflow asks for, are stopped too.
    """

    add: Tags = ()
    remove: Tags = ()
    stop: bool = False
