"""Threat 3, of passwords: 1,000 usernames from one address, in windows of five minutes; a known browser goes on."""

from __future__ import annotations

from collections import Counter

from chalicelib import clock
from chalicelib.errors import TooMany
from chalicelib.facts import Act
from chalicelib.signin import by_password, doors
from chalicelib.signin.doors import PasswordWrong, Visitor
from tests.browsing import Browser, at_once
from tests.customers import enter_password, make_customer
from tests.threats.conftest import Hashes
from tests.world import MovableClock, World

USERNAMES, WINDOWS = 1000, 2


def test_of_1000_usernames_from_one_address_25_are_evaluated_in_five_minutes_and_nobody_else_pays_for_the_rest(
    world: World, moment: MovableClock, hashes: Hashes
) -> None:
    home = Browser("203.0.113.66")
    customer = make_customer(world, browser=home)
    portal, act = customer.portal, Act(customer.slug, "visitor")
    sprayer, door = Visitor("203.0.113.66", "curl"), doors.for_clients(customer.portal)
    names = [customer.username, *(f"somebody.{n}" for n in range(USERNAMES - 1))]

    def spray(name: str) -> str:
        try:
            by_password.enter(act, portal, door, name, "Spring2030!Spring", sprayer)
        except PasswordWrong:
            return "evaluated"
        except TooMany as refusal:
            return type(refusal).__name__
        return "in"

    moment.advance(300 - clock.timestamp() % 300)
    for window in range(WINDOWS):
        before, share = hashes.compared, names[window * 500 : (window + 1) * 500]
        answers = Counter(at_once([lambda n=name: spray(n) for name in share[:250]], threads=16))  # type: ignore[misc]
        moment.advance(299)
        answers += Counter(at_once([lambda n=name: spray(n) for name in share[250:]], threads=16))  # type: ignore[misc]
        assert enter_password(home, customer).status == 200, (
            "a known browser at the same address has counters of its own"
        )
        home.press("Sign out")
        moment.advance(1)
        assert answers == {"evaluated": 25, "TooMany": 475}, window
        assert hashes.compared - before == 26
    rows = [each for each in world.scan("tokens") if each["pk"]["S"].startswith(f"{portal.slug}#identity#")]
    failures = sum(int(each["failures"]["N"]) for each in rows if "failures" in each)
    assert failures <= 25 * WINDOWS, "a try that is refused for its address brings nobody nearer to a lock"


def test_ipv6_neighbours_share_one_counter(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    for n in range(25):
        browser = Browser(f"2001:db8:1:2::{n:x}")
        browser.open(f"/{customer.slug}/sign-in/password")
        assert browser.fill(username=f"somebody.{n}", password="not-the-password-77").status == 400
    assert enter_password(Browser("2001:db8:1:2:ffff::9"), customer).status == 429
    assert enter_password(Browser("2001:db8:1:3::1"), customer).status == 200


def test_staff_and_clients_have_counters_of_their_own_per_username_and_one_per_address(
    world: World, hashes: Hashes
) -> None:
    customer = make_customer(world)
    for n in range(25):
        browser = Browser("203.0.113.66")
        browser.open(f"/{customer.slug}/staff/sign-in")
        assert browser.fill(username=f"{customer.username}{n}", password="not-the-password-77").status == 400
    assert enter_password(Browser("203.0.113.66"), customer).status == 429
    assert enter_password(Browser("203.0.113.67"), customer).status == 200
