"""A campaign from the plan to the report, over the API, with the deployment's own workers."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.portals import Portal
from tests.browsing import Seen
from tests.campaigning import clients, each_once, mails, pass_time
from tests.factories import make_account, make_machine, make_portal
from tests.world import World

PLAN = {
    "name": "Annual review 2031",
    "filter": {"record_type": "client", "status": "open"},
    "do": {"action": "send-email", "message": "annual-review"},
    "when": {"when": "at", "at": "2030-06-04T09:30"},
    "canary": {"percent": 10, "hold_minutes": 30},
}


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


def good(seen: Seen) -> dict[str, Any]:
    assert seen.status < 300, seen.text
    return seen.json if seen.text else {}


def test_planned_counted_scheduled_held_done_and_reported(world: World, portal: Portal) -> None:
    machine, made = make_machine(portal), clients(portal, 20)
    nobody = make_account(portal, record_type="client")
    key = {"Idempotency_Key": "plan-1"}
    first = machine.ask("POST", "campaigns", PLAN, **key)
    campaign = good(first)
    assert first.status == 201 and first.headers["Location"].endswith(f"/campaigns/{campaign['id']}")
    assert good(machine.ask("POST", "campaigns", PLAN, **key)) == campaign
    at = f"campaigns/{campaign['id']}"
    counted = good(machine.ask("GET", f"{at}/count"))
    assert (counted["total"], counted["would"]) == (21, 20)
    scheduled = machine.ask("POST", f"{at}/schedule", Idempotency_Key="go-1")
    assert good(scheduled)["state"] == "scheduled"
    assert good(machine.ask("POST", f"{at}/schedule", Idempotency_Key="go-1"))["state"] == "scheduled"
    assert machine.ask("POST", f"{at}/schedule").status == 409
    pass_time(world, hours=24, minutes=30)
    report = good(machine.ask("GET", at))
    (run,) = report["runs"]
    assert (report["state"], run["state"], run["done"] + run["refused"], run["left"]) == ("holding", "holding", 2, 19)
    assert good(machine.ask("GET", "campaigns?state=holding"))["items"][0]["id"] == campaign["id"]
    assert good(machine.ask("GET", "campaigns?state=done"))["items"] == []
    pass_time(world, minutes=30)
    assert mails(world) == each_once(made)
    (run,) = good(machine.ask("GET", at))["runs"]
    assert (run["state"], run["done"], run["refused"], run["messages"]["delivered"]) == ("done", 20, 1, 20)
    page = good(machine.ask("GET", f"{at}/recipients?limit=15&run={run['moment']}"))
    rest = good(machine.ask("GET", f"{at}/recipients?limit=15&run={run['moment']}&cursor={page['cursor']}"))
    answers = {each["account_id"]: each["answer"] for each in page["items"] + rest["items"]}
    assert answers == {**{each.id: "done" for each in made}, nobody.id: "refused"}
    assert machine.ask("GET", f"{at}/recipients?run=2031-01-01T00:00:00Z").status == 404
    assert machine.ask("GET", f"{at}/recipients?run=2031-02-31T00:00:00Z").status == 400
    assert machine.ask("DELETE", at).status == 409


def test_an_action_and_a_time_are_replaced_as_a_whole(world: World, portal: Portal) -> None:
    machine = make_machine(portal)
    at = f"campaigns/{good(machine.ask('POST', 'campaigns', PLAN))['id']}"
    changed = machine.ask("PATCH", at, {"when": {"when": "cron", "cron": "0 9 1 9 *"}}, If_Match='"1"')
    assert good(changed)["when"] == {"when": "cron", "cron": "0 9 1 9 *"}
    patch = {"do": {"action": "add-tags", "tags": ["asked"]}, "when": {"when": "now"}, "canary": None}
    now = good(machine.ask("PATCH", at, patch))
    assert (now["do"], now["when"], now["canary"], now["version"]) == (patch["do"], {"when": "now"}, None, 3)
    assert machine.ask("PATCH", at, {"name": "Other"}, If_Match='"1"').status == 412
    wrong = machine.ask("PATCH", at, {"when": {"when": "cron", "cron": "0 0 31 2 *"}})
    assert wrong.status == 400 and [each["field"] for each in wrong.json["errors"]] == ["when.cron"]
    assert machine.ask("PATCH", at, {"do": {"action": "disable-self-service"}}).status == 400
    assert machine.ask("DELETE", at).status == 204 and machine.ask("GET", at).status == 404


def test_cancelled_the_receipt_is_the_same_twice_over(world: World, portal: Portal) -> None:
    machine = make_machine(portal)
    clients(portal, 3)
    at = f"campaigns/{good(machine.ask('POST', 'campaigns', PLAN))['id']}"
    assert machine.ask("POST", f"{at}/cancel").status == 409, "a draft"
    good(machine.ask("POST", f"{at}/schedule"))
    pass_time(world, hours=24, minutes=30)
    receipt = good(machine.ask("POST", f"{at}/cancel", Idempotency_Key="stop-1"))
    assert (receipt["done"], receipt["gone"], receipt["stopped"], receipt["left"]) == (1, 1, 0, 2)
    assert good(machine.ask("POST", f"{at}/cancel", Idempotency_Key="stop-1")) == receipt
    assert good(machine.ask("POST", f"{at}/cancel")) == receipt
    copied = good(machine.ask("POST", f"{at}/copy"))
    assert (copied["state"], copied["name"]) == ("draft", "Copy of Annual review 2031")
    pass_time(world, days=1)
    assert sum(mails(world).values()) == 1


def test_only_who_may(world: World, portal: Portal) -> None:
    reader = make_machine(portal, "workflows:read")
    at = f"campaigns/{good(make_machine(portal).ask('POST', 'campaigns', PLAN))['id']}"
    assert reader.ask("GET", at).status == 200 and reader.ask("GET", f"{at}/count").status == 200
    for method, path in (
        ("POST", "/schedule"),
        ("POST", "/cancel"),
        ("POST", "/release"),
        ("POST", "/copy"),
        ("DELETE", ""),
    ):
        assert reader.ask(method, f"{at}{path}").status == 403
    assert make_machine(make_portal(world)).ask("GET", at).status == 404
