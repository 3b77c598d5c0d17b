"""Lambdas `deliver_urgent` and `deliver_bulk`: the same work from two queues, so that codes never wait for campaigns."""

from __future__ import annotations

import gc

gc.disable()

from typing import Any  # noqa: E402

from chalice import Blueprint  # noqa: E402
from chalice.app import SQSEvent  # noqa: E402

from ..config import settings  # noqa: E402
from ..messaging.deliver import worked  # noqa: E402

blueprint = Blueprint(__name__)
_URGENT = "arn:aws:sqs:us-east-1:123456789012:urgent-placeholder"
_BULK = "arn:aws:sqs:us-east-1:123456789012:bulk-placeholder"


@blueprint.on_sqs_message(queue_arn=_URGENT, batch_size=10, name="deliver_urgent")
def urgent(event: SQSEvent) -> dict[str, Any]:
    """Send codes and links, as fast as they come."""
    return _failures(event)


@blueprint.on_sqs_message(queue_arn=_BULK, batch_size=10, name="deliver_bulk")
def bulk(event: SQSEvent) -> dict[str, Any]:
    """Send everything else, no faster than the mail account may send."""
    return _failures(event, settings.send_rate)


def _failures(event: SQSEvent, rate: int = 0) -> dict[str, Any]:
    failed = worked(event.to_dict()["Records"], rate=rate)
    return {"batchItemFailures": [{"itemIdentifier": known} for known in failed]}


gc.freeze()
gc.enable()
