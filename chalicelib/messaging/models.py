"""The messages table (queue and delivery log in one), the portals' own wordings and messages, and suppressed addresses."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import Own, OwnMessage


class MessageRow(Row):
    """One message to one recipient: pk `{portal}#message#{id}`. Its context holds no secret, only what leads to one.

    `claim` is the present worker's random mark, `handed` how often the sweep has handed it on, `counted` whether its
    SMS was counted against the limits, `not_after` the moment from which it is useless. `is_sample`: it shows staff the
    wording, with values made up. `is_marketing`: its purpose is that. `account_id` is whose record a workflow or campaign
    sends it about, `zone` that account's time zone. `held_until` is when quiet hours that hold it back end. `tally`: what it
    is counted with.
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
    account_id = UnicodeAttribute(null=True)
    zone = UnicodeAttribute(null=True)
    held_until = NumberAttribute(null=True)
    not_after = NumberAttribute(null=True)

    status = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    needs_attention = BooleanAttribute(null=True)
    attempts = NumberAttribute()
    handed = NumberAttribute()
    counted = BooleanAttribute(null=True)
    claim = UnicodeAttribute(null=True)
    claimed_at = NumberAttribute(null=True)
    tally = UnicodeAttribute(null=True)
    wording_version = NumberAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    created_at = NumberAttribute()
    sent_at = NumberAttribute(null=True)
    delivered_at = NumberAttribute(null=True)
    expires_at = NumberAttribute()


class TallyRow(Row):
    """How many messages of a tally have come to each status: pk `{portal}#tally#{tally}#{shard}`."""

    table = "tokens"

    class Meta:
        table_name = table_name("tokens")

    pk = UnicodeAttribute(hash_key=True)
    sent = NumberAttribute(null=True)
    delivered = NumberAttribute(null=True)
    bounced = NumberAttribute(null=True)
    complained = NumberAttribute(null=True)
    suppressed = NumberAttribute(null=True)
    failed = NumberAttribute(null=True)
    expired = NumberAttribute(null=True)
    dropped = NumberAttribute(null=True)
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


class OwnMessageRow(Row):
    """A message of a portal's own: pk `{portal}#own-messages`, sk its name, so that all of them are read at once.

    Each change is a version besides: pk `{portal}#own-message#{name}`, sk `version#000001`. Of a deleted one `message` is
    what it was. `restored_from` is the version that this one repeats.
    """

    table = "templates"

    class Meta:
        table_name = table_name("templates")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute()
    message: Packed[OwnMessage] = Packed(OwnMessage)
    is_deleted = BooleanAttribute(null=True)
    restored_from = NumberAttribute(null=True)
    saved_at = NumberAttribute()
    saved_by = UnicodeAttribute()
    author = UnicodeAttribute()


class TokenRow(Row):
    """What messaging keeps in the tokens table."""

    table = "tokens"

    class Meta:
        table_name = table_name("tokens")

    pk = UnicodeAttribute(hash_key=True)


class SuppressedRow(TokenRow):
    """An address nothing is sent to any more: pk `{portal}#suppressed#{recipient_key}`, of all portals with `*` for the slug.

    It does not expire.
    """

    channel = UnicodeAttribute()
    masked = UnicodeAttribute()
    reason = UnicodeAttribute()
    at = NumberAttribute()


class OptOutsRow(TokenRow):
    """Which numbers have answered STOP: pk `*#opt-outs#{first digit of their keys}`; when to ask again: `*#opt-outs`."""

    keys: Packed[tuple[str, ...]] = Packed(tuple[str, ...], null=True)
    ask_at = NumberAttribute(null=True)


class ConsentRow(TokenRow):
    """What the owner of an address said of a purpose: pk `{portal}#consent#{recipient_key}#{purpose}`. It does not expire.

    `state` is withdrawn or given, `by` the actor as facts name it, `how` the way in which it was said.
    """

    channel = UnicodeAttribute()
    masked = UnicodeAttribute()
    state = UnicodeAttribute()
    how = UnicodeAttribute()
    by = UnicodeAttribute()
    at = NumberAttribute()


class PaceRow(TokenRow):
    """From when (milliseconds) the bulk worker's next batch may go: pk `*#pace#bulk`."""

    free_at = NumberAttribute(null=True)


class ReachedRow(TokenRow):
    """When workflows and campaigns reached an account lately: pk `{portal}#reached#{account}`.

    `moments` holds (seconds, channel), newest first. `mark` tells one writing of it from the next.
    """

    moments: Packed[tuple[tuple[int, str], ...]] = Packed(tuple[tuple[int, str], ...])
    mark = UnicodeAttribute()
    expires_at = NumberAttribute()


def message_key(portal: str, identifier: str) -> str:
    """The table key of a message."""
    return f"{portal}#message#{identifier}"


def template_key(portal: str, name: str, channel: str) -> str:
    """The partition of a portal's own wording of one message."""
    return f"{portal}#template#{name}#{channel}"


def own_messages_key(portal: str) -> str:
    """The partition of a portal's own messages as they are now."""
    return f"{portal}#own-messages"


def own_versions_key(portal: str, name: str) -> str:
    """The partition of the versions of a portal's own message."""
    return f"{portal}#own-message#{name}"
