"""Adding a message to a flow's transaction: it goes out if, and only if, the change it tells of happened."""

from __future__ import annotations

from collections.abc import Mapping

from .. import agenda, clock, days, ids
from ..errors import Refusal
from ..facts import Act
from ..portals import get, known
from ..security import keys
from ..storage import Transaction
from . import addresses, wordings
from .models import MessageRow, message_key
from .statuses import Status
from .templates import Purpose

RETENTION_SECONDS = 90 * 24 * 3600  # how long the delivery log is kept
GRACE_SECONDS = {True: 60, False: 300}  # urgent or not: how long the straight way may take before the sweep looks


class AlreadyQueued(Refusal):
    """A message with this idempotency key exists already. Nothing of the transaction was done."""

    code = "already-queued"
    status = 409
    text = "This message was sent already."


class NoPostalAddress(Refusal):
    """A marketing mail must name the company's postal address, and the portal has none."""

    code = "no-postal-address"
    status = 409
    text = "Marketing mails must carry the company's postal address. Enter it in the portal's support settings first."


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
    account: str | None = None,
    zone: str | None = None,
    tally: str | None = None,
) -> str:
    """Add one message to the transaction and give its id. It is counted in the `tally`, if one is named (see `tallies`).

    `about` is the subject in the delivery log, as facts name it (`batch:<id>`). `once` names the occasion: a second
    message for it makes the commit refuse with AlreadyQueued. `not_after` is the moment (seconds) from which it is not
    sent any more. A decoy is written like any other and dropped by the worker; its `to` is a fingerprint (32 hex
    digits), never what was typed. A sample shows the wording with values made up, and has no context. The purpose is the
    template's unless one is given. `account` is the account whose record a workflow or campaign tells of, `zone` its time
    zone: they keep its quiet hours. A message of the portal's own is queued like the product's, and is read for that if it was
    not within 15 seconds. Refuses a context that does not suit the template, what is not one address, and marketing mail of a
    portal without a postal address; raises LookupError where there is no such message, or none on this channel.
    """
    worded = wordings.template(act.portal, template, channel)
    if not sample:
        worded.check(context)
    if channel not in worded.channels:
        raise LookupError(f"{template} has no wording for {channel}")
    if not decoy:
        addresses.checked(channel, to)
    elif not ids.is_id(to):
        raise addresses.NotAnAddress
    row = _row(act.portal, template, channel, to, about, context, once)
    row.urgent, row.decoy, row.not_after = urgent, decoy, not_after
    row.is_sample = sample or None
    row.is_marketing = (purpose or worded.purpose) == "marketing" or None
    row.account_id, row.zone = account, zone
    if row.is_marketing and channel == "email" and not sample:
        _must_have_address(act.portal)
    row.tally = tally
    row.sweep_at = clock.timestamp() + GRACE_SECONDS[urgent]
    if decoy:  # the same keys of the same shape, but in partitions that no list reads
        row.day_key, row.subject_key = f"decoy#{row.day_key}", f"decoy#{row.subject_key}"
    if once is None:
        tx.put(row)
    else:
        free = MessageRow.pk.does_not_exist() | (MessageRow.expires_at <= clock.timestamp())
        tx.put(row, when=free, refusal=AlreadyQueued())
    return row.id


def _must_have_address(slug: str) -> None:
    """Kept settings are asked first, and those of this moment before it is refused."""
    if not known(slug).support.postal_address.strip() and not get(slug).support.postal_address.strip():
        raise NoPostalAddress


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
