"""From the table's stream to the queues: every new message is handed on as soon as its transaction is committed.

Imports neither PynamoDB nor the tables: the image in the stream tells all that is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .handing_on import Handing, hand_on


def relay(records: Iterable[dict[str, Any]]) -> list[str]:
    """Hand on the new messages among the stream's records, and name (by sequence number) those to bring again."""
    return [handing.mark for handing in hand_on([_handing(record) for record in records if _is_new(record)])]


def _is_new(record: dict[str, Any]) -> bool:
    image = record["dynamodb"].get("NewImage", {})
    return record["eventName"] == "INSERT" and image.get("status", {}).get("S") == "queued"


def _handing(record: dict[str, Any]) -> Handing:
    change = record["dynamodb"]
    image = change["NewImage"]
    return Handing(
        portal=image["portal"]["S"],
        id=image["id"]["S"],
        urgent=bool(image["urgent"]["BOOL"]),
        mark=change["SequenceNumber"],
    )
