"""Threat 46: a timer that fires twice, two workers on one campaign, a clock that jumps: each person gets it once.

Counted, not argued: by what the provider accepted, of every address.
"""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib import agenda
from chalicelib.campaigns import campaigns
from chalicelib.campaigns import reports as campaign_reports
from chalicelib.facts import Kind
from chalicelib.jobs import jobs, shard_work
from chalicelib.messaging import consent, suppression
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.work import moments
from tests.browsing import at_once
from tests.campaigning import begin, clients, each_once, mails, pass_time, run_of, scheduled, state_of
from tests.factories import facts_of, make_portal, staff
from tests.messaging.test_own_messages import NAME, make
from tests.working import leave_nothing_due, work_due
from tests.world import World

ZONE = "America/New_York"


def times(count: int, made: list[Account]) -> Counter[str]:
    return Counter({address: count * number for address, number in each_once(made).items()})


def until(world: World, wall: str, *, minutes: int = 1) -> None:
    """Let the tick run every minute (or so many) until clocks in New York show this."""
    end = moments.at(wall, ZONE)
    while world.clock.seconds < end:
        world.clock.seconds = min(end, world.clock.seconds + 60 * minutes)
        world.tick()
        world.drain()


def start_at(world: World, wall: str) -> None:
    world.clock.seconds = moments.at(wall, ZONE)


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world, time_zone=ZONE)


def test_the_same_tick_twice_and_late(world: World, portal: Portal) -> None:
    made = clients(portal, 8)
    campaign = scheduled(portal, when={"when": "at", "at": "2030-06-04T09:30"})
    start_at(world, "2030-06-04T09:30")
    for _ in range(3):
        world.tick()
    world.cloud.reactions.redrive()
    world.drain()
    for _ in range(3):
        pass_time(world, minutes=1)
    assert mails(world) == each_once(made) and state_of(portal, campaign) == "done"
    assert len(facts_of(portal.slug, Kind.CAMPAIGN_STARTED)) == 1


def test_eight_workers_on_one_campaign(world: World, portal: Portal) -> None:
    """Shards' workers, and turns of the job, all at once, again and again."""
    made = clients(portal, 30)
    campaign = scheduled(portal)
    shard = int(agenda.WORKFLOWS.shard_of(campaign.id).removeprefix("due#"))
    name = f"{campaign.id}-{int(world.clock())}"
    for _ in range(4):
        at_once(
            [lambda: shard_work.work_shard(shard) for _ in range(4)]
            + [lambda: jobs.go_on(portal.slug, name, 10) for _ in range(4)]
        )
        world.clock.advance(minutes=2)
    work_due()
    world.drain()
    assert mails(world) == each_once(made)
    assert (run_of(portal, campaign).done, state_of(portal, campaign)) == (30, "done")


