"""Bulk mail leaves no faster than the mail account may send, whoever sends it; codes are never held back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import storage
from chalicelib.messaging import pacing, reading
from chalicelib.messaging.deliver import worked
from tests.messaging.samples import TO, put, row
from tests.mishaps import Mishap, Mishaps
from tests.tracing import traced, writes
from tests.world import MovableClock, World


def test_batches_take_turns(world: World) -> None:
    assert [pacing.turn(10, 14) for _ in range(4)] == [0, 0.714, 1.428, 2.142]


def test_a_turn_that_is_far_off_is_none_and_takes_nothing(world: World, moment: MovableClock) -> None:
    turns = [pacing.turn(10, 1) for _ in range(6)]
    assert turns == [0, 10, None, None, None, None]
    moment.advance(seconds=20)
    assert pacing.turn(10, 1) == 0


def test_parallel_workers_share_one_pace(world: World) -> None:
    with ThreadPoolExecutor(8) as workers:
        turns = [turn for turn in workers.map(lambda _: pacing.turn(10, 20), range(40)) if turn is not None]
    assert sorted(turns) == [n / 2 for n in range(len(turns))] and len(turns) >= 8, "ten messages each half second"


def test_a_turn_is_one_update_a_batch(world: World) -> None:
    pacing.turn(10, 14)
    with traced() as calls:
        pacing.turn(10, 14)
    assert [call.name for call in calls] == ["dynamodb.UpdateItem"]
    with traced() as calls:
        assert pacing.turn(10, 0) == 0
    assert calls == [], "no rate, no counter"


def test_a_worker_waits_for_a_near_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(storage, "pause", waited.append)
    portal = world.portal()
    for number in range(3):
        records = _records(portal.slug, [put(portal, to=f"client-{number}@example.com")])
        assert worked(records, rate=4) == []
    assert waited == [0.25, 0.5]
    assert len(world.inbox) == 3


def test_over_the_pace_the_batch_goes_back_and_its_rows_are_not_touched(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    identifier = put(portal)
    before = row(portal, identifier).serialize()
    while pacing.turn(10, 1) is not None:
        pass
    with traced() as calls:
        assert worked(_records(portal.slug, [identifier]), rate=1) == ["0"]
    assert row(portal, identifier).serialize() == before and world.inbox == []
    assert {table for call in writes(calls) for table in call.tables} == {"latchstring-tests-tokens"}
    moment.advance(seconds=30)
    assert worked(_records(portal.slug, [identifier]), rate=1) == []
    assert len(world.sent_to(TO)) == 1


def test_copies_of_what_was_sent_take_no_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(storage, "pause", waited.append)
    portal = world.portal()
    sent = put(portal)
    world.drain()
    assert worked(_records(portal.slug, [sent] * 10), rate=1) == []
    assert pacing.turn(1, 1) == 0, "nobody has taken one"
    fresh = put(portal, to="other@client.example")
    assert worked(_records(portal.slug, [sent, fresh, fresh]), rate=1) == []
    assert (waited, pacing.turn(1, 1)) == ([1], 2), "one message, one second"


def test_while_bulk_waits_for_its_turn_the_sweep_adds_no_copies_to_its_queue(
    world: World, moment: MovableClock
) -> None:
    portal = world.portal()
    waits, code = put(portal), put(portal, urgent=True, to="other@client.example")
    world.lose_stream()
    moment.advance(minutes=6)
    while pacing.turn(10, 1) is not None:
        pass
    assert pacing.is_behind()
    world.tick()
    assert [portal.slug in message.body for message in world.cloud.bulk.waiting] == []
    assert [json.loads(message.body)["id"] for message in world.cloud.urgent.waiting] == [code]
    moment.advance(minutes=3)
    world.tick()
    assert [json.loads(message.body)["id"] for message in world.cloud.bulk.waiting] == [waits], "nothing is lost for it"


def test_threat_44_a_pace_that_cannot_be_told_sends_nothing(world: World, mishaps: Mishaps) -> None:
    portal = world.portal()
    identifier = put(portal)
    with mishaps.planned(Mishap("fail", "dynamodb.UpdateItem", sticky=True)):
        assert worked(_records(portal.slug, [identifier]), rate=14) == ["0"]
    assert (world.inbox, reading.get(portal.slug, identifier).status) == ([], "queued")


def _records(portal: str, identifiers: list[str]) -> list[dict[str, str]]:
    return [
        {"messageId": str(number), "body": json.dumps({"portal": portal, "id": each})}
        for number, each in enumerate(identifiers)
    ]
