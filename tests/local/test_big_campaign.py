"""A campaign to very many, and the power fails in the middle of it: each of them gets exactly one message.

The records are written straight into the tables. `make test` takes some hundred of them, PROVE=1 twenty thousand.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from infra.local.clients import client
from infra.local.environment import TABLE_PREFIX
from infra.local.folder import read_json
from tests.browser.running import Local, Shop, until
from tests.copies import copies, write

PEOPLE = 20_000 if os.environ.get("PROVE") == "1" else 300
CANARY = PEOPLE * 5 // 100
PATIENCE = 120 + PEOPLE / 4  # seconds
EVERY = 0.2 + PEOPLE / 10_000  # seconds between two looks, which cost the runtime something too

_DOMAIN = "@northwind.example"

pytestmark = pytest.mark.slow


def test_killed_in_the_middle_of_a_campaign_each_recipient_gets_one_message(tmp_path: Path) -> None:
    local, began = Local(tmp_path / "data").start(), time.monotonic()
    try:
        shop = Shop(local)
        addresses = clients(local, shop)
        tell(began, f"{PEOPLE:,} records are written")
        at = f"campaigns/{planned(shop)}"
        assert shop.call("GET", f"{at}/count")["total"] in (PEOPLE, None), "None: it ran out of time"
        shop.call("POST", f"{at}/schedule")
        until(lambda: shop.call("GET", at)["state"] == "holding", PATIENCE, EVERY)
        canary = int(run_of(shop, at)["done"])
        assert 0 < canary <= CANARY, "fewer, where the list was too long to be counted in time"
        until(lambda: arrived(local).total() == canary, PATIENCE, EVERY)
        tell(began, f"held: the canary of {canary:,} has gone")
        shop.call("POST", f"{at}/release")
        until(lambda: run_of(shop, at)["done"] >= PEOPLE * 2 // 5, PATIENCE, EVERY)
        local.kill()
        gone = arrived(local).total()
        tell(began, f"killed when {gone:,} were sent")
        assert CANARY <= gone < PEOPLE, "in the middle"
        local.start()
        until(lambda: shop.call("GET", at)["state"] == "done", PATIENCE, EVERY)
        tell(began, "all are queued")
        until(lambda: arrived(local).total() >= PEOPLE, PATIENCE, EVERY)
        tell(began, "all are sent")
        until(lambda: not _asked(local, "SELECT 1 FROM feedback LIMIT 1"), PATIENCE, EVERY)
        tell(began, "all that the provider tells of them is taken in")
        seen = arrived(local)
        assert set(seen) == addresses, "somebody got none, or somebody else got one"
        assert set(seen.values()) == {1}, "somebody got more than one"
        assert asked_twice(local) == 0, "a message was given to the provider again"
        run = run_of(shop, at)
        assert (run["done"], run["unchanged"], run["refused"], run["left"]) == (PEOPLE, 0, 0, 0)
    finally:
        local.stop()


def clients(local: Local, shop: Shop) -> set[str]:
    """One client made as clients are, and all the others after it; their addresses."""
    first = shop.call("POST", "accounts", {"name": "Northwind", "record_type": "client", "tags": ["review"]})
    shop.call("PATCH", f"accounts/{first['id']}", {"primary_emails": [_address(first["id"])]})
    database = client(read_json(local.folder / "endpoints.json")["AWS_ENDPOINT_URL_DYNAMODB"])
    table, key = f"{TABLE_PREFIX}-people", f"{shop.slug}#account#{first['id']}"
    item = database.get_item(TableName=table, Key={"pk": {"S": key}, "sk": {"S": "account"}})["Item"]
    others = list(islice(copies(item, first["id"]), PEOPLE - 1))
    write(database, table, iter(others))
    return {_address(each["pk"]["S"].rpartition("#")[2]) for each in (item, *others)}


def _address(account_id: str) -> str:
    return account_id.lower() + _DOMAIN


def planned(shop: Shop) -> str:
    """A campaign for all of them, with a canary; its id."""
    campaign = {
        "name": "Annual review", "filter": {"tag": "review"}, "do": {"action": "send-email", "message": "annual-review"},
        "when": {"when": "now"}, "canary": {"percent": 5, "hold_minutes": 60},
    }  # fmt: skip
    return str(shop.call("POST", "campaigns", campaign)["id"])


def run_of(shop: Shop, at: str) -> dict[str, Any]:
    """How far its only run has come."""
    (run,) = shop.call("GET", at)["runs"]
    return dict(run)


def arrived(local: Local) -> Counter[str]:
    """How many of its messages the provider took for each address. Counted in an index, for the mails are long."""
    counted = "SELECT lower(recipient), count(*) FROM messages GROUP BY lower(recipient)"
    return Counter({to: count for to, count in _asked(local, counted) if to.endswith(_DOMAIN)})


def asked_twice(local: Local) -> int:
    """How often the provider was given a message that it had already."""
    return int(_asked(local, "SELECT count(*) FROM repeated")[0][0])


def _asked(local: Local, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(local.folder / "outbox.db", timeout=10)) as outbox:
        return outbox.execute(query).fetchall()


def tell(began: float, what: str) -> None:
    """For whoever runs it with -s."""
    print(f"  after {time.monotonic() - began:6.1f} s: {what}", flush=True)
