"""Telling staff that a client changed the record: one mail a day and account, however much was changed."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from .. import clock, facts
from ..facts import Act
from ..messaging.queue import queue
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Transaction

TEMPLATE: Final = "record-changed"


def addresses(portal: Portal, account: Account) -> list[str]:
    """Who is told: the account's agent, or whoever the portal notifies where it has none."""
    if not portal.notifications.record_changed:
        return []
    agent = (account.assigned_agent,) if account.assigned_agent else ()
    return list(dict.fromkeys(agent or portal.notifications.staff_emails))


def tell(tx: Transaction, act: Act, portal: Portal, account: Account, told: list[str]) -> None:
    """Add the day's mail to the transaction. Refused with AlreadyQueued where it was sent already.

    The day is the portal's own.
    """
    day = clock.now().astimezone(ZoneInfo(portal.time_zone)).date().isoformat()
    for address in told:
        queue(
            tx, act, template=TEMPLATE, channel="email", to=address, about=facts.subject("account", account.id),
            context={"account_id": account.id, "account_name": account.name, "day": day},
            once=f"{TEMPLATE}/{account.id}/{day}/{address}",
        )  # fmt: skip
