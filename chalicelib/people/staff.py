"""Staff users of a portal: invited by mail, changed, shut out and let in again by colleagues.

Three rules hold for all of it. Nobody acts on a role above their own, nor gives one. Nobody changes their own role or shuts
themselves out. The last owner who can sign in stays one. Whoever starts a reset never sees, chooses or learns a secret. A
username is the address somebody was first invited at: it never changes, and nobody else ever gets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from .. import clock, facts, fields, ids
from ..errors import Conflict, Forbidden, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..portals.permissions import may_grant
from ..security import identities, links
from ..storage import Page, Transaction
from . import mailing, matching, user_changes, user_factors, usernames, users
from .shapes import Email, ProfileCard, UserDetails
from .telling import tell, tell_replaced
from .users import User, UsernameTaken

C = TypeVar("C", bound=ProfileCard)
Role = Literal["owner", "administrator", "support", "agent"]
STEP_UP = "step-up"  # under which tries at showing a second factor again are counted
_INVITED_SECONDS = 24 * 3600  # docs/security.md, "Decided numbers"
_TAKEN = (
    "Somebody in this portal has this address as username. If it is a colleague who was deactivated, find them in the list "
    "and reactivate them."
)
_LAST_OWNER = "This is the last owner who can sign in here. Make somebody else an owner first."


class StaffInput(ProfileCard, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What colleagues can say of a staff user."""

    first_name: fields.Line = ""
    last_name: fields.Line = ""
    email: Annotated[Email, Meta(min_length=1, description="Where messages about the sign-in go.")]
    role: Annotated[
        Role, Meta(description="From the highest level to the lowest: owner, administrator, support, agent.")
    ]


# What a user's details hold of it; staff have no middle name.
_SAID = tuple(name for name in UserDetails.__struct_fields__ if name in StaffInput.__struct_fields__)


