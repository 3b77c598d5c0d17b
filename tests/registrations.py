"""Registrations to test with, and who decides them, made by the product's own functions."""

from __future__ import annotations

from itertools import count
from typing import Any

from chalicelib import agenda, clock, ids
from chalicelib.facts import Act
from chalicelib.people import contacts, office_users, usernames
from chalicelib.people.authority import Authority
from chalicelib.people.shapes import Account, ContactInput, UserDetails
from chalicelib.people.users import State, User
from chalicelib.portals import Portal
from chalicelib.registration import entries
from chalicelib.registration.attempts import KEPT_SECONDS
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.shapes import Applicant, Registration
from chalicelib.registration.statuses import PENDING, Event, Level, Status
from chalicelib.storage import Transaction
from tests.factories import make_portal
from tests.offices import MANAGER, PASSWORD, hash_of, make_office, make_office_user, make_provider
from tests.world import World

STAFF = Authority(name="Sam Staff")
REASON = "Not known at this office"
LEVELS: tuple[Level, ...] = ("office", "provider")
EVENTS: tuple[Event, ...] = ("accept", "approve-itself", "submit", "approve", "deny", "abandon")
LEADS: dict[tuple[str, Event, Level], str] = {
    ("EMAIL-INT", "accept", "office"): "EMAIL-SUCCESS",
    ("EMAIL-INT", "accept", "provider"): "EMAIL-SUCCESS",
    ("STARTED", "approve-itself", "office"): "AUTO-APPROVED",
    ("STARTED", "approve-itself", "provider"): "AUTO-APPROVED",
    ("STARTED", "submit", "office"): "PENDING-PROV-ADMIN-REVIEW",
    ("STARTED", "submit", "provider"): "PENDING-ADMIN-REVIEW",
    ("STARTED", "abandon", "office"): "INVALIDATED",
    ("STARTED", "abandon", "provider"): "INVALIDATED",
    ("PENDING-PROV-ADMIN-REVIEW", "approve", "office"): "MANUAL-PROV-ADMIN-APPROVED",
    ("PENDING-PROV-ADMIN-REVIEW", "deny", "office"): "DECLINED",
    ("PENDING-ADMIN-REVIEW", "approve", "provider"): "MANUAL-ADMIN-APPROVED",
    ("PENDING-ADMIN-REVIEW", "deny", "provider"): "DECLINED",
}
"""The way of every registration, as row R5 has it; whatever is not here does not happen."""
_numbers = count(1)


def office_portal(world: World, **settings: Any) -> Portal:
    """A portal where people register."""
    return make_portal(world, registration={"is_open": True}, **settings)


def make_entry(
    portal: Portal, account: Account, role: str = "portal-user", *, kind: str = "request",
    status: Status = Status.STARTED, entry_id: str = "", **applicant: Any,
) -> RegistrationRow:  # fmt: skip
    """A registration without a user: an attempt that has just begun, or an invitation."""
    entry_id = entry_id or ids.new()
    granted = portal.role(role)
    assert granted
    row = entries.new(
        portal, entry_id, kind=kind, status=status, account=account, role=granted, applicant=_applicant(**applicant)
    )
    if status is Status.STARTED:
        row.due_at, row.due_shard = clock.timestamp() + KEPT_SECONDS, agenda.REGISTRATIONS.shard_of(entry_id)
    tx = Act(portal.slug, "system:tests").transaction()
    entries.add(tx, portal.slug, row)
    tx.commit()
    return stored(portal, entry_id)


def make_request(
    portal: Portal, account: Account, role: str = "portal-user", *, username: str = "", entry_id: str = "", **applicant: Any
) -> Registration:  # fmt: skip
    """A request that waits, with the user who waits behind it."""
    entry_id, granted = entry_id or ids.new(), portal.role(role)
    username, person = username or f"jane.doe.{next(_numbers)}", _applicant(**applicant)
    assert granted
    row = entries.new(
        portal, entry_id, kind="request", status=PENDING[entries.level_of(account)], account=account, role=granted,
        applicant=person,
    )  # fmt: skip
    row.username, row.username_key, row.user_id = username, usernames.key(username), entry_id
    row.submitted_at = clock.timestamp()
    act = Act(portal.slug, "system:tests")
    tx = act.transaction()
    entries.add(tx, portal.slug, row)
    add_user_of(tx, act, account, row, username, state="pending")
    tx.commit()
    return shown(portal, entry_id)


def add_user_of(
    tx: Transaction, act: Act, account: Account, row: RegistrationRow, username: str, *, state: State
) -> None:
    """Add the user behind a registration to the transaction: who waits, or may sign in."""
    person = row.applicant
    details = UserDetails(
        first_name=person.first_name, last_name=person.last_name, email=person.email, phone=person.phone
    )
    office_users.add(
        tx, act, account, user_id=str(row.created_key), username=username, username_key=usernames.key(username),
        role=row.role, details=details, password_hash=hash_of(PASSWORD), state=state,
    )  # fmt: skip


def make_user(portal: Portal, account: Account, role: str = MANAGER, **details: Any) -> User:
    """A user of an office or provider, who may sign in."""
    return make_office_user(portal, account, role, **details).user


def authority_of(portal: Portal, user: User) -> Authority:
    """How far an administrator of an office reaches."""
    role = portal.role(user.role)
    return Authority(
        name=user.name, user_id=user.id, account_id=user.account_id or "", office_id=user.office_id or "",
        permissions=frozenset(role.permissions if role else ()),
    )  # fmt: skip


def make_manager(portal: Portal, account: Account, role: str = MANAGER, **details: Any) -> Authority:
    """A new administrator of an office or provider, at work."""
    return authority_of(portal, make_user(portal, account, role, **details))


def act_of(portal: Portal, by: Authority = STAFF) -> Act:
    """What somebody does."""
    return Act(portal.slug, f"user:{by.user_id}" if by.user_id else "api-key:tests")


def stored(portal: Portal, entry_id: str) -> RegistrationRow:
    """A registration as it is kept."""
    row = entries.found(portal.slug, entry_id)
    assert row
    return row


def shown(portal: Portal, entry_id: str) -> Registration:
    """A registration as it now stands."""
    return entries.shown(portal, stored(portal, entry_id))


def counted(portal: Portal, by: Authority = STAFF) -> dict[str, int]:
    """How many registrations stand where, without the places where none does."""
    return {status.value: number for status, number in entries.counts(portal.slug, by).items() if number}


def counts_are_right(portal: Portal) -> bool:
    """Whether what is counted is what is listed."""
    held: dict[str, int] = {}
    for row in entries.listed(portal.slug, STAFF, limit=500).items:
        held[row.status] = held.get(row.status, 0) + 1
    return counted(portal) == held


def contacts_of(portal: Portal, account: Account) -> list[ContactInput]:
    """The people at an account."""
    return list(contacts.listed(portal.slug, account_id=account.id, limit=100).items)


def _applicant(**details: Any) -> Applicant:
    number = next(_numbers)
    plain = {"first_name": "Jane", "last_name": f"Doe {number}", "email": f"jane{number}@elm.example", **details}
    return Applicant(**plain)


__all__ = [
    "EVENTS", "LEADS", "LEVELS", "PASSWORD", "REASON", "STAFF", "act_of", "add_user_of", "authority_of", "contacts_of",
    "counted", "counts_are_right", "make_entry", "make_manager", "make_office", "make_provider", "make_request", "make_user",
    "office_portal", "shown", "stored",
]  # fmt: skip
