"""From a queued row to what is sent: a mail with text and HTML parts, or one text message.

Codes and links are worked out at the last moment, by `derived`, from what the row names: neither the row nor the queue
ever held them.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from msgspec import Struct
from msgspec.structs import replace

from .. import clock
from ..config import settings
from ..portals import Portal
from . import addresses, derived, gsm, layout, overrides
from .models import MessageRow
from .templates import EmailWording, SmsWording, Template, fill, fill_line, has_all, used
from .wording import TEMPLATES

_AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
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
        mail = EmailMessage(policy=SMTP)
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

    Raises ValueError, LookupError or NotAnAddress if it cannot be said, and Unavailable.
    """
    template = TEMPLATES[row.template]
    values = _values(row, template, portal)
    own = overrides.current(portal.slug, template.name, row.channel)
    wording, version = (own.wording, own.version) if own else (template.wording(row.channel), None)
    to = addresses.checked(row.channel, row.recipient)
    if isinstance(wording, SmsWording):
        return replace(text_message(wording, values, to), wording_version=version)
    if isinstance(wording, EmailWording):
        return replace(mail(wording, values, portal, _ascii(to)), wording_version=version)
    raise LookupError(row.channel)


def _values(row: MessageRow, template: Template, portal: Portal) -> Mapping[str, str]:
    if row.is_sample:
        from . import samples  # seldom needed

        return samples.values(template, portal)
    context = {placeholder.name: row.context.get(placeholder.name, "") for placeholder in template.context}
    return {**context, "portal_name": portal.name, **derived.values(row, portal, context)}


def mail(wording: EmailWording, values: Mapping[str, str], portal: Portal, to: str) -> Email:
    """The mail that this wording makes of these values. Raises NotOneLine where a value would end a header."""
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
        text=layout.text(portal, blocks),
        html=layout.html(portal, subject, preheader, blocks),
        headers=_AUTOMATIC,
        preheader=preheader,
    )


def text_message(wording: SmsWording, values: Mapping[str, str], to: str) -> Sms:
    """The text that this wording makes of these values."""
    return Sms(to, _sms_text(wording, values))


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
