"""The portals table: a portal's settings and its API keys."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import Settings


class PortalRow(Row):
    """A portal: pk is its slug, sk too (so that the list can be sorted by it)."""

    table = "portals"

    class Meta:
        table_name = table_name("portals")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute(default="portals")
    settings: Packed[Settings] = Packed(Settings)
    version = NumberAttribute(default=1)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()


class KeyRow(Row):
    """An API key: pk `<portal or *>#api-keys`, sk its id. Only the hash of the secret is here."""

    table = "portals"

    class Meta:
        table_name = table_name("portals")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    scopes: Packed[list[str]] = Packed(list[str])
    created_at = NumberAttribute()
    created_by = UnicodeAttribute()
    expires_at = NumberAttribute(null=True)
    revoked_at = NumberAttribute(null=True)
