"""Recovery codes: ten, shown once, each used once. Only keyed digests are stored."""

from __future__ import annotations

import hmac
import re
import secrets

from . import keys

COUNT = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 14  # letters and digits: 69 bits, above NIST's 64 for saved codes


def new_codes() -> tuple[str, ...]:
    """Ten fresh codes, such as 7kq2m9x-3fdw8th."""
    return tuple(_one() for _ in range(COUNT))


def digests(portal: str, user_id: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """What to store of them."""
    return tuple(_digest(portal, user_id, cleaned(code)) for code in codes)


def without(portal: str, user_id: str, stored: tuple[str, ...], typed: str) -> tuple[str, ...] | None:
    """The stored digests but for that of the code typed; None if it is none of them."""
    wanted = _digest(portal, user_id, cleaned(typed))
    left = tuple(each for each in stored if not hmac.compare_digest(each.encode(), wanted.encode()))
    return left if len(left) < len(stored) else None


def cleaned(typed: str) -> str:
    """A code as it is compared: without the spaces, hyphens and capitals of whoever types it."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", typed).lower()[:40]


def _one() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"


def _digest(portal: str, user_id: str, code: str) -> str:
    """Keyed with version 1 like all fingerprints, so that codes on paper outlive a rotation of the keys."""
    return keys.fingerprint("recovery", portal, user_id, code)
