"""The mails of a credential, with the links in them: added to a caller's transaction, whatever state the credential is in.

Each address gets a link of its own, and all of them are places of one link: the first that is used ends the others.
Whether one may be sent is asked elsewhere: in `credentials` for staff, in `signin` for whoever stands at the door.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .. import clock, facts
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..portals import Portal
from ..security import links
from ..security.links import Link
from ..storage import Transaction
from . import matching
from .models import AccountRow
from .telling import tell_replaced
from .users import User

DUE: Final = 0  # in `invited_at`: a new customer that could not be sent the link yet, closed or without an address


def send_create(
    tx: Transaction,
    act: Act,
    portal: Portal,
    account_id: str,
    *,
    name: str,
    emails: Iterable[str],
    username: str | None,
    kind: Kind = Kind.CREDENTIAL_INVITED,
    is_urgent: bool = True,
) -> Link:
    """Add the link to choose username and password to the transaction, over any older one; a mail to each address.

    `username` is the one that staff have set, if so: then only the password is left to choose.
    """
    seconds = portal.policy.credential_link_hours * 3600
    link = links.issue(tx, act.portal, "credential-create", account_id, seconds=seconds)
    about, own = facts.subject("account", account_id), {"account_name": name, "username": username or ""}
    sent = _mail(tx, act, link, emails, about=about, own=own, is_urgent=is_urgent)
    facts.record(tx, act, kind, about, {"addresses": sent})
    return link


def invite(tx: Transaction, act: Act, portal: Portal, row: AccountRow, user: User | None, *, is_new: bool) -> bool:
    """Add the create link for a new customer to the transaction, once in its life; whether it is sent now.

    Where the portal says so. One that cannot get it yet is sent it as soon as it can; customers from before the portal
    said so are not new. `row` is written by the caller, in the same transaction.
    """
    is_wanted = portal.notifications.credential_create and portal.policy.asks_password
    if not is_wanted or row.invited_at or (user is not None and user.password_hash):
        return False
    if is_new:
        row.invited_at = DUE
    details = row.details
    can_get_it = details.record_type == "customer" and details.status == "open" and details.primary_emails
    if row.invited_at is None or not can_get_it:
        return False
    row.invited_at = clock.timestamp()
    send_create(
        tx, act, portal, str(row.created_key), name=details.name, emails=details.primary_emails,
        username=user.username if user else None, kind=Kind.CREDENTIAL_INVITED_BY_ITSELF,
        is_urgent=False,  # hundreds may arrive at once, and a code must not wait behind them
    )  # fmt: skip
    return True


def send_reset(tx: Transaction, act: Act, portal: Portal, user: User, *, kind: Kind = Kind.RESET_SENT) -> Link:
    """Add the link to choose a new password to the transaction, over any older one; a mail to each of the addresses."""
    seconds = portal.policy.reset_link_minutes * 60
    link = links.issue(tx, act.portal, "password-reset", user.id, seconds=seconds)
    about = facts.subject("user", user.id)
    sent = _mail(tx, act, link, user.reset_emails, about=about, own={"username": user.username})
    facts.record(tx, act, kind, about, {"addresses": sent})
    return link


def leave(
    tx: Transaction,
    act: Act,
    account_id: str,
    before: Iterable[str],
    after: Iterable[str],
    user: User | None,
    *,
    keeps_create: bool,
) -> None:
    """Add to the transaction that no link that went to the addresses of before opens anything any more.

    Where there is a password, the addresses that are on file no more are told so. `keeps_create` is for a create link of
    this transaction, which is over the older one already.
    """
    if not keeps_create:
        links.cancel(tx, act.portal, "credential-create", account_id)
    links.cancel(tx, act.portal, "password-reset", account_id)
    if user is not None and user.password_hash:
        kept = {matching.email_key(email) for email in after}
        gone = [address for address in before if matching.email_key(address) not in kept]
        if gone:
            tell_replaced(tx, act, user, gone)


def _mail(
    tx: Transaction,
    act: Act,
    link: Link,
    emails: Iterable[str],
    *,
    about: str,
    own: Mapping[str, str],
    is_urgent: bool = True,
) -> int:
    """One mail to each address, with its place of the link; how many."""
    place = -1
    for place, address in enumerate(emails):
        queue(
            tx,
            act,
            template=link.purpose,
            channel="email",
            to=address,
            about=about,
            context={**links.context(link, place), **own},
            urgent=is_urgent,
            not_after=link.valid_until,
        )
    return place + 1
