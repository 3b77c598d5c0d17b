"""Whether a portal's own wording can be sent: it must keep what the message is sent for, and no value may break it.

The rules are those of `templates`: ((name)) and ((name|words)), nothing else. A wording that passes says something with
any values that the message may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..errors import Invalid
from .placeholders import BOUND, LINKS, Offered, offered, required
from .shapes import Own, OwnBlock, OwnEmail
from .templates import SmsWording, Template, is_broken, used

MOST_PLACEHOLDERS = 100  # in one message: each may stand for 4,000 characters
_OF_HEADERS = "subject", "preheader"
_BROKEN = (
    "Between (( and )) goes the name of a placeholder, such as ((portal_name)), or a name with words for where it is empty, "
    "such as ((portal_name|us)). Nothing else."
)


def check(template: Template, own: Own) -> None:
    """Refuse, with Invalid naming every field at fault, a wording that this message cannot be sent in."""
    known = offered(template, own.channel)
    if own.email:
        found = dict(_email(own.email, known, required(template, "email")))
        count = sum(len(used(text)) for text in (own.email.subject, own.email.preheader, *_texts(own.email)))
    else:
        texts = own.sms.texts if own.sms else ()
        found = dict(_sms(texts, known, template))
        count = sum(len(used(text)) for text in texts)
    if count > MOST_PLACEHOLDERS:
        found[own.channel] = (
            f"Use at most {MOST_PLACEHOLDERS} placeholders in a message. There are {count} in this one."
        )
    if found:
        raise Invalid(fields=found)


def _texts(email: OwnEmail) -> list[str]:
    return [block.text for block in email.blocks]


def _email(email: OwnEmail, known: Mapping[str, Offered], must: frozenset[str]) -> Iterator[tuple[str, str]]:
    for name in _OF_HEADERS:
        text = getattr(email, name)
        if objection := _objection(text, known) or _in_header(text, known):
            yield f"email.{name}", objection
    for place, block in enumerate(email.blocks):
        if objection := _objection(block.text, known):
            yield f"email.blocks.{place}.text", objection
        elif objection := _link(block, known):
            yield f"email.blocks.{place}.link", objection
    lacking = sorted(name for name in must if not any(_carries(block, name, known) for block in email.blocks))
    if lacking:
        yield "email.blocks", _lacks(lacking)


def _sms(texts: Sequence[str], known: Mapping[str, Offered], template: Template) -> Iterator[tuple[str, str]]:
    must, default = required(template, "sms"), template.wording("sms")
    is_bound = isinstance(default, SmsWording) and all(text.endswith(BOUND) for text in default.texts)
    last = len(texts) - 1
    for place, text in enumerate(texts):
        lacking = sorted(must - {name for name, _ in used(text)})
        objection = _objection(text, known)
        if not objection and lacking:
            objection = _lacks(lacking)
        if not objection and is_bound and not text.endswith(BOUND):
            objection = (
                "The last line must be @((host)) #((code)): by it browsers fill the code in, and on our site only."
            )
        if not objection and place == last:
            objection = _wordless(text, known, "The last text is sent whatever is empty")
        if objection:
            yield f"sms.texts.{place}", objection


def _objection(text: str, known: Mapping[str, Offered]) -> str:
    """What is wrong with a text, wherever it stands."""
    if text and not text.strip():
        return "Write something here."
    if is_broken(text):
        return _BROKEN
    for name, words in used(text):
        if name not in known:
            return f"This message has no (({name[:40]})). It has: {', '.join(known)}."
        if words and known[name].required:
            return f"(({name})) is always there: write it without words of its own."
    return ""


def _in_header(text: str, known: Mapping[str, Offered]) -> str:
    """What is wrong with a text that is one line, shown to whoever sees the screen."""
    for name, _ in used(text):  # all of them known: `_objection` came first
        if name in LINKS or name == "password":
            return f"(({name})) belongs into the mail: a subject is shown to whoever sees the screen."
        if known[name].lines:
            return f"(({name})) may have several lines, so it belongs into a block."
    return _wordless(text, known, "This line is sent whatever is empty")


def _wordless(text: str, known: Mapping[str, Offered], why: str) -> str:
    for name, words in used(text):
        if known[name].may_be_blank and not words:
            return f"{why}, so (({name})) needs words for that: (({name}|...))."
    return ""


def _link(block: OwnBlock, known: Mapping[str, Offered]) -> str:
    if block.link and not (block.link in LINKS and block.link in known):
        there = ", ".join(name for name in known if name in LINKS)
        return f"This message has no such link. It has: {there}." if there else "This message has no link."
    return "Say which link the button opens." if block.kind == "button" and not block.link else ""


def _carries(block: OwnBlock, name: str, known: Mapping[str, Offered]) -> bool:
    """Whether this block shows a link (as a button), a code or a password, whatever else is empty."""
    if any(here not in known for here, _ in used(block.text)) or _wordless(block.text, known, ""):
        return False
    if name in LINKS:
        return block.kind == "button" and block.link == name
    return not block.link and name in {each for each, _ in used(block.text)}


def _lacks(names: list[str]) -> str:
    told = " and ".join(f"(({name}))" for name in names)
    how = " A link is opened by a button of its own." if LINKS & set(names) else ""
    return (
        f"This message is sent for {told}, so that must stay, in a text that holds nothing else that may be empty.{how}"
    )
