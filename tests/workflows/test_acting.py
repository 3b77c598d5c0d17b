"""What is due is done once, whatever happens in the middle; what cannot be done is skipped with a reason."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from chalicelib import agenda
from chalicelib.errors import Unavailable
from chalicelib.jobs import handing, shard_work
from chalicelib.people import accounts, record_users
from chalicelib.work import calls, tasks
from chalicelib.workflows import acting, actions, decisions, enrolling, enrolments, switching
from tests.browsing import at_once
from tests.factories import change_portal, make_contact, make_portal, staff
from tests.flows import ENABLE, MAIL, SMS, client, history, off, on, only, outcomes, pass_time, step, tag
from tests.mishaps import Killed, Mishap, Mishaps
from tests.staffing import make_colleague
from tests.world import World

MARIA, MOBILE = "maria@example.com", "+12125550123"
TASK = {"action": "create-task", "title": "Call them", "note": "Soon.", "due": {"count": 2, "unit": "days"}}
CALL = {"action": "add-to-call-queue", "reason": "Book the review"}
TAGS = {"action": "add-tags", "tags": ["reviewed"]}
EVERY = (MAIL, SMS, ENABLE, TASK, CALL, TAGS)


def begun(world: World, *does: dict[str, Any], mobile: str | None = MOBILE, **more: Any) -> tuple[Any, Any]:
    """A record that waits for these steps, a minute from now."""
    portal = make_portal(world, time_zone="Europe/London")
    on(portal, *(step(f"s{place}", 1, "minutes", do) for place, do in enumerate(does)), **more)
    account = client(portal)
    make_contact(portal, account, emails=(MARIA,), mobile=mobile)
    tag(portal, account, "review")
    world.drain()
    return portal, account


def effects(world: World, portal: Any, account: Any) -> dict[str, int]:
    """How often each of EVERY has come about."""
    world.drain()
    subjects = [mail.subject for mail in world.sent_to(MARIA)]
    return {
        "mail": sum("annual review" in subject for subject in subjects),
        "sms": len(world.sent_to(MOBILE)),
        "link": sum("Your page" in subject for subject in subjects),
        "password": sum("Your password" in subject for subject in subjects),
        "task": len(tasks.listed(portal).items),
        "call": len(calls.listed(portal.slug).items),
        "tag": accounts.get(portal.slug, account.id).tags.count("reviewed"),
    }


ONCE = dict.fromkeys(("mail", "sms", "link", "password", "task", "call", "tag"), 1)


def test_every_action_is_done(world: World) -> None:
    portal, account = begun(world, *EVERY)
    pass_time(world, minutes=1)
    assert effects(world, portal, account) == ONCE
    assert set(outcomes(only(portal, account)).values()) == {"done"} and only(portal, account).state == "finished"
    (task,), (call,) = tasks.listed(portal).items, calls.listed(portal.slug).items
    assert (task.title, task.account_id, task.due) == ("Call them", account.id, "2030-06-05T10:01")
    assert (call.number, call.reason) == (MOBILE, "Book the review")
    made = {line.step_id: line.made for line in decisions.listed(portal.slug, account.id).items if line.made}
    assert made["s3"] == (f"task:{task.id}",) and made["s4"] == (f"call:{call.id}",)


def test_workers_at_once_and_ticks_that_overlap_do_each_step_once(world: World) -> None:
    portal, account = begun(world, *EVERY)
    world.clock.advance(minutes=1)
    enrolment = only(portal, account).id
    at_once([lambda: acting.work(portal.slug, enrolment) for _ in range(6)])
    for _ in range(2):
        handing.hand_on_due(agenda.WORKFLOWS.due())
        world.drain()
    at_once([lambda shard=shard: shard_work.work_shard(shard) for shard in range(agenda.WORKFLOWS.shards)])  # type: ignore[misc]
    world.clock.advance(minutes=10)
    acting.work(portal.slug, enrolment)
    assert effects(world, portal, account) == ONCE
    assert [what for what, _ in history(portal, account)].count("done") == len(EVERY)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill", "killed", "lost", "fail"])
@pytest.mark.parametrize("place", range(len(EVERY)))
def test_a_worker_dies_at_any_call_and_each_step_is_done_once(
    world: World, mishaps: Mishaps, kind: str, place: int
) -> None:
    """Every call of one action in turn; the next worker finds what is left."""
    at = 0
    while True:
        portal, account = begun(world, EVERY[place])
        world.clock.advance(minutes=1)
        enrolment = only(portal, account).id
        mishap = Mishap(kind, at, sticky=kind in ("fail", "lost"))
        with mishaps.recording() as recorded, mishaps.planned(mishap), contextlib.suppress(Killed, Unavailable):
            acting.work(portal.slug, enrolment)
        world.clock.advance(minutes=20)
        acting.work(portal.slug, enrolment)
        done = effects(world, portal, account)
        expected = [name for name, count in ONCE.items() if count and done[name]]
        assert all(done[name] == 1 for name in expected) and expected, (kind, at, done)
        assert outcomes(only(portal, account)) == {"s0": "done"}, (kind, at)
        world.inbox.clear()
        at += 1
        if at >= len(recorded):
            break


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        (SMS, "There is no mobile number to send to."),
        (CALL, "There is no mobile number to send to."),
        ({**MAIL, "to": {"agent": True}}, "The record has no assigned agent."),
        ({"action": "add-tags", "tags": ["review"]}, "The record's tags are so already."),
        ({"action": "disable-self-service"}, "Self-service is off already."),
    ],
)
def test_what_there_is_no_point_in_is_skipped_with_the_reason(world: World, do: dict[str, Any], reason: str) -> None:
    portal, account = begun(world, do, TASK, mobile=None)
    pass_time(world, minutes=1)
    (skipped, done) = only(portal, account).steps
    assert (skipped.outcome, skipped.reason, done.outcome) == ("skipped", reason, "done")
    (line,) = [each for each in decisions.listed(portal.slug, account.id).items if each.what == "skipped"]
    assert (line.reason, line.step_id) == (reason, "s0")


def test_to_the_agent_and_to_colleagues(world: World) -> None:
    portal = make_portal(world)
    olive, otto = make_colleague(portal.slug), make_colleague(portal.slug)
    to = {"record": True, "agent": True, "staff": [olive.id, otto.id]}
    on(portal, step("mail", 1, "minutes", {**MAIL, "to": to}))
    account = client(portal, assigned_agent=olive.email)
    tag(portal, account, "review")
    pass_time(world, minutes=1)
    assert sorted(mail.to for mail in world.inbox if "annual review" in (mail.subject or "")) == sorted(
        {MARIA, olive.email, otto.email}
    ), "Olive is named twice, and gets one"


def test_what_fails_is_tried_again_each_time_later_and_stalls_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, account = begun(world, MAIL, TASK)
    enrolment = only(portal, account).id
    tried: list[float] = []

    def stumbling(*_: Any) -> None:
        tried.append(world.clock())
        raise ValueError("never seen before")

    monkeypatch.setattr(actions, "_send", stumbling)
    for _ in range(400):
        world.clock.advance(minutes=1)
        acting.work(portal.slug, enrolment)
    assert len(tried) == 8 and [later - tried[0] for later in tried[1:3]] == [60, 180]
    assert outcomes(only(portal, account)) == {"s0": "failed", "s1": "done"}


def test_a_paused_workflow_holds_what_comes_due(world: World) -> None:
    portal, account = begun(world, MAIL)
    workflow = only(portal, account).workflow_id
    assert switching.pause(staff(portal), workflow).state == "paused"
    pass_time(world, days=2)
    assert (only(portal, account).state, only(portal, account).next_at) == ("held", None)
    other = client(portal)
    tag(portal, other, "review")
    assert history(portal, other) == [("not-entered", "")]
    assert switching.resume(staff(portal), workflow, overdue="send").state == "on"
    pass_time(world, minutes=1)
    assert len(world.sent_to(MARIA)) == 1


def test_a_closed_portal_does_nothing_until_it_is_open_again(world: World) -> None:
    portal, account = begun(world, MAIL)
    change_portal(portal, status="closed")
    pass_time(world, minutes=5)
    assert only(portal, account).state == "active" and not world.inbox
    change_portal(portal, status="open")
    pass_time(world, hours=1)
    assert len(world.sent_to(MARIA)) == 1


def test_self_service_that_is_on_already_keeps_its_link(world: World) -> None:
    portal, account = begun(world, ENABLE, ENABLE)
    pass_time(world, minutes=1)
    first = record_users.of_account(portal.slug, account.id)
    assert first is not None and list(outcomes(only(portal, account)).values()) == ["done", "skipped"]
    assert effects(world, portal, account)["link"] == 1


def test_of_what_is_due_nothing_is_asked_for_that_is_not(world: World, mishaps: Mishaps) -> None:
    """A tick with nothing due: a query a shard, and nothing else."""
    portal = make_portal(world)
    on(portal, step("mail", 5, "days", MAIL))
    tag(portal, client(portal), "review")
    world.drain()
    with mishaps.recording() as recorded:
        handing.hand_on_due(agenda.WORKFLOWS.due())
    assert recorded == ["dynamodb.Query"] * agenda.WORKFLOWS.shards


def test_an_enrolment_that_cannot_be_read_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, account = begun(world, MAIL)
    other = client(portal, primary_emails=("other@example.com",))
    tag(portal, other, "review")
    poisoned = only(portal, account).id
    find = enrolments.find

    def finding(slug: str, enrolment_id: str) -> Any:
        if enrolment_id == poisoned:
            raise ValueError("cannot be read")
        return find(slug, enrolment_id)

    monkeypatch.setattr(enrolments, "find", finding)
    pass_time(world, minutes=2)
    assert world.sent_to("other@example.com") and not world.sent_to(MARIA)
    monkeypatch.setattr(enrolments, "find", find)
    pass_time(world, minutes=2)
    assert len(world.sent_to(MARIA)) == 1


def test_a_workflow_without_steps_cannot_be_switched_on(world: World) -> None:
    from chalicelib.errors import Invalid

    portal = make_portal(world)
    with pytest.raises(Invalid) as refused:
        switching.switch_on(staff(portal), portal, off(portal).id, enrol_existing=False)
    assert refused.value.fields == {"steps": "Add at least one step."}
    assert enrolling.ACTOR == "system:workflows"
