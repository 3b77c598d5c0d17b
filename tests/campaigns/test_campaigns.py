"""Campaigns: planned, counted, scheduled, run; each account once, whatever happens in the middle."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chalicelib.campaigns import campaigns, uses
from chalicelib.campaigns import reports as campaign_reports
from chalicelib.campaigns.shapes import Campaign
from chalicelib.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.facts import Kind
from chalicelib.jobs import jobs
from chalicelib.messaging import reading, suppression
from chalicelib.people import accounts
from chalicelib.selfservice import access
from tests.browsing import at_once
from tests.campaigning import (
    TAG,
    TEXT,
    begin,
    clients,
    each_once,
    mails,
    pass_time,
    planned,
    run_of,
    said,
    scheduled,
    state_of,
)
from tests.factories import change_portal, facts_of, make_account, make_contact, make_portal, staff
from tests.faults.journey import cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.tracing import traced, writes
from tests.working import work_due
from tests.world import World


def refused(portal: Any, campaign: Campaign) -> dict[str, str]:
    found = campaign_reports.recipients_of(portal.slug, campaign.id, limit=100).items
    return {each.account_id: each.why for each in found if each.answer == "refused"}


def test_the_whole_story(world: World) -> None:
    """Planned, counted, scheduled for Tuesday, sent to each once, and reported."""
    portal = make_portal(world, time_zone="America/New_York")
    made = clients(portal, 3)
    make_account(portal, record_type="lead", primary_emails=("lead@x.example",))
    nobody = make_account(portal, record_type="client")
    closed = make_account(portal, record_type="client", status="closed", primary_emails=("gone@x.example",))
    draft = planned(portal, when={"when": "at", "at": "2030-06-04T09:30"})
    assert draft.state == "draft" and draft.next_at is None
    counted = campaigns.count(portal, draft.id)
    assert (counted.total, counted.looked_at, counted.would, counted.later) == (5, 5, 3, 0)
    assert counted.nothing == {"The account is closed.": 1, "There is no email address to send to.": 1}
    assert uses.of_template(portal.slug, "annual-review") == ("Annual review",)
    campaign = campaigns.schedule(staff(portal), portal, draft.id)
    assert (campaign.state, campaign.next_at) == ("scheduled", "2030-06-04T13:30:00Z"), "in New York"
    pass_time(world, hours=28, minutes=29)
    assert not mails(world) and state_of(portal, campaign) == "scheduled"
    pass_time(world, minutes=1)
    assert mails(world) == each_once(made)
    assert state_of(portal, campaign) == "done"
    run = run_of(portal, campaign)
    assert (run.state, run.total, run.done, run.unchanged, run.refused, run.left) == ("done", 5, 3, 0, 2, 0)
    assert run.moment == "2030-06-04T13:30:00Z" and run.messages == {"sent": 3, "delivered": 3}
    assert refused(portal, campaign) == {
        nobody.id: "There is no email address to send to.",
        closed.id: "The account is closed.",
    }
    kinds = [fact.kind for kind in Kind if "campaign" in kind for fact in facts_of(portal.slug, kind)]
    assert Counter(kinds) == Counter(
        [Kind.CAMPAIGN_CREATED, Kind.CAMPAIGN_SCHEDULED, Kind.CAMPAIGN_STARTED, Kind.CAMPAIGN_ENDED]
    )
    pass_time(world, days=2)
    assert mails(world) == each_once(made) and uses.of_template(portal.slug, "annual-review") == ()


def test_now_means_now(world: World) -> None:
    portal = make_portal(world)
    made = clients(portal, 2)
    campaign = scheduled(portal)
    pass_time(world, minutes=1)
    assert mails(world) == each_once(made) and state_of(portal, campaign) == "done"


def test_a_text_goes_to_the_records_mobile(world: World) -> None:
    portal = make_portal(world)
    account = clients(portal, 1)[0]
    make_contact(portal, account, mobile="+1 202 555 0123")
    other = clients(portal, 1)[0]
    campaign = scheduled(portal, TEXT)
    pass_time(world, minutes=1)
    assert [sent.to for sent in world.inbox] == ["+12025550123"]
    assert refused(portal, campaign) == {other.id: "There is no mobile number to send to."}


@pytest.mark.parametrize("do", [TAG, {"action": "remove-tags", "tags": ["old"]}])
def test_tags_are_changed_and_who_has_them_so_is_counted_only(world: World, do: dict[str, Any]) -> None:
    portal = make_portal(world)
    made = [make_account(portal, record_type="client", tags=["old"]) for _ in range(2)]
    make_account(portal, record_type="client", tags=["asked-2031"])
    counted = campaigns.count(portal, planned(portal, do).id)
    assert (counted.would, counted.nothing) == (2, {"The record's tags are so already.": 1})
    campaign = scheduled(portal, do)
    pass_time(world, minutes=1)
    run = run_of(portal, campaign)
    assert (run.done, run.unchanged, run.refused, run.messages) == (2, 1, 0, {})
    wanted = ("old", "asked-2031") if do == TAG else ()
    assert {accounts.get(portal.slug, each.id).tags for each in made} == {wanted}


def test_self_service_is_switched_on_where_it_is_off(world: World) -> None:
    portal = make_portal(world)
    one, other = clients(portal, 2)
    access.enable(staff(portal), portal, other.id)
    counted = campaigns.count(portal, planned(portal, {"action": "enable-self-service"}).id)
    assert (counted.would, sum(counted.nothing.values())) == (1, 1)
    campaign = scheduled(portal, {"action": "enable-self-service"})
    pass_time(world, minutes=1)
    assert access.of_account(portal, one.id).state == "enabled"
    assert list(refused(portal, campaign)) == [other.id] and "already" in refused(portal, campaign)[other.id]
    assert (run_of(portal, campaign).done, run_of(portal, campaign).refused) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"do": {"action": "send-email", "message": "self-service-link"}}, "do.message"),
        ({"do": {"action": "send-email", "message": "self-service-password"}}, "do.message"),
        ({"do": {"action": "send-sms", "message": "no-such-message"}}, "do.message"),
        ({"do": {"action": "add-tags", "tags": ["fine", 'a"b']}}, "do.tags.1"),
        ({"do": TAG, "canary": {"percent": 10}}, "canary"),
        ({"when": {"when": "at", "at": "2030-02-30T09:30"}}, "when.at"),
        ({"when": {"when": "cron", "cron": "0 0 31 2 *"}}, "when.cron"),
    ],
)
def test_what_cannot_be(world: World, wrong: dict[str, Any], field: str) -> None:
    portal = make_portal(world)
    draft = planned(portal)
    for attempt in (
        lambda: campaigns.create(staff(portal), portal, said(**wrong)),
        lambda: campaigns.change(staff(portal), portal, draft.id, said(**wrong)),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert list(refusal.value.fields) == [field]


def test_a_time_that_has_passed_cannot_be_scheduled(world: World) -> None:
    portal = make_portal(world)
    draft = planned(portal, when={"when": "at", "at": "2030-06-03T05:00"})
    with pytest.raises(Invalid):
        campaigns.schedule(staff(portal), portal, draft.id)


def test_only_a_draft_is_changed_or_removed_and_a_copy_is_one(world: World) -> None:
    portal = make_portal(world)
    act = staff(portal)
    draft = planned(portal)
    with pytest.raises(Stale):
        campaigns.change(act, portal, draft.id, said(name="Other"), version=7)
    assert campaigns.change(act, portal, draft.id, said(name="Other"), version=1).version == 2
    campaigns.schedule(act, portal, draft.id, version=2)
    for attempt in (
        lambda: campaigns.change(act, portal, draft.id, said()),
        lambda: campaigns.remove(act, draft.id),
        lambda: campaigns.schedule(act, portal, draft.id),
        lambda: campaigns.release(act, draft.id),
    ):
        with pytest.raises(Conflict):
            attempt()
    copied = campaigns.copy(act, portal, draft.id)
    assert (copied.name, copied.state) == ("Copy of Other", "draft")
    assert [each.id for each in campaigns.listed(portal.slug, state="draft").items] == [copied.id]
    assert len(campaigns.listed(portal.slug).items) == 2
    with pytest.raises(Conflict):
        campaigns.cancel(act, copied.id)
    campaigns.remove(act, copied.id)
    with pytest.raises(NotFound):
        campaigns.get(portal.slug, copied.id)
    with pytest.raises(NotFound):
        campaigns.get(make_portal(world).slug, draft.id)


def test_cancelled_before_its_time_nothing_happens(world: World) -> None:
    portal = make_portal(world)
    clients(portal, 1)
    campaign = scheduled(portal, when={"when": "at", "at": "2030-06-04T09:30"})
    receipt = campaigns.cancel(staff(portal), campaign.id)
    assert (receipt.campaign.state, receipt.done, receipt.gone, receipt.stopped) == ("cancelled", 0, 0, 0)
    assert campaigns.cancel(staff(portal), campaign.id) == receipt
    pass_time(world, days=3)
    assert not mails(world) and len(facts_of(portal.slug, Kind.CAMPAIGN_CANCELLED)) == 1


def test_cancelled_in_the_middle_the_receipt_says_what_had_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty are queued and two of them sent when somebody cancels: forty-eight are stopped, ten were not touched."""
    portal = make_portal(world)
    clients(portal, 60)
    monkeypatch.setattr(jobs, "A_TURN", 50)
    campaign = scheduled(portal)
    begin(portal, campaign)
    assert work_due(50) == 50
    world.relay()
    accepted = len(world.inbox)
    messages = world.cloud.bulk.receive(2)
    from chalicelib.consumers import deliver
    from infra.local import lambda_events

    lambda_events.invoke(
        deliver.bulk, "deliver_bulk", lambda_events.queue_event(messages, "arn:aws:sqs:us-east-1:1:bulk")
    )
    assert len(world.inbox) - accepted == 2
    receipt = campaigns.cancel(staff(portal), campaign.id)
    assert (receipt.campaign.state, receipt.done, receipt.left) == ("cancelled", 50, 10)
    assert (receipt.gone, receipt.stopped) == (2, 48)
    pass_time(world, minutes=10)
    pass_time(world, minutes=10)
    assert sum(mails(world).values()) == 2
    assert run_of(portal, campaign).messages == {"sent": 2, "delivered": 2, "dropped": 48}
    stopped = [each for each in reading.listed(portal.slug, limit=100).items if each.reason == "stopped"]
    assert len(stopped) == 48
    assert campaign_reports.receipt(portal.slug, campaign.id).stopped == 48


