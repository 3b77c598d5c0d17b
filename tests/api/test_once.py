"""Idempotency-Key: whatever is repeated, in a row or all at once, happens once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.world import MovableClock, World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

REPLAYED = "Idempotency-Replayed"


def facts(office: Office, kind: str) -> list[Any]:
    return good(office.api.get(f"{office.at}/facts?kind={kind}&limit=100")).items


def test_a_repeated_creation_gives_the_first_answer_again(office: Office) -> None:
    people = [{"first_name": name, "last_name": "Same"} for name in ("Zoe", "Amy", "Bob")]
    body = {"name": "Northwind", "number": "N-1", "contacts": people}
    first = office.api.post(f"{office.at}/accounts", body, Idempotency_Key="k-1")
    again = office.api.post(f"{office.at}/accounts", dict(reversed(body.items())), Idempotency_Key="k-1")
    assert (first.status, again.status) == (201, 201)
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert again.json == first.json
    assert [contact["first_name"] for contact in again.json["contacts"]] == ["Zoe", "Amy", "Bob"]
    assert again.headers["Location"] == first.headers["Location"]
    assert len(office.names()) == 1


def test_another_request_with_the_same_key_is_refused(office: Office) -> None:
    office.api.post(f"{office.at}/accounts", {"name": "One"}, Idempotency_Key="k")
    for path, body in (("accounts", {"name": "Two"}), ("contacts", {"name": "One"})):
        reply = office.api.post(f"{office.at}/{path}", body, Idempotency_Key="k")
        assert reply.status in (400, 422), reply.text
    assert (
        office.api.post(f"{office.at}/accounts", {"name": "Two"}, Idempotency_Key="k").code == "idempotency-key-reused"
    )
    assert office.names() == ["One"]


def test_a_refused_request_uses_up_nothing(office: Office) -> None:
    office.account("Taken", number="T1")
    refused = office.api.post(f"{office.at}/accounts", {"name": "New", "number": "t-1"}, Idempotency_Key="k")
    assert list(refused.errors) == ["number"]
    corrected = office.api.post(f"{office.at}/accounts", {"name": "New", "number": "T2"}, Idempotency_Key="k")
    assert (corrected.status, corrected.headers.get(REPLAYED)) == (201, None)


def test_a_key_is_forgotten_after_a_day(office: Office, moment: MovableClock) -> None:
    first = office.api.post(f"{office.at}/accounts", {"name": "One"}, Idempotency_Key="k")
    moment.advance(hours=24)
    second = office.api.post(f"{office.at}/accounts", {"name": "One"}, Idempotency_Key="k")
    assert second.status == 201
    assert second.id != first.id


def test_keys_of_different_callers_and_portals_are_different_keys(office: Office, other: Office) -> None:
    colleague = ApiClient(make_key(office.slug))
    made = [
        caller.post(f"{at}/accounts", {"name": "One"}, Idempotency_Key="same")
        for caller, at in ((office.api, office.at), (colleague, office.at), (other.api, other.at))
    ]
    assert [reply.headers.get(REPLAYED) for reply in made] == [None, None, None]
    assert len({reply.id for reply in made}) == 3


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\tb"])
def test_a_key_has_a_form(office: Office, key: str) -> None:
    reply = office.api.post(f"{office.at}/accounts", {"name": "One"}, Idempotency_Key=key)
    assert (reply.status, list(reply.errors)) == (400, ["Idempotency-Key"])
    assert office.names() == []


def test_64_parallel_calls_with_one_key_make_one_account(office: Office) -> None:
    body = {"name": "Northwind", "number": "N-1", "contacts": [{"first_name": "Maria", "last_name": "Nuñez"}]}

    def call() -> Reply:
        return office.api.post(f"{office.at}/accounts", body, Idempotency_Key="race")

    replies = at_once([call] * 64)
    assert {reply.status for reply in replies} == {201}
    assert len({reply.id for reply in replies}) == 1
    assert sum(REPLAYED not in reply.headers for reply in replies) == 1
    assert len(office.names()) == 1
    assert len(facts(office, "staff:account:created")) == 1
    assert len(facts(office, "staff:contact:created")) == 1


def test_64_parallel_claims_of_one_number_in_different_spellings_make_one_account(office: Office) -> None:
    spellings = ["AC-1001", "ac 1001", "AC1001", "Ac.10.01", "a-c-1-0-0-1", "AC_1001", "AC/1001", "ac1001"] * 8

    def call(place: int) -> Reply:
        return office.api.post(f"{office.at}/accounts", {"name": f"Account {place}", "number": spellings[place]})

    replies = at_once([partial(call, place) for place in range(64)])
    assert sorted(reply.status for reply in replies) == [201] + [400] * 63
    assert {tuple(reply.errors) for reply in replies if reply.status == 400} == {("number",)}
    assert len(office.names()) == 1


def test_32_parallel_changes_without_if_match_are_all_kept(office: Office) -> None:
    fields = ["name", "tags", "record_type", "primary_emails"]
    account = office.account()
    values = {"name": "Changed", "tags": ["a"], "record_type": "lead", "primary_emails": ["a@b.example"]}

    def call(field: str) -> Reply:
        return office.api.patch(f"{office.at}/accounts/{account.id}", {field: values[field]})

    replies = at_once([partial(call, field) for field in fields])
    assert {reply.status for reply in replies} == {200}
    final = good(office.api.get(f"{office.at}/accounts/{account.id}")).json
    assert {field: final[field] for field in fields} == values
    assert final["version"] == 5


def test_of_32_parallel_changes_of_one_version_one_wins(office: Office) -> None:
    account = office.account()

    def call(place: int) -> Reply:
        return office.api.patch(f"{office.at}/accounts/{account.id}", {"name": f"Name {place}"}, If_Match='"1"')

    replies = at_once([partial(call, place) for place in range(32)])
    assert sorted(reply.status for reply in replies) == [200] + [412] * 31
    assert good(office.api.get(f"{office.at}/accounts/{account.id}")).json["version"] == 2


def test_a_key_creation_is_not_repeated_though_it_cannot_be_shown_again(office: Office) -> None:
    body = {"name": "Import", "scopes": ["accounts:read"]}
    assert office.api.post(f"{office.at}/api-keys", body, Idempotency_Key="k").status == 201
    again = office.api.post(f"{office.at}/api-keys", body, Idempotency_Key="k")
    assert (again.status, again.code) == (409, "shown-once")
    assert len(good(office.api.get(f"{office.at}/api-keys")).items) == 2


def test_portals_and_contacts_are_repeated_alike(office: Office, deployment: ApiClient, world: World) -> None:
    slug = f"{office.slug}-b"
    first = deployment.post("/portals", {"slug": slug, "name": "B"}, Idempotency_Key=f"portal-{slug}")
    again = deployment.post("/portals", {"slug": slug, "name": "B"}, Idempotency_Key=f"portal-{slug}")
    assert (first.status, again.status, again.headers[REPLAYED]) == (201, 201, "true")
    assert again.json == first.json
    contact = {"account_id": office.account().id, "first_name": "A", "last_name": "B"}
    one = office.api.post(f"{office.at}/contacts", contact, Idempotency_Key="c")
    two = office.api.post(f"{office.at}/contacts", contact, Idempotency_Key="c")
    assert (one.json, two.headers[REPLAYED]) == (two.json, "true")


def test_the_record_holds_neither_key_nor_content(office: Office, world: World) -> None:
    office.api.post(f"{office.at}/accounts", {"name": "Canary-Name-71"}, Idempotency_Key="canary-key-72")
    rows = [str(row) for row in world.scan("tokens") if f"{office.slug}#once#" in str(row)]
    assert len(rows) == 1
    assert "anary" not in rows[0]
