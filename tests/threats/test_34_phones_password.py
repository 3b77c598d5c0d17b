"""Threat 34, of second factors: a mobile number, however it is typed at its set-up, is one number with one limit."""

from __future__ import annotations

import pytest

from tests.browsing import Browser
from tests.customers import enter_password, make_customer
from tests.threats.conftest import Hashes
from tests.threats.test_34_phones import E164, SPELLINGS
from tests.world import World


def test_every_spelling_at_set_up_texts_one_number_under_one_limit(world: World, hashes: Hashes) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    world.drain()
    start, told = len(world.inbox), []
    for spelling in SPELLINGS:
        browser.open(f"/{customer.slug}/security/mobile")
        seen = browser.fill(mobile=spelling)
        told.append(seen.path.endswith("/mobile/code") or seen.status == 429)
        world.drain()
    assert len(SPELLINGS) >= 20 and all(told)
    texts = [sent for sent in world.inbox[start:] if sent.channel == "sms"]
    assert {sent.to for sent in texts} == {E164} and len(texts) == 3
    rows = [each for each in world.scan("tokens") if each["pk"]["S"].startswith(f"{customer.slug}#sends#")]
    assert len(rows) == 1, "one register for the number"
    browser.open(f"/{customer.slug}/security/mobile/code")
    browser.fill(code=texts[-1].code)
    assert customer.user.sms_number == E164


def test_users_who_set_up_the_same_number_in_other_spellings_share_its_limit(world: World, hashes: Hashes) -> None:
    portal = None
    for n in range(4):
        browser = Browser(f"192.0.2.{n + 1}")
        customer = make_customer(world, portal, browser=browser)
        portal = customer.portal
        enter_password(browser, customer)
        for spelling in SPELLINGS[n * 5 : n * 5 + 5]:
            browser.open(f"/{customer.slug}/security/mobile")
            browser.fill(mobile=spelling)
    world.drain()
    assert len(world.sent_to(E164)) == 3


@pytest.mark.parametrize("text", ["", "maria", "12", "+1 415 555 0132 9999 9999", "+" * 50, "٠"])
def test_what_is_no_number_is_refused_beside_the_field(world: World, hashes: Hashes, text: str) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    world.drain()
    start = len(world.inbox)
    browser.open(f"/{customer.slug}/security/mobile")
    seen = browser.fill(mobile=text)
    assert seen.status == 400 and set(seen.errors) == {"mobile"}
    world.drain()
    assert len(world.inbox) == start
