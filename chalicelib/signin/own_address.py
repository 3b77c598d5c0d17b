"""Replacing an email address on file by one's own hand: the new one is confirmed by a link, the old one is told.

Of a customer the address belongs to the account, of an office user to the user and their contact, of staff to the user
alone. For a day, a link to reset the password still goes
to the address of before (`User.reset_emails`), whose reader can say "this was not me".
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from .. import facts, fields
from ..errors import Conflict, Invalid, NotFound
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, contacts, matching, user_changes, users
from ..people.shapes import AccountInput
from ..people.telling import tell_replaced
from ..people.users import User
from ..portals import Portal
from ..security import identities, links
from ..security.links import Link, LinkOver, Purpose
from ..security.sessions import Session
from ..storage import Transaction
from .doors import about
from .own_security import must_be_fresh

PURPOSE: Purpose = "contact-confirmation"
_SECONDS = 24 * 3600


def ask(act: Act, user: User, session: Session, old: str, typed: str) -> None:
    """Send the link that confirms the new address. Raises NotFresh, Invalid, NotFound, or TooMany at the limits."""
    must_be_fresh(session, user)
    if old not in user.emails:
        raise NotFound("This address is not on file any more.")
    new = matching.email_checked(typed.strip()) if typed.strip() else None
    if new is None:
        raise Invalid(fields={"email": matching.email_fault(typed.strip())})
    if matching.email_key(new) in {matching.email_key(each) for each in user.emails}:
        raise Invalid(fields={"email": "This address is on file already."})
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    link = links.issue(tx, act.portal, PURPOSE, user.id, seconds=_SECONDS, detail={"old": old, "new": new})
    place = identities.identity("destination", "email", matching.email_key(new), "")
    identities.note_send(tx, act.portal, identities.identity("link", "address", user.id), place, link.id)
    queue(
        tx,
        act,
        template=PURPOSE,
        channel="email",
        to=new,
        about=about(user),
        context=links.context(link),
        urgent=True,
        not_after=link.valid_until,
    )
    facts.record(tx, act, Kind.ADDRESS_ASKED_FOR, about(user))
    tx.commit()


def confirm(act: Act, portal: Portal, token: str) -> str:
    """Put the new address in the old one's place; the new one. Raises LinkOver."""
    link = links.peek(act.portal, PURPOSE, token)
    user = users.by_id(act.portal, link.holder)
    if user is None or link.detail["old"] not in user.emails:
        raise LinkOver("replaced", link)
    act = act.by(f"user:{user.id}")
    try:
        if user.kind in ("customer", "record") and user.account_id:
            _change_account(act, portal, user.account_id, link)
        else:
            _change_user(act, user, link)
    except (Conflict, Invalid) as refusal:
        raise LinkOver("replaced", link) from refusal
    return link.detail["new"]


def _change_account(act: Act, portal: Portal, account_id: str, link: Link) -> None:
    """The account's primary email; whoever is told, and what is cancelled, `accounts.change` sees to."""
    account = accounts.get(act.portal, account_id)
    emails = tuple(link.detail["new"] if each == link.detail["old"] else each for each in account.primary_emails)
    wanted = msgspec.structs.replace(AccountInput(**fields.values(account, AccountInput)), primary_emails=emails)
    riding = replace(act, rider=lambda tx: _spend(tx, act, link))
    accounts.change(riding, portal, account_id, wanted, version=account.version)


def _change_user(act: Act, user: User, link: Link) -> None:
    tx = act.transaction()
    _spend(tx, act, link)
    if user.contact_id:
        contacts.replace_email(tx, act, user.contact_id, link.detail["old"], link.detail["new"])
    user_changes.change_details(tx, user, msgspec.structs.replace(user.details, email=link.detail["new"]))
    tell_replaced(tx, act, user)
    links.cancel(tx, act.portal, "password-reset", user.id)
    tx.commit()


def _spend(tx: Transaction, act: Act, link: Link) -> None:
    links.spend(tx, act.portal, link)
    facts.record(tx, act, Kind.ADDRESS_CHANGED, facts.subject("user", link.holder))
