"""Of the workflows table: jobs, what became of each that they visit, and what the workers of its shards look at."""

from __future__ import annotations

from ..storage import NumberAttribute, Row, UnicodeAttribute, table_name


class LeaseRow(Row):
    """Who is at work on a shard of what is due: pk `due-lease#{shard}`, sk `lease`."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    until = NumberAttribute(null=True)


class JobRow(Row):
    """A walk over many rows: pk `{portal}#job#{id}`, sk `job`. What is `wanted` is JSON in the shape of its `kind`.

    `place` is the cursor from which it goes on, `passed` how many lie before that, `lease_until` is while somebody is at work
    on it. Where the kind keeps a ledger, `changed` and `refused` count up in the transaction that changes something,
    everything else with the place. `hold_after` is how many it passes before it is held.
    """

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    wanted = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    place = UnicodeAttribute(null=True)
    passed = NumberAttribute(default=0)
    hold_after = NumberAttribute(null=True)
    total = NumberAttribute(null=True)
    changed = NumberAttribute(default=0)
    unchanged = NumberAttribute(default=0)
    refused = NumberAttribute(default=0)
    lease_until = NumberAttribute(null=True)
    created_at = NumberAttribute()
    ended_at = NumberAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class JobItemRow(Row):
    """What became of one of them: same pk, sk `item#{id}`. Written in the transaction that changes it, so once."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    answer = UnicodeAttribute()
    why = UnicodeAttribute(null=True)
    at = NumberAttribute()
    expires_at = NumberAttribute()


class DueRow(Row):
    """Whatever in the workflows table the tick must look at, by its keys."""

    table = "workflows"

    class Meta:
        table_name = table_name("workflows")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
