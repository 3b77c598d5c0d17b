"""Threat 8. Prefetch: scanners fetch the links in mails, run scripts, and press what they find. Nothing may happen."""

from __future__ import annotations

import json

import pytest

from tests.browsing import Browser
from tests.factories import Client, ask_code, make_client, newest_code, sign_in
from tests.tracing import traced, writes
from tests.world import World

TABLES = ("portals", "people", "batches", "tokens", "support", "messages", "facts")


def everything(world: World) -> dict[str, list[str]]:
    """All that is stored."""
    return {name: sorted(json.dumps(item, sort_keys=True) for item in world.scan(name)) for name in TABLES}


def test_a_scanner_on_the_link_changes_nothing_and_the_client_still_gets_in(world: World) -> None:
    client = make_client(world)
    world.drain()
    link = world.newest(client.email).link
    before = everything(world)
    scanner = Browser("198.51.100.80", agent="BarracudaScanner/9")
    with traced() as calls:
        for _ in range(3):
            assert scanner.ask("HEAD", link).status == 405, "API Gateway refuses it; no route is run"
        for _ in range(10):
            assert scanner.open(link).status == 200
        for address in {each.get("href") for each in scanner.here.page.all("a") if each.get("href").startswith("/")}:
            scanner.open(address)
    assert writes(calls) == []
    assert everything(world) == before
    browser = Browser()
    browser.open(link)
    browser.fill(client_number=client.number, last_name=client.last_name)
    browser.fill(method="email", destination=client.email)
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).path == client.batch_path
    assert browser.fill(answer="approve").status == 200


def test_a_scanner_that_presses_every_button_gets_no_session_and_sends_nothing(world: World) -> None:
    client = make_client(world)
    world.drain()
    link, sent = world.newest(client.email).link, len(world.inbox)
    scanner = Browser("198.51.100.81")
    pressed = 0
    for path in (link, f"/{client.slug}/sign-in/confirm", f"/{client.slug}/sign-in/code", f"/{client.slug}/trouble"):
        for form in scanner.open(path).forms:
            for typed in ({}, dict.fromkeys(form.names, "1"), {**dict.fromkeys(form.names, "x@y.example")}):
                pressed += 1
                scanner.post(form.action or path, {**form.fields, **{k: v for k, v in typed.items() if k != "csrf"}})
    assert pressed >= 3
    world.drain()
    assert scanner.cookie("session") is None and len(world.inbox) == sent
    sign_in(world, Browser(), client)


PAGES = [
    "",
    "/sign-in",
    "/sign-in/confirm",
    "/sign-in/code",
    "/trouble",
    "/help",
    "/help/sent",
    "/unsubscribe",
    "/nothing",
]


@pytest.mark.parametrize("state", ["visitor", "between the steps", "signed in"])
def test_no_get_of_any_page_writes(world: World, state: str) -> None:
    client = make_client(world)
    browser = Browser()
    if state == "between the steps":
        ask_code(browser, client)
    elif state == "signed in":
        sign_in(world, browser, client)
    before = everything(world)
    with traced() as calls:
        for path in (*PAGES, *client_pages(client)):
            assert browser.ask("GET", f"/{client.slug}{path}").status in (200, 303, 404), path
        for path in ("/sign-out", "/sign-in/resend", "/session/extend", f"/batches/{client.batch.id}/answer"):
            assert browser.ask("GET", f"/{client.slug}{path}").status == 405, path
    assert writes(calls) == []
    assert everything(world) == before


def client_pages(client: Client) -> list[str]:
    batch = f"/batches/{client.batch.id}"
    return [batch, f"{batch}?answered=approve", f"{batch}/upload", f"{batch}/documents/{'0' * 32}"]


def test_a_get_of_a_signed_in_page_notes_the_session_s_last_use_once_a_minute_and_nothing_else(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    world.clock.advance(60)
    with traced() as calls:
        for _ in range(10):
            browser.open(client.batch_path)
    (write,) = writes(calls)
    assert write.name == "dynamodb.UpdateItem" and write.tables == ("latchstring-tests-tokens",)
    assert "seen_at" in write.shape
