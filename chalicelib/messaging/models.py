"""The messages table (queue and delivery log in one), the portals' own wordings, and suppressed addresses."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import Own


class MessageRow(Row):
    """One message to one recipient: pk `{portal}#message#{id}`. Its context holds no secret, only what leads to one.

    `claim` is the present worker's random mark, `handed` how often the sweep has handed it on, `counted` whether its
    SMS was counted against the limits, `not_after` the moment from which it is useless. `is_sample`: it shows staff the
    wording, with values made up. `is_marketing`: its purpose is that.
    `wording_version` is that of the portal's own wording, if it was sent in one.
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
    is_sample = BooleanAttribute(null=True)
    is_marketing = BooleanAttribute(null=True)
    not_after = NumberAttribute(null=True)

    status = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    needs_attention = BooleanAttribute(null=True)
    attempts = NumberAttribute()
    handed = NumberAttribute()
    counted = BooleanAttribute(null=True)
    claim = UnicodeAttribute(null=True)
    claimed_at = NumberAttribute(null=True)
    wording_version = NumberAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    created_at = NumberAttribute()
    sent_at = NumberAttribute(null=True)
    delivered_at = NumberAttribute(null=True)
    expires_at = NumberAttribute()


class TemplateRow(Row):
    """A portal's own wording: pk `{portal}#template#{name}#{channel}`, sk `current`, and `version#000001` for each save.

    `own` is none where the default was restored; `restored_from` is the version that this one repeats.
    """

    table = "templates"

    class Meta:
        table_name = table_name("templates")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    own: Packed[Own] = Packed(Own, null=True)
    restored_from = NumberAttribute(null=True)
    saved_at = NumberAttribute()
    saved_by = UnicodeAttribute()
    author = UnicodeAttribute()


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


def template_key(portal: str, name: str, channel: str) -> str:
    """The partition of a portal's own wording of one message."""
    return f"{portal}#template#{name}#{channel}"
