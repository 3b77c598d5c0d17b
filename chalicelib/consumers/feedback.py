"""Lambda `feedback`: what SES tells about mails it took."""

from __future__ import annotations

import gc

gc.disable()

from chalice import Blueprint  # noqa: E402
from chalice.app import SNSEvent  # noqa: E402

from ..messaging.feedback import heard  # noqa: E402

blueprint = Blueprint(__name__)


@blueprint.on_sns_message(topic="feedback-placeholder", name="feedback")
def handle(event: SNSEvent) -> None:
    """Take it into the delivery log."""
    heard(event.to_dict()["Records"])


gc.freeze()
gc.enable()
