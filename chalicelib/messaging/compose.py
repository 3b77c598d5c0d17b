"""From a queued row to what is sent: a mail with text and HTML parts, or one text message.

Codes and links are worked out at the last moment, by `derived`, from what the row names: neither the row nor the queue
ever held them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr

from msgspec import Struct
from msgspec.structs import replace

from .. import clock
from ..config import settings
from ..portals import Portal
from . import addresses, consent, derived, gsm, layout, own_messages, wordings
from .gates import Stopped
from .models import MessageRow
from .statuses import Status
from .templates import EmailWording, SmsWording, Template, fill, fill_line, has_all, used

_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
_STOP = " Reply STOP to end"
_TELLS_STOP = re.compile(r"\bSTOP\b")  # the wording may say it itself
_LEAST = 8  # places: a name cut shorter than this says nothing any more
_LINE_LIMIT = 200  # of a subject: mail programs show some 60, and a header must stay far below 998


class Email(Struct, frozen=True):
    """A mail ready to go, but for the envelope."""

    to: str
    sender_name: str
    sender: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    preheader: str = ""
    wording_version: int | None = None

    def mime(self) -> bytes:
        """The mail as it travels. The header classes refuse line breaks once more."""
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = Address(display_name=_uncoded(self.sender_name), addr_spec=self.sender)
        mail["To"] = Address(addr_spec=self.to)
        if self.reply_to:
            mail["Reply-To"] = Address(addr_spec=self.reply_to)
        mail["Subject"] = _uncoded(self.subject)
        mail["Date"] = format_datetime(clock.now())
        for name, value in self.headers.items():
            mail[name] = value
        mail.set_content(self.text, cte="quoted-printable")
        mail.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return mail.as_bytes()


class _Policy(EmailPolicy):
    """Python's, but that an address is never folded: Python would write a long one as encoded words, which nobody decodes."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as it travels."""
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep=SMTP.linesep)


def _uncoded(text: str) -> str:
    """A header's text in which nothing looks like an encoded word: Python would decode it, line breaks and all."""
    return text.replace("=?", "= ?")


class Sms(Struct, frozen=True):
    """A text message ready to go."""

    to: str
    text: str
    wording_version: int | None = None


def compose(row: MessageRow, portal: Portal) -> Email | Sms:
    """What this row says, in this portal's name and words.

    Raises ValueError, LookupError or NotAnAddress if it cannot be said, Stopped if its message was deleted, and Unavailable.
    """
    try:
        held = wordings.in_use(portal.slug, row.template, row.channel)
    except own_messages.Deleted as deleted:
        raise Stopped(Status.FAILED, "message-deleted") from deleted
    values, wording, version = _values(row, held.template, portal), held.wording, held.version
    to = addresses.checked(row.channel, row.recipient)
    if isinstance(wording, SmsWording):
        return replace(text_message(wording, values, to, stop=bool(row.is_marketing)), wording_version=version)
    if isinstance(wording, EmailWording):
        unsubscribe = _unsubscribe(row, portal) if row.is_marketing else ""
        return replace(mail(wording, values, portal, _ascii(to), unsubscribe=unsubscribe), wording_version=version)
    raise LookupError(row.channel)


def _unsubscribe(row: MessageRow, portal: Portal) -> str:
    """The address at which whoever gets this mail says that they want no more of its kind; a sample's does nothing."""
    if row.is_sample:
        from . import samples  # seldom needed

        return samples.page(portal)
    whose = consent.Whose(row.channel, row.recipient_key, addresses.masked(row.channel, row.recipient))
    return f"{settings.public_url}/{portal.slug}/unsubscribe?t={consent.token(portal.slug, whose)}"


def _values(row: MessageRow, template: Template, portal: Portal) -> Mapping[str, str]:
    if row.is_sample:
        from . import samples  # seldom needed

        return samples.values(template, portal)
    context = {placeholder.name: row.context.get(placeholder.name, "") for placeholder in template.context}
    return {**context, "portal_name": portal.name, **derived.values(row, portal, context)}


def mail(wording: EmailWording, values: Mapping[str, str], portal: Portal, to: str, *, unsubscribe: str = "") -> Email:
    """The mail that this wording makes of these values. Raises NotOneLine where a value would end a header.

    `unsubscribe` is the address that every marketing mail must carry.
    """
    subject = fill_line(wording.subject, values)[:_LINE_LIMIT]
    blocks = [
        layout.Filled(block.kind, fill(block.text, values), values[block.link] if block.link else "")
        for block in wording.blocks
        if has_all(block.text, values) and (not block.link or values[block.link])
    ]
    preheader = fill_line(wording.preheader, values)
    return Email(
        to=to,
        sender_name=fill_line("((portal_name))", values),
        sender=parseaddr(settings.mail_from)[1],
        reply_to=_reply_to(portal),
        subject=subject,
        text=layout.text(portal, blocks, unsubscribe),
        html=layout.html(portal, subject, preheader, blocks, unsubscribe),
        headers={**_AUTOMATIC, **_one_click(unsubscribe)},
        preheader=preheader,
    )


def _one_click(unsubscribe: str) -> dict[str, str]:
    """What lets a mail program offer a button of its own (RFC 8058)."""
    if not unsubscribe:
        return {}
    return {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def text_message(wording: SmsWording, values: Mapping[str, str], to: str, *, stop: bool = False) -> Sms:
    """The text that this wording makes of these values; with `stop` it ends by telling how to end it, where that fits."""
    return Sms(to, _with_stop(wording, values) if stop else _sms_text(wording, values))


def _with_stop(wording: SmsWording, values: Mapping[str, str]) -> str:
    """The fullest text that leaves room for it; where none does, it is left out rather than made one part more."""
    text = _sms_text(replace(wording, places=wording.places - gsm.length(_STOP)), values)
    if _TELLS_STOP.search(text) or gsm.parts(text + _STOP) > gsm.parts(text):
        return text
    return text + _STOP


def _reply_to(portal: Portal) -> str | None:
    """Where replies are read: a no-reply address leaves people with questions alone. A broken one is left out."""
    address = portal.notifications.reply_to or portal.support.email
    try:
        return _ascii(addresses.checked("email", address)) if address else None
    except (addresses.NotAnAddress, ValueError):
        return None


def _ascii(address: str) -> str:
    """The address with its domain as DNS writes it. SES takes no other letters before the @ than ASCII's: ValueError."""
    name, _, domain = address.rpartition("@")
    return f"{name.encode('ascii').decode()}@{domain.encode('idna').decode()}"


def _sms_text(wording: SmsWording, values: Mapping[str, str]) -> str:
    """The fullest text that fits, cutting first what may be cut."""
    plain = {name: gsm.plain(value) for name, value in values.items()}
    for text in wording.texts:
        if has_all(text, plain) and gsm.fits(filled := _cut(text, plain, wording), wording.places):
            return filled
    return fill(wording.texts[-1], plain)


def _cut(text: str, values: Mapping[str, str], wording: SmsWording) -> str:
    room = dict(values)
    for name in wording.shrink:
        over = gsm.length(fill(text, room)) - wording.places
        if over > 0 and name in {each for each, _ in used(text)}:
            room[name] = gsm.shortened(room[name], max(_LEAST, gsm.length(room[name]) - over))
    return fill(text, room)
