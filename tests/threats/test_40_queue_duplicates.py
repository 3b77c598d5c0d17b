"""Threat 40. SQS duplicates: each message of a busy hour ten times, at the same time, shuffled → each sent once.

The same for what workflows react to: each is acted on once, by the claim of whoever acts.
"""

from __future__ import annotations

import json
import random
from collections import Counter

from chalicelib.messaging.deliver import worked
from tests.browsing import Browser, at_once
from tests.factories import ask_code, make_client, make_portal, sign_in
from tests.jobs.test_reactions import (
    test_threat_40_a_stream_batch_that_comes_ten_times_asks_for_nothing_more,
    test_threat_40_of_ten_concurrent_shuffled_copies_of_each_reaction_one_mail_comes,
)
from tests.messaging.test_queues import (
    test_threat_40_copies_of_one_text_message,
    test_threat_40_ten_concurrent_shuffled_copies_of_each_message_send_one,
)
from tests.world import World

__all__ = [
    "test_threat_40_a_stream_batch_that_comes_ten_times_asks_for_nothing_more",
    "test_threat_40_copies_of_one_text_message",
    "test_threat_40_of_ten_concurrent_shuffled_copies_of_each_reaction_one_mail_comes",
    "test_threat_40_ten_concurrent_shuffled_copies_of_each_message_send_one",
]


def test_of_ten_copies_of_notifications_codes_and_answers_one_is_sent(world: World) -> None:
    portal = make_portal(world, notifications={"staff_emails": ["one@acme.example", "two@acme.example"]})
    clients = [make_client(world, portal) for _ in range(4)]
    browsers = [Browser(f"198.51.100.{number + 1}") for number in range(4)]
    for browser, client in zip(browsers, clients, strict=True):
        sign_in(world, browser, client)
    for number, (browser, client) in enumerate(zip(browsers, clients, strict=True)):
        browser.open(client.batch_path)
        browser.fill(answer="changes", comment="Less.")
        ask_code(Browser(f"198.51.101.{number + 1}"), client, by="sms")
        make_client(world, portal)
    before = len(world.inbox)
    world.relay()
    queues = (world.cloud.urgent, world.cloud.bulk)
    bodies = [each.body for queue in queues for each in queue.waiting]
    copies = [body for body in bodies for _ in range(10)]
    random.Random(40).shuffle(copies)
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(copies)]
    parts = [records[start : start + 10] for start in range(0, len(records), 10)]

    failed = at_once([lambda part=part: worked(part) for part in parts], threads=8)  # type: ignore[misc]

    assert failed == [[]] * len(parts)
    world.cloud.urgent.clear()
    world.cloud.bulk.clear()
    world.drain()
    counted = Counter(sent.tags["message"] for sent in world.inbox[before:])
    assert set(counted) == {json.loads(body)["id"] for body in bodies}
    assert set(counted.values()) == {1}
    assert len(bodies) == 4 * (2 + 1 + 1)
