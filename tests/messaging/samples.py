"""Messages to test with."""

from __future__ import annotations

from typing import Any

from chalicelib import clock, ids
from chalicelib.facts import Act
from chalicelib.messaging.models import MessageRow, message_key
from chalicelib.messaging.queue import queue
from chalicelib.portals import Portal

TO, MOBILE = "jane@client.example", "+12025550123"
BATCH = {"batch_id": "0" * 32, "batch_title": "2031 renewal", "contact_first_name": "Jane", "answer_by": "2030-06-30"}
ANSWER = {
    "batch_id": "0" * 32, "account_name": "Northwind", "batch_title": "2031 renewal", "answer": "changes",
    "contact_name": "Jane Doe", "comment": "Please drop the dental plan.\nThank you",
}  # fmt: skip


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
