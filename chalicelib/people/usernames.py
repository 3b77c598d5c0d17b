"""Usernames: an email address or a name of one's own, and when two of them are the same.

One owner for all that looks alike: case, width, composition, invisible characters, and letters of other alphabets that
are drawn like Latin ones are folded away before a username is compared or claimed. Pure rules; nothing is looked up.
"""

from __future__ import annotations

import re
import unicodedata

from ..errors import Invalid

LEAST, MOST, MOST_OF_EMAIL = 3, 64, 100
_READ = 1000  # characters that are looked at, invisible ones among them
_ALLOWED = re.compile(r"[\w.@+'-]+")
_NOT_ALLOWED = f"Use {LEAST} to {MOST} characters: letters, digits and . _ - @ + '. Your email address works too."
_NOT_ONE_ALPHABET = "Use letters of one alphabet, one that is in use today."
# Letters of Cyrillic, Greek, Armenian, Georgian, IPA and small capitals that most typefaces draw like a Latin one (a
# selection of Unicode's confusables, UTS #39, after case folding).
_ALIKE = str.maketrans(
    {
        "а": "a", "ɑ": "a", "α": "a", "ᴀ": "a", "в": "b", "ь": "b", "β": "b", "ƅ": "b", "ꞵ": "b", "ʙ": "b", "с": "c",
        "ᴄ": "c", "ԁ": "d", "ժ": "d", "ᴅ": "d", "е": "e", "є": "e", "ε": "e", "ҽ": "e", "ꬲ": "e", "ᴇ": "e", "ք": "f",
        "ꞙ": "f", "ꬵ": "f", "ꜰ": "f", "ɡ": "g", "ց": "g", "ԍ": "g", "ƍ": "g", "ᶃ": "g", "ɢ": "g", "н": "h", "һ": "h",
        "հ": "h", "ʜ": "h", "і": "i", "ι": "i", "ı": "i", "ɩ": "i", "ɪ": "i", "ꙇ": "i", "ј": "j", "ϳ": "j", "ʝ": "j",
        "ᴊ": "j", "к": "k", "κ": "k", "ᴋ": "k", "ӏ": "l", "ǀ": "l", "լ": "l", "ʟ": "l", "м": "m", "μ": "m", "ϻ": "m",
        "ᴍ": "m", "η": "n", "п": "n", "ո": "n", "ռ": "n", "ɴ": "n", "о": "o", "ο": "o", "օ": "o", "ө": "o", "σ": "o",
        "ჿ": "o", "ᴏ": "o", "ᴑ": "o", "ꬽ": "o", "р": "p", "ρ": "p", "ᴘ": "p", "ԛ": "q", "գ": "q", "զ": "q", "г": "r",
        "ᴦ": "r", "ʀ": "r", "ꭇ": "r", "ꭈ": "r", "ѕ": "s", "տ": "s", "ꜱ": "s", "ƽ": "s", "т": "t", "τ": "t", "ᴛ": "t",
        "υ": "u", "ս": "u", "ц": "u", "ʋ": "u", "ꞟ": "u", "ᴜ": "u", "ꭎ": "u", "ꭒ": "u", "ν": "v", "ѵ": "v", "ᴠ": "v",
        "ԝ": "w", "ω": "w", "ѡ": "w", "ա": "w", "ɯ": "w", "ᴡ": "w", "х": "x", "χ": "x", "ꭓ": "x", "у": "y", "γ": "y",
        "ү": "y", "ყ": "y", "ɣ": "y", "ʏ": "y", "ᶌ": "y", "ỿ": "y", "ꭚ": "y", "ζ": "z", "ᴢ": "z",
    }
)  # fmt: skip
_UNDRAWN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_UNLIKE = re.compile(
    "[ΗΝΥӀ]"
)  # capitals drawn like another Latin letter than their small ones, by which they are folded
# Alphabets by the first word of their letters' names in Unicode, those that are written together as one. Rare ones are
# missing: Cherokee, Lisu, Deseret and their like have most of the Latin capitals.
_ALPHABETS = {
    name: name
    for name in (
        "LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "ETHIOPIC", "DEVANAGARI", "BENGALI",
        "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "KHMER",
        "MYANMAR", "TIBETAN",
    )
} | dict.fromkeys(("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"), "EAST ASIAN")  # fmt: skip


def key(typed: str) -> str:
    """The form in which usernames are compared and claimed. Of any text, however odd; at most MOST_OF_EMAIL characters."""
    text = _plain(typed)
    bare = "".join(char for char in text if not _is_invisible(char))
    apart = unicodedata.normalize("NFKD", bare.casefold())
    without_marks = "".join(char for char in apart if not unicodedata.combining(char))
    return unicodedata.normalize("NFKC", without_marks.translate(_ALIKE).casefold())[:MOST_OF_EMAIL]


def checked(typed: str) -> str:
    """The username as it is kept and shown. Raises Invalid for what cannot be one."""
    text = _plain(typed)
    right_length = LEAST <= len(text) <= MOST or (is_email(text) and len(text) <= MOST_OF_EMAIL)
    has_letter = any(char.isalnum() for char in key(text))
    is_drawn = not any(_is_invisible(char) for char in text)
    if not (right_length and _ALLOWED.fullmatch(text) and is_drawn and has_letter and len(key(text)) >= LEAST):
        raise Invalid(fields={"username": _NOT_ALLOWED})
    if not all(_is_of_one_alphabet(word) for word in re.split(r"[\W_]+", text)):
        raise Invalid(fields={"username": _NOT_ONE_ALPHABET})
    return text.lower() if _UNLIKE.search(text) else text


def fault(typed: str) -> str:
    """Why this cannot be a username; empty if it can."""
    try:
        checked(typed)
    except Invalid as refusal:
        return refusal.fields["username"]
    return ""


def can_be(typed: str) -> bool:
    """Whether this can be a username."""
    return not fault(typed)


def is_email(text: str) -> bool:
    """Whether it has the form of an email address, near enough to allow it the length of one."""
    name, at, host = text.partition("@")
    return bool(name and at and "." in host.strip("."))


def _plain(typed: str) -> str:
    """What was typed, in one composition and width."""
    return unicodedata.normalize("NFKC", typed[:_READ]).strip()


def _is_of_one_alphabet(word: str) -> bool:
    """Whether nothing in the word but the digits 0 to 9 is of a second alphabet, or of one that we do not know."""
    names = {re.split("[ -]", unicodedata.name(char, ""))[0] for char in word if not char.isascii() or char.isalpha()}
    alphabets = {_ALPHABETS.get(name) for name in names}
    return len(alphabets) < 2 and None not in alphabets


def _is_invisible(char: str) -> bool:
    """Characters that are not drawn: formats, controls, joiners, variation selectors, fillers, halves of a character."""
    return unicodedata.category(char) in ("Cf", "Cc", "Cs", "Zl", "Zp", "Zs", "Cn") or bool(_UNDRAWN.match(char))
