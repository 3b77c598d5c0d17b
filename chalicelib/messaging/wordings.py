"""The messages of a portal, the product's and its own: which there are, what each says, what may stand in it.

This is where the two kinds meet: a message of the product is in `wording`, and may be said in other words (`overrides`);
one of the portal's own is in `own_messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ..errors import Invalid, NotFound
from ..facts import Act
from ..storage import Page, beside
from . import checking, overrides, own_message_changes, own_messages
from .overrides import Saved, Words
from .own_messages import Held
from .placeholders import offered
from .shapes import Channel, Own, own_of
from .templates import Purpose, Template
from .wording import TEMPLATES

_NO_DEFAULT = "This message is your own, so it has no default. Say which version is to come back."
_NO_CHANNEL = "This message is not sent by this channel."


class PlaceholderShown(Struct, frozen=True, kw_only=True):
    """What may stand in a wording, as ((name)). Where `may_be_blank`, ((name|words)) says what stands there instead.

    What is `required` cannot be taken out.
    """

    name: str
    meaning: str
    required: bool
    may_be_blank: bool


class ChannelShown(Struct, frozen=True, kw_only=True):
    """A message on one channel. Version 0: it was never changed."""

    channel: Channel
    is_overridden: bool
    version: int
    saved_at: str | None
    author: str | None
    placeholders: list[PlaceholderShown]


class TemplateShown(Struct, frozen=True, kw_only=True):
    """A message that the portal sends. What is `for_records` can be chosen in workflows and campaigns.

    Of those that are the portal's own (`is_own`), `meaning` is their title, and the version is that of the whole message.
    """

    name: str
    meaning: str
    purpose: Purpose
    is_own: bool
    for_records: bool
    channels: list[ChannelShown]


class WordingShown(ChannelShown, frozen=True, kw_only=True):
    """The wording of a message on one channel: the one in use, and the product's own; null where it is the portal's own."""

    name: str
    meaning: str
    is_own: bool
    wording: Own
    default: Own | None


class InUse(Struct, frozen=True):
    """A message in the words that it is sent in on one channel, and which version they are: none is the default."""

    template: Template
    wording: Words | None
    version: int | None


def template(portal: str, name: str, channel: str | None = None) -> Template:
    """The message of this name as it is sent, one of the portal's own at most 15 seconds old. Raises LookupError.

    Deleted, which is one, for one of its own that was deleted. Whoever sends it names the `channel`, by which one of its own
    may only just have begun to be sent.
    """
    return own_messages.current(portal, name, channel).template if own_messages.is_own(name) else TEMPLATES[name]


def in_use(portal: str, name: str, channel: str) -> InUse:
    """The same with its words on one channel, in at most one read. Raises LookupError as `template` does."""
    if own_messages.is_own(name):
        held = own_messages.current(portal, name, channel)
        return InUse(held.template, held.template.wording(channel), held.version)
    found, own = TEMPLATES[name], overrides.current(portal, name, channel)
    return InUse(found, own.wording, own.version) if own else InUse(found, found.wording(channel), None)


def known(portal: str, name: str, channel: str | None = None) -> Template:
    """The message of this name as of now, if it has this channel. Raises NotFound."""
    if not own_messages.is_own(name):
        return overrides.known(name, channel)
    found = own_messages.get(portal, name).template
    if channel and channel not in found.channels:
        raise NotFound(_NO_CHANNEL)
    return found


def newest(portal: str, name: str, channel: str) -> tuple[Template, Words]:
    """A message and its words on a channel as of now: whoever has just saved sees what they saved. Raises NotFound."""
    found = known(portal, name, channel)
    saved = None if own_messages.is_own(name) else overrides.newest(portal, name, channel)
    words = overrides.words(found, saved.own) if saved and saved.own else found.wording(channel)
    if words is None:
        raise LookupError(channel)
    return found, words


def drafted(portal: str, name: str, own: Own) -> tuple[Template, Words]:
    """A message in words that are not saved yet; an own message need not be there yet. Raises Invalid and NotFound."""
    if own_messages.is_own(name):
        found = own_messages.blank(name)
        checking.check(found, own)
        return found, own_messages.words(own)
    found = known(portal, name, own.channel)
    checking.check(found, own)
    return found, overrides.words(found, own)


def listed(portal: str) -> list[TemplateShown]:
    """All messages: the product's in its order, then the portal's own by their titles."""
    held, own = beside(lambda: overrides.listed(portal), lambda: own_messages.listed(portal))
    return [
        _shown(each, each.meaning, each.purpose, {channel: held.get((each.name, channel)) for channel in each.channels})
        for each in TEMPLATES.values()
    ] + [own_shown(each) for each in own]


def deleted(portal: str) -> list[TemplateShown]:
    """The portal's own messages that were deleted, as they were."""
    return [own_shown(each) for each in own_messages.listed(portal, deleted=True)]


