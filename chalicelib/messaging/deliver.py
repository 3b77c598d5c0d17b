"""The worker: one queued message, sent once.

What can go wrong, and what then happens, is the whole of it. Before the claim, anything may be repeated. Between claim
and answer nothing may: if the worker dies there, or the provider stays silent, the message is `unknown` until feedback
tells. Where the provider surely refused, it is tried again or has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import msgspec

from .. import log, storage
from ..errors import Unavailable
from . import gates, opt_outs, pacing, progress, providers
from .addresses import NotAnAddress
from .compose import Email, Sms, compose
from .models import MessageRow, message_key
from .statuses import Status

_STOPPED = ("provider:OptedOut", "provider:OptedOutException")


class TryAgain(Exception):
    """The provider refuses for the time being: the queue shall bring this message again."""


class Handed(msgspec.Struct, frozen=True):
    """What travels through the queues."""

    portal: str
    id: str


def worked(
    records: Iterable[dict[str, Any]], work: Callable[[str, str], None] | None = None, *, rate: int = 0
) -> list[str]:
    """Do each SQS record by itself, at most `rate` a second (0: any), and name those that are to come again."""
    failed, records = [], list(records)
    if rate and not _may_go(records, rate):
        return [record["messageId"] for record in records]
    for record in records:
        try:
            handed = msgspec.json.decode(record["body"], type=Handed)
            (work or deliver)(handed.portal, handed.id)
        except TryAgain:
            failed.append(record["messageId"])
        except Exception as error:  # noqa: BLE001 - one poisoned message must not hold up the other nine
            log.failure("message not delivered", error)
            failed.append(record["messageId"])
    return failed


def _may_go(records: list[dict[str, Any]], rate: int) -> bool:
    """Wait for the batch's turn; False where that is too far off, or cannot be told."""
    try:
        wait = pacing.turn(len(records) - _settled(records), rate)
    except Unavailable as error:
        log.failure("messages not paced", error, count=len(records))
        return False
    if wait:
        storage.pause(wait)
    return wait is not None


def _settled(records: list[dict[str, Any]]) -> int:
    """How many of a batch are surely sent or stopped already: a queue brings copies, and they take no turn."""
    keys = set()
    for record in records:
        with suppress(msgspec.MsgspecError):
            handed = msgspec.json.decode(record["body"], type=Handed)
            keys.add(message_key(handed.portal, handed.id))
    rows = storage.guarded(lambda: list(MessageRow.batch_get(keys)))
    over = {row.pk for row in rows if row.status != Status.QUEUED.value}
    return len(over) + len(records) - len(keys)


def deliver(portal: str, identifier: str) -> None:
    """Send this message if it is still to be sent. Raises TryAgain, or Unavailable before anything was sent.

    Unavailable it is, too, while the key that a code is made with is not known here: the queue brings the message again.
    """
    row = MessageRow.find(message_key(portal, identifier))
    if row is None or row.status != Status.QUEUED.value:
        return
    try:
        message = _composed(row)
    except gates.Stopped as stop:
        progress.settle(row, stop.status, stop.reason)
        return
    except gates.PutOff as delay:  # its queue message is done with: the sweep hands it on again at that moment
        progress.hold(row, delay.until, delay.reason)
        return
    if progress.claim(row, wording_version=message.wording_version):
        _send(row, message)


def _composed(row: MessageRow) -> Email | Sms:
    portal = gates.passed(row)
    try:
        message = compose(row, portal)
    except (ValueError, LookupError, NotAnAddress) as error:
        log.failure(
            "message not composed", error, portal=row.portal, subject=f"message:{row.id}", template=row.template
        )
        raise gates.Stopped(Status.FAILED, "cannot-compose") from error
    if isinstance(message, Sms):
        gates.pay(row, portal, message.text)
    return message


def _send(row: MessageRow, message: Email | Sms) -> None:
    """The one call that must not be repeated, and what is noted of its outcome."""
    told = {"portal": row.portal, "subject": f"message:{row.id}", "channel": row.channel, "template": row.template}
    try:
        provider_id = providers.send(row, message)
    except providers.OutcomeUnknown as silence:
        log.warning("message outcome unknown", reason=silence.reason, **told)
        progress.lost_sight(row, silence.reason)
        return
    except providers.NotAccepted as refusal:
        log.warning("message not accepted", reason=refusal.reason, attempt=int(row.attempts), **told)
        if refusal.for_good:
            progress.refused(row, refusal.reason)
            if refusal.reason in _STOPPED:
                opt_outs.ask_soon()
            return
        progress.hand_back(row, refusal.reason)
        raise TryAgain from refusal
    progress.accepted(row, provider_id)
    log.info("message sent", **told)
