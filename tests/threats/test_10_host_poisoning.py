"""Threat 10. Host poisoning: whatever host a request claims, every link and every redirect leads to the configured one."""

from __future__ import annotations

import re

import pytest

from tests.browsing import Browser, Seen, request
from tests.factories import (
    ask_code,
    change_batch,
    make_account,
    make_client,
    make_contact,
    make_machine,
    make_portal,
    newest_code,
)
from tests.world import PUBLIC_URL, World

EVIL = "evil.example"
HOSTILE = {
    "Host": {"Host": EVIL},
    "X-Forwarded-Host": {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http", "X-Host": EVIL},
    "Forwarded": {"Forwarded": f"for=1.1.1.1;host={EVIL};proto=http", "X-Original-Host": EVIL, "X-Rewrite-Url": f"//{EVIL}/"},
    "port": {"Host": f"portal.example.com:1@{EVIL}"},
}  # fmt: skip
_LINK = re.compile(r"""https?://[^\s"'<>)]+""")


def is_clean(seen: Seen) -> bool:
    return EVIL.encode() not in seen.body and not any(EVIL in value for value in seen.headers.values())


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_every_mail_flow_keeps_to_the_public_host(world: World, headers: dict[str, str]) -> None:
    portal = make_portal(world, notifications={"staff_emails": ["staff@acme.example"], "reminder_days": [3]})
    machine = make_machine(portal)
    machine.headers = headers
    contact = make_contact(portal, account := make_account(portal))
    answers = []

    # By the API: placed in review, announced again, and later the reminder.
    made = machine.ask("POST", "batches", {
        "account_id": account.id, "renewal_contact_id": contact.id, "title": "Renewal", "open_to_portal": True,
        "status": "client_review", "answer_by": "2030-06-20"})  # fmt: skip
    answers += [
        made,
        machine.ask("POST", f"batches/{made.json['id']}/notify"),
        machine.ask("GET", "batches", limit="1"),
    ]
    assert made.headers["Location"].startswith(f"{PUBLIC_URL}/api/v1/")

    # By the pages: the code by both ways, resent, and the answer.
    client = make_client(world, portal)
    browser = Browser()
    browser.headers = headers
    answers.append(browser.open(client.batch_path))
    for by in ("email", "sms"):
        answers.append(ask_code(browser, client, by=by))
    world.clock.advance(31)
    answers.append(browser.press("Send another code"))
    world.drain()
    answers.append(browser.fill(code=newest_code(world, client.mobile)))
    browser.open(client.batch_path)
    answers.append(browser.fill(answer="approve"))
    answers.append(browser.open("/nowhere/"))
    change_batch(portal, made.json["id"], answer_by="2030-06-07")
    world.clock.advance(days=2)
    world.tick()
    world.drain()

    subjects = {sent.subject.split(" ")[0] if sent.channel == "email" else "sms" for sent in world.inbox}
    assert len([s for s in subjects if not s.isdigit()]) >= 4, subjects
    links = [link for sent in world.inbox for part in (sent.text, sent.html) for link in _LINK.findall(part)]
    assert len(links) >= 6 and {link for link in links if not link.startswith(f"{PUBLIC_URL}/")} == set()
    assert all(EVIL not in (sent.sms or sent.mime.decode()) for sent in world.inbox)
    assert all(sent.sms.splitlines()[-1].startswith("@portal.example.com #") for sent in world.inbox if sent.sms)
    assert all(is_clean(each) for seen in answers for each in (*seen.trail, seen))


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/portals/none/batches"])
@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_no_other_answer_repeats_a_claimed_host(world: World, path: str, headers: dict[str, str]) -> None:
    assert is_clean(request("GET", path, headers=headers))