class StaffUser(StaffInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A staff user. `invited`: no password has been chosen yet. The username never changes."""

    id: str
    version: Annotated[int, Meta(description="Counts every change but sign-ins.")]
    username: str
    state: Literal["invited", "active", "locked", "deactivated"]
    second_factors: tuple[Literal["totp", "sms"], ...]
    has_temporary_password: bool
    last_sign_in: str | None
    created_at: str
    updated_at: str


class By(msgspec.Struct, frozen=True):
    """Who acts on staff: their role, and of a staff user the name and id."""

    role: str
    name: str = ""
    user_id: str = ""


def get(portal: str, user_id: str) -> StaffUser:
    """A staff user. Raises NotFound."""
    return _shown(_user(portal, user_id))


def listed(portal: str, *, sort: str = "name", limit: int = 50, cursor: str | None = None) -> Page[StaffUser]:
    """The staff of a portal, by `name` or `created_at` (a leading - turns it round); deactivated ones too."""
    found = users.listed(portal, "staff", sort=sort, limit=limit, cursor=cursor)
    return Page([_shown(user) for user in found.items], found.cursor)


def invite(act: Act, by: By, wanted: StaffInput, *, country: str = "", user_id: str | None = None) -> StaffUser:
    """A new staff user, and the mail that lets them choose a password. Raises Forbidden, Invalid, UsernameTaken.

    `country` is where a phone number without a country code is from; where it is not known, such a number is refused.
    """
    user_id = user_id or ids.new()
    _must_reach(act, by, user_id, wanted.role)
    email = _email(wanted.email)
    username = _username(email)
    tx = act.transaction()
    users.add(
        tx,
        act.portal,
        user_id=user_id,
        kind="staff",
        username=username,
        username_key=usernames.key(username),
        role=wanted.role,
        details=_details(wanted, email, country),
        emails=(email,),
    )
    _send_invitation(tx, act, by, user_id, email, wanted.role)
    try:
        mailing.commit(tx)
    except UsernameTaken:
        raise UsernameTaken(_TAKEN) from None
    return get(act.portal, user_id)


def send_invitation_again(act: Act, by: By, user_id: str) -> StaffUser:
    """A fresh invitation over the old one. Raises Forbidden, Conflict once a password was chosen, TooMany."""
    user = _reached(act, by, user_id)
    _must_not_be_deactivated(user)
    if user.password_hash is not None:
        raise Conflict("This user has accepted the invitation. Send a temporary password if theirs is forgotten.")
    tx = act.transaction()
    user_changes.still(tx, user, Stale())
    _send_invitation(tx, act, by, user.id, user.emails[0], user.role)
    mailing.commit(tx)
    return get(act.portal, user_id)


def change(
    act: Act, by: By, user_id: str, wanted: StaffInput, *, country: str = "", version: int | None = None
) -> StaffUser:
    """Another name, address, role or card. A replaced address is told, and links that went there are over.

    A role counts from the next request on. Raises Forbidden, Conflict (the last owner), Stale.
    """
    user = _reached(act, by, user_id)
    if version is not None and version != user.version:
        raise Stale
    email = _email(wanted.email) if wanted.email != user.details.email else wanted.email
    details = _details(wanted, email, country)
    if details == user.details and wanted.role == user.role:
        return _shown(user)
    tx = act.transaction()
    if wanted.role != user.role:
        _must_reach(act, by, user.id, wanted.role)
        _must_not_be_self(act, by, user, "You cannot change your own role. Ask another owner or administrator.")
        _keep_an_owner(tx, user)
    user_changes.change_details(tx, user, details, role=wanted.role)
    if details.email != user.details.email:
        tell_replaced(tx, act, user)
        _cancel_links(tx, user)
    facts.record(tx, act, Kind.STAFF_CHANGED, _about(user.id), changes(user, details, wanted.role))
    tx.commit()
    return get(act.portal, user_id)


def deactivate(act: Act, by: By, user_id: str) -> StaffUser:
    """Shut out, at once and everywhere; the username stays theirs. Raises Forbidden, Conflict (the last owner)."""
    user = _reached(act, by, user_id)
    _must_not_be_self(act, by, user, "You cannot deactivate yourself. Ask another owner or administrator.")
    if user.state == "deactivated":
        return _shown(user)
    tx = act.transaction()
    _keep_an_owner(tx, user)
    _add_deactivation(tx, act, user)
    tx.commit()
    return get(act.portal, user_id)


def reactivate(act: Act, by: By, user_id: str) -> StaffUser:
    """Let in again, with the password and second factor of before. Raises Forbidden, Conflict if locked."""
    user = _reached(act, by, user_id)
    if user.state == "locked":
        raise Conflict("This user is locked, not deactivated. Unlock them instead.")
    if user.is_active:
        return _shown(user)
    tx = act.transaction()
    user_changes.set_state(tx, user, "active")
    facts.record(tx, act, Kind.STAFF_REACTIVATED, _about(user.id))
    tx.commit()
    return get(act.portal, user_id)


def reset_factors(act: Act, by: By, user_id: str) -> StaffUser:
    """Take second factors and recovery codes away: the next sign-in sets up anew. Raises Forbidden, Conflict without any."""
    user = _reached(act, by, user_id)
    _must_not_be_self(act, by, user, "Change your own second factor on your security page.")
    if not user.factors:
        raise Conflict("This user has no second factor: the next sign-in sets one up.")
    tx = act.transaction()
    user_factors.reset_factors(tx, user)
    facts.record(tx, act, Kind.STAFF_FACTOR_RESET, _about(user.id), {"factors": [list(user.factors), []]})
    tell(tx, act, user, "factor-reset")
    tx.commit()
    return get(act.portal, user_id)


def send_temporary_password(act: Act, by: By, user_id: str) -> StaffUser:
    """Mail a password that lasts a day and must be changed at first use; every session ends. Nobody sees it but its owner.

    Raises Forbidden, Conflict for whoever cannot sign in, TooMany.
    """
    user = _reached(act, by, user_id)
    _must_not_be_self(act, by, user, "Change your own password on your security page.")
    _must_not_be_deactivated(user)
    if user.state == "locked":
        raise Conflict("This user is locked. Unlock them first.")
    if user.password_hash is None:
        raise Conflict("This user has not accepted the invitation yet. Send the invitation again.")
    tx = act.transaction()
    mailing.send_temporary_password(tx, act, user)
    facts.record(tx, act, Kind.STAFF_PASSWORD_SENT, _about(user.id))
    mailing.commit(tx)
    return get(act.portal, user_id)


def unlock(act: Act, by: By, user_id: str) -> StaffUser:
    """Forget wrong tries in a row, and open a user that was locked. Raises Forbidden, Conflict if deactivated."""
    user = _reached(act, by, user_id)
    _must_not_be_deactivated(user)
    tx = act.transaction()
    if user.state == "locked":
        user_changes.set_state(tx, user, "active")
    identities.settle(tx, act.portal, users.tried_as("staff", user.username_key))
    identities.settle(tx, act.portal, identities.identity(STEP_UP, user.id))
    facts.record(tx, act, Kind.CREDENTIAL_UNLOCKED, _about(user.id), {"state": [user.state, "active"]})
    tell(tx, act, user, "unlocked")
    tx.commit()
    return get(act.portal, user_id)


def first_owner(act: Act, email: str) -> StaffUser:
    """Invite a portal's first owner. Raises Conflict where there is one who has accepted.

    Done again for the same address, the invitation is sent again; for another one, the earlier is withdrawn.
    """
    by, owners = By("owner"), list(_owners(act.portal))
    if any(owner.password_hash is not None for owner in owners):
        raise Conflict("This portal has an owner already. Owners invite the others.")
    waiting = [owner for owner in owners if owner.username_key == usernames.key(email)]
    made = (
        send_invitation_again(act, by, waiting[0].id)
        if waiting
        else invite(act, by, StaffInput(email=email, role="owner"))
    )
    for owner in owners:
        if owner not in waiting:
            tx = act.transaction()
            _add_deactivation(tx, act, owner)
            tx.commit()
    return made


def _reached(act: Act, by: By, user_id: str) -> User:
    """The staff user, if they are not above whoever acts. Raises NotFound, Forbidden."""
    user = _user(act.portal, user_id)
    _must_reach(act, by, user.id, user.role)
    return user


def _user(portal: str, user_id: str) -> User:
    user = users.by_id(portal, user_id)
    if user is None or user.kind != "staff":
        raise NotFound("There is no staff user with this id.")
    return user


def _must_reach(act: Act, by: By, user_id: str, role: str) -> None:
    if not may_grant(by.role, role):
        who = f"As {by.role}" if by.role else "Without staff:manage"
        _refuse(act, user_id, role, f"{who} you cannot act on the role {role}: it is above your level.")


def _must_not_be_self(act: Act, by: By, user: User, why: str) -> None:
    if by.user_id == user.id:
        _refuse(act, user.id, user.role, why)


def _refuse(act: Act, user_id: str, role: str, why: str) -> None:
    """Say no, and keep a record of who tried: outside the act's own transaction, which never comes."""
    tx = Transaction()
    facts.record(tx, act, Kind.STAFF_REFUSED, _about(user_id), {"role": role, "why": why})
    tx.commit()
    raise Forbidden(why)


def _must_not_be_deactivated(user: User) -> None:
    if user.state == "deactivated":
        raise Conflict("This user is deactivated. Reactivate them first.")


def _keep_an_owner(tx: Transaction, user: User) -> None:
    """Add to the transaction that another owner who can sign in stays one while this one goes. Raises Conflict."""
    if user.role != "owner" or user.state == "deactivated" or user.password_hash is None:
        return
    for owner in _owners(user.portal):
        if owner.id != user.id and owner.is_active and owner.password_hash is not None:
            user_changes.still(tx, owner, Stale())
            return
    raise Conflict(_LAST_OWNER)


def _owners(portal: str) -> Iterator[User]:
    """The owners who are not deactivated, as of now."""
    cursor = None
    while True:
        page = users.listed(portal, "staff", limit=100, cursor=cursor)
        for listed_user in page.items:
            user = users.find(portal, listed_user.username_key) if listed_user.role == "owner" else None
            if user is not None and user.role == "owner" and user.state != "deactivated":
                yield user
        cursor = page.cursor
        if cursor is None:
            return


def _add_deactivation(tx: Transaction, act: Act, user: User) -> None:
    user_changes.set_state(tx, user, "deactivated")
    _cancel_links(tx, user)
    facts.record(tx, act, Kind.STAFF_DEACTIVATED, _about(user.id))


def _cancel_links(tx: Transaction, user: User) -> None:
    """What lies in a mailbox opens nothing any more."""
    links.cancel(tx, user.portal, "staff-invitation", user.id)
    links.cancel(tx, user.portal, "password-reset", user.id)


def _send_invitation(tx: Transaction, act: Act, by: By, user_id: str, email: str, role: str) -> None:
    link = links.issue(tx, act.portal, "staff-invitation", user_id, seconds=_INVITED_SECONDS)
    own = {**links.context(link), "inviter": by.name, "role": role}
    mailing.mail(tx, act, "staff-invitation", user_id, email, own, link.valid_until)
    facts.record(tx, act, Kind.STAFF_INVITED, _about(user_id), {"role": role})


def _email(typed: str) -> str:
    email = matching.email_checked(typed)
    if email is None:
        raise Invalid(fields={"email": matching.email_fault(typed)})
    return email


def _username(email: str) -> str:
    try:
        return usernames.checked(email)
    except Invalid:
        raise Invalid(
            fields={"email": "This address cannot be a username: use one of at most 100 letters, digits and . _ - + '."}
        ) from None


def _details(wanted: StaffInput, email: str, country: str) -> UserDetails:
    said = fields.values(checked_card(wanted, country), StaffInput)
    return UserDetails(**{**{name: said[name] for name in _SAID}, "email": email})


def checked_card(wanted: C, country: str) -> C:
    """The same with the phone number in E.164. Raises Invalid."""
    number = matching.phone_key(wanted.phone, country) if wanted.phone else None
    if wanted.phone and number is None:
        raise Invalid(fields={"phone": matching.NO_PHONE})
    return msgspec.structs.replace(wanted, phone=number)


def changes(user: User, details: UserDetails, role: str) -> dict[str, object]:
    """Roles as they are, of what is personal only that it changed."""
    found: dict[str, object] = {"role": [user.role, role]} if role != user.role else {}
    for name in UserDetails.__struct_fields__:
        if getattr(details, name) != getattr(user.details, name):
            found[name] = "changed"
    return found


def _shown(user: User) -> StaffUser:
    state: Any = "invited" if user.is_active and user.password_hash is None else user.state
    return StaffUser(
        **{name: getattr(user.details, name) for name in _SAID if name != "email"},
        email=user.details.email or "",
        role=user.role,  # type: ignore[arg-type]
        id=user.id,
        version=user.version,
        username=user.username,
        state=state,
        second_factors=user.factors,
        has_temporary_password=user.must_change,
        last_sign_in=clock.text(user.signed_in_at),
        created_at=clock.text(user.created_at) or "",
        updated_at=clock.text(user.updated_at) or "",
    )


def _about(user_id: str) -> str:
    return facts.subject("user", user_id)
