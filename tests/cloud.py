"""The AWS services of the tests but for DynamoDB and S3, as one small HTTP server: SQS, Secrets Manager, SES, SNS.

Ours and not moto's because the queues tell the time by the test's clock (nobody sleeps until a message is visible
again), because the provider counts every send it accepts, and because it starts in a millisecond.
"""

from __future__ import annotations

import base64
import email.policy
import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

_SNS = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"'
RECEIVES = 5  # of one message before it goes to the dead letters
VISIBILITY = 180  # seconds


@dataclass
class Waiting:
    """A message in a queue."""

    id: str
    body: str
    visible_at: float = 0
    receives: int = 0
    receipt: str = ""


class Queue:
    """One queue with its dead letters."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._lock = now, threading.Lock()
        self.waiting: list[Waiting] = []
        self.dead: list[Waiting] = []

    def send(self, body: str) -> str:
        """Take a message."""
        with self._lock:
            self.waiting.append(Waiting(str(uuid.uuid4()), body))
            return self.waiting[-1].id

    def receive(self, most: int = 10) -> list[dict[str, str]]:
        """Up to ten visible messages, as ReceiveMessage gives them."""
        with self._lock:
            for message in [each for each in self.waiting if each.receives >= RECEIVES and self._is_visible(each)]:
                self.waiting.remove(message)
                self.dead.append(message)
            seen = [message for message in self.waiting if self._is_visible(message)][:most]
            for message in seen:
                message.receives += 1
                message.visible_at = self._now() + VISIBILITY
                message.receipt = str(uuid.uuid4())
            return [{"MessageId": each.id, "ReceiptHandle": each.receipt, "Body": each.body} for each in seen]

    def delete(self, message_id: str) -> None:
        """Forget a message that was worked."""
        with self._lock:
            self.waiting = [message for message in self.waiting if message.id != message_id]

    def redrive(self) -> None:
        """Bring the dead letters back, as an operator would."""
        with self._lock:
            for message in self.dead:
                message.receives, message.visible_at = 0, 0
            self.waiting += self.dead
            self.dead = []

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self.waiting, self.dead = [], []

    def _is_visible(self, message: Waiting) -> bool:
        return message.visible_at <= self._now()


@dataclass(frozen=True)
class Sent:
    """A message that the provider accepted."""

    channel: str
    to: str
    provider_id: str
    tags: dict[str, str]
    sms: str = ""
    mime: bytes = b""

    @cached_property
    def mail(self) -> EmailMessage:
        """The mail, parsed."""
        parsed = email.message_from_bytes(self.mime, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def subject(self) -> str:
        """The subject of a mail."""
        return str(self.mail["Subject"])

    @property
    def text(self) -> str:
        """The text part, or the text message."""
        return self.sms if self.channel == "sms" else self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part of a mail."""
        return "" if self.channel == "sms" else self._part("html")

    @property
    def code(self) -> str:
        """The six digits in it."""
        found = re.search(r"\b[0-9]{6}\b", self.sms or self.subject)
        assert found, "no code in this message"
        return found[0]

    @property
    def link(self) -> str:
        """The first address in it."""
        found = re.search(r"https?://\S+", self.text)
        assert found, "no link in this message"
        return found[0]

    def _part(self, kind: str) -> str:
        part = self.mail.get_body(preferencelist=(kind,))
        assert part is not None
        return str(part.get_content())


@dataclass
class Provider:
    """SES and SNS. `refuse` answers (HTTP status, error code) instead of accepting, asked with the recipient.

    `opted_out` are the numbers whose owners answered STOP.
    """

    accepted: list[Sent] = field(default_factory=list)
    opted_out: list[str] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    refuse: Callable[[str], tuple[int, str] | None] = field(default=lambda _to: None)
    tells: Callable[[str], tuple[str, ...]] = field(default=lambda _to: ("Send", "Delivery"))
    _lock: Any = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """As at the start."""
        with self._lock:
            self.accepted, self.feedback, self.opted_out = [], [], []
            self.refuse = lambda _to: None
            self.tells = lambda _to: ("Send", "Delivery")

    def accept(self, sent: Sent) -> None:
        """Note a send, and what will be told of it."""
        with self._lock:
            self.accepted.append(sent)
            if sent.channel == "email":
                self.feedback += [event(kind, sent.provider_id, sent.tags) for kind in self.tells(sent.to)]


