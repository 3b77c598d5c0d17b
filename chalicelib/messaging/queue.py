"""Adding a message to a flow's transaction: it goes out if, and only if, the change it tells of happened."""

from __future__ import annotations

from collections.abc import Mapping

from .. import agenda, clock, days, ids
from ..errors import Refusal
from ..facts import Act
from ..security import keys
from ..storage import Transaction
from . import addresses
from .models import MessageRow, message_key
from .statuses import Status
from .templates import Purpose
from .wording import TEMPLATES

RETENTION_SECONDS = 90 * 24 * 3600  # how long the delivery log is kept
GRACE_SECONDS = {True: 60, False: 300}  # urgent or not: how long the straight way may take before the sweep looks


class AlreadyQueued(Refusal):
    """A message with this idempotency key exists already. Nothing of the transaction was done."""

    code = "already-queued"
    status = 409
    text = "This message was sent already."


def queue(
    tx: Transaction,
    act: Act,
    *,
    template: str,
    channel: str,
    to: str,
    about: str,
    context: Mapping[str, str],
    urgent: bool = False,
    once: str | None = None,
    not_after: int | None = None,
    decoy: bool = False,
    sample: bool = False,
    purpose: Purpose | None = None,
) -> str:
    """Add one message to the transaction and give its id.

    `about` is the subject in the delivery log, as facts name it (`batch:<id>`). `once` names the occasion: a second
    message for it makes the commit refuse with AlreadyQueued. `not_after` is the moment (seconds) from which it is not
    sent any more. A decoy is written like any other and dropped by the worker; its `to` is a fingerprint (32 hex
    digits), never what was typed. A sample shows the wording with values made up, and has no context. The purpose is the
    template's unless one is given. Refuses a context that does not suit the template, and what is not one address.
    """
    if not sample:
        TEMPLATES[template].check(context)
    if channel not in TEMPLATES[template].channels:
        raise LookupError(f"{template} has no wording for {channel}")
    if not decoy:
        addresses.checked(channel, to)
    elif not ids.is_id(to):
        raise addresses.NotAnAddress
    row = _row(act.portal, template, channel, to, about, context, once)
    row.urgent, row.decoy, row.not_after = urgent, decoy, not_after
    row.is_sample = sample or None
    row.is_marketing = (purpose or TEMPLATES[template].purpose) == "marketing" or None
    row.sweep_at = clock.timestamp() + GRACE_SECONDS[urgent]
    if decoy:  # the same keys of the same shape, but in partitions that no list reads
        row.day_key, row.subject_key = f"decoy#{row.day_key}", f"decoy#{row.subject_key}"
    if once is None:
        tx.put(row)
    else:
        free = MessageRow.pk.does_not_exist() | (MessageRow.expires_at <= clock.timestamp())
        tx.put(row, when=free, refusal=AlreadyQueued())
    return row.id


def _row(
    portal: str, template: str, channel: str, to: str, about: str, context: Mapping[str, str], once: str | None
) -> MessageRow:
    now, created_key = clock.timestamp(), ids.new()
    identifier = created_key if once is None else keys.fingerprint("message", portal, once)
    return MessageRow(
        pk=message_key(portal, identifier),
        id=identifier,
        portal=portal,
        day_key=days.partition(portal, created_key),
        subject_key=f"{portal}#{about}",
        created_key=created_key,
        unsent_shard=agenda.MESSAGES.shard_of(identifier),
        template=template,
        channel=channel,
        recipient=to,
        recipient_key=addresses.key(portal, channel, to),
        subject=about,
        context=dict(context),
        status=Status.QUEUED.value,
        attempts=0,
        handed=0,
        created_at=now,
        expires_at=now + RETENTION_SECONDS,
    )
