"""U5: somebody is found by whatever they say of themselves, and shown as far as whoever asks may see them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chalicelib.portals import Portal
from chalicelib.portals.permissions import PERMISSIONS, ROLES
from chalicelib.support import people
from chalicelib.support.people import Person
from tests.customers import make_customer, password_portal
from tests.factories import Client, change_account, make_client, make_machine
from tests.offices import make_office, make_office_user
from tests.self_service import make_record
from tests.staffing import make_colleague, signed_in
from tests.threats.conftest import Hashes, hashes
from tests.world import World

__all__ = ["hashes"]
EVERYTHING = frozenset(PERMISSIONS)


@dataclass(frozen=True)
class Town:
    """A portal with somebody of every kind."""

    portal: Portal
    client: Client
    ids: dict[str, str]

    def found(self, typed: str, scopes: frozenset[str] = EVERYTHING) -> list[Person]:
        return people.found(self.portal.slug, typed, scopes=scopes)


@pytest.fixture
def town(world: World, hashes: Hashes) -> Town:
    portal = password_portal(world)
    client = make_client(world, portal, first_name="Zoë", last_name="Hernández-Löw", emails=["zoe@harbour.example"])
    customer = make_customer(world, portal, name="Quarry Stone", primary_emails=["owner@quarry.example"])
    record = make_record(world, portal, name="Tidewater Kayaks", primary_emails=["kay@tidewater.example"])
    office_user = make_office_user(
        portal, make_office(portal, "Linden Clinic"), "portal-user", "iris.linden", first_name="Iris", last_name="Vale",
        email="iris@linden.example",
    )  # fmt: skip
    colleague = make_colleague(
        portal.slug, "agent", first_name="Bela", last_name="Kovacs", email="bela@company.example"
    )
    return Town(
        portal, client,
        {
            "contact": client.contact.id, "customer": customer.account.id, "record": record.user_id,
            "office": office_user.id, "staff": colleague.id, "username": customer.username,
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("hernandez low", "contact"), ("Zoe Hernandez-Löw", "contact"), ("ZOE@harbour.example", "contact"),
        ("quarry", "customer"), ("owner@quarry.example", "customer"),
        ("tidewater", "record"), ("kay@tidewater.example", "record"),
        ("Vale", "office"), ("iris vale", "office"), ("Iris.Linden", "office"), ("iris@linden.example", "office"),
        ("kovacs", "staff"), ("Bela", "staff"), ("bela@company.example", "staff"),
    ],
)  # fmt: skip
def test_everybody_is_found_by_any_of_what_they_may_say(town: Town, typed: str, kind: str) -> None:
    found = {each.kind: each for each in town.found(typed)}
    assert kind in found and found[kind].id == town.ids[kind], typed


def test_a_client_number_finds_the_account_s_people_and_its_users(town: Town) -> None:
    found = town.found(town.client.number.lower().replace("-", " "))
    assert [(each.kind, each.id) for each in found] == [("contact", town.client.contact.id)]
    assert (found[0].client_number, found[0].state, found[0].masked) == (town.client.number, "open", False)
    change_account(town.portal, town.client.account.id, status="closed")
    assert [each.state for each in town.found(town.client.number)] == ["closed"]


def test_the_one_whose_username_it_is_comes_first(town: Town) -> None:
    assert town.found(town.ids["username"])[0].id == town.ids["customer"]


@pytest.mark.parametrize("typed", ["nobody-at-all", "--", "@", "x@nowhere.example", "' OR 1=1", "#"])
def test_nobody_is_found_by_what_is_nobodys(town: Town, typed: str) -> None:
    assert town.found(typed) == []


@pytest.mark.parametrize(
    ("kind", "typed", "permission"),
    [
        ("contact", "hernandez", "contacts:read"), ("customer", "owner@quarry.example", "credentials:read"),
        ("record", "kay@tidewater.example", "selfservice:read"), ("office", "iris vale", "users:read"),
        ("staff", "kovacs", "staff:read"),
    ],
)  # fmt: skip
def test_what_a_permission_would_show_is_masked_without_it(town: Town, kind: str, typed: str, permission: str) -> None:
    (plain,) = [each for each in town.found(typed) if each.kind == kind]
    (hidden,) = [each for each in town.found(typed, EVERYTHING - {permission}) if each.kind == kind]
    assert not plain.masked and hidden.masked and hidden.id == plain.id
    for name in ("name", "username", "email", "mobile"):
        value = getattr(plain, name)
        if value and value != plain.account_name:  # of a customer both are the account's, which may be read
            assert value not in str(hidden) and "•••" in (getattr(hidden, name) or ""), name


def test_an_account_that_may_not_be_read_is_masked_everywhere(town: Town) -> None:
    for typed, name in (("quarry", "Quarry Stone"), ("vale", "Linden Clinic")):
        for each in town.found(typed, EVERYTHING - {"accounts:read"}):
            assert each.masked and name not in str(each)


def test_agents_see_colleagues_masked_and_clients_whole(town: Town) -> None:
    agent = signed_in(make_colleague(town.portal.slug, "agent"))
    at = f"/portals/{town.portal.slug}/support/people"
    (colleague,) = agent.get(f"{at}?q=kovacs").items
    assert colleague["masked"] and colleague["name"] == "B••• K•••" and "support:diagnose" in ROLES["agent"]
    (client,) = agent.get(f"{at}?q=hernandez").items
    assert not client["masked"] and client["email"] == "zoe@harbour.example"


def test_nothing_of_another_portal_is_found(world: World, town: Town) -> None:
    stranger = make_machine(password_portal(world))
    for typed in ("hernandez", "quarry", "kovacs", town.client.number, town.ids["username"], "iris.linden"):
        assert stranger.get("support/people", q=typed)["items"] == []
