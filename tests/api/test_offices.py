"""Offices, their providers and what they are checked by over the API; the rules are in tests/people and tests/registration."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

from .client import Reply
from .conftest import Office, good

NPI = {"qualifier": "NPI", "value": "1245319599"}


@pytest.fixture
def clinic(office: Office) -> Reply:
    tin = {"qualifier": "TIN", "value": "11-2046835"}
    return office.account("Elm Street Clinic", record_type="office", number="ELM", identifiers=[tin])


def provider(office: Office, clinic: Reply, **fields: Any) -> Reply:
    return office.account(**{"name": "Dr. Ida Ferro", "record_type": "provider", "parent_id": clinic.id, **fields})


def test_providers_are_listed_by_their_office_and_found_by_identifier(office: Office, clinic: Reply) -> None:
    provider(office, clinic, name="Dr. Zoë Arndt", identifiers=[NPI])
    provider(office, clinic, name="Dr. Abel Quist", number="AQ-1", identifiers=[NPI])
    office.account("Northwind")
    of_clinic = f"?parent_id={clinic.id}"
    assert office.names(of_clinic) == ["Dr. Abel Quist", "Dr. Zoë Arndt"]
    assert office.names(f"{of_clinic}&sort=-name") == ["Dr. Zoë Arndt", "Dr. Abel Quist"]
    assert office.names(f"{of_clinic}&number=aq") == office.names(f"{of_clinic}&name=dr%20abel") == ["Dr. Abel Quist"]
    assert office.names("?identifier=12-45319599") == ["Dr. Abel Quist", "Dr. Zoë Arndt"]
    assert office.names("?identifier=1245319599&name=dr%20z&number=") == ["Dr. Zoë Arndt"]
    assert office.names("?identifier=11%202046835&record_type=office") == ["Elm Street Clinic"]
    assert office.names("?identifier=9") == office.names(f"?parent_id={'0' * 32}") == []
    for query, named in (("identifier=9&sort=name", "sort"), (f"parent_id={clinic.id}&sort=number", "sort"),
                         ("parent_id=elm", "parent_id"), ("identifier=9&cursor=abc", "cursor")):  # fmt: skip
        reply = office.api.get(f"{office.at}/accounts?{query}")
        assert (reply.status, list(reply.errors)) == (400, [named]), query


def test_pages_of_an_identifier_and_of_an_office_follow_each_other(office: Office, clinic: Reply) -> None:
    made = {provider(office, clinic, identifiers=[NPI]).id for _ in range(5)}
    for query in (f"parent_id={clinic.id}", "identifier=1245319599"):
        seen: list[str] = []
        where = f"{office.at}/accounts?limit=2&{query}"
        while where:
            reply = good(office.api.get(where))
            seen += [item["id"] for item in reply.items]
            link = reply.headers.get("Link", "")
            where = link.partition(">")[0].removeprefix("<https://portal.example.com") if link else ""
        assert len(seen) == 5 and set(seen) == made, query


def test_a_patch_moves_a_provider_and_says_why_not(office: Office, other: Office, clinic: Reply) -> None:
    made = provider(office, clinic)
    where = f"{office.at}/accounts/{made.id}"
    foreign = other.account("Foreign", record_type="office")
    for body, named in (
        ({"parent_id": foreign.id}, "parent_id"), ({"parent_id": made.id}, "parent_id"), ({"parent_id": None}, "parent_id"),
        ({"record_type": "client"}, "parent_id"), ({"parent_id": "elm"}, "parent_id"),
    ):  # fmt: skip
        reply = office.api.patch(where, body)
        assert (reply.status, list(reply.errors)) == (400, [named]), body
    stays = office.api.patch(f"{office.at}/accounts/{clinic.id}", {"record_type": "client"})
    assert stays.errors == {"record_type": "This office has providers. Move them to another office first."}
    harbour = office.account("Harbour Dental", record_type="office")
    assert good(office.api.patch(where, {"parent_id": harbour.id})).json["parent_id"] == harbour.id
    assert good(office.api.patch(f"{office.at}/accounts/{clinic.id}", {"record_type": "client"})).status == 200
    assert good(office.api.patch(where, {"record_type": "client", "parent_id": None})).json["parent_id"] is None


def test_checks_are_put_in_and_counted(office: Office, clinic: Reply) -> None:
    where = f"{office.at}/accounts/{clinic.id}/registration-checks"
    assert good(office.api.get(where)).json == {"claim_numbers": 0, "birth_date": False}
    body = {"add_claim_numbers": ["2026-004711", "2026 004711", "CLM-2"], "birth_date": "1970-01-31"}
    for _ in range(2):
        assert good(office.api.post(where, body)).json == {"claim_numbers": 2, "birth_date": True}
    assert good(office.api.post(where, {"remove_claim_numbers": ["clm2"]})).json["birth_date"] is True
    assert good(office.api.post(where, {"birth_date": None})).json == {"claim_numbers": 1, "birth_date": False}
    assert good(office.api.post(where, {"remove_other_claim_numbers": True})).json["claim_numbers"] == 0
    about = good(office.api.get(f"{office.at}/facts?subject=account:{clinic.id}")).items
    assert sum(fact["kind"] == "staff:registration:checks-changed" for fact in about) == 5


def test_refusals_of_checks_repeat_nothing_that_was_typed(office: Office, clinic: Reply) -> None:
    where = f"{office.at}/accounts/{clinic.id}/registration-checks"
    body = {
        "add_claim_numbers": ["WOLF\n1", "--", 5],
        "remove_claim_numbers": "MOON",
        "birth_date": "1966-13-01",
        "x": 1,
    }
    reply = office.api.post(where, body)
    named = {
        "add_claim_numbers.0",
        "add_claim_numbers.1",
        "add_claim_numbers.2",
        "remove_claim_numbers",
        "birth_date",
        "x",
    }
    assert (reply.status, set(reply.errors)) == (400, named)
    assert not any(text in reply.text for text in ("WOLF", "MOON", "1966-13"))
    many = office.api.post(where, {"add_claim_numbers": [str(number) for number in range(501)]})
    assert many.errors == {"add_claim_numbers": "Send at most 500 of these."}
    client = office.account("Northwind")
    for reply in (
        office.api.get(f"{office.at}/accounts/{client.id}/registration-checks"),
        office.api.post(f"{office.at}/accounts/{client.id}/registration-checks", {"add_claim_numbers": ["1"]}),
    ):
        assert (reply.status, reply.code) == (409, "conflict")


def test_not_even_the_record_of_a_repeated_call_tells_what_was_put_in(
    world: World, office: Office, clinic: Reply
) -> None:
    """A plain hash of a body with a date in it would be guessed in a second, so none is kept."""
    before = sum(1 for _ in world.scan("tokens"))
    where = f"{office.at}/accounts/{clinic.id}/registration-checks"
    for _ in range(2):
        good(office.api.post(where, {"birth_date": "1970-01-31"}, Idempotency_Key="once"))
    assert sum(1 for _ in world.scan("tokens")) == before
