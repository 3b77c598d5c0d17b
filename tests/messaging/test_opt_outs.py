"""STOP, said to our number: heard within the hour, and nothing is texted to it any more, in any portal."""

from __future__ import annotations

from chalicelib.messaging import reading
from chalicelib.messaging.opt_outs import take_in_opt_outs
from tests.messaging.samples import put_code
from tests.mishaps import Mishap, Mishaps
from tests.tracing import traced
from tests.world import MovableClock, World

STOPPED = [f"+1202555{number}" for number in range(3101, 3106)]


def test_who_answers_stop_is_texted_by_no_portal_any_more(world: World) -> None:
    world.cloud.provider.opted_out = list(STOPPED)  # three pages of them
    world.tick()
    for portal in (world.portal(), world.portal()):
        sent = [put_code(portal, "sms", to=number) for number in STOPPED]
        other = put_code(portal, "sms", to="+12025553199")
        world.drain()
        told = [reading.get(portal.slug, each) for each in sent]
        assert {(each.status, each.reason) for each in told} == {("suppressed", "opted-out")}
        assert "STOP" in told[0].status_text
        assert reading.get(portal.slug, other).status == "sent"
    assert {sent.to for sent in world.inbox} == {"+12025553199"}


def test_who_answers_start_again_is_texted_again(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    world.cloud.provider.opted_out = ["+12025553201", "+12025553202"]
    assert take_in_opt_outs() >= 2
    world.cloud.provider.opted_out = ["+12025553202"]
    moment.advance(minutes=59, seconds=59)
    assert take_in_opt_outs() == 0, "asked once an hour"
    moment.advance(seconds=1)
    assert take_in_opt_outs() == 1
    for number in ("+12025553201", "+12025553202"):
        put_code(portal, "sms", to=number)
    world.drain()
    assert [sent.to for sent in world.inbox] == ["+12025553201"]


def test_a_refusal_because_of_stop_is_followed_by_a_look_at_once(world: World) -> None:
    portal = world.portal()
    world.tick()
    world.cloud.provider.opted_out = ["+12025553251"]
    world.cloud.provider.refuse = lambda _to: (400, "OptedOut")
    first = put_code(portal, "sms", to="+12025553251")
    world.drain()
    world.cloud.provider.refuse = lambda _to: None
    world.tick()
    second = put_code(portal, "sms", to="+12025553251")
    world.drain()
    told = [reading.get(portal.slug, each).reason for each in (first, second)]
    assert told == ["provider:OptedOut", "opted-out"]


def test_an_hour_in_which_nothing_is_new_writes_only_when_to_ask_again(world: World, moment: MovableClock) -> None:
    world.cloud.provider.opted_out = ["+12025553301"]
    take_in_opt_outs()
    with traced() as minute:
        take_in_opt_outs()
    assert [call.name for call in minute] == ["dynamodb.GetItem"]
    moment.advance(hours=1)
    with traced() as hour:
        assert take_in_opt_outs() == 0
    assert [call.name for call in hour if call.name.endswith(("UpdateItem", "PutItem", "TransactWriteItems"))] == [
        "dynamodb.UpdateItem"
    ]


def test_a_list_that_does_not_come_changes_nothing(world: World, mishaps: Mishaps, moment: MovableClock) -> None:
    portal = world.portal()
    world.cloud.provider.opted_out = ["+12025553401"]
    take_in_opt_outs()
    moment.advance(hours=1)
    world.cloud.provider.opted_out = []
    with mishaps.planned(Mishap("fail", "sns.ListPhoneNumbersOptedOut", sticky=True)):
        world.tick()
    identifier = put_code(portal, "sms", to="+12025553401")
    world.drain()
    assert reading.get(portal.slug, identifier).reason == "opted-out"
