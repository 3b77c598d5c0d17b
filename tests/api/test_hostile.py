"""Threats 32, 35 and 36 at the API: injection, mass assignment, bombs. And nothing of a caller in the logs."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Office, good

PRIVILEGED = [
    "id", "version", "created_at", "updated_at", "portal", "pk", "sk", "placed_in_review", "answers", "account", "secret_hash",
    "created_by", "revoked_at", "__class__", "constructor", "$set", "cards", "contact_id",
]  # fmt: skip


def bodies(office: Office) -> list[tuple[str, str, dict[str, Any]]]:
    """A good body for every operation that takes one."""
    account = office.account().id
    contact = office.contact(account).id
    batch = office.batch(account_id=account, renewal_contact_id=contact).id
    person = {"first_name": "A", "last_name": "B"}
    clinic = office.account("Clinic", record_type="office").id
    added = {"account_id": clinic, "role": "portal-user", "email": "a@x.example", **person}
    user = good(office.api.post(f"{office.at}/users", {**added, "username": "a.user"})).id
    return [
        ("PATCH", office.at, {"name": "Renamed"}),
        ("POST", f"{office.at}/accounts", {"name": "New"}),
        ("PATCH", f"{office.at}/accounts/{account}", {"name": "Renamed"}),
        ("POST", f"{office.at}/contacts", {"account_id": account, **person}),
        ("PATCH", f"{office.at}/contacts/{contact}", {"first_name": "Renamed"}),
        ("POST", f"{office.at}/batches", {"account_id": account, "renewal_contact_id": contact, "title": "T"}),
        ("PATCH", f"{office.at}/batches/{batch}", {"title": "Renamed"}),
        ("POST", f"{office.at}/batches/{batch}/documents", {"name": "a.pdf", "content_type": "application/pdf"}),
        ("POST", f"{office.at}/accounts/{account}/documents", {"name": "a.pdf", "content_type": "application/pdf"}),
        ("POST", f"{office.at}/users", {**added, "username": "another.user"}),
        ("POST", f"{office.at}/users/employees", {"account_id": clinic, **person}),
        ("PATCH", f"{office.at}/users/{user}", {"first_name": "Renamed"}),
        ("POST", f"{office.at}/users/{user}/lock", {"reason": "Renamed"}),
        ("POST", f"{office.at}/api-keys", {"name": "K", "scopes": ["accounts:read"]}),
        ("POST", f"{office.at}/templates/test", {"name": "batch-in-review", "channel": "email"}),
        ("POST", f"{office.at}/templates", {"name": "note", "title": "T", "sms": {"texts": ["Hello"]}}),
    ]


def state(office: Office) -> list[Any]:
    return [
        good(office.api.get(f"{office.at}{part}")).json
        for part in ("", "/accounts", "/contacts", "/batches", "/api-keys", "/users?deleted=any", "/templates")
    ]


def test_no_field_can_be_set_that_is_not_offered(office: Office) -> None:
    cases = bodies(office)
    before = state(office)
    for method, path, body in cases:
        offered = {"contact_id"} if (method, path) == ("POST", f"{office.at}/users") else set()
        for name in set(PRIVILEGED) - offered:
            reply = office.api.call(method, path, {**body, name: "x"})
            assert (reply.status, reply.errors) == (400, {name: f"There is no field called {name} here."}), (path, name)
    nested = office.api.patch(office.at, {"policy": {"code_minutes": 10, "admin": True}})
    assert list(nested.errors) == ["policy.admin"]
    assert state(office) == before


BOMBS = {
    "deep lists": '{"name":' + "[" * 10_000 + "]" * 10_000 + "}",
    "deep objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "a little deep": '{"name":' + "[" * 30 + "]" * 30 + "}",
    "six megabytes": json.dumps({"name": "x" * 6_000_000}),
    "65 KB": json.dumps({"name": "x" * 65_536}),
    "a huge integer": '{"name":' + "9" * 60_000 + "}",
    "a large integer": '{"name": 123456789012345678}',
    "a huge exponent": '{"name": 1e999999}',
    "a name twice": '{"name": "A", "name": "B"}',
    "a name twice, inside": '{"name": "A", "contacts": [{"first_name": "A", "first_name": "B"}]}',
    "NaN": '{"name": NaN}',
    "infinity": '{"name": -Infinity}',
    "half a surrogate": '{"name": "\\ud800"}',
    "cut short": '{"name": "A"',
    "two values": '{"name": "A"}{}',
    "nothing": "",
    "blank": "   ",
    "a comment": '{"name": "A"} // x',
    "single quotes": "{'name': 'A'}",
    "many names": json.dumps({f"n{number}": 1 for number in range(5000)}),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_are_refused_quickly(office: Office, kind: str) -> None:
    office.account("Warm")
    for path in ("accounts", "accounts/bulk", "contacts", "templates/wording", "templates/preview"):
        started = time.process_time()
        reply = office.api.post(f"{office.at}/{path}", BOMBS[kind])
        assert 400 <= reply.status < 500, reply.text
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert len(reply.text) < 20_000
        assert time.process_time() - started < 0.2 + 0.2 * (kind == "six megabytes")  # the test's own JSON round trip
    account = office.account("Second")
    assert office.api.call("PATCH", f"{office.at}/accounts/{account.id}", BOMBS[kind]).status >= 400
    assert sorted(office.names()) == ["Second", "Warm"]


def test_the_size_that_is_allowed_is_64_kb(office: Office) -> None:
    assert office.api.post(f"{office.at}/accounts", json.dumps({"name": "N"}) + " " * 65_000).status == 201
    too_large = office.api.post(f"{office.at}/accounts", json.dumps({"name": "N"}) + " " * 65_600)
    assert (too_large.status, too_large.code) == (413, "too-large")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ],
)
def test_only_json_is_taken(office: Office, kind: str) -> None:
    reply = office.api.post(f"{office.at}/accounts", {"name": "N"}, Content_Type=kind)
    assert (reply.status, reply.code) == (415, "unsupported-media-type")
    assert (
        office.api.post(f"{office.at}/accounts", {"name": "N"}, Content_Type="application/json; charset=UTF-8").status
        == 201
    )


ODD = [
    "#",
    "a#b",
    "*",
    "%",
    "' OR 1=1",
    "{}",
    "$ne",
    "../x",
    "acme#account",
    "\\",
    ":",
    "begins_with(pk, :a)",
    "null",
    "-1",
]


FILTERS = {
    "accounts": ["name", "number", "tag", "status", "record_type", "sort", "cursor"],
    "contacts": ["account_id", "email", "name", "cursor"],
    "batches": ["account_id", "status", "cursor"],
    "help-requests": ["state", "reference", "sort", "cursor"],
    "tasks": ["state", "assignee", "account_id", "from", "to", "sort", "cursor"],
    "calls": ["state", "account_id", "cursor"],
    "facts": ["subject", "kind", "cursor"],
    "messages": ["about", "status", "template", "cursor"],
}


def test_filters_are_literal(office: Office, other: Office) -> None:
    other.account("Foreign", number="F-1", tags=["#"])
    for path, parameter in ((path, parameter) for path, parameters in FILTERS.items() for parameter in parameters):
        for odd in ODD:
            reply = office.api.get(f"{office.at}/{path}?{parameter}={quote(odd)}")
            assert reply.status in (200, 400), (path, parameter, odd, reply.text)
            assert reply.status == 400 or reply.items == [], (path, parameter, odd)


def test_a_cursor_reaches_no_other_portal(office: Office, other: Office) -> None:
    for number in range(4):
        other.account(f"Foreign {number}")
        office.account(f"Own {number}")
    for sort in ("created_at", "-created_at", "name", "-name"):
        theirs = good(other.api.get(f"{other.at}/accounts?limit=2&sort={sort}")).cursor
        reply = office.api.get(f"{office.at}/accounts?sort={sort}&cursor={theirs}")
        assert reply.status in (200, 400)
        assert "Foreign" not in reply.text
        assert other.slug not in reply.text


CURSORS: list[Any] = [
    {}, {"pk": {"S": "x"}}, {"list_key": {"S": "x"}, "created_key": {"S": "x"}, "pk": {"S": "x"}, "sk": {"S": "x"}},
    {"list_key": {"N": "1"}, "created_key": {"N": "1"}, "pk": {"S": "x"}, "sk": {"S": "x"}}, {"pk": {"FOO": "x"}},
    {"pk": {}}, {"pk": {"S": ""}}, [], 1, "x", None, {"pk": "x"}, {"pk": {"S": "x", "N": "1"}},
    {"created_key": {"S": "x"}, "pk": {"BOOL": "true"}, "sk": {"S": "x"}},
]  # fmt: skip


@pytest.mark.parametrize("forged", CURSORS, ids=[json.dumps(each)[:40] for each in CURSORS])
def test_a_forged_cursor_is_refused_or_a_place_in_the_own_list(office: Office, other: Office, forged: Any) -> None:
    other.account("Foreign")
    cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    for path in (
        "accounts",
        "contacts",
        "batches",
        "help-requests",
        "tasks",
        "calls",
        "api-keys",
        "facts",
        "messages",
        f"facts?subject=account:{'0' * 32}",
        "templates/versions?name=batch-in-review&channel=email",
    ):
        reply = office.api.get(f"{office.at}/{path}{'&' if '?' in path else '?'}cursor={cursor}")
        assert reply.status in (200, 400), (path, reply.text)
        assert "Foreign" not in reply.text


@pytest.mark.parametrize("cursor", ["f" * 32, "0" * 32, "7" * 32, "0" * 12 + "f" * 20, "0001" + "0" * 28])
def test_an_id_at_the_end_of_time_is_a_cursor_like_any_other(office: Office, cursor: str) -> None:
    for path in ("facts", "messages", "facts?subject=portal:x", "messages?about=batch:x"):
        reply = office.api.get(f"{office.at}/{path}{'&' if '?' in path else '?'}cursor={cursor}")
        assert reply.status in (200, 400), (path, reply.text)


def test_the_log_tells_of_the_request_and_nothing_of_its_content(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "latchstring")
    body = {"name": "Canary-Name", "number": "CANARY-9", "contacts": [{"first_name": "Canary", "last_name": "Canary"}]}
    office.api.post(f"{office.at}/accounts", body, Idempotency_Key="canary-key")
    office.api.post(f"{office.at}/accounts", {**body, "canary": 1})
    office.api.get(f"{office.at}/accounts?name=Canary&canary=Canary")
    lines = [getattr(record, "fields", {}) for record in caplog.records if record.getMessage() == "request"]
    assert [line["status"] for line in lines[-3:]] == [201, 400, 400]
    assert lines[-1]["refusal"] == "invalid"
    assert lines[-1]["route"] == "/api/v1/portals/{portal}/accounts"
    assert lines[-1]["portal"] == office.slug
    assert "canary" not in str(lines).lower()
    assert (office.api.key or "") not in str(lines)
