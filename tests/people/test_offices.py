"""Offices, their providers, and the identifiers by which people outside find them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib import fields
from chalicelib.errors import Invalid, Stale
from chalicelib.people import accounts, cards, matching, offices, users
from chalicelib.people.models import AccountRow, IdentifierRow
from chalicelib.people.shapes import Account, AccountInput
from chalicelib.portals import Portal
from tests.factories import change_account, make_account, make_contact, make_portal, staff
from tests.meanwhile import after
from tests.offices import make_office, make_office_user, make_provider
from tests.world import World


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


def refused(act: Any, *given: Any, **details: Any) -> dict[str, str]:
    """The fields that are at fault, each with its sentence."""
    with pytest.raises(Invalid) as refusal:
        act(*given, **details)
    return refusal.value.fields


def names(found: list[Account]) -> list[str]:
    return [account.name for account in found]


def tin(value: str, qualifier: str = "TIN") -> dict[str, str]:
    return {"qualifier": qualifier, "value": value}


def test_a_provider_belongs_to_an_open_office_of_the_same_portal(world: World, portal: Portal) -> None:
    office, client = make_office(portal), make_account(portal)
    closed, foreign = make_office(portal, status="closed"), make_office(make_portal(world))
    provider = make_provider(portal, office)
    assert provider.parent_id == office.id
    nowhere = {"parent_id": "There is no open office with this id in this portal."}
    for other in (client.id, closed.id, foreign.id, provider.id, "0" * 32):
        assert refused(make_account, portal, record_type="provider", parent_id=other) == nowhere
        assert refused(change_account, portal, provider.id, parent_id=other) == nowhere
    assert refused(make_account, portal, record_type="provider") == {
        "parent_id": "A provider needs the office it belongs to."
    }
    for kind in ("office", "client", "customer", "lead"):
        assert refused(make_account, portal, record_type=kind, parent_id=office.id) == {
            "parent_id": "Only a provider belongs to an office."
        }
    assert accounts.get(portal.slug, provider.id) == provider


def test_the_providers_of_an_office_are_listed_by_name(portal: Portal) -> None:
    office, other = make_office(portal), make_office(portal)
    make_contact(portal, office)
    for name in ("Dr. Zoë Arndt", "Dr. Abel Quist", "Dr. Mia Lund"):
        make_provider(portal, office, name=name, number=f"P-{name[-5:].strip()}")
    make_provider(portal, office, name="Dr. Gone", status="closed")
    make_provider(portal, other, name="Dr. Elsewhere")
    assert names(offices.providers(portal.slug, office.id)) == ["Dr. Abel Quist", "Dr. Mia Lund", "Dr. Zoë Arndt"]
    assert offices.providers(portal.slug, "0" * 32) == []

    def listed(**filters: Any) -> list[str]:
        return names(accounts.listed(portal.slug, parent_id=office.id, **filters).items)

    assert sorted(listed())[2] == "Dr. Mia Lund" and len(listed()) == 4
    assert listed(sort="-name", status="open") == ["Dr. Zoë Arndt", "Dr. Mia Lund", "Dr. Abel Quist"]
    assert listed(name="dr abel") == ["Dr. Abel Quist"] == listed(number="p quist")
    assert refused(listed, sort="number") == {"sort": "Sort by created_at or name."}


def test_an_office_with_providers_stays_one_and_a_provider_without_users_may_move(portal: Portal) -> None:
    office, other = make_office(portal), make_office(portal)
    provider = make_provider(portal, office)
    stays = {"record_type": "This office has providers. Move them to another office first."}
    assert refused(change_account, portal, office.id, record_type="client") == stays
    assert refused(change_account, portal, office.id, record_type="provider", parent_id=other.id) == stays
    change_account(portal, provider.id, parent_id=other.id)
    assert (offices.providers(portal.slug, office.id), len(offices.providers(portal.slug, other.id))) == ([], 1)
    assert change_account(portal, office.id, record_type="client").record_type == "client"
    change_account(portal, provider.id, record_type="client", parent_id=None)
    assert offices.providers(portal.slug, other.id) == []
    assert change_account(portal, other.id, record_type="lead").record_type == "lead"


def test_nobody_leaves_users_behind(portal: Portal) -> None:
    office, other = make_office(portal), make_office(portal)
    provider, free = make_provider(portal, office), make_provider(portal, office)
    make_office_user(portal, provider, state="pending")
    make_office_user(portal, other)
    told = "There are users here, who would be left behind. Add a new account instead."
    assert refused(change_account, portal, provider.id, parent_id=other.id) == {"parent_id": told}
    for kind in ("client", "office"):
        assert refused(change_account, portal, provider.id, record_type=kind, parent_id=None) == {"record_type": told}
    assert refused(change_account, portal, other.id, record_type="customer") == {"record_type": told}
    assert change_account(portal, provider.id, name="Dr. Ida Ferro-Lind", status="closed").version == 2
    assert change_account(portal, free.id, parent_id=other.id).parent_id == other.id


def test_whoever_comes_to_an_office_while_it_is_changed_stops_the_change(portal: Portal) -> None:
    """An office that was read without a provider, or a user, is not written over the one that came since."""
    for come, counts in ((make_provider, (1, None)), (make_office_user, (None, 1))):
        office = make_office(portal)
        with pytest.raises(Stale), after("dynamodb.GetItem", partial(come, portal, office), nth=2):
            change_account(portal, office.id, record_type="client")
        row = AccountRow.find(f"{portal.slug}#account#{office.id}", "account")
        assert row and (row.record_type, row.providers, row.arrivals) == ("office", *counts)


def test_offices_and_providers_are_found_by_an_identifier_however_it_is_spelled(world: World, portal: Portal) -> None:
    office = make_office(portal, identifiers=[tin("11-2046835")])
    make_provider(portal, office, name="Dr. B", identifiers=[tin("1245319599", "NPI"), tin("11-2046835")])
    make_provider(portal, office, name="Dr. A", identifiers=[tin("ab-11", "License"), tin("112046835", "Payer id")])
    make_account(portal, identifiers=[tin("11-2046835")])
    make_office(make_portal(world), name="Elsewhere", identifiers=[tin("11-2046835")])

    def found(*given: str) -> list[str]:
        return names(offices.found(portal.slug, *given))

    for spelled in ("11-2046835", "112046835", " 11 204 6835 ", "11.2046835", "１１-2046835"):
        assert found(spelled) == ["Elm Street Clinic", "Dr. A", "Dr. B"], spelled
    assert found("11-2046835", "tin") == ["Elm Street Clinic", "Dr. B"]
    assert found("11-2046835", "payer-ID") == found("AB 11") == ["Dr. A"]
    assert found("1245319599", "NPI") == ["Dr. B"] and found("1245319599", "TIN") == []
    for nothing in ("", "---", "11-343760", "11-20468351"):
        assert found(nothing) == [], nothing


def test_what_an_account_is_found_by_changes_with_it(portal: Portal) -> None:
    office = make_office(portal, identifiers=[tin("11-1"), tin("22-2"), tin("222", "EIN")])

    def found(text: str) -> bool:
        return offices.found(portal.slug, text) != []

    assert found("111") and found("222")
    change_account(portal, office.id, identifiers=[tin("222", "EIN"), tin("33-3")])
    assert (found("111"), found("222"), found("333")) == (False, True, True)
    change_account(portal, office.id, status="closed")
    assert not found("333") and names(accounts.listed(portal.slug, identifier="33 3").items) == ["Elm Street Clinic"]
    change_account(portal, office.id, status="open")
    assert found("333")
    change_account(portal, office.id, record_type="client")
    assert not found("333") and IdentifierRow.find(f"{portal.slug}#identifier#333", office.id) is None
    change_account(portal, office.id, record_type="office")
    assert found("222") and found("333")


def test_an_identifier_needs_something_to_be_found_by(portal: Portal) -> None:
    told = {"identifiers.1.value": "An identifier needs at least one letter or digit."}
    assert refused(make_office, portal, identifiers=[tin("1"), tin("-")]) == told
    assert make_account(portal, identifiers=[tin("-")]).identifiers[0].value == "-"


def test_accounts_are_listed_by_identifier_page_by_page(world: World, portal: Portal) -> None:
    office = make_office(portal, identifiers=[tin("55-5")], tags=["gold"])
    for name in ("Dr. A", "Dr. B", "Dr. C"):
        world.clock.advance(1)
        make_provider(
            portal, office, name=name, identifiers=[tin("555")], status="closed" if name == "Dr. B" else "open"
        )
    seen: list[str] = []
    cursor = None
    while True:
        page = accounts.listed(portal.slug, identifier="5-5-5", limit=2, cursor=cursor)
        assert len(page.items) <= 2
        seen, cursor = seen + names(page.items), page.cursor
        if cursor is None:
            break
    assert seen == ["Dr. C", "Dr. B", "Dr. A", "Elm Street Clinic"]

    def listed(**filters: Any) -> list[str]:
        return names(accounts.listed(portal.slug, identifier="555", sort="created_at", **filters).items)

    assert listed(status="closed") == ["Dr. B"] == listed(name="dr b")
    assert listed(tag="gold") == listed(record_type="office") == listed(number=office.number) == ["Elm Street Clinic"]
    assert listed(parent_id=office.id) == ["Dr. A", "Dr. B", "Dr. C"]
    assert listed(name="--") == []
    told = {"sort": "Accounts with an identifier are sorted by created_at."}
    assert refused(accounts.listed, portal.slug, identifier="555", sort="name") == told


def test_users_follow_their_account_to_another_number(portal: Portal) -> None:
    office = make_office(portal)
    provider = make_provider(portal, office)
    own = make_office_user(portal, office).user
    waiting = make_office_user(portal, office, state="pending").user
    beside = make_office_user(portal, provider).user
    change_account(portal, office.id, number="ELM-1")
    moved = cards.partition(portal.slug, matching.number_key("ELM-1"))
    for user in (own, waiting):
        now = users.get(portal.slug, user.id)
        assert (now.cards, now.emails, now.version) == (moved, user.emails, user.version + 1)
    card = cards.of_user(moved, own.contact_id)
    assert card and card.name == f"Frances {own.details.last_name}"
    assert users.get(portal.slug, beside.id) == beside
    change_account(portal, provider.id, number=None)
    card = cards.of_user(users.get(portal.slug, beside.id).cards or "", beside.contact_id)
    assert card and card.account_id == provider.id


def test_a_number_with_too_many_contacts_and_users_stays(portal: Portal) -> None:
    office = make_office(portal)
    for _ in range(29):
        make_office_user(portal, office)
    assert change_account(portal, office.id, number="ELM-2").number == "ELM-2"
    for _ in range(5):
        make_office_user(portal, accounts.get(portal.slug, office.id))
    told = "The number of an account with this many contacts and users stays as it is."
    assert refused(change_account, portal, office.id, number="ELM-3") == {"number": told}
    assert change_account(portal, office.id, name="Elm Street Practice").number == "ELM-2"


def test_the_largest_office_fits_into_one_transaction(portal: Portal) -> None:
    person = {"first_name": "A", "last_name": "B", "emails": ["a@b.example"]}
    identifiers = [tin(f"{number:03}") for number in range(20)]
    office = make_office(portal)
    made = make_provider(
        portal, office, contacts=[person] * 20, identifiers=identifiers,
        primary_emails=[f"p{number}@x.example" for number in range(20)],
    )  # fmt: skip
    others = [tin(f"{number:03}") for number in range(20, 40)]
    assert change_account(portal, made.id, number="P-9", identifiers=others).number == "P-9"
    assert names(offices.found(portal.slug, "039")) == [made.name] and offices.found(portal.slug, "001") == []


def test_a_new_provider_leaves_the_version_of_its_office(portal: Portal) -> None:
    """Or whoever holds the office open in a form could not save it."""
    office = make_office(portal)
    make_provider(portal, office)
    assert accounts.get(portal.slug, office.id) == office
    wanted = AccountInput(**{**fields.values(office, AccountInput), "name": "Elm Street Practice"})
    assert accounts.change(staff(portal), portal, office.id, wanted, version=1).version == 2
    assert names(offices.providers(portal.slug, office.id)) == ["Dr. Iris Hale"]
