"""The messages table (queue and delivery log in one), and the suppression rows in the tokens table."""

from __future__ import annotations

import zlib

from pynamodb.attributes import BooleanAttribute

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name

UNSENT_SHARDS = 16  # partitions of the sparse index that the sweep reads


class MessageRow(Row):
    """One message to one recipient: pk `{portal}#message#{id}`. Its context holds no secret, only what leads to one.

    `claim` is the present worker's random mark, `handed` how often the sweep has handed it on, `counted` whether its
    SMS was counted against the limits, `not_after` the moment from which it is useless.
    """

    table = "messages"

    class Meta:
        table_name = table_name("messages")

    pk = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute()
    portal = UnicodeAttribute()
    day_key = UnicodeAttribute()
    subject_key = UnicodeAttribute()
    created_key = UnicodeAttribute()
    unsent_shard = UnicodeAttribute(null=True)
    sweep_at = NumberAttribute(null=True)

    template = UnicodeAttribute()
    channel = UnicodeAttribute()
    recipient = UnicodeAttribute()
    recipient_key = UnicodeAttribute()
    subject = UnicodeAttribute()
    context: Packed[dict[str, str]] = Packed(dict[str, str])
    urgent = BooleanAttribute()
    decoy = BooleanAttribute()
    not_after = NumberAttribute(null=True)

    status = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    needs_attention = BooleanAttribute(null=True)
    attempts = NumberAttribute()
    handed = NumberAttribute()
    counted = BooleanAttribute(null=True)
    claim = UnicodeAttribute(null=True)
    claimed_at = NumberAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    created_at = NumberAttribute()
    sent_at = NumberAttribute(null=True)
    delivered_at = NumberAttribute(null=True)
    expires_at = NumberAttribute()


class SuppressedRow(Row):
    """An address nothing is sent to any more: pk `{portal}#suppressed#{recipient_key}`. It does not expire."""

    table = "tokens"

    class Meta:
        table_name = table_name("tokens")

    pk = UnicodeAttribute(hash_key=True)
    channel = UnicodeAttribute()
    masked = UnicodeAttribute()
    reason = UnicodeAttribute()
    at = NumberAttribute()


def message_key(portal: str, identifier: str) -> str:
    """The table key of a message."""
    return f"{portal}#message#{identifier}"


def unsent_shard(identifier: str) -> str:
    """The partition of the sparse index in which a message stands."""
    return f"unsent#{zlib.crc32(identifier.encode()) % UNSENT_SHARDS}"
