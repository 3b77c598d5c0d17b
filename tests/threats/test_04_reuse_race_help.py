"""Threat 4, of help requests: a form pressed 64 times at once is one request, one fact, one mail, and counts once."""

from __future__ import annotations

from tests.browsing import Browser, at_once
from tests.factories import HELP, facts_of, make_machine, make_portal
from tests.world import World

SUPPORT = "help@acme.example"


def test_of_64_parallel_presses_of_a_form_1_makes_a_request(world: World) -> None:
    portal = make_portal(world, support={"email": SUPPORT})
    browser = Browser()
    form = browser.open(f"/{portal.slug}/help").form_with("message")
    tabs = [browser.copy() for _ in range(64)]
    answers = at_once([lambda tab=tab: tab.post(form.action, {**form.fields, **HELP}) for tab in tabs], threads=64)  # type: ignore[misc]
    assert {seen.status for seen in answers} == {303}
    (made,) = make_machine(portal).get("help-requests")["items"]
    for tab in tabs:
        assert made["reference"] in tab.open(f"/{portal.slug}/help/sent").shown
    assert len(facts_of(portal.slug, "client:help:requested")) == 1
    world.drain()
    assert len(world.sent_to(SUPPORT)) == 1
    counters = [each for each in world.scan("tokens") if each["pk"]["S"].startswith(f"{portal.slug}#limit#help-")]
    assert [each["used"]["N"] for each in counters] == ["1", "1"]


def test_of_64_different_forms_at_once_from_one_address_5_are_taken(world: World) -> None:
    portal = make_portal(world)
    browser = Browser()
    form = browser.open(f"/{portal.slug}/help").form_with("message")

    def press(n: int) -> int:
        return browser.copy().post(form.action, {**form.fields, **HELP, "message": f"No code, {n} times."}).status

    statuses = at_once([lambda n=n: press(n) for n in range(64)], threads=64)  # type: ignore[misc]
    assert (statuses.count(303), statuses.count(429)) == (5, 59)
    held = make_machine(portal).get("help-requests")["items"]
    assert len({each["reference"] for each in held}) == len(held) == 5
