"""Threat 3. Spraying: 1,000 accounts from one address, 5 guesses each, in clock-aligned windows of five minutes."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.errors import Refusal, TooMany
from chalicelib.facts import Act
from chalicelib.portals import Portal
from chalicelib.security import codes
from chalicelib.security.codes import Challenge, CodeWrong
from chalicelib.signin import by_client_number as journey
from chalicelib.signin.by_client_number import Visit, Visitor
from tests.browsing import Browser, at_once
from tests.factories import ask_code, make_client, make_portal, newest_code, other_than
from tests.world import MovableClock, World

ACCOUNTS, GUESSES, WINDOWS = 1000, 5, 4


def visits_to(portal: Portal) -> list[Visit]:
    """A thousand client numbers, each with an open challenge (asked for from elsewhere, a hundred a transaction)."""
    found = []
    for start in range(0, ACCOUNTS, 100):
        tx = Act(portal.slug, "system:tests").transaction()
        for number in range(start, start + 100):
            made = codes.issue(tx, portal.slug, purpose="sign-in", channel="email", holder=f"{number:032}", minutes=60)
            found.append(_visit(number, made))
        tx.commit()
    return found


def _visit(number: int, made: Challenge) -> Visit:
    return Visit(
        number=f"S-{number}", last_name="Spray", method="email", destination="s@spray.example", challenge=made.id,
        version=made.version, code_until=made.expires_at,
    )  # fmt: skip


@pytest.mark.slow
def test_of_5000_guesses_from_one_address_at_most_25_are_evaluated_in_five_minutes(
    world: World, moment: MovableClock
) -> None:
    portal = make_portal(world)
    visits = visits_to(portal)
    visitor, act = Visitor("203.0.113.66"), Act(portal.slug, "visitor")

    def guess(visit: Visit) -> str:
        try:
            journey.enter_code(act, portal, visit, visitor, "000000")
        except Refusal as refusal:
            return (
                "throttled" if isinstance(refusal, TooMany) else "evaluated" if isinstance(refusal, CodeWrong) else "?"
            )
        return "in"

    moment.advance(300 - clock.timestamp() % 300)
    guesses = [visit for _ in range(GUESSES) for visit in visits]
    share = len(guesses) // WINDOWS
    for window in range(WINDOWS):
        # Some at the very start of a window, some at its very end: the counter knows no other border.
        part = guesses[window * share : (window + 1) * share]
        answers = Counter(at_once([lambda v=visit: guess(v) for visit in part[: share // 2]], threads=4))  # type: ignore[misc]
        moment.advance(299)
        answers += Counter(at_once([lambda v=visit: guess(v) for visit in part[share // 2 :]], threads=4))  # type: ignore[misc]
        moment.advance(1)
        assert answers == {"evaluated": 25, "throttled": share - 25}, window


def test_ipv6_neighbours_share_one_counter_and_others_do_not(world: World) -> None:
    client = make_client(world)
    browser = Browser("2001:db8:1:2::1")
    ask_code(browser, client)
    world.drain()
    right = newest_code(world, client.email)
    form = browser.here.form_with("code")
    portal = client.portal
    visits = [_visit(n, made) for n, made in enumerate(_challenges(portal, 25))]
    for visit in visits:
        with_refusal(act=Act(portal.slug, "visitor"), portal=portal, visit=visit, address="2001:db8:1:2::")
    neighbour = browser.copy("2001:db8:1:2:ffff::9")
    throttled = neighbour.post(form.action, {**form.fields, "code": other_than(right)})
    assert throttled.status == 429 and "Too many requests" in throttled.text
    elsewhere = browser.copy("2001:db8:1:3::1")
    assert elsewhere.post(form.action, {**form.fields, "code": right}).status == 303


def _challenges(portal: Portal, count: int) -> list[Challenge]:
    tx = Act(portal.slug, "system:tests").transaction()
    made = [
        codes.issue(tx, portal.slug, purpose="sign-in", channel="email", holder="0" * 32, minutes=10)
        for _ in range(count)
    ]
    tx.commit()
    return made


def with_refusal(act: Act, portal: Portal, visit: Visit, address: str) -> None:
    try:
        journey.enter_code(replace(act), portal, visit, Visitor(address), "000000")
    except CodeWrong:
        return
    raise AssertionError("this guess should have been wrong")
