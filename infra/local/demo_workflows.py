"""The demo's workflows and campaigns: two households are on their way through one, another waits to be switched on.

One household was quoted three days ago, as far as the workflow knows: what was due since comes with the first tick. A message
of the portal's own went to both, and a campaign with a canary is a draft.
"""

from __future__ import annotations

from typing import Any

from .demo import PORTAL, Api

REACH: dict[str, Any] = {
    "quiet_hours": {"start": "20:30", "end": "08:30", "for_sms": True, "for_mails": False},
    "messages_a_week": 6,
    "sms_a_week": 2,
}
POSTAL_ADDRESS = "120 Harbor Street, Suite 4\nNew York, NY 10004"
REVIEW_TAG = "AEP Review Needed"
_AT = f"/api/v1/portals/{PORTAL}"
_QUOTED_AGO = 3 * 24 * 3600
_RECORD: dict[str, Any] = {"record": True}


def _household(first: str, last: str, number: str, record_type: str, mobile: str) -> dict[str, Any]:
    email = f"{first}.{last}@example.com".lower()
    return {
        "name": f"{first} {last}", "number": number, "record_type": record_type, "primary_emails": [email],
        "tags": ["demo", "quoted"],
        "contacts": [{"first_name": first, "last_name": last, "emails": [email], "mobile": mobile}],
    }  # fmt: skip


_NEW = _household("Nadia", "Petrov", "HH-3003", "lead", "+12125550133")
_EARLIER = _household("Walter", "Boyd", "HH-3004", "client", "+12125550134")
_QUOTE: dict[str, Any] = {
    "carrier": "Northstar Health", "plan": "Advantage Choice", "coverage_type": "MedAdvantage", "premium": "28.00",
    "status": "Quoted", "allow_client_access": True,
}  # fmt: skip


def _step(name: str, count: int, unit: str, do: dict[str, Any], at: str | None = None) -> dict[str, Any]:
    return {"id": name, "after": {"count": count, "unit": unit}, "do": do, **({"at": at} if at else {})}


_QUOTE_SUBMITTED: dict[str, Any] = {
    "name": "Quote submitted: MedAdvantage",
    "note": "Copy it for other coverage types, and change the type.",
    "trigger": {"record_types": ["lead", "client"], "product_statuses": ["Quoted"], "coverage_types": ["MedAdvantage"]},
    "steps": [
        _step("self-service", 1, "minutes", {"action": "enable-self-service"}),
        _step(
            "follow-up", 2, "days", {"action": "send-email", "message": "quote-follow-up", "to": _RECORD}, at="10:00"
        ),
        _step("call", 1, "weeks", {"action": "add-to-call-queue", "reason": "Has not answered the quote"}, at="09:30"),
    ],
}
_ANNUAL_REVIEW: dict[str, Any] = {
    "name": "Annual review: clients",
    "note": f"Tag clients with {REVIEW_TAG} to begin, and take the tag away once they have booked.",
    "trigger": {"record_types": ["client"], "tags": [REVIEW_TAG]},
    "steps": [
        _step("invitation", 1, "minutes", {"action": "send-email", "message": "annual-review", "to": _RECORD}),
        _step("text", 30, "minutes", {"action": "send-sms", "message": "annual-review", "to": _RECORD}),
        _step("self-service", 30, "minutes", {"action": "enable-self-service"}),
    ],
}
_OWN_MESSAGE: dict[str, Any] = {
    "name": "autumn-evening",
    "title": "An evening about the new plan year",
    "purpose": "marketing",
    "email": {
        "subject": "An evening about next year's plans - ((portal_name))",
        "preheader": "Join us, and bring your questions.",
        "blocks": [
            {"kind": "heading", "text": "An evening about next year's plans"},
            {"kind": "paragraph", "text": "Hello ((first_name|there)),"},
            {
                "kind": "paragraph",
                "text": "We take an hour to go through what changes next year. Bring your questions.",
            },
        ],
    },
}
_SENT: dict[str, Any] = {
    "name": "An evening about next year's plans",
    "filter": {"tag": "quoted"},
    "do": {"action": "send-email", "message": f"own-{_OWN_MESSAGE['name']}"},
    "when": {"when": "now"},
}
_DRAFT: dict[str, Any] = {
    "name": "Annual review: invitation to all clients",
    "filter": {"record_type": "client", "status": "open"},
    "do": {"action": "send-email", "message": "annual-review"},
    "when": {"when": "now"},
    "canary": {"percent": 20, "hold_minutes": 30, "stop_above_bounce_percent": 5},
}


def make(api: Api) -> None:
    """Make them. Done again, it changes nothing."""
    earlier = _quoted(api, _EARLIER)
    _quoted(api, _NEW)
    quotes = api.create(f"{_AT}/workflows", _QUOTE_SUBMITTED, "workflow-quote")
    api.create(f"{_AT}/workflows/{quotes['id']}/switch-on", {"existing": "enrol"}, "workflow-quote-on")
    _quoted_days_ago(earlier)
    api.create(f"{_AT}/workflows", _ANNUAL_REVIEW, "workflow-review")
    api.create(f"{_AT}/templates", _OWN_MESSAGE, "own-message")
    sent = api.create(f"{_AT}/campaigns", _SENT, "campaign-evening")
    api.create(f"{_AT}/campaigns/{sent['id']}/schedule", None, "campaign-evening-now")
    api.create(f"{_AT}/campaigns", _DRAFT, "campaign-review")


def _quoted(api: Api, details: dict[str, Any]) -> str:
    """A household with a quote that it has not answered; its id."""
    account = api.create(f"{_AT}/accounts", details, f"quoted-{details['number']}")
    api.create(f"{_AT}/accounts/{account['id']}/products", _QUOTE, f"quote-{details['number']}")
    return str(account["id"])


def _quoted_days_ago(account_id: str) -> None:
    """Let its delays count from three days ago, unless something was done of it already."""
    from chalicelib.storage import Transaction
    from chalicelib.workflows import enrolments

    for row in enrolments.running(PORTAL, account_id, limit=1):
        if row.starts_at == row.created_at and not row.outcomes:
            row.starts_at = int(row.starts_at) - _QUOTED_AGO
            tx = Transaction()
            enrolments.set_going(tx, PORTAL, row, due_at=int(row.created_at))
            tx.commit()
