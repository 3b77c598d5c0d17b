"""The card of an account's agent, as its clients see it: the staff user with the address of the assigned agent."""

from __future__ import annotations

from msgspec import Struct

from . import matching, usernames, users
from .users import User

_MOST_LOOKED_AT = 500  # staff users, where the agent's address is not their username


class AgentCard(Struct, frozen=True, kw_only=True):
    """Who looks after an account, in their own words. No address: staff sign in with theirs."""

    name: str
    title: str = ""
    phone: str = ""
    photo_url: str = ""
    about: str = ""


def of_email(portal: str, email: str) -> AgentCard | None:
    """The card of the active staff user with this address; None where there is none, or no name to show."""
    user = _found(portal, matching.email_key(email)) if email else None
    if user is None or not f"{user.details.first_name}{user.details.last_name}".strip():
        return None
    said = user.details
    return AgentCard(
        name=user.name, title=said.title, phone=said.phone or "", photo_url=said.photo_url or "", about=said.about
    )


def _found(portal: str, email_key: str) -> User | None:
    """Staff have the address they were invited at as username; most never replace it."""
    user = users.find(portal, usernames.key(email_key))
    if user is not None and _is_it(user, email_key):
        return user
    cursor, looked_at = None, 0
    while looked_at < _MOST_LOOKED_AT:
        page = users.listed(portal, "staff", limit=100, cursor=cursor)
        looked_at, cursor = looked_at + len(page.items), page.cursor
        for each in page.items:
            if _is_it(each, email_key):
                return each
        if cursor is None:
            break
    return None


def _is_it(user: User, email_key: str) -> bool:
    return user.kind == "staff" and user.is_active and matching.email_key(user.details.email or "") == email_key
