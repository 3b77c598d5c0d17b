"""The sessions and remembered devices of a user, in the caller's transaction: noted, ended, forgotten.

They are listed in the user's row. What is not in the list is over, whatever else exists of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .. import clock
from ..errors import NotFound, Refusal
from ..storage import Condition, Transaction
from .models import UserRow
from .shapes import Noted
from .users import User, user_key

_MOST_HELD = 20  # sessions, and devices, of one user; the oldest make room


def note_session(
    tx: Transaction,
    user: User,
    session_id: str,
    session: Noted,
    *,
    refusal: Refusal,
    device: tuple[str, Noted] | None = None,
    step: int | None = None,
    recovery: tuple[str, ...] | None = None,
    password_hash: str | None = None,
) -> None:
    """Add a sign-in to the transaction: the session, perhaps the device to remember, the second factor that is used up.

    `step` is that of an authenticator's code, `recovery` the recovery codes that are left, `password_hash` the same password
    under newer parameters. All in one update, since a transaction may touch a row once. Refused (with `refusal`) unless
    the user is active and as it was read.
    """
    now = clock.timestamp()
    actions = [UserRow.sessions[session_id].set(noted_json(session)), UserRow.signed_in_at.set(now)]
    actions.append(UserRow.signed_in_before.set(UserRow.signed_in_at | 0))
    actions += [UserRow.sessions[gone].remove() for gone in _to_drop(user.sessions)]
    when = as_read(user) & (UserRow.state == "active")
    if device:
        actions.append(UserRow.devices[device[0]].set(noted_json(device[1])))
        actions += [UserRow.devices[gone].remove() for gone in _to_drop(user.devices)]
    if step is not None:
        actions.append(UserRow.totp_step.set(step))
        when &= UserRow.totp_step.does_not_exist() | (UserRow.totp_step < step)
    if recovery is not None:
        actions.append(UserRow.recovery.set(recovery))
        when &= UserRow.recovery == user.recovery
    if password_hash is not None:
        actions.append(UserRow.password_hash.set(password_hash))
    tx.update(bare(user), *actions, when=when, refusal=refusal)


def end_session(tx: Transaction, user: User, session_id: str) -> None:
    """Add to the transaction that a session of this user is over. One that is over already changes nothing."""
    tx.update(bare(user), UserRow.sessions[session_id].remove(), when=UserRow.pk.exists(), refusal=NotFound())


def forget_device(tx: Transaction, user: User, device_id: str) -> None:
    """Add to the transaction that a device is not remembered any more."""
    tx.update(bare(user), UserRow.devices[device_id].remove(), when=UserRow.pk.exists(), refusal=NotFound())


def _to_drop(held: Mapping[str, Noted]) -> list[str]:
    """Of sessions or devices: those that are over, and the oldest where one more would be too many."""
    now = clock.timestamp()
    live = sorted((name for name, noted in held.items() if noted.until > now), key=lambda name: held[name].at)
    return [name for name in held if name not in live] + live[: max(0, len(live) + 1 - _MOST_HELD)]


def as_read(user: User) -> Condition:
    """The condition that the user is still as it was read."""
    return (UserRow.version == user.version) & (UserRow.created_key == user.id)


def bare(user: User) -> UserRow:
    """The user's row by its key alone."""
    return UserRow(user_key(user.portal, user.username_key), "user")


def noted_json(noted: Noted) -> str:
    """A session or device as it is stored."""
    return msgspec.json.encode(noted).decode()
