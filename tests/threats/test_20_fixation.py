"""Threat 20. Login CSRF and fixation: what an attacker puts into a browser beforehand is worth nothing afterwards."""

from __future__ import annotations

from tests.browsing import Browser
from tests.factories import ask_code, begin, make_client, newest_code, sign_in
from tests.world import World


def test_a_session_id_set_beforehand_is_replaced_at_sign_in_and_opens_nothing(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    planted = "attacker-knows-this-value-0123456789abcdefghi"
    browser.set_cookie("session", client.slug, planted)
    begin(browser, client)
    browser.set_cookie("session", client.slug, planted)
    ask_code(browser, client)
    browser.set_cookie("session", client.slug, planted)
    browser.open(f"/{client.slug}/sign-in/code")
    world.drain()
    browser.fill(code=newest_code(world, client.email))
    assert browser.cookie("session") not in (None, planted)
    attacker = Browser("198.51.100.66")
    attacker.set_cookie("session", client.slug, planted)
    assert attacker.open(client.batch_path).heading == "Sign in"


def test_every_sign_in_makes_a_new_session_and_a_new_form_token(world: World) -> None:
    client = make_client(world)
    sessions, tokens = set(), set()
    browser = Browser()
    tokens.add(browser.open(f"/{client.slug}/sign-in").csrf)
    for _ in range(5):
        world.clock.advance(hours=1)
        sign_in(world, browser, client)
        sessions.add(browser.cookie("session"))
        tokens.add(browser.here.csrf)
    assert (len(sessions), len(tokens)) == (5, 6)
    assert None not in sessions


def test_a_running_session_is_not_taken_over_by_a_second_sign_in(world: World) -> None:
    one = make_client(world)
    browser = Browser()
    sign_in(world, browser, one)
    first = browser.copy()
    sign_in(world, browser, one)
    assert first.cookie("session") != browser.cookie("session")
    browser.press("Sign out")
    assert first.open(one.batch_path).heading == one.batch.title, "signing out ends that session alone"


def test_an_attackers_challenge_is_unusable_in_the_victims_browser(world: World) -> None:
    attackers = make_client(world)
    attacker = Browser("198.51.100.66")
    ask_code(attacker, attackers)
    world.drain()
    code = newest_code(world, attackers.email)
    step = attacker.cookie("step")
    assert step

    victim = Browser()
    victim.open(f"/{attackers.slug}/sign-in")
    victim.set_cookie("step", attackers.slug, step)
    seen = victim.open(f"/{attackers.slug}/sign-in/code")
    assert seen.path.endswith("?notice=step-over")
    answer = victim.post(f"/{attackers.slug}/sign-in/code", {"csrf": victim.here.csrf, "code": code})
    assert answer.status == 303 and answer.location.endswith("?notice=step-over")
    assert victim.cookie("session") is None
    assert attacker.fill(code=code).heading == "Welcome", "it was good where it was asked for"


def test_an_attackers_form_token_is_unusable_in_the_victims_browser(world: World) -> None:
    client = make_client(world)
    attacker, victim = Browser("198.51.100.66"), Browser()
    ask_code(attacker, client)
    world.drain()
    typed = {"csrf": attacker.here.csrf, "code": newest_code(world, client.email)}
    victim.open(f"/{client.slug}/sign-in")
    assert victim.post(f"/{client.slug}/sign-in/code", typed).status == 403
    assert victim.cookie("session") is None
