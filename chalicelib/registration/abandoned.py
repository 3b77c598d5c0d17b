"""Attempts to register that were begun and not submitted within their day: given up by the tick.

A module of its own, since the tick needs nothing else of self-registration.
"""

from __future__ import annotations

from contextlib import suppress

from .. import clock, facts
from ..errors import Conflict
from ..facts import Act, Kind
from . import entries
from .models import RegistrationRow
from .statuses import Status


def is_open(row: RegistrationRow) -> bool:
    """Whether a registration that was begun may still be submitted, whether or not the tick has been by."""
    return row.status == Status.STARTED.value and row.due_at is not None and row.due_at > clock.timestamp()


def invalidate(key: str) -> bool:
    """Give up a registration that was begun and not submitted in time; whether it was one. Safe to call twice, or late."""
    row = RegistrationRow.find(key, "entry")
    if row is None or row.status != Status.STARTED.value or is_open(row):
        return False
    slug, entry_id = key.partition("#")[0], str(row.created_key)
    act = Act(slug, "system:registrations")
    tx = act.transaction()
    entries.move(tx, slug, row, "abandon")
    facts.record(tx, act, Kind.REGISTRATION_INVALIDATED, facts.subject("registration", entry_id))
    with suppress(Conflict):  # submitted this very moment
        tx.commit()
        return True
    return False
