"""The messages of a portal as staff see them: what each is for, in which words it goes out, what may stand in them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from . import overrides
from .overrides import Saved
from .placeholders import offered
from .shapes import Channel, Own, own_of
from .templates import Template
from .wording import TEMPLATES


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
    """A message that the portal sends."""

    name: str
    meaning: str
    channels: list[ChannelShown]


class WordingShown(ChannelShown, frozen=True, kw_only=True):
    """The wording of a message on one channel: the one in use, and the product's own."""

    name: str
    meaning: str
    wording: Own
    default: Own


def listed(portal: str) -> list[TemplateShown]:
    """All messages, in the order of the product."""
    held = overrides.listed(portal)
    return [
        TemplateShown(
            name=template.name,
            meaning=template.meaning,
            channels=[
                ChannelShown(**_standing(template, channel, held.get((template.name, channel))))
                for channel in template.channels
            ],
        )
        for template in TEMPLATES.values()
    ]


def shown(portal: str, name: str, channel: Channel) -> WordingShown:
    """One message on one channel, as of now. Raises NotFound."""
    template, saved = overrides.known(name, channel), overrides.newest(portal, name, channel)
    wording = template.wording(channel)
    if wording is None:
        raise LookupError(channel)
    default = own_of(wording)
    in_use = saved.own if saved and saved.own else default
    standing = _standing(template, channel, saved)
    return WordingShown(name=name, meaning=template.meaning, wording=in_use, default=default, **standing)


def _standing(template: Template, channel: Channel, saved: Saved | None) -> dict[str, Any]:
    return {
        "channel": channel,
        "is_overridden": bool(saved and not saved.is_default),
        "version": saved.version if saved else 0,
        "saved_at": saved.saved_at if saved else None,
        "author": saved.author if saved else None,
        "placeholders": [
            PlaceholderShown(
                name=each.name, meaning=each.meaning, required=each.required, may_be_blank=each.may_be_blank
            )
            for each in offered(template, channel).values()
        ],
    }
