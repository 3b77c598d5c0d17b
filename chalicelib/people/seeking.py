"""Users of any kind, sought by a word of their name, their username or an address: for staff who have somebody on the phone."""

from __future__ import annotations

from ..storage import Condition, query, raw
from . import matching, users
from .models import UserRow
from .users import Kind, User

_MOST_WORDS, _LONGEST_WORD = 5, 60


def sought(portal: str, kind: Kind, typed: str, *, limit: int) -> list[User]:
    """The users of one kind of whom every word is found, in name, username or addresses; by name.

    Of a portal with thousands of them only as many are looked at as one request may read.
    """
    only: Condition | None = None
    for word in typed.split()[:_MOST_WORDS]:
        plain, folded = matching.email_key(word[:_LONGEST_WORD]), matching.name_key(word[:_LONGEST_WORD])
        has = UserRow.search_text.contains(plain) | raw("emails").contains(plain)
        has = has | UserRow.search_text.contains(folded) if folded else has
        only = has if only is None else only & has
    if only is None:
        return []
    found = query(UserRow, users.list_key(portal, kind), index="by_name", only=only, limit=limit).items
    return [users.of_row(portal, row) for row in found]
