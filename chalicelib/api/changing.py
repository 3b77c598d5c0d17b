"""PATCH, the same for every resource: read, merge what was sent over it (RFC 7386), check the whole, change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from ..errors import Refusal, Stale
from ..web import parse
from ..web.operation import Answer, Call, one

_TRIES = 4  # without If-Match a change that met another one is merged anew


class Versioned(Protocol):
    """A resource that counts its changes."""

    @property
    def version(self) -> int:
        """1 when new, one more at each change."""
        ...


R = TypeVar("R", bound=Versioned)
S = TypeVar("S", bound=Struct)


def changed(call: Call[None, Any], shape: type[S], read: Callable[[], R], change: Callable[[S, int], R]) -> Answer:
    """The resource after the merge patch in the call's body. `change` gets the merged input and the version read.

    Raises Stale when `If-Match` named another version. Without that header, a change in between is merged over.
    """
    for attempt in range(_TRIES):
        present = read()
        if call.version is not None and call.version != present.version:
            raise Stale
        try:
            return one(change(_merged(present, call.body, shape), present.version))
        except Refusal as refusal:
            if refusal.status not in (409, 412) or call.version is not None or attempt + 1 == _TRIES:
                raise
    raise Stale


def removed(call: Call[None, None], remove: Callable[[], None]) -> None:
    """Remove, again if a change came in between and no `If-Match` forbids it."""
    for attempt in range(_TRIES):
        try:
            remove()
        except Stale:
            if call.version is not None or attempt + 1 == _TRIES:
                raise
        else:
            return


def _merged(present: object, patch: Any, shape: type[S]) -> S:
    held = msgspec.to_builtins({name: getattr(present, name) for name in shape.__struct_fields__})
    return parse.struct(parse.merged(held, patch), shape)
