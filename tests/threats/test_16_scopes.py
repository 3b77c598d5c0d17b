"""Threats 15 to 17 for those who look after offices: role × route × scope, generated from the guard table.

Every route that a manager of an office may use is walked by managers of that office, of one of its providers, and of another
office, at things of each of them. What is within reach is answered; what is not looks exactly like what is not there, or is
refused on record; nothing of another office is ever in an answer. A new route without a row here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from chalicelib.people import user_changes
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.portals.roles import OF_MANAGERS
from chalicelib.storage import Transaction
from chalicelib.web.guard import GUARDS
from tests.factories import facts_of, make_portal
from tests.offices import MANAGER, OfficeClient, make_office, make_office_user, make_provider, signed_in
from tests.registrations import make_request
from tests.world import World

Place = Literal["office", "provider", "elsewhere"]
_AT = "/api/v1/portals/{portal}"
_ABSENT = "f" * 32
REACHED: dict[Place, frozenset[Place]] = {
    "office": frozenset({"office", "provider"}),
    "provider": frozenset({"provider"}),
    "elsewhere": frozenset({"elsewhere"}),
}
"""Whose manager reaches what."""


@dataclass(frozen=True)
class Row:
    """What is sent to a route. `names`: a body or query that names an account (`{account}`), refused outright out of reach.

    `own_level`: of what is within reach, only one's own account is served.
    """

    body: dict[str, Any] | None = None
    query: str = ""
    names: bool = False
    own_level: bool = False


_PERSON = {"first_name": "Ada", "last_name": "New", "email": "ada.new@x.example"}
ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/registrations"): Row(),
    ("GET", "/registrations/counts"): Row(),
    ("POST", "/registrations/decide"): Row({"decisions": [{"id": "{registration}", "decision": "approve"}]}),
    ("GET", "/registrations/{registration}"): Row(),
    ("GET", "/registrations/{registration}/next"): Row(),
    ("POST", "/registrations/{registration}/approve"): Row({}),
    ("POST", "/registrations/{registration}/deny"): Row({"reason": "Not known at this office"}),
    ("POST", "/registrations/{registration}/resend"): Row({}),
    ("POST", "/registrations/{registration}/revoke"): Row({}),
    ("POST", "/registration-links"): Row(
        {"emails": ["new@x.example"], "role": "portal-user", "account_id": "{account}"}, names=True
    ),
    ("GET", "/registration-links/{sending}"): Row(),
    ("GET", "/registration-offices"): Row(),
    ("GET", "/users"): Row(),
    ("POST", "/users"): Row(
        {"account_id": "{account}", "role": "portal-user", "username": "{username}", **_PERSON},
        names=True,
        own_level=True,
    ),
    ("GET", "/users/export"): Row(),
    ("GET", "/users/employees"): Row(query="?account_id={account}", names=True),
    ("POST", "/users/employees"): Row({"account_id": "{account}", "first_name": "Ada", "last_name": "New"}, names=True),
    ("GET", "/users/{user}"): Row(),
    ("PATCH", "/users/{user}"): Row({"title": "Nurse"}),
    ("DELETE", "/users/{user}"): Row(),
    ("POST", "/users/{user}/reset-password"): Row({}),
    ("POST", "/users/{user}/lock"): Row({"reason": "Left the office"}),
    ("POST", "/users/{user}/unlock"): Row({}),
    ("POST", "/users/{user}/restore"): Row({}),
}


@dataclass
class Town:
    """Three places, each with a manager at work, a user, a registration that waits, and links that were sent."""

    portal: Portal
    places: dict[Place, Account]
    managers: dict[Place, OfficeClient]
    ids: dict[Place, dict[str, str]]

    def ask(self, who: Place, method: str, route: str, ids: dict[str, str], username: str = "") -> Any:
        """One request of a manager, about things with these ids."""
        row = ROWS[method, route]
        path = f"{_AT}{route}{row.query}".format(portal=self.portal.slug, **ids)
        body = (
            json.loads(_filled(json.dumps(row.body), {**ids, "username": username})) if row.body is not None else None
        )
        return self.managers[who].call(method, path, body)


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


@pytest.fixture
def town(world: World) -> Iterator[Town]:
    portal = make_portal(world)
    office = make_office(portal, "Elm Street Clinic")
    places: dict[Place, Account] = {
        "office": office,
        "provider": make_provider(portal, office, "Dr. Iris Hale"),
        "elsewhere": make_office(portal, "Harbour Dental"),
    }
    managers = {at: signed_in(make_office_user(portal, account, MANAGER)) for at, account in places.items()}
    town = Town(portal, places, managers, {})
    for at, account in places.items():
        make_office_user(portal, account, MANAGER)  # so that the last one is never asked to go
        user = make_office_user(portal, account, last_name=f"{at.upper()}-CANARY", email=f"{at}-canary@x.example")
        waiting = make_request(portal, account, last_name=f"{at.upper()}-CANARY", email=f"{at}-waits-canary@x.example")
        town.ids[at] = {"account": account.id, "user": user.id, "registration": waiting.id}
        links = {"emails": [f"{at}-invited-canary@x.example"], "role": "portal-user", "account_id": account.id}
        sent = managers[at].call("POST", f"{_AT}/registration-links".format(portal=portal.slug), links)
        assert sent.status == 201, sent.text
        town.ids[at]["sending"] = sent.json["id"]
    yield town


def test_every_route_of_managers_has_a_row_here() -> None:
    served = {
        (method, route.removeprefix(_AT))
        for (method, route), guard in GUARDS.items()
        if guard.permission in OF_MANAGERS and route.startswith(_AT)
    }
    assert served == set(ROWS)


@pytest.mark.parametrize("who", REACHED)
@pytest.mark.parametrize(("method", "route"), ROWS, ids=[" ".join(each) for each in ROWS])
def test_a_manager_reaches_what_is_theirs_and_learns_of_nothing_else(
    town: Town, who: Place, method: str, route: str
) -> None:
    row = ROWS[method, route]
    absent = town.ask(who, method, route, dict.fromkeys(town.ids[who], _ABSENT), "nobody.new")
    for at, ids in town.ids.items():
        reply = town.ask(who, method, route, ids, f"ada.{at}")
        within = at in REACHED[who] and (not row.own_level or at == who)
        foreign = [name for name in town.places if name not in REACHED[who]]
        assert not any(re.search(rf"{name}-(\w+-)?canary", reply.text, re.IGNORECASE) for name in foreign), reply.text
        assert not any(town.places[name].name in reply.text for name in foreign), reply.text
        if within:
            assert reply.status not in (401, 404), (who, at, reply.text)
        elif row.names:
            assert (reply.status, reply.code) == (403, "forbidden"), (who, at, reply.text)
        elif "{" in route:
            assert (reply.status, _told(reply)) == (404, _told(absent)), (who, at)
        elif method == "POST":
            assert [each["status"] for each in reply.json["decisions"]] == ["refused"], reply.text
            assert _told(reply) == _told(absent)


def _told(reply: Any) -> Any:
    """An answer without what differs from request to request."""
    said = json.loads(reply.text)
    said.pop("request_id", None)
    return said


@pytest.mark.parametrize("who", REACHED)
def test_refusals_are_on_record(town: Town, who: Place) -> None:
    foreign = next(at for at in town.places if at not in REACHED[who])
    before = len(_refused(town, foreign))
    reply = town.ask(who, "POST", "/registration-links", town.ids[foreign])
    assert reply.status == 403
    assert len(_refused(town, foreign)) == before + 1


def _refused(town: Town, at: Place) -> list[Any]:
    about = f"account:{town.places[at].id}"
    found = facts_of(town.portal.slug, "staff:office-user:change-refused")
    return [fact for fact in found if fact.subject == about]


def test_nobody_gives_what_they_do_not_hold_or_changes_their_own_role(world: World) -> None:
    """Above one's level, outside one's office, to oneself: always 403."""
    own = ["claims:read", "users:manage:own-office"]
    roles = [
        {"key": "small-manager", "name": "Small manager", "permissions": own},
        {"key": "reader", "name": "Reader", "permissions": ["claims:read"]},
        {"key": "all", "name": "All", "permissions": [*own, "eligibility:read"]},
    ]
    portal = make_portal(world, roles=roles)
    office = make_office(portal)
    manager = make_office_user(portal, office, "small-manager")
    reader, above = make_office_user(portal, office, "reader"), make_office_user(portal, office, "all")
    client, at = signed_in(manager), f"/api/v1/portals/{portal.slug}"
    tries = [
        ("PATCH", f"/users/{reader.id}", {"role": "all"}),
        ("PATCH", f"/users/{above.id}", {"role": "reader"}),
        ("POST", f"/users/{above.id}/lock", {"reason": "x"}),
        ("POST", f"/users/{above.id}/reset-password", {}),
        ("DELETE", f"/users/{above.id}", None),
        ("PATCH", f"/users/{manager.id}", {"role": "reader"}),
        ("POST", f"/users/{manager.id}/lock", {"reason": "x"}),
        ("DELETE", f"/users/{manager.id}", None),
        ("POST", "/users", {"account_id": office.id, "role": "all", "username": "ada.new", **_PERSON}),
        ("POST", "/registration-links", {"emails": ["a@x.example"], "role": "all", "account_id": office.id}),
        ("POST", f"/registrations/{make_request(portal, office, role='all').id}/approve", {}),
        ("POST", f"/registrations/{make_request(portal, office, role='reader').id}/approve", {"role": "all"}),
    ]
    for method, path, body in tries:
        reply = client.call(method, at + path, body)
        assert (reply.status, reply.code) == (403, "forbidden"), (method, path, reply.text)
    assert client.call("PATCH", f"{at}/users/{reader.id}", {"title": "Nurse"}).status == 200, "and yet they may work"


def test_a_role_that_is_taken_away_counts_from_the_next_request_on(world: World) -> None:
    portal = make_portal(world)
    office = make_office(portal)
    manager = make_office_user(portal, office, MANAGER)
    client, path = signed_in(manager), f"/api/v1/portals/{portal.slug}/users"
    assert client.call("GET", path).status == 200
    tx = Transaction()
    user_changes.change_details(tx, manager.user, manager.user.details, role="clerical-user")
    tx.commit()
    assert client.call("GET", path).status == 403