def test_done_but_not_sent_yet_it_can_still_be_cancelled(world: World) -> None:
    portal = make_portal(world)
    clients(portal, 2)
    campaign = scheduled(portal)
    begin(portal, campaign)
    work_due()
    assert state_of(portal, campaign) == "done" and not mails(world)
    assert campaigns.cancel(staff(portal), campaign.id).stopped == 2
    world.drain()
    assert not mails(world)


def test_done_and_sent_it_cannot(world: World) -> None:
    portal = make_portal(world)
    clients(portal, 1)
    campaign = scheduled(portal)
    pass_time(world, minutes=1)
    with pytest.raises(Conflict):
        campaigns.cancel(staff(portal), campaign.id)


def test_who_may_not_be_written_to_is_left_out_with_the_reason(world: World) -> None:
    portal = make_portal(world)
    one, other = clients(portal, 2)
    suppression.suppress(staff(portal), "email", other.primary_emails[0], "bounced")
    campaign = scheduled(portal)
    pass_time(world, minutes=1)
    assert mails(world) == each_once([one])
    assert "turned a message away" in refused(portal, campaign)[other.id]
    counted = campaigns.count(portal, campaign.id)
    assert (counted.would, sum(counted.nothing.values())) == (1, 1)


def test_a_rehearsal_tells_of_each_account_what_the_run_then_does(world: World) -> None:
    portal = make_portal(world, time_zone="America/New_York", reach={"quiet_hours": {"for_mails": True}})
    (one,), bare = clients(portal, 1), make_account(portal, record_type="client", number=None)
    (stopped,) = clients(portal, 1, primary_emails=("gone@example.com",))
    suppression.suppress(staff(portal), "email", "gone@example.com", "bounced")
    draft = planned(portal, when={"when": "at", "at": "2030-06-04T06:00"})
    with traced() as calls:
        said = {each.account_id: each for each in campaigns.rehearsed(portal, draft.id).items}
    assert writes(calls) == [], "reads, and nothing else"
    assert (said[one.id].answer, said[one.id].at) == ("later", "2030-06-04T12:00:00Z"), "quiet until eight in New York"
    assert said[one.id].to == f"c•••@{portal.slug}.example"
    assert (said[bare.id].answer, said[bare.id].why) == ("nothing", "There is no email address to send to.")
    assert said[stopped.id].answer == "nothing" and "turned a message away" in said[stopped.id].why
    campaigns.schedule(staff(portal), portal, draft.id)
    for _ in range(30):
        pass_time(world, hours=1)
    assert mails(world) == each_once([one])


