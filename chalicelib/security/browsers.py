"""Known browsers: a cookie set at sign-in that skips nothing, but gives its browser counters of its own.

Without it, a stranger who knows a client number and a name could lock the owner out by typing wrong codes. The cookie
holds, sealed, a random id per identity that has signed in here; it names nobody.
"""

from __future__ import annotations

import secrets

from .sealed import seal, unseal

_MOST = 5  # identities remembered in one browser; the oldest makes room


def known(portal: str, cookie: str | None, identity_key: str) -> str:
    """The browser's own id for this identity, or "" if that identity never signed in here."""
    return _read(portal, cookie).get(identity_key, "")


def remember(portal: str, cookie: str | None, identity_key: str, *, days: int) -> str:
    """The cookie that makes this browser known for one more identity."""
    held = _read(portal, cookie)
    held[identity_key] = held.pop(identity_key, "") or secrets.token_hex(8)
    newest = dict(list(held.items())[-_MOST:])
    return seal("browser", portal, newest, days * 86400)


def _read(portal: str, cookie: str | None) -> dict[str, str]:
    return (unseal("browser", portal, cookie, dict[str, str]) if cookie else None) or {}
