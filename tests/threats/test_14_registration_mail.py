"""Threats 13 and 14, of registering: codes go by email alone, few to one address, whoever asks and however often."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chalicelib.errors import TooMany
from chalicelib.facts import Act
from chalicelib.registration import proving
from tests.browsing import at_once
from tests.factories import facts_of, make_client, sign_in
from tests.registering import asked, begun, make_applicant, make_office, open_portal, submitted
from tests.threats.conftest import Hashes
from tests.threats.test_14_mail_bombing import A_DAY, A_QUARTER, REQUESTS
from tests.threats.test_14_mail_bombing_password import DAY, QUARTER, by_code, fits, reached
from tests.world import MovableClock, World

VICTIM = "victim@elm.example"


@pytest.mark.parametrize("seconds", [DAY, QUARTER])
def test_of_100_requests_to_one_address_at_most_8_a_day_and_3_in_a_quarter_of_an_hour_reach_it(
    world: World, moment: MovableClock, seconds: int
) -> None:
    portal = open_portal(world)
    office = make_office(portal)
    by_sign_in = by_code(make_client(world, portal, emails=[VICTIM]), "email", VICTIM)
    world.drain()

    def ask(n: int) -> None:
        with suppress(TooMany):
            proving.send(
                Act(portal.slug, "visitor"), portal, asked(portal, office, email=VICTIM), f"198.51.100.{n + 1}"
            )
        with suppress(TooMany):
            by_sign_in(f"198.51.101.{n + 1}")

    at = reached(world, moment, VICTIM, seconds, ask)
    assert fits(at) if seconds == DAY else len(at) == A_QUARTER, at
    assert len(at) <= A_DAY


def test_of_100_requests_at_once_3_reach_the_address(world: World) -> None:
    portal = open_portal(world)
    attempt, act = asked(portal, make_office(portal), email=VICTIM), Act(portal.slug, "visitor")

    def ask(n: int) -> None:
        with suppress(TooMany):
            proving.send(act, portal, attempt, f"198.51.100.{n + 1}")

    at_once([lambda n=n: ask(n) for n in range(REQUESTS)], threads=32)  # type: ignore[misc]
    world.drain()
    assert len(world.sent_to(VICTIM)) == A_QUARTER


def test_whether_others_have_used_an_address_up_is_told_to_nobody(world: World, moment: MovableClock) -> None:
    """Its owner signs in three times, then somebody registers with it: the same page, no mail; and later a code after all."""
    portal = open_portal(world)
    ask = by_code(make_client(world, portal, emails=[VICTIM]), "email", VICTIM)
    for n in range(3):
        ask(f"198.51.100.{n + 1}")
    world.drain()
    before = len(world.sent_to(VICTIM))
    rosa = make_applicant(world, portal, make_office(portal))
    rosa.email = VICTIM
    seen = rosa.come_to_code()
    assert seen.status == 200 and seen.path.endswith("/register/code")
    world.drain()
    assert len(world.sent_to(VICTIM)) == before and len(facts_of(rosa.slug, "client:registration:code-not-sent")) == 1
    moment.advance(minutes=16)
    rosa.open("/code")
    rosa.browser.press("Send another code")
    world.drain()
    assert len(world.sent_to(VICTIM)) == before + 1
    assert rosa.browser.fill(code=world.newest(VICTIM).code).path.endswith("/register/account")


def test_whoever_decides_hears_of_8_requests_a_day_for_one_office(world: World, hashes: Hashes) -> None:
    portal = open_portal(world)
    office = make_office(portal)
    for n in range(20):
        address = f"198.51.100.{n + 1}"
        submitted(portal, begun(portal, office, address=address), address=address)
    world.drain()
    assert len(world.sent_to("desk@acme.example")) == A_DAY


def test_no_text_is_ever_sent_whatever_number_is_given(world: World) -> None:
    portal = open_portal(world)
    rosa = make_applicant(world, portal, make_office(portal))
    rosa.register(phone="+14155550199")
    world.drain()
    assert {sent.channel for sent in world.inbox} == {"email"} and not world.sent_to("+14155550199")


def test_a_client_signs_in_as_before(world: World) -> None:
    """What registering counts does not stand in the way of a known browser."""
    from tests.browsing import Browser

    portal, known = open_portal(world), Browser("203.0.113.77")
    client = make_client(world, portal, emails=[VICTIM])
    sign_in(world, known, client)
    office = make_office(portal)
    for n in range(8):
        with suppress(TooMany):
            proving.send(
                Act(portal.slug, "visitor"), portal, asked(portal, office, email=VICTIM), f"198.51.100.{n + 1}"
            )
    world.drain()
    known.press("Sign out")
    sign_in(world, known, client)
