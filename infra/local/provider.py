"""The mail and SMS provider: SES v2 SendEmail (raw MIME), SNS Publish to a phone number and the list of who opted out.

Our own and not moto's, for two reasons: moto keeps one body of a mail and forgets all at a restart; and this one stores
durably before it answers and knows a message by its id, so that after any crash it can be said what was sent.
"""

from __future__ import annotations

import base64
import binascii
import email.policy
import json
import re
import uuid
from collections.abc import Iterable
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from .outbox import Accepted, Outbox, new_provider_id, now
from .ses_feedback import events_after, simulated

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_TAG = re.compile(r"[A-Za-z0-9_\-.@]{1,256}")
_LONGEST_SMS = 1600
_A_PAGE = 100  # of numbers that opted out
_MESSAGE_ATTRIBUTE = "latchstring.message"
_PORTAL_ATTRIBUTE = "latchstring.portal"
_SENDER_ATTRIBUTE = "AWS.SNS.SMS.SenderID"


class Refused(Exception):
    """The provider does not take the message: an AWS error code, a text, an HTTP status."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status


class Provider:
    """A WSGI application, the endpoint of both services."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        answer = self._mail if request.path.startswith("/v2/email/") else self._sms
        return answer(request)(environ, start_response)

    def _mail(self, request: Request) -> Response:
        try:
            if (request.method, request.path) != ("POST", "/v2/email/outbound-emails"):
                raise Refused("NotFoundException", "This provider only sends.", 404)
            message = _read_mail(_json(request))
        except Refused as refused:
            headers = {"x-amzn-ErrorType": refused.code}
            body = json.dumps({"message": refused.text})
            return Response(body, status=refused.status, mimetype="application/json", headers=headers)
        provider_id = self._outbox.accept(message, events_after(message))
        return Response(json.dumps({"MessageId": provider_id}), mimetype="application/json")

    def _sms(self, request: Request) -> Response:
        if request.form.get("Action") == "ListPhoneNumbersOptedOut":
            return self._opted_out(int(request.form.get("nextToken", 0)))
        try:
            message = _read_sms(request.form.to_dict())
            if message.recipient in self._outbox.opted_out():
                raise Refused("OptedOut", "The owner of this number has opted out.")
        except Refused as refused:
            fault = f"<Type>Sender</Type><Code>{refused.code}</Code><Message>{escape(refused.text)}</Message>"
            return _xml("ErrorResponse", f"<Error>{fault}</Error><RequestId>{uuid.uuid4()}</RequestId>", refused.status)
        provider_id = self._outbox.accept(message, ())
        result = f"<PublishResult><MessageId>{provider_id}</MessageId></PublishResult>"
        trailer = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        return _xml("PublishResponse", result + trailer)

    def _opted_out(self, start: int) -> Response:
        """A page of the numbers that opted out, a hundred at a time as in SNS."""
        numbers = self._outbox.opted_out()
        page = "".join(f"<member>{number}</member>" for number in numbers[start : start + _A_PAGE])
        more = f"<nextToken>{start + _A_PAGE}</nextToken>" if len(numbers) > start + _A_PAGE else ""
        name, found = "ListPhoneNumbersOptedOut", f"<phoneNumbers>{page}</phoneNumbers>{more}"
        trailer = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        return _xml(f"{name}Response", f"<{name}Result>{found}</{name}Result>{trailer}")


def _read_mail(asked: dict[str, Any]) -> Accepted:
    try:
        raw = base64.b64decode(asked["Content"]["Raw"]["Data"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise Refused("BadRequestException", "Only Content.Raw.Data is taken, in base64.") from None
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    sender = parseaddr(str(asked.get("FromEmailAddress") or parsed.get("From", "")))[1]
    recipients = _recipients(asked, parsed)
    if not sender or not recipients:
        raise Refused("BadRequestException", "A mail needs a sender and a recipient.")
    if any(simulated(recipient) == "reject" for recipient in recipients):
        raise Refused("MessageRejected", "The message was rejected (simulated).")
    return Accepted(
        channel="email",
        recipient=", ".join(recipients),
        sender=sender,
        subject=str(parsed.get("Subject", "")),
        text=_part(parsed, "plain") or "",
        html=_part(parsed, "html"),
        headers=[(name, str(value)) for name, value in parsed.items()],
        tags=_tags(asked.get("EmailTags") or []),
        id=new_provider_id(),
        accepted_at=now(),
    )


def _recipients(asked: dict[str, Any], parsed: EmailMessage) -> list[str]:
    named = asked.get("Destination") or {}
    addresses = [
        address for kind in ("ToAddresses", "CcAddresses", "BccAddresses") for address in named.get(kind) or []
    ]
    if not addresses:
        addresses = [str(value) for kind in ("To", "Cc", "Bcc") for value in parsed.get_all(kind, [])]
    return [address for _, address in getaddresses(addresses) if address]


def _tags(given: list[dict[str, str]]) -> dict[str, str]:
    tags = {tag["Name"]: tag["Value"] for tag in given}
    for name, value in tags.items():
        if not _TAG.fullmatch(name) or not _TAG.fullmatch(value):
            raise Refused("BadRequestException", f"The tag {name} holds characters that SES does not take.")
    return tags


def _part(parsed: EmailMessage, kind: str) -> str | None:
    part = parsed.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else None


def _read_sms(form: dict[str, str]) -> Accepted:
    if form.get("Action") != "Publish":
        raise Refused("InvalidAction", "This provider only publishes to phone numbers.")
    number, text = form.get("PhoneNumber", ""), form.get("Message", "")
    if not _E164.fullmatch(number):
        raise Refused("InvalidParameter", "Invalid parameter: PhoneNumber Reason: it is not valid to publish to")
    if not text or len(text) > _LONGEST_SMS:
        raise Refused("InvalidParameter", "Invalid parameter: Message Reason: empty or too long")
    attributes = _attributes(form)
    tags = {"message": attributes.get(_MESSAGE_ATTRIBUTE), "portal": attributes.get(_PORTAL_ATTRIBUTE)}
    return Accepted(
        channel="sms",
        recipient=number,
        sender=attributes.get(_SENDER_ATTRIBUTE, "Latchstring"),
        subject=None,
        text=text,
        html=None,
        headers=sorted(attributes.items()),
        tags={name: value for name, value in tags.items() if value},
        id=new_provider_id(),
        accepted_at=now(),
    )


def _attributes(form: dict[str, str]) -> dict[str, str]:
    found, number = {}, 1
    while name := form.get(f"MessageAttributes.entry.{number}.Name"):
        found[name] = form.get(f"MessageAttributes.entry.{number}.Value.StringValue", "")
        number += 1
    return found


def _json(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(request.get_data())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refused("BadRequestException", "The body is not a JSON object.")
    return value


def _xml(name: str, body: str, status: int = 200) -> Response:
    document = f'<{name} xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{body}</{name}>'
    return Response(document, status=status, mimetype="text/xml")
