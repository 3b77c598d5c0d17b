"""What the product asks of AWS: each call with its shape, which is all of it but the values."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chalicelib import aws, storage

_SERVICES = ("sqs", "secretsmanager", "sesv2", "sns", "s3")
_READS = ("GetItem", "BatchGetItem", "Query", "GetSecretValue", "GetObject", "HeadObject")
_KINDS = ("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS")


@dataclass(frozen=True)
class Asked:
    """One call: `service.Operation`, the tables it names, how many items it carries, its shape as JSON."""

    name: str
    tables: tuple[str, ...]
    items: int
    shape: str

    @property
    def is_write(self) -> bool:
        """Whether it could change something."""
        return self.name.partition(".")[2] not in _READS


class _Tracer:
    def __init__(self) -> None:
        self.calls: list[Asked] | None = None
        self._lock = threading.Lock()

    def hook(self) -> None:
        """Listen to every client of the product, once each."""
        for client in (storage.client(), *(aws.client(service) for service in _SERVICES)):
            client.meta.events.register("before-call.*.*", self._on_call, unique_id="tests-tracing")

    def _on_call(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        with self._lock:
            if self.calls is not None:
                self.calls.append(_asked(f"{model.service_model.service_name}.{model.name}", params))


_tracer = _Tracer()


@contextmanager
def traced() -> Iterator[list[Asked]]:
    """The calls made in the block, by whichever thread."""
    _tracer.hook()
    calls: list[Asked] = []
    _tracer.calls = calls
    try:
        yield calls
    finally:
        _tracer.calls = None


def writes(calls: list[Asked]) -> list[Asked]:
    """Those that could change something."""
    return [call for call in calls if call.is_write]


def counted(calls: list[Asked]) -> Counter[Asked]:
    """The calls without their order, which two at a time do not have."""
    return Counter(calls)


def _asked(name: str, params: dict[str, Any]) -> Asked:
    raw = params.get("body") or b""
    if not name.startswith("dynamodb.") or not raw:
        return Asked(name, (), 0, "")
    body = json.loads(raw)
    parts = [next(iter(part.values())) for part in body.get("TransactItems", [])] or [body]
    tables = [part["TableName"] for part in parts if "TableName" in part] or list(body.get("RequestItems", ()))
    return Asked(name, tuple(tables), len(parts), json.dumps(_shape(body), sort_keys=True))


def _shape(value: Any) -> Any:
    """The value with DynamoDB's attribute values made types, and tokens of retries left out."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in _KINDS:
            return next(iter(value))
        return {key: _shape(inner) for key, inner in value.items() if key != "ClientRequestToken"}
    return [_shape(inner) for inner in value] if isinstance(value, list) else value
