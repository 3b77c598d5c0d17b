"""A portal's own wording of a message, and a message of its own: what staff save, and how it is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from .templates import Block, EmailWording, Purpose, SmsWording

Channel = Literal["email", "sms"]


class OwnBlock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One block of a mail. A button needs `link`: the placeholder whose address it opens, as a rule link."""

    kind: Literal["heading", "paragraph", "quote", "button", "code", "small"]
    text: Annotated[fields.Text, Meta(min_length=1)]
    link: Annotated[str, Meta(max_length=40, pattern="^[a-z_]*" + fields.END)] = ""


class OwnEmail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail. An inbox shows the preheader after the subject."""

    subject: fields.Required
    preheader: fields.Line = ""
    blocks: Annotated[tuple[OwnBlock, ...], Meta(min_length=1, max_length=40)]


class OwnSms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Texts from fullest to shortest: the first that fits into one message is sent, else the last as it is."""

    texts: Annotated[tuple[fields.Sms, ...], Meta(min_length=1, max_length=5)]


class Own(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The wording of one channel: a mail, or texts."""

    email: OwnEmail | None = None
    sms: OwnSms | None = None

    @property
    def channel(self) -> Channel:
        """Which of the two it is."""
        return "email" if self.email else "sms"


class OwnMessage(Struct, frozen=True, kw_only=True):
    """A message of the portal's own, whole: what it is called, what it is for, and what it says on its channels."""

    title: str
    purpose: Purpose
    email: OwnEmail | None = None
    sms: OwnSms | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels it has wording for."""
        return (("email",) if self.email else ()) + (("sms",) if self.sms else ())  # type: ignore[return-value]

    def on(self, channel: str) -> Own | None:
        """What it says on this channel, if anything."""
        held = {"email": Own(email=self.email), "sms": Own(sms=self.sms)}
        return held.get(channel) if channel in self.channels else None


def email_wording(own: OwnEmail) -> EmailWording:
    """The mail as the composer takes it."""
    blocks = tuple(Block(block.kind, block.text, block.link) for block in own.blocks)
    return EmailWording(own.subject, own.preheader, blocks)


def sms_wording(own: OwnSms, default: SmsWording) -> SmsWording:
    """The texts as the composer takes them: what may be cut, and how long they may be, stays the product's."""
    return SmsWording(own.texts, default.places, default.shrink)


def own_of(wording: EmailWording | SmsWording) -> Own:
    """A wording of the product, in the form in which staff would write it."""
    if isinstance(wording, SmsWording):
        return Own(sms=OwnSms(texts=wording.texts))
    blocks = tuple(OwnBlock(kind=block.kind, text=block.text, link=block.link) for block in wording.blocks)
    return Own(email=OwnEmail(subject=wording.subject, preheader=wording.preheader, blocks=blocks))
