"""Staff users over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta

from ..errors import Stale
from ..facts import Act
from ..people import staff
from ..people.staff import By, StaffInput, StaffUser
from ..web.operation import Answer, Call, Paging, created, one, page
from .changing import changed
from .registry import AT, operation, path

_GROUP = "Staff"
_TRIES = 4  # when the user, or the owner who stays, changes meanwhile
_ONE = f"{AT}/staff/{{user}}"
_EXAMPLE: dict[str, Any] = {
    "first_name": "Ana",
    "last_name": "Silva",
    "email": "ana.silva@acme.example",
    "role": "support",
}


class StaffQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort staff users."""

    sort: Annotated[
        Literal["name", "-name", "created_at", "-created_at"],
        Meta(description="By what to sort; a leading - turns it round."),
    ] = "name"


@operation("GET", f"{AT}/staff", _GROUP, query=StaffQuery, gives=StaffUser, many=True)
def list_staff(call: Call[StaffQuery, None]) -> Answer:
    """List staff users.

    By name, deactivated ones too.
    """
    query = call.query
    found = staff.listed(call.slug, sort=query.sort, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "staff"), query)


def invited_before(call: Call[None, StaffInput]) -> Answer:
    """The staff user of an invitation that went out before."""
    return created(staff.get(call.slug, call.new_id), path(call.slug, "staff", call.new_id))


@operation(
    "POST", f"{AT}/staff", _GROUP, body=StaffInput, gives=StaffUser, status=201, replay=invited_before,
    refusals=("username-taken", "too-many-requests"), example=_EXAMPLE,
)  # fmt: skip
def invite_staff(call: Call[None, StaffInput]) -> Answer:
    """Invite a staff user.

    A mail goes to the address, with a link that works once within 24 hours: to choose a password, and set up a second
    factor. The address is the username for good. Nobody gives a role above their own.
    """
    made = staff.invite(call.act, _by(call), call.body, user_id=call.new_id)
    return created(made, path(call.slug, "staff", made.id))


@operation("GET", _ONE, _GROUP, gives=StaffUser)
def read_staff(call: Call[None, None]) -> Answer:
    """Read a staff user."""
    return one(staff.get(call.slug, call.ids["user"]))


@operation(
    "PATCH", _ONE, _GROUP, body=StaffInput, takes="patch", gives=StaffUser, refusals=("conflict", "stale"),
    example={"role": "administrator"},
)  # fmt: skip
def change_staff(call: Call[None, Any]) -> Answer:
    """Change a staff user's name, address or role.

    A role counts from the next request on. The address of before is told that it was replaced, and what was sent there
    opens nothing any more; an invitation that was not accepted is sent anew with invite.
    """
    user_id = call.ids["user"]
    return changed(
        call,
        StaffInput,
        read=lambda: staff.get(call.slug, user_id),
        change=lambda wanted, version: staff.change(call.act, _by(call), user_id, wanted, version=version),
    )


def done_before(call: Call[None, None]) -> Answer:
    """The staff user, as it now is, of a call that was carried out before."""
    return one(staff.get(call.slug, call.ids["user"]))


@operation(
    "POST", f"{_ONE}/invite", _GROUP, gives=StaffUser, replay=done_before, refusals=("conflict", "stale", "too-many-requests")
)  # fmt: skip
def invite_staff_again(call: Call[None, None]) -> Answer:
    """Send an invitation again.

    To the address on file; older invitations open nothing any more. Refused once a password was chosen.
    """
    return _done(call, staff.send_invitation_again)


@operation("POST", f"{_ONE}/deactivate", _GROUP, gives=StaffUser, replay=done_before, refusals=("conflict", "stale"))
def deactivate_staff(call: Call[None, None]) -> Answer:
    """Deactivate a staff user.

    Every session ends at once. The username stays theirs. Nobody deactivates themselves, or the last owner.
    """
    return _done(call, staff.deactivate)


@operation("POST", f"{_ONE}/reactivate", _GROUP, gives=StaffUser, replay=done_before, refusals=("conflict", "stale"))
def reactivate_staff(call: Call[None, None]) -> Answer:
    """Reactivate a staff user.

    With the password and the second factor of before.
    """
    return _done(call, staff.reactivate)


@operation("POST", f"{_ONE}/reset-factors", _GROUP, gives=StaffUser, replay=done_before, refusals=("conflict", "stale"))
def reset_staff_factors(call: Call[None, None]) -> Answer:
    """Reset a staff user's second factor.

    For a lost phone: factors and recovery codes are gone, the user is told, and the next sign-in sets up anew.
    """
    return _done(call, staff.reset_factors)


@operation(
    "POST", f"{_ONE}/temporary-password", _GROUP, gives=StaffUser, replay=done_before,
    refusals=("conflict", "stale", "too-many-requests"),
)  # fmt: skip
def send_temporary_password(call: Call[None, None]) -> Answer:
    """Send a temporary password.

    It is made for this user, mailed, and seen by nobody else. It lasts 24 hours and must be changed at first use; every
    session ends, and the second factor is still asked for.
    """
    return _done(call, staff.send_temporary_password)


@operation("POST", f"{_ONE}/unlock", _GROUP, gives=StaffUser, replay=done_before, refusals=("conflict", "stale"))
def unlock_staff(call: Call[None, None]) -> Answer:
    """Unlock a staff user.

    After too many wrong passwords or codes, or after they said that a sign-in was not them. The user is told.
    """
    return _done(call, staff.unlock)


def _done(call: Call[None, None], flow: Callable[[Act, By, str], StaffUser]) -> Answer:
    """Do it to the user of the path, again if a change came in between."""
    for _ in range(_TRIES - 1):
        try:
            return one(flow(call.act, _by(call), call.ids["user"]))
        except Stale:
            continue
    return one(flow(call.act, _by(call), call.ids["user"]))


def _by(call: Call[Any, Any]) -> By:
    caller = call.caller
    return By(caller.role, caller.name, caller.id) if caller.browser else By(caller.role)
