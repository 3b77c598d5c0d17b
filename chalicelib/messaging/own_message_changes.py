"""What staff do with messages of their portal's own: make, change, delete and bring back. Each is a version more.

Nothing is ever overwritten, and a name once used stays that message's own.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .. import clock, facts
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..storage import afresh
from . import checking, own_messages
from .models import OwnMessageRow, own_messages_key, own_versions_key
from .own_messages import Held
from .shapes import Own, OwnMessage

Edit = Callable[[OwnMessage], OwnMessage]
MOST = 200  # at one portal, deleted ones with them
_TAKEN = "There is a message of this name already. Take another name, or change that one."
_WAS_DELETED = "There was a message of this name, which was deleted. Restore one of its versions, or take another name."
_NOTHING = "Write a mail, a text message, or both."
_FULL = (
    f"A portal has at most {MOST} messages of its own, deleted ones included. Change one that you have, or restore one."
)


def named(slug: str) -> str:
    """The name of an own message: own-spring-note for spring-note. Raises Invalid."""
    if own_messages.is_own(slug):
        raise Invalid(fields={"name": "Leave out own-: it is put before the name."})
    return f"own-{slug}"


def create(act: Act, name: str, message: OwnMessage, *, author: str) -> Held:
    """A new one. Raises Invalid for a wording that cannot be sent, Conflict where the name is taken or there are MOST."""
    check(message)
    there = own_messages.every(act.portal)
    for each in there:
        if each.name == name:
            raise Conflict(_WAS_DELETED if each.is_deleted else _TAKEN)
    if len(there) >= MOST:
        raise Conflict(_FULL)
    return _write(act, name, message, Kind.TEMPLATE_CREATED, held=0, author=author)


def change(act: Act, name: str, edit: Edit, *, author: str, version: int | None = None) -> Held:
    """A new version: what `edit` makes of the newest one. Raises Invalid, NotFound, and Stale when `version` is older.

    What says the same as the newest version is not saved again.
    """

    def attempt() -> Held:
        held = own_messages.get(act.portal, name)
        _must_be(held, version)
        wanted = edit(held.message)
        check(wanted)
        if wanted == held.message:
            return held
        return _write(act, name, wanted, Kind.TEMPLATE_CHANGED, held=held.version, author=author)

    return attempt() if version is not None else afresh(attempt)


def with_wording(own: Own) -> Edit:
    """The edit that says something else on one channel, or says something on it for the first time."""
    said = {own.channel: own.email or own.sms}
    return lambda message: msgspec.structs.replace(message, **said)


def delete(act: Act, name: str, *, author: str, version: int | None = None) -> None:
    """Send it no more; its versions are kept. Raises NotFound, and Stale when `version` is not the newest any more."""

    def attempt() -> None:
        held = own_messages.get(act.portal, name)
        _must_be(held, version)
        _write(act, name, held.message, Kind.TEMPLATE_DELETED, held=held.version, author=author, is_deleted=True)

    attempt() if version is not None else afresh(attempt)


def restore(act: Act, name: str, to: int, *, author: str) -> Held:
    """Bring a version back, as a new one; of a deleted message too. Nothing is done where it says that already.

    Raises NotFound, and Invalid for one that cannot be sent any more.
    """

    def attempt() -> Held:
        held, wanted = own_messages.find(act.portal, name), own_messages.version_of(act.portal, name, to)
        if held is None:
            raise NotFound("There is no message of this name.")
        check(wanted.message)
        if held.message == wanted.message and not held.is_deleted:
            return held
        return _write(
            act, name, wanted.message, Kind.TEMPLATE_RESTORED, held=held.version, author=author, restored_from=to
        )  # fmt: skip

    return afresh(attempt)


def check(message: OwnMessage) -> None:
    """Refuse, with Invalid naming every field at fault, a message that says nothing or cannot be sent."""
    found = {} if message.title.strip() else {"title": "Write something here."}
    if not message.channels:
        found |= dict.fromkeys(("email", "sms"), _NOTHING)
    for channel in message.channels:
        own = message.on(channel)
        try:
            checking.check(own_messages.blank("own-"), own) if own else None
        except Invalid as refusal:
            found |= refusal.fields
    if found:
        raise Invalid(fields=found)


def _must_be(held: Held, version: int | None) -> None:
    if version is not None and version != held.version:
        raise Stale


def _write(
    act: Act, name: str, message: OwnMessage, kind: Kind, *, held: int, author: str, restored_from: int | None = None,
    is_deleted: bool = False,
) -> Held:  # fmt: skip
    """One version more, and its fact, in one transaction."""
    number, now = held + 1, clock.timestamp()
    places = (own_versions_key(act.portal, name), own_messages.numbered(number)), (own_messages_key(act.portal), name)
    version, row = (
        OwnMessageRow(
            pk=pk, sk=sk, version=number, message=message, is_deleted=is_deleted or None, restored_from=restored_from,
            saved_at=now, saved_by=act.actor, author=author,
        )
        for pk, sk in places
    )  # fmt: skip
    refusal = Stale() if held else Conflict(_TAKEN)
    tx = act.transaction()
    tx.put(version, when=OwnMessageRow.pk.does_not_exist(), refusal=refusal)
    still = OwnMessageRow.version == held if held else OwnMessageRow.pk.does_not_exist()
    tx.put(row, when=still, refusal=refusal)
    details = {"version": number} | ({"restored_from": restored_from} if restored_from else {})
    facts.record(tx, act, kind, facts.subject("template", name), details)
    tx.commit()
    own_messages.forget(act.portal, name)
    return own_messages.held_of(name, row)
