"""The desk of whoever looks after users of offices: find, export, change, lock, delete them, and let them in again.

Staff do so everywhere, a manager within their own office: see `authority`. Nobody acts on somebody above them or locks,
deletes, resets or promotes themselves, and an office keeps a manager who can sign in. Who is outside is not there at all.
"""

from __future__ import annotations

import msgspec

from .. import facts
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..portals import Portal
from ..security import identities, links
from ..storage import Page, Transaction
from . import accounts, authority, contacts, mailing, matching, office_lists, user_changes, users
from .authority import Authority
from .office_lists import OfficeUser, OfficeUserInput, UserFilters
from .shapes import UserDetails
from .staff import STEP_UP
from .telling import tell, tell_replaced
from .users import User

MOST_EXPORTED = 10_000
_LOCKED_BY_HAND = "administrator"
_OPENED_BY_MAIL: tuple[links.Purpose, ...] = ("password-reset", "not-me", "contact-confirmation")
_TOO_MANY_ROWS = f"More than {MOST_EXPORTED:,} users match. Narrow the list, by office or role for instance."
_LAST_MANAGER = (
    "This is the last user who can look after this office's users. Make somebody else an administrator there first."
)
_DELETED = "This user is deleted. Restore them first."
_NO_ROLE = "This portal has no such role."


def get(portal: Portal, by: Authority, user_id: str) -> OfficeUser:
    """A user within reach. Raises NotFound."""
    return office_lists.shown(portal, [_user(portal, by, user_id)])[0]


def listed(
    portal: Portal, by: Authority, wanted: UserFilters, *, limit: int = 50, cursor: str | None = None
) -> Page[OfficeUser]:
    """The users within reach that fit."""
    page = office_lists.found(portal.slug, by, wanted, limit=limit, cursor=cursor)
    return Page(office_lists.shown(portal, page.items), page.cursor)


def exported(act: Act, portal: Portal, by: Authority, wanted: UserFilters) -> list[OfficeUser]:
    """All users within reach that fit, and a fact of how many were taken away. Raises Invalid for more than 10,000."""
    rows: list[OfficeUser] = []
    cursor = None
    while True:
        page = listed(portal, by, wanted, limit=100, cursor=cursor)
        rows += page.items
        cursor = page.cursor
        if len(rows) > MOST_EXPORTED:
            raise Invalid(_TOO_MANY_ROWS)
        if cursor is None:
            break
    about = facts.subject("account", by.account_id) if by.account_id else facts.subject("portal", portal.slug)
    tx = act.transaction()
    facts.record(tx, act, Kind.OFFICE_USERS_EXPORTED, about, {"count": len(rows)})
    tx.commit()
    return rows


def change(
    act: Act, portal: Portal, by: Authority, user_id: str, wanted: OfficeUserInput, *, version: int | None = None
) -> OfficeUser:
    """Another name, title, address, phone, role or preference. Raises Forbidden, Invalid, Conflict, Stale.

    The address of before is told, and for a day still gets what resets a password. Whoever becomes a manager is signed out,
    since a manager signs in with a second factor.
    """
    user = _acted_on(act, portal, by, user_id, on_self=True)
    if version is not None and version != user.version:
        raise Stale
    details = _details(user, wanted, portal.country)
    is_new_role = wanted.role != user.role
    if details == user.details and not is_new_role and wanted.preferences == user.preferences:
        return get(portal, by, user_id)
    tx = act.transaction()
    if is_new_role:
        _may_take(act, portal, by, user, wanted.role)
        _keep_a_manager(tx, portal, user)
    role = portal.role(wanted.role)
    user_changes.change_details(
        tx, user, details, role=wanted.role, preferences=wanted.preferences,
        signs_out=is_new_role and role is not None and role.is_manager,
    )  # fmt: skip
    if details.email != user.details.email:
        tell_replaced(tx, act, user)
        links.cancel(tx, act.portal, "password-reset", user.id)
    facts.record(tx, act, Kind.OFFICE_USER_CHANGED, _about(user), _changes(user, details, wanted))
    tx.commit()
    return get(portal, by, user_id)


def reset_password(act: Act, portal: Portal, by: Authority, user_id: str) -> OfficeUser:
    """Mail a temporary password, which nobody but its owner sees. Sessions and devices end.

    Raises Forbidden, TooMany, and Conflict for whoever is locked or deleted or has no address.
    """
    user = _acted_on(act, portal, by, user_id)
    if user.state == "locked":
        raise Conflict("This user is locked. Unlock them first.")
    if not user.reset_emails:
        raise Conflict("This user has no email address. Add one first.")
    tx = act.transaction()
    mailing.send_temporary_password(tx, act, user)
    facts.record(tx, act, Kind.OFFICE_USER_PASSWORD_SENT, _about(user))
    mailing.commit(tx)
    return get(portal, by, user_id)


def lock(act: Act, portal: Portal, by: Authority, user_id: str, reason: str) -> OfficeUser:
    """Shut out at once and everywhere until somebody unlocks. Raises Forbidden, Conflict (deleted, the last manager)."""
    user = _acted_on(act, portal, by, user_id)
    tx = act.transaction()
    if user.is_active:
        _keep_a_manager(tx, portal, user)
    user_changes.set_state(tx, user, "locked", _LOCKED_BY_HAND, note=reason)
    links.cancel(tx, act.portal, "password-reset", user.id)
    facts.record(tx, act, Kind.OFFICE_USER_LOCKED, _about(user), {"state": [user.state, "locked"]})
    tx.commit()
    return get(portal, by, user_id)


