"""The support desk over the API: why somebody cannot sign in, and what helps."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from ..people.staff import By
from ..storage import Page
from ..support import acts, diagnosis, people, verifying
from ..support.acts import ContactUnlocked, Helped
from ..support.diagnosis_shapes import Diagnosis, Told
from ..support.levels import Desk
from ..support.people import Person
from ..support.verifying import Caller, CallerInput, CodeRead, UsernameTold, Verification, Way
from ..web.operation import Answer, Call, created, one, page
from .registry import AT, operation, path

_GROUP = "Support desk"
_AT = f"{AT}/support"
_USER: Final = f"{_AT}/users/{{user}}"
_VERIFICATION: Final = f"{_AT}/verifications/{{verification}}"


class PersonQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to find."""

    q: Annotated[
        str,
        Meta(
            min_length=2,
            max_length=200,
            description="A name (as it is written, or the last name first), an email address, a username or a client number.",
        ),
    ]


@operation(
    "POST", f"{_AT}/diagnose", _GROUP, body=Told, gives=Diagnosis,
    example={"client_number": "NW-1001", "last_name": "Nunez", "destination": "maria@northwind.example"},
)  # fmt: skip
def diagnose(call: Call[None, Told]) -> Answer:
    """Find out why somebody cannot sign in.

    Give what the caller says they typed. Every check is made in order: the first that fails is named, with the act that
    fixes it. Real attempts of the last seven days are told too, never a code. It changes nothing; a POST only so that what
    was typed stands in no address.
    """
    return one(diagnosis.diagnose(call.portal, call.body, scopes=call.caller.scopes))


@operation("GET", f"{_AT}/people", _GROUP, query=PersonQuery, gives=Person, many=True)
def find_people(call: Call[PersonQuery, None]) -> Answer:
    """Find people.

    Contacts and users of every kind in one list, at most 50: type more where there are many. What one of your permissions
    does not show is masked.
    """
    found = people.found(call.slug, call.query.q, scopes=call.caller.scopes)
    return page(Page(found), path(call.slug, "support", "people"), call.query)


def unlocked_before(call: Call[None, None]) -> Answer:
    """The contact of a call that was carried out before."""
    return one(acts.unlocked(call.slug, call.ids["contact"]))


@operation(
    "POST", f"{_AT}/contacts/{{contact}}/unlock", _GROUP, gives=ContactUnlocked, replay=unlocked_before,
    refusals=("conflict",),
)  # fmt: skip
def unlock_contact(call: Call[None, None]) -> Answer:
    """Unlock a contact who signs in by codes.

    Wrong codes in a row are forgotten, and the contact is told. A code that was sent before still has the tries it has.
    """
    return one(acts.unlock_contact(call.act, call.ids["contact"]))


def helped_before(call: Call[None, None]) -> Answer:
    """The user, as they now are, of a call that was carried out before."""
    return _helped(call)


@operation("POST", f"{_USER}/unlock", _GROUP, gives=Helped, replay=helped_before, refusals=("conflict", "stale"))
def unlock_any_user(call: Call[None, None]) -> Answer:
    """Unlock a user of any kind.

    After too many wrong passwords or codes, a lock, or "this was not me". The user is told. On colleagues up to your own
    level; users of offices take users:manage besides, those of records selfservice:manage.
    """
    acts.unlock(call.act, _desk(call), call.portal, call.ids["user"])
    return _helped(call)


@operation("POST", f"{_USER}/reset-factors", _GROUP, gives=Helped, replay=helped_before, refusals=("conflict", "stale"))
def reset_any_factors(call: Call[None, None]) -> Answer:
    """Reset the second factor of a user of any kind.

    For a lost phone, once the caller is verified. Factors, recovery codes and remembered devices are gone, every session
    ends, and the user is told. The next sign-in sets up anew, after a code to the contact on file.
    """
    acts.reset_factors(call.act, _desk(call), call.ids["user"])
    return _helped(call)


