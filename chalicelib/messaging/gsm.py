"""The GSM 7-bit alphabet (3GPP TS 23.038): a text message of these characters alone holds 160 of them, else only 70."""

from __future__ import annotations

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")  # each takes two places
_LIKE = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "′": "'", "`": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-",
        "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "·": "-", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
        "ı": "i", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ð": "d", "×": "x", "\t": " ",
    }
)  # fmt: skip


def fits(text: str, places: int) -> bool:
    """Whether the text is wholly GSM and takes at most so many places."""
    return is_gsm(text) and length(text) <= places


def is_gsm(text: str) -> bool:
    """Whether every character is in the alphabet."""
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def length(text: str) -> int:
    """The places a GSM text takes."""
    return sum(2 if letter in _EXTENDED else 1 for letter in text)


def plain(text: str) -> str:
    """The nearest text on one line that the alphabet can write. What has nothing near it is left out."""
    near = (_near(letter) for letter in text.translate(_LIKE))
    return " ".join("".join(near).split())


def _near(letter: str) -> str:
    if letter in _BASIC or letter in _EXTENDED:
        return letter
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if part in _BASIC)


def shortened(text: str, places: int) -> str:
    """The text cut to so many places, at a word's end if one is near, marked by two dots."""
    if length(text) <= places:
        return text
    kept = ""
    for letter in text:
        if length(kept + letter) > places - 2:
            break
        kept += letter
    word = kept.rsplit(" ", 1)[0]
    return (word if len(word) * 2 > len(kept) else kept).rstrip(" ,;:-") + ".." if places > 2 else ""


def parts(text: str) -> int:
    """How many messages the networks carry it in: 160 places alone, 153 each of several; 70 and 67 where not all is GSM."""
    sizes = (
        [2 if letter in _EXTENDED else 1 for letter in text] if is_gsm(text) else [_units(letter) for letter in text]
    )
    alone, each = (160, 153) if is_gsm(text) else (70, 67)
    if sum(sizes) <= alone:
        return 1
    count, room = 1, each
    for size in sizes:  # what takes two places is never cut in two
        if size > room:
            count, room = count + 1, each
        room -= size
    return count


def _units(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1
