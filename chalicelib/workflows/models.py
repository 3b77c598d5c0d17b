"""The workflows table: workflows and their revisions, where records stand in them, enrolments, decisions, counts."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import Trigger, WorkflowInput

SHARDS = 16  # of the index of what is due
COUNTERS = 8  # of a workflow: as many enrolments at once as one item could not take


class WorkflowRow(Row):
    """A workflow: pk `{portal}#workflow#{id}`, sk `workflow`.

    `revision` is that of `said`; `version` counts every change, for If-Match.
    """

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute()
    order_key = UnicodeAttribute()
    id = UnicodeAttribute()
    said: Packed[WorkflowInput] = Packed(WorkflowInput)
    state = UnicodeAttribute()
    revision = NumberAttribute()
    version = NumberAttribute()
    switched_on_at = NumberAttribute(null=True)
    paused_at = NumberAttribute(null=True)
    job = UnicodeAttribute(null=True)
    created_by = UnicodeAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()


class RevisionRow(Row):
    """What was said of a workflow once: same pk, sk `revision#000001`. It never changes."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    said: Packed[WorkflowInput] = Packed(WorkflowInput)
    saved_by = UnicodeAttribute()
    saved_at = NumberAttribute()


class LiveRow(Row):
    """A workflow that may take records in: pk `{portal}#live-workflows`, sk its id.

    All that a changed record is looked at by, in one small query.
    """

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    trigger: Packed[Trigger] = Packed(Trigger)
    stops = NumberAttribute()
    again = UnicodeAttribute()
    season = UnicodeAttribute()
    revision = NumberAttribute()
    state = UnicodeAttribute()
    switched_on_at = NumberAttribute()


class StandingRow(Row):
    """Where a record stands in a workflow: pk `{portal}#standing#{account}`, sk `{workflow}#{product or ""}`.

    `matches` is how it was when last looked at, `since` when the workflow had last been switched on then; `entries` how often
    it has entered, the last times `recent`, the last one in which `season` and for which `occasion`, a date. `enrolment` is
    the last one. `turn` counts every change: of any number of workers that look at the same moment one decides.
    """

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    matches = NumberAttribute()
    since = NumberAttribute(null=True)
    entries = NumberAttribute(default=0)
    season = UnicodeAttribute(null=True)
    occasion = UnicodeAttribute(null=True)
    enrolment = UnicodeAttribute(null=True)
    recent: Packed[tuple[int, ...]] = Packed(tuple[int, ...], null=True)
    turn = NumberAttribute()
    seen_at = NumberAttribute()


class EnrolmentRow(Row):
    """A record in a workflow: pk `{portal}#enrolment#{id}`, sk `enrolment`.

    Delays count from `starts_at`. `outcomes` are of the steps that are over (`done`, `skipped#reason`, `failed#reason`).
    `due_at` is when the next is due: while it is active, and neither held nor over. `turn` counts every change.
    `tries` counts failures at the present step; `shifted_at` is when the pause began by which it was shifted last.
    """

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute()
    account_key = UnicodeAttribute()
    order_key = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    id = UnicodeAttribute()
    workflow = UnicodeAttribute()
    revision = NumberAttribute()
    account = UnicodeAttribute()
    product = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    zone = UnicodeAttribute()
    starts_at = NumberAttribute()
    shifted_at = NumberAttribute(null=True)
    outcomes: Packed[dict[str, str]] = Packed(dict[str, str])
    tries = NumberAttribute(default=0)
    turn = NumberAttribute(default=1)
    created_at = NumberAttribute()
    ended_at = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class DecisionRow(Row):
    """What was decided of a record: pk `{portal}#decisions#{account}`, sk a time-ordered id. Kept for two years."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    workflow = UnicodeAttribute()
    workflow_name = UnicodeAttribute()
    revision = NumberAttribute()
    enrolment = UnicodeAttribute(null=True)
    step = UnicodeAttribute(null=True)
    what = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    made: Packed[tuple[str, ...]] = Packed(tuple[str, ...], null=True)
    at = NumberAttribute()
    expires_at = NumberAttribute()


class CountRow(Row):
    """How often something became of a step: pk `{portal}#counts#{workflow}#{shard}`, sk `{revision}#{step}#{what}`."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    number = NumberAttribute(default=0)
