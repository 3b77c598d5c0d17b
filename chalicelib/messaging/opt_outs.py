"""Once an hour: who has answered STOP to a text message, and who START again. SNS tells nobody; it has to be asked.

What was known is kept in sixteen rows by the first digit of the numbers' keys, so that an hour in which nothing is new costs
a list and sixteen reads. SNS itself sends such a number nothing meanwhile; where it refuses to, it is asked within a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from .. import aws, clock, log
from ..errors import Unavailable
from ..facts import Act
from . import addresses, suppression
from .models import OptOutsRow

EVERY_SECONDS: Final = 3600
_AT_ONCE: Final = 200  # changes in one tick, each a transaction; the rest follows in the next
_DIGITS: Final = "0123456789abcdef"
_ROW: Final = f"{suppression.EVERYWHERE}#opt-outs"


def take_in_opt_outs() -> int:
    """Ask, if it is time to, and give how many numbers were stopped or freed. Safe to run twice, or late."""
    now = clock.timestamp()
    lease = OptOutsRow.find(_ROW)
    if lease is not None and int(lease.ask_at or 0) > now:
        return 0
    free = OptOutsRow.ask_at.does_not_exist() | (OptOutsRow.ask_at <= now)
    if not OptOutsRow(_ROW).change(OptOutsRow.ask_at.set(now + EVERY_SECONDS), when=free):
        return 0
    done, is_all = _compared()
    if not is_all:
        OptOutsRow(_ROW).change(OptOutsRow.ask_at.set(now))
    if done:
        log.info("opt-outs taken in", count=done)
    return done


def ask_soon() -> None:
    """Let the next tick ask: a text message was refused because of a STOP that we have not heard of."""
    with suppress(Unavailable):
        OptOutsRow(_ROW).change(OptOutsRow.ask_at.set(0))


def _compared() -> tuple[int, bool]:
    """How many numbers changed, and whether these were all."""
    act, room = Act(suppression.EVERYWHERE, "system:opt-outs"), _AT_ONCE
    listed = {addresses.key(suppression.EVERYWHERE, "sms", number): number for number in _opted_out()}
    for digit in _DIGITS:
        row = OptOutsRow.find(f"{_ROW}#{digit}")
        known = set(row.keys or ()) if row else set()
        here = {key for key in listed if key[0] == digit}
        came, went = sorted(here - known)[:room], sorted(known - here)
        went = went[: room - len(came)]
        for key in came:
            suppression.suppress(act, "sms", listed[key], suppression.OPTED_OUT, key=key)
        for key in went:
            suppression.opted_in(act, key)
        if came or went:
            keys = tuple(sorted((known | set(came)) - set(went)))
            OptOutsRow(f"{_ROW}#{digit}").change(OptOutsRow.keys.set(keys))
        room -= len(came) + len(went)
        if room <= 0:
            return _AT_ONCE, False
    return _AT_ONCE - room, True


def _opted_out() -> Iterator[str]:
    """The numbers whose owners answered STOP, in E.164, page by page. Raises Unavailable."""
    page: dict[str, str] = {}
    while True:
        try:
            answer = aws.client("sns").list_phone_numbers_opted_out(**page)
        except (aws.ClientError, aws.BotoCoreError) as error:
            raise Unavailable from error
        yield from (str(number) for number in answer.get("phoneNumbers", []))
        if not answer.get("nextToken"):
            return
        page = {"nextToken": answer["nextToken"]}
