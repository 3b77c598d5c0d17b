"""Threat 19. CSRF: every form that changes something, sent from elsewhere or without its token: 403, and 0 writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.web import guard
from tests import staffing
from tests.browsing import Browser, Seen
from tests.factories import Client, ask_code, make_client, sign_in
from tests.tracing import traced, writes
from tests.world import World

FORMS = sorted(path for method, path in guard.GUARDS if method != "GET" and path.startswith("/{portal}"))
TYPED = {
    "client_number": "NW-1", "last_name": "Nuñez", "destination": "maria@northwind.example",
    "code": "123456", "answer": "approve", "comment": "Fine.", "name": "A file", "username": "northwind",
    "password": "harbour-lantern-42-otter", "current_password": "harbour-lantern-42-otter", "mobile": "+14155550123",
    "factor": "totp", "session": "others", "device": "0", "t": "1.0.x", "purpose": "password-reset", "method": "sms", "n": "0",
}  # fmt: skip
FOREIGN = (
    "https://evil.example", "null", "http://portal.example.com", "https://portal.example.com:8443", "https://portal.example.com.evil.example",
    "https://xportal.example.com", "HTTPS://PORTAL.EXAMPLE.COM/", "",
)  # fmt: skip


def is_of_staff(path: str) -> bool:
    """Whether the form is one of the staff's side, whose tokens hang on the staff session."""
    return path.startswith("/{portal}/staff/")


def as_staff(slug: str) -> Browser:
    """A browser in which somebody of the staff is signed in, at their security page."""
    browser = Browser()
    browser.set_cookie("staff", slug, staffing.make_session(slug).secret)
    assert browser.open(f"/{slug}/staff/security").status == 200
    return browser


def at(path: str, client: Client) -> str:
    """The path of a real thing."""
    return path.format(
        portal=client.slug, batch=client.batch.id, document="0" * 32, item="0" * 32, code="rec-aaaaaaaaaaaa"
    )


def refused(send: Callable[[], Seen]) -> None:
    """It is answered by 403 and a page, and writes nothing."""
    with traced() as calls:
        seen = send()
    assert (seen.status, seen.heading) == (403, "Please try that again")
    assert writes(calls) == []


def test_every_route_that_is_posted_to_is_walked() -> None:
    import app

    posted = sorted(
        path for path, methods in app.app.routes.items() if path.startswith("/{portal}") and set(methods) - {"GET"}
    )
    assert posted == FORMS and len(FORMS) >= 60 and {path for path, _ in CASES} == set(FORMS)


CASES = [
    (path, state)
    for path in FORMS
    for state in (("visitor", "staff") if is_of_staff(path) else ("visitor", "between the steps", "signed in"))
]


@pytest.mark.parametrize(("path", "state"), CASES)
def test_a_form_from_elsewhere_or_without_its_token_is_refused(world: World, path: str, state: str) -> None:
    client = make_client(world)
    browser, other = Browser(), Browser()
    if state == "signed in":
        sign_in(world, browser, client)
        browser.open(client.batch_path)
    elif state == "between the steps":
        ask_code(browser, client)
    elif state == "staff":
        browser = as_staff(client.slug)
    else:
        browser.open(f"/{client.slug}{'/staff' if is_of_staff(path) else ''}/sign-in")
    other.open(f"/{client.slug}/sign-in")
    target, right = at(path, client), {**TYPED, "csrf": browser.here.csrf}

    for origin in FOREIGN:
        refused(lambda origin=origin: browser.post(target, right, origin=origin))  # type: ignore[misc]
    bare = {name: value for name, value in right.items() if name != "csrf"}
    for token in (None, "", "0" * 40, right["csrf"][:-1], right["csrf"].upper() + "x", "é" * 40, other.here.csrf):
        sent = bare if token is None else {**bare, "csrf": token}
        refused(lambda sent=sent: browser.post(target, sent))  # type: ignore[misc]
        refused(lambda sent=sent: browser.post(target, sent, origin=None))  # type: ignore[misc]

    with_other_form = browser.copy()
    with_other_form.cookies[f"__Host-form-{client.slug}"] = other.cookies[f"__Host-form-{client.slug}"]
    refused(lambda: with_other_form.post(target, right))
    without_form = browser.copy()
    del without_form.cookies[f"__Host-form-{client.slug}"]
    refused(lambda: without_form.post(target, right))

    answer = browser.post(target, right)
    assert answer.status != 403, "and with origin and token it is taken"


def test_a_token_of_another_session_of_the_same_browser_is_refused(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    before = browser.open(f"/{client.slug}/sign-in").csrf
    sign_in(world, browser, client)
    first = browser.open(client.batch_path).csrf
    browser.press("Sign out")
    world.clock.advance(minutes=1)
    sign_in(world, browser, client)
    second = browser.open(client.batch_path).csrf
    assert len({before, first, second}) == 3
    answer = f"{client.batch_path}/answer"
    for stale in (before, first):
        refused(lambda stale=stale: browser.post(answer, {**TYPED, "csrf": stale}))  # type: ignore[misc]
    assert browser.post(answer, {**TYPED, "csrf": second}).status == 303


def test_a_token_of_the_other_side_of_the_same_browser_is_refused(world: World) -> None:
    """Somebody signed in both as client and as staff: two sessions, two tokens, neither good for the other."""
    client = make_client(world)
    browser = as_staff(client.slug)
    of_staff = browser.here.csrf
    sign_in(world, browser, client)
    of_client = browser.open(client.batch_path).csrf
    assert of_staff != of_client
    for path, token in (
        (f"/{client.slug}/staff/security/sessions/end", of_client), (f"/{client.slug}/staff/sign-out", of_client),
        (f"{client.batch_path}/answer", of_staff), (f"/{client.slug}/sign-out", of_staff),
    ):  # fmt: skip
        refused(lambda path=path, token=token: browser.post(path, {**TYPED, "csrf": token}))  # type: ignore[misc]
    assert browser.post(f"/{client.slug}/staff/sign-out", {"csrf": of_staff}).status == 303
    assert browser.post(f"{client.batch_path}/answer", {**TYPED, "csrf": of_client}).status == 303


def test_a_token_of_another_portal_is_refused(world: World) -> None:
    one, other = make_client(world), make_client(world)
    browser = Browser()
    token = browser.open(f"/{one.slug}/sign-in").csrf
    browser.open(f"/{other.slug}/sign-in")
    browser.set_cookie("form", other.slug, browser.cookies[f"__Host-form-{one.slug}"].value)
    refused(lambda: browser.post(f"/{other.slug}/sign-in", {**TYPED, "csrf": token}))


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_a_form_of_another_type_is_not_taken(world: World, content_type: str) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    token = browser.open(client.batch_path).csrf
    with traced() as calls:
        answer = browser.post(f"{client.batch_path}/answer", {**TYPED, "csrf": token}, Content_Type=content_type)
    assert answer.status in (400, 403, 415) and writes(calls) == []


def test_the_json_api_takes_no_cookie_for_a_key(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    path = f"/api/v1/portals/{client.slug}/batches/{client.batch.id}"
    with traced() as calls:
        answer = browser.ask("PATCH", path, b'{"status": "approved"}', headers={"Content-Type": "application/json"})
    assert answer.status == 403 and answer.json["code"] == "csrf-token" and writes(calls) == []
    token = browser.open(client.batch_path).csrf
    sent = {"Content-Type": "application/json", "X-CSRF-Token": token}
    assert browser.ask("PATCH", path, b'{"status": "approved"}', headers=sent).status == 401, "a client does not call"