@operation(
    "POST", f"{_USER}/send-link", _GROUP, gives=Helped, replay=helped_before,
    refusals=("conflict", "not-in-this-state", "stale", "too-many-requests"),
)  # fmt: skip
def send_fresh_link(call: Call[None, None]) -> Answer:
    """Send a fresh link to a user of any kind.

    Whatever lets this one in again: the link to create a credential or to reset the password, a staff invitation, a
    temporary password, a record's password link. It goes to the addresses on file, and you see none of it.
    """
    acts.send_link(call.act, _desk(call), call.portal, call.ids["user"])
    return _helped(call)


@operation("GET", f"{_AT}/verifications", _GROUP, query=Caller, gives=Way, many=True)
def list_verification_ways(call: Call[Caller, None]) -> Answer:
    """List how a caller can be verified.

    The email address and the mobile number on file, masked: let the caller choose.
    """
    found = verifying.ways(call.act, _desk(call), call.query)
    return page(Page(found), path(call.slug, "support", "verifications"), call.query)


def begun_before(call: Call[None, CallerInput]) -> Answer:
    """The verification of a call that was carried out before."""
    return _begun(call, call.new_id)


@operation(
    "POST", f"{_AT}/verifications", _GROUP, body=CallerInput, gives=Verification, status=201, replay=begun_before,
    refusals=("locked", "too-many-requests"),
    example={"kind": "contact", "id": "019a9f6f3c7e7d10a2b4c6d8e0f20407", "channel": "email"},
)  # fmt: skip
def verify_caller(call: Call[None, CallerInput]) -> Answer:
    """Verify a caller.

    A six-digit code goes to the contact on file. The caller reads it out within ten minutes, and you type it. It is shown to
    no member of staff, and signs nobody in. Counted with whatever other codes go to this address.
    """
    made = verifying.begin(call.act, _desk(call), call.body, verification_id=call.new_id)
    return _begun(call, made)


@operation("GET", _VERIFICATION, _GROUP, gives=Verification)
def read_verification(call: Call[None, None]) -> Answer:
    """Read a verification that you have started."""
    return _verification(call)


def entered_before(call: Call[None, CodeRead]) -> Answer:
    """The verification after the right code of a call that was carried out before."""
    return _verification(call)


@operation(
    "POST", f"{_VERIFICATION}/code", _GROUP, body=CodeRead, gives=Verification, replay=entered_before,
    refusals=("conflict", "locked"), example={"code": "123456"},
)  # fmt: skip
def enter_callers_code(call: Call[None, CodeRead]) -> Answer:
    """Type the code that the caller reads out.

    After three wrong ones the code is over: start anew.
    """
    verifying.enter(call.act, call.ids["verification"], call.body.code)
    return _verification(call)


def told_before(call: Call[None, None]) -> Answer:
    """The username that was told by this very call before."""
    return one(verifying.told_before(call.act, _desk(call), call.ids["verification"]))


@operation(
    "POST", f"{_VERIFICATION}/username", _GROUP, gives=UsernameTold, replay=told_before,
    refusals=("conflict", "too-many-requests"),
)  # fmt: skip
def tell_username(call: Call[None, None]) -> Answer:
    """Tell a verified caller their username.

    Once, within ten minutes of the right code. It is on record, and the username's owner gets a mail about it.
    """
    return one(verifying.tell_username(call.act, _desk(call), call.ids["verification"]))


def _begun(call: Call[None, CallerInput], identifier: str) -> Answer:
    return created(verifying.get(call.act, identifier), path(call.slug, "support", "verifications", identifier))


def _verification(call: Call[None, Any]) -> Answer:
    return one(verifying.get(call.act, call.ids["verification"]))


def _helped(call: Call[None, None]) -> Answer:
    return one(acts.helped(call.slug, call.ids["user"]))


def _desk(call: Call[Any, Any]) -> Desk:
    caller = call.caller
    by = By(caller.role, caller.name, caller.id) if caller.browser else By(caller.role)
    return Desk(caller.scopes, by, caller.authority)
