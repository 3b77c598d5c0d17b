"""Telling the owner what was changed of a credential, with a link for when it was somebody else."""

from __future__ import annotations

from typing import Literal

from ..facts import Act
from ..messaging.queue import queue
from ..people.users import User
from ..security import links
from ..storage import Transaction
from .doors import about

Change = Literal[
    "password",
    "username",
    "totp-added",
    "totp-removed",
    "sms-added",
    "sms-removed",
    "recovery-codes",
    "recovery-code-used",
    "address",
    "factor-reset",
    "unlocked",
    "questions",
]


def tell(tx: Transaction, act: Act, user: User, change: Change, *, to: tuple[str, ...] | None = None) -> None:
    """Add a mail about the change to each of the user's addresses (or to those of before, `to`) to the transaction."""
    link = links.issue(tx, act.portal, "not-me", user.id, seconds=links.NOT_ME_SECONDS)
    for place, address in enumerate(user.emails if to is None else to):
        queue(
            tx,
            act,
            template="credential-changed",
            channel="email",
            to=address,
            about=about(user),
            context={**links.context(link, place), "change": change, "username": user.username},
            urgent=True,
        )


def tell_old_number(tx: Transaction, act: Act, user: User) -> None:
    """Add a text to the mobile number of before to the transaction: it is no second factor any more."""
    if user.sms_number:
        queue(
            tx,
            act,
            template="credential-changed",
            channel="sms",
            to=user.sms_number,
            about=about(user),
            context={"change": "sms-removed", "username": user.username},
            urgent=True,
        )
