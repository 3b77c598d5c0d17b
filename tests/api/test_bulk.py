"""Many accounts or contacts in one call."""

from __future__ import annotations

from .client import Reply
from .conftest import Office, at_once, good


def test_each_row_is_created_or_refused_on_its_own(office: Office) -> None:
    office.account("Present", number="P-1")
    rows = [
        {"name": "One", "number": "B-1", "contacts": [{"first_name": "A", "last_name": "B"}]},
        {"name": "Two", "number": "b1"},
        {"number": "B-3", "size": 4},
        "nonsense",
        {"name": "Five", "number": "P1"},
        {"name": "Six", "contacts": [{"first_name": "A", "last_name": "B", "emails": ["nope"]}]},
        {"name": "Seven"},
    ]
    reply = good(office.api.post(f"{office.at}/accounts/bulk", {"rows": rows}))
    results = reply.json["rows"]
    assert [row["index"] for row in results] == list(range(7))
    assert [row["status"] for row in results] == ["created", *["refused"] * 5, "created"]
    assert (reply.json["created"], reply.json["refused"], reply.json["replayed"]) == (2, 5, 0)
    named = [{error["field"] for error in row.get("errors", [])} for row in results]
    assert named == [set(), {"number"}, {"name", "size"}, {"body"}, {"number"}, {"contacts.0.emails.0"}, set()]
    assert good(office.api.get(f"{office.at}/accounts/{results[0]['id']}")).json["name"] == "One"
    assert set(office.names()) == {"Present", "One", "Seven"}


def test_a_call_that_broke_off_half_way_is_repeated_whole(office: Office) -> None:
    """The first call got through three rows; the second, the same with its key, does the rest."""
    rows = [{"name": f"Account {place}", "number": f"N-{place}"} for place in range(6)]
    first = good(office.api.post(f"{office.at}/accounts/bulk", {"rows": rows[:3]}, Idempotency_Key="import-1"))
    second = good(office.api.post(f"{office.at}/accounts/bulk", {"rows": rows}, Idempotency_Key="import-1"))
    assert [row["status"] for row in second.json["rows"]] == ["replayed"] * 3 + ["created"] * 3
    assert [row["id"] for row in second.json["rows"][:3]] == [row["id"] for row in first.json["rows"]]
    third = good(office.api.post(f"{office.at}/accounts/bulk", {"rows": rows}, Idempotency_Key="import-1"))
    assert third.json["replayed"] == 6
    assert len(office.names()) == 6


def test_a_row_that_changed_under_its_key_is_refused_alone(office: Office) -> None:
    rows = [{"name": "One"}, {"name": "Two"}]
    good(office.api.post(f"{office.at}/accounts/bulk", {"rows": rows}, Idempotency_Key="k"))
    rows[1] = {"name": "Other"}
    again = good(office.api.post(f"{office.at}/accounts/bulk", {"rows": rows}, Idempotency_Key="k"))
    assert [row["status"] for row in again.json["rows"]] == ["replayed", "refused"]
    assert again.json["rows"][1]["code"] == "idempotency-key-reused"


def test_eight_parallel_calls_of_one_import_make_each_row_once(office: Office) -> None:
    rows = [{"name": f"Account {place}", "number": f"N-{place}"} for place in range(5)]

    def call() -> Reply:
        return office.api.post(f"{office.at}/accounts/bulk", {"rows": rows}, Idempotency_Key="race")

    replies = [good(reply).json for reply in at_once([call] * 8)]
    assert sum(reply["created"] for reply in replies) == 5
    assert sum(reply["replayed"] for reply in replies) == 35
    assert len({row["id"] for reply in replies for row in reply["rows"]}) == 5
    assert len(office.names()) == 5


def test_contacts_too(office: Office) -> None:
    account = office.account().id
    rows = [
        {"account_id": account, "first_name": "A", "last_name": "B"},
        {"account_id": "0" * 32, "first_name": "A", "last_name": "B"},
        {"first_name": "A"},
    ]
    results = good(office.api.post(f"{office.at}/contacts/bulk", {"rows": rows})).json["rows"]
    assert [row["status"] for row in results] == ["created", "refused", "refused"]
    assert {error["field"] for error in results[2]["errors"]} == {"account_id", "last_name"}


def test_the_call_itself_has_a_form(office: Office) -> None:
    for body, named in (
        ({}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [{"name": "N"}] * 101}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": [{"name": "N"}], "all": True}, "all"),
        ([{"name": "N"}], "body"),
    ):
        reply = office.api.post(f"{office.at}/accounts/bulk", body)
        assert (reply.status, list(reply.errors)) == (400, [named])
    assert office.names() == []
