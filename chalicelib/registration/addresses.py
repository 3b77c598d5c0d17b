"""Email addresses as people paste them: one field with many, of any mail program's making. Pure rules; nothing is sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from msgspec import Struct

from .. import fields
from ..people import matching

MOST = 1000  # addresses in one go
_SHOWN = 254  # characters of what was typed that an answer repeats
_SEPARATORS = re.compile(r"[,;\n\r\u2028\u2029，；、]")
_NOT_DRAWN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_QUOTED_OR_BRACKETED = re.compile(r'"[^"\n\r]*"|<[^<>\n\r]*>')
_BRACKETED = re.compile(r"<([^<>\n\r]*)>")
_AROUND = "\"'()[]<>“”‘’„‚`.:"


class Typed(Struct, frozen=True):
    """One address as it was typed. `email` is the form to send to, empty where there is none: then `fault` says why."""

    typed: str
    email: str = ""
    name: str = ""
    fault: str = ""


def parsed(given: str | Iterable[str]) -> list[Typed]:
    """Every address in the order given, each once, whatever separates them; what is none is there as it was typed.

    Commas, semicolons, spaces and line breaks separate. `Jane Doe <jane@clinic.example>` and `"Doe, Jane" <...>` are one
    address with a name.
    """
    texts = [given] if isinstance(given, str) else given
    found: dict[str, Typed] = {}
    for text in texts:
        for each in _in_one(_NOT_DRAWN.sub("", text)):
            found.setdefault(matching.email_key(each.email or each.typed), each)
    return list(found.values())


def names_in(name: str) -> tuple[str, str]:
    """First and last name of a name as mail programs write it: `Jane Doe`, or `Doe, Jane`."""
    last, comma, first = (part.strip() for part in name.partition(","))
    if comma:
        return first, last
    first, _, last = name.strip().rpartition(" ")
    return (first.strip(), last) if first else (last, "")


def _in_one(text: str) -> Iterator[Typed]:
    surname = ""
    for part in _parts(text):
        bracketed = list(_BRACKETED.finditer(part))
        if not bracketed:
            if surname:
                yield _none(surname)
            surname = "" if "@" in part or "." in part else part.strip()
            if not surname:
                yield from _bare(part)
            continue
        at = 0
        for each in bracketed:
            name = _name(part[at : each.start()])
            yield _address(
                each[1], each[0] if not name else f"{name} {each[0]}", f"{surname}, {name}" if surname else name
            )
            at, surname = each.end(), ""
        yield from _bare(part[at:])
    if surname:
        yield _none(surname)


def _parts(text: str) -> Iterator[str]:
    """What stands between separators; those within quotes or brackets do not count."""
    hidden = _QUOTED_OR_BRACKETED.sub(lambda found: " " * len(found[0]), text)
    start = 0
    for each in _SEPARATORS.finditer(hidden):
        yield text[start : each.start()]
        start = each.end()
    yield text[start:]


def _bare(part: str) -> Iterator[Typed]:
    """Addresses with nothing but spaces between them. Words in a row that are none are named together."""
    words: list[str] = []
    for word in part.split():
        if "@" not in word:
            words.append(word)
            continue
        if words:
            yield _none(" ".join(words))
            words = []
        yield _address(word, word, "")
    if words:
        yield _none(" ".join(words))


def _address(text: str, typed: str, name: str) -> Typed:
    bare = _undressed(text)
    email = matching.email_checked(bare) if bare else None
    if email and len(email) <= _SHOWN and fields.is_one_address(email):
        return Typed(_shown(typed), email, name)
    return Typed(_shown(typed), fault=matching.email_fault(bare))


def _none(typed: str) -> Typed:
    return Typed(_shown(typed), fault=fields.NO_EMAIL)


def _undressed(text: str) -> str:
    """Without what mail programs and sentences put around an address."""
    bare = unicodedata.normalize("NFKC", text).strip().strip(_AROUND)
    return bare[7:] if bare[:7].lower() == "mailto:" else bare


def _name(text: str) -> str:
    """A name without its quotes, on one line."""
    return _shown(" ".join(text.replace('"', " ").split()).strip("'“”"))[:100]


def _shown(text: str) -> str:
    """A text that can stand on one line of a page, a log or a table."""
    return "".join(char for char in " ".join(text.split()) if unicodedata.category(char)[0] != "C")[:_SHOWN]
