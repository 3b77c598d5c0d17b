"""Threat 37, of credentials: their whole life with a canary for every password, code, seed, answer, link and person, and with
trouble on the way → 0 hits in logs, queues, dead letters, redirects and error texts; no personal value in a fact.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib import storage
from tests.browsing import Browser
from tests.mishaps import Mishap, Mishaps
from tests.threats.credential_story import ANSWERS, PASSWORDS, PERSONAL, QUESTION, STAFF_EMAIL, Story, live
from tests.threats.test_37_logs import Heard, _put_queues_back, every_fact, heard, is_chance, listen_to_queues
from tests.world import World


def test_no_log_queue_redirect_or_error_tells_anything_of_a_credential(
    world: World, mishaps: Mishaps, heard: Heard, capfd: pytest.CaptureFixture[str]
) -> None:
    listen_to_queues(world, heard)
    story = live(world, heard.note)
    trouble(story, mishaps)
    world.drain()
    dead = [message.body for queue in (world.cloud.urgent, world.cloud.bulk) for message in queue.dead]
    written = capfd.readouterr()
    every = every_fact(story.slug)
    places = {
        "log": [*heard.lines, written.out, written.err], "queues": heard.queued, "dead letters": dead, "answers": heard.told,
        "facts": [json.dumps([fact.subject, fact.actor, fact.changes]) for fact in every],
    }  # fmt: skip
    hits = [
        (name, place, line[:300])
        for place, lines in places.items()
        for line in lines
        for name, canary in {**PERSONAL, **story.secrets}.items()
        if canary.lower() in line.lower() and not is_chance(name, canary, line)
    ]
    assert hits == []
    assert len(heard.lines) > 200 and len(heard.queued) >= 20 and dead and len(every) > 60
    assert sum(name.startswith("link ") for name in story.secrets) >= 6 and len(story.secrets) >= 70
    assert {
        "temporary password",
        "seed of customer",
        "seed of staff",
        "recovery code 9 of staff",
    } <= story.secrets.keys()


def trouble(story: Story, mishaps: Mishaps) -> None:
    """AWS fails at every step with a secret in its form, then our own code does; a provider refuses what it should send."""
    machine, browser = story.machine, Browser("198.51.100.9")
    staff_id = machine.get("staff")["items"][0]["id"]
    invited = machine.post("staff", {"first_name": "X", "last_name": "Y", "email": f"b.{STAFF_EMAIL}", "role": "agent"})
    link = story.link(f"b.{STAFF_EMAIL}", "staff/join")
    story.note(browser.open(link))
    token = browser.here.form_with("t").fields["t"]
    for at in range(4):
        for kind in ("fail", "lost", "throttle"):
            for path, typed in (
                ("/staff/sign-in", {"username": STAFF_EMAIL, "password": PASSWORDS["staff's own password"]}),
                (
                    "/sign-in/password",
                    {"username": PERSONAL["username"], "password": PASSWORDS["password after disavowal"]},
                ),
                ("/forgot-password", {"username": PERSONAL["username"]}),
                ("/staff/join", {"t": token}),
            ):
                seen = story.open(browser, "/staff/sign-in" if path.startswith("/staff") else "/sign-in/password")
                with mishaps.planned(Mishap(kind, at, sticky=True)):
                    seen = browser.post(f"/{story.slug}{path}", {"csrf": seen.csrf, **typed})
                story.note(seen)
    machine.post(f"staff/{invited['id']}/invite")
    story.press(browser, story.link(f"b.{STAFF_EMAIL}", "staff/join"))
    broken: Any = storage.Transaction.commit
    storage.Transaction.commit = explode  # type: ignore[method-assign]
    try:
        story.open(browser, "/set-password")
        form = browser.here.form_with("password", "answer_1")
        story.note(
            browser.send(form, password=PASSWORDS["staff password"], question_1=QUESTION, answer_1=ANSWERS["answer"])
        )
        story.sign_in(browser, PERSONAL["other username"], PASSWORDS["password after disavowal"])
        story.open(browser, "/forgot-username")
        story.fill(browser, client_number=PERSONAL["client number"])
        machine.ask("PATCH", f"staff/{staff_id}", {"email": f"c.{STAFF_EMAIL}"})
    finally:
        storage.Transaction.commit = broken  # type: ignore[method-assign]
    story.world.cloud.provider.refuse = lambda _to: (429, "TooManyRequestsException")
    machine.post(f"staff/{staff_id}/unlock")
    for _ in range(7):
        story.world.drain()
        story.world.clock.advance(minutes=4)


def explode(_tx: object) -> None:
    raise RuntimeError(" ".join([*PASSWORDS.values(), *ANSWERS.values(), *PERSONAL.values()]))


__all__ = ["_put_queues_back", "heard"]
