"""A one-time link, from the page it opens to the press that spends it. A GET reads; only a person's press changes anything."""

from __future__ import annotations

from .. import facts
from ..facts import Act, Kind
from ..people import accounts, credential_links, record_users, user_changes, users
from ..portals import Portal
from ..security import identities, links
from ..security.links import Link, LinkOver, Purpose, Setup
from ..storage import Transaction
from .asked_links import place


def press(act: Act, purpose: Purpose, token: str) -> Setup:
    """Spend the link: what it opens, for this browser alone. Raises LinkOver."""
    link = links.peek(act.portal, purpose, token)
    tx = act.transaction()
    setup = links.spend(tx, act.portal, link)
    facts.record(tx, act, Kind.LINK_OPENED, subject(link), {"purpose": purpose, "place": link.place})
    tx.commit()
    return setup


def send_again(act: Act, portal: Portal, purpose: Purpose, token: str) -> None:
    """Send a fresh link in place of one that has run out: to the addresses on file now. Raises LinkOver for all others.

    It is counted with whatever else these addresses were sent: TooMany at the limits.
    """
    try:
        links.peek(act.portal, purpose, token)
    except LinkOver as refusal:
        if refusal.why != "expired" or refusal.link is None:
            raise
        link = refusal.link
    else:
        raise LinkOver("used")
    tx = act.transaction()
    if purpose == "credential-create":
        account, user = accounts.get(act.portal, link.holder), users.by_id(act.portal, link.holder)
        if account.status != "open" or (user and user.password_hash) or not account.primary_emails:
            raise LinkOver("used", link)
        accounts.still(tx, act.portal, account)
        _note_sends(tx, act.portal, link, account.primary_emails)
        credential_links.send_create(
            tx, act, portal, account.id, name=account.name, emails=account.primary_emails,
            username=user.username if user else None, kind=Kind.CREDENTIAL_ASKED_FOR,
        )  # fmt: skip
    elif purpose == "password-reset":
        user = users.get(act.portal, link.holder)
        if not user.reset_emails:
            raise LinkOver("replaced", link)
        user_changes.unchanged(tx, user, LinkOver("replaced", link))
        _note_sends(tx, act.portal, link, user.reset_emails)
        credential_links.send_reset(tx, act, portal, user, kind=Kind.RESET_ASKED_FOR)
    elif purpose == "self-service-password":
        user = users.get(act.portal, link.holder)
        if not (record_users.has_generated(user) and user.reset_emails):
            raise LinkOver("replaced", link)
        user_changes.unchanged(tx, user, LinkOver("replaced", link))
        _note_sends(tx, act.portal, link, user.reset_emails)
        record_users.send_password(tx, act, user.id, user.reset_emails, Kind.SELF_SERVICE_PASSWORD_ASKED_FOR)
    else:
        raise LinkOver("expired", link)
    tx.commit()


def _note_sends(tx: Transaction, portal: str, link: Link, addresses: tuple[str, ...]) -> None:
    first, *others = addresses
    key = identities.identity("link", f"again/{link.purpose}", link.holder)
    identities.note_send(tx, portal, key, place(first), link.id)
    for address in others:
        identities.note_destination(tx, portal, place(address))


def subject(link: Link) -> str:
    """What the facts of a link are about."""
    kind = "account" if link.purpose == "credential-create" else "user"
    return facts.subject(kind, link.holder)
