"""Threat 21. Framing and scripts: the headers of every answer that is HTML, from every route there is."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter

import pytest

from chalicelib import storage
from chalicelib.web import guard
from tests import staffing
from tests.browsing import Browser, Seen, request
from tests.factories import Client, ask_code, make_client, make_portal, sign_in
from tests.world import World

A_YEAR = 365 * 24 * 3600
TYPED = {
    "answer": "changes", "comment": "", "code": "1", "name": "x", "username": "somebody", "password": "x", "mobile": "1",
    "client_number": "X", "last_name": "", "method": "totp", "factor": "sms", "session": "0", "t": "x", "email": "x", "n": "0",
}  # fmt: skip
_ROUTES = sorted(key for key in guard.GUARDS if guard.GUARDS[key].audience != "key")


def check(seen: Seen) -> None:
    """All that a page must say about itself; and that its inline style is the one its policy names."""
    policy = {part.split()[0]: part.split()[1:] for part in seen.headers["Content-Security-Policy"].split("; ")}
    assert policy["frame-ancestors"] == ["'none'"] and policy["default-src"] == ["'none'"], seen.path
    assert policy["base-uri"] == ["'none'"]
    assert not [
        source
        for sources in policy.values()
        for source in sources
        if source in ("'unsafe-inline'", "'unsafe-eval'", "*")
    ]
    assert policy.get("script-src", ["'none'"]) in (["'self'"], ["'none'"])
    assert seen.headers["X-Content-Type-Options"] == "nosniff" and seen.headers["X-Frame-Options"] == "DENY"
    hsts = re.fullmatch(r"max-age=(\d+); includeSubDomains", seen.headers["Strict-Transport-Security"])
    assert hsts and int(hsts[1]) >= A_YEAR
    assert seen.headers["Cache-Control"] == "no-store"
    assert len(seen.headers.getlist("Content-Security-Policy")) == 1
    for style in re.findall(r"<style>(.*?)</style>", seen.text, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy["style-src"], seen.path
    assert not re.search(r"<script(?![^>]*\ssrc=)", seen.text) and "javascript:" not in seen.text.lower()
    for each in seen.page.elements if seen.body else []:
        assert not [name for name in each.attributes if name.startswith("on") or name == "style"], (seen.path, each.tag)


def at(path: str, client: Client) -> str:
    return path.format(
        portal=client.slug,
        batch=client.batch.id,
        document="0" * 32,
        item="0" * 32,
        code="rec-aaaaaaaaaaaa",
        **{"proxy+": "any/thing"},
    )


@pytest.mark.parametrize("state", ["visitor", "between the steps", "signed in", "staff", "after the password"])
def test_every_html_answer_of_every_route_says_it(world: World, state: str) -> None:
    policy = {"sign_in_ways": ["code", "password"]}
    client = make_client(world, make_portal(world, branding={"brand_colour": "#0a7d3c"}, policy=policy))
    browser = Browser()
    if state == "staff":
        browser.set_cookie("staff", client.slug, staffing.make_session(client.slug).secret)
        browser.open(f"/{client.slug}/staff/security")
    elif state == "after the password":
        colleague = staffing.make_colleague(client.slug)
        browser.open(f"/{client.slug}/staff/sign-in")
        assert browser.fill(username=colleague.email, password=staffing.PASSWORD).path.endswith("/sign-in/factor")
    elif state == "signed in":
        sign_in(world, browser, client)
    elif state == "between the steps":
        ask_code(browser, client)
    else:
        browser.open(f"/{client.slug}/sign-in")
    token, walked, statuses = browser.here.csrf, 0, Counter[int]()
    for method, path in _ROUTES:
        for fields in (
            {},
            {"csrf": token},
            {"csrf": token, **TYPED},
        ):
            twin = browser.copy()
            seen = twin.post(at(path, client), fields) if method == "POST" else twin.ask("GET", at(path, client))
            if seen.headers["Content-Type"].startswith("text/html"):
                check(seen)
                walked += 1
                statuses[seen.status] += 1
    pages = [path for method, path in _ROUTES if path.startswith("/{portal}")]
    assert walked == 3 * (len(pages) + 2), "all pages, the way to the one that changes a password, and the API's manual"
    assert statuses.keys() >= {200, 303, 403, 404} and 500 not in statuses


def test_the_routes_walked_are_all_there_are() -> None:
    import app

    there = sorted((method, path) for path, methods in app.app.routes.items() for method in methods)
    assert there == sorted(guard.GUARDS)


def test_a_page_that_breaks_says_it_too_and_tells_nothing_of_the_cause(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    key = {"pk": {"S": f"{client.slug}#batch#{client.batch.id}"}, "sk": {"S": "batch"}}
    broken = {":broken": {"S": "{not JSON"}}
    storage.client().update_item(
        TableName=storage.table_name("batches"),
        Key=key,
        UpdateExpression="SET details = :broken",
        ExpressionAttributeValues=broken,
    )
    seen = browser.ask("GET", client.batch_path)
    assert seen.status == 500 and "tell support this reference" in seen.shown
    assert "JSON" not in seen.text and "Traceback" not in seen.text and "Decode" not in seen.text
    check(seen)


@pytest.mark.parametrize("path", ["/no-such-portal", "/no-such-portal/sign-in", "/UPPER/sign-in", "/x%23y/sign-in"])
def test_pages_without_a_portal_say_it_too(world: World, path: str) -> None:
    seen = request("GET", path)
    assert seen.status == 404
    check(seen)


def test_json_cannot_be_framed_or_sniffed_either(world: World) -> None:
    for path in ("/healthz", "/api/v1/openapi.json", "/api/v1/portals"):
        seen = request("GET", path)
        assert seen.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert seen.headers["X-Content-Type-Options"] == "nosniff" and seen.headers["Cache-Control"] == "no-store"
