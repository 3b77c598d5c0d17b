"""Handing messages on to SQS: ids only, urgent ones to a queue of their own, ten at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec import Struct

from .. import aws, log
from ..config import settings

_BATCH = 10  # SQS takes no more at once


class Handing(Struct, frozen=True):
    """A message on its way to a queue; `mark` is how the caller knows it again."""

    portal: str
    id: str
    urgent: bool
    mark: str = ""


def hand_on(messages: Sequence[Handing]) -> list[Handing]:
    """Send each to its queue, and give back those that SQS did not take."""
    failed: list[Handing] = []
    for urgent, url in ((True, settings.urgent_queue_url), (False, settings.bulk_queue_url)):
        some = [message for message in messages if message.urgent is urgent]
        for start in range(0, len(some), _BATCH):
            failed += _send(url, some[start : start + _BATCH])
    return failed


def _send(url: str, messages: Sequence[Handing]) -> list[Handing]:
    entries = [
        {"Id": str(number), "MessageBody": json.dumps({"portal": message.portal, "id": message.id})}
        for number, message in enumerate(messages)
    ]
    try:
        answer = aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller brings them again
        log.failure("messages not handed on", error, count=len(messages), reason=aws.error_code(error))
        return list(messages)
    return [messages[int(entry["Id"])] for entry in answer.get("Failed", [])]
