"""Telling the owner of a credential what was changed of it, with a button for when that was somebody else."""

from __future__ import annotations

from typing import Literal

from .. import facts
from ..facts import Act
from ..messaging.queue import queue
from ..security import links
from ..storage import Transaction
from .users import User

Change = Literal["recovery-code-used", "factor-reset", "unlocked"]


def tell(tx: Transaction, act: Act, user: User, change: Change) -> None:
    """Add a mail about the change to each of the user's addresses to the transaction."""
    link = links.issue(tx, act.portal, "not-me", user.id, seconds=links.NOT_ME_SECONDS)
    for place, address in enumerate(user.emails):
        queue(
            tx,
            act,
            template="credential-changed",
            channel="email",
            to=address,
            about=facts.subject("user", user.id),
            context={**links.context(link, place), "change": change, "username": user.username},
            urgent=True,
        )


def tell_replaced(tx: Transaction, act: Act, user: User) -> None:
    """Add to the transaction that the addresses on file until now are told that they are not any more."""
    for address in user.emails:
        queue(
            tx,
            act,
            template="contact-changed",
            channel="email",
            to=address,
            about=facts.subject("user", user.id),
            context={"which": "email"},
            urgent=True,
        )
