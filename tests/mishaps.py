"""Things that go wrong between us and AWS, at exactly the call that a test names.

Every botocore call of the process is numbered and recorded (`calls`). A planned mishap befalls the call of one number:
as HTTP would see it, below botocore, so that botocore's own retries are part of what is tested.

    fail      the connection cannot be made; the request never left
    lost      AWS did it, the reply never came
    throttle  AWS refused because it is busy
    kill      the process dies in the middle of the call, before the request left
    killed    the process dies when AWS had done it
    conflict  AWS refused a write because a transaction was at work on the same item, which no engine here ever does

`sticky` mishaps befall every retry of the call too; `times` says how many attempts they befall otherwise. botocore does
not repeat what was refused for a conflict, so the attempts of a conflict are the writes from the named call on.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import botocore.endpoint
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from chalicelib import aws, storage

KINDS = ("fail", "lost", "throttle", "kill", "killed")
_WRITES = ("TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem")
_SERVICES = ("sqs", "secretsmanager", "sesv2", "sns", "s3")


class Killed(BaseException):
    """The process died here. Nothing of the product catches it."""


@dataclass(frozen=True)
class Mishap:
    """What goes wrong, at which call: its number (the first is 0), or the first of a name (`sesv2.SendEmail`)."""

    kind: str
    at: int | str
    sticky: bool = False
    times: int = 1


class Mishaps:
    """Records calls, and lets things go wrong. One of it is hooked into the process's clients by `hook`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._planned: Mishap | None = None
        self._conflicts = 0
        self._lock = threading.Lock()
        self._http = URLLib3Session()
        self._hooked: set[int] = set()

    def hook(self) -> None:
        """Listen to every client of the product; those made anew since the last time too."""
        for client in (storage.client(), *(aws.client(service) for service in _SERVICES)):
            if id(client) not in self._hooked:
                self._hooked.add(id(client))
                client.meta.events.register_first("before-call.*.*", self._on_call)
                client.meta.events.register_first("before-send.*.*", self._on_send)

    @contextmanager
    def recording(self) -> Iterator[list[str]]:
        """The calls made in the block, such as `dynamodb.UpdateItem`, in order."""
        self.hook()
        self.calls = []
        yield self.calls

    @contextmanager
    def planned(self, mishap: Mishap) -> Iterator[None]:
        """Let one thing go wrong in the block. Nobody waits between retries."""
        self.hook()
        self.calls, self._planned, self._conflicts = [], mishap, 0
        real, botocore.endpoint.time = botocore.endpoint.time, _Hurried()
        pause, storage.pause = storage.pause, lambda _seconds: None
        try:
            yield
        finally:
            self._planned = None
            botocore.endpoint.time, storage.pause = real, pause

    def _on_call(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        with self._lock:
            name = f"{model.service_model.service_name}.{model.name}"
            context["mishap_places"] = (len(self.calls), None if name in self.calls else name)
            self.calls.append(name)

    def _on_send(self, request: Any, **_: Any) -> AWSResponse | None:
        planned = self._planned
        if planned is None:
            return None
        is_here = planned.at in request.context.get("mishap_places", ())
        if planned.kind == "conflict":
            return self._conflict(planned, is_here, request)
        done = request.context.get("mishap_done", 0)
        if not is_here or (done >= planned.times and not planned.sticky):
            return None
        request.context["mishap_done"] = done + 1
        return self._befall(planned.kind, request)

    def _conflict(self, planned: Mishap, is_here: bool, request: Any) -> AWSResponse | None:
        target = request.headers.get("X-Amz-Target", "")
        action = (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
        with self._lock:
            is_on = is_here or self._conflicts > 0
            if action not in _WRITES or not is_on or (self._conflicts >= planned.times and not planned.sticky):
                return None
            self._conflicts += 1
        return _in_conflict(request, action)

    def _befall(self, kind: str, request: Any) -> AWSResponse:
        if kind == "throttle":
            return _busy(request)
        if kind == "fail":
            raise EndpointConnectionError(endpoint_url=request.url)
        if kind == "kill":
            raise Killed
        self._http.send(request)
        if kind == "killed":
            raise Killed
        raise ReadTimeoutError(endpoint_url=request.url)


class _Hurried:
    @staticmethod
    def sleep(_seconds: float) -> None:
        """Retries come at once."""


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """The body in one piece."""
        yield self._body


def _in_conflict(request: Any, action: str) -> AWSResponse:
    """One item of a transaction is in another's hands; or the one item of a plain write is."""
    kind, told = "TransactionConflictException", {"message": "Transaction is ongoing for the item"}
    if action == "TransactWriteItems":
        items = len(json.loads(request.body)["TransactItems"])
        reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]
        told = {"Message": "Transaction cancelled", "CancellationReasons": reasons + [{"Code": "None"}] * (items - 1)}
        kind = "TransactionCanceledException"
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", **told}).encode()
    return AWSResponse(request.url, 400, {}, _Raw(body))


def _busy(request: Any) -> AWSResponse:
    if "X-Amz-Target" in request.headers:
        body, headers = b'{"__type":"ThrottlingException","message":"slow down"}', {}
    elif "/v2/email/" in request.url:
        body, headers = b'{"message":"slow down"}', {"x-amzn-errortype": "TooManyRequestsException"}
    else:
        body, headers = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", {}
    return AWSResponse(request.url, 429 if headers else 400, headers, _Raw(body))
