"""The tables as plain data: the deployment, the local runtime, the tests and the models all read this one description.

A table per aggregate; the portal leads every partition key. `portals` settings and API keys; `people` accounts,
contacts, client numbers with their sign-in cards; `registrations` invitations, requests and what they are checked by;
`batches` batches and their documents; `records` what else is kept at an account (products, documents, prescriptions, care
providers, website links); `tokens` whatever expires by design (challenges, sessions, known browsers, counters, idempotency
records); `support` help requests; `tasks` tasks, the call queue, the tagging of many accounts;
`workflows` workflows with their versions and enrolments, campaigns, jobs over many accounts; `messages` the delivery
log; `templates` the portals' own wordings and messages; `facts` what happened.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Index(Struct, frozen=True):
    """A global secondary index. `range_type` is DynamoDB's type letter: S or N."""

    name: str
    hash: str
    range: str
    range_type: str = "S"
    keys_only: bool = False


class Table(Struct, frozen=True):
    """A table with string keys. `ttl` names the attribute DynamoDB cleans by, `stream` whether changes are streamed."""

    name: str
    hash: str = "pk"
    range: str | None = "sk"
    indexes: tuple[Index, ...] = ()
    ttl: str | None = None
    stream: bool = False

    def index(self, name: str) -> Index:
        """The index of this name."""
        return next(index for index in self.indexes if index.name == name)

    def key_names(self, index: str | None = None) -> list[str]:
        """The attributes that place an item in the table, or in one of its indexes."""
        own = [self.hash] + ([self.range] if self.range else [])
        if index is None:
            return own
        found = self.index(index)
        return own + [name for name in (found.hash, found.range) if name not in own]

    def description(self, table_name: str) -> dict[str, Any]:
        """The arguments of DynamoDB's CreateTable (also what DescribeTable tells of keys and indexes)."""
        types = {self.hash: "S"} | ({self.range: "S"} if self.range else {})
        for index in self.indexes:
            types |= {index.hash: "S", index.range: index.range_type}
        described: dict[str, Any] = {
            "TableName": table_name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _keys(self.hash, self.range),
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        }
        if self.indexes:
            described["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": index.name,
                    "KeySchema": _keys(index.hash, index.range),
                    "Projection": {"ProjectionType": "KEYS_ONLY" if index.keys_only else "ALL"},
                }
                for index in self.indexes
            ]
        if self.stream:
            described["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        return described


def _keys(hash_name: str, range_name: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_name, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": range_name, "KeyType": "RANGE"}] if range_name else [])


_CREATED = Index("by_created", "list_key", "created_key")

TABLES = {
    table.name: table
    for table in (
        Table("portals", indexes=(Index("by_list", "list_key", "sk"),)),
        Table(
            "people",
            indexes=(
                _CREATED,
                Index("by_name", "list_key", "name_key"),
                Index("by_number", "list_key", "number_key"),
                Index("by_account", "account_key", "created_key"),
                Index("by_account_name", "account_key", "name_key"),
            ),
        ),
        Table(
            "registrations",
            indexes=(
                Index("by_submitted", "list_key", "submitted_key"),
                Index("by_name", "list_key", "name_key"),
                Index("by_status", "status_key", "submitted_key"),
                Index("by_office", "office_key", "submitted_key"),
                Index("by_office_name", "office_key", "name_key"),
                Index("due", "due_shard", "due_at", range_type="N", keys_only=True),
            ),
            ttl="expires_at",
        ),
        Table(
            "batches",
            indexes=(
                _CREATED,
                Index("by_account", "account_key", "created_key"),
                Index("due", "due_shard", "due_at", range_type="N", keys_only=True),
            ),
        ),
        Table("records"),
        Table("tokens", range=None, ttl="expires_at"),
        Table(
            "support",
            range=None,
            indexes=(_CREATED, Index("by_state", "state_key", "created_key")),
            ttl="expires_at",
        ),
        Table(
            "messages",
            range=None,
            indexes=(
                Index("by_day", "day_key", "created_key"),
                Index("by_subject", "subject_key", "created_key"),
                Index("unsent", "unsent_shard", "sweep_at", range_type="N", keys_only=True),
            ),
            ttl="expires_at",
            stream=True,
        ),
        Table("templates"),
        Table(
            "tasks",
            indexes=(
                Index("by_order", "list_key", "order_key"),
                Index("by_account", "account_key", "order_key"),
                Index("by_whose", "whose_key", "order_key"),
                Index("due", "due_shard", "due_at", range_type="N", keys_only=True),
            ),
            ttl="expires_at",
        ),
        Table(
            "workflows",
            indexes=(
                Index("by_order", "list_key", "order_key"),
                Index("by_account", "account_key", "order_key"),
                Index("due", "due_shard", "due_at", range_type="N", keys_only=True),
            ),
            ttl="expires_at",
        ),
        Table("facts", indexes=(Index("by_day", "day_key", "sk"),), stream=True),
    )
}
