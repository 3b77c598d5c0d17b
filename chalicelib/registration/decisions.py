"""Approve, deny, modify: what is decided of a request that waits, by whom, and what the person is told.

A decision is one transaction: the state, the user, the mail and the fact, or nothing of it. Of two administrators at once
one wins, and the other is refused with Decided. Offices decide what is asked at their own level, the company decides all.
"""

from __future__ import annotations

from typing import Final, NoReturn

from .. import clock, facts, portals
from ..errors import Conflict, Invalid, Stale
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, authority, matching, office_users, users
from ..people.authority import Authority
from ..people.shapes import Account
from ..people.users import User
from ..portals import Portal
from ..portals.roles import PortalRole
from ..storage import Action, Transaction, afresh
from . import entries
from .entries import Decided
from .models import RegistrationRow
from .shapes import Registration
from .statuses import APPROVED, Status

_INVITATION = "This is an invitation. Whoever got it accepts it; nobody else decides."
_DECIDED = "This registration does not wait for a decision any more."
_COMPANY = "Requests for a single provider are decided by {portal}, not by the office."
_OWN = "This request has your own email address, and nobody decides their own. Ask another administrator, or {portal}."
_CLOSED = "{name} is closed, so nobody can become its user. Open it again, or deny the request."
_NO_USERNAME = "The username that was reserved with this request is gone. Deny it; the person may register again."
_NO_ROLE: Final = "This portal has no such role (any more). Choose another one."


def approve(
    act: Act, by: Authority, entry_id: str, *, role: str | None = None, note: str = "", version: int | None = None
) -> Registration:
    """Let somebody in who asked to be; with another `role` than they asked for, the request is modified first.

    Raises NotFound, Decided, Stale (another `version`), Forbidden, Invalid (no such role), Conflict (the account is closed).
    """
    return afresh(lambda: _approved(act, by, entry_id, role, note, version))


def deny(
    act: Act, by: Authority, entry_id: str, *, reason: str, note: str = "", version: int | None = None
) -> Registration:
    """Turn somebody away for good, for one of the portal's reasons. The username is free; they may ask again.

    Raises NotFound, Decided, Stale (another `version`), Forbidden, Invalid (no such reason).
    """
    return afresh(lambda: _denied(act, by, entry_id, reason, note, version))


def why_not(portal: Portal, by: Authority, row: RegistrationRow) -> str:
    """Why this one may not decide it, in a sentence; nothing where they may."""
    if Status(row.status) not in APPROVED:
        return _INVITATION if row.status == Status.EMAIL_INT.value else _DECIDED
    if row.level == "provider" and not by.is_everywhere:
        return _COMPANY.format(portal=portal.name)
    return _OWN.format(portal=portal.name) if _is_own(portal, by, row) else ""


def _approved(
    act: Act, by: Authority, entry_id: str, role_key: str | None, note: str, version: int | None
) -> Registration:
    portal, row, user = _waiting(act, by, entry_id, version)
    role = _role(act, by, portal, row, role_key)
    account = accounts.get(act.portal, row.account_id)
    if account.status != "open":
        raise Conflict(_CLOSED.format(name=account.name))
    if user is None:
        raise Conflict(_NO_USERNAME)
    tx = act.transaction()
    new = entries.move(tx, act.portal, row, "approve", *_decided(act, by, note), RegistrationRow.role.set(role.key))
    office_users.let_in(tx, act, user, account, role.key)
    if role.key != row.role:
        facts.record(tx, act, Kind.REGISTRATION_MODIFIED, _about(row), {"role": [row.role, role.key]})
    said = {"status": [row.status, new.value], "role": role.key, "account": account.id}
    facts.record(tx, act, Kind.REGISTRATION_APPROVED, _about(row), said)
    _tell_approved(tx, act, row, user, account, role)
    tx.commit()
    return entries.shown(portal, entries.get(act.portal, entry_id))


def _denied(act: Act, by: Authority, entry_id: str, reason: str, note: str, version: int | None) -> Registration:
    portal, row, user = _waiting(act, by, entry_id, version)
    reasons = portal.registration.denial_reasons
    if reason not in reasons:
        raise Invalid(fields={"reason": f"Choose one of this portal's reasons: {'; '.join(reasons)}."})
    tx = act.transaction()
    said = RegistrationRow.reason.set(reason)
    new = entries.move(tx, act.portal, row, "deny", *_decided(act, by, note), said)
    if user is not None:
        office_users.turn_away(tx, user)
    changes = {"status": [row.status, new.value], "reason": reason, "account": row.account_id}
    facts.record(tx, act, Kind.REGISTRATION_DENIED, _about(row), changes)
    _mail(tx, act, row, "registration-denied", {"office": row.account_name, "reason": reason})
    tx.commit()
    return entries.shown(portal, entries.get(act.portal, entry_id))


def _waiting(
    act: Act, by: Authority, entry_id: str, version: int | None
) -> tuple[Portal, RegistrationRow, User | None]:
    """The request with the user who waits, read before it: whoever does not wait any more was decided about."""
    user = users.by_id(act.portal, entry_id)
    row = entries.get(act.portal, entry_id, by)
    if row.status == Status.EMAIL_INT.value:
        raise Conflict(_INVITATION)
    if Status(row.status) not in APPROVED:
        raise Decided
    portal = portals.get(act.portal)  # as of now: a role that was taken away a second ago is given to nobody
    if why := why_not(portal, by, row):
        _refuse(act, row, why)
    if version is not None and version != row.version:
        raise Stale
    return portal, row, user if user and user.state == "pending" else None


def _is_own(portal: Portal, by: Authority, row: RegistrationRow) -> bool:
    """Whether the request is of whoever acts: a user who waits acts on nothing, so it is told by an address of theirs."""
    me = users.by_id(portal.slug, by.user_id) if by.user_id else None
    return me is not None and row.email_key in {matching.email_key(email) for email in me.emails}


def _role(act: Act, by: Authority, portal: Portal, row: RegistrationRow, role_key: str | None) -> PortalRole:
    """The role to give. Raises Forbidden, on record, where it is above the one who decides; Invalid where there is none."""
    role = authority.must_give(act, by, portal, role_key or row.role, _about(row))
    if role is None:
        raise Invalid(fields={"role": _NO_ROLE})
    return role


def _decided(act: Act, by: Authority, note: str) -> tuple[Action, ...]:
    said = {
        "decided_at": clock.timestamp(), "decided_by": act.actor, "decided_by_name": by.name or None, "note": note or None,
    }  # fmt: skip
    return tuple(getattr(RegistrationRow, name).set(value) for name, value in said.items() if value is not None)


def _tell_approved(
    tx: Transaction, act: Act, row: RegistrationRow, user: User, account: Account, role: PortalRole
) -> None:
    said = {"office": account.name, "role": role.name, "username": user.username}
    _mail(tx, act, row, "registration-approved", said)


def _mail(tx: Transaction, act: Act, row: RegistrationRow, template: str, said: dict[str, str]) -> None:
    context = {"first_name": row.applicant.first_name, **said}
    queue(tx, act, template=template, channel="email", to=row.applicant.email, about=_about(row), context=context)


def _refuse(act: Act, row: RegistrationRow, why: str) -> NoReturn:
    authority.refuse(act, _about(row), row.role, why, Kind.REGISTRATION_REFUSED)


def _about(row: RegistrationRow) -> str:
    return facts.subject("registration", str(row.created_key))


__all__ = ["Decided", "approve", "deny", "why_not"]
