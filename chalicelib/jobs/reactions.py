"""What travels through the queue `reactions`, and who is called for it. Ids only: whoever is called reads what is so now.

What does the work is loaded when its first message comes: an account that changed must not wait for what jobs need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, get_args

import msgspec

from .. import log, queues
from ..config import settings
from ..errors import Refusal
from . import doers


class AccountChanged(msgspec.Struct, frozen=True):
    """Workflows must look at this account again. The relay of facts sends it."""

    portal: str
    account: str


class ShardDue(msgspec.Struct, frozen=True):
    """Something is due in this part of the index. The tick sends it."""

    shard: Annotated[int, msgspec.Meta(ge=0)]


class JobWaiting(msgspec.Struct, frozen=True):
    """A job over many accounts is to be gone on with."""

    portal: str
    job: str


Reaction = AccountChanged | ShardDue | JobWaiting


class Unknown(ValueError):
    """What the queue brought is none of the shapes."""


def send(reactions: Sequence[Reaction]) -> list[Reaction]:
    """Send each to the queue, and give back those that SQS did not take."""
    bodies = [msgspec.structs.asdict(reaction) for reaction in reactions]
    return [reactions[place] for place in queues.send(settings.reactions_queue_url, bodies, "reactions not sent")]


def worked(records: Iterable[dict[str, Any]]) -> list[str]:
    """Do each SQS record by itself, and name those that are to come again."""
    failed = []
    for record in records:
        try:
            _do(_read(record["body"]))
        except Refusal as refusal:
            log.warning("reaction put off", refusal=refusal.code)
            failed.append(record["messageId"])
        except Exception as error:  # noqa: BLE001 - one poisoned message must not hold up the other nine
            log.failure("reaction failed", error)
            failed.append(record["messageId"])
    return failed


def _read(body: str) -> Reaction:
    given = msgspec.json.decode(body, type=dict[str, Any])
    for shape in get_args(Reaction):
        if given.keys() == set(shape.__struct_fields__):
            return msgspec.convert(given, shape)
    raise Unknown


def _do(reaction: Reaction) -> None:
    doers.named(doers.REACTIONS[type(reaction).__name__])(*msgspec.structs.astuple(reaction))
