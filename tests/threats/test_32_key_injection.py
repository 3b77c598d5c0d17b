"""Threat 32. DynamoDB injection by the pages: operators, `#`, key separators → literal; foreign items: 0.

The API's ids, filters and cursors are in tests/api/test_hostile.py.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.browsing import Browser
from tests.factories import Client, make_client, make_portal, sign_in
from tests.world import World

ODD = [
    "#", "a#b", "*", "%", "' OR 1=1 --", "{}", '{"S": "x"}', "$ne", "../x", "..%2fx", "\\", ":a", "begins_with(pk, :a)",
    "null", "-1", "account", "~", "card#0", "batch", "a\x00b", "\u2028", "{{7*7}}", "${x}", "%00", "%23", "%2523", "0" * 33,
    "F" * 32, "g" * 32, " " * 32,
]  # fmt: skip


@pytest.fixture
def client(world: World) -> Client:
    return make_client(world, make_portal(world))


def test_an_odd_id_in_a_path_finds_nothing(world: World, client: Client) -> None:
    other = make_client(world, client.portal)
    browser = Browser()
    sign_in(world, browser, client)
    ids = [
        *ODD,
        f"{other.batch.id}#",
        f"{client.slug}#batch#{other.batch.id}",
        f"{client.batch.id}#document#x",
        other.batch.id,
    ]
    asked = 0
    for odd in ids:
        spelled = quote(odd, safe="%")
        for path in (
            f"/{client.slug}/batches/{spelled}", f"/{client.slug}/batches/{spelled}/upload", f"/{client.slug}/{spelled}",
            f"{client.batch_path}/documents/{spelled}", f"{client.batch_path}/upload/{spelled}",
            f"/{client.slug}/records/documents/{spelled}",
        ):  # fmt: skip
            seen = browser.ask("GET", path)
            assert seen.status in (400, 404), (path, seen.status)
            assert other.batch.id not in seen.text.replace(path, "")
            asked += 1
    assert asked == 6 * len(ids)


@pytest.mark.parametrize(
    "suffix", ["%23", "%23number", "%23account%230", "%2523", "%00", "%20", "%2f", ".", "%5c", "%c0%af"]
)
def test_an_odd_portal_is_no_portal(client: Client, suffix: str) -> None:
    for path in ("", "/sign-in", "/trouble", f"/batches/{client.batch.id}"):
        seen = Browser().ask("GET", f"/{client.slug}{suffix}{path}")
        assert seen.status in (400, 404), (suffix, path, seen.status)
        assert client.portal.name not in seen.text


def test_what_is_typed_is_what_is_looked_for(world: World, client: Client) -> None:
    world.drain()
    before = len(world.inbox)
    held = people(world)
    for number, odd in enumerate(ODD):
        browser = Browser(f"198.51.100.{number + 1}")
        browser.open(f"/{client.slug}/sign-in")
        for typed_number, typed_name in ((odd, client.last_name), (client.number, odd), (odd, odd)):
            browser.open(f"/{client.slug}/sign-in")
            seen = browser.fill(client_number=typed_number, last_name=typed_name)
            assert seen.status in (200, 400)
            if seen.heading == "Account Access Confirmation":
                assert browser.fill(method="email", destination=client.email).status in (200, 400, 429)
        browser.open(f"/{client.slug}/sign-in")
        browser.fill(client_number=client.number, last_name=client.last_name)
        for method, destination in (("email", odd), ("email", f"{odd}@x.example"), ("sms", odd), (odd, client.email)):
            browser.open(f"/{client.slug}/sign-in/confirm")
            form = browser.here.form_with("destination")
            assert browser.send(form, method=method, destination=destination).status in (200, 400, 429)
    world.drain()
    assert len(world.inbox) == before, "something odd was taken for the client"
    assert people(world) == held


def test_an_odd_code_is_no_code(world: World, client: Client) -> None:
    from tests.factories import ask_code

    browser = Browser()
    ask_code(browser, client)
    for odd in ODD:
        assert browser.fill(code=odd).status == 400
    assert not browser.cookie("session")


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_cookie_is_none(client: Client, odd: str) -> None:
    browser = Browser()
    for kind in ("session", "step", "form", "browser"):
        browser.set_cookie(kind, client.slug, quote(odd))
    assert browser.open(f"/{client.slug}").heading == "Sign in"
    assert browser.open(client.batch_path).heading == "Sign in"


def people(world: World) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for table in ("people", "batches") for item in world.scan(table))
