"""Mails that let somebody in: an invitation, a temporary password. Each counts with whatever else goes to its address."""

from __future__ import annotations

from .. import clock, facts, ids
from ..errors import TooMany
from ..facts import Act
from ..messaging.queue import queue
from ..security import identities, keys, links, passwords
from ..security.identities import SendsUsedUp
from ..security.limits import CODE_SENDS
from ..storage import Transaction
from . import matching, user_changes
from .users import User

_TOO_MANY = "This address has been sent as much as may be for now. Wait, then try again."


def mail(
    tx: Transaction, act: Act, template: str, user_id: str, to: str, context: dict[str, str], not_after: int
) -> None:
    """Add a mail that opens something until `not_after` to the transaction. Refused with SendsUsedUp: see `commit`."""
    identities.note_destination(
        tx, act.portal, identities.identity("destination", "email", matching.email_key(to), "")
    )  # fmt: skip
    about = facts.subject("user", user_id)
    queue(
        tx, act, template=template, channel="email", to=to, about=about, context=context, urgent=True,
        not_after=not_after,
    )  # fmt: skip


def send_temporary_password(tx: Transaction, act: Act, user: User) -> None:
    """Add a new password to the transaction, and the mail with it: sessions, devices and links to reset it are over.

    It is worked out as the mail leaves, lasts a day, and must be changed at first use; so nobody but its reader sees it.
    """
    nonce, version = ids.new(), keys.current()
    made = passwords.generated(act.portal, user.id, nonce, version)
    until = clock.timestamp() + passwords.TEMPORARY_SECONDS
    user_changes.set_password(tx, user, passwords.hashed(made), temporary_until=until)
    links.cancel(tx, act.portal, "password-reset", user.id)
    own = {"holder": user.id, "nonce": nonce, "version": str(version), "username": user.username}
    where = {"staff": "yes"} if user.side == "staff" else {}
    mail(tx, act, "temporary-password", user.id, user.reset_emails[0], {**own, **where}, until)


def commit(tx: Transaction) -> None:
    """Commit what mails something. Raises TooMany where the address has had its fill."""
    try:
        tx.commit()
    except SendsUsedUp as refusal:
        raise TooMany(_TOO_MANY, retry_after=refusal.retry_after or CODE_SENDS.seconds) from None
