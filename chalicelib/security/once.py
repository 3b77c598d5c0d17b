"""That an API call with an `Idempotency-Key` was carried out: a record written in the call's own transaction.

So there is no moment at which the call is done and the record is missing, or the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from .. import clock
from ..storage import Transaction, guarded, live
from .models import OnceRow

KEPT_SECONDS = 24 * 3600  # how long a repeated call is answered like the first; what the API promises


class Done(Struct, frozen=True):
    """A call that was carried out: the fingerprint of what it asked for, and the id that it chose for its result."""

    request_hash: str
    result: str


def find(portal: str, fingerprint: str) -> Done | None:
    """What was done under this key, as of this very moment."""
    row = OnceRow.find(_key(portal, fingerprint))
    return Done(row.request_hash, row.result) if row else None


def find_many(portal: str, fingerprints: Iterable[str]) -> dict[str, Done]:
    """The same for up to 100 keys in one call, by fingerprint."""
    keys = {_key(portal, fingerprint): fingerprint for fingerprint in fingerprints}
    rows = guarded(lambda: list(OnceRow.batch_get(list(keys), consistent_read=True)))
    return {keys[row.pk]: Done(row.request_hash, row.result) for row in rows if live(row)}


def note(tx: Transaction, portal: str, fingerprint: str, done: Done) -> None:
    """Add the record to the transaction, which is refused if another call has used the key.

    An act of several transactions may carry the same record in each: it may replace itself.
    """
    now = clock.timestamp()
    row = OnceRow(
        pk=_key(portal, fingerprint), request_hash=done.request_hash, result=done.result, expires_at=now + KEPT_SECONDS
    )
    tx.put(row, when=OnceRow.pk.does_not_exist() | (OnceRow.expires_at <= now) | (OnceRow.result == done.result))


def _key(portal: str, fingerprint: str) -> str:
    return f"{portal}#once#{fingerprint}"
