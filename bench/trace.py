"""What the process asks of DynamoDB: each call with its units, how many came one after another, CPU spent inside them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynamodb.connection.base import Connection
from pynamodb.models import Model

from chalicelib import storage
from chalicelib.security import codes, identities, limits


@dataclass(slots=True)
class Call:
    """One call: what, when it ran, what it used."""

    operation: str
    started: float
    ended: float = 0.0
    read_units: float = 0.0
    write_units: float = 0.0


@dataclass(slots=True)
class Trace:
    """The calls of a stretch of work, and the CPU seconds spent inside PynamoDB for them."""

    calls: list[Call] = field(default_factory=list)
    cpu_inside: float = 0.0

    @property
    def in_a_row(self) -> int:
        """The longest chain of calls of which each waited for the one before."""
        chain, free_at = 0, 0.0
        for call in sorted(self.calls, key=lambda call: call.ended):
            if call.started >= free_at:
                chain, free_at = chain + 1, call.ended
        return chain

    @property
    def reads(self) -> float:
        """Read units."""
        return sum(call.read_units for call in self.calls)

    @property
    def writes(self) -> float:
        """Write units."""
        return sum(call.write_units for call in self.calls)


_active: list[Trace] = []
_local = threading.local()
_READS = {"GetItem", "Query", "BatchGetItem", "Scan", "TransactGetItems"}


def time_pynamodb() -> None:
    """From now on, measure the CPU spent inside PynamoDB: making its models and conditions, sending, reading the answer."""
    for owner, name in (
        (storage.Transaction, "_send"),
        (Model, "__init__"),
        (Model, "update"),
        (Model, "from_raw_data"),
        (Connection, "get_item"),
        (Connection, "query"),
        (Connection, "batch_get_item"),
        (limits, "unlocked"),
        (limits, "allows"),
        (limits, "shifted"),
        (identities, "unlocked"),
        (identities, "allows"),
        (identities, "shifted"),
        (codes, "_usable"),
    ):
        kept = vars(owner)[name]
        call = _timed(kept.__func__ if isinstance(kept, classmethod) else kept)
        setattr(owner, name, classmethod(call) if isinstance(kept, classmethod) else call)


def count_calls() -> None:
    """From now on, record every DynamoDB call with its units. Costs CPU itself, so it comes after the timing."""
    events = storage.client().meta.events
    events.register("before-parameter-build.dynamodb.*", _ask_for_units, unique_id="bench-units")
    events.register("before-call.dynamodb.*", _started, unique_id="bench-started")
    events.register("after-call.dynamodb.*", _ended, unique_id="bench-ended")


@contextmanager
def tracing() -> Iterator[Trace]:
    """Collect what happens in the block."""
    trace = Trace()
    _active.append(trace)
    try:
        yield trace
    finally:
        _active.remove(trace)


def _timed(call: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        if getattr(_local, "inside", False):
            return call(*args, **kwargs)
        _local.inside = True
        before = time.thread_time()
        try:
            return call(*args, **kwargs)
        finally:
            _local.inside = False
            spent = time.thread_time() - before
            for trace in _active:
                trace.cpu_inside += spent

    return timed


def _ask_for_units(params: dict[str, Any], **_: Any) -> None:
    params["ReturnConsumedCapacity"] = "TOTAL"


def _started(model: Any, **_: Any) -> None:
    _local.call = Call(model.name, time.perf_counter())


def _ended(parsed: dict[str, Any], **_: Any) -> None:
    call: Call = _local.call
    call.ended = time.perf_counter()
    used = parsed.get("ConsumedCapacity", [])
    units = sum(entry.get("CapacityUnits", 0) for entry in (used if isinstance(used, list) else [used]))
    if call.operation in _READS:
        call.read_units = units
    else:
        call.write_units = units
    for trace in _active:
        trace.calls.append(call)
