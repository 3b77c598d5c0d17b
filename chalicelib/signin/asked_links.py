"""Links that somebody at the door asks for: a forgotten password, a forgotten username, the first credential.

What was typed finds a record, if there is one; a mail goes to the addresses on file, never to one that was typed. Whoever
asks sees the same page, and the same calls are made, whether or not there is anybody: then a decoy is written in the
link's place and a message that the worker drops.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from .. import clock, facts
from ..errors import Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, cards, credential_links, matching, record_users, user_changes, usernames, users
from ..people.shapes import Account
from ..people.users import User
from ..portals import Portal
from ..security import identities, limits, links
from ..security.identities import DestinationUsedUp
from ..storage import Transaction, afresh, beside
from .doors import Door, Visitor, about, tries

_MOST_TYPED = 300  # characters of a field that are read at all
_NOBODY = "0" * 32  # an id that nothing has


class _Found(Struct, frozen=True):
    """Whom the mail goes to, and what it is: `send` adds it to a transaction."""

    addresses: tuple[str, ...]
    send: Callable[[Transaction], None]


def forgot_password(act: Act, portal: Portal, door: Door, username: str, visitor: Visitor) -> None:
    """Send the link to reset a password, or to choose the first one. Raises Invalid, or TooMany at the limits."""
    username_key = usernames.key(username[:_MOST_TYPED])
    if not username_key:
        raise Invalid(fields={"username": "Enter your username."})
    afresh(lambda: _forgot_password(act, portal, door, username_key, visitor))


def by_number(act: Act, portal: Portal, client_number: str, visitor: Visitor) -> None:
    """Send what an account needs to sign in: its username, or the link to choose one. Refuses like `forgot_password`."""
    number_key = matching.number_key(client_number[:_MOST_TYPED])
    if not number_key:
        raise Invalid(fields={"client_number": f"Enter your {portal.wording.client_number_label.lower()}."})
    afresh(lambda: _by_number(act, portal, number_key, visitor))


def _forgot_password(act: Act, portal: Portal, door: Door, username_key: str, visitor: Visitor) -> None:
    counted_as = tries(act.portal, door.side, username_key, visitor)
    _, user = beside(
        lambda: limits.take(act.portal, "links-asked", visitor.address, limits.LINKS_ASKED_PER_ADDRESS),
        lambda: users.find(act.portal, username_key),
    )
    found = None
    if user is not None and user.kind in door.admits and _may_reset(user) and user.emails:
        found = _Found(user.reset_emails, _reset_or_create(act, portal, user))
    key = f"reset/{counted_as.plain}"
    _send(act, portal, identities.identity("link", key), counted_as.known_as, found, "password-reset")


def _by_number(act: Act, portal: Portal, number_key: str, visitor: Visitor) -> None:
    _, opened = beside(
        lambda: limits.take(act.portal, "links-asked", visitor.address, limits.LINKS_ASKED_PER_ADDRESS),
        lambda: cards.under(act.portal, number_key),
    )
    account, user = beside(
        lambda: _account(act.portal, opened.account_id or _NOBODY),
        lambda: users.by_id(act.portal, opened.account_id or _NOBODY),
    )
    found = None
    if account is not None and account.status == "open" and account.primary_emails:
        found = _Found(account.primary_emails, _username_or_create(act, portal, account, user))
    _send(act, portal, identities.identity("link", f"number/{number_key}"), "", found, "credential-create")


def _send(act: Act, portal: Portal, key: str, known_as: str, found: _Found | None, purpose: links.Purpose) -> None:
    """Send it, or a decoy, in one transaction. When an address has had its fill, a decoy goes out in silence."""
    tx = act.transaction()
    places = [place(address, known_as) for address in found.addresses] if found else [key]
    identities.note_send(tx, act.portal, f"{key}.{known_as}" if known_as else key, places[0], _NOBODY)
    for further in places[1:]:
        identities.note_destination(tx, act.portal, further)
    if found:
        found.send(tx)
    else:
        _add_decoy(tx, act, portal, key, purpose)
    try:
        tx.commit()
    except DestinationUsedUp:
        if found is None:
            raise
        _send(act, portal, key, known_as, None, purpose)


def place(address: str, known_as: str = "") -> str:
    """The register of an address: the one that codes to it are counted on too, so that all mails together are few."""
    return identities.identity("destination", "email", matching.email_key(address), known_as)


def _add_decoy(tx: Transaction, act: Act, portal: Portal, key: str, purpose: links.Purpose) -> None:
    seconds = portal.policy.reset_link_minutes * 60
    link = links.issue(tx, act.portal, purpose, key, seconds=seconds)
    own = {"username": "-"} if purpose == "password-reset" else {"account_name": "-", "username": ""}
    subject = facts.subject("sign-in", key)
    nobody = (_NOBODY,) if purpose == "password-reset" else (_NOBODY, key)
    for user_id in nobody:  # as many checks as of somebody's records
        users.id_is_free(tx, act.portal, user_id, Stale())
    queue(
        tx,
        act,
        template=purpose,
        channel="email",
        to=key,
        about=subject,
        context={**links.context(link), **own},
        urgent=True,
        not_after=clock.timestamp() + seconds,
        decoy=True,
    )
    facts.record(tx, act, Kind.NOTHING_SENT, subject, {"asked-for": purpose})


def _may_reset(user: User) -> bool:
    """Whether a new password would let this user in: also one that its owner's own mail has locked.

    Not staff who have not accepted their invitation: when it has run out, a colleague sends another one. Nor whoever
    waits for the review of a registration, which a password does not hurry.
    """
    is_invited = user.kind == "staff" and user.password_hash is None
    return (user.is_active or user.is_disavowed) and not is_invited


def _reset_or_create(act: Act, portal: Portal, user: User) -> Callable[[Transaction], None]:
    def send(tx: Transaction) -> None:
        user_changes.unchanged(tx, user, Stale())
        if user.password_hash is None and user.kind == "customer" and user.account_id:
            credential_links.send_create(
                tx, act, portal, user.account_id, name=user.username, emails=user.emails, username=user.username,
                kind=Kind.CREDENTIAL_ASKED_FOR,
            )  # fmt: skip
        elif record_users.has_generated(user):
            record_users.send_password(tx, act, user.id, user.reset_emails, Kind.SELF_SERVICE_PASSWORD_ASKED_FOR)
        else:
            credential_links.send_reset(tx, act, portal, user, kind=Kind.RESET_ASKED_FOR)

    return send


def _username_or_create(act: Act, portal: Portal, account: Account, user: User | None) -> Callable[[Transaction], None]:
    def send(tx: Transaction) -> None:
        accounts.still(tx, act.portal, account)
        if user is None:
            users.id_is_free(tx, act.portal, account.id, Stale())
        else:
            user_changes.unchanged(tx, user, Stale())
        if user is not None and user.password_hash is not None:
            _remind_of_username(tx, act, user)
        else:
            credential_links.send_create(
                tx, act, portal, account.id, name=account.name, emails=account.primary_emails,
                username=user.username if user else None, kind=Kind.CREDENTIAL_ASKED_FOR,
            )  # fmt: skip

    return send


def _remind_of_username(tx: Transaction, act: Act, user: User) -> None:
    # A link that nobody gets, so that the same calls are made as where one is sent.
    links.issue(tx, act.portal, "credential-create", identities.identity("link", f"reminder/{user.id}"), seconds=1)
    for address in user.emails:
        queue(
            tx,
            act,
            template="username-reminder",
            channel="email",
            to=address,
            about=about(user),
            context={"username": user.username},
            urgent=True,
        )
    facts.record(tx, act, Kind.USERNAME_ASKED_FOR, about(user))


def _account(portal: str, account_id: str) -> Account | None:
    try:
        return accounts.get(portal, account_id)
    except NotFound:
        return None
