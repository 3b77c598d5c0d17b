"""From the facts' stream to the queue `reactions`: the accounts that workflows must look at again, by id and no more.

Imports neither PynamoDB nor the tables, like the relay of messages. Of many facts about one account in a batch one message
is made: whoever gets it reads the account as it is then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .. import log, queues
from ..config import settings
from .reactions import concerns

_SUBJECT = "account:"


def relay(records: Iterable[dict[str, Any]]) -> list[str]:
    """Hand on the accounts among the stream's records, and name (by sequence number) the facts to bring again.

    Nothing but the stream brings a fact again, so what SQS did not take is asked for until it does. A fact that cannot be
    read would block what comes after it, and no later look would read it: it is logged and passed over.
    """
    first: dict[tuple[str, str], str] = {}
    for record in records:
        if account := _account(record):
            first.setdefault(account, record["dynamodb"]["SequenceNumber"])
    marks = list(first.values())
    bodies = [{"portal": portal, "account": account} for portal, account in first]
    return [marks[number] for number in queues.send(settings.reactions_queue_url, bodies, "accounts not handed on")]


def _account(record: dict[str, Any]) -> tuple[str, str] | None:
    """The portal and the account that a fact is about, if workflows look at such facts."""
    try:
        image = record["dynamodb"].get("NewImage", {})
        if record["eventName"] != "INSERT" or not image["subject"]["S"].startswith(_SUBJECT):
            return None
        changed = json.loads(image.get("changes", {}).get("S", "{}"))
        if concerns(image["kind"]["S"], changed):
            return image["portal"]["S"], image["subject"]["S"].removeprefix(_SUBJECT)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        log.failure("fact not readable", error)
    return None
