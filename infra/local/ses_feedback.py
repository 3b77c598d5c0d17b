"""What SES tells about a mail it accepted, in the shape of its event publishing.

SES' simulator mailboxes are known by their local part, at any domain whose first label is `simulator`: bounce,
complaint, suppressionlist (bounces as SES' own list does); every other address takes the mail.
"""

from __future__ import annotations

from typing import Any

from .environment import ACCOUNT, CONFIGURATION_SET, REGION
from .lambda_events import iso
from .outbox import Accepted, Feedback

# Seconds after acceptance. SES may well tell before SendEmail's answer is recorded; the application must bear it.
_SENT, _DELIVERED, _COMPLAINED = 0.0, 0.3, 1.0


def simulated(address: str) -> str:
    """Which simulator mailbox an address is, or "" for an ordinary address."""
    local, _, domain = address.strip().lower().rpartition("@")
    return local.split("+")[0] if domain.split(".")[0] == "simulator" else ""


def events_after(message: Accepted) -> list[Feedback]:
    """All that SES would tell about this mail, each with the time it comes."""
    kind = simulated(message.recipient)
    told = [Feedback(_event("Send", message, {}), message.accepted_at + _SENT)]
    if kind in ("bounce", "suppressionlist"):
        return [*told, Feedback(_event("Bounce", message, _bounce(message, kind)), message.accepted_at + _DELIVERED)]
    told.append(delivery(message, message.accepted_at + _DELIVERED))
    if kind == "complaint":
        told.append(Feedback(_event("Complaint", message, _complaint(message)), message.accepted_at + _COMPLAINED))
    return told


def delivery(message: Accepted, due_at: float) -> Feedback:
    """That the receiving server took the mail."""
    details = {
        "timestamp": iso(due_at),
        "processingTimeMillis": 300,
        "recipients": [message.recipient],
        "smtpResponse": "250 2.0.0 OK",
        "reportingMTA": "local.latchstring.example",
    }
    return Feedback(_event("Delivery", message, details), due_at)


def _bounce(message: Accepted, kind: str) -> dict[str, Any]:
    code = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    return {
        "feedbackId": f"bounce-{message.id}",
        "bounceType": "Permanent",
        "bounceSubType": "Suppressed" if kind == "suppressionlist" else "General",
        "bouncedRecipients": [{"emailAddress": message.recipient, **code}],
        "timestamp": iso(message.accepted_at + _DELIVERED),
        "reportingMTA": "dns; local.latchstring.example",
    }


def _complaint(message: Accepted) -> dict[str, Any]:
    return {
        "feedbackId": f"complaint-{message.id}",
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": message.recipient}],
        "timestamp": iso(message.accepted_at + _COMPLAINED),
        "complaintFeedbackType": "abuse",
        "userAgent": "latchstring-local",
    }


def _event(kind: str, message: Accepted, details: dict[str, Any]) -> dict[str, Any]:
    standing = {name.lower(): value for name, value in message.headers}
    mail = {
        "timestamp": iso(message.accepted_at),
        "source": message.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{message.sender.rpartition('@')[2]}",
        "sendingAccountId": ACCOUNT,
        "messageId": message.id,
        "destination": [message.recipient],
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in message.headers],
        "commonHeaders": {
            "from": [standing.get("from", message.sender)],
            "to": [message.recipient],
            "messageId": message.id,
            "subject": message.subject,
        },
        "tags": {name: [value] for name, value in message.tags.items()}
        | {"ses:configuration-set": [CONFIGURATION_SET], "ses:source-ip": ["127.0.0.1"]},
    }
    return {"eventType": kind, "mail": mail, kind.lower(): details}
