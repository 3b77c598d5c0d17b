"""Lambda `relay`: new messages from the table's stream to the queues."""

from __future__ import annotations

import gc

gc.disable()

from typing import Any  # noqa: E402

from chalice import Blueprint  # noqa: E402
from chalice.app import DynamoDBEvent  # noqa: E402

from ..messaging.relay import relay  # noqa: E402

blueprint = Blueprint(__name__)
_STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/messages/stream/placeholder"


@blueprint.on_dynamodb_record(stream_arn=_STREAM, batch_size=100, name="relay")
def handle(event: DynamoDBEvent) -> dict[str, Any]:
    """Hand on what is new."""
    return {"batchItemFailures": [{"itemIdentifier": mark} for mark in relay(event.to_dict()["Records"])]}


gc.freeze()
gc.enable()