def own_shown(held: Held) -> TemplateShown:
    """One of the portal's own."""
    said = {channel: held.saved(channel) for channel in held.message.channels}
    return _shown(own_messages.blank(held.name), held.message.title, held.message.purpose, said)


def shown(portal: str, name: str, channel: Channel) -> WordingShown:
    """One message on one channel, as of now. Raises NotFound."""
    if own_messages.is_own(name):
        return _own_wording(own_messages.get(portal, name), channel)
    found, saved = overrides.known(name, channel), overrides.newest(portal, name, channel)
    wording = found.wording(channel)
    if wording is None:
        raise LookupError(channel)
    default = own_of(wording)
    said = saved.own if saved and saved.own else default
    return WordingShown(
        name=name, meaning=found.meaning, is_own=False, wording=said, default=default, **_standing(found, channel, saved)
    )  # fmt: skip


def _own_wording(held: Held, channel: Channel) -> WordingShown:
    said = held.message.on(channel)
    if said is None:
        raise NotFound(_NO_CHANNEL)
    standing = _standing(own_messages.blank(held.name), channel, held.saved(channel))
    return WordingShown(
        name=held.name, meaning=held.message.title, is_own=True, wording=said, default=None, **standing
    )  # fmt: skip


def versions(portal: str, name: str, channel: str, *, limit: int = 50, cursor: str | None = None) -> Page[Saved]:
    """Every version of a wording, the newest first; of an own message, every version of the whole. Raises NotFound."""
    if not own_messages.is_own(name):
        return overrides.versions(portal, name, channel, limit=limit, cursor=cursor)
    found = own_messages.versions(portal, name, limit=limit, cursor=cursor)
    return Page([each.saved(channel) for each in found.items], found.cursor)


def save(act: Act, name: str, own: Own, *, author: str, version: int | None = None) -> None:
    """A new version of what a message says on a channel. Refuses as `overrides.save` does."""
    if own_messages.is_own(name):
        own_message_changes.change(act, name, own_message_changes.with_wording(own), author=author, version=version)
    else:
        overrides.save(act, name, own, author=author, version=version)


def restore(act: Act, name: str, channel: Channel, *, author: str, to: int | None = None) -> bool:
    """Back to the default, or `to` an older version; whether there was anything to do. Refuses as `overrides.restore` does.

    An own message comes back as a whole, and has no default: Invalid without `to`.
    """
    if own_messages.is_own(name):
        if to is None:
            raise Invalid(fields={"version": _NO_DEFAULT})
        was = own_messages.find(act.portal, name)
        return own_message_changes.restore(act, name, to, author=author) != was
    before = overrides.newest(act.portal, name, channel)
    after = overrides.restore(act, name, channel, author=author, to=to)
    return after is not None and after != before


def forget_kept() -> None:
    """Drop what is held in this process."""
    overrides.forget_kept()
    own_messages.forget_kept()


def _shown(
    found: Template, meaning: str, purpose: Purpose, saved: Mapping[Channel, Saved | None]
) -> TemplateShown:  # fmt: skip
    return TemplateShown(
        name=found.name,
        meaning=meaning,
        purpose=purpose,
        is_own=own_messages.is_own(found.name),
        for_records=found.for_records,
        channels=[ChannelShown(**_standing(found, channel, each)) for channel, each in saved.items()],
    )


def _standing(found: Template, channel: Channel, saved: Saved | None) -> dict[str, Any]:
    return {
        "channel": channel,
        "is_overridden": bool(saved and not saved.is_default and not own_messages.is_own(found.name)),
        "version": saved.version if saved else 0,
        "saved_at": saved.saved_at if saved else None,
        "author": saved.author if saved else None,
        "placeholders": [
            PlaceholderShown(
                name=each.name, meaning=each.meaning, required=each.required, may_be_blank=each.may_be_blank
            )
            for each in offered(found, channel).values()
        ],
    }
