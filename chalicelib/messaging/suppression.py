"""Addresses nothing is sent to any more: for they bounced for good or complained, or their owner answered STOP.

Staff lift the first two. STOP ends by START alone, and holds in every portal, for it was said to our number.
"""

from __future__ import annotations

from typing import Final

from .. import clock, facts
from ..errors import Refusal
from ..facts import Act, Kind
from ..storage import guarded
from . import addresses
from .models import SuppressedRow

OPTED_OUT: Final = "opted-out"
EVERYWHERE: Final = "*"  # in place of a portal: what is so in all of them


class _Already(Refusal):
    """It is so already."""


def suppress(act: Act, channel: str, recipient: str, reason: str, *, key: str | None = None) -> bool:
    """Send nothing to this address any more. False if that was so already.

    `key` is the recipient's key where it is known, which spares the caller the signing keys.
    """
    key = key or addresses.key(act.portal, channel, recipient)
    masked = addresses.masked(channel, recipient)
    row = SuppressedRow(pk=_pk(act.portal, key), channel=channel, masked=masked, reason=reason, at=clock.timestamp())
    tx = act.transaction()
    tx.put(row, when=SuppressedRow.pk.does_not_exist(), refusal=_Already())
    details = {"channel": channel, "recipient": masked, "suppressed": [False, True], "reason": reason}
    facts.record(tx, act, Kind.ADDRESS_SUPPRESSED, facts.subject("address", key), details)
    try:
        tx.commit()
    except _Already:
        return False
    return True


def is_suppressed(portal: str, channel: str, recipient: str, *, key: str | None = None) -> str | None:
    """Why nothing is sent to this address, or None if nothing stands against it. One read, of two rows for a number."""
    wanted = [_pk(portal, key or addresses.key(portal, channel, recipient))]
    if channel != "sms":
        row = SuppressedRow.find(wanted[0])
        return row.reason if row else None
    wanted.append(_pk(EVERYWHERE, addresses.key(EVERYWHERE, channel, recipient)))
    rows = {row.pk: row for row in guarded(lambda: list(SuppressedRow.batch_get(wanted, consistent_read=True)))}
    return next((rows[pk].reason for pk in reversed(wanted) if pk in rows), None)


def lift(act: Act, channel: str, recipient: str) -> bool:
    """Allow sending to this address again. False if nothing stood against it."""
    return _lift(act, channel, addresses.key(act.portal, channel, recipient), addresses.masked(channel, recipient))


def opted_in(act: Act, key: str) -> bool:
    """Text a number again whose owner answered START. False if nothing stood against it."""
    row = SuppressedRow.find(_pk(act.portal, key))
    return row is not None and _lift(act, row.channel, key, row.masked)


def _lift(act: Act, channel: str, key: str, masked: str) -> bool:
    tx = act.transaction()
    tx.delete(SuppressedRow(_pk(act.portal, key)), when=SuppressedRow.pk.exists(), refusal=_Already())
    details = {"channel": channel, "recipient": masked, "suppressed": [True, False]}
    facts.record(tx, act, Kind.ADDRESS_LIFTED, facts.subject("address", key), details)
    try:
        tx.commit()
    except _Already:
        return False
    return True


def _pk(portal: str, key: str) -> str:
    return f"{portal}#suppressed#{key}"
