"""The moves of a message from status to status, each one conditional update.

So of any number of workers that try at the same time one succeeds, and none ever moves a message back over what became
known meanwhile.
"""

from __future__ import annotations

from contextlib import suppress

from .. import agenda, clock, facts, ids, log
from ..errors import Conflict, Unavailable
from ..facts import Act, Kind
from ..storage import Action, Condition, Transaction
from . import tallies
from .models import MessageRow, message_key
from .statuses import OPEN, TO_ACT_ON, Status

LEASE_SECONDS = 120  # a worker that has not reported by then is dead: four times the Lambda's own time-out
SETTLE_SECONDS = 3600  # how long an unknown outcome waits for feedback before it is shown to staff


def next_look(tries: int) -> int:
    """When to look again at a message that has been tried or handed on so often: after 2, 4, 8 … 60 minutes."""
    return clock.timestamp() + min(120 * 2 ** min(tries, 10), 3600)


def claim(row: MessageRow, *, wording_version: int | None = None) -> bool:
    """Make the message this worker's. False if another has it, or has already sent it.

    What it says is noted by the version of the portal's own wording, if it is sent in one.

    The mark makes the update repeatable: when the reply to it is lost and it is sent again, we know our own claim.
    """
    mark, now = ids.new(), clock.timestamp()
    worded = MessageRow.wording_version
    ours = (MessageRow.claim == mark) & (MessageRow.status == Status.SENDING.value)
    try:
        return row.change(
            MessageRow.status.set(Status.SENDING.value),
            MessageRow.claim.set(mark),
            MessageRow.claimed_at.set(now),
            MessageRow.attempts.set(int(row.attempts) + 1),
            MessageRow.counted.set(True),
            MessageRow.sweep_at.set(now + LEASE_SECONDS),
            worded.remove() if wording_version is None else worded.set(wording_version),
            when=(MessageRow.status == Status.QUEUED.value) | ours,
        )
    except Exception:  # whatever it was, nothing has been sent yet
        _unclaim(row, mark)
        raise


def _unclaim(row: MessageRow, mark: str) -> None:
    """The claim may have gone through or not. Nothing was sent yet, so take it back if we can."""
    try:
        row.change(MessageRow.status.set(Status.QUEUED.value), when=MessageRow.claim == mark)
    except Unavailable:
        log.warning("claim left behind", portal=row.portal, subject=f"message:{row.id}")


def accepted(row: MessageRow, provider_id: str) -> None:
    """Note that the provider took it. Feedback may have told us more already; then only what is missing is added."""
    noted = [
        MessageRow.provider_id.set(MessageRow.provider_id | provider_id),
        MessageRow.sent_at.set(MessageRow.sent_at | clock.timestamp()),
    ]
    told = row.change(
        MessageRow.status.set(Status.SENT.value), MessageRow.reason.remove(), *_settled(), *noted,
        when=MessageRow.status.is_in(*(status.value for status in OPEN)),
    )  # fmt: skip
    if told:
        tallies.count(row, Status.SENT)
    else:
        row.change(*noted, when=MessageRow.pk.exists())


def hand_back(row: MessageRow, reason: str) -> None:
    """Let it be tried again: the provider surely did not take it."""
    row.change(
        MessageRow.status.set(Status.QUEUED.value),
        MessageRow.reason.set(reason),
        MessageRow.unsent_shard.set(agenda.MESSAGES.shard_of(row.id)),
        MessageRow.sweep_at.set(next_look(int(row.attempts))),
        when=_held_by(row),
    )


def refused(row: MessageRow, reason: str) -> None:
    """Note that the provider surely did not take it and never will."""
    if row.change(
        MessageRow.status.set(Status.FAILED.value), MessageRow.reason.set(reason), *_settled(), when=_held_by(row)
    ):
        tallies.count(row, Status.FAILED)


def lost_sight(row: MessageRow, reason: str) -> bool:
    """Note that it may have been sent or not. It waits for the provider's feedback, and is not sent again by itself."""
    return row.change(
        MessageRow.status.set(Status.UNKNOWN.value),
        MessageRow.reason.set(reason),
        MessageRow.unsent_shard.set(agenda.MESSAGES.shard_of(row.id)),
        MessageRow.sweep_at.set(clock.timestamp() + SETTLE_SECONDS),
        when=_held_by(row),
    )


def put_off(row: MessageRow) -> bool:
    """Look at a queued message later again, each time later. False if another sweep was here, or it has moved on."""
    return row.change(
        MessageRow.handed.set(int(row.handed) + 1),
        MessageRow.sweep_at.set(next_look(int(row.handed))),
        when=(MessageRow.status == Status.QUEUED.value) & (MessageRow.sweep_at == row.sweep_at),
    )


