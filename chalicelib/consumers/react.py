"""Lambda `react`: workflows, when an account changed, when something of theirs is due, when a job is to go on."""

from __future__ import annotations

import gc

gc.disable()

from typing import Any  # noqa: E402

from chalice import Blueprint  # noqa: E402
from chalice.app import SQSEvent  # noqa: E402

from ..jobs.reactions import worked  # noqa: E402

blueprint = Blueprint(__name__)
_REACTIONS = "arn:aws:sqs:us-east-1:123456789012:reactions-placeholder"


@blueprint.on_sqs_message(queue_arn=_REACTIONS, batch_size=10, name="react")
def handle(event: SQSEvent) -> dict[str, Any]:
    """Do what each message asks for."""
    return {"batchItemFailures": [{"itemIdentifier": known} for known in worked(event.to_dict()["Records"])]}


gc.freeze()
gc.enable()
