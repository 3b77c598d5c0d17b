"""Who stands behind a session at this very moment: a user, and on the clients' side what is shown to them.

A session counts as what its user is now. Shut out, closed account, other role: it takes effect with the next request.
"""

from __future__ import annotations

from msgspec import Struct

from ..people import cards, users
from ..people.cards import Card
from ..people.users import User
from ..portals import Portal
from ..security.sessions import Session
from ..storage import beside
from .doors import is_manager


class Standing(Struct, frozen=True):
    """A user who may be here: a customer with what is open to the account, or an office user with their contact's card."""

    user: User
    card: Card


def of_staff(portal: str, session: Session) -> User | None:
    """The staff user of this session; None if they may not be here any more."""
    user = users.find(portal, session.username_key)
    return user if user is not None and user.side == "staff" and _is_its(user, session) else None


def of_client(portal: Portal, session: Session) -> Standing | None:
    """Who this session's user is; None if they may not be here any more. Two reads at the same time.

    Nor may a manager of an office who has shown no second factor in this session: one who was made it since, say.
    """
    user, card = _read(portal.slug, session)
    if user is None or card is None or not card.is_open:
        return None
    if user.side != "customer" or not _is_its(user, session):
        return None
    if is_manager(portal, user) and not session.proved_at:
        return None
    return Standing(user, card)


def _is_its(user: User, session: Session) -> bool:
    """Whether the session is one of this user's that have not been ended."""
    return user.id == session.holder and user.holds_session(session.id)


def _read(portal: str, session: Session) -> tuple[User | None, Card | None]:
    """The user, and beside it the card; that is read again if the account's number moved, or the user's contact is new."""
    usual = cards.partition(portal, session.number_key)
    user, card = beside(
        lambda: users.find(portal, session.username_key), lambda: cards.of_user(usual, session.contact_id or None)
    )
    if user is None or not user.cards or (user.kind == "office" and not (user.contact_id and user.account_id)):
        return user, None  # an office user is shown a contact's card, never the whole office
    if (user.cards, user.contact_id or "") != (usual, session.contact_id):
        card = cards.of_user(user.cards, user.contact_id)
    return user, card
