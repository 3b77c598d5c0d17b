"""The registration console over the API: found, looked at, decided one by one and many at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib import portals
from chalicelib.people import users
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.registration.shapes import Registration
from chalicelib.registration.statuses import Status
from tests.registrations import (
    REASON,
    counts_are_right,
    make_entry,
    make_office,
    make_provider,
    make_request,
    shown,
)
from tests.staffing import make_session
from tests.world import World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

PENDING = "PENDING-PROV-ADMIN-REVIEW"


@pytest.fixture
def portal(office: Office) -> Portal:
    return portals.get(office.slug)


@pytest.fixture
def clinic(portal: Portal) -> Account:
    return make_office(portal)


def at(office: Office, request: Registration | str, act: str = "") -> str:
    entry_id = request if isinstance(request, str) else request.id
    return f"{office.at}/registrations/{entry_id}{'/' if act else ''}{act}"


def found(office: Office, query: str = "") -> list[str]:
    return [item["id"] for item in good(office.api.get(f"{office.at}/registrations{query}")).items]


def decide(office: Office, *rows: Any, **headers: str) -> Reply:
    return office.api.post(f"{office.at}/registrations/decide", {"decisions": list(rows)}, **headers)


def state(office: Office, request: Registration) -> str:
    user = users.by_id(office.slug, request.id)
    return user.state if user else "none"


def mails(world: World, request: Registration) -> list[str]:
    world.drain()
    return [sent.subject.partition(" - ")[0] for sent in world.sent_to(request.applicant.email)]


# Finding


def test_the_console_shows_what_the_old_one_did_and_more(office: Office, portal: Portal, clinic: Account) -> None:
    person = {"first_name": "Jane", "last_name": "Doe", "email": "jane@elm.example", "phone": "+14155550132"}
    request = make_request(portal, clinic, username="jane.doe", **person)
    office.clock.advance(hours=30)
    (item,) = good(office.api.get(f"{office.at}/registrations")).items
    assert item == {
        "id": request.id, "version": 1, "kind": "request", "status": PENDING, "level": "office",
        "account_id": clinic.id, "account_name": "Elm Street Clinic", "account_number": clinic.number, "office_id": clinic.id,
        "identifier": clinic.identifiers[0].value, "qualifier": "TIN", "role": "portal-user", "role_name": "Portal User",
        "asked_role": "portal-user", "applicant": {**person, "middle_name": "", "title": ""}, "username": "jane.doe",
        "checks": {"claim_number": "not-given", "birth_date": "not-given"}, "submitted_at": "2030-06-03T09:00:00Z",
        "age_days": 1, "valid_until": None, "is_expired": False, "is_revoked": False, "delivery": "", "inviter": None,
        "decided_at": None, "decided_by": None, "reason": None, "note": None, "created_at": "2030-06-03T09:00:00Z",
        "updated_at": "2030-06-03T09:00:00Z",
    }  # fmt: skip
    details = good(office.api.get(at(office, request)))
    assert details.headers["ETag"] == '"1"'
    assert details.json == {
        **item, "can_decide": True, "why_not": "", "possible_duplicates": [], "history": [],
    }  # fmt: skip


def test_lists_are_filtered_searched_sorted_and_paged(office: Office, portal: Portal, clinic: Account) -> None:
    made = []
    for name in ("Cal", "Amy", "Bob"):
        office.clock.advance(60)
        made.append(make_request(portal, clinic, first_name=name, last_name=name).id)
    cal, amy, bob = made
    office.clock.advance(60)
    provider = make_request(portal, make_provider(portal, clinic), first_name="Zoe").id
    good(office.api.post(at(office, bob, "approve"), {}))
    make_entry(portal, clinic)
    assert found(office, "?sort=submitted_at") == [cal, amy, bob, provider]
    assert found(office) == [provider, bob, amy, cal]
    assert found(office, f"?status={PENDING}&sort=name") == [amy, cal]
    assert found(office, "?status=MANUAL-PROV-ADMIN-APPROVED") == [bob]
    assert found(office, "?status=PENDING-ADMIN-REVIEW") == [provider]
    assert (
        found(office, "?q=amy") == [amy] and found(office, "?q=elm+CAL") == [cal] and found(office, "?q=nobody") == []
    )
    first = good(office.api.get(f"{office.at}/registrations?limit=3&sort=name"))
    assert 'rel="next"' in first.headers["Link"] and first.cursor
    second = good(office.api.get(f"{office.at}/registrations?limit=3&sort=name&cursor={first.cursor}"))
    assert [item["id"] for item in first.items + second.items] == [amy, bob, cal, provider]
    assert second.cursor is None
    for wrong in ("status=STARTED", "status=pending", "sort=status", "limit=0", "cursor=x", "role=x"):
        assert office.api.get(f"{office.at}/registrations?{wrong}").status == 400, wrong


def test_counts_are_by_status(office: Office, portal: Portal, clinic: Account) -> None:
    kept, gone = make_request(portal, clinic), make_request(portal, clinic)
    make_entry(portal, clinic, kind="invitation", status=Status.EMAIL_INT)
    make_entry(portal, clinic)
    good(office.api.post(at(office, gone, "deny"), {"reason": REASON}))
    counted = good(office.api.get(f"{office.at}/registrations/counts")).json
    assert list(counted) == sorted(status.value for status in Status if status is not Status.STARTED)
    assert {name: count for name, count in counted.items() if count} == {"DECLINED": 1, "EMAIL-INT": 1, PENDING: 1}
    assert shown(portal, kept.id).status == PENDING


def test_the_queue_is_worked_from_one_to_the_next(office: Office, portal: Portal, clinic: Account) -> None:
    made = []
    for _ in range(3):
        office.clock.advance(60)
        made.append(make_request(portal, clinic).id)
    good(office.api.post(at(office, made[0], "approve"), {}))
    assert good(office.api.get(at(office, made[0], "next"))).json["registration"]["id"] == made[1]
    good(office.api.post(at(office, made[2], "deny"), {"reason": REASON}))
    assert good(office.api.get(at(office, made[1], "next"))).json == {"registration": None}


# Deciding


def test_staff_approve_and_the_history_says_who(office: Office, portal: Portal, clinic: Account, world: World) -> None:
    ana = make_session(office.slug, "administrator", first_name="Ana", last_name="Silva")
    request = make_request(portal, clinic, "provider-administrator")
    done = good(
        ana.post(at(office, request, "approve"), {"role": "clerical-user", "note": "Called back.", "version": 1})
    )
    assert (done.json["status"], done.json["role"]) == ("MANUAL-PROV-ADMIN-APPROVED", "clerical-user")
    assert (done.json["decided_by"], done.json["note"]) == ("Ana Silva", "Called back.")
    assert done.headers["ETag"] == '"2"'
    details = good(ana.get(at(office, request))).json
    assert (details["can_decide"], details["why_not"]) == (
        False,
        "This registration does not wait for a decision any more.",
    )
    assert [(each["what"], each["who"]) for each in details["history"]] == [
        ("staff:registration:role-modified", "Ana Silva"), ("staff:registration:approved", "Ana Silva"),
    ]  # fmt: skip
    assert state(office, request) == "active" and mails(world, request) == ["You can sign in now"]
    for act, body in (("approve", {}), ("deny", {"reason": REASON})):
        again = ana.post(at(office, request, act), body)
        assert (again.status, again.code) == (409, "already-decided")


def test_a_denial_needs_a_reason_of_the_portals(office: Office, portal: Portal, clinic: Account, world: World) -> None:
    request = make_request(portal, clinic)
    for body, field in (({}, "reason"), ({"reason": "x"}, "reason"), ({"reason": REASON, "role": "x"}, "role")):
        refused = office.api.post(at(office, request, "deny"), body)
        assert (refused.status, list(refused.errors)) == (400, [field])
    done = good(office.api.post(at(office, request, "deny"), {"reason": REASON})).json
    assert (done["status"], done["reason"], done["decided_by"]) == ("DECLINED", REASON, "Test")
    assert state(office, request) == "none" and mails(world, request) == ["Your registration was not approved"]


def test_another_version_is_refused(office: Office, portal: Portal, clinic: Account) -> None:
    request = make_request(portal, clinic)
    for act, body in (("approve", {}), ("deny", {"reason": REASON})):
        refused = office.api.post(at(office, request, act), {**body, "version": 2})
        assert (refused.status, refused.code) == (412, "stale")
    assert state(office, request) == "pending"


def test_who_may_only_read_is_told_so(office: Office, portal: Portal, clinic: Account) -> None:
    request = make_request(portal, clinic)
    for caller in (make_session(office.slug, "agent"), ApiClient(make_key(office.slug, ["registrations:read"]))):
        assert good(caller.get(at(office, request))).json["why_not"] == "You lack the permission registrations:decide."
        assert caller.post(at(office, request, "approve"), {}).status == 403
        row = {"id": request.id, "decision": "approve"}
        assert caller.post(f"{office.at}/registrations/decide", {"decisions": [row]}).status == 403
    assert state(office, request) == "pending"


def test_a_decision_repeated_with_its_key_is_one(office: Office, portal: Portal, clinic: Account, world: World) -> None:
    request, other = make_request(portal, clinic), make_request(portal, clinic)
    calls = [partial(office.api.post, at(office, request, "approve"), {}, Idempotency_Key="k") for _ in range(8)]
    replies = [good(reply) for reply in at_once(calls)]
    assert sum("Idempotency-Replayed" in reply.headers for reply in replies) == 7
    assert len({reply.text for reply in replies}) == 1
    assert mails(world, request) == ["You can sign in now"]
    assert office.api.post(at(office, other, "approve"), {}, Idempotency_Key="k").code == "idempotency-key-reused"
    assert counts_are_right(portal)


def test_what_is_another_portals_is_not_there(office: Office, other: Office, portal: Portal, clinic: Account) -> None:
    request = make_request(portal, clinic)
    for act in ("", "next"):
        assert other.api.get(at(other, request, act)).status == 404
    assert other.api.post(at(other, request, "approve"), {}).status == 404
    assert other.api.post(at(other, request, "deny"), {"reason": REASON}).status == 404
    (row,) = good(decide(other, {"id": request.id, "decision": "approve"})).json["decisions"]
    assert (row["status"], row["code"]) == ("refused", "not-found")
    assert state(office, request) == "pending"


# Many at once


def test_each_decision_of_many_is_made_or_refused_on_its_own(
    office: Office, portal: Portal, clinic: Account, world: World
) -> None:
    one, two, three, four = (make_request(portal, clinic) for _ in range(4))
    rows = [
        {"id": one.id, "decision": "approve"},
        {"id": two.id, "decision": "deny", "reason": REASON, "note": "No."},
        {"id": three.id, "decision": "approve", "role": "no-such"},
        {"id": one.id, "decision": "deny", "reason": REASON},
        {"id": "0" * 32, "decision": "approve"},
        {"id": four.id, "decision": "deny"},
        {"id": four.id, "decision": "perhaps"},
        "nonsense",
        {"id": four.id, "decision": "approve", "role": "clerical-user"},
    ]
    reply = good(decide(office, *rows)).json
    results = reply.pop("decisions")
    assert reply == {"approved": 2, "denied": 1, "replayed": 0, "refused": 6}
    assert [row["index"] for row in results] == list(range(9))
    assert [row["status"] for row in results] == ["approved", "denied", *["refused"] * 6, "approved"]
    assert [row.get("code") for row in results[2:8]] == [
        "invalid", "already-decided", "not-found", "invalid", "invalid", "invalid",
    ]  # fmt: skip
    assert [[error["field"] for error in results[place]["errors"]] for place in (2, 5, 6, 7)] == [
        ["role"], ["reason"], ["decision"], ["body"],
    ]  # fmt: skip
    assert [state(office, each) for each in (one, two, three, four)] == ["active", "none", "pending", "active"]
    assert [len(mails(world, each)) for each in (one, two, three, four)] == [1, 1, 0, 1]
    assert counts_are_right(portal)


def test_many_decisions_repeated_with_their_key_are_made_once(
    office: Office, portal: Portal, clinic: Account, world: World
) -> None:
    """Also when the first call got through two of them only, and when eight come at the same time."""
    made = [make_request(portal, clinic) for _ in range(5)]
    rows = [{"id": each.id, "decision": "approve"} for each in made]
    good(decide(office, *rows[:2], Idempotency_Key="k"))
    second = good(decide(office, *rows, Idempotency_Key="k")).json
    assert [row["status"] for row in second["decisions"]] == ["replayed"] * 2 + ["approved"] * 3
    assert [row["id"] for row in second["decisions"]] == [each.id for each in made]
    replies = at_once([partial(decide, office, *rows, Idempotency_Key="k") for _ in range(8)])
    assert {good(reply).json["replayed"] for reply in replies} == {5}
    assert all(len(mails(world, each)) == 1 for each in made)
    assert counts_are_right(portal)


def test_the_call_itself_has_a_form(office: Office) -> None:
    row = {"id": "0" * 32, "decision": "approve"}
    for body, named in (
        ({}, "decisions"), ({"decisions": []}, "decisions"), ({"decisions": [row] * 101}, "decisions"),
        ({"decisions": [row], "all": True}, "all"), ([row], "body"),
    ):  # fmt: skip
        reply = office.api.post(f"{office.at}/registrations/decide", body)
        assert (reply.status, list(reply.errors)) == (400, [named])


def test_sixty_four_parallel_decisions_have_one_winner(
    office: Office, portal: Portal, clinic: Account, world: World
) -> None:
    request = make_request(portal, clinic)

    def call(place: int) -> Reply:
        if place % 3 == 0:
            return decide(office, {"id": request.id, "decision": "approve"})
        act, body = ("approve", {}) if place % 3 == 1 else ("deny", {"reason": REASON})
        return office.api.post(at(office, request, act), body)

    replies = at_once([partial(call, place) for place in range(64)])
    assert {reply.status for reply in replies} <= {200, 409}
    won = [reply for reply in replies if reply.status == 200 and reply.json.get("refused") != 1]
    assert len(won) == 1
    assert len(mails(world, request)) == 1 and counts_are_right(portal)
    assert state(office, request) == ("none" if shown(portal, request.id).status == "DECLINED" else "active")
