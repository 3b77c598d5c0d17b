"""Enrolments and the histories of accounts over the API; and an account's tags, changed with a receipt."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..errors import Forbidden
from ..people import accounts
from ..portals.permissions import allows
from ..web.operation import Answer, Call, Paging, one, page
from ..workflows import decisions, definitions, enrolments, receipts
from ..workflows.receipts import TagReceipt
from ..workflows.shapes import Decided, Enrolment, TagChange
from .registry import AT, operation, path
from .workflows import GROUP

_ONE = f"{AT}/enrolments/{{enrolment}}"
_OF_ACCOUNT = f"{AT}/accounts/{{account}}"
_NOT_STOP = "To stop enrolments takes the permission workflows:write. Without stop the tags alone are changed."


class EnrolmentQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of which workflow, in which state."""

    workflow: Annotated[fields.Identifier, Meta(description="The workflow's id.")]
    state: Literal["active", "held", "finished", "stopped"] = "active"


class DecisionQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines of the history."""

    workflow: Annotated[fields.Identifier | None, Meta(description="What this workflow decided.")] = None


class StopInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is stopped."""

    reason: fields.Required


@operation("GET", f"{AT}/enrolments", GROUP, query=EnrolmentQuery, gives=Enrolment, many=True)
def list_enrolments(call: Call[EnrolmentQuery, None]) -> Answer:
    """List who is in a workflow.

    Or was, by state. The oldest first.
    """
    query = call.query
    definitions.read(call.slug, query.workflow)
    found = enrolments.of_workflow(
        call.slug, query.workflow, query.state, limit=query.limit, cursor=query.cursor or None
    )  # fmt: skip
    return page(found, path(call.slug, "enrolments"), query)


@operation("GET", _ONE, GROUP, gives=Enrolment)
def read_enrolment(call: Call[None, None]) -> Answer:
    """Read an enrolment.

    With what became of each step, or when it comes.
    """
    return one(enrolments.get(call.slug, call.ids["enrolment"]))


def stopped_before(call: Call[None, StopInput]) -> Answer:
    """The enrolment of a stop that was carried out before."""
    return one(enrolments.get(call.slug, call.ids["enrolment"]))


@operation(
    "POST", f"{_ONE}/stop", GROUP, body=StopInput, gives=Enrolment, replay=stopped_before, refusals=("conflict",),
    example={"reason": "They have called."},
)  # fmt: skip
def stop_enrolment(call: Call[None, StopInput]) -> Answer:
    """Stop an enrolment.

    What was done stays done; the rest is not done any more.
    """
    return one(enrolments.stop(call.act, call.ids["enrolment"], call.body.reason))


@operation("GET", f"{_OF_ACCOUNT}/enrolments", GROUP, query=Paging, gives=Enrolment, many=True)
def list_account_enrolments(call: Call[Paging, None]) -> Answer:
    """List the enrolments of an account.

    The newest first.
    """
    query, account_id = call.query, call.ids["account"]
    accounts.get(call.slug, account_id)
    found = enrolments.of_account(call.slug, account_id, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "accounts", account_id, "enrolments"), query)


@operation("GET", f"{_OF_ACCOUNT}/decisions", GROUP, query=DecisionQuery, gives=Decided, many=True)
def list_account_decisions(call: Call[DecisionQuery, None]) -> Answer:
    """Read what was decided of an account.

    By which workflow, and why: its history, the newest first.
    """
    query, account_id = call.query, call.ids["account"]
    accounts.get(call.slug, account_id)
    found = decisions.listed(
        call.slug, account_id, workflow_id=query.workflow, limit=query.limit, cursor=query.cursor or None
    )  # fmt: skip
    return page(found, path(call.slug, "accounts", account_id, "decisions"), query)


def tagged_account_before(call: Call[None, TagChange]) -> Answer:
    """The receipt of a change that was carried out before."""
    receipt = receipts.told_again(call.act, call.portal, call.ids["account"], call.body, change_id=call.new_id)
    return one(receipt)


@operation(
    "POST", f"{_OF_ACCOUNT}/tags", "Accounts", body=TagChange, gives=TagReceipt, replay=tagged_account_before,
    refusals=("stale",), example={"add": ["booked"], "remove": ["review-2027"]},
)  # fmt: skip
def tag_account(call: Call[None, TagChange]) -> Answer:
    """Tag an account.

    Adds tags to it, and removes tags from it. The answer is a receipt of what that meant for its enrolments: which it
    entered, which were stopped, with what was done in them and what was still to come, and which go on because their
    workflow says so. To stop those too, send it again with stop; that takes the permission workflows:write.
    """
    if call.body.stop and not allows(call.caller.scopes, "workflows:write"):
        raise Forbidden(_NOT_STOP)
    return one(receipts.change_tags(call.act, call.portal, call.ids["account"], call.body))
