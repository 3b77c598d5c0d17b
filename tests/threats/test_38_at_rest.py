"""Threat 38. At rest: after whole journeys every table is dumped → 0 raw codes, session secrets, API keys, form tokens,
step cookies, link signatures; and nothing at all of what a stranger typed.
"""

from __future__ import annotations

import json
import re
from typing import Any

from chalicelib.tables import TABLES
from tests.browsing import Browser
from tests.factories import ask_code, make_client, make_machine, newest_code, sign_in
from tests.world import World

TYPED = {
    "client_number": "WEREWOLF-1", "last_name": "Lycanthrope", "destination": "were.wolf@moon.example",
    "mobile": "+14155556666",
}  # fmt: skip


def test_no_table_holds_a_secret_or_what_a_stranger_typed(world: World) -> None:
    secrets: dict[str, str] = {}
    codes: list[str] = []
    for number in range(6):
        client, browser = make_client(world), Browser(f"198.51.100.{number + 1}")
        machine = make_machine(client.portal)
        secrets[f"API key {number}"] = machine.key
        secrets[f"API key's secret {number}"] = machine.key.split("_", 3)[3]
        ask_code(browser, client)
        secrets[f"step cookie {number}"] = browser.cookie("step") or "?"
        secrets[f"visitor's token {number}"] = browser.here.csrf
        world.drain()
        codes.append(newest_code(world, client.email))
        sign_in(world, (inside := Browser(f"198.51.101.{number + 1}")), client)
        codes.append(newest_code(world, client.email))
        secrets[f"session {number}"] = inside.cookie("session") or "?"
        secrets[f"known browser {number}"] = inside.cookie("browser") or "?"
        secrets[f"form cookie {number}"] = inside.cookie("form") or "?"
        secrets[f"client's token {number}"] = inside.here.csrf
        inside.open(f"{client.batch_path}/upload")
        form = inside.fill(name="A form").form_with("file", "policy")
        secrets[f"upload policy {number}"] = form.fields["policy"]
        secrets[f"upload signature {number}"] = form.fields["x-amz-signature"]
        stranger(Browser(f"198.51.102.{number + 1}"), client.slug)
    world.drain()

    dump = [item for table in TABLES for item in world.scan(table)]
    values = [value for item in dump for value in strings(item)]
    everything = "\n".join(values)
    assert "?" not in secrets.values() and len(secrets) == 60 and len(codes) == 12
    assert [name for name, secret in secrets.items() if secret in everything] == []
    assert [typed for typed in TYPED.values() if typed.lower() in everything.lower()] == []
    alone = {found for value in values for found in re.findall(r"(?<![0-9A-Za-z.+-])[0-9]{6}(?![0-9A-Za-z.-])", value)}
    assert alone & set(codes) == set(), "a code stands in a table"
    assert "werewolf1" not in everything and "lycanthrope" not in everything, "nor in its folded form"


def test_the_dump_is_one(world: World) -> None:
    """The test above can fail: what is stored is found."""
    client = make_client(world)
    everything = json.dumps([item for table in TABLES for item in world.scan(table)], ensure_ascii=False)
    assert client.email in everything and client.slug in everything and "Nuñez" in everything


def stranger(browser: Browser, slug: str) -> None:
    browser.open(f"/{slug}/sign-in")
    browser.fill(client_number=TYPED["client_number"], last_name=TYPED["last_name"])
    browser.fill(method="email", destination=TYPED["destination"])
    browser.fill(code="111222")
    browser.open(f"/{slug}/sign-in/confirm")
    browser.fill(method="sms", destination=TYPED["mobile"])


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(found for each in value.values() for found in strings(each))]
    if isinstance(value, list):
        return [found for each in value for found in strings(each)]
    return [str(value)]
