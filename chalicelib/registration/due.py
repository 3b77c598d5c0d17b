"""What the tick does of registrations: reminders of invitations, links still to be sent, attempts to be given up."""

from __future__ import annotations

from collections.abc import Sequence

from .. import clock, log
from . import abandoned, invitations, sending
from .models import RegistrationRow

_SENDING_SECONDS = 30  # after which a tick begins no further sending


def work_due(keys: Sequence[str], most: int = sending.A_TICK) -> int:
    """Do all that is due (see `agenda`), of links at most so many; how much was done. Safe to run twice, or late."""
    began = clock.timestamp()
    done = sum(_safely(key) for key in keys if "#sending#" not in key)
    for key in keys:
        if "#sending#" in key and most > 0 and clock.timestamp() < began + _SENDING_SECONDS:
            worked = _send(key, most)
            most, done = most - worked, done + worked
    return done


def _safely(key: str) -> int:
    """One registration that cannot be read must not stop the others."""
    try:
        return int(_look_at(key))
    except Exception as error:  # noqa: BLE001 - see above
        log.failure("registration not looked at", error, portal=key.partition("#")[0])
        return 0


def _look_at(key: str) -> bool:
    row = RegistrationRow.find(key, "entry")
    if row is None:
        return False
    return invitations.remind(key) if row.kind == "invitation" else abandoned.invalidate(key)


def _send(key: str, most: int) -> int:
    slug, _, sending_id = key.split("#")
    try:
        return sending.work(slug, sending_id, most)
    except Exception as error:  # noqa: BLE001 - the next minute tries again
        log.failure("registration links not sent", error, portal=slug)
        return 0
