"""Lambda `tick`: once a minute, whatever is due. The rooms are loaded only for what is: in most minutes nothing is."""

from __future__ import annotations

import gc

gc.disable()

from collections.abc import Callable, Sequence  # noqa: E402

from chalice import Blueprint  # noqa: E402
from chalice.app import CloudWatchEvent  # noqa: E402

from .. import agenda, log  # noqa: E402

blueprint = Blueprint(__name__)


@blueprint.schedule("rate(1 minute)", name="tick")
def handle(_event: CloudWatchEvent) -> None:
    """See again to messages, to what workflows have due, to reminders, registrations, opt-outs. None stops the others."""
    work: dict[agenda.Agenda | agenda.Timed, Callable[[Sequence[str]], None]] = {
        agenda.MESSAGES: _messages,
        agenda.WORKFLOWS: _workflows,
        agenda.BATCHES: _batches,
        agenda.REGISTRATIONS: _registrations,
        agenda.WORK: _work,
        agenda.OPT_OUTS: _opt_outs,
    }
    for what, do in work.items():
        try:
            if keys := what.due():
                do(keys)
        except Exception as error:  # noqa: BLE001 - the next minute tries again; the alarm reads this log line
            log.failure("tick failed", error, kind=what.table)


def _messages(keys: Sequence[str]) -> None:
    from ..messaging.sweep import sweep

    sweep(keys)


def _workflows(parts: Sequence[str]) -> None:
    from ..jobs.handing import hand_on_due

    hand_on_due(parts)


def _batches(keys: Sequence[str]) -> None:
    from ..selfservice.due import send_due

    send_due(keys)


def _registrations(keys: Sequence[str]) -> None:
    from ..registration.due import work_due

    work_due(keys)


def _work(keys: Sequence[str]) -> None:
    from ..work.due import do_due

    do_due(keys)


def _opt_outs(_keys: Sequence[str]) -> None:
    from ..messaging.opt_outs import take_in_opt_outs

    take_in_opt_outs()


gc.freeze()
gc.enable()
