"""Messages to test with."""

from __future__ import annotations

from typing import Any

from chalicelib import clock, ids
from chalicelib.facts import Act
from chalicelib.messaging.models import MessageRow, message_key
from chalicelib.messaging.queue import queue
from chalicelib.portals import Portal
from chalicelib.security import links

TO, MOBILE = "jane@client.example", "+12025550123"
BATCH = {"batch_id": "0" * 32, "batch_title": "2031 renewal", "contact_first_name": "Jane", "answer_by": "2030-06-30"}
ANSWER = {
    "batch_id": "0" * 32, "account_name": "Northwind", "batch_title": "2031 renewal", "answer": "changes",
    "contact_name": "Jane Doe", "comment": "Please drop the dental plan.\nThank you",
}  # fmt: skip
HELP = {
    "reference": "H-7K4M-9C", "kind": "no-code", "name": "Jane Doe", "reached_by": "+1 202 555 0123",
    "signs_in_as": "NW-1001", "message": "No code arrives.\nI waited an hour.",
}  # fmt: skip
HOLDER = "a" * 32


def link_context(purpose: links.Purpose, place: int = 0) -> dict[str, str]:
    """The context of a one-time link."""
    return links.context(links.Link(purpose, HOLDER, "b" * 32, 1, clock.timestamp() + 86400), place)


RECORD = {
    "account_name": "Northwind Traders", "first_name": "Jane", "last_name": "Doe", "agent_name": "Ada Brook",
    "agent_title": "Broker", "agent_phone": "+14155550100", "product_carrier": "Blue Harbor", "product_plan": "PPO 1500",
    "product_policy_number": "BH-204417", "product_coverage_type": "Medical", "product_premium": "$412.50",
    "product_effective_date": "2031-01-31", "product_status": "Quoted",
}  # fmt: skip

FULL: dict[str, dict[str, str]] = {
    "batch-in-review": BATCH,
    "answer-reminder": BATCH,
    "verification-code": {"challenge": "0" * 32, "counter": "0", "version": "1"},
    "client-answered": ANSWER,
    "help-request": HELP,
    "help-answer": {"reference": "H-7K4M-9C", "said": "Try again now.", "author": "Ana Silva"},
    "sign-in-unlocked": {"contact_first_name": "Jane"},
    "caller-code": {"challenge": "0" * 32, "counter": "0", "version": "1"},
    "record-changed": {"account_id": "0" * 32, "account_name": "Northwind", "day": "2030-06-03"},
    "credential-create": {
        **link_context("credential-create"), "account_name": "Northwind Traders", "username": "jane.doe",
    },
    "password-reset": {**link_context("password-reset"), "username": "jane.doe"},
    "username-reminder": {"username": "jane.doe"},
    "new-device": {
        **link_context("not-me"), "username": "jane.doe", "browser": "Firefox, Linux", "at": "1909042200",
    },
    "credential-changed": {**link_context("not-me"), "username": "jane.doe", "change": "password"},
    "contact-confirmation": link_context("contact-confirmation"),
    "contact-changed": {"which": "email"},
    "staff-invitation": {**link_context("staff-invitation"), "role": "support", "inviter": "Olive Owner"},
    "temporary-password": {
        "holder": HOLDER, "nonce": "c" * 32, "version": "1", "username": "jane.doe", "staff": "yes",
    },
    "registration-invitation": {
        **link_context("invitation"), "office": "Elm Street Clinic", "role": "Portal User", "inviter": "Olive Owner",
    },
    "invitation-reminder": {
        **link_context("invitation"), "office": "Elm Street Clinic", "role": "Portal User", "inviter": "Olive Owner",
    },
    "registration-received": {"first_name": "Jane", "office": "Elm Street Clinic", "username": "jane.doe"},
    "registration-waiting": {"office": "Elm Street Clinic", "role": "Portal User", "applicant": "Jane Doe"},
    "registration-approved": {
        "first_name": "Jane", "office": "Elm Street Clinic", "role": "Portal User", "username": "jane.doe",
    },
    "registration-denied": {"first_name": "Jane", "office": "Elm Street Clinic", "reason": "Not known at this office"},
    "self-service-link": {
        "code": "rec-7k4m9cqxw2td", "account_name": "Northwind Traders", "agent_name": "Ada Brook", "agent_title": "Broker",
        "agent_phone": "+14155550100",
    },
    "self-service-password": link_context("self-service-password"),
    "registered-by-claim": {
        "office": "Elm Street Clinic", "role": "Portal User", "applicant": "Jane Doe", "username": "jane.doe",
    },
    "task-reminder": {
        "title": "Call Northwind about the census", "due": "1909042200", "account_name": "Northwind Traders",
        "first_name": "Jane",
    },
    "campaign-stopped": {
        "campaign": "Annual review 2031", "reason": "Of 100 messages 12 bounced: more than 5 of a hundred.",
    },
    "quote-follow-up": RECORD,
    "annual-review": RECORD,
    "get-in-touch": RECORD,
}  # fmt: skip
"""Every message with every value it may have."""


def code_context() -> dict[str, str]:
    """The context of a verification code."""
    return {"challenge": ids.new(), "counter": "0", "version": "1"}


def put(portal: Portal, **given: Any) -> str:
    """Queue one message by itself, a mail about a batch unless told otherwise, and give its id."""
    act = Act(portal.slug, "system:tests")
    tx = act.transaction()
    options: dict[str, Any] = {
        "template": "batch-in-review", "channel": "email", "to": TO, "about": "batch:1", "context": BATCH, **given,
    }  # fmt: skip
    identifier = queue(tx, act, **options)
    tx.commit()
    return identifier


def put_code(portal: Portal, channel: str = "email", **given: Any) -> str:
    """Queue a verification code."""
    to = TO if channel == "email" else MOBILE
    options = {"to": to, "about": "contact:1", "urgent": True, "not_after": clock.timestamp() + 600, **given}
    return put(portal, template="verification-code", channel=channel, context=code_context(), **options)


def row(portal: Portal, identifier: str) -> MessageRow:
    """The message as it stands."""
    found = MessageRow.find(message_key(portal.slug, identifier))
    assert found is not None
    return found
