"""Registrations of the demo: an invitation that nobody has accepted, and requests that wait, one at each level."""

from __future__ import annotations

from typing import Any

from .demo import PORTAL, Api

_AT = f"/api/v1/portals/{PORTAL}"
_PASSWORD = "orchard-window-violet-42"


def make(api: Api, clinic: dict[str, Any]) -> None:
    """Make them. Done again, it changes nothing."""
    links = {
        "emails": "Nora Blake <nora.blake@elm-street.example>",
        "role": "clerical-user",
        "account_id": clinic["id"],
    }
    api.create(f"{_AT}/registration-links", links, "registration-links")
    _ask(clinic["id"], "portal-user", "tomas.reyes", "Tomas", "Reyes", "Billing lead")
    _ask(clinic["providers"][0]["id"], "clerical-user", "wilma.hart", "Wilma", "Hart", "Receptionist")


def _ask(account_id: str, role: str, username: str, first_name: str, last_name: str, title: str) -> None:
    """Somebody asks, as if they had gone through the pages; the right password says that it is waited for."""
    from chalicelib import clock, ids, portals
    from chalicelib.facts import Act, Kind, record, subject
    from chalicelib.people import accounts, office_users, users
    from chalicelib.people.shapes import UserDetails
    from chalicelib.registration import entries
    from chalicelib.registration.shapes import Applicant
    from chalicelib.registration.statuses import PENDING
    from chalicelib.security import passwords

    portal, account, entry_id = portals.get(PORTAL), accounts.get(PORTAL, account_id), ids.new()
    asked = portal.role(role)
    if asked is None or users.find(PORTAL, username):
        return
    said = {
        "first_name": first_name, "last_name": last_name, "title": title, "email": f"{username}@elm-street.example",
    }  # fmt: skip
    status = PENDING[entries.level_of(account)]
    row = entries.new(
        portal, entry_id, kind="request", status=status, account=account, role=asked, applicant=Applicant(**said)
    )
    row.username, row.username_key, row.user_id, row.submitted_at = username, username, entry_id, clock.timestamp()
    act = Act(PORTAL, f"user:{entry_id}")
    tx = act.transaction()
    entries.add(tx, PORTAL, row)
    office_users.add(
        tx, act, account, user_id=entry_id, username=username, username_key=username, role=role,
        details=UserDetails(**said), password_hash=passwords.hashed(_PASSWORD), state="pending",
    )  # fmt: skip
    record(
        tx, act, Kind.REGISTRATION_SUBMITTED, subject("registration", entry_id), {"account": account.id, "role": role}
    )
    tx.commit()
