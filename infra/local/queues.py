"""SQS: what the runtime and the application ask of it, in the JSON of its API. Kept in memory.

Our own, for moto looks through a whole queue for every message of it: with twenty thousand waiting it comes to a standstill.
Here each costs the same, however many wait.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from .environment import ACCOUNT, REGION

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

TARGET = "AmazonSQS."  # what the header of every request begins with


class Refused(Exception):
    """SQS does not do it: its error's code."""


@dataclass(slots=True)
class Waiting:
    """A message; in the heap of its queue it counts only by its newest `place`."""

    body: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sent_at: float = field(default_factory=time.time)
    receives: int = 0
    first_at: float = 0.0
    handle: str = ""
    place: int = 0


class StoredQueue:
    """One queue: whatever is not deleted comes again when it is visible again, the longest visible first."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.attributes = attributes
        redrive = json.loads(attributes.get("RedrivePolicy", "{}"))
        self.most_receives = int(redrive.get("maxReceiveCount", 0))
        self.dead_letters: str = redrive.get("deadLetterTargetArn", "").rpartition(":")[2]
        self._visible = float(attributes.get("VisibilityTimeout", "30"))
        self._heap: list[tuple[float, int, Waiting]] = []
        self._handed: dict[str, Waiting] = {}
        self._places = itertools.count(1)

    def put(self, message: Waiting, after: float = 0.0) -> None:
        """Let it be received from then on: at once, or so many seconds later."""
        message.place = next(self._places)
        heapq.heappush(self._heap, (time.monotonic() + after, message.place, message))

    def receive(self, most: int, visible: float | None) -> tuple[list[Waiting], list[Waiting]]:
        """Messages to hand out, and those that were received too often."""
        handed: list[Waiting] = []
        dead: list[Waiting] = []
        while len(handed) < most and self._heap and self._heap[0][0] <= time.monotonic():
            _, place, message = heapq.heappop(self._heap)
            if place != message.place:
                continue
            self._handed.pop(message.handle, None)
            if self.most_receives and message.receives >= self.most_receives:
                dead.append(message)
                continue
            message.receives += 1
            message.first_at = message.first_at or time.time()
            message.handle = str(uuid.uuid4())
            self._handed[message.handle] = message
            handed.append(message)
        for message in handed:
            self.put(message, self._visible if visible is None else visible)
        return handed, dead

    def delete(self, handle: str) -> None:
        """Done with. A handle that is not known any more is none of our business, as in SQS."""
        if message := self._handed.pop(handle, None):
            message.place = 0

    def show(self, handle: str, after: float) -> None:
        """Let a received one come again in so many seconds."""
        message = self._handed.get(handle)
        if message is None:
            raise Refused("ReceiptHandleIsInvalid")
        self.put(message, after)


class Queues:
    """A WSGI application, the endpoint of SQS."""

    def __init__(self) -> None:
        self._queues: dict[str, StoredQueue] = {}
        self._lock = threading.Lock()
        self._acts = {
            "CreateQueue": self._create, "GetQueueAttributes": self._attributes, "SendMessage": self._send,
            "SendMessageBatch": self._send_batch, "ReceiveMessage": self._receive, "DeleteMessage": self._delete,
            "DeleteMessageBatch": self._delete_batch, "ChangeMessageVisibility": self._show,
        }  # fmt: skip

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        act = request.headers.get("X-Amz-Target", "").removeprefix(TARGET)
        asked = json.loads(request.get_data() or b"{}") | {"host": request.host}
        try:
            if act not in self._acts:
                raise Refused("InvalidAction")
            with self._lock:
                answer, status = self._acts[act](asked), 200
        except Refused as refused:
            answer, status = {"__type": f"com.amazonaws.sqs#{refused}", "message": str(refused)}, 400
        response = Response(json.dumps(answer), status=status, mimetype="application/x-amz-json-1.0")
        return response(environ, start_response)

    def _queue(self, asked: dict[str, Any]) -> StoredQueue:
        found = self._queues.get(asked["QueueUrl"].rpartition("/")[2])
        if found is None:
            raise Refused("QueueDoesNotExist")
        return found

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["QueueName"]
        arn = {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}
        self._queues.setdefault(name, StoredQueue({**asked.get("Attributes", {}), **arn}))
        return {"QueueUrl": f"http://{asked['host']}/{ACCOUNT}/{name}"}

    def _attributes(self, asked: dict[str, Any]) -> dict[str, Any]:
        held, names = self._queue(asked).attributes, asked.get("AttributeNames", ())
        return {"Attributes": {name: held[name] for name in held if name in names or "All" in names}}

    def _send(self, asked: dict[str, Any]) -> dict[str, Any]:
        message = Waiting(asked["MessageBody"])
        self._queue(asked).put(message, float(asked.get("DelaySeconds", 0)))
        return {"MessageId": message.id, "MD5OfMessageBody": _md5(message.body)}

    def _send_batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        sent = [{"Id": each["Id"], **self._send({**each, "QueueUrl": asked["QueueUrl"]})} for each in asked["Entries"]]
        return {"Successful": sent, "Failed": []}

    def _receive(self, asked: dict[str, Any]) -> dict[str, Any]:
        queue = self._queue(asked)
        handed, dead = queue.receive(int(asked.get("MaxNumberOfMessages", 1)), asked.get("VisibilityTimeout"))
        for message in dead:
            self._queues[queue.dead_letters].put(message)
        return {"Messages": [_told(message) for message in handed]}

    def _delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._queue(asked).delete(asked["ReceiptHandle"])
        return {}

    def _delete_batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        for each in asked["Entries"]:
            self._queue(asked).delete(each["ReceiptHandle"])
        return {"Successful": [{"Id": each["Id"]} for each in asked["Entries"]], "Failed": []}

    def _show(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._queue(asked).show(asked["ReceiptHandle"], float(asked["VisibilityTimeout"]))
        return {}


def _told(message: Waiting) -> dict[str, Any]:
    attributes = {
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_at * 1000)),
        "SenderId": ACCOUNT,
    }
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "MD5OfBody": _md5(message.body),
        "Body": message.body,
        "Attributes": attributes,
    }


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
