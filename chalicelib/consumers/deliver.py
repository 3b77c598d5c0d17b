"""Lambdas `deliver_urgent` and `deliver_bulk`: the same work from two queues, so that codes never wait for campaigns."""

from __future__ import annotations

import gc

gc.disable()

from typing import Any  # noqa: E402

from chalice import Blueprint  # noqa: E402
from chalice.app import SQSEvent  # noqa: E402

from ..messaging.deliver import worked  # noqa: E402

blueprint = Blueprint(__name__)
_URGENT = "arn:aws:sqs:us-east-1:123456789012:urgent-placeholder"
_BULK = "arn:aws:sqs:us-east-1:123456789012:bulk-placeholder"


@blueprint.on_sqs_message(queue_arn=_URGENT, batch_size=10, name="deliver_urgent")
def urgent(event: SQSEvent) -> dict[str, Any]:
    """Send codes and links."""
    return _failures(event)


@blueprint.on_sqs_message(queue_arn=_BULK, batch_size=10, name="deliver_bulk")
def bulk(event: SQSEvent) -> dict[str, Any]:
    """Send everything else."""
    return _failures(event)


def _failures(event: SQSEvent) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": known} for known in worked(event.to_dict()["Records"])]}


gc.freeze()
gc.enable()
