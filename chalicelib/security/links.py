"""One-time links. The token is derived from the link's state and a versioned key; the table holds only the state.

There is one row per purpose and holder, so issuing a link ends every older one. Links to several addresses are places of
one link: whichever is used first, all are used. A GET reads (`peek`) and changes nothing; a person's press spends; what
the link was for finishes it. A flow that changes what links are about cancels them, and nothing of them is left.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field

from .. import clock, ids
from ..config import settings
from ..errors import Refusal
from ..storage import Transaction
from . import keys
from .models import LinkRow

Purpose = Literal[
    "credential-create", "password-reset", "staff-invitation", "invitation", "not-me", "contact-confirmation",
    "self-service-password", "view-as",
]  # fmt: skip
PATHS: Final[dict[str, str]] = {
    "credential-create": "create-credential",
    "password-reset": "reset-password",
    "staff-invitation": "staff/join",
    "invitation": "join",
    "not-me": "not-me",
    "contact-confirmation": "confirm-address",
    "self-service-password": "my-password",
    "view-as": "staff/view-as",
}
SETUP_SECONDS = 15 * 60  # from the press to the end of what it opens
NOT_ME_SECONDS = 10 * 24 * 3600  # Login.gov's disavow link
_TRIES = 5  # wrong answers to security questions in one set-up
_KEPT_SECONDS = 7 * 24 * 3600  # a link that is over stays readable, so that its page can say why
_MAC_BYTES = 20


class LinkOver(Refusal):
    """The link opens nothing: `why` is expired, used, replaced (a newer one was sent, or all were cancelled) or wrong."""

    code = "link-over"
    status = 410
    text = "This link can no longer be used."

    def __init__(self, why: Literal["expired", "used", "replaced", "wrong"], link: Link | None = None) -> None:
        super().__init__()
        self.why, self.link = why, link


class Link(Struct, frozen=True):
    """A link's state. `holder` is whom it is for, `place` which of several addresses it went to."""

    purpose: Purpose
    holder: str
    id: str
    version: int
    valid_until: int
    place: int = 0
    detail: Mapping[str, str] = field(default_factory=dict)


class Standing(Struct, frozen=True):
    """How the newest link of a purpose stands. `opened`: the button was pressed, and what it is for is not done."""

    sent_at: int
    valid_until: int
    state: Literal["live", "opened", "used", "expired"]


class Setup(Struct, frozen=True, kw_only=True):
    """What a press on a link's button opened, for this browser and a quarter of an hour. Travels sealed in a cookie."""

    purpose: Purpose
    holder: str
    link_id: str


def issue(
    tx: Transaction,
    portal: str,
    purpose: Purpose,
    holder: str,
    *,
    seconds: int,
    detail: Mapping[str, str] | None = None,
    link_id: str | None = None,
) -> Link:
    """Add a new link to the transaction, over any older one of this purpose and holder. `detail` holds no secret."""
    now = clock.timestamp()
    made = Link(purpose, holder, link_id or ids.new(), keys.current(), now + seconds, 0, detail or {})
    tx.put(
        LinkRow(
            pk=_key(portal, purpose, holder),
            id=made.id,
            version=made.version,
            issued_at=now,
            valid_until=made.valid_until,
            detail=dict(detail) if detail else None,
            expires_at=made.valid_until + _KEPT_SECONDS,
        )
    )
    return made


def context(link: Link, place: int = 0) -> dict[str, str]:
    """What a message must know to be able to write the link's address."""
    return {
        "link_purpose": link.purpose,
        "link_holder": link.holder,
        "link_id": link.id,
        "link_version": str(link.version),
        "link_place": str(place),
    }


def token(portal: str, purpose: str, holder: str, link_id: str, version: int, place: int) -> str:
    """The secret part of a link's address."""
    mac = keys.mac("link", portal, purpose, holder, link_id, str(place), version=version)[:_MAC_BYTES]
    raw = bytes.fromhex(holder) + bytes.fromhex(link_id) + mac
    return f"{version}.{place}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


def url(portal: str, purpose: str, holder: str, link_id: str, version: int, place: int) -> str:
    """The whole address, at the configured public URL."""
    return (
        f"{settings.public_url}/{portal}/{PATHS[purpose]}?t={token(portal, purpose, holder, link_id, version, place)}"
    )


