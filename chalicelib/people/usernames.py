"""Usernames: an email address or a name of one's own, and when two of them are the same.

One owner for all that looks alike: case, width, composition, invisible characters, and letters of other alphabets that
are drawn like Latin ones are folded away before a username is compared or claimed. Pure rules; nothing is looked up.
"""

from __future__ import annotations

import re
import unicodedata

from ..errors import Invalid

LEAST, MOST, MOST_OF_EMAIL = 3, 64, 100
_ALLOWED = re.compile(r"[\w.@+'-]+")
_NOT_ALLOWED = f"Use {LEAST} to {MOST} characters: letters, digits and . _ - @ + '. Your email address works too."
# Letters of Cyrillic, Greek, Armenian and IPA that most typefaces draw like a Latin one (a selection of Unicode's
# confusables, UTS #39, after case folding).
_ALIKE = str.maketrans(
    {
        "а": "a", "ɑ": "a", "α": "a", "в": "b", "ь": "b", "β": "b", "с": "c", "ϲ": "c", "ԁ": "d", "ժ": "d", "е": "e",
        "є": "e", "ε": "e", "ҽ": "e", "ɡ": "g", "ց": "g", "н": "h", "һ": "h", "հ": "h", "η": "n", "і": "i", "ι": "i",
        "ı": "i", "ɩ": "i", "ӏ": "l", "ⅼ": "l", "ј": "j", "ϳ": "j", "к": "k", "κ": "k", "м": "m", "μ": "m", "п": "n",
        "ո": "n", "ν": "v", "ѵ": "v", "о": "o", "ο": "o", "օ": "o", "ө": "o", "σ": "o", "р": "p", "ρ": "p", "ԛ": "q",
        "г": "r", "ѕ": "s", "ꜱ": "s", "т": "t", "τ": "t", "υ": "u", "ս": "u", "ʋ": "u", "ц": "u", "ԝ": "w", "ω": "w",
        "ա": "w", "х": "x", "χ": "x", "у": "y", "γ": "y", "ү": "y", "ᴢ": "z", "ζ": "z",
    }
)  # fmt: skip


def key(typed: str) -> str:
    """The form in which usernames are compared and claimed. Of any text, however odd; at most MOST_OF_EMAIL characters."""
    text = unicodedata.normalize("NFKC", typed).strip()
    bare = "".join(char for char in text if not _is_invisible(char))
    apart = unicodedata.normalize("NFKD", bare.casefold())
    without_marks = "".join(char for char in apart if not unicodedata.combining(char))
    return unicodedata.normalize("NFKC", without_marks.translate(_ALIKE).casefold())[:MOST_OF_EMAIL]


def checked(typed: str) -> str:
    """The username as it is kept and shown. Raises Invalid for what cannot be one."""
    text = unicodedata.normalize("NFKC", typed).strip()
    right_length = LEAST <= len(text) <= MOST or (is_email(text) and len(text) <= MOST_OF_EMAIL)
    has_letter = any(char.isalnum() for char in key(text))
    if not right_length or not _ALLOWED.fullmatch(text) or not has_letter or len(key(text)) < LEAST:
        raise Invalid(fields={"username": _NOT_ALLOWED})
    return text


def is_email(text: str) -> bool:
    """Whether it has the form of an email address, near enough to allow it the length of one."""
    name, at, host = text.partition("@")
    return bool(name and at and "." in host.strip("."))


def _is_invisible(char: str) -> bool:
    """Characters that are not drawn: formats, controls, joiners, variation selectors, fillers."""
    return (
        unicodedata.category(char) in ("Cf", "Cc", "Zl", "Zp", "Zs", "Cn") or char in "\u115f\u1160\u3164\uffa0\u034f"
    )
