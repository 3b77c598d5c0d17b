"""`Idempotency-Key`: a call that is repeated, because its answer was lost say, is carried out once and answered alike.

The record joins the call's own transaction through the act's rider. Of any number of calls at the same time one commits;
the others are refused by that record, find it, and answer from what the first one made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from ..errors import Invalid, Refusal, Unavailable
from ..facts import Act
from ..security import once
from ..security.once import Done
from ..storage import Transaction
from .problems import KeyReused

REPLAYED = "Idempotency-Replayed"
_SHAPE = re.compile(r"[\x21-\x7e]{1,255}")
T = TypeVar("T")


class Ticket(msgspec.Struct, frozen=True):
    """What makes a call the same call: the key with its holder, and a hash of what was asked for."""

    portal: str
    holder: str
    key: str
    request_hash: str

    @property
    def fingerprint(self) -> str:
        """Under which name the record stands."""
        return _digest(self.holder, self.key)

    def row(self, place: int, content: Any) -> Ticket:
        """The ticket of one row of a bulk call."""
        return replace(self, key=f"{self.key} {place}", request_hash=_digest("row", _canonical(content)))


def ticket(header: str | None, *, portal: str, holder: str, asked: str, body: Any) -> Ticket | None:
    """The ticket of a call, if it carries a key. `asked` names method and path."""
    if header is None:
        return None
    if _SHAPE.fullmatch(header) is None:
        raise Invalid(
            fields={"Idempotency-Key": "Use 1 to 255 visible ASCII characters without spaces, such as a UUID."}
        )
    return Ticket(portal, holder, header, _digest(asked, _canonical(body)))


def carried_out(
    held: Ticket,
    act: Act,
    new_id: str,
    do: Callable[[Act, str], T],
    again: Callable[[str], T],
    done: Done | None = None,
) -> tuple[T, bool]:
    """Call `do` with an act that carries the record and the new id, or `again` with the id chosen the first time.

    Gives the answer and whether it is a repetition. `done` is the record if the caller has read it. Raises KeyReused.
    """
    done = done or once.find(held.portal, held.fingerprint)
    if done:
        return _repeated(held, done, again), True
    record = Done(held.request_hash, new_id)

    def ride(tx: Transaction) -> None:
        once.note(tx, held.portal, held.fingerprint, record)

    try:
        return do(replace(act, rider=ride), new_id), False
    except Refusal as refusal:
        done = once.find(held.portal, held.fingerprint)
        if done is None or (done == record and not isinstance(refusal, Unavailable)):
            raise
        # Another call was first, or ours went through and only its answer was lost.
        return _repeated(held, done, again), done != record


def _repeated(held: Ticket, done: Done, again: Callable[[str], T]) -> T:
    if done.request_hash != held.request_hash:
        raise KeyReused
    return again(done.result)


def _canonical(body: Any) -> str:
    return msgspec.json.encode(body, order="sorted").decode()


def _digest(*parts: str) -> str:
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
