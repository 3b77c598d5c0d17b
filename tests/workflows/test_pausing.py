"""A paused workflow holds everything; how it goes on, and what becomes of those in it when it is switched off, is asked for."""

from __future__ import annotations

import pytest

from chalicelib import clock
from chalicelib.facts import Kind
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.workflows import acting, decisions, definitions, enrolling, enrolments, funnel, switching
from chalicelib.workflows.shapes import Workflow
from chalicelib.workflows.switch_jobs import Overdue
from tests import meanwhile
from tests.factories import change_portal, facts_of, make_portal, staff
from tests.flows import MAIL, client, history, on, only, outcomes, pass_time, step, tag
from tests.world import World

FIRST, SECOND = step("first", 1, "days", MAIL), step("second", 3, "days", MAIL)
ADDRESS = "maria@example.com"


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


def enrolled(portal: Portal, **more: object) -> tuple[Workflow, Account]:
    """A workflow, and a record that has just entered it."""
    workflow, account = on(portal, FIRST, SECOND, **more), client(portal)
    tag(portal, account, "review")
    return workflow, account


def paused(world: World, portal: Portal) -> tuple[Workflow, Account]:
    """One that was paused, two days long, just after a record had entered."""
    workflow, account = enrolled(portal)
    switching.pause(staff(portal), workflow.id)
    pass_time(world, days=2)
    return workflow, account


def resume(portal: Portal, workflow: Workflow, overdue: Overdue) -> None:
    assert switching.resume(staff(portal), workflow.id, overdue=overdue).state == "on"


def test_a_pause_holds_what_comes_due_and_lets_nobody_in(world: World, portal: Portal) -> None:
    _, account = paused(world, portal)
    found = only(portal, account)
    assert (found.state, found.next_at, not world.sent_to(ADDRESS)) == ("held", None, True)
    other = client(portal)
    tag(portal, other, "review")
    assert history(portal, other) == [("not-entered", "")]
    pass_time(world, days=30)
    assert not world.sent_to(ADDRESS) and history(portal, account) == [("entered", ""), ("held", "")]


@pytest.mark.parametrize(
    ("overdue", "sent", "further"), [("shift", (0, 1, 1), 2), ("send", (1, 2, 2), 2), ("skip", (0, 1, 1), 1)]
)
def test_each_way_to_go_on(
    world: World, portal: Portal, overdue: Overdue, sent: tuple[int, int, int], further: int
) -> None:
    """Two days late: at once, a day later, and at last. `shift` keeps every distance, `skip` leaves out what is over."""
    workflow, account = paused(world, portal)
    resume(portal, workflow, overdue)
    pass_time(world)
    counts = [len(world.sent_to(ADDRESS))]
    for _ in range(2):
        pass_time(world, days=1)
        counts.append(len(world.sent_to(ADDRESS)))
    assert tuple(counts) == sent
    pass_time(world, days=5)
    assert len(world.sent_to(ADDRESS)) == further and only(portal, account).state == "finished"


def test_what_is_left_out_stands_in_the_history_and_is_counted(world: World, portal: Portal) -> None:
    workflow, account = paused(world, portal)
    pass_time(world, days=5)
    resume(portal, workflow, "skip")
    pass_time(world, minutes=1)
    told = [(line.what, line.step_id, line.reason) for line in decisions.listed(portal.slug, account.id).items]
    why = "The workflow was paused when it was due."
    assert told[1:3] == [("skipped", "second", why), ("skipped", "first", why)] and told[0][0] == "finished"
    (counts,) = funnel.of_workflow(portal.slug, workflow.id).revisions
    assert [(each.skipped, each.skipped_for[0].reason) for each in counts.steps] == [(1, "paused"), (1, "paused")]
    assert (counts.finished, counts.running, len(world.inbox)) == (1, 0, 0)


def test_what_was_due_but_not_held_yet_is_left_out_too(world: World, portal: Portal) -> None:
    workflow, account = enrolled(portal)
    switching.pause(staff(portal), workflow.id)
    world.clock.advance(days=2)  # nobody came by meanwhile
    resume(portal, workflow, "skip")
    pass_time(world)
    assert outcomes(only(portal, account)) == {"first": "skipped", "second": "waiting"}


