"""Records enter a workflow when they come to match it, once, and leave it when they no longer do."""

from __future__ import annotations

import pytest

from chalicelib.facts import Kind
from chalicelib.workflows import definitions, enrolling, enrolments, switching
from tests.browsing import at_once
from tests.factories import change_account, facts_of, make_portal, staff
from tests.flows import (
    MAIL,
    change_product,
    client,
    history,
    off,
    on,
    only,
    outcomes,
    pass_time,
    product,
    step,
    tag,
)
from tests.world import World

ONE = step("mail", 1, "minutes", MAIL)
TWO = (ONE, step("later", 2, "days", MAIL))


def entered(portal, account) -> int:  # type: ignore[no-untyped-def]
    return [what for what, _ in history(portal, account)].count("entered")


def test_the_word_of_a_change_comes_by_the_stream_and_enrols(world: World) -> None:
    portal = make_portal(world)
    on(portal, ONE)
    account = client(portal)
    world.drain()
    change_account(portal, account.id, tags=("review",))
    world.drain()
    assert only(portal, account).state == "active"
    pass_time(world, minutes=1)
    assert world.newest("maria@example.com").subject.startswith("Time for your annual review")
    assert only(portal, account).state == "finished"
    assert history(portal, account) == [("entered", ""), ("done", "mail"), ("finished", "")]
    kinds = [Kind.ENROLMENT_STARTED, Kind.ENROLMENT_FINISHED]
    assert [fact.kind for kind in kinds for fact in facts_of(portal.slug, kind)] == kinds


def test_a_record_enters_once_however_often_and_at_once_the_word_comes(world: World) -> None:
    portal = make_portal(world)
    on(portal, ONE)
    account = client(portal)
    change_account(portal, account.id, tags=("review",))
    at_once([lambda: enrolling.changed(portal.slug, account.id)] * 12)
    enrolling.changed(portal.slug, account.id)
    assert entered(portal, account) == 1
    pass_time(world, minutes=2)
    enrolling.changed(portal.slug, account.id)
    assert entered(portal, account) == 1 and len(world.sent_to("maria@example.com")) == 1


@pytest.mark.parametrize(("existing", "count"), [(True, 1), (False, 0)])
def test_records_that_match_when_it_is_switched_on_enter_only_if_so_wanted(
    world: World, existing: bool, count: int
) -> None:
    portal = make_portal(world)
    account = client(portal, tags=("review",))
    other = client(portal)
    assert switching.count_existing(portal, off(portal).trigger).matching == 1
    world.clock.advance(minutes=1)
    workflow = on(portal, ONE, existing=existing)
    assert workflow.state == "on" and workflow.job is None
    tag(portal, account, "review", "another")
    assert entered(portal, account) == count
    tag(portal, account, "another")
    tag(portal, account, "review")
    assert entered(portal, account) == 1, "it may enter once, and does when it comes to match anew"
    tag(portal, other, "review")
    assert entered(portal, other) == 1


@pytest.mark.parametrize(("again", "count"), [("never", 1), ("after-exit", 2), ("always", 2)])
def test_a_record_that_matches_anew(world: World, again: str, count: int) -> None:
    portal = make_portal(world)
    on(portal, *TWO, again=again)
    account = client(portal)
    for _ in range(2):
        tag(portal, account, "review")
        tag(portal, account)
    assert entered(portal, account) == count
    assert [what for what, _ in history(portal, account)].count("stopped") == count
    assert ("not-entered", "") in history(portal, account) or count == 2


def test_after_exit_means_that_it_is_in_it_no_longer(world: World) -> None:
    portal = make_portal(world)
    on(portal, *TWO, again="after-exit", stop_when_no_longer_matching=False)
    account = client(portal)
    for _ in range(2):
        tag(portal, account, "review")
        tag(portal, account)
    assert entered(portal, account) == 1, "it goes on, so it is still in it"
    pass_time(world, days=3)
    assert only(portal, account).state == "finished"
    tag(portal, account, "review")
    assert entered(portal, account) == 2


def test_another_season_lets_everybody_enter_once_more(world: World) -> None:
    portal = make_portal(world)
    workflow = on(portal, ONE, season="2030")
    account = client(portal)
    tag(portal, account, "review")
    wanted = definitions.read(portal.slug, workflow.id).said
    definitions.change(staff(portal), portal, workflow.id, type(wanted)(**{
        name: getattr(wanted, name) for name in wanted.__struct_fields__} | {"season": "2031"}))  # fmt: skip
    tag(portal, account)
    tag(portal, account, "review")
    assert entered(portal, account) == 2


def test_what_no_longer_matches_is_stopped_at_once_and_nothing_more_is_sent(world: World) -> None:
    portal = make_portal(world)
    on(portal, *TWO)
    account = client(portal)
    tag(portal, account, "review")
    pass_time(world, minutes=1)
    tag(portal, account, "booked")
    found = only(portal, account)
    assert (found.state, found.reason, found.next_at) == ("stopped", enrolling.NO_LONGER, None)
    pass_time(world, days=3)
    assert outcomes(only(portal, account)) == {"mail": "done", "later": "waiting"}
    assert len(world.sent_to("maria@example.com")) == 1


def test_it_is_asked_again_just_before_acting(world: World) -> None:
    portal = make_portal(world)
    on(portal, *TWO)
    account = client(portal)
    tag(portal, account, "review")
    change_account(portal, account.id, tags=())
    world.forget_unsent()  # the word of that change is late
    pass_time(world, minutes=2)
    assert only(portal, account).state == "stopped" and not world.sent_to("maria@example.com")


