"""Something else happens between two calls that one flow makes to AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import aws, storage


@contextmanager
def after(call: str, do: Callable[[], object], *, nth: int = 1) -> Iterator[None]:
    """Right after the block's nth call of a name (`dynamodb.Query`), and before its answer is looked at, `do` is done."""
    service, _, _ = call.partition(".")
    events = (storage.client() if service == "dynamodb" else aws.client(service)).meta.events
    left = nth

    def listen(**_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            do()

    events.register_last(f"after-call.{call}", listen)
    try:
        yield
    finally:
        events.unregister(f"after-call.{call}", listen)
    assert left <= 0, f"the block made no {call} number {nth}"
