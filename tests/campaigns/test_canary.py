"""Canaries: a first share gets it, then it waits; what bounced decides whether anybody else does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from chalicelib.campaigns import campaigns
from chalicelib.campaigns.shapes import Campaign
from chalicelib.errors import Conflict
from chalicelib.facts import Kind
from chalicelib.portals import Portal
from tests.browsing import at_once
from tests.campaigning import MAIL, TEXT, begin, clients, each_once, mails, pass_time, run_of, scheduled, state_of
from tests.factories import facts_of, make_contact, make_portal, staff
from tests.faults.journey import cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.working import work_due
from tests.world import World

CANARY = {"percent": 10, "hold_minutes": 60, "stop_above_bounce_percent": 5}
STAFF = ["ana@acme.example", "bo@acme.example"]


def portal_of(world: World) -> Portal:
    return make_portal(world, notifications={"staff_emails": STAFF})


def held(world: World, portal: Portal, do: dict[str, Any] = MAIL, **more: Any) -> Campaign:
    campaign = scheduled(portal, do, canary={**CANARY, **more})
    work(world, portal, campaign, minutes=1)
    return campaign


def work(world: World, portal: Portal, campaign: Campaign, **duration: float) -> None:
    """What the tick would come to, of this one alone."""
    world.clock.advance(**duration)
    begin(portal, campaign)
    work_due()
    world.drain()


def bouncing(world: World, *, every: int = 1) -> None:
    """One in so many of the mails to clients bounces, the first among them."""
    told: dict[str, int] = {}

    def tells(to: str) -> tuple[str, ...]:
        place = told.setdefault(to, len(told)) if to.startswith("c") else 1
        return ("Send", "Bounce") if place % every == 0 else ("Send", "Delivery")

    world.cloud.provider.tells = tells


def test_all_is_well_and_everybody_gets_it_once(world: World) -> None:
    portal = portal_of(world)
    made = clients(portal, 30)
    campaign = held(world, portal)
    assert sum(mails(world).values()) == 3, "a tenth"
    run = run_of(portal, campaign)
    assert (run.state, run.done, run.left, run.held_until) == ("holding", 3, 27, "2030-06-03T10:01:00Z")
    assert campaigns.get(portal.slug, campaign.id).next_at == run.held_until
    pass_time(world, minutes=59)
    assert state_of(portal, campaign) == "holding" and sum(mails(world).values()) == 3
    pass_time(world, minutes=1)
    assert mails(world) == each_once(made)
    assert (state_of(portal, campaign), run_of(portal, campaign).done) == ("done", 30)
    assert [len(facts_of(portal.slug, kind)) for kind in (Kind.CAMPAIGN_HELD, Kind.CAMPAIGN_WENT_ON)] == [1, 1]


def test_too_many_bounced_nobody_else_gets_it_and_staff_are_told(world: World) -> None:
    portal = portal_of(world)
    clients(portal, 30)
    bouncing(world, every=100)
    campaign = held(world, portal)
    pass_time(world, minutes=60)
    assert sum(mails(world).values()) == 3
    run = run_of(portal, campaign)
    assert (state_of(portal, campaign), run.state, run.done, run.left) == ("stopped", "stopped", 3, 27)
    assert run.reason.startswith("Of 3 messages 1 bounced") and run.messages["bounced"] == 1
    assert sorted(sent.to for sent in world.inbox if "Stopped" in sent.subject) == STAFF
    assert run.reason in world.newest(STAFF[0]).text
    (fact,) = facts_of(portal.slug, Kind.CAMPAIGN_STOPPED)
    assert fact.changes["reason"] == run.reason and fact.actor == "system:campaigns"
    pass_time(world, days=2)
    assert sum(mails(world).values()) == 3
    assert campaigns.cancel(staff(portal), campaign.id).done == 3, "and a cancellation tells the same"


@pytest.mark.parametrize(("limit", "state"), [(9, "stopped"), (10, "done")])
def test_the_limit_is_what_may_still_be(world: World, limit: int, state: str) -> None:
    """One of ten: ten of a hundred."""
    portal = portal_of(world)
    clients(portal, 20)
    bouncing(world, every=10)
    campaign = held(world, portal, percent=50, stop_above_bounce_percent=limit)
    pass_time(world, minutes=60)
    assert state_of(portal, campaign) == state


def test_texts_are_judged_by_those_that_failed(world: World) -> None:
    portal = portal_of(world)
    for place, account in enumerate(clients(portal, 4)):
        make_contact(portal, account, mobile=f"+44 7911 12345{place}")  # a country that the portal does not allow
    campaign = held(world, portal, TEXT, percent=50)
    pass_time(world, minutes=60)
    assert run_of(portal, campaign).messages == {"failed": 2}
    assert state_of(portal, campaign) == "stopped"


def test_while_nothing_is_known_of_any_message_it_is_held_on(world: World) -> None:
    portal = portal_of(world)
    made = clients(portal, 10)
    campaign = scheduled(portal, canary=CANARY)
    begin(portal, campaign)
    work_due()
    world.clock.advance(minutes=60)
    begin(portal, campaign)
    assert (state_of(portal, campaign), run_of(portal, campaign).held_until) == ("holding", "2030-06-03T11:00:00Z")
    world.drain()
    pass_time(world, minutes=60)
    assert mails(world) == each_once(made) and state_of(portal, campaign) == "done"


def test_released_by_staff_it_does_not_wait(world: World) -> None:
    portal = portal_of(world)
    made = clients(portal, 12)
    campaign = held(world, portal)
    assert campaigns.release(staff(portal), campaign.id).state == "running"
    pass_time(world, minutes=1)
    assert mails(world) == each_once(made) and state_of(portal, campaign) == "done"
    with pytest.raises(Conflict):
        campaigns.release(staff(portal), campaign.id)
    pass_time(world, hours=2)
    assert mails(world) == each_once(made)


def test_cancelled_while_it_is_held(world: World) -> None:
    portal = portal_of(world)
    clients(portal, 12)
    campaign = held(world, portal)
    receipt = campaigns.cancel(staff(portal), campaign.id)
    assert (receipt.campaign.state, receipt.done, receipt.gone, receipt.stopped, receipt.left) == (
        "cancelled", 1, 1, 0, 11,
    )  # fmt: skip
    pass_time(world, hours=3)
    assert sum(mails(world).values()) == 1


def test_a_short_list_is_done_before_there_is_anything_to_hold(world: World) -> None:
    portal = portal_of(world)
    made = clients(portal, 1)
    campaign = held(world, portal)
    assert state_of(portal, campaign) == "done" and mails(world) == each_once(made)


def test_judged_four_times_at_once_it_goes_on_once(world: World) -> None:
    portal = portal_of(world)
    made = clients(portal, 12)
    campaign = held(world, portal)
    world.clock.advance(minutes=60)
    at_once([lambda: begin(portal, campaign) for _ in range(4)])
    assert len(facts_of(portal.slug, Kind.CAMPAIGN_WENT_ON)) == 1
    world.drain()
    assert mails(world) == each_once(made)


@pytest.mark.parametrize("bounces", [False, True])
@pytest.mark.parametrize("kind", ["killed"])
def test_the_judge_dies_at_any_call(world: World, mishaps: Mishaps, kind: str, bounces: bool) -> None:
    world.cloud.provider.tells = lambda to: ("Send", "Bounce" if bounces and to.startswith("c") else "Delivery")
    portal = portal_of(world)
    clients(portal, 4)
    campaign = held(world, portal)
    world.clock.advance(minutes=60)
    cold()
    with mishaps.recording() as recorded:
        begin(portal, campaign)
    world.drain()
    for at in range(len(recorded)):
        portal = portal_of(world)
        clients(portal, 4)
        campaign = held(world, portal)
        told = len([sent for sent in world.inbox if "Stopped" in sent.subject])
        world.clock.advance(minutes=60)
        cold()
        with suppress(Killed), mishaps.planned(Mishap(kind, at)):
            begin(portal, campaign)
        work(world, portal, campaign, minutes=2)
        work(world, portal, campaign, minutes=2)
        run = run_of(portal, campaign)
        assert (run.state, run.done) == (("stopped", 1) if bounces else ("done", 4)), at
        stopped = len([sent for sent in world.inbox if "Stopped" in sent.subject]) - told
        assert stopped == (2 if bounces else 0), at
