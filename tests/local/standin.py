"""A small application in Latchstring's stead: what the runtime must carry, and nothing else.

`POST /say` writes a message row; the relay sends its id to a queue; deliver claims it, sends it and records the
provider's id; feedback marks it delivered. A fact goes by its own relay and queue to `react`.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from typing import Any

import botocore.session
from chalice.app import Chalice, Response

from infra.local.environment import TABLE_PREFIX
from infra.local.wiring import Wiring

TABLE = f"{TABLE_PREFIX}-messages"
FACTS = f"{TABLE_PREFIX}-facts"


def aws(service: str) -> Any:
    """A client from the environment alone, as the application makes it."""
    return _session().create_client(service)


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


class StandIn:
    """The application's parts, and what they saw."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.ticks: list[dict[str, Any]] = []
        self.feedback: list[dict[str, Any]] = []
        self.facts: list[str] = []
        self.reacted: list[str] = []
        self.relayed: list[list[str]] = []
        self.released: list[str] = []
        self.confirmed: list[tuple[str, str]] = []
        self.relay_faults: list[Any] = []
        self.deliver_faults: list[Any] = []
        self.react_faults: list[str] = []
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def wiring(self) -> Wiring:
        """As the runtime takes it."""
        return Wiring(
            app=self.app(), relay=self.relay, facts_relay=self.relay_facts, react=self.react,
            deliver_urgent=self.deliver, deliver_bulk=self.deliver, feedback=self.take_feedback,
            tick=lambda event, _context: self.ticks.append(event),
            confirm=lambda _portal, message, provider_id: self.confirmed.append((message, provider_id)),
            release=lambda _portal, message: self.released.append(message),
        )  # fmt: skip

    def client(self, service: str) -> Any:
        """One client per service."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = aws(service)
            return self._clients[service]

    def app(self) -> Chalice:
        """Routes that show what arrived."""
        app = Chalice("standin", configure_logs=False)

        @app.route(
            "/echo/{name}", methods=["GET", "POST"], content_types=["application/json", "text/plain", "image/png"]
        )
        def echo(name: str) -> Response:
            event = app.current_request.to_original_event()
            time.sleep(0.005)  # time enough for another thread to take over
            same = app.current_request.to_original_event() is event and app.lambda_context is not None
            return Response({"name": name, "event": event, "same": same})

        @app.route("/cookies")
        def cookies() -> Response:
            return Response(
                "<p>é</p>", headers={"Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/html; charset=utf-8"}
            )

        @app.route("/broken")
        def broken() -> Response:
            return Response("x", headers={"X-Bad": ["a\r\nX-Worse: 1"]})

        @app.route("/say", methods=["POST"])
        def say() -> dict[str, Any]:
            self.write(**app.current_request.json_body)
            return {}

        return app

    def write(self, known_as: str, to: str = "a@example.test", status: str = "queued", urgent: bool = True) -> None:
        """Put a message row."""
        row = {"pk": f"acme#message#{known_as}", "id": known_as, "portal": "acme", "status": status, "to": to}
        item = {name: {"S": value} for name, value in row.items()} | {"urgent": {"BOOL": urgent}}
        self.client("dynamodb").put_item(TableName=TABLE, Item=item)

    def say(self, subject: str) -> None:
        """Put a fact."""
        row = {"pk": f"acme#{subject}", "sk": str(time.time_ns()), "day_key": "acme#1#0", "subject": subject}
        item = {name: {"S": value} for name, value in row.items()} | {"at": {"N": str(int(time.time()))}}
        self.client("dynamodb").put_item(TableName=FACTS, Item=item)

    def read(self, known_as: str) -> dict[str, str]:
        """A message row."""
        item = self.client("dynamodb").get_item(
            TableName=TABLE, Key={"pk": {"S": f"acme#message#{known_as}"}}, ConsistentRead=True
        )["Item"]
        return {name: value["S"] for name, value in item.items() if "S" in value}

    def relay(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Send queued messages to their queue; `relay_faults` are raised or returned first."""
        self.relayed.append([record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]])
        self.events.append(event)
        if self.relay_faults:
            fault = self.relay_faults.pop(0)
            answer = fault(event) if callable(fault) else fault
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return dict(answer)
        for record in event["Records"]:
            image = record["dynamodb"].get("NewImage", {})
            if image.get("status", {}).get("S") == "queued":
                queue = os.environ[f"LATCHSTRING_{'URGENT' if image['urgent']['BOOL'] else 'BULK'}_QUEUE_URL"]
                body = json.dumps({"portal": "acme", "id": image["id"]["S"]})
                self.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
        return {"batchItemFailures": []}

    def relay_facts(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Send the subject of each fact to the queue of reactions."""
        for record in event["Records"]:
            image = record["dynamodb"]["NewImage"]
            self.facts.append(image["subject"]["S"])
            body = json.dumps({"portal": "acme", "account": image["subject"]["S"]})
            queue = os.environ["LATCHSTRING_REACTIONS_QUEUE_URL"]
            self.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
        return {"batchItemFailures": []}

    def react(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Note what was to be reacted to; `react_faults` names those that fail once."""
        failed = []
        for record in event["Records"]:
            account = json.loads(record["body"])["account"]
            if account in self.react_faults:
                self.react_faults.remove(account)
                failed.append({"itemIdentifier": record["messageId"]})
            else:
                self.reacted.append(account)
        return {"batchItemFailures": failed}

    def deliver(self, event: dict[str, Any], _context: Any) -> dict[str, Any]:
        """Send each message; `deliver_faults` names ids to report as failed once."""
        failed = []
        for record in event["Records"]:
            message = json.loads(record["body"])["id"]
            if message in self.deliver_faults:
                self.deliver_faults.remove(message)
                failed.append({"itemIdentifier": record["messageId"]})
            else:
                self._send(message)
        return {"batchItemFailures": failed}

    def _send(self, message: str) -> None:
        to = self.read(message)["to"]
        mime = f"From: Acme <hello@acme.example>\r\nTo: {to}\r\nSubject: 123456 is your code\r\n\r\nHello http://x.test/a?b=1.\r\n"
        sent = self.client("sesv2").send_email(
            Content={"Raw": {"Data": mime.encode()}},
            EmailTags=[{"Name": "message", "Value": message}, {"Name": "portal", "Value": "acme"}],
        )
        self.client("dynamodb").update_item(
            TableName=TABLE, Key={"pk": {"S": f"acme#message#{message}"}},
            UpdateExpression="SET #s = :s, provider_id = :p", ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": "sent"}, ":p": {"S": sent["MessageId"]}},
        )  # fmt: skip

    def take_feedback(self, event: dict[str, Any], _context: Any) -> None:
        """Keep what SES told."""
        self.feedback.append(json.loads(event["Records"][0]["Sns"]["Message"]))


def until(condition: Any, seconds: float = 8.0) -> float:
    """Wait until `condition()` is true; the seconds it took. Fails after `seconds`."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "waited in vain"
        time.sleep(0.005)
    return time.monotonic() - started
