"""Lambda `tick`: once a minute, whatever is due."""

from __future__ import annotations

import gc

gc.disable()

from chalice import Blueprint  # noqa: E402
from chalice.app import CloudWatchEvent  # noqa: E402

from .. import log  # noqa: E402
from ..messaging.opt_outs import take_in_opt_outs  # noqa: E402
from ..messaging.sweep import sweep  # noqa: E402
from ..registration.due import work_due  # noqa: E402
from ..selfservice.due import send_due  # noqa: E402
from ..workflows.due import do_due  # noqa: E402
from ..workflows.handing import hand_on_due  # noqa: E402

blueprint = Blueprint(__name__)


@blueprint.schedule("rate(1 minute)", name="tick")
def handle(_event: CloudWatchEvent) -> None:
    """See again to messages, to what workflows have due, to reminders, registrations, opt-outs. None stops the others."""
    for work in (sweep, hand_on_due, send_due, work_due, do_due, take_in_opt_outs):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the next minute tries again; the alarm reads this log line
            log.failure("tick failed", error, kind=work.__name__)


gc.freeze()
gc.enable()
