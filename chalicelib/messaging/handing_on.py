"""Handing messages on to SQS: ids only, urgent ones to a queue of their own."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .. import queues
from ..config import settings


class Handing(Struct, frozen=True):
    """A message on its way to a queue; `mark` is how the caller knows it again."""

    portal: str
    id: str
    urgent: bool
    mark: str = ""


def hand_on(messages: Sequence[Handing]) -> list[Handing]:
    """Send each to its queue, and give back those that SQS did not take."""
    failed: list[Handing] = []
    for urgent, url in ((True, settings.urgent_queue_url), (False, settings.bulk_queue_url)):
        some = [message for message in messages if message.urgent is urgent]
        bodies = [{"portal": message.portal, "id": message.id} for message in some]
        failed += [some[place] for place in queues.send(url, bodies, "messages not handed on")]
    return failed
