"""The portals' own wordings: what is in use, every version with its author, and the way back to the default.

Nothing is ever overwritten: a save, and a return to the default or to an older version, is one version more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from .. import clock, facts, log
from ..errors import Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..storage import Page, Transaction, afresh, query
from . import checking, shapes
from .models import TemplateRow, template_key
from .shapes import Channel, Own
from .templates import EmailWording, Purpose, SmsWording, Template
from .wording import TEMPLATES

KEPT_SECONDS = 15  # how long a warm process may still send a wording that was changed elsewhere
_CURRENT: Final = "current"
_AT_ONCE = 30  # restored in one transaction, which holds a hundred parts: three for each
Words = EmailWording | SmsWording


class InUse(Struct, frozen=True):
    """A portal's own wording, and which version of it this is."""

    version: int
    wording: Words


class Saved(Struct, frozen=True, kw_only=True):
    """A version. `is_default`: with it the product's own wording came back. `saved_by` names the actor as facts do.

    Of a message of the portal's own a version is of the whole message: `title` and `purpose` are what they were then, `own`
    is null where it had nothing on this channel, and `is_deleted` says that the message was deleted.
    """

    version: int
    is_default: bool
    restored_from: int | None
    saved_at: str
    saved_by: str
    author: str
    own: Own | None
    title: str | None = None
    purpose: Purpose | None = None
    is_deleted: bool = False


_kept: dict[tuple[str, str, str], tuple[float, InUse | None]] = {}


def current(portal: str, name: str, channel: str) -> InUse | None:
    """The portal's own wording of a message, at most KEPT_SECONDS old; None where it is sent in the default."""
    key = (portal, name, channel)
    held = _kept.get(key)
    if held and held[0] > time.monotonic() - KEPT_SECONDS:
        return held[1]
    row = TemplateRow.find(template_key(portal, name, channel), _CURRENT)
    found = _in_use(TEMPLATES[name], row) if row and row.own else None
    _kept[key] = (time.monotonic(), found)
    return found


def forget_kept() -> None:
    """Drop the wordings held in this process."""
    _kept.clear()


def _in_use(template: Template, row: TemplateRow) -> InUse | None:
    """What was saved, unless the product has changed so that it can be sent no more: better the default than nothing."""
    try:
        checking.check(template, row.own)
    except Invalid as refusal:
        log.failure("wording outdated", refusal, portal=row.pk.partition("#")[0], template=template.name)
        return None
    return InUse(int(row.version), words(template, row.own))


def words(template: Template, own: Own) -> Words:
    """A wording that passed the check, as the composer takes it."""
    if own.email:
        return shapes.email_wording(own.email)
    if own.sms is None or template.sms is None:
        raise LookupError(f"{template.name} has no such wording")
    return shapes.sms_wording(own.sms, template.sms)


def known(name: str, channel: str | None = None) -> Template:
    """The message of this name, if it has this channel. Raises NotFound."""
    template = TEMPLATES.get(name)
    if template is None:
        raise NotFound("There is no message of this name.")
    if channel and channel not in template.channels:
        raise NotFound("This message is not sent by this channel.")
    return template


def newest(portal: str, name: str, channel: str) -> Saved | None:
    """The newest version as of now; None if there never was one."""
    row = TemplateRow.find(template_key(portal, known(name, channel).name, channel), _CURRENT)
    return _saved(row) if row else None


def listed(portal: str) -> Mapping[tuple[str, str], Saved]:
    """The newest version of every message and channel that has one."""
    places = {
        template_key(portal, template.name, channel): (template.name, channel)
        for template in TEMPLATES.values()
        for channel in template.channels
    }
    rows = TemplateRow.find_many((key, _CURRENT) for key in places)
    return {places[key]: _saved(row) for (key, _), row in rows.items()}


def versions(portal: str, name: str, channel: str, *, limit: int = 50, cursor: str | None = None) -> Page[Saved]:
    """Every version, the newest first."""
    found = query(
        TemplateRow, template_key(portal, known(name, channel).name, channel),
        between=TemplateRow.sk.startswith("version#"), limit=limit, cursor=cursor, descending=True,
    )  # fmt: skip
    return Page([_saved(row) for row in found.items], found.cursor)


