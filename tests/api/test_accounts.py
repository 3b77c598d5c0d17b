"""Accounts over the API: what a company's system does with them all day."""

from __future__ import annotations

import pytest

from .conftest import Office, good


def test_an_account_is_created_with_its_contacts_and_read_back(office: Office) -> None:
    body = {
        "name": "Northwind Traders",
        "number": "NW-1001",
        "tags": ["renewal", "renewal"],
        "contacts": [
            {"first_name": "Maria", "last_name": "Nuñez", "emails": ["Maria@Northwind.example"], "mobile": "4155550132"}
        ],
    }
    made = office.api.post(f"{office.at}/accounts", body)
    assert made.status == 201
    assert made.headers["Location"] == f"https://portal.example.com/api/v1{office.at}/accounts/{made.id}"
    assert made.headers["ETag"] == '"1"'
    assert made.json["tags"] == ["renewal"]
    (contact,) = made.json["contacts"]
    assert contact["mobile"] == "+14155550132"
    assert contact["account_id"] == made.id
    read = good(office.api.get(f"{office.at}/accounts/{made.id}"))
    assert read.json == {name: value for name, value in made.json.items() if name != "contacts"}
    assert good(office.api.get(f"{office.at}/contacts/{contact['id']}")).json == contact


def test_every_json_answer_has_the_security_headers(office: Office) -> None:
    for reply in (office.api.get(office.at), office.api.get(f"{office.at}/accounts/nothing")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "max-age=" in reply.headers["Strict-Transport-Security"]
        assert reply.headers["Referrer-Policy"]


def test_a_change_merges_and_counts_versions(office: Office) -> None:
    account = office.account(number="A 1", tags=["old"])
    changed = office.api.patch(f"{office.at}/accounts/{account.id}", {"name": "Fabrikam", "tags": None, "number": None})
    assert (changed.status, changed.json["version"], changed.headers["ETag"]) == (200, 2, '"2"')
    assert (changed.json["name"], changed.json["tags"], changed.json["number"]) == ("Fabrikam", [], None)
    same = office.api.patch(f"{office.at}/accounts/{account.id}", {"name": "Fabrikam"})
    assert same.json["version"] == 2


def test_if_match_guards_a_change(office: Office) -> None:
    account = office.account()
    where = f"{office.at}/accounts/{account.id}"
    assert office.api.patch(where, {"name": "Second"}, If_Match='"1"').status == 200
    stale = office.api.patch(where, {"name": "Third"}, If_Match='"1"')
    assert (stale.status, stale.code) == (412, "stale")
    assert office.api.get(where).json["name"] == "Second"
    assert office.api.patch(where, {"name": "Third"}, If_Match="*").status == 200
    for nonsense in ("3", 'W/"3"', '"x"', '"1", "2"', '"0"', "'; DROP"):
        reply = office.api.patch(where, {"name": "Fourth"}, If_Match=nonsense)
        assert (reply.status, list(reply.errors)) == (400, ["If-Match"])


def test_who_holds_the_present_version_gets_304(office: Office) -> None:
    where = f"{office.at}/accounts/{office.account().id}"
    held = office.api.get(where, If_None_Match='"1"')
    assert (held.status, held.text, held.headers["ETag"]) == (304, "", '"1"')
    assert office.api.get(where, If_None_Match='W/"7", "1"').status == 304
    assert office.api.get(where, If_None_Match='"2"').status == 200


def test_a_missing_field_is_said_for_all_fields_at_once(office: Office) -> None:
    body = {
        "number": "###",
        "status": "ajar",
        "primary_emails": "me",
        "tags": ["", "x" * 61],
        "colour": "red",
        "contacts": [{"first_name": "A\nB", "roles": [7]}, 5],
    }
    reply = office.api.post(f"{office.at}/accounts", body)
    assert (reply.status, reply.code, reply.headers["Content-Type"]) == (400, "invalid", "application/problem+json")
    assert reply.errors == {
        "colour": "There is no field called colour here.",
        "name": "This is needed.",
        "number": "This does not have the right form. Expected: A client number.",
        "status": "Use one of: closed, open."
        if "closed, open" in reply.errors["status"]
        else "Use one of: open, closed.",
        "primary_emails": "This must be a list: values in square brackets.",
        "tags.0": "This is needed.",
        "tags.1": "Use at most 60 characters.",
        "contacts.0.first_name": reply.errors["contacts.0.first_name"],
        "contacts.0.last_name": "This is needed.",
        "contacts.0.roles.0": "This must be text.",
        "contacts.1": "This must be an object: names and values in braces.",
    }
    assert reply.errors["contacts.0.first_name"].startswith("This does not have the right form.")
    assert reply.json["type"] == "https://portal.example.com/api/v1/docs#problem-invalid"
    assert reply.json["title"]
    assert reply.json["request_id"]


def test_rules_that_types_cannot_tell_are_named_by_field_too(office: Office) -> None:
    body = {"name": "…", "primary_emails": ["ok@x.example", "nope"], "assigned_agent": "who", "number": "A1"}
    assert set(office.api.post(f"{office.at}/accounts", body).errors) == {"name", "primary_emails.1", "assigned_agent"}
    contact = {"first_name": "A", "last_name": "B", "emails": ["x"], "mobile": "12"}
    reply = office.api.post(f"{office.at}/accounts", {"name": "N", "contacts": [contact]})
    assert set(reply.errors) == {"contacts.0.emails.0", "contacts.0.mobile"}


def test_a_client_number_belongs_to_one_account_however_it_is_spelled(office: Office, other: Office) -> None:
    office.account(number="AC-1001")
    for spelling in ("AC-1001", "ac 1001", "Ac1001", "a.c.1001"):
        reply = office.api.post(f"{office.at}/accounts", {"name": "Second", "number": spelling})
        assert (reply.status, list(reply.errors)) == (400, ["number"])
    other.account(number="AC-1001")
    free = office.account(number="AC-1002")
    assert list(office.api.patch(f"{office.at}/accounts/{free.id}", {"number": "ac1001"}).errors) == ["number"]


def test_pages_follow_each_other_to_the_end(office: Office) -> None:
    names = {f"Account {number}" for number in range(7)}
    for name in names:
        office.account(name)
    seen, where = [], f"{office.at}/accounts?limit=3"
    sizes = []
    while where:
        reply = good(office.api.get(where))
        sizes.append(len(reply.items))
        seen += [item["name"] for item in reply.items]
        link = reply.headers.get("Link", "")
        assert bool(link) == (reply.cursor is not None)
        where = link.partition(">")[0].removeprefix("<https://portal.example.com") if link else ""
    assert sizes == [3, 3, 1]
    assert sorted(seen) == sorted(names)


def test_lists_sort_and_filter(office: Office) -> None:
    office.account("Émile et Fils", number="B-2", record_type="lead", tags=["gold"])
    office.account("Zebra", number="A-1", status="closed")
    office.account("emil & co", tags=["golden"])
    assert office.names("?sort=created_at") == ["Émile et Fils", "Zebra", "emil & co"]
    assert office.names("?sort=-created_at")[0] == "emil & co"
    assert office.names("?sort=name") == ["emil & co", "Émile et Fils", "Zebra"]
    assert office.names("?sort=-name")[0] == "Zebra"
    assert office.names("?sort=number") == ["Zebra", "Émile et Fils"]
    assert office.names("?name=EMIL") == ["emil & co", "Émile et Fils"]
    assert office.names("?number=b2") == ["Émile et Fils"]
    assert office.names("?status=closed") == ["Zebra"]
    assert office.names("?record_type=lead") == ["Émile et Fils"]
    assert office.names("?tag=gold") == ["Émile et Fils"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("?limit=0", ["limit"]),
        ("?limit=101&sort=age", ["limit", "sort"]),
        ("?limit=ten", ["limit"]),
        ("?page=2&size=10", ["page", "size"]),
        ("?status=ajar", ["status"]),
        ("?limit=1&limit=2", ["limit"]),
        ("?cursor=abc", ["cursor"]),
        ("?name=%00", ["name"]),
        ("?__class__=1", ["__class__"]),
    ],
)
def test_query_parameters_are_refused_by_name(office: Office, query: str, named: list[str]) -> None:
    reply = office.api.get(f"{office.at}/accounts{query}")
    assert (reply.status, sorted(reply.errors)) == (400, named)


def test_what_does_not_exist_is_not_found(office: Office) -> None:
    for identifier in ("0" * 32, "nothing", "../accounts", "%23", "ABC" * 10):
        reply = office.api.get(f"{office.at}/accounts/{identifier}")
        assert (reply.status, reply.code) == (404, "not-found")


def test_an_account_has_a_time_zone_of_its_own_or_the_portals(office: Office) -> None:
    account = office.account()
    where = f"{office.at}/accounts/{account.id}"
    assert account.json["time_zone"] is None
    assert good(office.api.patch(where, {"time_zone": "America/Denver"})).json["time_zone"] == "America/Denver"
    refused = office.api.patch(where, {"time_zone": "Mars/North"})
    assert (refused.status, list(refused.errors)) == (400, ["time_zone"])
    rows = {"rows": [{"name": "Second", "time_zone": "Mars/North"}, {"name": "Third", "time_zone": "Asia/Kathmandu"}]}
    imported = office.api.post(f"{office.at}/accounts/bulk", rows)
    assert [row["status"] for row in imported.json["rows"]] == ["refused", "created"]
    assert office.api.get(where).json["time_zone"] == "America/Denver"
