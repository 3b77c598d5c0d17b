"""What somebody may type who asks for help: cleaned, and refused per field."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, get_args

from ..errors import Invalid
from ..people import matching
from .shapes import Asked, Kind

MOST, MOST_OF_A_LINE = 4000, 200  # characters
KINDS: Final[tuple[str, ...]] = get_args(Kind)
_DIGITS = range(6, 16)  # of a phone number: E.164 has 15 at most; short local ones are called from the same town
_PHONE = re.compile(r"\+?[0-9 ()./-]+(?:(?:x|ext\.?) ?[0-9]{1,6})?", re.IGNORECASE)
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # unseen; they come along when a number is copied
_NEEDED = {
    "name": "Enter your name.",
    "reached_by": "Enter an email address or a phone number, so that we can reach you.",
    "message": "Tell us what happened.",
}
_NO_WAY = "This is neither an email address nor a phone number. Check it for slips."
_UNSHOWN = "This holds characters that cannot be shown. Type it again."


def checked(typed: Asked) -> Asked:
    """What was typed, in the form to keep. Raises Invalid naming every field at fault."""
    asked = Asked(
        kind=typed.kind,
        name=_line(typed.name),
        reached_by=_line(typed.reached_by),
        signs_in_as=_line(typed.signs_in_as),
        message="\n".join(line.rstrip() for line in _plain(typed.message).splitlines()).strip(),
    )
    wrong = {name: fault for name in Asked.__struct_fields__ if (fault := _fault(name, getattr(asked, name)))}
    if wrong:
        raise Invalid(fields=wrong)
    return asked


def _fault(name: str, text: str) -> str:
    if name == "kind":
        return "" if text in KINDS else "Choose what you need help with."
    most = MOST if name == "message" else MOST_OF_A_LINE
    if not text:
        return _NEEDED.get(name, "")
    if len(text) > most:
        return f"Use at most {most:,} characters."
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in text):
        return _UNSHOWN
    if name == "reached_by":
        return _no_way(text)
    return ""


def _no_way(text: str) -> str:
    """What is wrong with the form of a way to reach somebody. Whether anybody is there, nobody asks."""
    if "@" in text:
        return "" if matching.email_checked(text) else matching.email_fault(text)
    digits = sum(char.isdigit() for char in text)
    return "" if _PHONE.fullmatch(unicodedata.normalize("NFKC", text)) and digits in _DIGITS else _NO_WAY


def _line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    return _DIRECTIONS.sub("", text)