def unlock(act: Act, portal: Portal, by: Authority, user_id: str) -> OfficeUser:
    """Open a user that was locked, and forget wrong tries in a row; the user is told. Raises Forbidden, Conflict (deleted)."""
    user = _acted_on(act, portal, by, user_id)
    tx = act.transaction()
    if user.state == "locked":
        user_changes.set_state(tx, user, "active")
    else:
        user_changes.still(tx, user, Stale())
    identities.settle(tx, act.portal, users.tried_as(user.side, user.username_key))
    identities.settle(tx, act.portal, identities.identity(STEP_UP, user.id))
    facts.record(tx, act, Kind.OFFICE_USER_UNLOCKED, _about(user), {"state": [user.state, "active"]})
    tell(tx, act, user, "unlocked")
    tx.commit()
    return get(portal, by, user_id)


def delete(act: Act, portal: Portal, by: Authority, user_id: str, *, version: int | None = None) -> None:
    """Shut out for good; nobody else ever gets the username. Raises Forbidden, Conflict (the last manager), Stale."""
    user = _acted_on(act, portal, by, user_id, may_be_deleted=True)
    if version is not None and version != user.version:
        raise Stale
    if user.state == "deleted":
        return
    tx = act.transaction()
    _keep_a_manager(tx, portal, user)
    user_changes.set_state(tx, user, "deleted")
    for purpose in _OPENED_BY_MAIL:
        links.cancel(tx, act.portal, purpose, user.id)
    facts.record(tx, act, Kind.OFFICE_USER_DELETED, _about(user), {"state": [user.state, "deleted"]})
    tx.commit()


def restore(act: Act, portal: Portal, by: Authority, user_id: str) -> OfficeUser:
    """Undo a deletion, with the password, second factors, and the lock if there was one, of before.

    Raises Forbidden, and Conflict where the contact was removed meanwhile.
    """
    user = _acted_on(act, portal, by, user_id, may_be_deleted=True)
    if user.state != "deleted":
        return get(portal, by, user_id)
    tx = act.transaction()
    if user.contact_id:
        contacts.still_of(tx, act.portal, user.contact_id, user.id)
    state: users.State = "locked" if user.lock_reason else "active"
    user_changes.undelete(tx, user, state)
    facts.record(tx, act, Kind.OFFICE_USER_RESTORED, _about(user), {"state": ["deleted", state]})
    tx.commit()
    return get(portal, by, user_id)


def _user(portal: Portal, by: Authority, user_id: str) -> User:
    user = users.by_id(portal.slug, user_id)
    if user is None or not office_lists.is_shown(by, user):
        raise NotFound("There is no user of an office with this id.")
    return user


def _acted_on(
    act: Act, portal: Portal, by: Authority, user_id: str, *, on_self: bool = False, may_be_deleted: bool = False
) -> User:
    """The user, if whoever acts may act on them. Raises NotFound, Forbidden, and Conflict for one who is deleted."""
    user = _user(portal, by, user_id)
    if not on_self:
        authority.must_not_be_self(act, by, user)
    authority.must_give(act, by, portal, user.role, _about(user))
    if user.state == "deleted" and not may_be_deleted:
        raise Conflict(_DELETED)
    return user


def _may_take(act: Act, portal: Portal, by: Authority, user: User, role: str) -> None:
    authority.must_not_be_self(act, by, user)
    if authority.must_give(act, by, portal, role, _about(user)) is None:
        raise Invalid(fields={"role": _NO_ROLE})


def _keep_a_manager(tx: Transaction, portal: Portal, user: User) -> None:
    """Add to the transaction that another manager of the office stays one while this one goes. Raises Conflict.

    A closed office needs none, and a provider's users are looked after by the office.
    """
    role = portal.role(user.role)
    office_id = user.office_id or ""
    if role is None or not role.is_manager or user.account_id != office_id:
        return
    if accounts.get(portal.slug, office_id).status == "closed":
        return
    for other in office_lists.managers(portal, office_id, office_id):
        if other.id != user.id:
            user_changes.still(tx, other, Stale())
            return
    raise Conflict(_LAST_MANAGER)


def _details(user: User, wanted: OfficeUserInput, country: str) -> UserDetails:
    """What is said of the user now, in the form to keep. Raises Invalid."""
    wrong: dict[str, str] = {}
    email: str | None = wanted.email
    if email != user.details.email:
        email = matching.email_checked(wanted.email)
    if email is None:
        wrong["email"] = matching.email_fault(wanted.email)
    phone = matching.phone_key(wanted.phone, country) if wanted.phone else None
    if wanted.phone and phone is None:
        wrong["phone"] = matching.NO_PHONE
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.structs.replace(
        user.details, first_name=wanted.first_name, middle_name=wanted.middle_name, last_name=wanted.last_name,
        title=wanted.title, email=email, phone=phone,
    )  # fmt: skip


def _changes(user: User, details: UserDetails, wanted: OfficeUserInput) -> dict[str, object]:
    """Roles as they are, of what is personal only that it changed."""
    changed: dict[str, object] = {"role": [user.role, wanted.role]} if wanted.role != user.role else {}
    for name in UserDetails.__struct_fields__:
        if getattr(details, name) != getattr(user.details, name):
            changed[name] = "changed"
    return changed | ({"preferences": "changed"} if wanted.preferences != user.preferences else {})


def _about(user: User) -> str:
    return facts.subject("user", user.id)
