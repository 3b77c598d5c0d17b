"""Offices and their providers to test with."""

from __future__ import annotations

from itertools import count
from typing import Any

from chalicelib import ids
from chalicelib.facts import Act
from chalicelib.people import accounts, office_users, usernames, users
from chalicelib.people.shapes import Account, UserDetails
from chalicelib.people.users import User
from chalicelib.portals import Portal
from tests.factories import make_account, staff

_numbers = count(1)


def make_office(portal: Portal, **details: Any) -> Account:
    """An open office with a client number and a TIN of its own."""
    tin = f"11-{3_430_000 + next(_numbers)}"
    plain = {"name": "Elm Street Clinic", "identifiers": [{"qualifier": "TIN", "value": tin}], **details}
    made = make_account(portal, record_type="office", **plain)
    return accounts.get(portal.slug, made.id)


def make_provider(portal: Portal, office: Account, **details: Any) -> Account:
    """An open provider of an office, with a client number and an NPI of its own."""
    npi = str(1_245_319_500 + next(_numbers))
    plain = {"name": "Dr. Ida Ferro", "identifiers": [{"qualifier": "NPI", "value": npi}], **details}
    made = make_account(portal, record_type="provider", parent_id=office.id, **plain)
    return accounts.get(portal.slug, made.id)


def make_office_user(portal: Portal, account: Account, **details: Any) -> User:
    """An active user of an office or provider, with a contact there. The password is nobody's."""
    number = next(_numbers)
    act: Act = staff(portal)
    tx = act.transaction()
    username, user_id = f"clerk.{number}", ids.new()
    office_users.add(
        tx, act, account, user_id=user_id, username=username, username_key=usernames.key(username),
        role=details.pop("role", "portal-user"), password_hash="x", state=details.pop("state", "active"),
        details=UserDetails(**{"first_name": "Carla", "last_name": "Clerk", "email": f"{username}@x.example", **details}),
    )  # fmt: skip
    tx.commit()
    return users.get(portal.slug, user_id)
