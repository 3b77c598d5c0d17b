"""Every AWS call of the worker goes wrong in every way. Then the world heals, and what was promised must hold.

Promised: no message is accepted twice; none is lost: it was accepted, or staff see that nobody knows; and a message
that was certainly never accepted is sent in the end.
"""

from __future__ import annotations

import contextlib

import pytest

from chalicelib import portals
from chalicelib.messaging import wordings
from chalicelib.messaging.deliver import worked
from chalicelib.messaging.models import MessageRow
from chalicelib.security import keys
from tests.messaging.samples import put, put_code, row
from tests.mishaps import KINDS, Killed, Mishap, Mishaps
from tests.world import World

_CALLS = 14  # more than a delivery makes; each run says how many it made


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("sticky", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mishap_at_every_call_of_the_worker(
    world: World, mishaps: Mishaps, kind: str, sticky: bool, channel: str
) -> None:
    portal = world.portal()
    befallen: dict[str, str] = {}
    for at in range(_CALLS):
        identifier = put_code(portal, channel, not_after=None) if channel == "sms" else put(portal)
        calls = _work(world, mishaps, Mishap(kind, at, sticky))
        if at >= len(calls):
            break
        befallen[identifier] = calls[at]
    assert len(befallen) >= 6
    _heal(world)
    for identifier, call in befallen.items():
        _check(world, row(portal, identifier), f"{kind} at {call}", call)


def _work(world: World, mishaps: Mishaps, mishap: Mishap) -> list[str]:
    """One invocation of the worker on a cold process, from the queue, with something going wrong."""
    world.relay()
    keys.forget()
    portals.forget_kept()
    wordings.forget_kept()
    queue = world.cloud.urgent if world.cloud.urgent.waiting else world.cloud.bulk
    records = [{"messageId": each["MessageId"], "body": each["Body"]} for each in queue.receive()]
    with contextlib.suppress(Killed), mishaps.planned(mishap):
        failed = worked(records)
        for record in records:
            if record["messageId"] not in failed:
                queue.delete(record["messageId"])
    return list(mishaps.calls)


def _heal(world: World) -> None:
    """An hour and a half with no further trouble: queues bring back what failed, sweeps come and go."""
    for minutes in (4, 4, 4, 10, 20, 70):
        world.clock.advance(minutes=minutes)
        world.tick()
        world.drain()


def _check(world: World, message: MessageRow, what: str, call: str) -> None:
    accepted = [sent for sent in world.inbox if sent.tags["message"] == message.id]
    assert len(accepted) <= 1, f"{what}: sent twice"
    if message.status == "unknown":
        assert message.needs_attention, f"{what}: nobody is told"
        assert not accepted or message.channel == "sms", f"{what}: feedback was not believed"
        return
    assert message.status in ("sent", "delivered"), f"{what}: ended {message.status} {message.reason}"
    assert len(accepted) == 1, f"{what}: said to be sent, but was not"
    assert message.provider_id == accepted[0].provider_id


@pytest.mark.parametrize("kind", ["fail", "throttle"])
def test_what_the_provider_surely_did_not_take_is_sent_in_the_end(world: World, mishaps: Mishaps, kind: str) -> None:
    portal = world.portal()
    identifier = put(portal)
    _work(world, mishaps, Mishap(kind, "sesv2.SendEmail"))
    assert row(portal, identifier).status == "queued"
    _heal(world)
    assert row(portal, identifier).status == "delivered"
    assert len(world.inbox) == 1


@pytest.mark.parametrize("sticky", [False, True])
@pytest.mark.parametrize("kind", ["fail", "lost", "throttle"])
def test_a_claim_of_which_we_heard_nothing_is_known_again_or_taken_back(
    world: World, mishaps: Mishaps, kind: str, sticky: bool
) -> None:
    portal = world.portal()
    identifier = put(portal)
    _work(world, mishaps, Mishap(kind, "dynamodb.UpdateItem", sticky))
    assert row(portal, identifier).status == ("queued" if sticky else "sent")
    _heal(world)
    assert row(portal, identifier).status == "delivered"
    assert len(world.inbox) == 1
