"""Reference numbers of help requests, such as H-7K4M-9C: made to be read out over the phone, and typed as they were heard."""

from __future__ import annotations

import re
import secrets
import unicodedata

# Without vowels, which make words, and without what is mistaken for something else: 0 O Q, 1 I L, 2 Z, 5 S, 8 B, U V.
_ALPHABET = "34679CDFGHJKMNPRTWXY"
_LENGTH = 6  # 64 million numbers; one that is taken is drawn again
_SHAPE = re.compile(f"H?([{_ALPHABET}]{{{_LENGTH}}})")


def draw() -> str:
    """A fresh number."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"H-{letters[:4]}-{letters[4:]}"


def letters(typed: str) -> str | None:
    """The part of a number that tells it from others, however it was typed; None if it is no number of ours."""
    found = _SHAPE.fullmatch(re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", typed[:60])).upper())
    return found[1] if found else None
