"""The kinds of text that come in from outside, each with its limits, named once for every struct that takes them.

Single-line texts hold no control characters and no line separators, so that nothing typed into a name can become a
mail header or a second line of a log.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

END = "$(?!\\n)"  # the very end: Python's $ alone would also match before a last line break
_LINE = "^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*" + END
TEXT_PATTERN = "^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"
# One email address and nothing else: no quoting, no list, no comment, no break, so that it can stand in a header.
ONE_ADDRESS = (
    r"[^\s\x00-\x20\x7f-\xa0\u2028\u2029\"(),:;<>@\[\\\]]{1,64}"
    r"@[^\s\x00-\x2c\x2f\x3a-\x40\x5b-\x60\x7b-\xa0\u2028\u2029]{3,253}"  # letters, digits, hyphens and dots
)

NO_EMAIL = "This is not an email address."
NO_DATE = "There is no such date. Write it as 2027-01-31."
NO_ZONE = "This is not a time zone we know. Use a name such as America/New_York."


def content(is_right: Callable[[str], object], sentence: str | Callable[[str], str]) -> Meta:
    """What a text of the right form must hold besides. Whoever stores it checks it; this lets a refusal name it early."""
    return Meta(extra={"content": (is_right, sentence)})


def is_date(text: str) -> bool:
    """Whether there is such a day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def is_one_address(text: str) -> bool:
    """Whether this can stand in a header as one address; an empty text says that there is none."""
    return not text or re.fullmatch(ONE_ADDRESS, text) is not None


Line = Annotated[str, Meta(max_length=200, pattern=_LINE, description="One line, at most 200 characters.")]
Required = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=_LINE, description="One line, 1 to 200 characters.")
]
Email = Annotated[
    str,
    Meta(max_length=254, pattern=_LINE, description="An email address."),
    content(is_one_address, NO_EMAIL),
]
Text = Annotated[
    str, Meta(max_length=4000, pattern=TEXT_PATTERN, description="Several lines, at most 4,000 characters.")
]
Sms = Annotated[
    str, Meta(min_length=1, max_length=480, pattern=TEXT_PATTERN, description="A text message, 1 to 480 characters.")
]
Slug = Annotated[
    str,
    Meta(
        pattern="^[a-z][a-z0-9-]{1,38}[a-z0-9]" + END, description="3 to 40 of a-z, 0-9 and -, starting with a letter."
    ),
]
Number = Annotated[
    str,
    Meta(min_length=1, max_length=40, pattern="^[0-9A-Za-z][0-9A-Za-z ./_-]*" + END, description="A client number."),
]
Identifier = Annotated[str, Meta(pattern="^[0-9a-f]{32}" + END, description="An id: 32 hexadecimal digits.")]
Date = Annotated[
    str,
    Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}" + END, description="A date, such as 2027-01-01."),
    content(is_date, NO_DATE),
]
Money = Annotated[
    str, Meta(pattern="^-?[0-9]{1,9}([.][0-9]{1,2})?" + END, description="An amount in the portal's currency: 1250.00")
]
TimeZone = Annotated[
    str, Meta(max_length=60, description="An IANA zone, such as America/New_York."), content(is_zone, NO_ZONE)
]
Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}" + END, description="A colour, such as #1d4ed8.")]
Url = Annotated[
    str,
    Meta(
        max_length=500, pattern="^https://[^\\s<>\"'\\\\@]+" + END, description="An https address without a user name."
    ),
]
Tag = Annotated[str, Meta(min_length=1, max_length=60, pattern=_LINE, description="A tag, 1 to 60 characters.")]


def values(struct: Struct, like: type[Struct] | None = None) -> dict[str, Any]:
    """The fields of a struct by name: all of them, or those that the struct type `like` has too."""
    return {name: getattr(struct, name) for name in (like or type(struct)).__struct_fields__}
