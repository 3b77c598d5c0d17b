"""The language of message wording: fixed blocks of text in which ((names)) stand for values.

((name|words)) gives the words for where the value is blank. There is nothing else to it: no conditions, no loops, no
attributes. A value is put in once and never looked at again, so a ((name)) inside a value stays what it is. A block whose
value is blank, with no words in its place, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from ..errors import Invalid

_PLACEHOLDER = re.compile(r"\(\(([a-z_]+)(?:\|([^()|\x00-\x1f]{1,100}))?\)\)")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHAPES = {  # compiled when first needed: the worker that sends never checks
    "line": r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,500}",
    "text": r"[^\x00-\x08\x0b\x0c\x0e-\x1f]{0,4000}",
    "id": r"[0-9a-f]{32}",
    "number": r"[0-9]{1,9}",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "moment": r"[0-9]{1,11}",
}
EVERYWHERE = frozenset({"portal_name"})  # known in every template
Purpose = Literal["service", "marketing"]


class UnknownPlaceholder(LookupError):
    """Wording names a value that this message does not have. Found when the wording is loaded, not when it is sent."""


class NotOneLine(ValueError):
    """A value that goes into a header holds a line break or a control character."""


class Placeholder(Struct, frozen=True):
    """A value that whoever queues the message gives in its context. A moment is in seconds since 1970."""

    name: str
    kind: Literal["line", "text", "id", "number", "date", "moment", "word"]
    meaning: str
    required: bool = True
    words: tuple[str, ...] = ()  # of kind word: the only values there are

    def allows(self, value: str) -> bool:
        """Whether a value is of this kind."""
        if self.kind == "word":
            return value in self.words
        return re.fullmatch(_SHAPES[self.kind], value) is not None


class Block(Struct, frozen=True):
    """One block of a mail. `link` names the value that a button opens; a block whose link is blank is left out."""

    kind: Literal["heading", "paragraph", "quote", "button", "code", "small"]
    text: str
    link: str = ""


class EmailWording(Struct, frozen=True):
    """A mail: the preheader is what an inbox shows after the subject."""

    subject: str
    preheader: str
    blocks: tuple[Block, ...]


class SmsWording(Struct, frozen=True):
    """Texts from fullest to shortest, the first that fits is sent; `shrink` names values that may be cut, in order."""

    texts: tuple[str, ...]
    places: int = 160
    shrink: tuple[str, ...] = ("portal_name",)


class Template(Struct, frozen=True):
    """One message: what it is for, what it needs to know, what is worked out for it, its wording by channel.

    `for_records`: workflows and campaigns may send it, for it tells of an account's record and holds no secret. Of purpose
    `marketing` it goes only to who has not withdrawn consent.
    """

    name: str
    meaning: str
    context: tuple[Placeholder, ...]
    derived: frozenset[str]
    email: EmailWording | None = None
    sms: SmsWording | None = None
    purpose: Purpose = "service"
    for_records: bool = False

    def __post_init__(self) -> None:
        known = {placeholder.name for placeholder in self.context} | self.derived | EVERYWHERE
        for text in self._texts():
            if unknown := {name for name, _ in used(text)} - known:
                raise UnknownPlaceholder(f"{self.name} does not know (({')) (('.join(sorted(unknown))}))")
            if is_broken(text):
                raise UnknownPlaceholder(f"{self.name} holds (( without a name after it")

    def _texts(self) -> Iterator[str]:
        if self.email:
            yield self.email.subject
            yield self.email.preheader
            for block in self.email.blocks:
                yield block.text
                if block.link:
                    yield f"(({block.link}))"
        if self.sms:
            yield from self.sms.texts

    @property
    def channels(self) -> tuple[Literal["email", "sms"], ...]:
        """The channels it has wording for."""
        return (("email",) if self.email else ()) + (("sms",) if self.sms else ())  # type: ignore[return-value]

    def wording(self, channel: str) -> EmailWording | SmsWording | None:
        """What it says on this channel, if anything."""
        return {"email": self.email, "sms": self.sms}.get(channel)

    def check(self, context: Mapping[str, str]) -> None:
        """Refuse a context that lacks something, has something unknown, or holds what its kind does not allow."""
        if unknown := context.keys() - {placeholder.name for placeholder in self.context}:
            raise UnknownPlaceholder(f"{self.name} does not take {', '.join(sorted(unknown))}")
        wrong = {}
        for placeholder in self.context:
            value = context.get(placeholder.name, "")
            if not value and not placeholder.required:
                continue
            if not value or not placeholder.allows(value):
                wrong[placeholder.name] = f"This message needs {placeholder.meaning} here."
        if wrong:
            raise Invalid(fields=wrong)


def used(text: str) -> list[tuple[str, str]]:
    """The placeholders of a text, each with the words for where its value is blank ("": none)."""
    return _PLACEHOLDER.findall(text)


def is_broken(text: str) -> bool:
    """Whether (( stands anywhere without a name, or a name and words, and )) after it."""
    return "((" in _PLACEHOLDER.sub("\0", text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its values put in."""
    return _PLACEHOLDER.sub(lambda found: _said(values[found[1]], found[2]), text)


def _said(value: str, words: str | None) -> str:
    return value if words is None or value.strip() else words


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """The same for a header: raises NotOneLine rather than let a value end the line."""
    line = fill(text, values)
    if _BREAKS.search(line):
        raise NotOneLine(text)
    return line


def has_all(text: str, values: Mapping[str, str]) -> bool:
    """Whether no value in the text is blank that has no words in its place."""
    return all(words or values[name].strip() for name, words in used(text))
