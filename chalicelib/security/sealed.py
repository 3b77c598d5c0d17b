"""Sealed values: AES-GCM under a versioned key, bound to a purpose and to whose they are.

With an expiry inside they travel in cookies: what a visitor typed before the code, say; nothing to store, nothing to
enumerate. Without one they lie in a table: the seed of an authenticator app.
"""

from __future__ import annotations

import base64
import binascii
import os
from functools import lru_cache
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .. import clock
from . import keys

T = TypeVar("T")


_cipher = lru_cache(maxsize=8)(AESGCM)


def seal(purpose: str, portal: str, value: object, seconds: int) -> str:
    """`value` (anything msgspec can write), readable only by `unseal` with the same purpose and portal, for `seconds`."""
    version, nonce = keys.current(), os.urandom(12)
    plain = msgspec.json.encode((clock.timestamp() + seconds, value))
    sealed = _cipher(keys.key(f"seal/{purpose}", version)).encrypt(nonce, plain, portal.encode())
    return f"{version}.{base64.urlsafe_b64encode(nonce + sealed).decode().rstrip('=')}"


def unseal(purpose: str, portal: str, text: str, shape: type[T]) -> T | None:
    """The value, or None if it is forged, for another portal or purpose, or over."""
    try:
        version, _, body = text.partition(".")
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        plain = _cipher(keys.key(f"seal/{purpose}", int(version))).decrypt(raw[:12], raw[12:], portal.encode())
        expires_at, value = msgspec.json.decode(plain, type=tuple[int, shape])  # type: ignore[valid-type]
    except (InvalidTag, keys.UnknownVersion, ValueError, binascii.Error):
        return None
    return value if expires_at > clock.timestamp() else None


def keep(purpose: str, whose: str, text: str) -> str:
    """`text` as it may be stored, readable only by `kept` with the same purpose and owner."""
    version, nonce = keys.current(), os.urandom(12)
    sealed = _cipher(keys.key(f"keep/{purpose}", version)).encrypt(nonce, text.encode(), whose.encode())
    return f"{version}.{base64.urlsafe_b64encode(nonce + sealed).decode().rstrip('=')}"


def kept(purpose: str, whose: str, stored: str) -> str | None:
    """What was stored, or None if it was stored for something or somebody else, or is damaged.

    Raises keys.UnknownVersion.
    """
    try:
        version, _, body = stored.partition(".")
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        return _cipher(keys.key(f"keep/{purpose}", int(version))).decrypt(raw[:12], raw[12:], whose.encode()).decode()
    except (InvalidTag, ValueError):
        return None
