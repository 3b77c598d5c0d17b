"""Versioned keys. One master key a version stands in Secrets Manager; each use has a key of its own derived from it.

A new version becomes `current` at once, old ones stay readable until the longest-lived thing made with them is over.
The secret is JSON: {"current": 2, "keys": {"1": "<base64, 32 bytes>", "2": "..."}, "origin_secret": "..."}.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from functools import cache
from typing import Any

import msgspec

from .. import aws
from ..config import settings
from ..errors import Unavailable

_REFRESH_SECONDS = 300  # a rotated key is current in a warm process within five minutes
_UNKNOWN_SECONDS = 5  # and readable at once; made-up versions make a process read the secret this often at most


class _Ring(msgspec.Struct, frozen=True):
    current: int
    keys: dict[str, str]
    origin_secret: str


class UnknownVersion(Unavailable):
    """A key that is kept no longer, or that this process has not been able to learn of yet."""

    text = "We could not check this just now. Try again in a moment."


_held: tuple[float, _Ring] | None = None


def _ring(seconds: int = _REFRESH_SECONDS) -> _Ring:
    """The keys as they stood at most so long ago, or when Secrets Manager last answered."""
    global _held
    if _held is None or _held[0] < time.monotonic() - seconds:
        try:
            answer: dict[str, Any] = aws.client("secretsmanager").get_secret_value(SecretId=settings.keys_secret_id)
            _held = (time.monotonic(), msgspec.json.decode(answer["SecretString"], type=_Ring))
        except (aws.ClientError, aws.BotoCoreError) as error:
            if _held is None:
                raise Unavailable from error
            _held = (time.monotonic(), _held[1])
        _derived.cache_clear()
    return _held[1]


def forget() -> None:
    """Read the secret anew at next use."""
    global _held
    _held = None


def current() -> int:
    """The version new things are made with."""
    return _ring().current


def origin_secret() -> str:
    """What CloudFront must send in X-Origin-Secret for its word on the client's address to be believed."""
    return _ring().origin_secret


def key(purpose: str, version: int) -> bytes:
    """The 32-byte key for one purpose. Raises UnknownVersion.

    Another process may have made something with a key that was added since this one read the secret: so it is read again.
    """
    master = _ring().keys.get(str(version)) or _ring(_UNKNOWN_SECONDS).keys.get(str(version))
    if master is None:
        raise UnknownVersion
    return _derived(purpose, master)


@cache
def _derived(purpose: str, master: str) -> bytes:
    return hmac.digest(base64.b64decode(master), f"latchstring/{purpose}".encode(), hashlib.sha256)


def mac(purpose: str, *parts: str, version: int | None = None) -> bytes:
    """HMAC-SHA256 over the parts (each length-prefixed, so that parts cannot run into each other)."""
    message = b"".join([len(raw).to_bytes(4, "big") + raw for raw in [part.encode() for part in parts]])
    return hmac.digest(key(purpose, current() if version is None else version), message, hashlib.sha256)


def fingerprint(purpose: str, *parts: str) -> str:
    """A short keyed digest (128 bits in hex) that names something typed without telling what it was.

    Always made with version 1, so that counters keep counting over a rotation of the keys.
    """
    return mac(purpose, *parts, version=1).hex()[:32]
