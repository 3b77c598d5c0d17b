"""Self-registration: an attempt that nobody finishes within a day is given up."""

from __future__ import annotations

from .. import clock
from ..facts import Act, Kind, record, subject
from . import entries
from .models import RegistrationRow
from .statuses import Status


def invalidate(key: str) -> bool:
    """Give an attempt up whose day is over; whether it was."""
    row = RegistrationRow.find(key, "entry")
    if row is None or row.status != Status.STARTED.value or row.due_at is None or row.due_at > clock.timestamp():
        return False
    act = Act(portal=key.partition("#")[0], actor="system:registrations")
    tx = act.transaction()
    entries.move(tx, act.portal, row, "abandon")
    record(tx, act, Kind.REGISTRATION_INVALIDATED, subject("registration", str(row.created_key)))
    tx.commit()
    return True
