"""API keys of the company's systems. A key is shown once, at its making; only the hash of its secret is kept.

A key belongs to one portal, or to the whole deployment (portal `*`: it may act on every portal, and create one). It
looks like `ls_acme_<id>_<secret>`, so that secret scanners find it and a reader can tell whose it is.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from msgspec import Meta, Struct

from .. import clock, facts, fields, ids
from ..errors import Forbidden, Invalid, NotFound, NotSignedIn
from ..facts import Act, Kind
from ..storage import Page, query
from .models import KeyRow
from .permissions import PERMISSIONS

EVERY_PORTAL = "*"


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make: what it is for, what it may do, and for how many days (none: until revoked)."""

    name: fields.Required
    scopes: Annotated[tuple[str, ...], Meta(min_length=1, max_length=40)]
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as it is listed: never its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    created_by: str
    expires_at: str | None = None
    revoked_at: str | None = None


class KeyCreated(ApiKey, frozen=True, kw_only=True):
    """A new key, with the only sight of its secret there will ever be."""

    key: str


class Holder(Struct, frozen=True):
    """Whoever holds a valid key: which portal it is for (`*`: all) and what it may do."""

    key_id: str
    portal: str
    scopes: frozenset[str]
    name: str


def create(act: Act, wanted: NewKey, *, maker: frozenset[str]) -> KeyCreated:
    """A new key for the act's portal. Refuses permissions that do not exist, or that the maker does not hold."""
    unknown = [scope for scope in wanted.scopes if scope not in PERMISSIONS]
    if unknown:
        raise Invalid(fields={"scopes": f"There is no permission called {unknown[0][:40]}."})
    if not maker.issuperset(wanted.scopes):
        raise Forbidden("A key cannot be given permissions that you do not have yourself.")
    identifier, secret, now = ids.new(), ids.secret(), clock.timestamp()
    row = KeyRow(
        pk=_partition(act.portal),
        sk=identifier,
        name=wanted.name,
        secret_hash=_hash(secret),
        scopes=sorted(set(wanted.scopes)),
        created_at=now,
        created_by=act.actor,
        expires_at=now + wanted.days * 86400 if wanted.days else None,
    )
    tx = act.transaction()
    tx.put(row, when=KeyRow.pk.does_not_exist())
    facts.record(tx, act, Kind.API_KEY_CREATED, facts.subject("api-key", identifier), {"scopes": row.scopes})
    tx.commit()
    whose = "all" if act.portal == EVERY_PORTAL else act.portal
    return KeyCreated(**fields.values(_shown(row)), key=f"ls_{whose}_{identifier}_{secret}")


def listed(portal: str, *, limit: int = 50, cursor: str | None = None) -> Page[ApiKey]:
    """The keys of a portal, oldest first, revoked ones too."""
    page = query(KeyRow, _partition(portal), limit=limit, cursor=cursor)
    return Page([_shown(row) for row in page.items], page.cursor)


def revoke(act: Act, key_id: str) -> ApiKey:
    """End a key at once. Revoking one that is revoked already changes nothing."""
    row = KeyRow.find(_partition(act.portal), key_id) if ids.is_id(key_id) else None
    if row is None:
        raise NotFound("There is no API key with this id.")
    if row.revoked_at is None:
        row.revoked_at = clock.timestamp()
        tx = act.transaction()
        tx.update(
            KeyRow(row.pk, row.sk), KeyRow.revoked_at.set(row.revoked_at), when=KeyRow.revoked_at.does_not_exist()
        )
        facts.record(tx, act, Kind.API_KEY_REVOKED, facts.subject("api-key", key_id))
        tx.commit()
    return _shown(row)


def holder(key: str) -> Holder:
    """Who calls with this key, as of this very moment. Raises NotSignedIn, without saying what is wrong with it."""
    prefix, _, rest = key.partition("_")
    whose, _, rest = rest.partition("_")
    identifier, _, secret = rest.partition("_")
    if prefix != "ls" or not ids.is_id(identifier) or "#" in whose:
        raise NotSignedIn("This API key is not valid.")
    portal = EVERY_PORTAL if whose == "all" else whose
    row = KeyRow.find(_partition(portal), identifier)
    right = hmac.compare_digest((row.secret_hash if row else _hash("")).encode(), _hash(secret).encode())
    if row is None or not right or row.revoked_at is not None:
        raise NotSignedIn("This API key is not valid.")
    return Holder(identifier, portal, frozenset(row.scopes), row.name)


def _shown(row: KeyRow) -> ApiKey:
    return ApiKey(
        id=row.sk,
        name=row.name,
        scopes=tuple(row.scopes),
        created_at=clock.text(int(row.created_at)) or "",
        created_by=row.created_by,
        expires_at=clock.text(int(row.expires_at)) if row.expires_at else None,
        revoked_at=clock.text(int(row.revoked_at)) if row.revoked_at else None,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _partition(portal: str) -> str:
    return f"{portal}#api-keys"
