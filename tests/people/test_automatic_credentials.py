"""A new customer gets the link to create a credential by itself (C2): once in its life, where the portal says so."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib import portals
from chalicelib.errors import Invalid
from chalicelib.people import accounts, credentials, user_changes, users
from chalicelib.portals import Portal
from tests.browsing import at_once
from tests.factories import (
    change_account,
    change_portal,
    facts_of,
    make_account,
    make_contact,
    make_machine,
    make_portal,
    staff,
)
from tests.world import MovableClock, World

ON: dict[str, Any] = {
    "policy": {"sign_in_ways": ["code", "password"]}, "notifications": {"credential_create": True},
}  # fmt: skip
MARIA = "maria@northwind.example"
INVITED = "system:credential:create-sent"


@pytest.fixture
def portal(world: World) -> Portal:
    """A portal that sends the link by itself."""
    return make_portal(world, **ON)


def customer(**details: Any) -> dict[str, Any]:
    return {"record_type": "customer", "primary_emails": [MARIA], **details}


def sent(world: World) -> list[str]:
    """To whom the link went, in order."""
    world.drain()
    assert all(each.subject.startswith("Choose a ") for each in world.inbox)
    return [each.to for each in world.inbox]


def test_a_new_customer_gets_one_link_at_each_address(world: World, portal: Portal) -> None:
    account = make_account(portal, **customer(primary_emails=[MARIA, "office@northwind.example"]))
    assert sent(world) == [MARIA, "office@northwind.example"]
    (fact,) = facts_of(portal.slug, INVITED)
    assert (fact.subject, fact.changes) == (f"account:{account.id}", {"addresses": 2})
    panel = credentials.of_account(portal, account.id)
    assert panel.create_link and panel.create_link.state == "live" and panel.state == "no-username"


@pytest.mark.parametrize(
    "details",
    [
        customer(record_type="lead"),
        customer(record_type="client"),
        customer(record_type="office"),
        customer(status="closed"),
        customer(primary_emails=[]),
    ],
    ids=["lead", "client", "office", "closed", "without address"],
)
def test_whoever_is_no_customer_or_cannot_get_it_gets_none(
    world: World, portal: Portal, details: dict[str, Any]
) -> None:
    make_account(portal, **details)
    assert (sent(world), facts_of(portal.slug, INVITED)) == ([], [])


@pytest.mark.parametrize(
    "settings",
    [{**ON, "notifications": {"credential_create": False}}, {**ON, "policy": {"sign_in_ways": ["code"]}}, {}],
    ids=["switched off", "no passwords", "as it comes"],
)
def test_switched_off_nothing_is_sent_now_or_later_but_staff_may_push_it(
    world: World, settings: dict[str, Any]
) -> None:
    portal = make_portal(world, **settings)
    account = make_account(portal, **customer())
    change_account(portal, account.id, record_type="lead")
    change_account(portal, account.id, record_type="customer")
    assert sent(world) == []
    portal = change_portal(portal, policy=ON["policy"])
    credentials.send_create(staff(portal), portal, account.id)
    assert sent(world) == [MARIA]
    change_portal(portal, **ON)
    change_account(portals.get(portal.slug), account.id, name="Northwind Trading")
    change_account(portals.get(portal.slug), account.id, primary_emails=["new@northwind.example"])
    assert sent(world) == [MARIA]  # it was a customer before the switch: staff push it, as they did


@pytest.mark.parametrize("before", ["lead", "client"])
def test_one_that_becomes_a_customer_twice_gets_it_once(world: World, portal: Portal, before: str) -> None:
    account = make_account(portal, **customer(record_type=before))
    for record_type in ("customer", before, "customer", "office", "customer"):
        change_account(portal, account.id, record_type=record_type)
    assert sent(world) == [MARIA] and len(facts_of(portal.slug, INVITED)) == 1


def test_one_that_could_not_get_it_gets_it_as_soon_as_it_can(world: World, portal: Portal) -> None:
    account = make_account(portal, **customer(status="closed", primary_emails=[]))
    change_account(portal, account.id, primary_emails=[MARIA])
    assert sent(world) == []
    change_account(portal, account.id, status="open")
    assert sent(world) == [MARIA]
    change_account(portal, account.id, status="closed")
    change_account(portal, account.id, status="open", primary_emails=[MARIA, "second@northwind.example"])
    assert sent(world) == [MARIA]


def test_one_that_has_a_username_is_asked_for_a_password_only(world: World, portal: Portal) -> None:
    account = make_account(portal, **customer(record_type="lead"))
    credentials.set_username(staff(portal), portal, account.id, "northwind")
    change_account(portal, account.id, record_type="customer")
    assert sent(world) == [MARIA]
    assert (
        world.newest(MARIA).subject == "Choose a password - Acme Benefits" and "northwind" in world.newest(MARIA).text
    )


def test_one_that_has_a_password_gets_nothing(world: World, portal: Portal) -> None:
    account = make_account(portal, **customer(record_type="lead"))
    credentials.set_username(staff(portal), portal, account.id, "northwind")
    tx = staff(portal).transaction()
    user_changes.set_password(tx, users.get(portal.slug, account.id), "a hash")
    tx.commit()
    change_account(portal, account.id, record_type="customer")
    assert sent(world) == []


def test_it_goes_out_with_the_account_or_not_at_all(world: World, portal: Portal) -> None:
    make_account(portal, number="NW-1")
    with pytest.raises(Invalid):
        make_account(portal, **customer(number="nw 1"))
    assert sent(world) == []


def test_a_code_does_not_wait_behind_the_links_of_an_import(world: World, portal: Portal) -> None:
    make_account(portal, **customer())
    world.relay()
    assert (len(world.cloud.urgent.waiting), len(world.cloud.bulk.waiting)) == (0, 1)


def test_a_repeated_call_sends_nothing_more(world: World, portal: Portal) -> None:
    machine = make_machine(portal)
    body = {"name": "Northwind", "number": "NW-1", **customer()}
    first, again = (machine.ask("POST", "accounts", body, Idempotency_Key="k").json for _ in range(2))
    assert first["id"] == again["id"] and sent(world) == [MARIA]


def test_20_parallel_creations_are_20_customers_with_a_link_each(world: World, portal: Portal) -> None:
    machine = make_machine(portal)

    def create(place: int) -> int:
        body = {"name": f"N {place}", "number": f"NW-{place}", **customer(primary_emails=[f"m{place}@x.example"])}
        return machine.ask("POST", "accounts", body, Idempotency_Key=f"k-{place}").status

    for _ in range(2):
        assert at_once([partial(create, place) for place in range(20)]) == [201] * 20
    assert sorted(sent(world)) == sorted(f"m{place}@x.example" for place in range(20))
    assert len(facts_of(portal.slug, INVITED)) == 20


def test_20_parallel_calls_with_one_key_send_one_link(world: World, portal: Portal) -> None:
    machine = make_machine(portal)
    body = {"name": "Northwind", "number": "NW-1", **customer()}
    statuses = at_once([lambda: machine.ask("POST", "accounts", body, Idempotency_Key="k").status] * 20)
    assert statuses == [201] * 20 and sent(world) == [MARIA]


def test_20_parallel_changes_into_a_customer_send_one_link(world: World, portal: Portal) -> None:
    machine = make_machine(portal)
    account = make_account(portal, **customer(record_type="lead"))
    change = [lambda: machine.ask("PATCH", f"accounts/{account.id}", {"record_type": "customer"}).status] * 20
    assert set(at_once(change)) <= {200, 412} and sent(world) == [MARIA]
    assert accounts.get(portal.slug, account.id).record_type == "customer"


def test_100_that_arrive_in_bulk_get_a_link_each_and_repeated_none_more(
    world: World, moment: MovableClock, portal: Portal
) -> None:
    machine = make_machine(portal)
    rows = [{"name": f"N {place}", **customer(primary_emails=[f"m{place}@x.example"])} for place in range(100)]
    first = machine.ask("POST", "accounts/bulk", {"rows": rows}, Idempotency_Key="import").json
    again = machine.ask("POST", "accounts/bulk", {"rows": rows}, Idempotency_Key="import").json
    assert (first["created"], again["replayed"]) == (100, 100)
    assert sorted(sent(world)) == sorted(f"m{place}@x.example" for place in range(100))


def test_the_largest_account_fits_into_one_transaction(world: World, portal: Portal) -> None:
    people = [{"first_name": "P", "last_name": f"N{place}"} for place in range(20)]
    emails = [f"m{place}@x.example" for place in range(20)]
    body = {"name": "Northwind", **customer(primary_emails=emails, contacts=people)}
    made = make_machine(portal).post("accounts", body, Idempotency_Key="k")
    assert len(made["contacts"]) == 20 and sent(world) == emails


def test_what_does_not_fit_into_one_change_is_told_and_done_in_two(world: World, portal: Portal) -> None:
    emails = [f"m{place}@x.example" for place in range(20)]
    account = make_account(portal, **customer(record_type="lead", primary_emails=emails))
    for _ in range(39):
        make_contact(portal, account)
    with pytest.raises(Invalid) as refused:
        change_account(portal, account.id, number="MOVED-1", record_type="customer")
    assert "Change the number alone" in refused.value.fields["number"] and sent(world) == []
    change_account(portal, account.id, number="MOVED-1")
    change_account(portal, account.id, record_type="customer")
    assert sent(world) == emails
