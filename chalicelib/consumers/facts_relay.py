"""Lambda `facts_relay`: new facts from the table's stream to what reacts to them."""

from __future__ import annotations

import gc

gc.disable()

from typing import Any  # noqa: E402

from chalice import Blueprint  # noqa: E402
from chalice.app import DynamoDBEvent  # noqa: E402

from ..facts.relay import relay  # noqa: E402

blueprint = Blueprint(__name__)
_STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/facts/stream/placeholder"


@blueprint.on_dynamodb_record(stream_arn=_STREAM, batch_size=100, name="facts_relay")
def handle(event: DynamoDBEvent) -> dict[str, Any]:
    """Hand on the accounts that facts are about."""
    return {"batchItemFailures": [{"itemIdentifier": mark} for mark in relay(event.to_dict()["Records"])]}


gc.freeze()
gc.enable()
