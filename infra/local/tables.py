"""Creates the tables that `chalicelib.tables` describes, where they are not there yet; streams too."""

from __future__ import annotations

from typing import Any

from chalicelib.tables import TABLES, Table

from .clients import client
from .stop import CannotStart

__all__ = ["client", "create_tables"]


def create_tables(endpoint: str, prefix: str, tables: dict[str, Table] = TABLES) -> None:
    """Make every missing table, named `{prefix}-{name}`. Stops if an existing one has other keys or indexes.

    A stream is switched on where there was none, as a deployment does: no data need go for it.
    """
    database = client(endpoint)
    present = {name for page in database.get_paginator("list_tables").paginate() for name in page["TableNames"]}
    for table in tables.values():
        name = f"{prefix}-{table.name}"
        if name in present:
            wanted, found = table.description(name), database.describe_table(TableName=name)["Table"]
            _check(wanted, found)
            if table.stream and not _is_streamed(found):
                database.update_table(TableName=name, StreamSpecification=wanted["StreamSpecification"])
        else:
            _create(database, table, name)


def _create(database: Any, table: Table, name: str) -> None:
    database.create_table(**table.description(name))
    if table.ttl:
        specification = {"Enabled": True, "AttributeName": table.ttl}
        database.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)


def _check(wanted: dict[str, Any], present: dict[str, Any]) -> None:
    if _shape(wanted) != _shape(present) or (_is_streamed(present) and not _is_streamed(wanted)):
        raise CannotStart(
            f"The table {wanted['TableName']} was made by another version of Latchstring and has other keys or indexes. "
            "`make reset` forgets all local data; the next `make run` starts afresh."
        )


def _shape(described: dict[str, Any]) -> dict[str, Any]:
    def keys(schema: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [(key["AttributeName"], key["KeyType"]) for key in schema]

    indexes = described.get("GlobalSecondaryIndexes", [])
    return {
        "keys": keys(described["KeySchema"]),
        "indexes": {i["IndexName"]: (keys(i["KeySchema"]), i["Projection"]["ProjectionType"]) for i in indexes},
    }


def _is_streamed(described: dict[str, Any]) -> bool:
    return bool(described.get("StreamSpecification", {}).get("StreamEnabled", False))
