"""The button "This was not me": it ends every session, forgets every device and locks the user.

A link to set a new password goes to the addresses on file with it; that new password opens the user again.
"""

from __future__ import annotations

from .. import clock, facts, ids
from ..errors import NotFound
from ..facts import Act, Kind
from ..people import credential_links, user_changes, users
from ..portals import Portal
from ..security import links
from ..security.links import Link, LinkOver
from ..storage import afresh
from .doors import about

PURPOSE: links.Purpose = "not-me"


def seen(portal: str, token: str) -> Link:
    """The link of a mail, if it can still be pressed: also one that a newer mail has followed. Raises LinkOver."""
    try:
        return links.peek(portal, PURPOSE, token)
    except LinkOver as refusal:
        link = refusal.link
        is_recent = link is not None and ids.made_at(link.id) + links.NOT_ME_SECONDS > clock.timestamp()
        if refusal.why != "replaced" or link is None or not is_recent:
            raise
        return link


def press(act: Act, portal: Portal, token: str) -> None:
    """Lock, end everything, and send the way back in. Raises LinkOver. Pressed again, it changes nothing more."""
    afresh(lambda: _press(act, portal, token))  # it may be pressed twice, or a thief may change something meanwhile


def _press(act: Act, portal: Portal, token: str) -> None:
    link = seen(act.portal, token)
    try:
        user = users.get(act.portal, link.holder)
    except NotFound:
        raise LinkOver("replaced") from None
    if ids.made_at(link.id) < user.created_at:
        raise LinkOver("replaced")  # a mail about a user of before, whose username was deleted
    if not user.is_active:
        return
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_changes.set_state(tx, user, "locked", users.DISAVOWED)
    links.cancel(tx, act.portal, "not-me", user.id)
    facts.record(tx, act, Kind.DISAVOWED, about(user))
    credential_links.send_reset(tx, act, portal, user, kind=Kind.RESET_ASKED_FOR)
    tx.commit()
