"""The second factors of a user, in the caller's transaction: set, used up, taken away."""

from __future__ import annotations

from collections.abc import Iterable

from .. import clock
from ..errors import Refusal
from ..storage import Action, Transaction
from .models import UserRow
from .user_changes import all_out, change
from .user_sessions import bare
from .users import User


def set_totp(
    tx: Transaction, user: User, *, seed: str, name: str, step: int, recovery: tuple[str, ...] | None = None
) -> None:
    """Add an authenticator app to the transaction, confirmed by the code of `step`: devices end. Refused with Stale."""
    change(
        tx,
        user,
        UserRow.totp_seed.set(seed),
        UserRow.totp_name.set(name),
        UserRow.totp_at.set(clock.timestamp()),
        UserRow.totp_step.set(step),
        *_new_factor(recovery),
    )


def set_sms(tx: Transaction, user: User, number: str, *, recovery: tuple[str, ...] | None = None) -> None:
    """Add a mobile number (E.164) as second factor to the transaction: devices end. Refused with Stale."""
    change(
        tx, user, UserRow.sms_number.set(number), UserRow.sms_at.set(clock.timestamp()), *_new_factor(recovery)
    )  # fmt: skip


def drop_factors(tx: Transaction, user: User, which: Iterable[str]) -> None:
    """Add to the transaction that second factors (`totp`, `sms`) are gone: devices end; without any, recovery codes too."""
    gone, actions = set(which), [UserRow.devices.set({})]
    if "totp" in gone:
        actions += [UserRow.totp_seed.remove(), UserRow.totp_name.remove(), UserRow.totp_at.remove()]
    if "sms" in gone:
        actions += [UserRow.sms_number.remove(), UserRow.sms_at.remove()]
    if gone.issuperset(user.factors):
        actions.append(UserRow.recovery.remove())
    change(tx, user, *actions)


def reset_factors(tx: Transaction, user: User) -> None:
    """Add to the transaction that support takes second factors and recovery codes away: everybody is signed out."""
    change(
        tx,
        user,
        *(part.remove() for part in (UserRow.totp_seed, UserRow.totp_name, UserRow.totp_at)),
        *(part.remove() for part in (UserRow.sms_number, UserRow.sms_at, UserRow.recovery)),
        UserRow.factors_reset_at.set(clock.timestamp()),
        *all_out(),
    )


def use_totp_step(tx: Transaction, user: User, step: int, refusal: Refusal) -> None:
    """Add to the transaction that the code of this time step is used: neither it nor an older one opens again."""
    free = UserRow.totp_step.does_not_exist() | (UserRow.totp_step < step)
    tx.update(
        bare(user), UserRow.totp_step.set(step), when=free & (UserRow.totp_seed == user.totp_seed), refusal=refusal
    )


def use_recovery(tx: Transaction, user: User, left: tuple[str, ...], refusal: Refusal) -> None:
    """Add to the transaction that a recovery code is used up: `left` are the digests of the others."""
    tx.update(bare(user), UserRow.recovery.set(left), when=UserRow.recovery == user.recovery, refusal=refusal)


def set_recovery(tx: Transaction, user: User, hashes: tuple[str, ...]) -> None:
    """Add a new set of recovery codes to the transaction; the old set is over. Refused with Stale."""
    change(tx, user, UserRow.recovery.set(hashes))


def _new_factor(recovery: tuple[str, ...] | None) -> list[Action]:
    """Every device ends; the recovery codes that come with a first factor are kept (as digests)."""
    return [
        UserRow.devices.set({}),
        UserRow.factors_reset_at.remove(),
        *([UserRow.recovery.set(recovery)] if recovery is not None else []),
    ]
