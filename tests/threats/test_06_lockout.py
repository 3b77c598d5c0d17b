"""Threat 6. Lockout as a weapon: a stranger locks an account; its owner still signs in from a known browser."""

from __future__ import annotations

from tests.browsing import Browser
from tests.factories import ask_code, begin, make_client, newest_code, other_than, sign_in
from tests.world import MovableClock, World


def test_a_stranger_locks_strangers_out_and_the_known_browser_signs_in(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    home = Browser("192.0.2.1")
    sign_in(world, home, client)
    home.press("Sign out")

    stranger, failures = Browser("198.51.100.66"), 0
    while failures < 10:
        moment.advance(31)
        ask_code(stranger, client)
        world.drain()
        right = newest_code(world, client.email)
        for _ in range(5):
            failures += "That code is not right" in stranger.fill(code=other_than(right)).text
    moment.advance(minutes=10)

    newcomer = Browser("192.0.2.200")
    begin(newcomer, client)
    locked = newcomer.fill(method="email", destination=client.email)
    assert failures == 10 and locked.status == 429 and "too many wrong codes" in locked.errors["destination"]

    seen = begin(home, client)
    seen = home.fill(method="email", destination=client.email)
    assert seen.heading == "Enter your code"
    world.drain()
    assert home.fill(code=newest_code(world, client.email)).heading == "Welcome"
    assert ask_code_status(newcomer, client) == 429, "the owner's sign-in does not unlock the stranger's counter"


def ask_code_status(browser: Browser, client: object) -> int:
    return ask_code(browser, client).status  # type: ignore[arg-type]


def test_a_stranger_who_uses_up_the_codes_leaves_the_known_browser_its_own(world: World) -> None:
    client = make_client(world)
    home = Browser("192.0.2.1")
    sign_in(world, home, client)
    home.press("Sign out")
    for n in range(6):
        ask_code(Browser(f"198.51.100.{n + 1}"), client)
    begin(home, client)
    home.fill(method="email", destination=client.email)
    world.drain()
    assert home.fill(code=newest_code(world, client.email)).heading == "Welcome"
