"""How staff, and the users of offices, are presented to others: their own to change, on which level ever they are."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from .. import facts, fields
from ..errors import Stale
from ..facts import Act, Kind
from . import user_changes, users
from .shapes import ProfileCard
from .staff import changes, checked_card
from .users import User


class OwnCard(ProfileCard, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The card as it stands; `version` is that of the user."""

    version: Annotated[int, Meta(description="Counts every change of the user but sign-ins.")]


def get(portal: str, user_id: str) -> OwnCard:
    """The card of a user. Raises NotFound."""
    return _shown(users.get(portal, user_id))


def change(act: Act, country: str, user_id: str, wanted: ProfileCard, *, version: int) -> OwnCard:
    """Another card of whoever acts. Raises Invalid, Stale."""
    user = users.get(act.portal, user_id)
    if version != user.version:
        raise Stale
    details = msgspec.structs.replace(user.details, **fields.values(checked_card(wanted, country), ProfileCard))
    if details == user.details:
        return _shown(user)
    tx = act.transaction()
    user_changes.change_details(tx, user, details)
    kind = Kind.STAFF_CHANGED if user.kind == "staff" else Kind.OFFICE_USER_CHANGED
    facts.record(tx, act, kind, facts.subject("user", user.id), changes(user, details, user.role))
    tx.commit()
    return get(act.portal, user_id)


def _shown(user: User) -> OwnCard:
    return OwnCard(version=user.version, **fields.values(user.details, ProfileCard))
