"""Help requests over the API: those of the page `/{portal}/help`, and those that staff write down for callers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from .. import fields
from ..support import answering, help_requests
from ..support.shapes import AnswerInput, HelpChange, HelpLogged, HelpRequest, State
from ..web.operation import Answer, Call, Paging, created, one, page
from .changing import changed
from .registry import AT, operation, path

_GROUP = "Help requests"
_ONE = f"{AT}/help-requests/{{request}}"


class HelpQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort and filter help requests."""

    sort: Annotated[Literal["created_at", "-created_at"], Meta(description="Oldest or newest first.")] = "-created_at"
    state: State | None = None
    assignee: Annotated[fields.Identifier | None, Meta(description="Those of one staff user.")] = None
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
        assignee=query.assignee,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "help-requests"), query)


def logged_before(call: Call[None, HelpLogged]) -> Answer:
    """The request of a call that was carried out before."""
    return _logged(call, help_requests.get(call.slug, call.new_id))


@operation(
    "POST", f"{AT}/help-requests", _GROUP, body=HelpLogged, gives=HelpRequest, status=201, replay=logged_before,
    example={
        "kind": "changed-phone", "name": "Maria Nunez", "reached_by": "+1 415 555 0132", "signs_in_as": "NW-1001",
        "message": "Lost the old phone, is on the line.",
    },
)  # fmt: skip
def log_help_request(call: Call[None, HelpLogged]) -> Answer:
    """Log a help request for a caller.

    It has a reference number to tell them, and can be diagnosed like any other: name it in help_request_id. Nobody is told.
    """
    return _logged(call, help_requests.log(call.act, call.body, request_id=call.new_id))


@operation("GET", _ONE, _GROUP, gives=HelpRequest)
def read_help_request(call: Call[None, None]) -> Answer:
    """Read a help request.

    Name, message and how to reach them are what somebody typed who was not signed in, or said on the phone: make sure who it
    is before you act on it.
    """
    return one(help_requests.get(call.slug, call.ids["request"]))


@operation(
    "PATCH", _ONE, _GROUP, body=HelpChange, takes="patch", gives=HelpRequest, refusals=("stale",),
    example={"state": "in-progress", "note": "Called back, left a message."},
)  # fmt: skip
def change_help_request(call: Call[None, Any]) -> Answer:
    """Change a help request.

    Its state, the note, the colleague who sees to it, the account it is about. Any state may follow any other.
    Nobody is told of it.
    """
    request_id = call.ids["request"]
    return changed(
        call,
        HelpChange,
        read=lambda: help_requests.get(call.slug, request_id),
        change=lambda wanted, version: help_requests.change(call.act, request_id, wanted, version=version),
    )


def answered_before(call: Call[None, AnswerInput]) -> Answer:
    """The request, as it now is, of an answer that was sent before."""
    return one(help_requests.get(call.slug, call.ids["request"]))


@operation(
    "POST", f"{_ONE}/answer", _GROUP, body=AnswerInput, gives=HelpRequest, replay=answered_before,
    refusals=("conflict", "stale", "too-many-requests"),
    example={"text": "Your sign-in is unlocked. Please try again.", "resolves": True},
)  # fmt: skip
def answer_help_request(call: Call[None, AnswerInput]) -> Answer:
    """Answer a help request by mail.

    To the email address that was left; where there is none, call. Nobody has checked whose it is: tell nothing that only the
    right person may know. The portal's canned_answers are there to begin with.
    """
    author = call.caller.name if call.caller.browser else ""
    return one(answering.answer(call.act, call.ids["request"], call.body, author=author))


def _logged(call: Call[None, HelpLogged], made: HelpRequest) -> Answer:
    return created(made, path(call.slug, "help-requests", made.id))
