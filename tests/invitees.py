"""Offices, and people who are invited to them."""

from __future__ import annotations

from typing import Any

from chalicelib import ids
from chalicelib.people.authority import Authority
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.registration import entries, sending
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.sending import AddressAnswer, LinksWanted, Sending
from tests.customers import PASSWORD, newest_link
from tests.factories import make_portal, staff
from tests.offices import make_office, make_provider
from tests.world import World

STAFF = Authority(name="Olive Owner", user_id="0" * 32)


def office_portal(world: World, **settings: Any) -> Portal:
    """A portal where people sign in by password."""
    return make_portal(world, **{"policy": {"sign_in_ways": ["password", "code"]}, **settings})


def manager_of(portal: Portal, account: Account, role: str = "provider-administrator") -> Authority:
    """A user who looks after this account with what the role opens."""
    held = portal.role(role)
    assert held is not None
    return Authority(
        name="Mona Manager", user_id=ids.new(), account_id=account.id, office_id=account.parent_id or account.id,
        permissions=frozenset(held.permissions),
    )  # fmt: skip


def send(portal: Portal, account: Account, emails: Any, role: str = "portal-user", by: Authority = STAFF) -> Sending:
    """Send links; the answers so far."""
    identifier = take(portal, account, emails, role, by)
    sending.go_on(portal.slug, identifier)
    return sending.get(portal.slug, by, identifier)


def take(portal: Portal, account: Account, emails: Any, role: str = "portal-user", by: Authority = STAFF) -> str:
    """Take the addresses, none of which is worked yet."""
    identifier = ids.new()
    wanted = LinksWanted(emails=emails, role=role, account_id=account.id)
    sending.take(staff(portal), by, portal, wanted, sending_id=identifier)
    return identifier


def answers(found: Sending) -> list[str | None]:
    """What became of the addresses, in order."""
    return [each.answer for each in found.answers]


def invite(portal: Portal, account: Account, email: str, **more: Any) -> RegistrationRow:
    """Invite one address; its entry."""
    (only,) = send(portal, account, email, **more).answers
    return entry_of(portal, only)


def entry_of(portal: Portal, answer: AddressAnswer) -> RegistrationRow:
    """The entry behind an answer, as it now is."""
    assert answer.registration_id, answer
    row = entries.found(portal.slug, answer.registration_id)
    assert row is not None
    return row


def again(portal: Portal, row: RegistrationRow) -> RegistrationRow:
    """The entry as it now is."""
    found = entries.found(portal.slug, str(row.created_key))
    assert found is not None
    return found


def link_of(world: World, email: str) -> str:
    """The path of the newest invitation that reached an address."""
    world.drain()
    return newest_link(world, email, "join")


PERSON = {
    "first_name": "Jane", "middle_name": "Q.", "last_name": "Doe", "title": "Office Manager", "phone": "+1 415 555 0132",
    "username": "jane.doe", "password": PASSWORD,
}  # fmt: skip


__all__ = [
    "PASSWORD", "STAFF", "again", "answers", "entry_of", "invite", "link_of", "make_office", "make_provider",
    "manager_of", "office_portal", "send", "take",
]  # fmt: skip
