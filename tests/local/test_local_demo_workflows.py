"""The demo's workflows and campaigns: one household further on than the other, a campaign sent and one to try."""

from __future__ import annotations

from typing import Any

from chalicelib import portals
from infra.local import demo, demo_data, demo_users, demo_workflows
from tests.local.in_process import InProcess, demo_api
from tests.world import World

AT = f"/api/v1/portals/{demo.PORTAL}"


def test_the_demo_stands_where_it_is_told_to_however_often_it_is_made(world: World) -> None:
    api = demo_api(world)
    reachable(api)
    demo_users.owner()
    for _ in range(2):
        demo_workflows.make(api)
    world.tick()
    world.drain()
    demo_workflows.make(api)  # as if the first start had been broken off just before its end
    assert stands_at(api) == {"Walter Boyd": ["done", "done", "waiting"], "Nadia Petrov": ["waiting"] * 3}
    on, off = (named(api, "workflows", f"state={state}") for state in ("on", "off"))
    assert (on, off) == (["Quote submitted: MedAdvantage"], ["Annual review: clients"])
    (draft,), (sent,) = (listed(api, "campaigns", f"state={state}") for state in ("draft", "done"))
    assert api.call("GET", f"{AT}/campaigns/{draft['id']}/count")["would"] > 0 and draft["canary"]
    (run,) = api.call("GET", f"{AT}/campaigns/{sent['id']}")["runs"]
    assert (run["total"], run["done"]) == (2, 2)
    evening = [mail for mail in world.inbox if "An evening" in mail.subject]
    assert {mail.to for mail in evening} == {"nadia.petrov@example.com", "walter.boyd@example.com"}
    assert all("120 Harbor Street" in mail.text and "/unsubscribe?t=" in mail.text for mail in evening)


def reachable(api: InProcess) -> None:
    """The portal's settings that say whom it may reach, as the demo has them."""
    support, reach = demo_data._SETTINGS["support"], demo_data._SETTINGS["reach"]
    api.call("PATCH", AT, {"support": support, "reach": reach})
    portals.forget_kept()


def stands_at(api: InProcess) -> dict[str, list[str]]:
    """What became of each step, by who is in the workflow that is on."""
    (workflow,) = listed(api, "workflows", "state=on")
    found = listed(api, "enrolments", f"workflow={workflow['id']}&state=active")
    names = {each["id"]: each["name"] for each in listed(api, "accounts", "tag=quoted")}
    return {names[each["account_id"]]: [step["outcome"] for step in each["steps"]] for each in found}


def listed(api: InProcess, what: str, query: str) -> list[dict[str, Any]]:
    return list(api.call("GET", f"{AT}/{what}?{query}")["items"])


def named(api: InProcess, what: str, query: str) -> list[str]:
    return [each["name"] for each in listed(api, what, query)]
