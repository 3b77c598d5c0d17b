"""Workflows over the API: made, changed, copied, removed; what they have come to."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from ..storage import afresh
from ..web.operation import Answer, Call, Paging, created, nothing, one, page
from ..workflows import definitions, funnel, gone, moving, revisions, switching
from ..workflows.funnel import Funnel
from ..workflows.moving import ChangeReach
from ..workflows.shapes import Revision, State, Trigger, Workflow, WorkflowInFull, WorkflowInput
from ..workflows.switching import Existing
from .changing import removed
from .registry import AT, operation, path

GROUP = "Workflows"
ONE = f"{AT}/workflows/{{workflow}}"
_TRIGGER: dict[str, Any] = {"record_types": ["client"], "tags": ["review-2027"]}
_EXAMPLE: dict[str, Any] = {
    "name": "Annual review",
    "trigger": _TRIGGER,
    "season": "2027",
    "steps": [
        {
            "id": "invitation",
            "after": {"count": 1, "unit": "minutes"},
            "do": {"action": "send-email", "message": "annual-review", "to": {"record": True}},
        },
        {
            "id": "call",
            "after": {"count": 2, "unit": "weeks"},
            "at": "09:30",
            "do": {"action": "add-to-call-queue", "reason": "Has not booked a review yet"},
        },
    ],
}


class WorkflowQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which workflows."""

    state: Annotated[State | None, Meta(description="Those in this state.")] = None


@operation("GET", f"{AT}/workflows", GROUP, query=WorkflowQuery, gives=Workflow, many=True)
def list_workflows(call: Call[WorkflowQuery, None]) -> Answer:
    """List workflows.

    The newest first.
    """
    query = call.query
    found = definitions.listed(call.slug, state=query.state, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "workflows"), query)


def workflow_again(call: Call[None, Any]) -> Answer:
    """The workflow of a creation that was carried out before."""
    return _created(call, definitions.get(call.slug, call.new_id))


@operation(
    "POST", f"{AT}/workflows", GROUP, body=WorkflowInput, gives=WorkflowInFull, status=201, replay=workflow_again,
    refusals=("conflict",), example=_EXAMPLE,
)  # fmt: skip
def create_workflow(call: Call[None, WorkflowInput]) -> Answer:
    """Create a workflow.

    It is off, and does nothing until it is switched on. Each step has an id of its own that stays the same for good: by it
    the records that are in the workflow know what they have behind them.
    """
    return _created(call, definitions.create(call.act, call.portal, call.body, workflow_id=call.new_id))


@operation("POST", f"{AT}/workflows/count", GROUP, body=Trigger, gives=Existing, example=_TRIGGER)
def count_matching(call: Call[None, Trigger]) -> Answer:
    """Count the accounts that match.

    How many match this now: of a trigger that is not saved yet. Nothing is kept.
    """
    return one(switching.count_existing(call.portal, call.body))


@operation("GET", ONE, GROUP, gives=WorkflowInFull)
def read_workflow(call: Call[None, None]) -> Answer:
    """Read a workflow.

    With warnings of what it names and that is gone.
    """
    return one(gone.in_full(call.portal, definitions.get(call.slug, call.ids["workflow"])))


@operation("PUT", ONE, GROUP, body=WorkflowInput, gives=WorkflowInFull, example=_EXAMPLE)
def change_workflow(call: Call[None, WorkflowInput]) -> Answer:
    """Change a workflow.

    The whole of what is said of it: a new revision. Those who are in it go on in the revision that they began with, unless
    you take them along afterwards; see what that would do first, by its reach.
    """
    workflow_id, version = call.ids["workflow"], call.version

    def change() -> Workflow:
        return definitions.change(call.act, call.portal, workflow_id, call.body, version=version)

    return one(gone.in_full(call.portal, afresh(change) if version is None else change()))


@operation("DELETE", ONE, GROUP, status=204, refusals=("conflict", "stale"))
def remove_workflow(call: Call[None, None]) -> Answer:
    """Remove a workflow.

    One that is off, and in which nobody is. What it did stays in the histories of accounts.
    """
    removed(call, lambda: definitions.remove(call.act, call.ids["workflow"], version=call.version))
    return nothing()


@operation(
    "POST", f"{ONE}/copy", GROUP, gives=WorkflowInFull, status=201, replay=workflow_again, refusals=("conflict",)
)
def copy_workflow(call: Call[None, None]) -> Answer:
    """Copy a workflow.

    The copy is off, and nobody is in it.
    """
    return _created(call, definitions.copy(call.act, call.portal, call.ids["workflow"], copy_id=call.new_id))


@operation("GET", f"{ONE}/revisions", GROUP, query=Paging, gives=Revision, many=True)
def list_workflow_revisions(call: Call[Paging, None]) -> Answer:
    """List a workflow's revisions.

    The newest first: who saved each, when, and what it changed, in words.
    """
    query, workflow_id = call.query, call.ids["workflow"]
    found = revisions.listed(call.slug, workflow_id, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "workflows", workflow_id, "revisions"), query)


@operation("GET", f"{ONE}/existing", GROUP, gives=Existing)
def count_existing(call: Call[None, None]) -> Answer:
    """Count who matches a workflow now.

    To be looked at before it is switched on with those that match already.
    """
    return one(switching.count_existing(call.portal, definitions.get(call.slug, call.ids["workflow"]).trigger))


@operation("POST", f"{ONE}/reach", GROUP, body=WorkflowInput, gives=ChangeReach, example=_EXAMPLE)
def read_reach(call: Call[None, WorkflowInput]) -> Answer:
    """See what a change would do.

    What would become of those who are in the workflow, if it was changed to this and they were taken along now. Nothing is
    kept.
    """
    return one(moving.reach(call.portal, call.ids["workflow"], call.body))


@operation("GET", f"{ONE}/funnel", GROUP, gives=Funnel)
def read_funnel(call: Call[None, None]) -> Answer:
    """Read what a workflow has come to.

    Of each step, by revision: how many wait for it, for how many it was done, skipped and why, failed or put off; and of
    messages, how many came how far.
    """
    return one(funnel.of_workflow(call.slug, call.ids["workflow"]))


def _created(call: Call[None, Any], made: Workflow) -> Answer:
    return created(gone.in_full(call.portal, made), path(call.slug, "workflows", made.id))
