"""Sending the reminders that are due: read each minute from the sparse index, each acted on once."""

from __future__ import annotations

from functools import partial

from .. import clock, facts, log
from ..errors import Refusal
from ..facts import Act, Kind
from ..people import contacts
from ..portals import known
from ..storage import Page, query, together
from . import reminders
from .batches import notify, subject
from .models import BatchRow

_A_TICK = 100  # reminders of one shard in one minute; the rest follows in the next


def send_due() -> int:
    """Remind of everything that is due; how many were reminded. Safe to run twice, or late."""
    now = clock.timestamp()
    shards = (f"due#{shard}" for shard in range(reminders.SHARDS))
    pages = together([partial(_due, shard, now) for shard in shards])
    return sum(_remind(row.pk) for page in pages for row in page.items)


def _due(shard: str, now: int) -> Page[BatchRow]:
    return query(BatchRow, shard, index="due", between=BatchRow.due_at <= now, limit=_A_TICK)


def _remind(key: str) -> bool:
    """Remind of one batch, if it still is due: its row, the message and the fact change together."""
    row = BatchRow.find(key, "batch")
    if row is None or row.due_at is None or row.due_at > clock.timestamp():
        return False
    slug = key.partition("#")[0]
    act = Act(portal=slug, actor="system:reminders")
    try:
        portal = known(slug)
        due_at, read_version = int(row.due_at), int(row.version)
        contact = contacts.get(slug, row.details.renewal_contact_id)
        reminders.schedule(row, portal)
        row.version = read_version + 1
        tx = act.transaction()
        tx.put(row, when=(BatchRow.version == read_version) & (BatchRow.due_at == due_at))
        notify(tx, act, row, contact, "answer-reminder", once=f"answer-reminder/{row.created_key}/{due_at}")
        facts.record(tx, act, Kind.BATCH_REMINDED, subject(row))
        tx.commit()
    except Refusal as refusal:
        log.warning("reminder not sent", portal=slug, batch=row.created_key, refusal=refusal.code)
        return False
    return True
