"""Messages of a portal's own, about an account's record: as they are sent, as staff see them, every version.

Workflows and campaigns may send them. They know what the product's messages for records know, and hold no secret. How
they are made, changed, deleted and brought back is in `own_message_changes`.
"""

from __future__ import annotations

import time
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from .. import clock
from ..errors import NotFound
from ..storage import Page, query
from . import shapes
from .models import OwnMessageRow, own_messages_key, own_versions_key
from .overrides import Saved
from .record_messages import DERIVED, RECORD, SHRINK
from .shapes import Own, OwnMessage
from .templates import EmailWording, SmsWording, Template

KEPT_SECONDS = 15  # how long a warm process may still send what was changed elsewhere
_PREFIX: Final = "own-"
_BLANK: Final = Template(name=_PREFIX, meaning="", context=RECORD, derived=DERIVED, for_records=True)
_TEXTS: Final = SmsWording((), shrink=SHRINK)


class Deleted(LookupError):
    """A message that was deleted is not sent any more, not even where it waits to be."""


class OwnInUse(Struct, frozen=True):
    """A message of the portal's own as it is sent, and which version of it this is."""

    version: int
    template: Template


class Held(Struct, frozen=True):
    """A message of the portal's own, or a version of it: what it says, and who saved that when."""

    name: str
    version: int
    message: OwnMessage
    is_deleted: bool
    restored_from: int | None
    saved_at: str
    saved_by: str
    author: str

    @property
    def template(self) -> Template:
        """It as the product's own messages are. Raises LookupError where it says what the product has no more."""
        mail, texts = self.message.email, self.message.sms
        return replace(
            blank(self.name), meaning=self.message.title, purpose=self.message.purpose,
            email=shapes.email_wording(mail) if mail else None, sms=shapes.sms_wording(texts, _TEXTS) if texts else None,
        )  # fmt: skip

    def saved(self, channel: str) -> Saved:
        """It as a version of the wording on one channel."""
        return Saved(
            version=self.version, is_default=False, restored_from=self.restored_from, saved_at=self.saved_at,
            saved_by=self.saved_by, author=self.author, own=self.message.on(channel), title=self.message.title,
            purpose=self.message.purpose, is_deleted=self.is_deleted,
        )  # fmt: skip


_kept: dict[tuple[str, str], tuple[float, OwnInUse]] = {}


def is_own(name: str) -> bool:
    """Whether a name is that of a portal's own message. No message of the product has such a one."""
    return name.startswith(_PREFIX)


def blank(name: str) -> Template:
    """An own message that says nothing yet: what may stand in it is known already."""
    return replace(_BLANK, name=name)


def words(own: Own) -> EmailWording | SmsWording:
    """A wording that passed the check, as the composer takes it."""
    if own.email:
        return shapes.email_wording(own.email)
    if own.sms is None:
        raise LookupError("no wording")
    return shapes.sms_wording(own.sms, _TEXTS)


def current(portal: str, name: str, channel: str | None = None) -> OwnInUse:
    """An own message as it is sent, at most KEPT_SECONDS old. Raises Deleted, and LookupError where it never was.

    Where what is kept has not this `channel`, it is read anew: it may just have got it.
    """
    kept = _kept.get((portal, name))
    if kept and kept[0] > time.monotonic() - KEPT_SECONDS and channel in (None, *kept[1].template.channels):
        return kept[1]
    found = find(portal, name)
    if found is None:
        raise LookupError(name)
    if found.is_deleted:  # which is not kept: it may be back any moment
        raise Deleted(name)
    in_use = OwnInUse(found.version, found.template)
    _kept[portal, name] = (time.monotonic(), in_use)
    return in_use


def forget(portal: str, name: str) -> None:
    """Drop one that was just changed."""
    _kept.pop((portal, name), None)


def forget_kept() -> None:
    """Drop the messages held in this process."""
    _kept.clear()


def get(portal: str, name: str) -> Held:
    """An own message as of now. Raises NotFound, for deleted ones too."""
    found = find(portal, name)
    if found is None:
        raise NotFound("There is no message of this name.")
    if found.is_deleted:
        raise NotFound("This message was deleted. Restore one of its versions to have it back.")
    return found


def listed(portal: str, *, deleted: bool = False) -> list[Held]:
    """All of a portal by their titles; or those that were deleted."""
    return sorted(
        (each for each in every(portal) if each.is_deleted == deleted),
        key=lambda each: (each.message.title.casefold(), each.name),
    )


def versions(portal: str, name: str, *, limit: int = 50, cursor: str | None = None) -> Page[Held]:
    """Every version, the newest first; of deleted ones too. Raises NotFound where it never was."""
    found = query(OwnMessageRow, own_versions_key(portal, name), limit=limit, cursor=cursor, descending=True)
    if not found.items and not cursor:
        raise NotFound("There is no message of this name.")
    return Page([held_of(name, row) for row in found.items], found.cursor)


def version_of(portal: str, name: str, number: int) -> Held:
    """One version. Raises NotFound."""
    row = OwnMessageRow.find(own_versions_key(portal, name), numbered(number))
    if row is None:
        raise NotFound("There is no such version.")
    return held_of(name, row)


def find(portal: str, name: str) -> Held | None:
    """An own message as of now, deleted or not; None where it never was."""
    row = OwnMessageRow.find(own_messages_key(portal), name)
    return held_of(name, row) if row else None


def every(portal: str) -> list[Held]:
    """All that there ever were, by name."""
    found: list[Held] = []
    cursor: str | None = None
    while True:
        page = query(OwnMessageRow, own_messages_key(portal), limit=100, cursor=cursor)
        found += [held_of(row.sk, row) for row in page.items]
        cursor = page.cursor
        if cursor is None:
            return found


def numbered(version: int) -> str:
    """The sort key of a version."""
    return f"version#{version:06}"


def held_of(name: str, row: OwnMessageRow) -> Held:
    """What a row says."""
    return Held(
        name=name,
        version=int(row.version),
        message=row.message,
        is_deleted=bool(row.is_deleted),
        restored_from=None if row.restored_from is None else int(row.restored_from),
        saved_at=clock.text(int(row.saved_at)) or "",
        saved_by=row.saved_by,
        author=row.author,
    )