def test_a_worker_that_was_thought_dead_comes_back(
    world: World, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of its page another one takes over, and ends the run."""
    made = clients(portal, 6)
    campaign = scheduled(portal)
    begin(portal, campaign)
    name, visit, seen = f"{campaign.id}-{int(world.clock())}", jobs._visit_one, list[str]()

    def slowly(*at: object) -> jobs.Answer:
        seen.append("")
        if len(seen) == 3:
            monkeypatch.setattr(jobs, "_visit_one", visit)
            world.clock.advance(minutes=2)
            assert jobs.go_on(portal.slug, name) == 6
        return visit(*at)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "_visit_one", slowly)
    jobs.go_on(portal.slug, name)
    world.drain()
    assert mails(world) == each_once(made) and run_of(portal, campaign).done == 6


def test_the_day_on_which_clocks_go_back(world: World, portal: Portal) -> None:
    """1:30 comes twice on 3 November 2030; the campaign of every night runs once that night."""
    made = clients(portal, 2)
    start_at(world, "2030-11-02T12:00")
    scheduled(portal, when={"when": "cron", "cron": "30 1 * * *"})
    until(world, "2030-11-03T00:50", minutes=130)
    assert not mails(world)
    until(world, "2030-11-03T03:00", minutes=5)
    assert mails(world) == each_once(made)
    until(world, "2030-11-04T02:00", minutes=130)
    assert mails(world) == times(2, made)
    leave_nothing_due()


def test_the_day_on_which_clocks_go_forward(world: World, portal: Portal) -> None:
    """There is no 2:30 on 10 March 2030: it runs at 3:00, and once; and so does what is planned for that time alone."""
    made = clients(portal, 2)
    start_at(world, "2030-03-09T12:00")
    scheduled(portal, when={"when": "cron", "cron": "30 2 * * *"})
    scheduled(portal, when={"when": "at", "at": "2030-03-10T02:15"})
    until(world, "2030-03-10T01:59", minutes=130)
    assert not mails(world)
    until(world, "2030-03-10T05:00", minutes=5)
    assert mails(world) == times(2, made), "one of each"
    leave_nothing_due()


def test_after_days_without_service_what_was_missed_is_made_up_for_once(world: World, portal: Portal) -> None:
    made = clients(portal, 2)
    campaign = scheduled(portal, when={"when": "cron", "cron": "0 9 * * *"})
    pass_time(world, days=5)
    pass_time(world, minutes=1)
    assert mails(world) == each_once(made)
    runs = campaign_reports.report(portal.slug, campaign.id).runs
    assert [run.moment for run in runs] == ["2030-06-07T13:00:00Z"], "the last of those that were missed"
    assert campaigns.get(portal.slug, campaign.id).next_at == "2030-06-08T13:00:00Z"
    pass_time(world, hours=4)
    assert mails(world) == times(2, made)
    campaigns.cancel(staff(portal), campaign.id)
    pass_time(world, days=2)
    assert mails(world) == times(2, made)


def test_ticks_that_overlap_make_one_run_of_a_moment(world: World, portal: Portal) -> None:
    made = clients(portal, 3)
    campaign = scheduled(portal, when={"when": "cron", "cron": "*/5 * * * *"})
    for count in range(1, 4):
        world.clock.advance(minutes=5)
        at_once([lambda: begin(portal, campaign) for _ in range(4)])
        at_once([work_due for _ in range(3)])
        world.drain()
        assert mails(world) == times(count, made)
    campaigns.cancel(staff(portal), campaign.id)


def test_who_opts_out_in_the_middle_of_a_run_gets_nothing(world: World, portal: Portal) -> None:
    """One after the message was queued, one before the run came to them."""
    made = clients(portal, 60)
    campaign = scheduled(portal)
    begin(portal, campaign)
    work_due(50)
    visited = [each.account_id for each in campaign_reports.recipients_of(portal.slug, campaign.id, limit=100).items]
    queued = next(each for each in made if each.id in visited)
    waiting = next(each for each in made if each.id not in visited)
    for each in (queued, waiting):
        suppression.suppress(staff(portal), "email", each.primary_emails[0], "complained")
    work_due()
    world.drain()
    assert mails(world) == each_once([each for each in made if each not in (queued, waiting)])
    run = run_of(portal, campaign)
    assert (run.done, run.refused, run.messages["suppressed"]) == (59, 1, 1)


def test_who_unsubscribes_in_the_middle_of_a_run_gets_no_marketing(world: World) -> None:
    """The same, by a word of their own: one whose message waits, one whom the run has not come to."""
    portal = make_portal(world, time_zone=ZONE, support={"postal_address": "1 Main Street"})
    made = clients(portal, 60)
    make(portal, purpose="marketing")
    campaign = scheduled(portal, {"action": "send-email", "message": NAME})
    begin(portal, campaign)
    work_due(50)
    visited = {each.account_id for each in campaign_reports.recipients_of(portal.slug, campaign.id, limit=100).items}
    leavers = [
        next(each for each in made if each.id in visited), next(each for each in made if each.id not in visited),
    ]  # fmt: skip
    for each in leavers:
        who = consent.whose(portal.slug, "email", each.primary_emails[0])
        consent.withdraw(staff(portal), who, how="page")
    work_due()
    world.drain()
    assert mails(world, "Ours") == each_once([each for each in made if each not in leavers])
    assert sum(campaigns.count(portal, campaign.id).nothing.values()) == 2
