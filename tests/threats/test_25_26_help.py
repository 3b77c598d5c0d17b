"""Threats 25, 26 and 37, of help requests: hostile text is text, on the page, in the mail and to the API, and in no log."""

from __future__ import annotations

import json

import pytest

from tests.browsing import Browser
from tests.factories import HELP, facts_of, make_machine, make_portal
from tests.world import World

STAFF = "ana@acme.example"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}((portal_name))"
BREAK = "\r\nBcc: victim@evil.example\r\n\r\n<b>body</b>"
HOSTILE = [
    SCRIPT,
    f"Maria{BREAK}",
    f"Maria\u2028Bcc: victim@evil.example{SCRIPT}",
    "=?utf-8?q?=0d=0aBcc:_victim=40evil.example?=",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(world: World, text: str) -> None:
    portal = make_portal(world, notifications={"staff_emails": [STAFF]})
    browser = Browser()
    browser.open(f"/{portal.slug}/help")
    hostile = {"name": text, "signs_in_as": text, "message": text}
    refused = browser.fill(**{**HELP, **hostile, "reached_by": text})
    assert refused.status == 400 and list(refused.errors) == ["reached_by"]
    assert not [
        each
        for each in refused.page.all("script", "img", "b")
        if "alert" in str(each.attributes) or each.get("src") == "x"
    ]
    assert refused.page.all("img") == [] and "<b>body" not in refused.text
    sent = browser.fill(**{**HELP, **hostile})
    assert sent.path.endswith("/help/sent") and "alert(1)" not in sent.text
    world.drain()
    assert [(mail.to, mail.mail.get_all("To"), mail.mail["Bcc"]) for mail in world.inbox] == [(STAFF, [STAFF], None)]
    mail = world.newest(STAFF)
    assert "<script" not in mail.html and "<img" not in mail.html and "<b>" not in mail.html
    assert "alert(2)" in mail.text or "victim" in mail.text, "staff see what was typed"
    assert "Acme Benefits" not in mail.text.partition("All of this")[0], "and nothing is put in for it"
    (held,) = make_machine(portal).get("help-requests")["items"]
    assert held["name"] == " ".join(text.split()) and "\r" not in json.dumps(held)


def test_what_is_typed_is_in_no_log_and_no_fact(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "latchstring")
    portal = make_portal(world, notifications={"staff_emails": [STAFF]})
    browser = Browser()
    browser.open(f"/{portal.slug}/help")
    typed = {
        "name": "Canary One",
        "reached_by": "canary@two.example",
        "signs_in_as": "canary-3",
        "message": "Canary four",
    }
    for _ in range(7):
        browser.open(f"/{portal.slug}/help")
        browser.fill(**{**HELP, **typed})
    browser.fill(**{**HELP, **typed, "reached_by": "canary"})
    world.drain()
    machine = make_machine(portal)
    (first, *_) = machine.get("help-requests")["items"]
    machine.patch(f"help-requests/{first['id']}", {"note": "Canary five", "state": "resolved"})
    machine.ask("PATCH", f"help-requests/{first['id']}", {"note": "Canary six", "state": "x"})
    lines = [(record.getMessage(), getattr(record, "fields", {})) for record in caplog.records]
    assert len([line for line in lines if line[1].get("route") == "/{portal}/help"]) == 8
    assert "canary" not in json.dumps(lines, default=str).lower()
    told = [json.dumps([fact.subject, fact.actor, fact.changes]) for fact in facts_of(portal.slug)]
    assert len(told) >= 6 and "canary" not in "".join(told).lower()
    assert "canary" not in str([each for table in ("tokens", "portals", "facts") for each in world.scan(table)]).lower()
