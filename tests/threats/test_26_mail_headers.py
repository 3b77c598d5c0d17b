"""Threat 26. Mail headers: a line break in a name, a subject or an address is refused, or loses its meaning.

However it is tried, each mail has one recipient. What the composer does with such values is in
tests/messaging/test_wording.py; here they come in by the API and by the pages.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.browsing import Browser
from tests.factories import ask_code, make_client, make_machine, make_portal, sign_in
from tests.world import World

BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x00", "\x0b", "\x0c", "\x85", "\x1c", "\x1e"]
INJECTED = "Bcc: victim@evil.example"
SEVERAL = [
    "a@x.example,b@evil.example", "a@x.example;b@evil.example", "a@x.example b@evil.example", "A <a@x.example>",
    "a@x.example\r\nBcc: b@evil.example", "group:a@x.example,b@evil.example;", "a@x.example\u2028b@evil.example",
    '"a@x.example, b"@evil.example', "a@x.example(b@evil.example)", "<a@x.example>", "a@x.example%0ab@evil.example",
    "@evil.example:a@x.example", "a@[127.0.0.1]", "a@x.example\x00", "a@x.example\t",
]  # fmt: skip
ENCODED = [
    "=?utf-8?q?=0d=0aBcc:_victim=40evil.example?=",
    "=?utf-8?b?DQpCY2M6IHZpY3RpbUBldmlsLmV4YW1wbGU=?=",
    "%0d%0aBcc: x",
]


def test_no_field_that_could_come_into_a_header_takes_a_line_break(world: World) -> None:
    client = make_client(world)
    machine, tried = make_machine(client.portal), 0
    at_batch = f"batches/{client.batch.id}"
    for broken in BREAKS:
        evil = f"Acme{broken}{INJECTED}"
        for method, path, body in (
            ("PATCH", "", {"name": evil}),
            ("PATCH", "", {"support": {"phone": evil}}),
            ("PATCH", "", {"support": {"email": f"a@x.example{broken}{INJECTED}"}}),
            ("PATCH", "", {"notifications": {"reply_to": f"a@x.example{broken}{INJECTED}"}}),
            ("PATCH", "", {"notifications": {"staff_emails": [f"a@x.example{broken}b@evil.example"]}}),
            ("POST", "accounts", {"name": evil}),
            ("PATCH", f"accounts/{client.account.id}", {"name": evil}),
            ("PATCH", f"contacts/{client.contact.id}", {"first_name": evil}),
            ("PATCH", f"contacts/{client.contact.id}", {"last_name": evil}),
            ("PATCH", f"contacts/{client.contact.id}", {"emails": [f"a@x.example{broken}b@evil.example"]}),
            ("PATCH", at_batch, {"title": evil}),
            ("PATCH", at_batch, {"assigned_to": f"a@x.example{broken}b@evil.example"}),
        ):
            seen = machine.ask(method, path, body)
            assert seen.status == 400, (method, path, body, seen.text)
            tried += 1
    assert tried == 12 * len(BREAKS)


@pytest.mark.parametrize("several", SEVERAL)
def test_an_address_is_one_address_or_refused(world: World, several: str) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    for path, body in (
        ("", {"support": {"email": several}}),
        ("", {"notifications": {"reply_to": several}}),
        ("", {"notifications": {"staff_emails": ["ok@x.example", several]}}),
        (f"contacts/{client.contact.id}", {"emails": [several]}),
        (f"batches/{client.batch.id}", {"assigned_to": several}),
    ):
        seen = machine.ask("PATCH", path, body)
        assert seen.status == 400, (path, body, seen.text)


@pytest.mark.parametrize("encoded", ENCODED)
def test_what_only_looks_like_a_header_stays_text_and_every_mail_has_one_recipient(world: World, encoded: str) -> None:
    portal = make_portal(world, notifications={"staff_emails": ["renewals@acme.example"]})
    client = make_client(world, portal, first_name=encoded)
    machine, browser = make_machine(portal), Browser()
    sign_in(world, browser, client)
    machine.patch("", {"name": encoded})
    machine.patch(f"accounts/{client.account.id}", {"name": encoded})
    machine.patch(f"batches/{client.batch.id}", {"title": encoded})
    machine.post(f"batches/{client.batch.id}/notify")
    ask_code(Browser("198.51.100.26"), client)
    browser.open(client.batch_path)
    seen = browser.fill(answer="changes", comment=f"Yes.\r\n\r\n{INJECTED}\r\n.\r\nQUIT")
    assert seen.status == 200
    world.drain()
    assert {sent.to for sent in world.inbox} == {client.email, "renewals@acme.example"}
    for sent in world.inbox:
        assert [address.addr_spec for address in sent.mail["To"].addresses] == [sent.to]
        assert [sent.mail.get_all(name) for name in ("Cc", "Bcc", "Resent-To")] == [None] * 3
        assert len(sent.mail.get_all("Subject") or []) == len(sent.mail.get_all("From") or []) == 1
        head = sent.mime.partition(b"\r\n\r\n")[0]
        assert all(b":" in line or line[:1] in b" \t" for line in head.split(b"\r\n"))
        assert b"\nBcc" not in head and b"\n" not in head.replace(b"\r\n", b"")


@pytest.mark.parametrize("broken", BREAKS)
def test_nor_can_what_a_visitor_types(world: World, broken: str) -> None:
    client = make_client(world)
    browser = Browser()
    browser.open(f"/{client.slug}/sign-in")
    browser.fill(client_number=f"{client.number}{broken}", last_name=f"{client.last_name}{broken}")
    seen: Any = browser.seen
    if seen.heading == "Account Access Confirmation":
        browser.fill(method="email", destination=f"{client.email}{broken}Bcc: victim@evil.example")
        browser.open(f"/{client.slug}/sign-in/confirm")
        browser.fill(method="email", destination=f"victim@evil.example,{client.email}")
    world.drain()
    assert {sent.to for sent in world.inbox} == {client.email}
    assert [sent for sent in world.inbox if sent.subject[:6].isdigit()] == []
