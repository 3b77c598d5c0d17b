"""Offices and their providers: which belong together."""

from __future__ import annotations

from . import accounts
from .shapes import Account


def providers(portal: str, office_id: str) -> list[Account]:
    """The open providers of an office, by name."""
    found: list[Account] = []
    cursor: str | None = None
    while True:
        page = accounts.listed(
            portal, sort="name", status="open", record_type="provider", limit=100, cursor=cursor
        )  # fmt: skip
        found += [each for each in page.items if each.parent_id == office_id]
        cursor = page.cursor
        if cursor is None:
            return found