def test_a_long_pause_shifts_what_was_not_due_in_it_too(world: World, portal: Portal) -> None:
    workflow, account = enrolled(portal)
    before = only(portal, account).next_at
    switching.pause(staff(portal), workflow.id)
    world.clock.advance(hours=2)
    resume(portal, workflow, "shift")
    held = enrolments.find(portal.slug, only(portal, account).id)
    assert held is not None and before is not None
    assert clock.text(int(held.due_at or 0) - 2 * 3600) == before


def test_one_that_is_held_just_when_it_is_resumed_is_not_left_behind(world: World, portal: Portal) -> None:
    workflow, account = enrolled(portal)
    switching.pause(staff(portal), workflow.id)
    world.clock.advance(days=1)
    identifier = only(portal, account).id
    with meanwhile.after("dynamodb.GetItem", lambda: resume(portal, workflow, "send"), nth=3):
        acting.work(portal.slug, identifier)
    assert only(portal, account).state == "active"
    pass_time(world, minutes=2)
    assert len(world.sent_to(ADDRESS)) == 1


def test_many_that_are_overdue_are_sent_some_a_second(
    world: World, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "_held", lambda *_: 1200)  # as many as take two minutes
    workflow = on(portal, FIRST)
    for number in range(6):
        tag(portal, client(portal, primary_emails=(f"client{number}@example.com",)), "review")
    switching.pause(staff(portal), workflow.id)
    pass_time(world, days=2)
    resume(portal, workflow, "send")
    pass_time(world)
    at_once = len(world.inbox)
    pass_time(world, minutes=3)
    assert at_once < 6 == len(world.inbox)


@pytest.mark.parametrize(("stop", "state", "sent"), [(False, "finished", 2), (True, "stopped", 0)])
def test_switching_off_lets_them_finish_or_stops_them(
    world: World, portal: Portal, stop: bool, state: str, sent: int
) -> None:
    workflow, account = enrolled(portal)
    assert switching.switch_off(staff(portal), workflow.id, stop_running=stop).state == "off"
    tag(portal, other := client(portal), "review")
    pass_time(world, days=4)
    assert (only(portal, account).state, len(world.sent_to(ADDRESS))) == (state, sent)
    assert history(portal, other) == []
    assert len(facts_of(portal.slug, Kind.ENROLMENT_STOPPED_BY_STAFF)) == stop


def test_a_paused_one_that_is_switched_off_stops_those_it_holds(world: World, portal: Portal) -> None:
    workflow, account = paused(world, portal)
    assert switching.switch_off(staff(portal), workflow.id, stop_running=False).state == "off"
    found = only(portal, account)
    assert (found.state, found.reason) == ("stopped", "The workflow was switched off.")


def test_one_that_is_switched_on_again_goes_by_what_there_is_then(world: World, portal: Portal) -> None:
    workflow, account = enrolled(portal)
    switching.switch_off(staff(portal), workflow.id, stop_running=True)
    switching.switch_on(staff(portal), portal, workflow.id, enrol_existing=True)
    assert only(portal, account).state == "stopped", "it may enter once"
    other = client(portal)
    tag(portal, other, "review")
    assert only(portal, other).state == "active"


def test_a_record_that_leaves_in_a_pause_is_stopped(world: World, portal: Portal) -> None:
    workflow, account = paused(world, portal)
    tag(portal, account)
    resume(portal, workflow, "send")
    pass_time(world)
    assert only(portal, account).reason == enrolling.NO_LONGER and not world.inbox


def test_a_portal_that_is_closed_does_nothing_and_goes_on_when_it_opens_again(world: World, portal: Portal) -> None:
    _, account = enrolled(portal)
    change_portal(portal, status="closed")
    pass_time(world, days=1)
    assert only(portal, account).state == "active" and not world.sent_to(ADDRESS)
    change_portal(portal, status="open")
    pass_time(world, hours=1)
    assert outcomes(only(portal, account)) == {"first": "done", "second": "waiting"}
    assert definitions.live(portal.slug)
