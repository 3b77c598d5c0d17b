"""Threat 46. A run to many: every message handed over ten times, shuffled, and people who opt out in the midst of it.

0 messages after somebody has said so, 1 to everybody else, over a night in which the clocks change.
"""

from __future__ import annotations

import json
import random
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from chalicelib.facts import Act
from chalicelib.messaging import consent, reading
from chalicelib.messaging.deliver import worked
from chalicelib.portals import Portal
from tests.browsing import FORM, Browser
from tests.factories import make_portal
from tests.messaging.samples import code_context, put
from tests.world import MovableClock, World

NEW_YORK = "America/New_York"
PEOPLE = [f"client-{number}@example.com" for number in range(24)]


def _portal(world: World) -> Portal:
    return make_portal(
        world,
        time_zone=NEW_YORK,
        support={"postal_address": "1 Main Street"},
        reach={"quiet_hours": {"for_mails": True}},
    )


def _handed(portal: Portal, ids: list[str], seed: int) -> None:
    copies = [identifier for identifier in ids for _ in range(10)]
    random.Random(seed).shuffle(copies)
    for start in range(0, len(copies), 10):
        batch = [{"portal": portal.slug, "id": each} for each in copies[start : start + 10]]
        worked([{"messageId": str(place), "body": json.dumps(each)} for place, each in enumerate(batch)])


def test_of_24_people_the_4_who_opt_out_midway_get_0_more_and_the_rest_1_each(
    world: World, moment: MovableClock
) -> None:
    portal = _portal(world)
    moment.advance(hours=6)  # to eleven in New York
    first = [put(portal, to=person, purpose="marketing") for person in PEOPLE]
    _handed(portal, first, 1)
    second = [put(portal, to=person, purpose="marketing", once=f"second/{person}") for person in PEOPLE]
    _handed(portal, second[:12], 2)
    leavers = (
        PEOPLE[4:6] + PEOPLE[20:22]
    )  # two of each half: of those who have the second mail, and of those who have not
    for person in leavers:
        link = urlsplit(str(world.newest(person).mail["List-Unsubscribe"]).strip("<>"))
        sent = Browser().ask(
            "POST", f"{link.path}?{link.query}", b"List-Unsubscribe=One-Click", headers={"Content-Type": FORM}
        )
        assert sent.status == 200
    _handed(portal, second, 3)
    got = {person: len(world.sent_to(person)) for person in PEOPLE}
    assert got == {person: 1 if person in PEOPLE[20:22] else 2 for person in PEOPLE}
    told = [reading.get(portal.slug, each) for each in second[20:22]]
    assert {(each.status, each.reason) for each in told} == {("suppressed", "unsubscribed")}


def test_who_opts_out_in_the_night_gets_0_in_the_morning_and_the_rest_1_at_8(
    world: World, moment: MovableClock
) -> None:
    portal = _portal(world)
    moment.seconds = datetime(2030, 11, 2, 22, 0, tzinfo=ZoneInfo(NEW_YORK)).timestamp()  # the clocks go back at two
    ids = [put(portal, to=person, purpose="marketing") for person in PEOPLE[:6]]
    for hour in range(10):  # ten hours bring the clock to seven
        _handed(portal, ids, hour)
        world.tick()
        moment.advance(hours=1)
    assert [message for message in world.inbox if message.tags["portal"] == portal.slug] == []
    consent.withdraw(Act(portal.slug, "visitor"), consent.whose(portal.slug, "email", PEOPLE[2]), how="page")
    moment.advance(hours=1)
    assert f"{datetime.fromtimestamp(moment.seconds, ZoneInfo(NEW_YORK)):%H:%M}" == "08:00"
    world.tick()
    world.tick()
    world.drain()
    _handed(portal, ids, 99)
    assert {person: len(world.sent_to(person)) for person in PEOPLE[:6]} == {
        person: 0 if person == PEOPLE[2] else 1 for person in PEOPLE[:6]
    }


def test_who_answers_stop_gets_0_texts_from_the_next_list_on(world: World, moment: MovableClock) -> None:
    portal = _portal(world)
    moment.advance(hours=6)
    numbers = [f"+1202555{number}" for number in range(7101, 7105)]
    ids = [
        put(portal, template="verification-code", channel="sms", to=number, context=code_context(), account="a" * 32)
        for number in numbers
    ]
    world.cloud.provider.opted_out = numbers[1:3]
    world.tick()
    _handed(portal, ids, 5)
    assert {sent.to for sent in world.inbox} == {numbers[0], numbers[3]}
    assert len(world.inbox) == 2
