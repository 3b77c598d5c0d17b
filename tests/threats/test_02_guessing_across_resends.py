"""Threat 2. Guessing across resends: neither a resend nor a new challenge refills what one identity may try."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsing import Browser, Seen
from tests.factories import Client, ask_code, facts_of, make_client, newest_code
from tests.world import MovableClock, World


def lock_budget(seconds: int) -> int:
    """The most failures in such a time: ten, then locked for 15 minutes, doubled at every fifth more up to a day."""
    failures, passed, lock = 10, 15 * 60, 15 * 60
    while passed <= seconds and failures < 100:
        lock = min(2 * lock, 24 * 3600)
        failures, passed = failures + 5, passed + lock
    return failures


def by_resend(browser: Browser, client: Client) -> Seen:
    """By the button while there is one, else from the start."""
    if browser.seen and any("Send another code" in " ".join(form.buttons) for form in browser.seen.forms):
        return browser.press("Send another code")
    return ask_code(browser, client)


@pytest.mark.parametrize(("ask_again", "guesses"), [(by_resend, 1), (ask_code, 5)], ids=["resend", "new challenge"])
def test_of_100_cycles_of_resend_and_guess_no_more_are_evaluated_than_the_lock_allows(
    world: World, moment: MovableClock, ask_again: Callable[[Browser, Client], Seen], guesses: int
) -> None:
    client = make_client(world)
    start, evaluated = moment.seconds, 0
    ask_code(browser := Browser(), client)
    for cycle in range(100):
        browser.address = f"198.51.100.{cycle + 1}"
        moment.advance(31)
        ask_again(browser, client)
        if browser.here.heading == "Enter your code":
            newest, form = browser.copy(), browser.here.form_with("code")
        newest.address = browser.address  # when no more codes are sent, the last one's form still takes guesses
        for guess in range(guesses):
            seen = newest.post(form.action, {**form.fields, "code": f"{5 * cycle + guess:06}"})
            evaluated += "That code is not right" in seen.text
        assert not newest.cookie("session")
    passed = int(moment.seconds - start)
    assert passed > 50 * 60
    assert 5 <= evaluated <= lock_budget(passed)
    assert evaluated == len(facts_of(client.slug, "client:sign-in:code-wrong"))
    world.drain()
    assert len([each for each in world.sent_to(client.email) if each.subject[:6].isdigit()]) <= 8


def test_every_older_code_is_refused(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    for _ in range(2):
        moment.advance(31)
        assert browser.press("Send another code").status == 200
    world.drain()
    codes = [each.code for each in world.sent_to(client.email) if each.subject[:6].isdigit()]
    assert len(set(codes)) == 3
    refused = [browser.fill(code=code).status for code in codes if code != newest_code(world, client.email)]
    assert refused == [400, 400] and not browser.cookie("session")
    assert browser.fill(code=newest_code(world, client.email)).heading == "Welcome"
