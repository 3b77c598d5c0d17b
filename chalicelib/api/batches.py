"""Benefits batches over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from ..fields import Identifier
from ..selfservice import batches
from ..selfservice.shapes import Batch, BatchInput, Status
from ..web.operation import Answer, Call, Paging, created, one, page
from .changing import changed
from .registry import AT, operation, path

_GROUP = "Benefits batches"
_AT_BATCH = f"{AT}/batches/{{batch}}"
_EXAMPLE: dict[str, Any] = {
    "account_id": "019a9f6f3c7e7d10a2b4c6d8e0f20406",
    "renewal_contact_id": "019a9f6f3c7e7d10a2b4c6d8e0f20407",
    "title": "Benefits renewal 2027",
    "plan_year": "2027",
    "effective_date": "2027-01-01",
    "answer_by": "2026-12-11",
    "open_to_portal": True,
    "summary": "Medical stays with the same carrier. Dental is new.",
    "lines": [
        {
            "carrier": "Blue Harbor",
            "plan": "PPO 1500",
            "coverage": "Employee",
            "employee_cost": "120.00",
            "employer_cost": "480.00",
            "change_percent": "3.5",
        }
    ],
}


class BatchQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort and filter batches."""

    sort: Annotated[Literal["created_at", "-created_at"], Meta(description="Oldest or newest first.")] = "-created_at"
    account_id: Annotated[Identifier, Meta(description="Batches of this account only.")] | None = None
    status: Status | None = None


@operation("GET", f"{AT}/batches", _GROUP, query=BatchQuery, gives=Batch, many=True)
def list_batches(call: Call[BatchQuery, None]) -> Answer:
    """List batches."""
    query = call.query
    found = batches.listed(
        call.slug,
        account_id=query.account_id,
        status=query.status,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "batches"), query)


def batch_again(call: Call[None, BatchInput]) -> Answer:
    """The batch of a creation that was carried out before."""
    return created(batches.get(call.slug, call.new_id), path(call.slug, "batches", call.new_id))


@operation(
    "POST", f"{AT}/batches", _GROUP, body=BatchInput, gives=Batch, status=201, replay=batch_again, example=_EXAMPLE
)
def create_batch(call: Call[None, BatchInput]) -> Answer:
    """Create a batch.

    It starts as a draft unless status says otherwise. With status client_review and open_to_portal true, the renewal
    contact is told at once.
    """
    made = batches.create(call.act, call.portal, call.body, batch_id=call.new_id)
    return created(made, path(call.slug, "batches", made.id))


@operation("GET", _AT_BATCH, _GROUP, gives=Batch)
def read_batch(call: Call[None, None]) -> Answer:
    """Read a batch, with the client's answers."""
    return one(batches.get(call.slug, call.ids["batch"]))


@operation(
    "PATCH", _AT_BATCH, _GROUP, body=BatchInput, takes="patch", gives=Batch, refusals=("conflict", "stale"),
    example={"status": "client_review", "open_to_portal": True},
)  # fmt: skip
def change_batch(call: Call[None, Any]) -> Answer:
    """Change a batch, or move it.

    Setting status to client_review places it in review and tells the renewal contact, once for each placing however
    often the call is repeated. Only sensible moves are accepted; a refused one names those that are.
    """
    batch_id = call.ids["batch"]
    return changed(
        call,
        BatchInput,
        read=lambda: batches.get(call.slug, batch_id),
        change=lambda wanted, version: batches.change(call.act, call.portal, batch_id, wanted, version=version),
    )


def notified_again(call: Call[None, None]) -> Answer:
    """The batch of an announcement that went out before."""
    return one(batches.get(call.slug, call.ids["batch"]))


@operation("POST", f"{_AT_BATCH}/notify", _GROUP, gives=Batch, replay=notified_again, refusals=("conflict",))
def notify_again(call: Call[None, None]) -> Answer:
    """Announce a batch in review once more.

    Each call sends one more message, so send an Idempotency-Key with it.
    """
    return one(batches.notify_again(call.act, call.ids["batch"]))
