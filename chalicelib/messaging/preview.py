"""A look at a wording before anybody gets it: on the screen, or as a message to whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from .. import facts
from ..facts import Act, Kind
from ..portals import Portal
from ..security import keys, limits
from . import derived, gsm, samples, wordings
from .budget import PART_PRICE
from .compose import mail, text_message
from .queue import queue
from .shapes import Channel, Own
from .templates import EmailWording, SmsWording

_TOO_MANY = "You have sent yourself many messages. Wait a while, or look at it on the screen."


class Preview(Struct, frozen=True, kw_only=True):
    """What would be sent. Of a mail subject, preheader, text and HTML; of a text message its text and how it travels.

    `parts` is how many messages the networks make of it, `estimated_price` a hint in US dollars.
    """

    name: str
    channel: Channel
    text: str
    subject: str | None = None
    preheader: str | None = None
    html: str | None = None
    encoding: Literal["GSM-7", "UCS-2"] | None = None
    characters: int | None = None
    parts: int | None = None
    estimated_price: str | None = None


def preview(
    portal: Portal, name: str, channel: Channel, *, own: Own | None = None, about: Mapping[str, str] | None = None
) -> Preview:
    """How a message looks in the wording given (refused if it cannot be sent), else in the one in use.

    The values are made up, but for those in `about`.
    """
    template, wording = wordings.drafted(portal.slug, name, own) if own else wordings.newest(portal.slug, name, channel)
    values, is_marketing = samples.values(template, portal, about), template.purpose == "marketing"
    if isinstance(wording, EmailWording):
        unsubscribe = samples.page(portal) if is_marketing else ""
        made = mail(wording, values, portal, "", unsubscribe=unsubscribe)
        return Preview(
            name=name, channel=channel, subject=made.subject, preheader=made.preheader, text=made.text, html=made.html
        )  # fmt: skip
    return _of_text(name, text_message(wording, values, "", stop=is_marketing).text)


def _of_text(name: str, text: str) -> Preview:
    parts, is_gsm = gsm.parts(text), gsm.is_gsm(text)
    return Preview(
        name=name, channel="sms", text=text, encoding="GSM-7" if is_gsm else "UCS-2",
        characters=gsm.length(text) if is_gsm else len(text), parts=parts, estimated_price=str(PART_PRICE * parts),
    )  # fmt: skip


def text_of(portal: Portal, name: str, context: Mapping[str, str]) -> str:
    """The text message about a record that this one makes of its context, in the words in use. Raises LookupError."""
    held = wordings.in_use(portal.slug, name, "sms")
    if not isinstance(held.wording, SmsWording):
        raise LookupError(name)
    values = {**context, "portal_name": portal.name, **derived.of_record(portal, context)}
    return text_message(held.wording, values, "", stop=held.template.purpose == "marketing").text


def send_sample(act: Act, name: str, channel: Channel, *, to: str, user_id: str, occasion: str) -> str:
    """Send the wording in use to whoever asks, and give the message's id. Refuses with TooMany.

    `occasion` is an id: a second message for it is refused.
    """
    about = facts.subject("template", wordings.known(act.portal, name, channel).name)
    tx = act.transaction()
    limits.take_in(tx, act.portal, "sample", user_id, limits.SAMPLES_A_HOUR, _TOO_MANY)
    made = queue(
        tx, act, template=name, channel=channel, to=to, about=about, context={}, once=_once(occasion), sample=True
    )  # fmt: skip
    facts.record(tx, act, Kind.TEMPLATE_TRIED, about, {"channel": channel, "message": made})
    tx.commit()
    return made


def sample_id(portal: str, occasion: str) -> str:
    """The id of the message that `send_sample` made for an occasion."""
    return keys.fingerprint("message", portal, _once(occasion))


def _once(occasion: str) -> str:
    return f"sample {occasion}"


__all__ = ["Preview", "preview", "sample_id", "send_sample", "text_of"]