def save(act: Act, name: str, own: Own, *, author: str, version: int | None = None) -> Saved:
    """A new version. Refuses a wording that cannot be sent, and with Stale when `version` is not the newest any more.

    What says the same as the newest version is not saved again.
    """
    template = known(name, own.channel)
    checking.check(template, own)
    return _changed(act, template, own.channel, own, author=author, version=version)


def restore(act: Act, name: str, channel: Channel, *, author: str, to: int | None = None) -> Saved | None:
    """Back to the default, or `to` an older version. Nothing (None) where the default was never left.

    Refuses a version that is not there, and one that the message cannot be sent in any more.
    """
    template = known(name, channel)
    if to is None:
        held = newest(act.portal, name, channel)
        return _changed(act, template, channel, None, author=author) if held else None
    row = TemplateRow.find(template_key(act.portal, name, channel), _numbered(to))
    if row is None:
        raise NotFound("There is no such version.")
    if row.own:
        checking.check(template, row.own)
    return _changed(act, template, channel, row.own, author=author, restored_from=to)


def restore_all(act: Act, *, author: str) -> int:
    """Every message back to its default, on every channel. How many there were to restore.

    Many take several transactions; the last carries the act's rider, so that a call that was cut short is no call done.
    """
    left = sorted(place for place, saved in listed(act.portal).items() if not saved.is_default)
    for start in range(0, len(left), _AT_ONCE):
        now = replace(act, rider=act.rider if start + _AT_ONCE >= len(left) else None)
        afresh(partial(_restored, now, left[start : start + _AT_ONCE], author))
    return len(left)


def _restored(act: Act, places: list[tuple[str, str]], author: str) -> None:
    tx = act.transaction()
    for name, channel in places:
        row = TemplateRow.find(template_key(act.portal, name, channel), _CURRENT)
        if row and row.own:
            _add(tx, act, row.pk, name, channel, held=int(row.version), own=None, author=author)
    if len(tx):
        tx.commit()
    forget_kept()


def _changed(
    act: Act, template: Template, channel: str, own: Own | None, *, author: str, version: int | None = None,
    restored_from: int | None = None,
) -> Saved:  # fmt: skip
    def attempt() -> Saved:
        key = template_key(act.portal, template.name, channel)
        row = TemplateRow.find(key, _CURRENT)
        held = int(row.version) if row else 0
        if version is not None and version != held:
            raise Stale
        if row and row.own == own:
            return _saved(row)
        tx = act.transaction()
        made = _add(
            tx, act, key, template.name, channel, held=held, own=own, author=author, restored_from=restored_from
        )
        tx.commit()
        _kept.pop((act.portal, template.name, channel), None)
        return _saved(made)

    return attempt() if version is not None else afresh(attempt)


def _add(
    tx: Transaction, act: Act, key: str, name: str, channel: str, *, held: int, own: Own | None, author: str,
    restored_from: int | None = None,
) -> TemplateRow:  # fmt: skip
    """The parts of one version more."""
    number, now = held + 1, clock.timestamp()
    made = [
        TemplateRow(
            pk=key, sk=place, version=number, own=own, restored_from=restored_from, saved_at=now, saved_by=act.actor,
            author=author,
        )
        for place in (_numbered(number), _CURRENT)
    ]  # fmt: skip
    tx.put(made[0], when=TemplateRow.pk.does_not_exist(), refusal=Stale())
    still = TemplateRow.version == held if held else TemplateRow.pk.does_not_exist()
    tx.put(made[1], when=still, refusal=Stale())
    kind = Kind.TEMPLATE_CHANGED if own and restored_from is None else Kind.TEMPLATE_RESTORED
    details = {"channel": channel, "version": number} | ({"restored_from": restored_from} if restored_from else {})
    facts.record(tx, act, kind, facts.subject("template", name), details)
    return made[1]


def _numbered(version: int) -> str:
    return f"version#{version:06}"


def _saved(row: TemplateRow) -> Saved:
    return Saved(
        version=int(row.version),
        is_default=row.own is None,
        restored_from=None if row.restored_from is None else int(row.restored_from),
        saved_at=clock.text(int(row.saved_at)) or "",
        saved_by=row.saved_by,
        author=row.author,
        own=row.own,
    )
