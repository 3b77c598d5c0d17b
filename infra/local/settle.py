"""After a crash: what a message's row cannot tell, the provider's store can, so that each is sent exactly once.

In AWS only SES' feedback tells whether a message was accepted whose sending broke off. Here the provider's store is asked:
it was written before the provider answered. And the queues, which died with the last runtime, are filled again at once
rather than by the sweep minutes later; the claim keeps a message single however often it is handed on.

What workflows were to look at is told by the facts themselves: those of the last minutes before the end are relayed again,
and whoever reacts reads the account as it is now. Whoever held a job over many accounts is dead: it is free at once, rather
than when its lease ends.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .lambda_events import Handler, invoke, stream_event
from .outbox import Accepted, Outbox, now
from .queue_pump import Queue
from .ses_feedback import delivery

Confirm = Callable[[str, str, str], Any]
Release = Callable[[str, str], Any]
_OPEN = ("queued", "sending", "unknown")
_LOOK_BACK_SECONDS = 300  # longer than the queue brings a message again and again
_BATCH = 100
_A_SENDING = 10
_log = logging.getLogger("latchstring.local")


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message whose row is not final."""

    portal: str
    id: str
    status: str
    is_urgent: bool


def settle(unsettled: list[Unsettled], outbox: Outbox, confirm: Confirm, release: Release) -> None:
    """Settle those that were being sent.

    Accepted ones are sent, and a mail's delivery is told again; the others go back among the queued ones.
    """
    for message in unsettled:
        if message.status == "queued":
            continue
        sent = outbox.find(message.id)
        _log.warning("message %s was being sent: it was %s", message.id, "accepted" if sent else "not accepted")
        if sent is None:
            release(message.portal, message.id)
            continue
        confirm(message.portal, message.id, sent.id)
        if sent.channel == "email":
            outbox.add_feedback([delivery(_tagged(sent, message), now())])


def queue_again(unsettled: list[Unsettled], outbox: Outbox, sqs: Any, queues: dict[str, Queue]) -> None:
    """Put every message that was not accepted back into its queue, in the form the relay gives it."""
    for name, is_urgent in (("urgent", True), ("bulk", False)):
        waiting = [each for each in unsettled if each.is_urgent is is_urgent and outbox.find(each.id) is None]
        for start in range(0, len(waiting), _A_SENDING):
            bodies = [
                json.dumps({"portal": each.portal, "id": each.id}) for each in waiting[start : start + _A_SENDING]
            ]
            entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]
            sqs.send_message_batch(QueueUrl=queues[name].url, Entries=entries)


def relay_again(database: Any, table_name: str, until: float, relay: Handler) -> None:
    """Give the relay the facts of the last minutes before `until`, when the last stream record was handed on."""
    pages = database.get_paginator("scan").paginate(
        TableName=table_name,
        FilterExpression="#at >= :since",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":since": {"N": str(int(until) - _LOOK_BACK_SECONDS)}},
        ConsistentRead=True,
    )
    records = [_inserted(number, item) for number, item in enumerate(item for page in pages for item in page["Items"])]
    for start in range(0, len(records), _BATCH):
        invoke(relay, "facts_relay", stream_event(records[start : start + _BATCH], table_name))


def free_leases(database: Any, table_name: str) -> None:
    """Let others have what workers of the last runtime had taken: jobs, and parts of the index of what is due."""
    pages = database.get_paginator("scan").paginate(
        TableName=table_name,
        FilterExpression="attribute_exists(lease_until) OR begins_with(pk, :part)",
        ExpressionAttributeValues={":part": {"S": "due-lease#"}},
        ConsistentRead=True,
    )
    for item in [item for page in pages for item in page["Items"]]:
        place = {"TableName": table_name, "Key": {"pk": item["pk"], "sk": item["sk"]}}
        if "lease_until" in item:
            since = {":now": {"N": str(int(now()))}}
            change = "SET due_at = :now REMOVE lease_until"
            database.update_item(**place, UpdateExpression=change, ExpressionAttributeValues=since)
        else:
            database.delete_item(**place)


def find_unsettled(database: Any, table_name: str) -> list[Unsettled]:
    """Every message that is queued, being sent, or of unknown outcome."""
    return list(_read(database, table_name))


def _read(database: Any, table_name: str) -> Iterator[Unsettled]:
    statuses = {f":s{number}": {"S": status} for number, status in enumerate(_OPEN)}
    pages = database.get_paginator("scan").paginate(
        TableName=table_name,
        FilterExpression=f"#status IN ({', '.join(statuses)})",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues=statuses,
        ConsistentRead=True,
    )
    for page in pages:
        for item in page["Items"]:
            yield Unsettled(item["portal"]["S"], item["id"]["S"], item["status"]["S"], item["urgent"]["BOOL"])


def _inserted(number: int, item: dict[str, Any]) -> dict[str, Any]:
    change = {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item, "SequenceNumber": str(number)}
    return {"eventID": str(number), "eventName": "INSERT", "dynamodb": change}


def _tagged(sent: Accepted, message: Unsettled) -> Accepted:
    sent.tags.setdefault("portal", message.portal)
    return sent