def peek(portal: str, purpose: Purpose, given: str) -> Link:
    """The live link of a token, by one consistent read. Raises LinkOver, which knows the link unless the token is wrong."""
    held = _parsed(portal, purpose, given)
    row = LinkRow.find(_key(portal, purpose, held.holder))
    if row is None or row.id != held.id:
        raise LinkOver("replaced", held)
    found = Link(
        purpose, held.holder, held.id, held.version, int(row.valid_until), held.place, row.detail or {}
    )  # fmt: skip
    if row.spent_at is not None:
        raise LinkOver("used", found)
    if found.valid_until <= clock.timestamp():
        raise LinkOver("expired", found)
    return found


def spend(tx: Transaction, portal: str, link: Link) -> Setup:
    """Add the press to the transaction; what it opens. Exactly one of any number commits, the others raise LinkOver."""
    now = clock.timestamp()
    tx.update(
        LinkRow(_key(portal, link.purpose, link.holder)),
        LinkRow.spent_at.set(now),
        LinkRow.expires_at.set(now + _KEPT_SECONDS),
        when=(LinkRow.id == link.id) & LinkRow.spent_at.does_not_exist() & (LinkRow.valid_until > now),
        refusal=LinkOver("used", link),
    )
    return Setup(purpose=link.purpose, holder=link.holder, link_id=link.id)


def opened(portal: str, setup: Setup) -> Link:
    """The link behind a set-up that is still open. Raises LinkOver."""
    row = LinkRow.find(_key(portal, setup.purpose, setup.holder))
    if row is None or row.id != setup.link_id or row.spent_at is None or row.done_at is not None:
        raise LinkOver("replaced")
    if int(row.spent_at) + SETUP_SECONDS <= clock.timestamp() or int(row.tries) >= _TRIES:
        raise LinkOver("expired")
    return Link(setup.purpose, setup.holder, setup.link_id, int(row.version), int(row.valid_until), 0, row.detail or {})


def finish(tx: Transaction, portal: str, setup: Setup) -> None:
    """Add to the transaction that what the link was for is done: once. Refused with LinkOver."""
    now = clock.timestamp()
    tx.update(
        LinkRow(_key(portal, setup.purpose, setup.holder)),
        LinkRow.done_at.set(now),
        when=(LinkRow.id == setup.link_id)
        & LinkRow.done_at.does_not_exist()
        & (LinkRow.spent_at > now - SETUP_SECONDS)
        & (LinkRow.tries <= _TRIES),
        refusal=LinkOver("used"),
    )


def count_try(portal: str, setup: Setup) -> None:
    """Count a try at what a set-up asks (a security question), before it is looked at. Raises LinkOver after five."""
    row = LinkRow(_key(portal, setup.purpose, setup.holder))
    open_still = (LinkRow.id == setup.link_id) & LinkRow.done_at.does_not_exist() & (LinkRow.tries < _TRIES)
    if not row.change(LinkRow.tries.add(1), when=open_still):
        raise LinkOver("expired")


def cancel(tx: Transaction, portal: str, purpose: Purpose, holder: str) -> None:
    """Add to the transaction that no link of this purpose opens anything for this holder any more."""
    tx.delete(LinkRow(_key(portal, purpose, holder)))


def newest(portal: str, purpose: Purpose, holder: str) -> Link | None:
    """The newest link as it was issued, whatever became of it."""
    row = LinkRow.find(_key(portal, purpose, holder))
    if row is None:
        return None
    return Link(purpose, holder, row.id, int(row.version), int(row.valid_until), 0, row.detail or {})


def standing(portal: str, purpose: Purpose, holder: str) -> Standing | None:
    """How the newest link stands, for staff to see; None where none was sent, or all were cancelled."""
    row = LinkRow.find(_key(portal, purpose, holder))
    if row is None:
        return None
    state: Literal["live", "opened", "used", "expired"] = "live"
    if row.done_at is not None:
        state = "used"
    elif row.spent_at is not None:
        state = "opened"
    elif row.valid_until <= clock.timestamp():
        state = "expired"
    return Standing(int(row.issued_at), int(row.valid_until), state)


def _parsed(portal: str, purpose: Purpose, given: str) -> Link:
    """What a token says of itself, its mark checked. Raises LinkOver."""
    try:
        version, place, body = given.split(".")
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        held = Link(purpose, raw[:16].hex(), raw[16:32].hex(), _small(version), 0, _small(place))
        right = token(portal, purpose, held.holder, held.id, held.version, held.place)
    except (ValueError, binascii.Error, keys.UnknownVersion):
        raise LinkOver("wrong") from None
    if not hmac.compare_digest(right.encode(), given.encode()):
        raise LinkOver("wrong")
    return held


def _small(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise ValueError(text)
    return int(text)


def _key(portal: str, purpose: str, holder: str) -> str:
    return f"{portal}#link#{purpose}#{holder}"
