"""The placeholders that staff may use in a message, what each stands for, and which must stay."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from .templates import EVERYWHERE, EmailWording, Template, used

LINKS: Final = frozenset({"link", "portal_link", "unsubscribe"})  # addresses: a button opens them
SECRETS: Final = frozenset({"link", "unsubscribe", "code", "password"})  # what a message is sent for: see `required`
_SHOWN: Final = frozenset({"line", "text", "date"})  # kinds of values that are made for people to read
_MAY_BE_BLANK: Final = frozenset({"answer_by_words", "phone", "product_effective_date_words"})  # of the derived ones
_MEANINGS: Final = {
    "portal_name": "the portal's name",
    "link": "the address that the button opens",
    "portal_link": "the address of the portal's first page, where everybody signs in",
    "product_effective_date_words": "the product's effective date, such as 31 January 2027",
    "unsubscribe": "the address where nothing more is asked for",
    "code": "the six digits",
    "password": "the generated password",
    "minutes": "how many minutes it still works",
    "time_left": "how long it still works, such as 30 minutes",
    "until": "until when it works, by the portal's clock",
    "host": "the name of our site, which binds a code to it",
    "answer_by_words": "the day to answer by, such as 31 January 2027",
    "answered": "what was answered: approved, or asked for changes to",
    "subject": "what happened, as a subject",
    "what": "what happened or what it is about",
    "choice": "what is chosen: a password, or a username and a password",
    "moment": "when it happened, by the portal's clock",
    "phone": "the phone number of the portal's support",
}
BOUND: Final = "\n@((host)) #((code))"  # the last line by which browsers fill a code in on our site and nowhere else


class Offered(Struct, frozen=True):
    """A placeholder as staff see it. `lines`: its value may have several, so that it cannot stand in a subject."""

    name: str
    meaning: str
    required: bool
    may_be_blank: bool
    lines: bool = False


def offered(template: Template, channel: str) -> dict[str, Offered]:
    """The placeholders of a message by name, the context's first. Ids and what else is for machines is not among them."""
    must = required(template, channel)
    found = {
        each.name: Offered(each.name, each.meaning, each.name in must, not each.required, each.kind == "text")
        for each in template.context
        if each.kind in _SHOWN
    }
    for name in sorted(template.derived | EVERYWHERE):
        meaning = _MEANINGS.get(name, name.replace("_", " "))
        found[name] = Offered(name, meaning, name in must, name in _MAY_BE_BLANK)
    return found


def required(template: Template, channel: str) -> frozenset[str]:
    """What no wording of this message may lack: the links, codes and passwords that its default wording carries."""
    wording = template.wording(channel)
    if wording is None:
        return frozenset()
    if isinstance(wording, EmailWording):
        texts, links = [block.text for block in wording.blocks], {block.link for block in wording.blocks}
    else:
        texts, links = list(wording.texts), set[str]()
    return SECRETS & (links | {name for text in texts for name, _ in used(text)})
