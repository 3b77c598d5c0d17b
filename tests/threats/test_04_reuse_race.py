"""Threat 4. Reuse race: the right code, verified 64 times at once."""

from __future__ import annotations

from collections import Counter

from tests.browsing import Browser, at_once
from tests.factories import ask_code, facts_of, make_client, newest_code
from tests.world import World


def test_of_64_parallel_verifies_1_opens_a_session_and_63_are_refused(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    form = browser.here.form_with("code")
    typed = {**form.fields, "code": newest_code(world, client.email)}
    tabs = [browser.copy(f"198.51.100.{n + 1}") for n in range(64)]

    answers = at_once([lambda tab=tab: tab.post(form.action, typed) for tab in tabs], threads=64)  # type: ignore[misc]

    statuses = Counter(seen.status for seen in answers)
    assert statuses == {303: 1, 410: 63}
    assert sum(tab.cookie("session") is not None for tab in tabs) == 1
    sessions = [each for each in world.scan("tokens") if each["pk"]["S"].startswith(f"{client.slug}#session#")]
    assert len(sessions) == 1
    assert len(facts_of(client.slug, "client:sign-in:succeeded")) == 1
    assert browser.copy("192.0.2.7").post(form.action, typed).status == 410, "nor ever after"
