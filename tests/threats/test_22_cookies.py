"""Threat 22. Cookies: every one of them locked to our host, unreadable to scripts, and empty of anything personal."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from chalicelib.people import contacts
from tests.browsing import Browser, Seen
from tests.factories import Client, begin, change_account, change_batch, make_client, newest_code, sign_in, staff
from tests.world import World

KINDS = {"session", "step", "form", "browser"}


def every_cookie(world: World, client: Client) -> list[str]:
    """The Set-Cookie lines of a whole visit, from the first page to signing out."""
    browser, seen = Browser(), list[Seen]()
    seen.append(browser.open(client.batch_path))
    seen.append(begin(browser, client))
    seen.append(browser.fill(method="sms", destination=client.mobile))
    world.clock.advance(31)
    seen.append(browser.press("Send another code"))
    world.drain()
    seen.append(browser.fill(code=newest_code(world, client.mobile)))
    seen.append(browser.open(client.batch_path))
    seen.append(browser.fill(answer="approve"))
    seen.append(browser.press("Sign out"))
    return [line for page in seen for each in (*page.trail, page) for line in each.headers.getlist("Set-Cookie")]


def test_every_cookie_is_host_only_secure_httponly_and_samesite(world: World) -> None:
    client = make_client(world)
    lines = every_cookie(world, client)
    assert len(lines) >= 8
    names = {line.partition("=")[0] for line in lines}
    assert names == {f"__Host-{kind}-{client.slug}" for kind in KINDS}
    for line in lines:
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, line
        assert not [flag for flag in flags if flag.startswith("domain")], line


def test_no_cookie_holds_anything_personal(world: World) -> None:
    client = make_client(world, first_name="Zephyrine", last_name="Quibblesworth", emails=["zq@northwind.example"])
    private = [
        client.number, client.number.replace("-", "").lower(), "Zephyrine", "Quibblesworth", "quibblesworth",
        "zq@northwind.example", client.mobile, client.mobile[2:], client.contact.id, client.account.id, "Northwind",
    ]  # fmt: skip
    for line in every_cookie(world, client):
        value = line.partition(";")[0].partition("=")[2]
        body = value.rpartition(".")[2]
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) if body else b""
        for word in private:
            assert word not in value and word.encode() not in raw, line


def test_the_session_s_secret_is_256_bits_and_only_its_hash_is_stored(world: World) -> None:
    client = make_client(world)
    secrets = set()
    for _ in range(2):
        browser = Browser()
        sign_in(world, browser, client)
        secret = browser.cookie("session")
        assert secret and len(base64.urlsafe_b64decode(secret + "=")) == 32
        secrets.add(secret)
    assert len(secrets) == 2
    stored = [str(item) for item in world.scan("tokens")]
    assert not [item for item in stored for secret in secrets if secret in item]


def test_signing_out_revokes_within_one_request_whoever_else_holds_the_cookie(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    thief = browser.copy("198.51.100.66")
    assert thief.open(client.batch_path).heading == client.batch.title
    form = thief.here.form_with("answer")
    browser.press("Sign out")
    assert browser.cookie("session") is None and browser.cookie("step") is None
    assert thief.copy().open(client.batch_path).heading == "Sign in"
    assert thief.post(form.action, {**form.fields, "answer": "approve"}).status == 303
    assert thief.cookie("session") is None


def close_account(client: Client) -> None:
    change_account(client.portal, client.account.id, status="closed")


def give_another_number(client: Client) -> None:
    change_account(client.portal, client.account.id, number="ZZ-9")


def remove_contact(client: Client) -> None:
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    contacts.remove(staff(client.portal), client.contact.id)


@pytest.mark.parametrize("disable", [close_account, give_another_number, remove_contact])
def test_disabling_revokes_within_one_request(world: World, disable: Callable[[Client], None]) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    disable(client)
    assert browser.copy().open(f"/{client.slug}/").heading == "Sign in"
    assert browser.open(client.batch_path).path.endswith("notice=ended")
    assert browser.cookie("session") is None


@pytest.mark.parametrize("value", ["", "x", "é", "a" * 4000, "../../", "' OR 1=1", "#", f"{'A' * 43}", "%00"])
def test_a_made_up_cookie_is_no_cookie(world: World, value: str) -> None:
    client = make_client(world)
    for kind in ("session", "step", "browser", "form"):
        browser = Browser()
        browser.set_cookie(kind, client.slug, value)
        assert browser.open(client.batch_path).heading == "Sign in"
        browser.set_cookie(kind, client.slug, value)
        assert browser.open(f"/{client.slug}/sign-in/code").heading == "Sign in"
