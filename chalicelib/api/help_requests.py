"""Help requests over the API. They are made on the page `/{portal}/help` only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from ..support import help_requests
from ..support.shapes import HelpChange, HelpRequest, State
from ..web.operation import Answer, Call, Paging, one, page
from .changing import changed
from .registry import AT, operation, path

_GROUP = "Help requests"
_ONE = f"{AT}/help-requests/{{request}}"


class HelpQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort and filter help requests."""

    sort: Annotated[Literal["created_at", "-created_at"], Meta(description="Oldest or newest first.")] = "-created_at"
    state: State | None = None
    reference: (
        Annotated[
            str,
            Meta(
                max_length=60,
                description="The one with this reference number, such as H-7K4M-9C. Capitals and hyphens make no difference.",
            ),
        ]
        | None
    ) = None


@operation("GET", f"{AT}/help-requests", _GROUP, query=HelpQuery, gives=HelpRequest, many=True)
def list_help_requests(call: Call[HelpQuery, None]) -> Answer:
    """List help requests.

    They are kept for a year.
    """
    query = call.query
    found = help_requests.listed(
        call.slug,
        state=query.state,
        reference=query.reference,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "help-requests"), query)


@operation("GET", _ONE, _GROUP, gives=HelpRequest)
def read_help_request(call: Call[None, None]) -> Answer:
    """Read a help request.

    All but state and note is what somebody typed who was not signed in: make sure who it is before you act on it.
    """
    return one(help_requests.get(call.slug, call.ids["request"]))


@operation(
    "PATCH", _ONE, _GROUP, body=HelpChange, takes="patch", gives=HelpRequest, refusals=("stale",),
    example={"state": "in-progress", "note": "Called back, left a message."},
)  # fmt: skip
def change_help_request(call: Call[None, Any]) -> Answer:
    """Change a help request's state or note.

    Any state may follow any other. Nobody is told of it.
    """
    request_id = call.ids["request"]
    return changed(
        call,
        HelpChange,
        read=lambda: help_requests.get(call.slug, request_id),
        change=lambda wanted, version: help_requests.change(call.act, request_id, wanted, version=version),
    )
