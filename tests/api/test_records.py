"""Products, prescriptions, care providers and website links over the API."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import facts
from chalicelib.portals.permissions import ROLES
from chalicelib.selfservice import records
from tests.records import BODIES, MODULES, record_portal
from tests.staffing import make_session
from tests.world import World

from .conftest import Office, at_once, good

KINDS = tuple(BODIES)
CHANGES: dict[str, dict[str, Any]] = {
    "products": {"status": "Cancelled", "premium": None}, "prescriptions": {"dosage": "20 mg"},
    "providers": {"phone": "(415) 555-0132", "is_primary": True}, "links": {"url": "https://members.example/new"},
}  # fmt: skip


@pytest.fixture
def office(world: World) -> Office:
    return Office(record_portal(world).slug, world.clock)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_added_changed_and_removed(office: Office, kind: str) -> None:
    account = office.account()
    at = f"{office.at}/accounts/{account.id}/{kind}"
    made = good(office.api.post(at, BODIES[kind]))
    where = f"{at}/{made.id}"
    assert made.status == 201 and made.headers["Location"].endswith(where)
    assert made.json.items() >= BODIES[kind].items() and made.json["version"] == 1
    assert (made.json["created_by"]["side"], made.json["created_by"]["name"]) == ("staff", "Test")
    assert good(office.api.get(where)).json == made.json
    assert office.api.get(where, If_None_Match='"1"').status == 304
    office.clock.advance(60)
    changed = good(office.api.patch(where, CHANGES[kind], If_Match='"1"'))
    assert (changed.json["version"], changed.json["created_at"]) == (2, made.json["created_at"])
    assert changed.json["updated_at"] > changed.json["created_at"]
    assert office.api.patch(where, CHANGES[kind], If_Match='"1"').status == 412
    assert good(office.api.get(at)).items == [changed.json]
    assert office.api.delete(where, If_Match='"1"').status == 412
    assert office.api.delete(where, If_Match='"2"').status == 204
    assert (office.api.get(where).status, office.api.delete(where).status) == (404, 404)
    assert good(office.api.get(at)).items == []


def test_what_is_said_of_it_is_checked(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}"
    for kind, body, wrong in (
        ("products", {**BODIES["products"], "status": "Won"}, ["status"]),
        ("products", {"premium": "a lot", "effective_date": "2031-02-30"}, ["carrier", "effective_date", "premium", "status"]),
        ("prescriptions", {"dosage": "10 mg", "strength": "x"}, ["name", "strength"]),
        ("providers", {"name": "Dr. Hale", "phone": "tomorrow"}, ["phone"]),
        ("links", {"title": "x", "url": "http://members.example"}, ["url"]),
        ("links", {"title": "x", "url": "javascript:alert(1)"}, ["url"]),
        ("links", {"title": "x", "url": "https://me:secret@members.example"}, ["url"]),
    ):  # fmt: skip
        reply = office.api.post(f"{at}/{kind}", body)
        assert (reply.status, sorted(reply.errors)) == (400, wrong), (kind, body)
    kept = good(office.api.post(f"{at}/providers", {"name": "Dr. Hale", "phone": "(415) 555-0132"}))
    assert kept.json["phone"] == "+14155550132"


def test_the_statuses_are_the_portals_and_a_product_keeps_one_that_is_listed_no_more(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/products"
    held = good(office.api.post(at, BODIES["products"])).id
    good(office.api.patch(office.at, {"product_statuses": ["Offered", "Sold"]}))
    assert good(office.api.patch(f"{at}/{held}", {"plan": "HMO"})).json["status"] == "Active"
    assert office.api.post(at, BODIES["products"]).errors == {"status": "Use one of the portal's: Offered, Sold."}
    assert good(office.api.patch(f"{at}/{held}", {"status": "Sold"})).json["status"] == "Sold"
    assert list(office.api.patch(f"{at}/{held}", {"status": "Active"}).errors) == ["status"]
    twice = office.api.patch(office.at, {"product_statuses": ["Sold", "Sold"]})
    assert list(twice.errors) == ["product_statuses.1"]


@pytest.mark.parametrize("kind", ["prescriptions", "providers"])
def test_a_module_that_is_off_refuses_and_keeps_what_there_was(office: Office, kind: str) -> None:
    at = f"{office.at}/accounts/{office.account().id}/{kind}"
    made = good(office.api.post(at, BODIES[kind]))
    good(office.api.patch(office.at, {"modules": {kind: False}}))
    for reply in (
        office.api.get(at), office.api.post(at, BODIES[kind]), office.api.get(f"{at}/{made.id}"),
        office.api.patch(f"{at}/{made.id}", CHANGES[kind]), office.api.delete(f"{at}/{made.id}"),
    ):  # fmt: skip
        assert (reply.status, reply.code) == (409, "conflict")
        assert "Switch the module on" in reply.json["detail"]
    good(office.api.patch(office.at, {"modules": MODULES}))
    assert good(office.api.get(at)).items == [made.json]


def test_an_account_has_its_own_record_and_another_s_ids_lead_nowhere(office: Office) -> None:
    one, two = (f"{office.at}/accounts/{office.account().id}" for _ in range(2))
    for kind in KINDS:
        made = good(office.api.post(f"{one}/{kind}", BODIES[kind]))
        assert good(office.api.get(f"{two}/{kind}")).items == []
        for reply in (
            office.api.get(f"{two}/{kind}/{made.id}"), office.api.patch(f"{two}/{kind}/{made.id}", CHANGES[kind]),
            office.api.delete(f"{two}/{kind}/{made.id}"), office.api.get(f"{office.at}/accounts/{'0' * 32}/{kind}"),
            office.api.post(f"{office.at}/accounts/{'0' * 32}/{kind}", BODIES[kind]),
        ):  # fmt: skip
            assert reply.status == 404
        for other in set(KINDS) - {kind}:
            assert office.api.get(f"{one}/{other}/{made.id}").status == 404
        assert good(office.api.get(f"{one}/{kind}")).items == [made.json]


def test_the_same_key_adds_it_once(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/prescriptions"
    first, again = (office.api.post(at, BODIES["prescriptions"], Idempotency_Key="one-two-three") for _ in range(2))
    assert (first.status, again.status) == (201, 201) and first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(good(office.api.get(at)).items) == 1


def test_a_record_holds_two_hundred_of_a_kind_however_many_come_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST", 6)
    at = f"{office.at}/accounts/{office.account().id}"
    replies = at_once([lambda: office.api.post(f"{at}/links", BODIES["links"]) for _ in range(9)])
    assert sorted({reply.status for reply in replies} - {503}) == [201, 409]
    for _ in range(6):
        last = office.api.post(f"{at}/links", BODIES["links"])
    assert (last.status, "at most 6 website links" in last.json["detail"]) == (409, True)
    held = good(office.api.get(f"{at}/links")).items
    assert len(held) == 6
    good(office.api.post(f"{at}/providers", BODIES["providers"]))
    assert office.api.delete(f"{at}/links/{held[0]['id']}").status == 204
    assert good(office.api.post(f"{at}/links", BODIES["links"])).status == 201


def test_lists_come_in_parts_oldest_first(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/prescriptions"
    for name in "ABCDE":
        office.clock.advance(1)
        good(office.api.post(at, {"name": name}))
    seen, cursor = [], ""
    while True:
        part = good(office.api.get(f"{at}?limit=2{cursor}"))
        seen.append([each["name"] for each in part.items])
        if part.cursor is None:
            break
        assert part.headers["Link"].endswith('; rel="next"')
        cursor = f"&cursor={part.cursor}"
    assert seen == [["A", "B"], ["C", "D"], ["E"]]
    assert office.api.get(f"{at}?cursor=nonsense").status == 400


def test_facts_name_the_fields_and_nothing_that_is_in_them(office: Office) -> None:
    account = office.account().id
    at = f"{office.at}/accounts/{account}/prescriptions"
    office.clock.advance(1)
    made = good(office.api.post(at, {"name": "Sertraline", "notes": "Private"})).id
    office.clock.advance(1)
    good(office.api.patch(f"{at}/{made}", {"dosage": "50 mg", "notes": "Hidden"}))
    office.clock.advance(1)
    good(office.api.patch(f"{at}/{made}", {"dosage": "50 mg"}))  # says nothing new
    assert office.api.delete(f"{at}/{made}").status == 204
    told = [(fact.kind, fact.changes) for fact in facts.about(office.slug, f"account:{account}").items[:3]]
    assert told == [
        ("staff:record:removed", {"prescription": made}),
        ("staff:record:changed", {"prescription": made, "dosage": "changed", "notes": "changed"}),
        ("staff:record:added", {"prescription": made}),
    ]


def test_who_may_read_and_who_may_write(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/products"
    assert {role for role, held in ROLES.items() if "records:read" in held} == set(ROLES)
    assert {role for role, held in ROLES.items() if "records:write" in held} == {"owner", "administrator", "agent"}
    support, agent = make_session(office.slug, "support"), make_session(office.slug, "agent")
    assert good(support.get(at)).items == []
    assert support.post(at, BODIES["products"]).status == 403
    made = good(agent.post(at, BODIES["products"]))
    assert made.json["created_by"]["id"].startswith("user:")
    assert made.json["created_by"]["name"] not in ("", "Test")
