"""Lambda `tick`: once a minute, whatever is due."""

from __future__ import annotations

import gc

gc.disable()

from chalice import Blueprint  # noqa: E402
from chalice.app import CloudWatchEvent  # noqa: E402

from ..messaging.sweep import sweep  # noqa: E402

blueprint = Blueprint(__name__)


@blueprint.schedule("rate(1 minute)", name="tick")
def handle(_event: CloudWatchEvent) -> None:
    """Look again at messages that did not get through."""
    sweep()


gc.freeze()
gc.enable()
