"""The call queue over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from .. import fields
from ..web.operation import Answer, Call, Paging, created, one, page
from ..work import calls
from ..work.shapes import CallInput, CallOutcome, CallState, QueuedCall
from .registry import AT, operation, path

_GROUP = "Call queue"
_ONE = f"{AT}/calls/{{call}}"
_EXAMPLE: dict[str, Any] = {
    "account_id": "019a9f6f3c7e7d10a2b4c6d8e0f20406",
    "contact_id": "019a9f6f3c7e7d10a2b4c6d8e0f20407",
    "reason": "Has not answered the renewal yet",
}


class CallQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls."""

    state: CallState = "waiting"
    account_id: Annotated[fields.Identifier, Meta(description="Those to this account.")] | None = None
    claimed_by: Annotated[
        Literal["me"] | None, Meta(description="Those that one has claimed, with the state claimed.")
    ] = None


@operation("GET", f"{AT}/calls", _GROUP, query=CallQuery, gives=QueuedCall, many=True)
def list_calls(call: Call[CallQuery, None]) -> Answer:
    """List the call queue.

    Whoever waits longest is first. With state later, those who asked to be called back at a time that has not come.
    """
    query = call.query
    found = calls.listed(
        call.slug,
        state=query.state,
        account_id=query.account_id,
        claimed_by=call.caller.actor if query.claimed_by else None,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "calls"), query)


def call_again(call: Call[None, CallInput]) -> Answer:
    """The call of a queueing that was carried out before."""
    return created(calls.get(call.slug, call.new_id), path(call.slug, "calls", call.new_id))


@operation(
    "POST", f"{AT}/calls", _GROUP, body=CallInput, gives=QueuedCall, status=201, replay=call_again, example=_EXAMPLE
)
def queue_call(call: Call[None, CallInput]) -> Answer:
    """Put somebody into the call queue.

    Without a number it is the contact's mobile, else their landline.
    """
    made = calls.enqueue(call.act, call.portal, call.body, call_id=call.new_id)
    return created(made, path(call.slug, "calls", made.id))


@operation("GET", _ONE, _GROUP, gives=QueuedCall)
def read_call(call: Call[None, None]) -> Answer:
    """Read a call of the queue."""
    return one(calls.get(call.slug, call.ids["call"]))


def call_as_it_is(call: Call[None, Any]) -> Answer:
    """The call, as it now is, of something that was carried out before."""
    return one(calls.get(call.slug, call.ids["call"]))


@operation("POST", f"{_ONE}/claim", _GROUP, gives=QueuedCall, replay=call_as_it_is, refusals=("conflict",))
def claim_call(call: Call[None, None]) -> Answer:
    """Claim a call.

    Of any number who try at once one gets it; the others are refused with conflict, and take the next.
    """
    return one(calls.claim(call.act, call.ids["call"], name=call.caller.name))


@operation("POST", f"{_ONE}/release", _GROUP, gives=QueuedCall, replay=call_as_it_is, refusals=("conflict",))
def release_call(call: Call[None, None]) -> Answer:
    """Release a call.

    It goes back to the place in the queue that it had. Colleagues may do it for each other.
    """
    return one(calls.release(call.act, call.ids["call"]))


@operation(
    "POST", f"{_ONE}/outcome", _GROUP, body=CallOutcome, gives=QueuedCall, replay=call_as_it_is, refusals=("conflict",),
    example={"outcome": "call-back", "note": "In a meeting.", "call_back": "2027-01-31T16:00"},
)  # fmt: skip
def end_call(call: Call[None, CallOutcome]) -> Answer:
    """Say what came of a call.

    Only who has claimed it can. With the outcome call-back it waits in the queue again from that time on, for anybody;
    with any other it is done.
    """
    return one(calls.end(call.act, call.portal, call.ids["call"], call.body))
