"""Rows by the thousand: copies of a real one, as it is stored, written as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from chalicelib import ids

_AT_ONCE = 25  # as many as one request may hold


def copies(item: dict[str, Any], identifier: str) -> Iterator[dict[str, Any]]:
    """The item again and again, each time with another id in place of this one, wherever it stands."""
    text = json.dumps(item)
    while True:
        yield json.loads(text.replace(identifier, ids.new()))


def write(client: Any, table_name: str, items: Iterator[dict[str, Any]]) -> None:
    """Write items as they are, many at once. `client` is one of DynamoDB."""
    puts = ({"PutRequest": {"Item": item}} for item in items)
    while batch := list(islice(puts, _AT_ONCE)):
        client.batch_write_item(RequestItems={table_name: batch})
