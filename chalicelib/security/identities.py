"""Who tries to sign in, known or not: one row per identity counts failures, locks and sends, all by blind writes.

An identity is a keyed fingerprint of what was typed, so a stranger's tries on a name that exists and on one that does
not are counted by the same operations on rows of the same shape. A known browser (see `browsers`) has identities of its
own, so that a stranger can neither lock an owner out nor use up the owner's codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from .. import clock
from ..errors import Refusal, TooMany
from ..storage import Transaction, guarded, live
from .keys import fingerprint
from .limits import (
    CODE_SENDS,
    CODE_SENDS_A_DAY,
    LOCK_FORGOTTEN,
    allows,
    lock_seconds,
    shifted,
    unlocked,
)
from .models import IdentityRow

_KEPT_SECONDS = LOCK_FORGOTTEN  # then the row may go, with the failures in it


class Locked(TooMany):
    """Too many failures in a row on one identity."""

    code = "locked"
    text = "There were too many wrong codes in a row. Wait, then ask for a new code, or contact support."
    is_for_good = False


class SendsUsedUp(TooMany):
    """The codes of this quarter of an hour, or this day, are used up.

    `challenge` is the newest one if it has not been used, and `sent_at` when its code was sent.
    """

    code = "sends-used-up"
    text = "We have sent as many codes as we may for now. Use the newest one, or wait and ask again."

    def __init__(self, challenge: str | None = None, sent_at: int = 0, *, retry_after: int | None = None) -> None:
        super().__init__(retry_after=retry_after)
        self.challenge, self.sent_at = challenge, sent_at


class DestinationUsedUp(SendsUsedUp):
    """As many codes as may be have gone to this very address, for whomever."""


def identity(kind: str, *typed: str) -> str:
    """The fingerprint under which tries with this input (already folded) are counted."""
    return fingerprint(f"identity/{kind}", *typed)


def note_send(
    tx: Transaction, portal: str, identity_key: str, destination: str, challenge: str, *, gives_back: bool = False
) -> None:
    """Add a code's sending to the transaction: to the register of the identity and to that of the destination.

    Refuses the transaction with SendsUsedUp or Locked; makes `challenge` the identity's newest. `gives_back` does what
    `give_back` does, in the same write: the try was let through, so it is not locked.
    """
    now = clock.timestamp()
    room = allows(IdentityRow, CODE_SENDS, now) & allows(IdentityRow, CODE_SENDS_A_DAY, now)
    tx.update(
        IdentityRow(_key(portal, identity_key)),
        *shifted(IdentityRow, now),
        *([IdentityRow.failures.add(-1)] if gives_back else []),
        IdentityRow.challenge.set(challenge),
        IdentityRow.expires_at.set(now + _KEPT_SECONDS),
        when=room if gives_back else room & unlocked(IdentityRow, now),
        refusal=lambda present: _why_not(present, now),
    )
    note_destination(tx, portal, destination)


def note_destination(tx: Transaction, portal: str, destination: str) -> None:
    """Add a sending to the transaction: to the register of its destination alone. Refuses with DestinationUsedUp."""
    now = clock.timestamp()
    tx.update(
        IdentityRow(f"{portal}#sends#{destination}"),
        *shifted(IdentityRow, now),
        IdentityRow.expires_at.set(now + CODE_SENDS_A_DAY.seconds),
        when=allows(IdentityRow, CODE_SENDS, now) & allows(IdentityRow, CODE_SENDS_A_DAY, now),
        refusal=DestinationUsedUp(),
    )


def note_failure(tx: Transaction, portal: str, identity_key: str) -> None:
    """Add a wrong code to the transaction; refused with Locked while the identity is locked."""
    now = clock.timestamp()
    tx.update(
        IdentityRow(_key(portal, identity_key)),
        IdentityRow.failures.add(1),
        IdentityRow.failed_at.set(now),
        IdentityRow.expires_at.set(now + _KEPT_SECONDS),
        when=unlocked(IdentityRow, now),
        refusal=lambda present: _why_not(present, now),
    )


def count_try(portal: str, identity_key: str) -> None:
    """Count a try at a password before it is looked at, as if it were wrong. Raises Locked, then nothing is counted."""
    now = clock.timestamp()
    row = IdentityRow(_key(portal, identity_key))
    counted = row.change(
        IdentityRow.failures.add(1),
        IdentityRow.failed_at.set(now),
        IdentityRow.expires_at.set(now + _KEPT_SECONDS),
        when=unlocked(IdentityRow, now),
    )
    if not counted:
        present = IdentityRow.find(_key(portal, identity_key)) or IdentityRow()
        raise _why_not(present.serialize(), now)


def uncount_try(portal: str, identity_key: str) -> None:
    """Undo one `count_try` that another limit refused."""
    IdentityRow(_key(portal, identity_key)).change(IdentityRow.failures.add(-1), when=IdentityRow.failures > 0)


def give_back(tx: Transaction, portal: str, identity_key: str) -> None:
    """Add to the transaction that the try counted last was a right one, though more is asked before it is a success."""
    tx.update(IdentityRow(_key(portal, identity_key)), IdentityRow.failures.add(-1))


def settle(tx: Transaction, portal: str, identity_key: str) -> None:
    """Add to the transaction that failures in a row are over, also those that lock: who is behind it has been proved."""
    tx.update(IdentityRow(_key(portal, identity_key)), IdentityRow.failures.set(0), IdentityRow.challenge.remove())


def note_success(tx: Transaction, portal: str, identity_key: str) -> None:
    """Add a right code to the transaction: failures in a row and challenge are over. Refused with Locked while locked."""
    now = clock.timestamp()
    tx.update(
        IdentityRow(_key(portal, identity_key)),
        IdentityRow.failures.set(0),
        IdentityRow.challenge.remove(),
        when=unlocked(IdentityRow, now),
        refusal=lambda present: _why_not(present, now),
    )


class Lockout(Struct, frozen=True):
    """That wrong tries keep somebody out: since the last of them, until a moment, or (None) until staff unlock."""

    at: int
    until: int | None


def lockouts(portal: str, identity_keys: Iterable[str]) -> dict[str, Lockout]:
    """Which of up to 100 identities are locked now, by their keys, in one consistent read."""
    now = clock.timestamp()
    keys = {_key(portal, each): each for each in identity_keys}
    rows = guarded(lambda: list(IdentityRow.batch_get(list(keys), consistent_read=True))) if keys else []
    found = {}
    for row in filter(live, rows):
        at = int(row.failed_at or 0)
        seconds = lock_seconds(int(row.failures or 0)) if at > now - LOCK_FORGOTTEN else 0
        if seconds is None or at + seconds > now:
            found[keys[row.pk]] = Lockout(at, None if seconds is None else at + seconds)
    return found


def _key(portal: str, identity_key: str) -> str:
    return f"{portal}#identity#{identity_key}"


def _why_not(present: dict[str, Any], now: int) -> Refusal:
    row = IdentityRow()
    row.deserialize(present)
    forgotten = int(row.failed_at or 0) <= now - LOCK_FORGOTTEN
    locked = 0 if forgotten else lock_seconds(int(row.failures or 0))
    if locked is None:
        for_good = Locked("There were too many wrong codes. Contact support to be let in again.")
        for_good.is_for_good = True
        return for_good
    if locked and int(row.failed_at or 0) > now - locked:
        return _locked_for(int(row.failed_at or 0) + locked - now)
    return SendsUsedUp(row.challenge, int(row.sent_1 or 0), retry_after=_room_in(row, now))


def _room_in(row: IdentityRow, now: int) -> int:
    """After how many seconds one more code may be sent."""
    sent = [int(getattr(row, slot.attr_name) or 0) for slot in IdentityRow.slots()]
    return max(sent[limit.count - 1] + limit.seconds - now for limit in (CODE_SENDS, CODE_SENDS_A_DAY))


def _locked_for(seconds: int) -> Locked:
    refusal = Locked()
    refusal.retry_after = seconds
    return refusal
