"""Portals: create, read, list, change."""

from __future__ import annotations

import time

from .. import clock, facts, fields
from ..errors import Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..storage import Page, query
from .models import PortalRow
from .shapes import RESERVED, Portal, PortalInput, Settings, changes, checked

KEPT_SECONDS = 15  # how long a warm process may serve pages with settings that were changed elsewhere
_kept: dict[str, tuple[float, Portal]] = {}


def create(act: Act, wanted: PortalInput) -> Portal:
    """A new portal. Refuses a slug that is taken or reserved, and settings that cannot work."""
    if wanted.slug in RESERVED:
        raise Invalid(fields={"slug": "This word is kept for the product itself. Choose another."})
    checked(wanted)
    settings = Settings(**fields.values(wanted, Settings))
    now = clock.timestamp()
    row = PortalRow(pk=wanted.slug, sk=wanted.slug, settings=settings, created_at=now, updated_at=now)
    tx = act.transaction()
    tx.put(
        row,
        when=PortalRow.pk.does_not_exist(),
        refusal=Invalid(fields={"slug": "A portal with this slug exists already. Choose another."}),
    )
    facts.record(tx, act, Kind.PORTAL_CREATED, facts.subject("portal", wanted.slug))
    tx.commit()
    return _portal(row)


def get(slug: str) -> Portal:
    """The portal as of now. Raises NotFound."""
    return _portal(_row(slug))


def known(slug: str) -> Portal:
    """The portal, at most KEPT_SECONDS old: for pages, where saving a read at every step matters more."""
    held = _kept.get(slug)
    if held and held[0] > time.monotonic() - KEPT_SECONDS:
        return held[1]
    portal = get(slug)
    _kept[slug] = (time.monotonic(), portal)
    return portal


def listed(*, limit: int = 50, cursor: str | None = None) -> Page[Portal]:
    """All portals of the deployment, by slug."""
    page = query(PortalRow, "portals", index="by_list", limit=limit, cursor=cursor)
    return Page([_portal(row) for row in page.items], page.cursor)


def change(act: Act, slug: str, wanted: Settings, *, version: int | None = None) -> Portal:
    """Replace the settings. Refuses with Stale when `version` is given and no longer the present one."""
    checked(wanted)
    row = _row(slug)
    if version is not None and version != row.version:
        raise Stale
    before = row.settings
    if before == wanted:
        return _portal(row)
    read_version = int(row.version)
    row.settings, row.version, row.updated_at = wanted, read_version + 1, clock.timestamp()
    tx = act.transaction()
    tx.put(row, when=PortalRow.version == read_version, refusal=Stale())
    facts.record(tx, act, Kind.PORTAL_CHANGED, facts.subject("portal", slug), changes(before, wanted))
    tx.commit()
    _kept.pop(slug, None)
    return _portal(row)


def forget_kept() -> None:
    """Drop the settings held in this process."""
    _kept.clear()


def _row(slug: str) -> PortalRow:
    row = PortalRow.find(slug, slug)
    if row is None:
        raise NotFound("There is no portal of this name.")
    return row


def _portal(row: PortalRow) -> Portal:
    return Portal(
        slug=row.pk,
        version=int(row.version),
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
        **fields.values(row.settings),
    )
