"""The password that was generated for a record, shown once: to whoever presses the button of its link.

Looking at the link changes nothing. Of any number of presses one shows the password; whoever lost it has a new link sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import facts, ids
from ..errors import NotFound
from ..facts import Act, Kind
from ..people import accounts, record_users, user_changes, users
from ..people.users import User
from ..portals import Portal
from ..security import browsers, keys, links, passwords
from ..security.links import Link, LinkOver, Purpose
from ..storage import Transaction
from .doors import about

PURPOSE: Purpose = "self-service-password"


@dataclass(frozen=True, slots=True)
class Shown:
    """The password with the code of its record's link, and the cookie by which its browser is known."""

    code: str
    password: str = field(repr=False)
    browser: str | None = field(repr=False)


def seen(portal: str, token: str) -> Link:
    """The link of a mail, if its button can still be pressed. Raises LinkOver."""
    return links.peek(portal, PURPOSE, token)


def code_of(portal: str, refusal: LinkOver) -> str | None:
    """The code of the record that a link which is over was for, if it still has it.

    Only a real link tells; and none from before self-service was disabled tells of the code there is since.
    """
    link = refusal.link
    user = users.by_id(portal, link.holder) if link else None
    return user.username if user and link and ids.made_at(link.id) >= user.created_at else None


def press(act: Act, portal: Portal, token: str, browser_cookie: str | None) -> Shown:
    """Spend the link: the password. Raises LinkOver."""
    link = links.peek(act.portal, PURPOSE, token)
    user = users.by_id(act.portal, link.holder)
    if user is None or not record_users.has_generated(user) or not _is_open(act.portal, user):
        raise LinkOver("replaced", link)
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    links.spend(tx, act.portal, link)
    password = _password(tx, user, LinkOver("used", link))
    facts.record(tx, act, Kind.SELF_SERVICE_PASSWORD_SHOWN, about(user), {"place": link.place})
    tx.commit()
    days, plain = portal.policy.known_browser_days, users.tried_as(user.side, user.username_key)
    return Shown(
        user.username,
        password,
        browsers.remember(act.portal, browser_cookie, plain, days=days) if days else None,
    )


def _password(tx: Transaction, user: User, refusal: LinkOver) -> str:
    """The password, and in the transaction that it still is; a new one where its key is kept no longer."""
    try:
        password = record_users.password_of(user)
    except keys.UnknownVersion:
        password, generated = record_users.new_password(user.portal, user.id)
        user_changes.set_password(tx, user, passwords.hashed(password), generated=generated)
    else:
        user_changes.still(tx, user, refusal)
    return password


def _is_open(portal: str, user: User) -> bool:
    try:
        return accounts.get(portal, user.account_id or "").status == "open"
    except NotFound:
        return False
