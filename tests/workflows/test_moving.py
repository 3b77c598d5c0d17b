"""A workflow that people are in is changed: shown first, then for those who enter, and for those in it only if so wanted."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.facts import Kind
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.workflows import decisions, definitions, enrolments, funnel, moving
from chalicelib.workflows.moving import Overdue
from chalicelib.workflows.shapes import Workflow
from tests.factories import facts_of, make_portal, staff
from tests.flows import MAIL, client, on, only, outcomes, pass_time, said, step, tag
from tests.world import World

FIRST, SECOND, THIRD = (step(name, days, "days", MAIL) for name, days in (("first", 1), ("second", 4), ("third", 9)))
ADDRESS = "maria@example.com"


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


@pytest.fixture
def story(world: World, portal: Portal) -> tuple[Workflow, Account]:
    """Somebody is in it for two days, and has the first step behind them."""
    workflow, account = on(portal, FIRST, SECOND), client(portal)
    tag(portal, account, "review")
    pass_time(world, days=2)
    world.clock.advance(1)
    return workflow, account


def change(portal: Portal, workflow: Workflow, *steps: dict[str, Any]) -> None:
    definitions.change(staff(portal), portal, workflow.id, said(*steps))


def take_along(portal: Portal, workflow: Workflow, overdue: Overdue = "send") -> None:
    assert moving.take_along(staff(portal), workflow.id, overdue=overdue).state == "on"


def test_a_change_concerns_those_who_enter_from_then_on(
    world: World, portal: Portal, story: tuple[Workflow, Account]
) -> None:
    workflow, before = story
    change(portal, workflow, FIRST, THIRD)
    after = client(portal, primary_emails=("sam@example.com",))
    tag(portal, after, "review")
    assert (only(portal, before).revision, only(portal, after).revision) == (1, 2)
    pass_time(world, days=9)
    assert outcomes(only(portal, before)) == {"first": "done", "second": "done"}
    assert outcomes(only(portal, after)) == {"first": "done", "third": "done"}


def test_the_reach_of_a_change_is_told_before(world: World, portal: Portal, story: tuple[Workflow, Account]) -> None:
    workflow, _ = story
    other = client(portal)
    tag(portal, other, "review")
    new = step("new", 1, "hours", MAIL)
    reach = moving.reach(portal, workflow.id, said(FIRST, new))
    assert reach.in_words == (
        "2 are in this workflow: if you take them along, something is due at once for 1, and none of them are through "
        "with it."
    )
    steps = {each.id: (each.waiting, each.due_at_once, each.is_new, each.is_gone) for each in reach.steps}
    assert steps == {
        "first": (1, 0, False, False),
        "new": (2, 1, True, False),
        "second": (2, 0, False, True),
    }
    through = moving.reach(portal, workflow.id, said(FIRST))
    assert (through.finished_at_once, through.is_all) == (
        1,
        True,
    ) and "1 of them is through with it" in through.in_words
    assert definitions.get(portal.slug, workflow.id).revision == 1, "nothing is kept"
    unused = on(portal, FIRST, trigger={"tags": ["nobody"]})
    assert moving.reach(portal, unused.id, said(FIRST)).in_words.startswith("Nobody is in this workflow")


@pytest.mark.parametrize(("overdue", "sent"), [("send", 2), ("skip", 1)])
def test_those_in_it_are_taken_along_and_nothing_is_done_twice(
    world: World, portal: Portal, story: tuple[Workflow, Account], overdue: Overdue, sent: int
) -> None:
    workflow, account = story
    change(portal, workflow, step("first", 6, "days", MAIL), step("new", 1, "hours", MAIL), THIRD)
    take_along(portal, workflow, overdue)
    assert only(portal, account).revision == 2 and len(facts_of(portal.slug, Kind.WORKFLOW_TAKEN_ALONG)) == 1
    pass_time(world)
    assert len(world.sent_to(ADDRESS)) == sent, "the first is behind them, though it would come later now"
    pass_time(world, days=8)
    told = {"first": "done", "new": "done" if overdue == "send" else "skipped", "third": "done"}
    assert outcomes(only(portal, account)) == told and len(world.sent_to(ADDRESS)) == sent + 1


def test_what_was_left_out_of_a_change_stands_in_the_history(
    world: World, portal: Portal, story: tuple[Workflow, Account]
) -> None:
    workflow, account = story
    change(portal, workflow, FIRST, step("new", 1, "hours", MAIL), THIRD)
    take_along(portal, workflow, "skip")
    newest, moved = decisions.listed(portal.slug, account.id).items[:2]
    assert (moved.what, moved.reason) == ("moved", "To revision 2.")
    assert (newest.what, newest.step_id, newest.reason) == ("skipped", "new", moving.OVERDUE)
    now, before = funnel.of_workflow(portal.slug, workflow.id).revisions
    assert (now.moved, now.running, before.entered, before.running) == (1, 1, 1, 0)
    assert now.steps[1].skipped_for[0].reason == "changed"


def test_whoever_has_nothing_left_is_through_with_it(
    world: World, portal: Portal, story: tuple[Workflow, Account]
) -> None:
    workflow, account = story
    change(portal, workflow, FIRST)
    take_along(portal, workflow)
    pass_time(world)
    assert only(portal, account).state == "finished" and len(world.sent_to(ADDRESS)) == 1


def test_a_step_that_comes_back_is_not_done_again(
    world: World, portal: Portal, story: tuple[Workflow, Account]
) -> None:
    workflow, account = story
    for steps in ((THIRD,), (FIRST, THIRD)):
        change(portal, workflow, *steps)
        take_along(portal, workflow)
    pass_time(world, days=8)
    assert outcomes(only(portal, account)) == {"first": "done", "third": "done"}
    assert len(world.sent_to(ADDRESS)) == 2


def test_taken_along_twice_is_once(world: World, portal: Portal, story: tuple[Workflow, Account]) -> None:
    workflow, account = story
    change(portal, workflow, FIRST, THIRD)
    take_along(portal, workflow)
    turn = enrolments.find(portal.slug, only(portal, account).id)
    take_along(portal, workflow)
    again = enrolments.find(portal.slug, only(portal, account).id)
    assert turn is not None and again is not None and turn.turn == again.turn