def hold(row: MessageRow, until: int, reason: str) -> bool:
    """Leave a queued message alone until a moment; the sweep hands it on then. False if it has moved on."""
    return row.change(
        MessageRow.sweep_at.set(until),
        MessageRow.held_until.set(until),
        MessageRow.reason.set(reason),
        when=MessageRow.status == Status.QUEUED.value,
    )


def show_to_staff(row: MessageRow) -> bool:
    """An outcome stayed unknown: list it as needing attention."""
    return row.change(
        MessageRow.needs_attention.set(True), MessageRow.unsent_shard.remove(), MessageRow.sweep_at.remove(),
        when=MessageRow.status == Status.UNKNOWN.value,
    )  # fmt: skip


def settle(row: MessageRow, status: Status, reason: str | None = None) -> None:
    """End a message that was never sent, and will not be."""
    actions = [MessageRow.status.set(status.value), *_settled()]
    if reason:
        actions.append(MessageRow.reason.set(reason))
    still = MessageRow.status == Status.QUEUED.value
    if status is not Status.SUPPRESSED:
        if row.change(*actions, when=still):
            tallies.count(row, status)
        return
    tx = Transaction()
    tx.update(MessageRow(row.pk), *actions, when=still, refusal=Conflict())
    act = Act(row.portal, "system:messaging")
    facts.record(tx, act, Kind.MESSAGE_SUPPRESSED, row.subject, {"message": row.id, "reason": reason})
    with suppress(Conflict):  # another worker was quicker
        tx.commit()
        tallies.count(row, status)


def learned(portal: str, identifier: str, status: Status, *, provider_id: str | None, reason: str | None) -> bool:
    """Take over what the provider reports, unless something later is known already. False if it changed nothing."""
    now = clock.timestamp()
    actions: list[Action] = [
        MessageRow.status.set(status.value),
        *_settled(needs_attention=status in TO_ACT_ON),
        MessageRow.sent_at.set(MessageRow.sent_at | now),
        MessageRow.reason.set(reason) if reason else MessageRow.reason.remove(),
    ]
    if provider_id:
        actions.append(MessageRow.provider_id.set(MessageRow.provider_id | provider_id))
    if status is Status.DELIVERED:
        actions.append(MessageRow.delivered_at.set(now))
    row = MessageRow(message_key(portal, identifier))
    is_news = row.change(*actions, when=MessageRow.status.is_in(*(earlier.value for earlier in status.earlier)))
    if is_news:
        tallies.count(row, status)
    return is_news


def delayed(portal: str, identifier: str, reason: str) -> bool:
    """Note why a sent message is not there yet."""
    return MessageRow(message_key(portal, identifier)).change(
        MessageRow.reason.set(reason), when=MessageRow.status == Status.SENT.value
    )


def confirm(portal: str, identifier: str, provider_id: str) -> bool:
    """Somebody knows that the provider took it: sent. False if its fate was known already."""
    return learned(portal, identifier, Status.SENT, provider_id=provider_id, reason=None)


def release(portal: str, identifier: str) -> bool:
    """Somebody knows that the provider never took it: the next sweep sends it. Only ever on such evidence."""
    return MessageRow(message_key(portal, identifier)).change(
        *_released(identifier), when=MessageRow.status.is_in(Status.SENDING.value, Status.UNKNOWN.value)
    )


def release_by(act: Act, identifier: str) -> None:
    """The same by staff, on record. Raises Conflict for a message whose outcome is not unknown."""
    row = MessageRow.find(message_key(act.portal, identifier))
    tx = act.transaction()
    tx.update(
        MessageRow(message_key(act.portal, identifier)),
        *_released(identifier),
        when=MessageRow.status == Status.UNKNOWN.value,
        refusal=Conflict("Only a message whose outcome is unknown can be sent again."),
    )
    about = row.subject if row else facts.subject("message", identifier)
    facts.record(tx, act, Kind.MESSAGE_RELEASED, about, {"message": identifier})
    tx.commit()


def _released(identifier: str) -> list[Action]:
    return [
        MessageRow.status.set(Status.QUEUED.value),
        MessageRow.claim.remove(),
        MessageRow.needs_attention.remove(),
        MessageRow.unsent_shard.set(agenda.MESSAGES.shard_of(identifier)),
        MessageRow.sweep_at.set(clock.timestamp()),
    ]


def _held_by(row: MessageRow) -> Condition:
    open_still = MessageRow.status.is_in(Status.SENDING.value, Status.UNKNOWN.value)
    return open_still & (MessageRow.claim == row.claim)


def _settled(*, needs_attention: bool = False) -> list[Action]:
    """It leaves the sparse index: no sweep needs to look at it again, though staff may have to act."""
    shown = MessageRow.needs_attention.set(True) if needs_attention else MessageRow.needs_attention.remove()
    return [MessageRow.unsent_shard.remove(), MessageRow.sweep_at.remove(), shown]
