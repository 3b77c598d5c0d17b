"""The demo's records: something of every kind, as `.local/demo.json` tells it, however often it is made."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from chalicelib import clock, portals
from chalicelib.facts import Kind, subject
from chalicelib.messaging import wordings
from chalicelib.selfservice import documents, records
from chalicelib.selfservice.record_documents import OfRecord
from chalicelib.selfservice.records import LINKS, PRESCRIPTIONS, PRODUCTS, PROVIDERS
from infra.local import demo, demo_records, demo_users
from tests.browsing import Browser
from tests.customers import newest_link
from tests.factories import facts_of
from tests.local.in_process import demo_api
from tests.self_service import password_shown
from tests.world import World


def test_what_the_demo_tells_of_its_records_is_so_however_often_it_is_made(world: World) -> None:
    api = demo_api(world)
    demo_users.owner()
    first, told = (demo_records.make(api, clock.now().date()) for _ in range(2))
    assert first == told
    json.dumps(told)
    client, lead = told
    portal = portals.get(demo.PORTAL)
    held = [len(records.listed(portal, client["id"], kind)) for kind in (PRODUCTS, PRESCRIPTIONS, PROVIDERS, LINKS)]
    assert held == [2, 2, 2, 2]
    (document,) = documents.of_home(OfRecord(demo.PORTAL, client["id"]))
    assert (document.status, document.allow_client_access) == ("ready", True)
    assert (client["record_type"], lead["record_type"]) == ("client", "lead")
    at = f"/api/v1/portals/{demo.PORTAL}"
    open_tasks, done = (api.call("GET", f"{at}/tasks?state={state}")["items"] for state in ("open", "done"))
    assert (len(open_tasks), len(done)) == (2, 1) and open_tasks[0]["assignee"]
    assert len(api.call("GET", f"{at}/calls")["items"]) == 2
    subjects = [subject("account", record["id"]) for record in told]
    enabled = [fact.subject for fact in facts_of(demo.PORTAL, Kind.SELF_SERVICE_ENABLED) if fact.subject in subjects]
    assert sorted(enabled) == sorted(subjects), "the second time changed nothing"
    assert wordings.shown(demo.PORTAL, "answer-reminder", "email").version == 1
    world.drain()
    for record, has_files in ((client, True), (lead, False)):
        come_in(world, record, has_files=has_files)


def come_in(world: World, record: dict[str, Any], *, has_files: bool) -> None:
    """By the links that are in the inbox, as whoever tries the demo."""
    browser = Browser()
    browser.open(newest_link(world, record["email"], "my-password"))
    password = password_shown(browser.press("Show my password"))
    browser.open(urlsplit(record["portal_link"]).path)
    seen = browser.fill(password=password)
    assert "Policies and links" in seen.shown and "Olivia Stone" in seen.shown
    assert ("Documents" in seen.shown) == has_files
