"""What the demo portal holds: a client in every state worth seeing, offices, records of households, workflows, campaigns.

Filled over the real API, as its first customer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import demo_files, demo_offices, demo_records, demo_users, demo_workflows
from .demo import PORTAL, Api, Demo

_SETTINGS: dict[str, Any] = {
    "slug": PORTAL,
    "name": "Acme Benefits",
    "time_zone": "America/New_York",
    "branding": {"brand_colour": "#0f5c4d"},
    "support": {
        "email": "help@acme-benefits.example",
        "phone": "+1 212 555 0100",
        "hours": "Monday to Friday, 8:30 to 17:30 Eastern",
        "postal_address": demo_workflows.POSTAL_ADDRESS,
    },
    "reach": demo_workflows.REACH,
    "policy": {"sign_in_ways": ["code", "password"]},
    "notifications": {"staff_emails": ["renewals@acme-benefits.example"], "reminder_days": [3, 1]},
    "modules": {"prescriptions": True, "providers": True},
    "registration": {"is_open": True, "auto_approve": True, "reminder_hours": 4},
    "wording": {
        "client_number_hint": "It is at the top right of every invoice, such as AC-1001",
        "additional_notes": "New here? Your account manager can tell you your client number.",
        "welcome_text": "Here is what we have prepared for you. Open it, take your time, and tell us what you think.",
    },
    "tiles": [
        {
            "title": "Benefits guide",
            "text": "How plans, premiums and deductibles work.",
            "url": "https://acme-benefits.example/guide",
        }
    ],
}
_LINES = [
    {"carrier": "Northstar Health", "plan": "PPO 1500", "coverage": "Medical, employee and family",
     "employee_cost": "412.50", "employer_cost": "1237.50", "change_percent": "6.4"},
    {"carrier": "Northstar Health", "plan": "HSA 3000", "coverage": "Medical, employee only",
     "employee_cost": "96.00", "employer_cost": "384.00", "change_percent": "3.1"},
    {"carrier": "Brightsmile", "plan": "Dental Plus", "coverage": "Dental, employee and family",
     "employee_cost": "38.20", "employer_cost": "57.30", "change_percent": "-2.5"},
    {"carrier": "Clearview", "plan": "Vision 12", "coverage": "Vision, everyone",
     "employee_cost": "9.75", "employer_cost": "9.75", "change_percent": "0"},
]  # fmt: skip
_SUMMARY = (
    "Amounts are per employee and month. Medical rises less than the market this year; dental comes down a little and "
    "vision stays as it is.\n\n"
    "The comparison of carriers is among the documents. If something is missing, ask for changes and say what."
)

# number, account, first name, last name, email, mobile, status of the batch, open to the portal, days to answer, what to see
_CLIENTS: list[tuple[str, str, str, str, str, str | None, str, bool, int, str]] = [
    ("AC-1001", "Rivera Bakery", "Maria", "Rivera", "maria.rivera@example.com", "+12125550111", "client_review", True, 14,
     "a batch waits for her answer; signs in by email or SMS"),
    ("AC-1002", "Hudson Print Works", "James", "O'Connor-Núñez", "james@hudson-print.example", None, "approved", True, 20,
     "has approved; accents, spaces and hyphens in the last name are forgiven"),
    ("AC-1003", "Bluebird Nursery", "Aisha", "Khan", "aisha@bluebird.example", "+12125550113", "changes_requested", True, 9,
     "has asked for changes"),
    ("AC-1004", "Old Mill Cafe", "Peter", "Novak", "peter@oldmill.example", None, "client_review", False, 30,
     "the batch is not open to the portal: nobody gets in, and the page does not say why"),
    ("AC-1005", "Summit Roofing", "Grace", "Lee", "", "+12125550115", "client_review", True, 2,
     "has only a mobile number: everything comes by SMS"),
    ("AC-1006", "Harbor Freight Forwarding", "Tom", "Becker", "bounce@simulator.example", "+12125550116", "client_review",
     True, 12, "the email address bounces: see the delivery log; the mobile number works"),
    ("AC-1007", "Greenfield Farms", "Ana", "Silva", "ana@greenfield.example", None, "complete", True, 60,
     "everything is done; nothing to answer"),
    ("AC-1008", "Lakeside Dental", "Sam", "Park", "sam@lakeside.example", None, "in_progress", True, 40,
     "the account is closed: nobody gets in"),
    ("AC-1010", "Cedar Valley Orchards", "Nora", "Lindgren", "nora@cedarvalley.example", None, "client_review", True, 16,
     "has a username and a password"),
    ("AC-1011", "Bright Harbor Physio", "Daniel", "Okafor", "daniel@brightharbor.example", "+12125550121", "client_review",
     True, 18, "has a username, a password and an authenticator app"),
]  # fmt: skip
_USERNAMES = {"AC-1010": ("cedarvalley", False), "AC-1011": ("brightharbor", True)}  # and whether they have an app


def fill(base_url: str) -> Demo:
    """Make the demo portal and tell what `.local/demo.json` keeps. Done again, it changes nothing."""
    from chalicelib import clock
    from chalicelib.facts import Act
    from chalicelib.portals import api_keys
    from chalicelib.portals.permissions import PERMISSIONS

    everything = frozenset(PERMISSIONS)
    wanted = api_keys.NewKey(
        name="The demo's own key: every permission, every portal", scopes=tuple(sorted(everything))
    )
    key = api_keys.create(Act(api_keys.EVERY_PORTAL, "system:demo"), wanted, maker=everything).key
    api = Api(base_url, key)
    api.create("/api/v1/portals", _SETTINGS, "portal")
    today = clock.now().date()
    clients = [_client(api, client, today) for client in _CLIENTS]
    clients.append(_two_of_a_name(api))
    _ask_for_help()
    filled = {
        "portal": PORTAL,
        "api_key": key,
        **demo_users.owner(),
        "clients": clients,
        "offices": demo_offices.make(api),
        "records": demo_records.make(api, today),
    }
    demo_workflows.make(api)
    return filled


def _client(api: Api, client: tuple[Any, ...], today: Any) -> dict[str, Any]:
    number, name, first, last, email, mobile, status, is_open, days, see = client
    contact = {"first_name": first, "last_name": last, "emails": [email] if email else [], "mobile": mobile,
               "title": "Office manager", "roles": ["renewal contact"]}  # fmt: skip
    account = api.create(
        f"/api/v1/portals/{PORTAL}/accounts",
        {
            "name": name,
            "number": number,
            "primary_emails": [email] if email else [],
            "tags": ["demo"],
            "contacts": [contact],
        },
        f"account-{number}",
    )
    batch = {
        "account_id": account["id"],
        "renewal_contact_id": account["contacts"][0]["id"],
        "title": f"{today.year + 1} benefits renewal",
        "plan_year": str(today.year + 1),
        "effective_date": f"{today.year + 1}-01-01",
        "answer_by": str(today + timedelta(days=days)),
        "summary": _SUMMARY,
        "lines": _LINES,
        "status": "in_progress",
        "open_to_portal": is_open,
    }
    made = api.create(f"/api/v1/portals/{PORTAL}/batches", batch, f"batch-{number}")
    if is_open:
        path = f"/api/v1/portals/{PORTAL}/batches/{made['id']}/documents"
        demo_files.add(
            api, path, f"Carrier comparison {today.year + 1}.pdf", "Carrier comparison",
            "Northstar, Brightsmile and Clearview beside last year's carriers.",
        )  # fmt: skip
    _move(api, made["id"], status, is_open)
    own = {}
    if number in _USERNAMES:
        username, has_app = _USERNAMES[number]
        own = demo_users.customer(account["id"], username, has_app=has_app)
    if number == "AC-1008":
        api.call("PATCH", f"/api/v1/portals/{PORTAL}/accounts/{account['id']}", {"status": "closed"})
    return {
        "client_number": number,
        "last_name": last,
        "email": email,
        "mobile": mobile,
        "batch": made["id"],
        "see": see,
        **own,
    }


def _move(api: Api, batch_id: str, status: str, is_open: bool) -> None:
    """Through review to where the batch is to stand."""
    path = f"/api/v1/portals/{PORTAL}/batches/{batch_id}"
    if status == "in_progress" or api.call("GET", path)["status"] != "in_progress":
        return
    if not is_open:
        return
    api.call("PATCH", path, {"status": "client_review"})
    for following in {
        "approved": ["approved"],
        "changes_requested": ["changes_requested"],
        "complete": ["approved", "complete"],
    }.get(status, []):
        api.call("PATCH", path, {"status": following})


def _two_of_a_name(api: Api) -> dict[str, Any]:
    """Two contacts whom the same input fits: nothing is sent, and the log says why."""
    shared = {"emails": ["office@twin-oaks.example"], "last_name": "Garcia"}
    account = api.create(
        f"/api/v1/portals/{PORTAL}/accounts",
        {"name": "Twin Oaks Landscaping", "number": "AC-1009", "tags": ["demo"],
         "contacts": [{"first_name": "Luis", **shared}, {"first_name": "Rosa", **shared}]},
        "account-AC-1009",
    )  # fmt: skip
    first, second = (contact["id"] for contact in account["contacts"])
    batch = {"account_id": account["id"], "renewal_contact_id": first, "contact_ids": [second], "title": "Plan review",
             "open_to_portal": True, "status": "in_progress"}  # fmt: skip
    made = api.create(f"/api/v1/portals/{PORTAL}/batches", batch, "batch-AC-1009")
    see = "two contacts share this last name and address: nothing is sent"
    return {
        "client_number": "AC-1009",
        "last_name": "Garcia",
        "email": shared["emails"][0],
        "mobile": None,
        "batch": made["id"],
        "see": see,
    }


def _ask_for_help() -> None:
    """Somebody with a new phone has asked for help on the page; staff see to it by the API. Done again, it is the same."""
    from chalicelib import portals
    from chalicelib.facts import Act
    from chalicelib.support import help_requests
    from chalicelib.support.shapes import Asked

    asked = Asked(
        kind="changed-phone",
        name="Daniel Okafor",
        reached_by="+1 212 555 0188",
        signs_in_as="brightharbor",
        message="I have a new phone, and the app with the codes stayed on the old one.",
    )
    help_requests.ask(Act(PORTAL, "visitor"), portals.get(PORTAL), asked, form="demo", address="demo")
