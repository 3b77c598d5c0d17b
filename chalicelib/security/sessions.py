"""Sessions: 256 random bits in a cookie, their SHA-256 in the table, an idle and an absolute end checked on every read."""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

from msgspec import Struct

from .. import clock, ids
from ..storage import Transaction
from .models import SessionRow

_SEEN_EVERY = 60  # seconds: a session's last use is written at most this often


class Lasting(Protocol):
    """How long sessions last: a portal's policy says it for clients, STAFF for staff."""

    @property
    def session_idle_minutes(self) -> int:
        """Minutes without use after which it is over."""
        ...

    @property
    def session_hours(self) -> int:
        """Hours after which it is over whatever happens."""
        ...


class _Fixed(Struct, frozen=True):
    session_idle_minutes: int
    session_hours: int


STAFF: Final = _Fixed(30, 8)  # docs/security.md, "Decided numbers"


class Session(Struct, frozen=True):
    """A signed-in browser. `holder` is a contact's or a user's id; moments in seconds since 1970."""

    id: str
    portal: str
    holder: str
    number_key: str
    username_key: str
    contact_id: str
    created_at: int
    idle_at: int
    proved_at: int
    confirmed_at: int


def begin(
    tx: Transaction,
    portal: str,
    lasting: Lasting,
    *,
    holder: str,
    number_key: str = "",
    username_key: str = "",
    contact_id: str = "",
    proved_at: int = 0,
) -> str:
    """Add a new session to the transaction and give the secret for its cookie. Always a new one, never one given.

    `proved_at` tells when a second factor was last shown.
    """
    secret, now = ids.secret(), clock.timestamp()
    tx.put(
        SessionRow(
            pk=_key(portal, id_of(secret)),
            holder=holder,
            number_key=number_key or None,
            username_key=username_key or None,
            contact_id=contact_id or None,
            created_at=now,
            seen_at=now,
            proved_at=proved_at or None,
            confirmed_at=now,
            expires_at=now + lasting.session_hours * 3600,
        )
    )
    return secret


def read(portal: str, secret: str, lasting: Lasting, *, is_use: bool = True) -> Session | None:
    """The live session of a cookie, its last use noted if this is one; None if there is none or it is over."""
    row = SessionRow.find(_key(portal, id_of(secret)))
    now, idle = clock.timestamp(), lasting.session_idle_minutes * 60
    if row is None or row.seen_at + idle <= now:
        return None
    is_noted = not is_use or row.seen_at + _SEEN_EVERY > now
    if not is_noted and not row.change(SessionRow.seen_at.set(now), when=SessionRow.pk.exists()):
        return None
    return Session(
        id=row.pk.rpartition("#")[2],
        portal=portal,
        holder=row.holder,
        number_key=row.number_key or "",
        username_key=row.username_key or "",
        contact_id=row.contact_id or "",
        created_at=int(row.created_at),
        idle_at=min(int(row.seen_at) + idle, int(row.expires_at or 0)),
        proved_at=int(row.proved_at or 0),
        confirmed_at=int(row.confirmed_at or 0),
    )


def extend(portal: str, session: Session) -> bool:
    """Note a use right now, whatever was noted in the last minute. False if the session has ended meanwhile."""
    return SessionRow(_key(portal, session.id)).change(
        SessionRow.seen_at.set(clock.timestamp()), when=SessionRow.pk.exists()
    )


def prove(tx: Transaction, portal: str, session: Session) -> None:
    """Add to the transaction that a second factor was shown in this session just now."""
    tx.update(
        SessionRow(_key(portal, session.id)),
        SessionRow.proved_at.set(clock.timestamp()),
        when=SessionRow.pk.exists(),
    )


def confirm(tx: Transaction, portal: str, session: Session) -> None:
    """Add to the transaction that the password was shown in this session just now."""
    tx.update(
        SessionRow(_key(portal, session.id)),
        SessionRow.confirmed_at.set(clock.timestamp()),
        when=SessionRow.pk.exists(),
    )


def end(tx: Transaction, portal: str, session_id: str) -> None:
    """Add the end of a session to the transaction."""
    tx.delete(SessionRow(_key(portal, session_id)))


def id_of(secret: str) -> str:
    """The name under which a cookie's session is known: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(portal: str, session_id: str) -> str:
    return f"{portal}#session#{session_id}"
