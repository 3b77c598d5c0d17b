"""Passwords: argon2id, a judgement of strength, and generated ones that nobody has to see.

Hashing is dear on purpose (19 MiB, two passes: OWASP's second set), so one hash is made or checked for everybody, also for
whom there is none. Strength is zxcvbn's, with the person's and the portal's own words counted in; no rules of composition,
no forced expiry. argon2 and zxcvbn are imported when first needed: the workers that send never do.
"""

from __future__ import annotations

import base64
import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from ..errors import Invalid
from . import keys

LONGEST = 128  # characters
TEMPORARY_SECONDS = 24 * 3600
_ENOUGH = 3  # of zxcvbn's 0 to 4: safe against an offline attacker for a while; docs/security.md, "Decided numbers"
_JUDGED = 72  # characters that zxcvbn looks at; more cannot make a password weaker
_READ = (
    4 * LONGEST + 1
)  # characters that are composed at all: Unicode makes at most four into one, so this many are too many
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
# What stands for a letter in p4$$w0rd. zxcvbn's own table has rare ones too and tries every combination of them: with it,
# 72 characters of punctuation take seconds.
_STAND_INS: Final = {"a": ["4", "@"], "c": ["("], "i": ["1", "!"], "l": ["1"], "t": ["7"]}
_judging = threading.Lock()  # zxcvbn keeps the words of the password at hand where all threads see them


def hashed(password: str) -> str:
    """The argon2id hash to store, parameters and salt in it."""
    made: str = _hasher().hash(_normal(password))
    return made


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password. Costs the same without a stored hash, and is then never true.

    What is longer than any password is not hashed, whoever it is typed for.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    typed = _normal(password)
    if len(typed) > LONGEST:
        return False
    try:
        _hasher().verify(stored or _dummy(), typed)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return bool(_hasher().check_needs_rehash(stored))


def check(password: str, *, least: int, words: Iterable[str] = (), field: str = "password") -> None:
    """Refuse a password that is too short, too long, or too easy to guess. Raises Invalid with one sentence."""
    length = len(_normal(password))
    if length < least:
        raise Invalid(fields={field: f"Use at least {least} characters. A few words in a row are easy to remember."})
    if length > LONGEST:
        raise Invalid(fields={field: f"Use at most {LONGEST} characters."})
    if not password.strip():
        raise Invalid(fields={field: "A password cannot be made of spaces alone."})
    if strength(password, words) < _ENOUGH:
        raise Invalid(fields={field: "This is too easy to guess. Add a word or two that have nothing to do with you."})


def strength(password: str, words: Iterable[str] = ()) -> int:
    """The score of zxcvbn, 0 (guessed at once) to 4. `words` are what an attacker would try first: names, addresses.

    What is left without these words must be as strong: zxcvbn would have a name and a few other characters pass.
    """
    text = _normal(password)[:_JUDGED]
    whole = [_normal(word).casefold()[:_JUDGED] for word in words]
    parts = {part for word in whole for part in (word, *re.split(r"[\W_]+", word)) if len(part) > 2}
    own, rest = sorted(parts, key=lambda part: (-len(part), part)), text.casefold()
    for word in own:
        rest = rest.replace(word, "")
    return min(_score(text, own), _score(rest[:_JUDGED], own))


def _score(text: str, own: list[str]) -> int:
    if not text:
        return 0
    with _judging:
        told: dict[str, Any] = _judge()(text, user_inputs=own)
    return int(told["score"])


@cache
def _judge() -> Any:
    from zxcvbn import matching, zxcvbn

    matching.L33T_TABLE.update(_STAND_INS)
    return zxcvbn


def generated(portal: str, holder: str, nonce: str, version: int) -> str:
    """A password, derived: 16 letters and digits in four groups (79 bits), such as k7mq-3fdx-9wtr-h2cn."""
    raw = int.from_bytes(keys.mac("temporary-password", portal, holder, nonce, version=version), "big")
    letters = ""
    for _ in range(16):
        raw, place = divmod(raw, len(_ALPHABET))
        letters += _ALPHABET[place]
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _normal(password: str) -> str:
    """One spelling of what was typed: keyboards differ in how they compose an accent (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password[:_READ])


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher, Type

    return PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, type=Type.ID)


@cache
def _dummy() -> str:
    """What a password is held against where there is no hash. A constant would do; this one fits today's parameters."""
    salt = base64.b64encode(b"latchstring-none").decode().rstrip("=")
    digest = base64.b64encode(bytes(32)).decode().rstrip("=")
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${digest}"
