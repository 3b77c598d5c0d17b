"""Identifiers: UUIDv7 in hex, so that ids sort by the time they were made."""

from __future__ import annotations

import re
import secrets

import uuid_utils

from . import clock

_SHAPE = re.compile(r"[0-9a-f]{32}")


def new() -> str:
    """A fresh id: 32 hex digits; the first twelve are the clock's milliseconds."""
    return uuid_utils.uuid7(nanoseconds=clock.milliseconds() * 1_000_000).hex


def is_id(text: str) -> bool:
    """Whether `text` could be one of ours. Routes check this before an id becomes part of a key."""
    return _SHAPE.fullmatch(text) is not None


def secret() -> str:
    """256 random bits, URL-safe: for cookies and API keys. Only its hash may be stored."""
    return secrets.token_urlsafe(32)


def made_at(identifier: str) -> int:
    """The moment an id was made, in whole seconds since 1970."""
    return int(identifier[:12], 16) // 1000
