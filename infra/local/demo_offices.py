"""The demo's offices: two of them, one with two providers, what they are checked by, and who looks after their users.

Whoever registers at one of them finds here what to type; a real portal shows it to nobody.
"""

from __future__ import annotations

from typing import Any

from . import demo_registrations, demo_users
from .demo import PORTAL, Api

_AT = f"/api/v1/portals/{PORTAL}"
_CLINIC: dict[str, Any] = {
    "name": "Elm Street Clinic",
    "number": "EL-2001",
    "record_type": "office",
    "identifiers": [{"qualifier": "TIN", "value": "11-2046835"}],
    "primary_emails": ["office@elm-street.example"],
    "tags": ["demo"],
}
_DENTAL: dict[str, Any] = {
    "name": "Harbour Dental",
    "number": "HD-2002",
    "record_type": "office",
    "identifiers": [{"qualifier": "TIN", "value": "22-7186405"}],
    "primary_emails": ["desk@harbour-dental.example"],
    "tags": ["demo"],
}
_FERRO: dict[str, Any] = {
    "name": "Dr. Ida Ferro",
    "number": "EL-2001-1",
    "record_type": "provider",
    "identifiers": [{"qualifier": "NPI", "value": "1245319599"}],
    "tags": ["demo"],
}
_QUIST: dict[str, Any] = {
    "name": "Dr. Abel Quist",
    "number": "EL-2001-2",
    "record_type": "provider",
    "identifiers": [{"qualifier": "NPI", "value": "1497758544"}],
    "tags": ["demo"],
}


def make(api: Api) -> list[dict[str, Any]]:
    """Make them; what `.local/demo.json` tells of each. Done again, it changes nothing."""
    clinic = _account(api, _CLINIC, ["CLM-2026-0101", "CLM-2026-0102", "CLM-2026-0103"])
    providers = [
        _account(api, _FERRO | {"parent_id": clinic["id"]}, ["CLM-2026-0201", "CLM-2026-0202"], "1974-05-09"),
        _account(api, _QUIST | {"parent_id": clinic["id"]}, ["CLM-2026-0301"], "1981-11-23"),
    ]
    dental = _account(api, _DENTAL, ["CLM-2026-0401"])
    clinic |= {
        "providers": providers,
        "administrator": demo_users.office_administrator(clinic["id"]),
        "see": "has an administrator: asked for an office-level role, she decides; for a provider's, staff do",
    }
    demo_registrations.make(api, clinic)
    return [clinic, dental | {"see": "nobody looks after its users yet: staff invite the first administrator"}]


def _account(api: Api, details: dict[str, Any], claims: list[str], birth_date: str | None = None) -> dict[str, Any]:
    made = api.create(f"{_AT}/accounts", details, f"office-{details['number']}")
    checked_by: dict[str, Any] = {"add_claim_numbers": claims, "birth_date": birth_date}
    api.call("POST", f"{_AT}/accounts/{made['id']}/registration-checks", checked_by)
    (identifier,) = details["identifiers"]
    return {
        "id": made["id"],
        "name": details["name"],
        "client_number": details["number"],
        **identifier,
        "claim_numbers": claims,
        **({"birth_date": birth_date} if birth_date else {}),
    }
