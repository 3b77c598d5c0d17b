"""What the owner of an address said of getting messages of a purpose: withdrawn, given, or nothing yet.

It is kept by address, channel and purpose, in each portal by itself, and never expires. Service messages need no consent; a
marketing message goes to whoever has not withdrawn theirs, which `gates` asks just before it is sent.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import Final, Literal

import msgspec
from msgspec import Struct

from .. import clock, facts
from ..errors import Refusal
from ..facts import Act, Kind
from ..security import keys
from . import addresses
from .models import ConsentRow
from .templates import Purpose

State = Literal["withdrawn", "given"]
How = Literal["page", "one-click", "staff"]
_KINDS: Final = {
    ("withdrawn", True): Kind.CONSENT_WITHDRAWN_BY_STAFF,
    ("withdrawn", False): Kind.CONSENT_WITHDRAWN,
    ("given", True): Kind.CONSENT_GIVEN_BY_STAFF,
    ("given", False): Kind.CONSENT_GIVEN,
}
_TOKEN: Final = re.compile(r"([0-9]{1,9})\.([A-Za-z0-9_-]{1,700})\.([0-9a-f]{40})")


class _Already(Refusal):
    """It is so already."""


class UnsubscribeLinkWrong(Refusal):
    """The link is not whole, or was made for another portal, or with a key that is kept no longer."""

    code = "unsubscribe-link-wrong"
    status = 404
    text = "This link is not complete. Open it from the message again, or copy all of it."


class Whose(msgspec.Struct, frozen=True, array_like=True):
    """An address as consent knows it: `key` stands for it, `masked` is enough to recognise it by."""

    channel: str
    key: str
    masked: str


class Said(Struct, frozen=True):
    """What was last said, when (seconds), in which way and by whom."""

    state: State
    at: int
    how: str
    by: str


def whose(portal: str, channel: str, recipient: str) -> Whose:
    """The address, known by its key. Raises NotAnAddress."""
    checked = addresses.checked(channel, recipient)
    return Whose(channel, addresses.key(portal, channel, checked), addresses.masked(channel, checked))


def said(portal: str, key: str, purpose: Purpose = "marketing") -> Said | None:
    """What the owner of an address last said; None: nothing yet. `key` is the recipient's key."""
    row = ConsentRow.find(_pk(portal, key, purpose))
    if row is None:
        return None
    return Said("withdrawn" if row.state == "withdrawn" else "given", int(row.at), row.how, row.by)


def is_withdrawn(portal: str, key: str, purpose: Purpose = "marketing") -> bool:
    """Whether no message of this purpose may go to the address."""
    found = said(portal, key, purpose)
    return found is not None and found.state == "withdrawn"


def withdraw(act: Act, who: Whose, *, how: How, purpose: Purpose = "marketing") -> bool:
    """Send no message of this purpose to the address any more. False if that was so already."""
    return _say(act, who, "withdrawn", how, purpose)


def give(act: Act, who: Whose, *, how: How, purpose: Purpose = "marketing") -> bool:
    """Messages of this purpose may go to the address. False if that was said last, too."""
    return _say(act, who, "given", how, purpose)


def _say(act: Act, who: Whose, state: State, how: How, purpose: Purpose) -> bool:
    row = ConsentRow(
        pk=_pk(act.portal, who.key, purpose),
        channel=who.channel,
        masked=who.masked,
        state=state,
        how=how,
        by=act.actor,
        at=clock.timestamp(),
    )
    tx = act.transaction()
    tx.put(row, when=ConsentRow.pk.does_not_exist() | (ConsentRow.state != state), refusal=_Already())
    details = {"channel": who.channel, "recipient": who.masked, "purpose": purpose, "consent": state, "how": how}
    facts.record(tx, act, _KINDS[state, how == "staff"], facts.subject("address", who.key), details)
    try:
        tx.commit()
    except _Already:
        return False
    return True


def token(portal: str, who: Whose) -> str:
    """What an unsubscribe link carries: the masked address and what stands for it, signed. It is never over by itself."""
    version, body = keys.current(), base64.urlsafe_b64encode(msgspec.json.encode(who)).decode().rstrip("=")
    return f"{version}.{body}.{_signature(portal, body, version)}"


def opened(portal: str, text: str) -> Whose:
    """Whose link it is. Raises UnsubscribeLinkWrong."""
    found = _TOKEN.fullmatch(text)
    if found is None:
        raise UnsubscribeLinkWrong
    version, body, signature = int(found[1]), found[2], found[3]
    try:
        right = _signature(portal, body, version)
    except keys.UnknownVersion:
        raise UnsubscribeLinkWrong from None
    if not hmac.compare_digest(right, signature):
        raise UnsubscribeLinkWrong
    return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Whose)


def _signature(portal: str, body: str, version: int) -> str:
    return keys.mac("unsubscribe", portal, body, version=version).hex()[:40]


def _pk(portal: str, key: str, purpose: str) -> str:
    return f"{portal}#consent#{key}#{purpose}"
