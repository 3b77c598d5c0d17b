"""Telling the owner of a credential what was changed of it, with a button for when that was somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from .. import facts
from ..facts import Act
from ..messaging.queue import queue
from ..security import links
from ..storage import Transaction
from .shapes import Channel
from .users import User

Event = Literal["registration_waiting"]

Change = Literal[
    "password", "username", "username-deleted", "totp-added", "totp-removed", "sms-added", "sms-removed",
    "recovery-codes", "recovery-code-used", "address", "factor-reset", "unlocked", "username-told",
]  # fmt: skip


def tell(
    tx: Transaction,
    act: Act,
    user: User,
    change: Change,
    *,
    to: Iterable[str] | None = None,
    username: str | None = None,
) -> None:
    """Add a mail about the change to each of the user's addresses, or to those given, to the transaction.

    `username` is the new one where that is what changed.
    """
    link = links.issue(tx, act.portal, "not-me", user.id, seconds=links.NOT_ME_SECONDS)
    for place, address in enumerate(user.emails if to is None else to):
        own = {"change": change, "username": username or user.username}
        _mail(tx, act, user, "credential-changed", address, {**links.context(link, place), **own})


def wants(user: User, event: Event, channel: Channel) -> bool:
    """Whether somebody wants to hear of an event in this way. Not asked for what concerns the security of a sign-in."""
    wanted: tuple[Channel, ...] = getattr(user.preferences, event)
    return channel in wanted


def tell_gone(tx: Transaction, act: Act, user: User) -> None:
    """Add to the transaction that the user's addresses hear of the username's end. There is nothing left to lock."""
    for address in user.emails:
        _mail(tx, act, user, "credential-changed", address, {"change": "username-deleted", "username": user.username})


def tell_replaced(tx: Transaction, act: Act, user: User, addresses: Iterable[str] | None = None) -> None:
    """Add to the transaction that addresses of before (all, unless some are named) hear that they are on file no more.

    Where there is a password they get the button too: whoever replaced them may be a thief.
    """
    replaced = tuple(user.emails if addresses is None else addresses)
    if user.password_hash:
        tell(tx, act, user, "address", to=replaced)
        return
    for address in replaced:
        _mail(tx, act, user, "contact-changed", address, {"which": "email"})


def tell_old_number(tx: Transaction, act: Act, user: User) -> None:
    """Add a text to the mobile number of before to the transaction: it is no second factor any more."""
    if user.sms_number:
        queue(
            tx,
            act,
            template="credential-changed",
            channel="sms",
            to=user.sms_number,
            about=facts.subject("user", user.id),
            context={"change": "sms-removed", "username": user.username},
            urgent=True,
        )


def _mail(tx: Transaction, act: Act, user: User, template: str, address: str, context: dict[str, str]) -> None:
    queue(
        tx,
        act,
        template=template,
        channel="email",
        to=address,
        about=facts.subject("user", user.id),
        context=context,
        urgent=True,
    )
