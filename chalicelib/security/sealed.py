"""Sealed values: AES-GCM under a versioned key, bound to a purpose and a portal, with an expiry inside.

What a visitor typed before the code travels in such a value, in a cookie: nothing to store, nothing to enumerate.
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
