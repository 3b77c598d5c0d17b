"""Rehearsals of workflows over the API: what would become of whom and when; why a record is not in one; what is to come."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .. import fields
from ..errors import Invalid
from ..portals.permissions import allows
from ..web.operation import Answer, Call, one
from ..workflows import definitions, rehearsal, upcoming, why_not
from ..workflows.rehearsal_shapes import Rehearsal, Rehearse, RehearseDraft, Upcoming, WhyNot
from .registry import AT, operation

_GROUP = "Workflows"
_ONE = f"{AT}/workflows/{{workflow}}"
_MAIL = {"action": "send-email", "message": "annual-review", "to": {"record": True}}
_DRAFT: dict[str, Any] = {
    "name": "Annual review",
    "trigger": {"record_types": ["client"], "tags": ["review"]},
    "steps": [{"id": "invite", "after": {"count": 2, "unit": "days"}, "at": "09:30", "do": _MAIL}],
}


class OfAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which record."""

    account: Annotated[fields.Identifier, Meta(description="The id of its account. It must be given.")] | None = None


@operation(
    "POST", f"{AT}/workflows/rehearse", _GROUP, body=RehearseDraft, gives=Rehearsal,
    example={"workflow": _DRAFT, "begin": "2027-01-31T09:30", "time_lines": 5},
)  # fmt: skip
def rehearse_draft(call: Call[None, RehearseDraft]) -> Answer:
    """Rehearse a workflow that is not stored.

    What it would do with the records as they are now: who gets what and when, what is skipped or put off and why, and what it
    adds up to. Nothing is written and nothing is sent. One answer looks at as many records as a few seconds allow: go on with
    its cursor, and add up.
    """
    return one(rehearsal.of_draft(call.portal, call.body.workflow, call.body, named=_may(call, "accounts:read")))


@operation(
    "POST", f"{_ONE}/rehearse", _GROUP, body=Rehearse, gives=Rehearsal, example={"filter": {"tag": "review"}}
)  # fmt: skip
def rehearse_workflow(call: Call[None, Rehearse]) -> Answer:
    """Rehearse a workflow.

    As it is stored, as if it were switched on with the records that match already. One that was in it before enters only as
    the workflow says.
    """
    told = rehearsal.of_stored(call.portal, call.ids["workflow"], call.body, named=_may(call, "accounts:read"))
    return one(told)


@operation("GET", f"{_ONE}/why-not", _GROUP, query=OfAccount, gives=WhyNot)
def explain_workflow(call: Call[OfAccount, None]) -> Answer:
    """Say why a record is not in a workflow.

    Every rule of the trigger and whether it holds, for each product where it looks at products; whether it was in it before;
    what would become of each step now; the first thing that is in the way, with what would help; and the last decisions.
    """
    workflow = definitions.get(call.slug, call.ids["workflow"])
    if call.query.account is None:
        raise Invalid(fields={"account": "Say which record."})
    return one(why_not.of_record(call.portal, workflow.id, call.query.account, named=_may(call, "records:read")))


@operation("GET", f"{AT}/accounts/{{account}}/upcoming", _GROUP, gives=Upcoming)
def read_upcoming(call: Call[None, None]) -> Answer:
    """Read what is to come for an account.

    What all the workflows that it is in will do in the next 60 days, day by day, if nothing else changes.
    """
    return one(upcoming.calendar_of(call.portal, call.ids["account"]))


def _may(call: Call[Any, Any], permission: str) -> bool:
    return allows(call.caller.scopes, permission)
