"""A filter of accounts, as their list has it: whom something is done for, or who is counted."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..storage import Page
from . import accounts
from .shapes import Account, RecordType


class Which(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter of accounts, as their list has it. An empty one finds all of them."""

    name: Annotated[fields.Line, Meta(description="Names that begin so.")] | None = None
    number: Annotated[fields.Line, Meta(description="Client numbers that begin so.")] | None = None
    status: Literal["open", "closed"] | None = None
    record_type: RecordType | None = None
    tag: Annotated[fields.Line, Meta(description="Accounts with exactly this tag.")] | None = None
    parent_id: Annotated[fields.Identifier, Meta(description="The providers of this office.")] | None = None
    identifier: Annotated[fields.Line, Meta(description="Offices and providers with this identifier.")] | None = None


def listed(portal: str, which: Which, limit: int, cursor: str | None) -> Page[Account]:
    """A page of the accounts that the filter finds, in an order that tags do not change."""
    field = "name" if which.name else "number" if which.number and not which.parent_id else "created_at"
    field = "created_at" if which.identifier else field
    return accounts.listed(portal, sort=field, limit=limit, cursor=cursor, **fields.values(which))