def test_who_has_had_enough_this_week_gets_nothing_more(world: World) -> None:
    portal = make_portal(world, reach={"messages_a_week": 2})
    made = clients(portal, 2)
    for _ in range(2):
        scheduled(portal)
        pass_time(world, minutes=1)
    counted = campaigns.count(portal, planned(portal).id)
    assert (counted.would, list(counted.nothing.values())) == (0, [2])
    campaign = scheduled(portal)
    pass_time(world, minutes=1)
    assert sum(mails(world).values()) == 4
    assert all("7 days" in why for why in refused(portal, campaign).values()) and len(refused(portal, campaign)) == 2
    pass_time(world, days=8)
    scheduled(portal)
    pass_time(world, minutes=1)
    assert mails(world) == Counter({each.primary_emails[0]: 3 for each in made})


def test_within_quiet_hours_texts_wait_and_can_still_be_cancelled(world: World) -> None:
    """It is five in the morning in New York: queued at once, sent at eight; those of the second campaign never."""
    portal = make_portal(world, time_zone="America/New_York")
    account = clients(portal, 1)[0]
    make_contact(portal, account, mobile="+1 202 555 0123")
    counted = campaigns.count(portal, planned(portal, TEXT).id)
    assert (counted.would, counted.later, counted.nothing) == (1, 1, {})
    first, second = scheduled(portal, TEXT), scheduled(portal, TEXT)
    pass_time(world, minutes=1)
    assert not world.inbox and state_of(portal, first) == state_of(portal, second) == "done"
    assert campaigns.cancel(staff(portal), second.id).stopped == 1
    pass_time(world, hours=3)
    assert [sent.to for sent in world.inbox] == ["+12025550123"]
    assert run_of(portal, first).messages["sent"] == 1 and run_of(portal, second).messages == {"dropped": 1}


