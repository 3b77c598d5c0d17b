"""Queues, and moto in this process: Secrets Manager, EventBridge, and whatever else might be called by mistake.

Both forget all when they end. Queues are made anew at each start (what was in them is found again: see `settle`); the keys
secret is kept in `.local/keys.json` and loaded again, so that sessions and links stay good.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from .environment import KEYS_SECRET
from .folder import read_json, write_json
from .queue_pump import VISIBILITY_SECONDS, Queue
from .queues import TARGET, Queues

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

RECEIVES = 5  # before a message goes to the DLQ
_RETENTION = {"MessageRetentionPeriod": "345600", "SqsManagedSseEnabled": "true"}


class Cloud:
    """A WSGI application that rings a bell when something was sent to a queue, so that nobody need poll."""

    def __init__(self, on_send: Callable[[], None]) -> None:
        moto_api_backend.reset()  # moto's state belongs to the process; a runtime starts with none
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._queues = Queues()
        self._on_send = on_send

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith(TARGET):
            return self._moto(environ, start_response)
        answer = self._queues(environ, start_response)
        if target.startswith(f"{TARGET}SendMessage"):
            self._on_send()
        return answer


def make_queues(sqs: Any) -> dict[str, Queue]:
    """Each queue, with a dead-letter queue behind it."""
    return {name: _make_queue(sqs, name) for name in ("urgent", "bulk", "reactions")}


def _make_queue(sqs: Any, name: str) -> Queue:
    dead = sqs.create_queue(QueueName=f"latchstring-local-{name}-dead", Attributes=_RETENTION)["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": RECEIVES})
    attributes = {**_RETENTION, "VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": redrive}
    url = sqs.create_queue(QueueName=f"latchstring-local-{name}", Attributes=attributes)["QueueUrl"]
    return Queue(name, url, _arn(sqs, url))


def _arn(sqs: Any, url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def load_keys(secrets_manager: Any, path: Path) -> None:
    """Put the signing keys into Secrets Manager, made once and then kept in a file that only its owner reads."""
    keys = read_json(path)
    if keys is None:
        first = base64.b64encode(secrets.token_bytes(32)).decode()
        keys = {"current": 1, "keys": {"1": first}, "origin_secret": secrets.token_hex(32)}
        write_json(path, keys, mode=0o600)
    secrets_manager.create_secret(Name=KEYS_SECRET, SecretString=json.dumps(keys))
