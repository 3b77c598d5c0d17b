"""Views: sessions in which staff look at a client's pages. 256 random bits in a cookie, their SHA-256 in the table.

A view is of one staff session and never renewed. It opens nothing by itself: whoever reads it looks at that session too.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from .. import clock, ids
from ..errors import NotFound
from ..storage import Transaction
from .models import ViewRow
from .sessions import id_of

SECONDS: Final = 30 * 60  # docs/security.md, "Decided numbers"
_KEPT_SECONDS = 24 * 3600  # after its end, so that a page asked for then can note that end


class ViewSession(Struct, frozen=True, kw_only=True):
    """A view. `id` is its id in facts, `cards` and `contact_id` (else the account) what it shows.

    `username_key` names the user whose pages they are, where there is one.
    """

    id: str
    staff_session: str
    cards: str
    account_id: str
    contact_id: str | None
    username_key: str | None
    reason: str
    until: int

    @property
    def is_over(self) -> bool:
        """Whether its time is."""
        return self.until <= clock.timestamp()


def begin(tx: Transaction, portal: str, view: ViewSession) -> str:
    """Add a new view to the transaction and give the secret for its cookie."""
    secret = ids.secret()
    tx.put(
        ViewRow(
            pk=_key(portal, secret),
            view=view.id,
            staff_session=view.staff_session,
            cards=view.cards,
            account_id=view.account_id,
            contact_id=view.contact_id,
            username_key=view.username_key,
            reason=view.reason,
            until=view.until,
            expires_at=view.until + _KEPT_SECONDS,
        )
    )
    return secret


def find(portal: str, secret: str) -> ViewSession | None:
    """The view of a cookie, also one whose time is over; None if it was ended, or never was."""
    row = ViewRow.find(_key(portal, secret))
    if row is None:
        return None
    return ViewSession(
        id=row.view,
        staff_session=row.staff_session,
        cards=row.cards,
        account_id=row.account_id,
        contact_id=row.contact_id,
        username_key=row.username_key,
        reason=row.reason,
        until=int(row.until),
    )


def still(tx: Transaction, portal: str, secret: str) -> None:
    """Add to the transaction that the view lives. Refused with NotFound."""
    tx.check(ViewRow(_key(portal, secret)), when=ViewRow.until > clock.timestamp(), refusal=NotFound())


def end(tx: Transaction, portal: str, secret: str) -> None:
    """Add the end of a view to the transaction: once. Refused with NotFound if it was ended before."""
    tx.delete(ViewRow(_key(portal, secret)), when=ViewRow.pk.exists(), refusal=NotFound())


def _key(portal: str, secret: str) -> str:
    return f"{portal}#view#{id_of(secret)}"
