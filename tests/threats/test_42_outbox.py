"""Threat 42. Outbox: killed at every point from the API's call to the provider → what was committed is sent exactly
once in the end, what was rolled back never.

The worker alone, in every way and on both channels, is in tests/messaging/test_crashes.py.
"""

from __future__ import annotations

import contextlib

import pytest

from chalicelib.messaging import reading
from chalicelib.selfservice import batches
from tests.factories import Client, make_client, make_machine, make_portal
from tests.faults.journey import cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.world import World


@pytest.mark.parametrize("kind", ["kill", "killed", "lost", "fail", "throttle"])
def test_from_the_call_to_the_provider(world: World, mishaps: Mishaps, kind: str) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    clients: list[tuple[str, Client]] = []
    at = 0
    while True:
        account_client = draft(world, portal)
        cold()
        with contextlib.suppress(Killed), mishaps.planned(Mishap(kind, at, sticky=kind in ("fail", "throttle"))):
            machine.ask("PATCH", f"batches/{account_client.batch.id}", {"status": "client_review"})
            world.relay()
            world.work(world.cloud.bulk)
        if at >= len(mishaps.calls):
            break
        clients.append((f"{kind} at {at} {mishaps.calls[at]}", account_client))
        at += 1
    assert at >= 12
    heal(world)
    for what, client in clients:
        held = batches.get(client.slug, client.batch.id)
        rows = reading.listed(client.slug, about=f"batch:{client.batch.id}").items
        sent = [each for each in world.inbox if each.tags["message"] in {row.id for row in rows}]
        is_committed = held.status == "client_review"
        assert len(rows) == is_committed == held.placed_in_review, what
        if rows and rows[0].status == "unknown":
            assert rows[0].needs_attention and not sent and kind in ("kill", "killed", "lost"), what
        else:
            assert len(sent) == is_committed, what
            assert all(row.status == "delivered" for row in rows), what


def draft(world: World, portal: object) -> Client:
    from tests.factories import make_account, make_batch, make_contact

    account = make_account(portal)  # type: ignore[arg-type]
    contact = make_contact(portal, account)  # type: ignore[arg-type]
    return Client(portal, account, contact, make_batch(portal, contact, status="draft"))  # type: ignore[arg-type]


def heal(world: World) -> None:
    """An hour and a half without further trouble."""
    for minutes in (4, 4, 4, 10, 20, 70):
        world.clock.advance(minutes=minutes)
        world.tick()
        world.drain()


__all__ = ["make_client"]
