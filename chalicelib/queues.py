"""Sending to SQS: small JSON documents of ids, ten at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from . import aws, log

_BATCH = 10  # SQS takes no more at once


def send(url: str, bodies: Sequence[Mapping[str, Any]], failing: str) -> list[int]:
    """Send each, and give the places (in `bodies`) of those that SQS did not take. `failing` is what the log says then."""
    failed: list[int] = []
    for start in range(0, len(bodies), _BATCH):
        failed += [start + place for place in _send(url, bodies[start : start + _BATCH], failing)]
    return failed


def _send(url: str, bodies: Sequence[Mapping[str, Any]], failing: str) -> list[int]:
    entries = [{"Id": str(place), "MessageBody": json.dumps(body)} for place, body in enumerate(bodies)]
    try:
        answer = aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller brings them again
        log.failure(failing, error, count=len(bodies), reason=aws.error_code(error))
        return list(range(len(bodies)))
    return [int(entry["Id"]) for entry in answer.get("Failed", [])]
