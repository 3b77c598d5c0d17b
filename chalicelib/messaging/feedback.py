"""What SES tells about a mail after taking it: taken over into the log, and where it is final, against the address.

Events come twice, late and in any order, some before the worker has noted that the mail was sent. So each is one
conditional update that moves a message forwards only, and telling the same thing twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from .. import ids, log
from ..facts import Act
from . import progress, suppression
from .models import MessageRow, message_key
from .statuses import Status

_REASON_LIMIT = 300


class _Mail(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str
    tags: dict[str, list[str]] = {}


class _Recipient(msgspec.Struct, frozen=True, rename="camel"):
    diagnostic_code: str | None = None


class _Bounce(msgspec.Struct, frozen=True, rename="camel"):
    bounce_type: str = "Undetermined"
    bounce_sub_type: str = ""
    bounced_recipients: list[_Recipient] = []


class _Complaint(msgspec.Struct, frozen=True, rename="camel"):
    complaint_feedback_type: str | None = None
    complaint_sub_type: str | None = None


class _Reject(msgspec.Struct, frozen=True):
    reason: str = ""


class _Failure(msgspec.Struct, frozen=True, rename="camel"):
    error_message: str = ""


class _Delay(msgspec.Struct, frozen=True, rename="camel"):
    delay_type: str = ""


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    """An event of SES' event publishing; of its other fields we need none."""

    event_type: str
    mail: _Mail
    bounce: _Bounce = _Bounce()
    complaint: _Complaint = _Complaint()
    reject: _Reject = _Reject()
    failure: _Failure = _Failure()
    delivery_delay: _Delay = _Delay()


_decoder = msgspec.json.Decoder(_Event)


def heard(records: Iterable[dict[str, Any]]) -> None:
    """Take in notifications of the feedback topic. Raises if one cannot be read, for the Lambda's DLQ."""
    for record in records:
        _take_in(_decoder.decode(record["Sns"]["Message"]))


def _take_in(event: _Event) -> None:
    portal, identifier = _tag(event, "portal"), _tag(event, "message")
    if not portal or not ids.is_id(identifier):
        log.warning("feedback on a mail that is not ours", kind=event.event_type)
        return
    told = {"portal": portal, "subject": f"message:{identifier}", "kind": event.event_type}
    if event.event_type == "DeliveryDelay":
        progress.delayed(portal, identifier, f"delayed: {event.delivery_delay.delay_type}"[:_REASON_LIMIT])
    elif verdict := _verdict(event):
        status, reason = verdict
        progress.learned(
            portal, identifier, status, provider_id=event.mail.message_id, reason=reason[:_REASON_LIMIT] or None
        )
        if _is_final(event):
            _suppress(portal, identifier, status)
    log.info("feedback", **told)


def _verdict(event: _Event) -> tuple[Status, str] | None:
    """What the event means for the message, and why; None for kinds we did not ask for (opens, clicks)."""
    match event.event_type:
        case "Send":
            return Status.SENT, ""
        case "Delivery":
            return Status.DELIVERED, ""
        case "Bounce":
            return Status.BOUNCED, _bounce_reason(event.bounce)
        case "Complaint":
            kind = event.complaint.complaint_feedback_type or event.complaint.complaint_sub_type
            return Status.COMPLAINED, kind or "complaint"
        case "Reject":
            return Status.FAILED, f"rejected: {event.reject.reason}"
        case "Rendering Failure" | "RenderingFailure":
            return Status.FAILED, f"not rendered: {event.failure.error_message}"
    return None


def _bounce_reason(bounce: _Bounce) -> str:
    how = "hard" if bounce.bounce_type == "Permanent" else "soft"
    said = next((recipient.diagnostic_code for recipient in bounce.bounced_recipients if recipient.diagnostic_code), "")
    return f"{how}: {bounce.bounce_sub_type} {said}".strip()


def _is_final(event: _Event) -> bool:
    """Whether nothing more may be sent to this address: it does not exist, or its owner complained."""
    return event.event_type == "Complaint" or (event.event_type == "Bounce" and event.bounce.bounce_type == "Permanent")


def _suppress(portal: str, identifier: str, status: Status) -> None:
    row = MessageRow.find(message_key(portal, identifier))
    if row is not None and not row.decoy:
        act = Act(portal, "system:feedback")
        suppression.suppress(act, row.channel, row.recipient, status.value, key=row.recipient_key)


def _tag(event: _Event, name: str) -> str:
    return next(iter(event.mail.tags.get(name, [])), "")
