"""What the support desk does for somebody who cannot get in: unlock, reset the second factor, send a fresh link.

Each is on record and told to its owner, and shows no secret to whoever does it. What exists for one kind of user is called
here, not written again: `people.staff`, `people.office_desk`, `people.credentials`, `selfservice.access`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from .. import facts
from ..errors import Conflict, Stale
from ..facts import Act, Kind
from ..messaging import addresses
from ..messaging.queue import queue
from ..people import accounts, contacts, credentials, office_desk, staff, user_changes, user_factors, users
from ..people.shapes import Contact
from ..people.staff import STEP_UP
from ..people.telling import tell
from ..people.users import User
from ..portals import Portal
from ..security import identities
from ..selfservice import access
from ..storage import Transaction, afresh
from . import levels, verifying
from .case import code_identity
from .levels import Desk

Link = Literal["credential-create", "password-reset", "staff-invitation", "temporary-password", "self-service-password"]
_NO_FACTOR: Final = "This user has no second factor: none is asked, or the next sign-in sets one up."
_NO_ADDRESS: Final = (
    "No email address is on file, and the next sign-in proves who it is by a code to one. Add an address first."
)
_SHUT: Final = {
    "deleted": "This user is deleted. Restore them first.",
    "deactivated": "This user is deactivated. Reactivate them first.",
    "pending": "This registration waits for review. Decide it first.",
}


class Helped(Struct, frozen=True, kw_only=True):
    """A user after something was done for them."""

    id: str
    kind: users.Kind
    state: users.State
    second_factors: tuple[Literal["totp", "sms"], ...]
    link: Annotated[Link, Meta(description="What a fresh link to this user would be, or was.")]
    sent_to: Annotated[tuple[str, ...], Meta(description="The addresses that mails to this user go to, masked.")]


class ContactUnlocked(Struct, frozen=True, kw_only=True):
    """A contact whose wrong codes are forgotten."""

    contact_id: str
    told: Annotated[str | None, Meta(description="Where the contact was told, masked; null: nothing is on file.")]


def helped(portal: str, user_id: str) -> Helped:
    """The user as of now. Raises NotFound."""
    user = users.get(portal, user_id)
    return Helped(
        id=user.id,
        kind=user.kind,
        state=user.state,
        second_factors=user.factors,
        link=_link(user),
        sent_to=tuple(addresses.masked("email", each) for each in user.reset_emails),
    )


def unlock_contact(act: Act, contact_id: str) -> ContactUnlocked:
    """Forget a contact's wrong codes, in browsers that are not known. Raises NotFound, Conflict without a client number."""
    contact = contacts.get(act.portal, contact_id)
    number = accounts.get(act.portal, contact.account_id).number
    if not number:
        raise Conflict("The account has no client number, so nobody signs in with one.")
    tx, subject = act.transaction(), facts.subject("contact", contact_id)
    identities.settle(tx, act.portal, code_identity(number, contact.last_name))
    identities.settle(tx, act.portal, verifying.tried_as(subject))
    facts.record(tx, act, Kind.CONTACT_UNLOCKED, subject)
    _tell_contact(tx, act, contact)
    tx.commit()
    return unlocked(act.portal, contact_id)


def unlocked(portal: str, contact_id: str) -> ContactUnlocked:
    """The same of a contact who was unlocked before. Raises NotFound."""
    contact = contacts.get(portal, contact_id)
    way = _way(contact)
    return ContactUnlocked(contact_id=contact_id, told=addresses.masked(*way) if way else None)


def unlock(act: Act, desk: Desk, portal: Portal, user_id: str) -> None:
    """Let a user in again who is locked, or locked out. Raises NotFound, Forbidden, Conflict for whoever is shut out."""
    afresh(lambda: _unlock(act, desk, portal, user_id))


def reset_factors(act: Act, desk: Desk, user_id: str) -> None:
    """Take second factors, recovery codes and devices away: the next sign-in sets up anew, after a code to the contact on file.

    Raises NotFound, Forbidden, Conflict where there is none, or no address that the code could go to.
    """
    afresh(lambda: _reset_factors(act, desk, user_id))


def send_link(act: Act, desk: Desk, portal: Portal, user_id: str) -> None:
    """Mail what lets this user in again: see `Helped.link`. Raises NotFound, Forbidden, TooMany, Conflict."""
    afresh(lambda: _send_link(act, desk, portal, user_id))


def _unlock(act: Act, desk: Desk, portal: Portal, user_id: str) -> None:
    user = levels.reached(act, desk, user_id)
    if user.kind == "staff":
        staff.unlock(act, desk.by, user_id)
        return
    if user.kind == "office":
        office_desk.unlock(act, portal, desk.reach, user_id)
        return
    tx = act.transaction()
    if user.state == "locked":
        user_changes.set_state(tx, user, "active")
    else:
        user_changes.still(tx, user, Stale())
    identities.settle(tx, act.portal, users.tried_as(user.side, user.username_key))
    identities.settle(tx, act.portal, identities.identity(STEP_UP, user.id))
    facts.record(tx, act, Kind.CREDENTIAL_UNLOCKED, _about(user), {"state": [user.state, "active"]})
    tell(tx, act, user, "unlocked")
    tx.commit()


def _reset_factors(act: Act, desk: Desk, user_id: str) -> None:
    user = levels.reached(act, desk, user_id)
    if user.kind == "staff":
        staff.reset_factors(act, desk.by, user_id)
        return
    if why := _SHUT.get(user.state):
        raise Conflict(why)
    if not user.factors:
        raise Conflict(_NO_FACTOR)
    if not user.reset_emails:
        raise Conflict(_NO_ADDRESS)
    tx = act.transaction()
    user_factors.reset_factors(tx, user)
    facts.record(tx, act, Kind.USER_FACTOR_RESET, _about(user), {"factors": [list(user.factors), []]})
    tell(tx, act, user, "factor-reset", to=dict.fromkeys((*user.emails, *user.reset_emails)))
    tx.commit()


def _send_link(act: Act, desk: Desk, portal: Portal, user_id: str) -> None:
    user = levels.reached(act, desk, user_id)
    account_id = user.account_id or ""
    match _link(user), user.kind:
        case "staff-invitation", _:
            staff.send_invitation_again(act, desk.by, user_id)
        case "temporary-password", "staff":
            staff.send_temporary_password(act, desk.by, user_id)
        case "temporary-password", _:
            office_desk.reset_password(act, portal, desk.reach, user_id)
        case "self-service-password", _:
            access.send_password(act, portal, account_id)
        case "credential-create", _:
            credentials.send_create(act, portal, account_id)
        case _:
            credentials.send_reset(act, portal, account_id)


def _link(user: User) -> Link:
    """What lets this user in again."""
    if user.kind == "record":
        return "self-service-password"
    if user.kind == "customer":
        return "credential-create" if user.password_hash is None else "password-reset"
    return "staff-invitation" if user.kind == "staff" and user.password_hash is None else "temporary-password"


def _tell_contact(tx: Transaction, act: Act, contact: Contact) -> None:
    way = _way(contact)
    if way:
        channel, to = way
        queue(
            tx, act, template="sign-in-unlocked", channel=channel, to=to, about=facts.subject("contact", contact.id),
            context={"contact_first_name": contact.first_name}, urgent=True,
        )  # fmt: skip


def _way(contact: Contact) -> tuple[Literal["email", "sms"], str] | None:
    if contact.emails:
        return "email", contact.emails[0]
    return ("sms", contact.mobile) if contact.mobile else None


def _about(user: User) -> str:
    return facts.subject("user", user.id)
