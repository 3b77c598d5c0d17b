"""What somebody who sends registration links chooses from: offices and providers within reach, roles that they may give."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from ..errors import NotFound
from ..people import accounts, offices
from ..people.authority import Authority, office_of
from ..people.shapes import Account, NumberedAs
from ..portals import Portal
from . import entries
from .statuses import Level


class RoleChoice(Struct, frozen=True, kw_only=True):
    """A role that may be given, and what it opens."""

    key: str
    name: str
    permissions: tuple[str, ...]


class OfficeChoice(Struct, frozen=True, kw_only=True):
    """An office, or a provider of the office `office_id`: whoever is invited there is a user of that level."""

    id: str
    name: str
    number: str | None
    identifiers: tuple[NumberedAs, ...]
    level: Level
    office_id: str


class Choices(Struct, frozen=True, kw_only=True):
    """What there is to choose from."""

    items: tuple[OfficeChoice, ...]
    roles: tuple[RoleChoice, ...]
    cursor: Annotated[str | None, Meta(description="Where the offices go on; null: these were the last.")]


def choices(
    portal: Portal, by: Authority, *, office_id: str | None, name: str, limit: int, cursor: str | None
) -> Choices:
    """Open offices whose names begin so, by name; of one office, that one and its providers. Nothing out of reach."""
    found, further = _within(portal.slug, by, office_id, name, limit, cursor)
    roles = tuple(
        RoleChoice(key=role.key, name=role.name, permissions=role.permissions)
        for role in portal.roles
        if by.may_give(role)
    )
    return Choices(items=tuple(_choice(each) for each in found), roles=roles, cursor=further)


def _within(
    portal: str, by: Authority, office_id: str | None, name: str, limit: int, cursor: str | None
) -> tuple[list[Account], str | None]:
    if by.is_everywhere and office_id is None:
        page = accounts.listed(
            portal, sort="name", name=name or None, status="open", record_type="office", limit=limit, cursor=cursor
        )
        return page.items, page.cursor
    wanted = office_id or by.account_id
    account = accounts.get(portal, wanted)
    if not by.reaches(account.id, office_of(account)) or account.record_type not in ("office", "provider"):
        raise NotFound("There is no account with this id.")
    below = offices.providers(portal, account.id) if account.record_type == "office" else []
    return [each for each in (account, *below) if each.status == "open"], None


def _choice(account: Account) -> OfficeChoice:
    return OfficeChoice(
        id=account.id,
        name=account.name,
        number=account.number,
        identifiers=account.identifiers,
        level=entries.level_of(account),
        office_id=office_of(account),
    )
