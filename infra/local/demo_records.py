"""The demo's records: a household that is a client and one that is a lead, both with self-service.

The client has something of every kind on their record; the lead is shown what leads are: no files. Beside them tasks and
calls, and a wording of the portal's own.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from . import demo_files, demo_users
from .demo import PORTAL, Api

_AT = f"/api/v1/portals/{PORTAL}"
_CLIENT: dict[str, Any] = {
    "name": "Elena Harper",
    "number": "HH-3001",
    "record_type": "client",
    "primary_emails": ["elena.harper@example.com"],
    "tags": ["demo", "household"],
    "assigned_agent": demo_users.OWNER,
    "contacts": [{"first_name": "Elena", "last_name": "Harper", "emails": ["elena.harper@example.com"],
                  "mobile": "+12125550131"}],
}  # fmt: skip
_LEAD: dict[str, Any] = {
    "name": "Jonas Weber",
    "number": "HH-3002",
    "record_type": "lead",
    "primary_emails": ["jonas.weber@example.com"],
    "tags": ["demo", "household"],
    "assigned_agent": demo_users.OWNER,
    "contacts": [{"first_name": "Jonas", "last_name": "Weber", "emails": ["jonas.weber@example.com"],
                  "mobile": "+12125550132"}],
}  # fmt: skip
_OF_CLIENT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("products", {"carrier": "Northstar Health", "plan": "Silver PPO 2500", "policy_number": "NH-2204417",
                  "coverage_type": "Medical", "premium": "412.50", "status": "Active", "allow_client_access": True}),
    ("products", {"carrier": "Brightsmile", "plan": "Dental Plus", "coverage_type": "Dental", "premium": "38.20",
                  "status": "Quoted"}),
    ("prescriptions", {"name": "Lisinopril", "dosage": "10 mg", "form": "tablet", "quantity": "30 tablets",
                       "frequency": "once a day", "pharmacy": "Corner Pharmacy, Elm Street"}),
    ("prescriptions", {"name": "Metformin", "dosage": "500 mg", "form": "tablet", "frequency": "twice a day"}),
    ("providers", {"name": "Dr. Iris Hale", "specialty": "Family medicine", "practice": "Elm Street Clinic",
                   "phone": "+1 212 555 0141", "is_primary": True}),
    ("providers", {"name": "Dr. Omar Haddad", "specialty": "Cardiology", "practice": "Riverside Heart Center"}),
    ("links", {"title": "Northstar member site", "url": "https://members.northstar-health.example/",
               "allow_client_access": True}),
    ("links", {"title": "Underwriting desk", "url": "https://brokers.northstar-health.example/"}),
)  # fmt: skip
_OF_LEAD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("products", {"carrier": "Clearview", "plan": "Vision 12", "coverage_type": "Vision", "premium": "9.75",
                  "status": "Quoted", "allow_client_access": True}),
    ("links", {"title": "How vision plans work", "url": "https://acme-benefits.example/guide/vision",
               "allow_client_access": True}),
)  # fmt: skip
_WORDING: dict[str, Any] = {
    "name": "answer-reminder",
    "email": {
        "subject": "((batch_title)): may we have your answer? - ((portal_name))",
        "preheader": "It takes a few minutes.",
        "blocks": [
            {"kind": "heading", "text": "May we have your answer?"},
            {"kind": "paragraph", "text": "Hello ((contact_first_name|there)),"},
            {
                "kind": "paragraph",
                "text": "((batch_title)) still waits for you. Approve it, or tell us what to change.",
            },
            {"kind": "button", "text": "Open it", "link": "link"},
        ],
    },
}


def make(api: Api, today: date) -> list[dict[str, Any]]:
    """Make them; what `.local/demo.json` tells of each. Done again, it changes nothing."""
    client, lead = _record(api, _CLIENT, _OF_CLIENT), _record(api, _LEAD, _OF_LEAD)
    demo_files.add(
        api, f"{_AT}/accounts/{client['id']}/documents", "Your policy.pdf", "Silver PPO 2500",
        "Your policy with Northstar Health.", allow_client_access=True,
    )  # fmt: skip
    _tasks(api, client["id"], lead["id"], today)
    _calls(api, client, lead)
    api.create(f"{_AT}/templates/wording", _WORDING, "wording")
    see = "self-service is on: the portal link and the link to the password are in the inbox; {}"
    return [
        {**_told(api, client), "see": see.format("a policy, a file, prescriptions and care providers")},
        {**_told(api, lead), "see": see.format("a lead is shown no files")},
    ]


def _record(api: Api, details: dict[str, Any], held: tuple[tuple[str, dict[str, Any]], ...]) -> dict[str, Any]:
    """An account, what is on its record, and its self-service, which is mailed to it."""
    number = details["number"]
    account: dict[str, Any] = api.create(f"{_AT}/accounts", details, f"record-{number}")
    for place, (kind, body) in enumerate(held):
        api.create(f"{_AT}/accounts/{account['id']}/{kind}", body, f"record-{number}-{place}")
    api.create(f"{_AT}/accounts/{account['id']}/self-service/enable", None, f"self-service-{number}")
    return account


def _told(api: Api, account: dict[str, Any]) -> dict[str, Any]:
    standing = api.call("GET", f"{_AT}/accounts/{account['id']}/self-service")
    return {
        "id": account["id"],
        "name": account["name"],
        "record_type": account["record_type"],
        "client_number": account["number"],
        "email": account["primary_emails"][0],
        "portal_link": standing["portal_link"],
    }


def _tasks(api: Api, client_id: str, lead_id: str, today: date) -> None:
    """One for the owner, one that is nobody's yet, one that is done."""
    from chalicelib.people import usernames, users

    owner = users.find(PORTAL, usernames.key(demo_users.OWNER))
    mine = {"assignee": owner.id} if owner else {}
    soon, later = (f"{today + timedelta(days=days)}T09:30" for days in (1, 6))
    for number, task in enumerate((
        {"title": "Ask for the dental quote", "account_id": client_id, "due": soon, "reminder_minutes": 60, **mine},
        {"title": "Send the vision brochure", "account_id": lead_id, "due": later, "note": "He asked for it by phone."},
        {"title": "Enter the new policy number", "account_id": client_id, "state": "done", **mine},
    )):  # fmt: skip
        api.create(f"{_AT}/tasks", task, f"task-{number}")


def _calls(api: Api, client: dict[str, Any], lead: dict[str, Any]) -> None:
    """Two that wait to be called."""
    for account, reason in ((client, "Would like to talk about dental"), (lead, "Has not answered the quote yet")):
        call = {"account_id": account["id"], "contact_id": account["contacts"][0]["id"], "reason": reason}
        api.create(f"{_AT}/calls", call, f"call-{account['number']}")
