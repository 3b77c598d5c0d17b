"""Queues deliver twice, late, in any order, or not at all. Messages go out once all the same."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import agenda
from chalicelib.messaging import reading, sweep
from chalicelib.messaging.deliver import worked
from chalicelib.messaging.models import MessageRow
from tests.messaging.samples import TO, put, put_code, row
from tests.world import MovableClock, World


def test_threat_40_ten_concurrent_shuffled_copies_of_each_message_send_one(world: World) -> None:
    portal = world.portal()
    ids = [put(portal, to=f"client-{number}@example.com") for number in range(12)]
    world.relay()
    copies = [{"portal": portal.slug, "id": each} for each in ids for _ in range(10)]
    random.Random(7).shuffle(copies)
    batches = [copies[start : start + 10] for start in range(0, len(copies), 10)]
    with ThreadPoolExecutor(8) as workers:
        failures = list(workers.map(lambda batch: worked(_records(batch)), batches))
    world.cloud.bulk.clear()
    assert failures == [[]] * 12
    world.drain()
    assert sorted(sent.tags["message"] for sent in world.inbox) == sorted(ids)
    assert {row(portal, each).attempts for each in ids} == {1}


def test_threat_40_copies_of_one_text_message(world: World) -> None:
    portal = world.portal()
    identifier = put_code(portal, "sms")
    with ThreadPoolExecutor(10) as workers:
        list(workers.map(lambda _: worked(_records([{"portal": portal.slug, "id": identifier}])), range(10)))
    assert len(world.inbox) == 1


def test_threat_41_one_poisoned_message_in_ten(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    ids = [put(portal, to=f"client-{number}@example.com") for number in range(10)]
    poisoned = row(portal, ids[3])
    good = poisoned.serialize(null_check=False)["context"]["S"]
    _set_context(poisoned, "{not json")
    for _ in range(6):
        world.drain()
        moment.advance(minutes=3, seconds=1)
    world.drain()
    assert sorted(sent.tags["message"] for sent in world.inbox) == sorted(set(ids) - {ids[3]})
    assert [json.loads(dead.body)["id"] for dead in world.cloud.bulk.dead] == [ids[3]]
    assert world.cloud.bulk.waiting == []
    _set_context(poisoned, good)
    world.cloud.bulk.redrive()
    world.drain()
    assert len(world.inbox) == 10
    assert reading.get(portal.slug, ids[3]).status == "delivered"


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"portal": 1, "id": 2}', '{"portal": "acme"}'])
def test_a_queue_message_that_is_none_goes_to_the_dead_letters(world: World, moment: MovableClock, body: str) -> None:
    world.cloud.urgent.send(body)
    for _ in range(7):
        world.drain()
        moment.advance(minutes=4)
    assert len(world.cloud.urgent.dead) == 1


def test_a_message_that_does_not_exist_is_let_go(world: World) -> None:
    world.cloud.urgent.send(json.dumps({"portal": "acme", "id": "0" * 32}))
    world.drain()
    assert world.cloud.urgent.waiting == []


@pytest.mark.parametrize(("urgent", "seconds"), [(True, 60), (False, 300)])
def test_a_lost_queue_message_is_handed_on_again_by_the_sweep(
    world: World, moment: MovableClock, urgent: bool, seconds: int
) -> None:
    portal = world.portal()
    identifier = put(portal, urgent=urgent)
    world.relay()
    world.cloud.urgent.clear()
    world.cloud.bulk.clear()
    moment.advance(seconds - 1)
    world.tick()
    assert world.cloud.urgent.waiting + world.cloud.bulk.waiting == []
    moment.advance(1)
    world.tick()
    world.tick()
    assert len(world.cloud.urgent.waiting) == (1 if urgent else 0)
    world.drain()
    assert reading.get(portal.slug, identifier).status == "delivered"
    assert len(world.sent_to(TO)) == 1


def test_a_sweep_does_not_flood_a_slow_queue(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    put(portal)
    world.relay()
    for _ in range(24):
        moment.advance(minutes=5)
        world.tick()
    mine = [message for message in world.cloud.bulk.waiting if portal.slug in message.body]
    assert len(mine) <= 7
    world.drain()
    assert len(world.sent_to(TO)) == 1


def test_two_sweeps_at_once_hand_a_message_on_once(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    put(portal)
    world.lose_stream()
    moment.advance(minutes=6)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: sweep.sweep(agenda.MESSAGES.due()), range(4)))
    assert len([message for message in world.cloud.bulk.waiting if portal.slug in message.body]) == 1


def test_a_dead_workers_message_becomes_unknown_and_after_an_hour_staff_see_it(
    world: World, moment: MovableClock
) -> None:
    portal = world.portal()
    identifier = _claimed(world, portal)
    world.drain()
    moment.advance(seconds=119)
    world.tick()
    assert reading.get(portal.slug, identifier).status == "sending"
    moment.advance(seconds=1)
    world.tick()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason, told.needs_attention) == ("unknown", "worker-died", False)
    assert reading.listed(portal.slug, status="needs_attention").items == []
    moment.advance(minutes=61)
    world.tick()
    world.drain()
    assert [message.id for message in reading.listed(portal.slug, status="needs_attention").items] == [identifier]
    assert [m.id for m in reading.listed(portal.slug, about="batch:1", status="needs_attention").items] == [identifier]
    assert world.inbox == []


def test_on_evidence_that_it_was_never_taken_a_message_is_released(world: World) -> None:
    portal = world.portal()
    identifier = _claimed(world, portal)
    assert sweep.release(portal.slug, identifier)
    world.tick()
    world.drain()
    assert reading.get(portal.slug, identifier).status == "delivered"
    assert not sweep.release(portal.slug, identifier)
    assert len(world.inbox) == 1


def test_on_evidence_that_it_was_taken_a_message_is_confirmed(world: World) -> None:
    portal = world.portal()
    identifier = _claimed(world, portal)
    assert sweep.confirm(portal.slug, identifier, "provider-1")
    assert not sweep.confirm(portal.slug, identifier, "provider-2")
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.provider_id, told.needs_attention) == ("sent", "provider-1", False)
    assert row(portal, identifier).unsent_shard is None
    assert not sweep.release(portal.slug, identifier)


def test_a_message_that_nobody_takes_for_a_day_is_given_up(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    identifier = put(portal)
    world.cloud.provider.refuse = lambda _to: (429, "TooManyRequestsException")
    for _ in range(9):
        world.drain()
        moment.advance(hours=3)
        world.tick()
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("failed", "gave-up")
    assert row(portal, identifier).unsent_shard is None


def _records(handed: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"messageId": str(number), "body": json.dumps(each)} for number, each in enumerate(handed)]


def _claimed(world: World, portal: object) -> str:
    """A message whose worker died right after claiming it."""
    from chalicelib.messaging import progress

    identifier = put(portal)  # type: ignore[arg-type]
    assert progress.claim(row(portal, identifier))  # type: ignore[arg-type]
    return identifier


def _set_context(message: MessageRow, raw: str) -> None:
    from chalicelib import storage

    storage.client().update_item(
        TableName=MessageRow.Meta.table_name,
        Key={"pk": {"S": message.pk}},
        UpdateExpression="SET #c = :c",
        ExpressionAttributeNames={"#c": "context"},
        ExpressionAttributeValues={":c": {"S": raw}},
    )
