"""Help requests over the API: staff list them, read them, and keep a state and a note."""

from __future__ import annotations

import pytest

from chalicelib import portals
from chalicelib.portals.permissions import ROLES
from tests.factories import HELP, facts_of, make_help_request, make_machine, make_portal
from tests.world import MovableClock, World

from .client import ApiClient
from .conftest import Office, at_once, good, make_key

KEPT = 365 * 24 * 3600


def test_a_request_is_listed_read_and_taken_up(world: World, moment: MovableClock) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    made = make_help_request(portal)
    (listed,) = machine.get("help-requests")["items"]
    seen = machine.ask("GET", f"help-requests/{made.id}")
    assert seen.json == listed and seen.headers["ETag"] == '"1"'
    assert {name: listed[name] for name in HELP} == HELP
    assert (listed["state"], listed["note"], listed["reference"]) == ("open", "", made.reference)
    moment.advance(minutes=5)
    taken = machine.patch(f"help-requests/{made.id}", {"state": "in-progress"}, If_Match='"1"')
    assert (taken["state"], taken["version"], taken["created_at"]) == ("in-progress", 2, listed["created_at"])
    assert taken["updated_at"] > listed["updated_at"]
    assert machine.ask("PATCH", f"help-requests/{made.id}", {"state": "closed"}, If_Match='"1"').status == 412
    moment.advance(minutes=5)
    machine.patch(f"help-requests/{made.id}", {"note": "Called Maria back."})
    same = machine.patch(f"help-requests/{made.id}", {"state": "in-progress"})
    assert (same["version"], same["note"]) == (3, "Called Maria back.")
    told = facts_of(portal.slug, "staff:help:changed")
    assert [fact.changes for fact in told] == [{"note": "changed"}, {"state": ["open", "in-progress"]}]
    assert {fact.subject for fact in told} == {f"help:{made.id}"}
    world.drain()
    assert world.inbox == []


def test_lists_are_by_state_by_age_and_by_number(office: Office) -> None:
    portal = portals.get(office.slug)
    made = []
    for n in range(5):
        office.clock.advance(1)
        made.append(make_help_request(portal, name=f"Person {n}"))
    at = f"{office.at}/help-requests"
    for closed in made[1:3]:
        good(office.api.patch(f"{at}/{closed.id}", {"state": "closed"}))

    def names(query: str) -> list[str]:
        return [item["name"][-1] for item in good(office.api.get(f"{at}?{query}")).items]

    assert names("") == ["4", "3", "2", "1", "0"]
    assert names("state=open&sort=created_at") == ["0", "3", "4"]
    assert names("state=closed") == ["2", "1"]
    assert names("state=resolved") == []
    first = good(office.api.get(f"{at}?state=open&limit=2"))
    assert [item["name"][-1] for item in first.items] == ["4", "3"]
    assert names(f"state=open&limit=2&cursor={first.cursor}") == ["0"]
    spoken = made[2].reference.lower().replace("-", "%20")
    assert names(f"reference={spoken}") == names(f"reference={made[2].reference}&state=closed") == ["2"]
    assert names(f"reference={made[2].reference}&state=open") == names("reference=H-7777-77") == []


def test_a_number_and_an_id_lead_nowhere_in_another_portal(office: Office, other: Office) -> None:
    made = make_help_request(portals.get(office.slug))
    assert good(other.api.get(f"{other.at}/help-requests?reference={made.reference}")).items == []
    assert good(other.api.get(f"{other.at}/help-requests")).items == []
    assert other.api.get(f"{other.at}/help-requests/{made.id}").status == 404
    assert other.api.patch(f"{other.at}/help-requests/{made.id}", {"state": "closed"}).status == 404


@pytest.mark.parametrize("body", [
    {"state": "gone"}, {"state": ["open"]}, {"note": 1}, {"note": "x" * 4001}, {"name": "Somebody else"}, {"reference": "H-1"},
    {"expires_at": 1}, {"kind": "other"},
])  # fmt: skip
def test_only_state_and_note_are_changed_and_only_to_what_they_can_be(office: Office, body: dict[str, object]) -> None:
    made = make_help_request(portals.get(office.slug))
    at = f"{office.at}/help-requests/{made.id}"
    assert office.api.patch(at, body).errors.keys() == body.keys()
    assert good(office.api.get(at)).json["version"] == 1


def test_of_two_changes_at_once_neither_is_lost(office: Office) -> None:
    made = make_help_request(portals.get(office.slug))
    at = f"{office.at}/help-requests/{made.id}"
    bodies = [{"state": "resolved"}, {"note": "Done."}]
    assert [reply.status for reply in at_once([lambda b=b: office.api.patch(at, b) for b in bodies])] == [200, 200]  # type: ignore[misc]
    held = good(office.api.get(at)).json
    assert (held["state"], held["note"], held["version"]) == ("resolved", "Done.", 3)


def test_agents_read_support_manages(office: Office) -> None:
    assert {role for role, held in ROLES.items() if "help:read" in held} == set(ROLES)
    assert {role for role, held in ROLES.items() if "help:manage" in held} == {"owner", "administrator", "support"}
    made = make_help_request(portals.get(office.slug))
    at = f"{office.at}/help-requests/{made.id}"
    agent, support = (ApiClient(make_key(office.slug, ROLES[role])) for role in ("agent", "support"))
    assert good(agent.get(at)).id == made.id
    assert agent.patch(at, {"state": "closed"}).code == "forbidden"
    assert good(support.patch(at, {"state": "closed"})).json["state"] == "closed"


def test_after_a_year_a_request_is_gone(world: World, moment: MovableClock) -> None:
    portal = make_portal(world)
    machine = make_machine(portal, days=900)
    made = make_help_request(portal)
    moment.advance(seconds=KEPT - 1)
    assert machine.get("help-requests", reference=made.reference)["items"]
    moment.advance(seconds=1)
    assert machine.get("help-requests")["items"] == machine.get("help-requests", state="open")["items"] == []
    assert machine.get("help-requests", reference=made.reference)["items"] == []
    assert machine.ask("GET", f"help-requests/{made.id}").status == 404
    assert machine.ask("PATCH", f"help-requests/{made.id}", {"state": "closed"}).status == 404
