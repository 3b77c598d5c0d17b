"""Sessions: 256 random bits in a cookie, their SHA-256 in the table, an idle and an absolute end checked on every read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .. import clock, ids
from ..portals.policy import Policy
from ..storage import Transaction
from .models import SessionRow

_SEEN_EVERY = 60  # seconds: a session's last use is written at most this often


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `holder` is the contact's id; moments in seconds since 1970."""

    id: str
    portal: str
    holder: str
    number_key: str
    created_at: int
    idle_at: int


def begin(tx: Transaction, portal: str, policy: Policy, *, holder: str, number_key: str) -> str:
    """Add a new session to the transaction and give the secret for its cookie. Always a new one, never one given."""
    secret, now = ids.secret(), clock.timestamp()
    tx.put(
        SessionRow(
            pk=_key(portal, _hash(secret)),
            holder=holder,
            number_key=number_key,
            created_at=now,
            seen_at=now,
            expires_at=now + policy.session_hours * 3600,
        )
    )
    return secret


def read(portal: str, secret: str, policy: Policy) -> Session | None:
    """The live session of a cookie, its last use noted; None if there is none or it is over."""
    row = SessionRow.find(_key(portal, _hash(secret)))
    now, idle = clock.timestamp(), policy.session_idle_minutes * 60
    if row is None or row.seen_at + idle <= now:
        return None
    if row.seen_at + _SEEN_EVERY <= now and not row.change(SessionRow.seen_at.set(now), when=SessionRow.pk.exists()):
        return None
    return Session(
        id=row.pk.rpartition("#")[2],
        portal=portal,
        holder=row.holder,
        number_key=row.number_key,
        created_at=int(row.created_at),
        idle_at=min(int(row.seen_at) + idle, int(row.expires_at or 0)),
    )


def extend(portal: str, session: Session) -> bool:
    """Note a use right now, whatever was noted in the last minute. False if the session has ended meanwhile."""
    return SessionRow(_key(portal, session.id)).change(
        SessionRow.seen_at.set(clock.timestamp()), when=SessionRow.pk.exists()
    )


def end(tx: Transaction, portal: str, session: Session) -> None:
    """Add the end of a session to the transaction."""
    tx.delete(SessionRow(_key(portal, session.id)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(portal: str, digest: str) -> str:
    return f"{portal}#session#{digest}"
