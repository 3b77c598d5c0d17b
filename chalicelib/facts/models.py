"""The facts table: a subject's facts in one partition, oldest first; an index gives the portal's day in shards."""

from __future__ import annotations

from typing import Any

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name


class FactRow(Row):
    """One fact."""

    table = "facts"

    class Meta:
        table_name = table_name("facts")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    day_key = UnicodeAttribute()
    portal = UnicodeAttribute()
    subject = UnicodeAttribute()
    kind = UnicodeAttribute()
    at = NumberAttribute()
    actor = UnicodeAttribute()
    changes: Packed[dict[str, Any]] = Packed(dict[str, Any], null=True)
    request_id = UnicodeAttribute(null=True)
    ip = UnicodeAttribute(null=True)
