"""Threat 13: codes asked for again and again, to numbers that cost us and pay somebody."""

from __future__ import annotations

import json

import pytest

from chalicelib.messaging import numbers, reading
from chalicelib.messaging.deliver import worked
from tests.messaging.samples import put_code
from tests.mishaps import Mishap, Mishaps
from tests.world import MovableClock, World

# Premium, satellite, landline, personal and shared-cost ranges, countries that are not allowed, numbers nobody has.
_RANGES = [
    "+1900555{:04}", "+1876555{:04}", "+1809555{:04}", "+1242555{:04}", "+447012345{:03}", "+44909879{:04}",
    "+4420794600{:02}", "+882161234{:04}", "+88213123{:04}", "+99299123{:04}", "+2526123{:05}", "+3719000{:04}",
    "+25377831{:03}", "+1555555{:04}", "+491801234{:04}", "+4930123{:05}", "+5352345{:04}", "+2217012{:05}",
    "+1684555{:04}", "+88181234{:05}",
]  # fmt: skip


def _numbers() -> list[str]:
    return [_RANGES[n % len(_RANGES)].format(n // len(_RANGES)) for n in range(1000)]


def test_threat_13_a_thousand_numbers_in_ranges_that_cost_and_none_is_sent(world: World) -> None:
    objections = [numbers.objection(number, ("US", "GB", "DE")) for number in _numbers()]
    assert None not in objections
    portal = world.portal(policy={"sms_countries": ["US", "GB", "DE"]})
    some = [number for number in _numbers() if 8 <= len(number) <= 16][::17]
    ids = [put_code(portal, "sms", to=number) for number in some]
    world.drain()
    assert world.inbox == []
    assert {reading.get(portal.slug, each).reason for each in ids} <= {"country-not-allowed", "number-not-mobile"}


def test_threat_13_the_caps_of_a_block_and_of_the_day_hold(world: World, moment: MovableClock) -> None:
    portal = world.portal(policy={"sms_a_day": 12, "sms_a_day_per_prefix": 5})
    ids = [put_code(portal, "sms", to=f"+1202555{1000 + n}") for n in range(10)]
    ids += [
        put_code(portal, "sms", to=f"+1{area}5550123") for area in (203, 206, 212, 213, 214, 215, 301, 303, 312, 415)
    ]
    world.drain()
    assert len([sent for sent in world.inbox if sent.to.startswith("+1202555")]) == 5
    assert len(world.inbox) == 12
    reasons = [reading.get(portal.slug, each).reason for each in ids]
    assert reasons.count("sms-limit-reached") == len(ids) - 12
    moment.advance(days=1)
    put_code(portal, "sms")
    world.drain()
    assert len(world.inbox) == 13


def test_a_portal_that_allows_none_sends_none(world: World) -> None:
    portal = world.portal(policy={"sms_a_day": 0})
    put_code(portal, "sms")
    world.drain()
    assert world.inbox == []


def test_a_message_that_is_tried_again_counts_once(world: World, moment: MovableClock) -> None:
    portal = world.portal(policy={"sms_a_day": 1})
    world.cloud.provider.refuse = lambda _to: (429, "Throttling")
    put_code(portal, "sms")
    world.drain()
    world.cloud.provider.refuse = lambda _to: None
    moment.advance(minutes=4)
    world.drain()
    assert len(world.inbox) == 1


@pytest.mark.parametrize("kind", ["throttle", "fail"])
def test_threat_44_a_limit_that_cannot_be_counted_sends_nothing(world: World, mishaps: Mishaps, kind: str) -> None:
    portal = world.portal()
    for at in range(2, 8):
        identifier = put_code(portal, "sms")
        body = json.dumps({"portal": portal.slug, "id": identifier})
        with mishaps.planned(Mishap(kind, at, sticky=True)):
            failed = worked([{"messageId": "1", "body": body}])
        if mishaps.calls[at : at + 1] == ["dynamodb.UpdateItem"] and "sns.Publish" not in mishaps.calls:
            assert failed == ["1"]
            assert reading.get(portal.slug, identifier).status == "queued"
            return
    pytest.fail("no counter was hit")


@pytest.mark.parametrize(
    ("number", "objection"),
    [
        ("+12025550123", None),
        ("+447400123456", None),
        ("+4915112345678", None),
        ("+14165550123", "country-not-allowed"),
    ],
)
def test_ordinary_mobiles_of_allowed_countries_pass(number: str, objection: str | None) -> None:
    assert numbers.objection(number, ("US", "GB", "DE")) == objection


def test_neighbours_share_a_block() -> None:
    assert numbers.block("+12025550123") == numbers.block("+12025559999") == "+1202555"
