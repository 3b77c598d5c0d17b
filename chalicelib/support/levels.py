"""Upon whom the support desk may act: on staff up to one's own level, on users as one's other permissions go."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from .. import facts
from ..facts import Act, Kind
from ..people import authority, users
from ..people.authority import Authority
from ..people.staff import By
from ..people.users import User
from ..portals.permissions import may_grant

_NEEDED: Final = {"office": "users:manage", "record": "selfservice:manage"}  # besides what the desk itself needs


class Desk(Struct, frozen=True):
    """Who sits at the desk: with which permissions, on which level, and how far among the users of offices."""

    scopes: frozenset[str]
    by: By
    reach: Authority


def must_reach(act: Act, desk: Desk, user: User) -> None:
    """Raises Forbidden, on record, where a colleague is above, or a permission is missing."""
    if user.kind == "staff" and not may_grant(desk.by.role, user.role):
        who = f"As {desk.by.role}" if desk.by.role else "Without staff:manage"
        why = f"{who} you cannot act on the role {user.role}: it is above your level."
        authority.refuse(act, _about(user), user.role, why, Kind.SUPPORT_REFUSED)
    needed = _NEEDED.get(user.kind)
    if needed is not None and needed not in desk.scopes:
        why = f"You lack the permission {needed}, which acting on this user takes."
        authority.refuse(act, _about(user), user.role, why, Kind.SUPPORT_REFUSED)


def reached(act: Act, desk: Desk, user_id: str) -> User:
    """The user of this id. Raises NotFound, Forbidden."""
    user = users.get(act.portal, user_id)
    must_reach(act, desk, user)
    return user


def _about(user: User) -> str:
    return facts.subject("user", user.id)
