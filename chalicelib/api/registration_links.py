"""Registration links over the API: sent to many addresses, sent again, revoked."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from .. import fields
from ..config import settings
from ..registration import choosing, entries, invitations, sending
from ..registration.choosing import Choices
from ..registration.sending import LinksWanted, Sending
from ..registration.shapes import Registration
from ..web.operation import Answer, Call, Paging, one
from .registry import AT, operation, path

_GROUP = "Registration links"
_ENTRY = f"{AT}/registrations/{{registration}}"
_EXAMPLE: dict[str, Any] = {
    "emails": "jane@elmstreet.example, Ravi Patel <ravi@elmstreet.example>",
    "role": "portal-user",
    "account_id": "019a9f6f3c7e7d10a2b4c6d8e0f20406",
}


class ChoicesQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which offices to give."""

    name: Annotated[fields.Line, Meta(description="Offices whose names begin so.")] = ""
    office_id: Annotated[fields.Identifier, Meta(description="This office and its providers.")] | None = None


@operation("GET", f"{AT}/registration-offices", _GROUP, query=ChoicesQuery, gives=Choices)
def list_registration_offices(call: Call[ChoicesQuery, None]) -> Answer:
    """List what links can be sent for.

    Open offices by name, or with office_id one office and its providers; of an office's administrator always their own.
    And the roles that the caller may give.
    """
    query = call.query
    found = choosing.choices(
        call.portal,
        call.authority,
        office_id=query.office_id,
        name=query.name,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return one(found)


def sent_before(call: Call[None, LinksWanted]) -> Answer:
    """The sending of a call that was carried out before; it goes on if nobody is at it."""
    sending.go_on(call.slug, call.new_id)
    return _taken(call)


@operation(
    "POST", f"{AT}/registration-links", _GROUP, body=LinksWanted, gives=Sending, status=201, later=True,
    replay=sent_before, example=_EXAMPLE,
)  # fmt: skip
def send_registration_links(call: Call[None, LinksWanted]) -> Answer:
    """Send registration links.

    Each address gets a link of its own, to choose a username and a password for one role at one office or provider. The
    answer says what became of every address. Of more than 25 the rest is worked in the next minutes: read the sending to
    see how far it has come. With an Idempotency-Key a repeated call sends nothing twice.
    """
    sending.take(call.act, call.authority, call.portal, call.body, sending_id=call.new_id)
    sending.go_on(call.slug, call.new_id)
    return _taken(call)


@operation("GET", f"{AT}/registration-links/{{sending}}", _GROUP, query=Paging, gives=Sending)
def read_sending(call: Call[Paging, None]) -> Answer:
    """Read how far a sending has come.

    With the answers so far, in the order in which the addresses were given, a page at a time.
    """
    query = call.query
    sending_id, cursor = call.ids["sending"], query.cursor or None
    return one(sending.get(call.slug, call.authority, sending_id, limit=query.limit, cursor=cursor))


def done_before(call: Call[None, None]) -> Answer:
    """The invitation, as it now is, of a call that was carried out before."""
    return _shown(call)


@operation(
    "POST", f"{_ENTRY}/resend", _GROUP, gives=Registration, replay=done_before,
    refusals=("already-decided", "conflict", "stale", "too-many-requests"),
)  # fmt: skip
def resend_invitation(call: Call[None, None]) -> Answer:
    """Send an invitation again.

    With a fresh link for the whole time; the older one opens nothing any more. Also of one that has run out, not of one
    that was revoked.
    """
    invitations.resend(call.act, call.authority, call.portal, call.ids["registration"])
    return _shown(call)


@operation(
    "POST", f"{_ENTRY}/revoke", _GROUP, gives=Registration, replay=done_before, refusals=("already-decided",)
)  # fmt: skip
def revoke_invitation(call: Call[None, None]) -> Answer:
    """Revoke an invitation.

    Its link opens nothing from now on. It stays in the list, marked.
    """
    invitations.revoke(call.act, call.authority, call.portal, call.ids["registration"])
    return _shown(call)


def _taken(call: Call[None, LinksWanted]) -> Answer:
    found = sending.get(call.slug, call.authority, call.new_id)
    where = {"Location": f"{settings.public_url}{path(call.slug, 'registration-links', call.new_id)}"}
    return Answer(found, 201 if found.state == "done" else 202, headers=where)


def _shown(call: Call[None, None]) -> Answer:
    row = entries.get(call.slug, call.ids["registration"], call.authority)
    return one(entries.shown(call.portal, row, invitations.delivery(call.slug, row)))
