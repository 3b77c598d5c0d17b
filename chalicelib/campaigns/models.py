"""Of the workflows table: campaigns and their runs."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import CampaignInput


class CampaignRow(Row):
    """A campaign: pk `{portal}#campaign#{id}`, sk `campaign`.

    `due_at` is when it runs next, or is judged while it is held; `run` is the moment of the newest run. `version` counts
    every change.
    """

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute()
    order_key = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    id = UnicodeAttribute()
    said: Packed[CampaignInput] = Packed(CampaignInput)
    state = UnicodeAttribute()
    run = NumberAttribute(null=True)
    version = NumberAttribute()
    created_by = UnicodeAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()


class RunRow(Row):
    """A run: same pk, sk `run#{moment}`. Its job has the same name; what was counted when it ended stays here."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    moment = NumberAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(default="")
    started_at = NumberAttribute()
    held_at = NumberAttribute(null=True)
    held_until = NumberAttribute(null=True)
    ended_at = NumberAttribute(null=True)
    total = NumberAttribute(null=True)
    changed = NumberAttribute(default=0)
    unchanged = NumberAttribute(default=0)
    refused = NumberAttribute(default=0)
