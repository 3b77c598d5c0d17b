"""The support table: help requests and their reference numbers, each under a partition key of its own.

Verifications of callers expire by design, and stand among the tokens.
"""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import Asked, HelpAnswer


class HelpRow(Row):
    """A help request: pk `{portal}#help#{id}`. `state_key` leads the index of those in one state."""

    table = "support"

    class Meta:
        table_name = table_name("support")

    pk = UnicodeAttribute(hash_key=True)
    list_key = UnicodeAttribute()
    state_key = UnicodeAttribute()
    created_key = UnicodeAttribute()
    id = UnicodeAttribute()
    reference = UnicodeAttribute()
    asked: Packed[Asked] = Packed(Asked)
    state = UnicodeAttribute()
    note = UnicodeAttribute(default="")
    assignee = UnicodeAttribute(null=True)
    account_id = UnicodeAttribute(null=True)
    logged_by = UnicodeAttribute(null=True)
    answers: Packed[tuple[HelpAnswer, ...]] = Packed(tuple[HelpAnswer, ...], null=True)
    version = NumberAttribute(default=1)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    expires_at = NumberAttribute()


class ReferenceRow(Row):
    """Which request has a reference number, so that no two have the same: pk `{portal}#reference#{letters}`."""

    table = "support"

    class Meta:
        table_name = table_name("support")

    pk = UnicodeAttribute(hash_key=True)
    request_id = UnicodeAttribute()
    expires_at = NumberAttribute()


class VerificationRow(Row):
    """That a caller is to read out a code: pk `{portal}#verification#{id}`. Never the code, which is derived from the id.

    `by` is who started it, `person` whom the code went to (`contact:<id>` or `user:<id>`), `version` the key's.
    """

    table = "tokens"

    class Meta:
        table_name = table_name("tokens")

    pk = UnicodeAttribute(hash_key=True)
    person = UnicodeAttribute()
    channel = UnicodeAttribute()
    masked = UnicodeAttribute()
    by = UnicodeAttribute()
    version = NumberAttribute()
    tries = NumberAttribute(default=0)
    valid_until = NumberAttribute()
    verified_at = NumberAttribute(null=True)
    told_at = NumberAttribute(null=True)
    expires_at = NumberAttribute()
