"""The client's answer to a batch in review: approve, or ask for changes with a comment. Staff are told."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .. import clock, facts
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people.cards import Card
from ..portals import Portal
from .batches import batch, read, store, subject
from .models import BatchRow
from .shapes import Answer, Batch

MOST = 4000  # characters of a comment
_TRIES = 4
_MOVED_TO: Mapping[str, tuple[str, Kind]] = {
    "approve": ("approved", Kind.BATCH_APPROVED),
    "changes": ("changes_requested", Kind.BATCH_CHANGES_REQUESTED),
}


class ChangedMeanwhile(Conflict):
    """What the client answers is not what the client has read."""

    code = "changed-meanwhile"
    text = "This was changed while you were reading it. Please look at it again, then send your answer."


_STANDS: Mapping[str, str] = {
    "approved": "This was already answered: it was approved.",
    "complete": "This was already answered: it was approved.",
    "changes_requested": "This was already answered: changes were requested.",
}


def give(
    act: Act, portal: Portal, card: Card, batch_id: str, answer: str, comment: str, *, seen: int | None = None
) -> Batch:
    """Answer as the contact of `card`, who has seen version `seen` of the batch.

    Raises Invalid for what was typed, ChangedMeanwhile when the batch is not what was seen any more, Conflict when it is
    not in review any more.
    """
    comment = comment.replace("\r\n", "\n").strip()
    _check_typed(answer, comment)
    for _ in range(_TRIES):
        try:
            return _given(act, portal, card, batch_id, answer, comment, seen)
        except Stale:  # somebody else wrote at the same moment: read again, and decide again
            continue
    raise Conflict("Too many people are working on this at once. Please send your answer again.")


def _given(act: Act, portal: Portal, card: Card, batch_id: str, answer: str, comment: str, seen: int | None) -> Batch:
    row = read(act.portal, batch_id)
    if batch_id not in card.batches or not card.is_open:
        raise NotFound
    if row.status != "client_review":
        raise Conflict(
            _STANDS.get(row.status, "This is no longer waiting for an answer.") + " Your answer was not sent."
        )
    if seen is not None and seen != row.version:
        raise ChangedMeanwhile
    status, kind = _MOVED_TO[answer]
    before = row.details
    row.details, row.status = msgspec.structs.replace(before, status=status), status
    given = Answer(
        answer=answer,  # type: ignore[arg-type]
        comment=comment,
        contact_id=card.contact_id,
        contact_name=card.name,
        at=clock.text(clock.timestamp()) or "",
    )
    row.answers = (*row.answers, given)
    row.due_at = row.due_shard = None
    tx = act.transaction()
    store(tx, act.portal, before, row)
    facts.record(tx, act, kind, subject(row), {"status": [before.status, status]})
    if portal.notifications.client_answered:
        for address in _told(portal, row):
            queue(
                tx,
                act,
                template="client-answered",
                channel="email",
                to=address,
                about=subject(row),
                context={
                    "batch_id": row.created_key,
                    "batch_title": before.title,
                    "account_name": card.account_name,
                    "contact_name": card.name,
                    "answer": answer,
                    "comment": comment,
                },
                once=f"client-answered/{row.created_key}/{row.version}/{address}",
            )
    tx.commit()
    return batch(row)


def _check_typed(answer: str, comment: str) -> None:
    wrong = {}
    if answer not in _MOVED_TO:
        wrong["answer"] = "Choose whether you approve or ask for changes."
    if answer == "changes" and not comment:
        wrong["comment"] = "Tell us what should change."
    if len(comment) > MOST:
        wrong["comment"] = f"Keep the comment under {MOST:,} characters."
    if any(ord(char) < 32 and char not in "\n\t" for char in comment):
        wrong["comment"] = "The comment holds characters that cannot be shown. Type it again."
    if wrong:
        raise Invalid(fields=wrong)


def _told(portal: Portal, row: BatchRow) -> list[str]:
    assigned = (row.details.assigned_to,) if row.details.assigned_to else ()
    return list(dict.fromkeys((*assigned, *portal.notifications.staff_emails)))
