"""Sending the reminders that are due: read each minute from the sparse index, each acted on once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from .. import clock, facts, log
from ..errors import Conflict, Refusal, Stale, TooMany, Unavailable
from ..facts import Act, Kind
from ..people import contacts
from ..portals import Portal, known
from ..storage import Transaction
from . import reminders
from .batches import is_account_open, notify, subject
from .models import BatchRow

_PASSING = (Conflict, Stale, TooMany, Unavailable)  # refusals that may be over a minute later


def send_due(keys: Sequence[str]) -> int:
    """Remind of every batch that is due (see `agenda`); how many were reminded. Safe to run twice, or late."""
    return sum(map(_safely, keys))


def _safely(key: str) -> bool:
    """One batch that cannot be read must not stop the others."""
    try:
        return _remind(key)
    except Exception as error:  # noqa: BLE001 - see above
        log.failure("reminder failed", error, portal=_portal(key))
        return False


def _remind(key: str) -> bool:
    """Remind of one batch, if it still is due. What cannot be sent, and will not be able to, waits for its next moment."""
    row = BatchRow.find(key, "batch")
    if row is None or row.due_at is None or row.due_at > clock.timestamp():
        return False
    slug = _portal(key)
    portal = known(slug)
    if not reminders.is_asked_for(row, portal, int(row.due_at)):
        _pass_over(row, portal, "not-asked-for")
        return False
    try:
        if not is_account_open(slug, row):
            _pass_over(row, portal, "account-closed")
            return False
        _send(Act(portal=slug, actor="system:reminders"), portal, row)
    except _PASSING as refusal:
        log.warning("reminder not sent", portal=slug, batch=row.created_key, refusal=refusal.code)
    except Refusal as refusal:
        _pass_over(row, portal, refusal.code)
    else:
        return True
    return False


def _send(act: Act, portal: Portal, row: BatchRow) -> None:
    """The next moment, the message and the fact, together."""
    contact = contacts.get(act.portal, row.details.renewal_contact_id)
    tx = act.transaction()
    _move_on(tx, row, portal)
    notify(tx, act, row, contact, "answer-reminder", once=f"answer-reminder/{row.created_key}/{row.due_at}")
    facts.record(tx, act, Kind.BATCH_REMINDED, subject(row))
    tx.commit()


def _pass_over(row: BatchRow, portal: Portal, reason: str) -> None:
    log.warning("reminder passed over", portal=portal.slug, batch=row.created_key, reason=reason)
    tx = Transaction()
    _move_on(tx, row, portal)
    with suppress(*_PASSING):  # the next minute passes it over
        tx.commit()


def _move_on(tx: Transaction, row: BatchRow, portal: Portal) -> None:
    """From this reminder to the next. The version stays: to those who read the batch, nothing of it has changed."""
    moment = reminders.upcoming(row, portal)
    gone = (BatchRow.due_at.remove(), BatchRow.due_shard.remove())
    tx.update(
        BatchRow(row.pk, row.sk),
        *(gone if moment is None else (BatchRow.due_at.set(moment),)),
        when=(BatchRow.due_at == row.due_at) & (BatchRow.version == row.version),
    )


def _portal(key: str) -> str:
    return key.partition("#")[0]
