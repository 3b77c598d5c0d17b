"""The JSON API's main calls: AWS calls, units and CPU of each."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from bench.sign_in import Stopwatch
from tests.factories import make_account, make_client, make_contact, make_machine, make_portal

ROUNDS = 15


def run(world: Any) -> None:
    """Print the table."""
    watch = Stopwatch()
    portal = make_portal(world)
    machine = make_machine(portal)
    account = make_account(portal)
    contact = make_contact(portal, account)
    client = make_client(world, portal)
    numbers = iter(range(10_000))
    details = {"first_name": "Maria", "last_name": "Nuñez", "emails": ["maria@northwind.example"]}
    batch = {
        "account_id": account.id, "renewal_contact_id": contact.id, "title": "Renewal", "open_to_portal": True,
        "lines": [{"carrier": "Blue Harbor", "plan": "PPO 1500"}],
    }  # fmt: skip
    places = iter(["in_progress", "client_review"] * ROUNDS)
    rows: list[tuple[str, Callable[[], Any]]] = [
        ("POST accounts", lambda: machine.post("accounts", {"name": "Northwind", "number": f"B-{next(numbers)}"})),
        ("POST contacts", lambda: machine.post("contacts", {"account_id": account.id, **details})),
        ("POST batches", lambda: machine.post("batches", batch)),
        ("PATCH batch (review)", lambda: machine.patch(f"batches/{client.batch.id}", {"status": next(places)})),
        ("GET  account", lambda: machine.get(f"accounts/{account.id}")),
        ("GET  batch", lambda: machine.get(f"batches/{client.batch.id}")),
        ("GET  accounts (a page)", lambda: machine.get("accounts")),
        ("GET  messages (a page)", lambda: machine.get("messages")),
        ("GET  facts (a page)", lambda: machine.get("facts", limit="20")),
    ]
    print("JSON API")
    print(f"  {'call':24}{'calls':>7}{'in a row':>10}{'read units':>12}{'write units':>13}{'CPU ms':>9}")
    for name, act in rows:
        steps = []
        for _ in range(ROUNDS):
            act()
            steps.append(watch.newest)
        trace, cpu = steps[-1].trace, statistics.median(step.cpu for step in steps) * 1000
        print(f"  {name:24}{len(trace.calls):7}{trace.in_a_row:10}{trace.reads:12.1f}{trace.writes:13.1f}{cpu:9.2f}")
    print()
