"""Threat 34. Phones: 20 spellings of one number are one number, with one limit on the codes sent to it."""

from __future__ import annotations

import pytest

from chalicelib.errors import Invalid
from chalicelib.people import matching
from tests.browsing import Browser
from tests.factories import Client, make_account, make_client, make_contact, make_portal
from tests.world import MovableClock, World

E164 = "+14155550132"
SPELLINGS = (
    "+14155550132", "+1 415 555 0132", "+1 (415) 555-0132", "+1-415-555-0132", "+1.415.555.0132",
    "1 415 555 0132", "14155550132", "4155550132", "415 555 0132", "415-555-0132", "(415) 555-0132",
    "(415)5550132", "415.555.0132", "415/555/0132", "  415 555 0132  ", "４１５５５５０１３２", "+１ ４１５ ５５５ ０１３２",
    "tel:+1-415-555-0132", "011 1 415 555 0132", "+1\u00a0415\u00a0555\u00a00132", "415–555–0132",
    "\u200e+1 415 555 0132",
)  # fmt: skip


def test_at_least_20_spellings_are_one_number() -> None:
    assert len(set(SPELLINGS)) >= 20
    assert {spelling: matching.phone_key(spelling, "US") for spelling in SPELLINGS} == dict.fromkeys(SPELLINGS, E164)


def test_another_number_stays_another() -> None:
    others = ("415 555 0133", "+44 20 7946 0132", "+52 415 555 0132", "+1 415 555 01322", "415 555 013", "555 0132")
    assert E164 not in {matching.phone_key(other, "US") for other in others}


@pytest.mark.parametrize(
    "text", ["", " ", "+", "maria", "12", "+1 415 555 0132 9999 9999", "()", "+" * 50, "1" * 199, "٠"]
)
def test_what_is_no_number_is_refused(world: World, text: str) -> None:
    assert matching.phone_key(text, "US") is None
    if text.strip():
        portal = make_portal(world)
        with pytest.raises(Invalid) as refused:
            make_contact(portal, make_account(portal), mobile=text)
        assert set(refused.value.fields) == {"mobile"}


def ask(client: Client, spelling: str, address: str) -> str:
    browser = Browser(address)
    browser.open(f"/{client.slug}/sign-in")
    browser.fill(client_number=client.number, last_name=client.last_name)
    return browser.fill(method="sms", destination=spelling).heading


@pytest.mark.parametrize("on_file", SPELLINGS[:3] + SPELLINGS[8:9])
def test_a_code_comes_by_every_spelling_whichever_is_on_file(world: World, on_file: str) -> None:
    for start in range(0, len(SPELLINGS), 3):  # three codes a quarter of an hour: three spellings a contact
        client = make_client(world, mobile=on_file)
        assert client.mobile == E164
        before = len(world.sent_to(E164))
        for spelling in SPELLINGS[start : start + 3]:
            ask(client, spelling, "198.51.100.1")
        world.drain()
        assert len(world.sent_to(E164)) - before == len(SPELLINGS[start : start + 3])
        world.clock.advance(minutes=5)


def test_all_spellings_share_one_limit(world: World, moment: MovableClock) -> None:
    client = make_client(world, mobile=E164)
    world.drain()
    for n, spelling in enumerate(SPELLINGS):
        ask(client, spelling, f"198.51.100.{n + 1}")
        world.drain()
    assert len(world.sent_to(E164)) == 3
    for n in range(88):  # on through the day, a quarter of an hour at a time
        moment.advance(minutes=15)
        ask(client, SPELLINGS[n % len(SPELLINGS)], f"198.51.101.{n + 1}")
        world.drain(feedback=False)
    assert len(world.sent_to(E164)) <= 8
    rows = [item for item in world.scan("tokens") if item["pk"]["S"].startswith(f"{client.slug}#sends#")]
    assert len(rows) == 1, "one register for the number, however it is typed"
