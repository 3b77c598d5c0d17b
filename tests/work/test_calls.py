"""The call queue: whoever waits longest is first, one colleague gets a call, and who is to be called back waits again."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import Conflict
from chalicelib.facts import Act, Kind
from chalicelib.portals import Portal
from chalicelib.work import calls
from tests.browsing import Machine, at_once
from tests.factories import facts_of, make_account, make_contact, make_machine, make_portal
from tests.staffing import StaffClient, make_session
from tests.world import World

ZONE = "America/New_York"  # at the tests' start it is five in the morning there


def desk(world: World) -> tuple[Portal, Machine]:
    portal = make_portal(world, time_zone=ZONE)
    return portal, make_machine(portal)


def queue(portal: Portal, machine: Machine, reason: str = "Has not answered") -> Any:
    account = make_account(portal)
    body = {"account_id": account.id, "contact_id": make_contact(portal, account).id, "reason": reason}
    return machine.post("calls", body)


def reasons(machine: Machine, **query: str) -> list[str]:
    return [each["reason"] for each in machine.get("calls", **query)["items"]]


def agent(portal: Portal) -> StaffClient:
    return make_session(portal.slug, "agent")


def say(who: StaffClient, call_id: str, act: str, body: Any = None) -> Any:
    return who.call("POST", f"/portals/{who.portal}/calls/{call_id}/{act}", body)


def test_a_call_from_the_queue_to_its_end(world: World) -> None:
    portal, machine = desk(world)
    made = queue(portal, machine)
    assert (made["state"], made["tries"], made["claimed_by"]) == ("waiting", 0, None)
    assert made["number"].startswith("+1415555"), "the contact's mobile"
    ana = agent(portal)
    claimed = say(ana, made["id"], "claim")
    assert claimed.json["state"] == "claimed" and claimed.json["claimed_by_name"].startswith("Ana")
    assert reasons(machine) == [] and reasons(machine, state="claimed") == ["Has not answered"]
    ended = say(ana, made["id"], "outcome", {"outcome": "reached", "note": "Will answer today."}).json
    assert (ended["state"], ended["outcome"], ended["note"], ended["tries"]) == (
        "done", "reached", "Will answer today.", 1,
    )  # fmt: skip
    assert ended["done_by"] == claimed.json["claimed_by"] and ended["done_at"] == "2030-06-03T09:00:00Z"
    assert reasons(machine, state="done") == ["Has not answered"]
    kinds = [fact.kind for fact in facts_of(portal.slug) if fact.subject == f"call:{made['id']}"]
    assert sorted(kinds) == [Kind.CALL_CLAIMED, Kind.CALL_ENDED, Kind.CALL_QUEUED]
    assert say(ana, made["id"], "claim").status == 409


def test_whoever_waits_longest_is_first(world: World) -> None:
    portal, machine = desk(world)
    first, second = queue(portal, machine, "first"), None
    world.clock.advance(minutes=1)
    second = queue(portal, machine, "second")
    assert reasons(machine) == ["first", "second"]
    ana = agent(portal)
    say(ana, first["id"], "claim")
    assert reasons(machine) == ["second"]
    assert say(ana, first["id"], "release").json["claimed_by"] is None
    assert reasons(machine) == ["first", "second"], "a released call is back in its own place"
    assert reasons(machine, account_id=second["account_id"]) == ["second"]


def test_who_is_to_be_called_back_waits_again_from_then_on(world: World) -> None:
    portal, machine = desk(world)
    made, ana = queue(portal, machine), agent(portal)
    say(ana, made["id"], "claim")
    back = say(ana, made["id"], "outcome", {"outcome": "call-back", "call_back": "2030-06-03T16:00"}).json
    assert (back["state"], back["call_back_at"], back["tries"]) == ("later", "2030-06-03T20:00:00Z", 1)
    assert reasons(machine) == [] and reasons(machine, state="later") == ["Has not answered"]
    world.clock.advance(hours=11)
    assert machine.get(f"calls/{made['id']}")["state"] == "waiting"
    assert reasons(machine) == ["Has not answered"] and reasons(machine, state="later") == []
    ben = agent(portal)
    assert say(ben, made["id"], "claim").status == 200
    assert say(ben, made["id"], "outcome", {"outcome": "wrong-number"}).json["tries"] == 2


def test_only_who_has_a_call_says_what_came_of_it(world: World) -> None:
    portal, machine = desk(world)
    made, ana, ben = queue(portal, machine), agent(portal), agent(portal)
    assert say(ana, made["id"], "outcome", {"outcome": "reached"}).status == 409, "nobody has it"
    assert say(ana, made["id"], "release").status == 409
    say(ana, made["id"], "claim")
    assert say(ben, made["id"], "outcome", {"outcome": "reached"}).status == 409
    assert say(ben, made["id"], "release").status == 200, "a colleague who fell ill keeps no call"
    assert say(ben, made["id"], "claim").status == 200
    mine = [who.call("GET", f"/portals/{portal.slug}/calls?state=claimed&claimed_by=me").items for who in (ana, ben)]
    assert [[each["id"] for each in found] for found in mine] == [[], [made["id"]]]


def test_of_64_at_once_one_gets_it(world: World) -> None:
    portal, machine = desk(world)
    made = queue(portal, machine)

    def claim(number: int) -> str:
        try:
            return (
                calls.claim(Act(portal.slug, f"user:{number:032}"), made["id"], name=f"Ana {number}").claimed_by or ""
            )
        except Conflict:
            return ""

    won = [who for who in at_once([lambda n=number: claim(n) for number in range(64)]) if who]  # type: ignore[misc]
    held = calls.get(portal.slug, made["id"])
    assert won == [held.claimed_by] and (held.state, held.version) == ("claimed", 2)
    assert len(facts_of(portal.slug, Kind.CALL_CLAIMED)) == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"outcome": "call-back"}, "call_back"),
        ({"outcome": "call-back", "call_back": "2030-06-03T05:00"}, "call_back"),  # now is not later
        ({"outcome": "call-back", "call_back": "2030-02-30T05:00"}, "call_back"),
        ({"outcome": "reached", "call_back": "2030-06-03T16:00"}, "call_back"),
        ({"outcome": "sold"}, "outcome"),
    ],
)
def test_outcomes_that_cannot_be(world: World, said: dict[str, str], field: str) -> None:
    portal, machine = desk(world)
    made, ana = queue(portal, machine), agent(portal)
    say(ana, made["id"], "claim")
    seen = say(ana, made["id"], "outcome", said)
    assert seen.status == 400 and list(seen.errors) == [field]
    assert calls.get(portal.slug, made["id"]).state == "claimed"


def test_calls_that_cannot_be(world: World) -> None:
    portal, machine = desk(world)
    account, other = make_account(portal), make_account(portal)
    silent = make_contact(portal, account, mobile=None)
    for body, field in (
        ({"account_id": "0" * 32, "number": "+1 415 555 0100"}, "account_id"),
        ({"account_id": account.id}, "number"),
        ({"account_id": account.id, "contact_id": silent.id}, "number"),
        ({"account_id": account.id, "number": "call me"}, "number"),
        ({"account_id": other.id, "contact_id": silent.id}, "contact_id"),
        ({"account_id": other.id, "contact_id": "0" * 32, "number": "+1 415 555 0100"}, "contact_id"),
    ):
        seen = machine.ask("POST", "calls", {"reason": "x", **body})
        assert seen.status == 400 and [each["field"] for each in seen.json["errors"]] == [field], body
    made = machine.post("calls", {"account_id": account.id, "number": "(415) 555-0100", "reason": "x"})
    assert made["number"] == "+14155550100"
