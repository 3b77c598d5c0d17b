"""Offices and providers as people outside look for them: by tax id, NPI or whatever else identifies them."""

from __future__ import annotations

from . import accounts, belonging, matching
from .shapes import Account


def found(portal: str, identifier: str, qualifier: str = "") -> list[Account]:
    """The open offices and providers with this identifier, however it is spelled: offices first, then by name.

    A `qualifier`, such as NPI, leaves only those that have it as this one. Of one identifier a hundred at most.
    """
    known = accounts.of_ids(portal, belonging.identified(portal, identifier).items)
    named = [account for account in known if belonging.is_named(account, identifier, qualifier)]
    return sorted((account for account in named if account.status == "open"), key=_offices_first)


def providers(portal: str, office_id: str) -> list[Account]:
    """The open providers of an office, by name."""
    held: list[Account] = []
    cursor = None
    while True:
        page = accounts.listed(portal, parent_id=office_id, status="open", sort="name", limit=100, cursor=cursor)
        held, cursor = held + page.items, page.cursor
        if cursor is None:
            return held


def _offices_first(account: Account) -> tuple[bool, str, str]:
    return (account.parent_id is not None, matching.name_key(account.name), account.id)