def test_it_goes_on_where_the_workflow_says_so(world: World) -> None:
    portal = make_portal(world)
    on(portal, *TWO, stop_when_no_longer_matching=False)
    account = client(portal)
    tag(portal, account, "review")
    tag(portal, account)
    pass_time(world, days=3)
    assert only(portal, account).state == "finished" and len(world.sent_to("maria@example.com")) == 2


def test_staff_stop_an_enrolment(world: World) -> None:
    portal = make_portal(world)
    on(portal, *TWO)
    account = client(portal)
    tag(portal, account, "review")
    stopped = enrolments.stop(staff(portal), only(portal, account).id, "They have called.")
    assert (stopped.state, stopped.reason) == ("stopped", "They have called.")
    pass_time(world, days=3)
    assert not world.sent_to("maria@example.com")
    assert len(facts_of(portal.slug, Kind.ENROLMENT_STOPPED_BY_STAFF)) == 1


def test_status_and_coverage_must_be_of_one_product_and_each_product_is_enrolled_by_itself(world: World) -> None:
    portal = make_portal(world)
    wanted = {"product_statuses": ["Quoted"], "coverage_types": ["MedAdvantage"]}
    on(portal, *TWO, trigger=wanted)
    account = client(portal)
    product(portal, account, coverage_type="Dental")
    product(portal, account, status="Active")
    assert history(portal, account) == []
    first, second = product(portal, account, plan="Gold"), product(portal, account, plan="Silver")
    found = enrolments.of_account(portal.slug, account.id).items
    assert {each.product_id for each in found} == {first.id, second.id}
    change_product(portal, account, first, status="Declined by Client")
    states = {each.product_id: each.state for each in enrolments.of_account(portal.slug, account.id).items}
    assert states == {first.id: "stopped", second.id: "active"}


def test_a_date_enrols_before_it_and_anew_when_it_moves(world: World) -> None:
    portal = make_portal(world, time_zone="America/New_York")
    on(portal, step("mail", 0, "days", MAIL), trigger={"date": {"days": -30}})
    account = client(portal)
    held = product(portal, account, effective_date="2030-08-01")
    assert only(portal, account).next_at == "2030-07-02T13:00:00Z", "nine in the morning in New York"
    moved = change_product(portal, account, held, effective_date="2030-09-01")
    first, second = sorted(enrolments.of_account(portal.slug, account.id).items, key=lambda each: each.next_at or "")
    assert (first.state, second.next_at) == ("stopped", "2030-08-02T13:00:00Z")
    pass_time(world, days=61)
    assert len(world.sent_to("maria@example.com")) == 1
    change_product(portal, account, moved, effective_date="2030-05-01")
    assert len(enrolments.of_account(portal.slug, account.id).items) == 2, "a date that is over enrols nobody"


def test_an_anniversary_comes_every_year(world: World) -> None:
    portal = make_portal(world)
    on(portal, step("mail", 0, "days", MAIL), trigger={"date": {"every_year": True}})
    account = client(portal)
    product(portal, account, effective_date="2020-07-01")
    for year in (2030, 2031, 2032):
        (active,) = [each for each in enrolments.of_account(portal.slug, account.id).items if each.state == "active"]
        assert active.starts_at == f"{year}-07-01T09:00:00Z"
        pass_time(world, days=366)
    assert len(world.sent_to("maria@example.com")) == 3


def test_two_workflows_that_undo_each_other_do_not_go_round_for_ever(world: World) -> None:
    portal = make_portal(world)
    for gone, come in (("a", "b"), ("b", "a")):
        on(
            portal, step("swap", 0, "minutes", {"action": "add-tags", "tags": [come]}),
            step("gone", 0, "minutes", {"action": "remove-tags", "tags": [gone]}), trigger={"tags": [gone]}, again="always",
        )  # fmt: skip
    account = client(portal)
    tag(portal, account, "a")
    for _ in range(40):
        pass_time(world, minutes=1)
    assert entered(portal, account) <= 20 and ("not-entered", "") in history(portal, account)


def test_a_closed_account_is_in_nothing(world: World) -> None:
    portal = make_portal(world)
    on(portal, *TWO, trigger={"record_types": ["client"]})
    account = client(portal)
    enrolling.changed(portal.slug, account.id)
    change_account(portal, account.id, status="closed")
    world.drain()
    assert only(portal, account).state == "stopped"


def test_a_change_between_two_steps_does_not_end_this_years(world: World) -> None:
    portal = make_portal(world)
    account = client(portal)
    steps = step("first", 0, "days", MAIL), step("second", 10, "days", MAIL)
    on(portal, *steps, trigger={"date": {"days": -30, "every_year": True}})
    product(portal, account, effective_date="2020-07-10")
    pass_time(world, days=10)
    tag(portal, account, "seen")
    assert outcomes(only(portal, account)) == {"first": "done", "second": "waiting"}
    pass_time(world, days=10)
    both = enrolments.of_account(portal.slug, account.id).items
    assert [(each.state, each.starts_at[:10]) for each in both] == [
        ("active", "2031-06-10"),
        ("finished", "2030-06-10"),
    ]


def test_switched_on_anew_what_was_known_before_counts_no_more(world: World) -> None:
    portal = make_portal(world)
    workflow, act = on(portal, *TWO, again="after-exit"), staff(portal)
    stayed, left, came = client(portal), client(portal), client(portal)
    tag(portal, stayed, "review")
    tag(portal, left, "review")
    switching.switch_off(act, workflow.id, stop_running=True)
    tag(portal, left)
    tag(portal, came, "review")
    world.drain()
    world.clock.advance(days=1)
    switching.switch_on(act, portal, workflow.id, enrol_existing=True)
    assert [entered(portal, each) for each in (stayed, left, came)] == [2, 1, 1]
    tag(portal, left, "review")
    assert entered(portal, left) == 2
