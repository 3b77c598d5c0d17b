"""Threat 1. Parallel guessing: 200 simultaneous wrong tries at one live code, each from an address of its own."""

from __future__ import annotations

from collections import Counter

from tests.browsing import Browser, at_once
from tests.factories import ask_code, facts_of, make_client, newest_code, other_than
from tests.world import World


def test_of_200_wrong_tries_at_once_exactly_5_are_evaluated_and_the_right_code_is_refused(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    right = newest_code(world, client.email)
    form = browser.here.form_with("code")
    guessers = [browser.copy(f"198.51.{n // 250}.{n % 250 + 1}") for n in range(200)]

    answers = at_once(
        [
            lambda guesser=guesser, n=n: guesser.post(form.action, {**form.fields, "code": other_than(right, n + 1)})  # type: ignore[misc]
            for n, guesser in enumerate(guessers)
        ],
        threads=64,
    )

    assert Counter(seen.status for seen in answers) == {400: 5, 410: 195}
    assert sum("That code is not right" in seen.text for seen in answers) == 5
    assert {seen.errors["code"].split(".")[1].strip() for seen in answers if seen.status == 400} == {
        "Check the digits of the newest code we sent",
        "Send another code to go on",
    }
    assert len(facts_of(client.slug, "client:sign-in:code-wrong")) == 5
    refused = browser.fill(code=right)
    assert refused.status == 410 and not browser.cookie("session")
    assert [item for item in world.scan("tokens") if item["pk"]["S"].startswith(f"{client.slug}#session#")] == []
