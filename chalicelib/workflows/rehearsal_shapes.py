"""Rehearsals, "why not?" and what is to come, as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from .. import fields
from ..people.filters import Which
from ..work.moments import WallTime
from .shapes import Decided, Enrolment, Moment, State, WorkflowInput

MOST_TIME_LINES = 100
Wall = Annotated[str, Meta(description="The same moment on the wall clock in the portal's zone: 2027-01-31T09:30.")]
Who = Annotated[str, Meta(description="record, agent, or staff: and the id of a user.")]


class Rehearse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which records, and from when."""

    begin: Annotated[
        WallTime | None,
        Meta(
            description="When it is switched on and these records are looked at, in the portal's zone, up to two years on; "
            "null: now."
        ),
    ] = None
    account_id: Annotated[fields.Identifier | None, Meta(description="This record alone.")] = None
    filter: Annotated[Which, Meta(description="Only the records that it finds.")] = field(default_factory=Which)
    afresh: Annotated[
        bool, Meta(description="As if no record had been looked at for this workflow yet.")
    ] = False  # fmt: skip
    most: Annotated[int, Meta(ge=1, le=100_000, description="How many records are looked at, at most.")] = 100_000
    time_lines: Annotated[
        int, Meta(ge=0, le=MOST_TIME_LINES, description="Of how many matching records the time lines are told.")
    ] = 20
    cursor: Annotated[str, Meta(max_length=2000, description="Where the rehearsal before stopped.")] = ""


class RehearseDraft(Rehearse, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same of a workflow that need not be stored."""

    workflow: WorkflowInput


class MessageForeseen(Struct, frozen=True, kw_only=True):
    """A message to one recipient. `held`: quiet hours put it off until it lands. `not-sent`: for this reason."""

    message: str
    channel: Literal["email", "sms"]
    who: Who
    to: Annotated[str, Meta(description="The address, masked; blank where there is none.")]
    answer: Literal["sent", "held", "not-sent"]
    reason: str = ""
    lands_at: Moment | None = None
    lands_wall: Wall | None = None
    parts: Annotated[int | None, Meta(description="Of a text message: how many the networks make of it.")] = None


class LineForeseen(Struct, frozen=True, kw_only=True):
    """One line of a record's time line: it enters or leaves the workflow, or a step is done, skipped or put off."""

    at: Moment
    wall: Wall
    what: Literal["entered", "not-entered", "done", "skipped", "put-off", "stopped", "finished"]
    product_id: str | None
    step: str | None = None
    action: str | None = None
    reason: Annotated[str, Meta(description="In words; of put-off until when, too.")] = ""
    until: Moment | None = None
    decided_by: Annotated[tuple[str, ...], Meta(description="The rules that the record was held against.")] = ()
    messages: tuple[MessageForeseen, ...] = ()
    assignee: Annotated[str | None, Meta(description="Of a task: the id of whom it is for.")] = None
    tags: Annotated[tuple[str, ...] | None, Meta(description="Of a change of tags: what the record has then.")] = None


class RecordForeseen(Struct, frozen=True, kw_only=True):
    """What becomes of one record. Where it does not enter, `why_not` says why."""

    account_id: str
    name: Annotated[str, Meta(description="Blank without the permission accounts:read.")]
    enters: bool
    why_not: str
    lines: tuple[LineForeseen, ...]
    goes_on: Annotated[bool, Meta(description="More would come: later, or more than is told here.")]


class Reason(Struct, frozen=True, kw_only=True):
    """How often a reason was given."""

    reason: str
    number: int


class StepForeseen(Struct, frozen=True, kw_only=True):
    """What becomes of a step, of all records together. `never`: the record has left the workflow by then."""

    step: str
    action: str
    done: int
    skipped: int
    never: int
    first: Wall | None
    last: Wall | None


class Hour(Struct, frozen=True, kw_only=True):
    """What lands within an hour of the portal's wall clock."""

    hour: Annotated[str, Meta(description="Such as 2027-01-31T21:00.")]
    emails: int
    texts: int


class Landing(Struct, frozen=True, kw_only=True):
    """When the last message of a channel lands."""

    at: Moment
    wall: Wall


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What a workflow would do, on the records as they are now. Nothing was written and nothing sent.

    Counts are of the records that were looked at. With a cursor there are more: go on from there, and add up.
    """

    begins_at: Moment
    begins_wall: Wall
    time_zone: str
    looked_at: int
    matching: int
    entering: int
    not_entering: tuple[Reason, ...]
    steps: tuple[StepForeseen, ...]
    emails: int
    texts: int
    tasks: int
    calls: int
    hours: Annotated[tuple[Hour, ...], Meta(description="The first 1,000 hours in which anything lands.")]
    last_email: Landing | None
    last_text: Landing | None
    skips: Annotated[tuple[Reason, ...], Meta(description="Why steps are skipped, or recipients get nothing.")]
    put_off: Annotated[tuple[Reason, ...], Meta(description="Why steps wait, or messages are held.")]
    sms_parts: int
    sms_cost: Annotated[
        str, Meta(description="US dollars, at the price of a part that previews show: a hint, not a bill.")
    ]
    records: tuple[RecordForeseen, ...]
    stopped: Annotated[str, Meta(description="Why it stopped before all records were looked at; blank: all were.")]
    cursor: str | None


class RuleShown(Struct, frozen=True, kw_only=True):
    """One rule of the trigger. `fix`: what would make it hold; blank where it does."""

    name: str
    holds: bool
    said: str
    fix: str = ""


class ProductShown(Struct, frozen=True, kw_only=True):
    """A product, held against the rules about products."""

    product_id: str
    name: str
    matches: bool
    rules: tuple[RuleShown, ...]
    why_not: Annotated[
        str, Meta(description="Why it would not enter now, though it matches; blank: nothing is in the way.")
    ]


class Obstacle(Struct, frozen=True, kw_only=True):
    """The first thing that is in the way, and what would help."""

    what: str
    said: str
    fix: str


class StepNow(Struct, frozen=True, kw_only=True):
    """What would become of a step if it came now."""

    step: str
    action: str
    answer: Literal["done", "skipped", "put-off"]
    reason: str
    messages: tuple[MessageForeseen, ...]


class WhyNot(Struct, frozen=True, kw_only=True):
    """Why a record is in a workflow, or why not."""

    account_id: str
    workflow_id: str
    workflow_name: str
    state: State
    matches: bool
    is_in_it: bool
    would_enter: bool
    obstacle: Obstacle | None
    rules: tuple[RuleShown, ...]
    products: tuple[ProductShown, ...]
    enrolments: Annotated[tuple[Enrolment, ...], Meta(description="Its last ones in this workflow, the newest first.")]
    steps: tuple[StepNow, ...]
    decisions: Annotated[tuple[Decided, ...], Meta(description="The last ones about it, the newest first.")]


class Due(Struct, frozen=True, kw_only=True):
    """Something that is to come for a record. `is_held`: its workflow is paused, so it waits longer."""

    workflow_id: str
    workflow_name: str
    enrolment_id: str
    is_held: bool
    line: LineForeseen


class DayToCome(Struct, frozen=True, kw_only=True):
    """What comes on one day of the portal's calendar."""

    day: str
    messages: int
    due: tuple[Due, ...]


class Upcoming(Struct, frozen=True, kw_only=True):
    """What the workflows that a record is in will do with it in the next 60 days, if nothing else changes."""

    account_id: str
    until: Moment
    days: tuple[DayToCome, ...]
