"""The runtime is killed at any moment and started again: nothing that was queued is lost, nothing is sent twice."""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from infra.local.demo import Api, ApiFault
from tests.browser.running import Local, Shop, until

ROUNDS = 12 if os.environ.get("PROVE") == "1" else 2
AT_ONCE, EACH = 3, 8

pytestmark = pytest.mark.slow


def test_killed_while_messages_are_on_their_way_each_arrives_once(tmp_path: Path) -> None:
    chance = random.Random("kill")
    local = Local(tmp_path / "data").start()
    try:
        shop = Shop(local)
        surely, maybe = Counter[str](), Counter[str]()
        for number in range(ROUNDS):
            done, unknown = under_way(local, shop, number, chance.uniform(0.02, 0.6))
            surely.update(done)
            maybe.update(unknown)
            local.start()
        until(lambda: not_arrived(local, shop, surely) == set(), 30)
        settled(local, shop)
        arrived = Counter(each["subject"].split(" is ready")[0] for each in local.inbox(shop.email))
        assert set(arrived.values()) == {1}, "something was sent twice"
        assert set(surely) <= set(arrived), "something was lost"
        assert set(arrived) <= set(surely) | set(maybe)
        assert len(surely) >= ROUNDS
    finally:
        local.stop()


def under_way(local: Local, shop: Shop, number: int, moment: float) -> tuple[set[str], set[str]]:
    """Batches placed in review by several at once, until the power fails; which surely were, and which may have been."""
    done: set[str] = set()
    unknown: set[str] = set()
    refused: list[str] = []
    first = threading.Event()

    def place(api: Api, worker: int) -> None:
        for each in range(EACH):
            title = f"Batch-{number}-{worker}-{each}"
            body = {
                "account_id": shop.account["id"], "renewal_contact_id": shop.contact["id"], "title": title,
                "status": "client_review", "open_to_portal": True,
            }  # fmt: skip
            try:
                api.create(f"/api/v1/portals/{shop.slug}/batches", body, f"{title}-{shop.slug}")
                done.add(title)
            except (OSError, http.client.HTTPException, ApiFault) as error:  # whatever a dying server does
                if ": 4" in str(error):
                    refused.append(str(error))
                unknown.add(title)
                return
            finally:
                first.set()

    api = local.api
    threads = [threading.Thread(target=place, args=(api, worker)) for worker in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    first.wait(20)
    time.sleep(moment)  # the moment is the test
    local.kill()
    for thread in threads:
        thread.join()
    assert refused == []
    return done, unknown


def not_arrived(local: Local, shop: Shop, surely: Counter[str]) -> set[str]:
    arrived = {each["subject"].split(" is ready")[0] for each in local.inbox(shop.email)}
    return set(surely) - arrived


def settled(local: Local, shop: Shop) -> None:
    """Until the delivery log has no message that is still on its way."""
    until(
        lambda: all(
            line["status"] in ("sent", "delivered")
            for line in local.api.call("GET", f"/api/v1/portals/{shop.slug}/messages?limit=100")["items"]
        ),
        30,
    )
