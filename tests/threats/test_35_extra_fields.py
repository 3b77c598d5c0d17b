"""Threat 35. Mass assignment by the pages: fields that a form does not have are ignored, and change nothing.

The API refuses them by name: tests/api/test_hostile.py.
"""

from __future__ import annotations

from urllib.parse import urlencode

from chalicelib.people import contacts
from chalicelib.selfservice import batches
from tests.browsing import FORM, PUBLIC_URL, Browser
from tests.factories import make_client, newest_code, sign_in
from tests.world import World

EXTRA = {
    "status": "complete", "id": "0" * 32, "portal": "all", "contact_id": "0" * 32, "holder": "0" * 32,
    "open_to_portal": "false", "title": "Mine", "contact_name": "Somebody Else", "at": "2000-01-01T00:00:00Z",
    "is_admin": "true", "challenge": "0" * 32, "counter": "9", "tries": "0", "emails": "me@evil.example", "account_id": "0",
    "number_key": "x", "next_path": "https://evil.example/", "session": "x", "__class__": "x", "sends": "-5",
}  # fmt: skip


def test_the_whole_journey_with_every_extra_field_ends_as_without(world: World) -> None:
    client, browser = make_client(world), Browser()
    other = make_client(world, client.portal)
    browser.open(f"/{client.slug}/sign-in")
    send(browser, "last_name", client_number=client.number, last_name=client.last_name)
    send(browser, "destination", method="email", destination=client.email)
    world.drain()
    assert {sent.to for sent in world.inbox} == {client.email, other.email}
    seen = send(browser, "code", code=newest_code(world, client.email))
    assert seen.path == f"/{client.slug}/" and client.contact.first_name in seen.shown
    browser.open(client.batch_path)
    send(browser, "answer", answer="changes", comment="As typed.")
    held = batches.get(client.slug, client.batch.id)
    (answer,) = held.answers
    assert (held.status, held.title, held.version) == (
        "changes_requested",
        client.batch.title,
        client.batch.version + 1,
    )
    assert (answer.comment, answer.contact_id, answer.contact_name) == ("As typed.", client.contact.id, "Maria Nuñez")
    assert answer.at.startswith("2030")
    assert contacts.get(client.slug, client.contact.id) == client.contact
    assert batches.get(client.slug, other.batch.id) == other.batch


def test_of_a_field_given_twice_the_first_counts(world: World) -> None:
    client, browser = make_client(world), Browser()
    sign_in(world, browser, client)
    browser.open(client.batch_path)
    fields = browser.here.form_with("answer").fields
    body = urlencode(
        [*fields.items(), ("answer", "changes"), ("answer", "approve"), ("comment", "One"), ("comment", "Two")]
    )
    pairs = body.replace("comment=&", "", 1).replace("answer=&", "", 1)
    seen = browser.ask(
        "POST", f"{client.batch_path}/answer", pairs.encode(), headers={"Origin": PUBLIC_URL, "Content-Type": FORM}
    )
    assert seen.status == 303
    (answer,) = batches.get(client.slug, client.batch.id).answers
    assert (answer.answer, answer.comment) == ("changes", "One")


def send(browser: Browser, field: str, **typed: str):  # type: ignore[no-untyped-def]
    form = browser.here.form_with(field)
    return browser.send(form, **{**EXTRA, **typed})