def test_a_closed_portal_sends_nothing_and_says_so(world: World) -> None:
    portal = make_portal(world)
    clients(portal, 1)
    campaign = scheduled(portal, when={"when": "at", "at": "2030-06-04T09:30"})
    change_portal(portal, status="closed")
    pass_time(world, days=2)
    assert state_of(portal, campaign) == "stopped" and not mails(world)
    assert len(facts_of(portal.slug, Kind.CAMPAIGN_STOPPED)) == 1


def test_a_filter_of_a_tag_that_the_campaign_takes_off_passes_nobody_over(world: World) -> None:
    portal = make_portal(world)
    made = [make_account(portal, record_type="client", tags=["old"]) for _ in range(60)]
    campaign = scheduled(portal, {"action": "remove-tags", "tags": ["old"]}, filter={"tag": "old"})
    pass_time(world, minutes=1)
    assert run_of(portal, campaign).done == 60
    assert {accounts.get(portal.slug, each.id).tags for each in made} == {()}


def test_four_workers_find_it_due_and_one_begins(world: World) -> None:
    portal = make_portal(world)
    made = clients(portal, 5)
    campaign = scheduled(portal)
    at_once([lambda: begin(portal, campaign) for _ in range(4)])
    assert len(facts_of(portal.slug, Kind.CAMPAIGN_STARTED)) == 1
    at_once([lambda: work_due() for _ in range(4)])
    world.drain()
    assert mails(world) == each_once(made)
    assert run_of(portal, campaign).done == 5


@pytest.mark.parametrize("kind", ["killed", "lost"])
def test_a_worker_dies_at_any_call_and_each_gets_it_once(world: World, mishaps: Mishaps, kind: str) -> None:
    """From the moment it is due to the end of the run."""

    def whole(portal: Any, campaign: Campaign) -> None:
        begin(portal, campaign)
        work_due()

    portal = make_portal(world)
    clients(portal, 2)
    campaign = scheduled(portal)
    cold()
    with mishaps.recording() as recorded:
        whole(portal, campaign)
    world.drain()
    for at in range(len(recorded)):
        portal = make_portal(world)
        made = clients(portal, 2)
        campaign = scheduled(portal)
        cold()
        with mishaps.planned(Mishap(kind, at, sticky=kind == "lost")):
            try:
                whole(portal, campaign)
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - as the shard's worker does
                assert type(error).__name__ == "Unavailable", error
        for _ in range(2):
            world.clock.advance(minutes=1, seconds=1)
            whole(portal, campaign)
        world.drain()
        found = mails(world)
        assert {each.primary_emails[0]: found[each.primary_emails[0]] for each in made} == each_once(made), at
        run = run_of(portal, campaign)
        assert (run.state, run.done, state_of(portal, campaign)) == ("done", 2, "done"), at
        assert len(facts_of(portal.slug, Kind.CAMPAIGN_ENDED)) == 1, at
