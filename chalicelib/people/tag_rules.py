"""Tags of accounts: what may be one, and what a change of them leads to."""

from __future__ import annotations

from typing import Final

from ..errors import Invalid

MOST: Final = 50  # of one account, as its shape has it
NO_TAG: Final = 'A tag cannot hold " or \\, or be a comma.'
_TOO_MANY: Final = f"This account would have more than {MOST} tags."
_NOTHING: Final = "Name at least one tag to add or to remove."
_BOTH: Final = "This tag is to be added too. Do one or the other."


def is_tag(tag: str) -> bool:
    """Whether a tag is found as a whole, and only so, in the JSON list that an account's tags are stored as."""
    return '"' not in tag and "\\" not in tag and tag != ","


def after(tags: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]) -> tuple[str, ...]:
    """The tags that an account can have after a change of them. Raises Invalid where they would be too many."""
    found = retagged(tags, add, remove)
    if found != tags and len(found) > MOST:
        raise Invalid(fields={"tags": _TOO_MANY})
    return found


def retagged(tags: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]) -> tuple[str, ...]:
    """An account's tags without some and with others, each once; what stays keeps its order."""
    return tuple(dict.fromkeys(tag for tag in (*tags, *add) if tag not in remove))


def faults(add: tuple[str, ...], remove: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with tags to add and to remove, by field."""
    wrong = {}
    if not add and not remove:
        wrong["add"] = _NOTHING
    for name, tags in (("add", add), ("remove", remove)):
        for place, tag in enumerate(tags):
            if not is_tag(tag):
                wrong[f"{name}.{place}"] = NO_TAG
            elif name == "remove" and tag in add:
                wrong[f"{name}.{place}"] = _BOTH
    return wrong
