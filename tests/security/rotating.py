"""A rotation of the keys, as an operator does it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.security import keys
from tests.world import World

_MASTERS = {"1": bytes(range(32)), "2": bytes(range(1, 33))}


@contextmanager
def kept(world: World, current: int, *versions: str) -> Iterator[None]:
    """While the block runs these versions are kept, of which one is current; every process has learned of it."""
    before = world.cloud.secrets["keys"]
    ring = {version: base64.b64encode(_MASTERS[version]).decode() for version in versions}
    world.cloud.secrets["keys"] = json.dumps({"current": current, "keys": ring, "origin_secret": "0" * 64})
    keys.forget()
    try:
        yield
    finally:
        world.cloud.secrets["keys"] = before
        keys.forget()