def event(kind: str, provider_id: str, tags: dict[str, str]) -> dict[str, Any]:
    """What SES publishes. `Bounce` is a hard one, `SoftBounce` a passing one."""
    mail = {"messageId": provider_id, "tags": {name: [value] for name, value in tags.items()}, "destination": ["x"]}
    details: dict[str, Any] = {
        "Send": {"send": {}},
        "Delivery": {"delivery": {"smtpResponse": "250 ok"}},
        "Bounce": {"bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": []}},
        "SoftBounce": {"bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": []}},
        "Complaint": {"complaint": {"complaintFeedbackType": "abuse"}},
        "Reject": {"reject": {"reason": "Bad content"}},
        "Rendering Failure": {"failure": {"errorMessage": "none", "templateName": "none"}},
        "DeliveryDelay": {"deliveryDelay": {"delayType": "MailboxFull"}},
    }
    return {"eventType": "Bounce" if kind == "SoftBounce" else kind, "mail": mail, **details[kind]}


class Cloud:
    """The server. Everything it holds can be looked at and changed directly."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.urgent, self.bulk, self.reactions, self.provider = Queue(now), Queue(now), Queue(now), Provider()
        self.secrets: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def reset(self) -> None:
        """Empty queues, empty inbox."""
        self.urgent.clear()
        self.bulk.clear()
        self.reactions.clear()
        self.provider.reset()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def json_call(self, action: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """SQS and Secrets Manager."""
        if action == "secretsmanager.GetSecretValue":
            return 200, {"SecretString": self.secrets[asked["SecretId"]]}
        queue: Queue = getattr(self, asked["QueueUrl"].rpartition("/")[2])
        if action == "AmazonSQS.SendMessage":
            return 200, {"MessageId": queue.send(asked["MessageBody"])}
        if action == "AmazonSQS.SendMessageBatch":
            taken = [{"Id": each["Id"], "MessageId": queue.send(each["MessageBody"])} for each in asked["Entries"]]
            return 200, {"Successful": taken, "Failed": []}
        return 400, {"__type": "UnknownOperationException", "message": action}

    def mail(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """SES v2 SendEmail."""
        (to,) = asked["Destination"]["ToAddresses"]
        if refusal := self.provider.refuse(to):
            return refusal[0], {"__type": refusal[1], "message": "refused"}
        tags = {tag["Name"]: tag["Value"] for tag in asked["EmailTags"]}
        sent = Sent("email", to, str(uuid.uuid4()), tags, mime=base64.b64decode(asked["Content"]["Raw"]["Data"]))
        self.provider.accept(sent)
        return 200, {"MessageId": sent.provider_id}

    def text(self, form: dict[str, str]) -> tuple[int, str]:
        """SNS Publish, and its list of who has opted out, two to a page."""
        if form["Action"] == "ListPhoneNumbersOptedOut":
            return 200, self._opted_out(int(form.get("nextToken", 0)))
        to = form["PhoneNumber"]
        if refusal := self.provider.refuse(to):
            return refusal[
                0
            ], f"<ErrorResponse><Error><Type>Sender</Type><Code>{refusal[1]}</Code></Error></ErrorResponse>"
        names = {form[name]: name.replace("Name", "Value.StringValue") for name in form if name.endswith(".Name")}
        tags = {name.rpartition(".")[2]: form[value] for name, value in names.items()}
        sent = Sent("sms", to, str(uuid.uuid4()), tags, sms=form["Message"])
        self.provider.accept(sent)
        result = f"<PublishResult><MessageId>{sent.provider_id}</MessageId></PublishResult>"
        return 200, f"<PublishResponse {_SNS}>{result}</PublishResponse>"

    def _opted_out(self, start: int) -> str:
        numbers = self.provider.opted_out
        page = "".join(f"<member>{number}</member>" for number in numbers[start : start + 2])
        more = f"<nextToken>{start + 2}</nextToken>" if len(numbers) > start + 2 else ""
        name, result = "ListPhoneNumbersOptedOut", f"<phoneNumbers>{page}</phoneNumbers>{more}"
        return f"<{name}Response {_SNS}><{name}Result>{result}</{name}Result></{name}Response>"


def _handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if target := self.headers.get("X-Amz-Target"):
                status, answer = cloud.json_call(target, json.loads(body))
                self._answer(status, json.dumps(answer), "application/x-amz-json-1.0")
            elif self.path.startswith("/v2/email/"):
                status, answer = cloud.mail(json.loads(body))
                self._answer(status, json.dumps(answer), "application/json", answer.get("__type"))
            else:
                status, xml = cloud.text({name: values[0] for name, values in parse_qs(body.decode()).items()})
                self._answer(status, xml, "text/xml")

        def _answer(self, status: int, body: str, kind: str, error: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            if error:
                self.send_header("x-amzn-ErrorType", error)
            self.end_headers()
            self.wfile.write(body.encode())
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
