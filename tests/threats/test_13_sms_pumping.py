"""Threat 13. SMS pumping: codes asked for over and over, to numbers that cost us and pay somebody.

That the worker lets no such message through, whoever queued it, is in tests/messaging/test_sms_pumping.py.
"""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib.errors import TooMany
from chalicelib.facts import Act
from chalicelib.messaging import reading
from chalicelib.signin import by_client_number as journey
from chalicelib.signin.by_client_number import Visitor
from tests.browsing import Browser
from tests.factories import ask_code, make_account, make_batch, make_client, make_contact, make_portal
from tests.messaging.test_sms_pumping import _numbers
from tests.world import World


def test_of_1000_numbers_typed_at_one_address_60_are_looked_at_and_0_are_sent_to(world: World) -> None:
    client = make_client(world)
    visit = journey.begin(client.number, client.last_name)
    act, visitor = Act(client.slug, "visitor"), Visitor("203.0.113.13")
    outcomes: Counter[str] = Counter()
    for number in _numbers():
        try:
            journey.request_code(act, client.portal, visit, visitor, "sms", number)
            outcomes["taken"] += 1
        except TooMany:
            outcomes["too many"] += 1
        except journey.Invalid:
            outcomes["no number"] += 1
    world.drain()
    assert [sent for sent in world.inbox if sent.channel == "sms"] == []
    assert outcomes.total() == 1000
    assert outcomes["taken"] <= 3, "one identity gets three codes in a quarter of an hour, to whatever address"


def test_who_has_a_number_of_such_a_range_on_file_gets_no_text_either(world: World) -> None:
    portal = make_portal(world, policy={"sms_countries": ["US", "GB"]})
    taken = [number for number in _numbers()[:20] if 9 <= len(number) <= 16]
    people = []
    for number in taken:
        account = make_account(portal)
        try:
            contact = make_contact(portal, account, mobile=number)
        except journey.Invalid:
            continue
        make_batch(portal, contact)
        people.append((account, contact))
    for n, (account, contact) in enumerate(people):
        browser = Browser(f"198.51.100.{n + 1}")
        browser.open(f"/{portal.slug}/sign-in")
        browser.fill(client_number=account.number or "", last_name=contact.last_name)
        assert browser.fill(method="sms", destination=contact.mobile or "").heading == "Enter your code"
    world.drain()
    assert len(people) >= 12
    assert [sent for sent in world.inbox if sent.channel == "sms"] == []
    reasons = {line.reason for line in reading.listed(portal.slug, channel="sms", limit=100).items}
    assert reasons <= {"country-not-allowed", "number-not-mobile"} and reasons


@pytest.mark.parametrize(("cap", "of"), [("sms_a_day", 4), ("sms_a_day_per_prefix", 3)])
def test_allowed_numbers_stay_within_the_caps_of_the_day_and_of_the_block(world: World, cap: str, of: int) -> None:
    portal = make_portal(world, policy={cap: of})
    for n in range(8):
        client = make_client(world, portal, mobile=f"+1 415 555 {3000 + n}")
        ask_code(Browser(f"198.51.100.{n + 1}"), client, by="sms")
    world.drain()
    assert len([sent for sent in world.inbox if sent.channel == "sms"]) == of
