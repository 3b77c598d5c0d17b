"""Tasks: made, listed as a calendar, changed, done, and their assignees reminded once."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import agenda
from chalicelib.facts import Kind
from chalicelib.messaging import reading
from chalicelib.people import staff
from chalicelib.people.staff import By
from chalicelib.portals import Portal
from chalicelib.work import due, tasks
from tests.browsing import Machine
from tests.factories import change_account, change_portal, facts_of, make_account, make_machine, make_portal
from tests.factories import staff as acting
from tests.faults.journey import cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.staffing import Colleague, make_colleague, signed_in
from tests.world import World

# The tests' clock starts on 3 June 2030 at nine, UTC: five in the morning in New York.
ZONE = "America/New_York"


def desk(world: World) -> tuple[Portal, Machine, Colleague]:
    portal = make_portal(world, time_zone=ZONE)
    return portal, make_machine(portal), make_colleague(portal.slug, "agent")


def titles(machine: Machine, **query: str) -> list[str]:
    return [each["title"] for each in machine.get("tasks", **query)["items"]]


def reminders(world: World, portal: Portal, task_id: str) -> list[str]:
    """To whom reminders of a task went out."""
    world.drain()
    rows = reading.listed(portal.slug, about=f"task:{task_id}", template="task-reminder", limit=100).items
    accepted = {sent.tags["message"] for sent in world.inbox}
    return [row.recipient for row in rows if row.id in accepted]


def test_a_task_from_its_making_to_its_end(world: World) -> None:
    portal, machine, ana = desk(world)
    account = make_account(portal)
    made = machine.post(
        "tasks",
        {"title": "Ask for the census", "account_id": account.id, "assignee": ana.id, "due": "2030-06-03T09:30"},
    )
    assert (made["due"], made["due_at"], made["time_zone"]) == ("2030-06-03T09:30", "2030-06-03T13:30:00Z", ZONE)
    assert (made["state"], made["version"], made["done_by"]) == ("open", 1, None)
    assert machine.get(f"tasks/{made['id']}") == made
    page = signed_in(ana)
    mine = page.call("GET", f"/portals/{portal.slug}/tasks?assignee=me")
    assert [each["id"] for each in mine.items] == [made["id"]]
    done = page.call("PATCH", f"/portals/{portal.slug}/tasks/{made['id']}", {"state": "done"})
    assert (done.status, done.json["state"], done.json["done_by"]) == (200, "done", f"user:{ana.id}")
    assert done.json["done_at"] == "2030-06-03T09:00:00Z" and done.json["version"] == 2
    assert titles(machine) == [] and titles(machine, state="done") == ["Ask for the census"]
    again = machine.ask("PATCH", f"tasks/{made['id']}", {"state": "open"}).json
    assert (again["done_at"], again["done_by"]) == (None, None)
    assert machine.ask("DELETE", f"tasks/{made['id']}", None, If_Match='"1"').status == 412
    assert machine.ask("DELETE", f"tasks/{made['id']}").status == 204
    assert machine.ask("GET", f"tasks/{made['id']}").status == 404
    kinds = [fact.kind for fact in facts_of(portal.slug) if fact.subject == f"task:{made['id']}"]
    assert sorted(kinds) == [Kind.TASK_CREATED, Kind.TASK_DONE, Kind.TASK_REMOVED, Kind.TASK_REOPENED]


def test_lists_are_in_the_order_of_when_things_are_due(world: World) -> None:
    portal, machine, ana = desk(world)
    one, two = make_account(portal), make_account(portal)
    for title, due_at, account, assignee in (
        ("third", "2030-06-05T09:00", one, ana.id),
        ("first", "2030-06-03T00:00", one, None),
        ("never", None, two, ana.id),
        ("second", "2030-06-04T23:59", two, ana.id),
    ):
        machine.post("tasks", {"title": title, "account_id": account.id, "assignee": assignee, "due": due_at})
    assert titles(machine) == ["first", "second", "third", "never"]
    assert titles(machine, sort="-due") == ["never", "third", "second", "first"]
    assert titles(machine, assignee=ana.id) == ["second", "third", "never"]
    assert titles(machine, account_id=one.id) == ["first", "third"]
    assert titles(machine, account_id=one.id, assignee=ana.id) == ["third"]
    assert titles(machine, **{"from": "2030-06-03", "to": "2030-06-04"}) == ["first", "second"]
    assert titles(machine, **{"from": "2030-06-04"}) == ["second", "third"], "what is never due is in no calendar"
    assert titles(machine, to="2030-06-03") == ["first"]
    assert titles(machine, **{"from": "2030-06-05", "to": "2030-06-01"}) == []
    found, cursor = [], ""
    while cursor is not None:
        page = machine.get("tasks", limit="1", cursor=cursor) if cursor else machine.get("tasks", limit="1")
        found, cursor = found + [each["title"] for each in page["items"]], page["cursor"]
    assert found == ["first", "second", "third", "never"]
    seen = machine.ask("GET", "tasks?from=2030-06-03&limit=1")
    assert "from=2030-06-03" in seen.headers["Link"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"due": "2030-02-30T09:00"}, "due"),
        ({"due": "tomorrow"}, "due"),
        ({"reminder_minutes": 5}, "reminder_minutes"),
        ({"assignee": "0" * 32}, "assignee"),
        ({"account_id": "0" * 32}, "account_id"),
        ({"state": "later"}, "state"),
        ({"done_at": "2030-06-03T09:00:00Z"}, "done_at"),
    ],
)
def test_what_cannot_be(world: World, wrong: dict[str, Any], field: str) -> None:
    _, machine, _ = desk(world)
    seen = machine.ask("POST", "tasks", {"title": "Call them", **wrong})
    assert seen.status == 400 and [each["field"] for each in seen.json["errors"]] == [field]


def test_who_left_gets_no_new_tasks_and_keeps_the_old(world: World) -> None:
    portal, machine, ana = desk(world)
    made = machine.post("tasks", {"title": "Call them", "assignee": ana.id})
    staff.deactivate(acting(portal), By("owner"), ana.id)
    assert machine.ask("POST", "tasks", {"title": "Another", "assignee": ana.id}).status == 400
    assert machine.ask("PATCH", f"tasks/{made['id']}", {"note": "Left a message."}).status == 200


def test_no_calendar_day_that_does_not_exist_and_no_system_me(world: World) -> None:
    _, machine, _ = desk(world)
    assert machine.ask("GET", "tasks?from=2030-02-30").status == 400
    assert machine.ask("GET", "tasks?assignee=me").status == 400


def test_another_zone_later_moves_no_task(world: World) -> None:
    portal, machine, _ = desk(world)
    made = machine.post("tasks", {"title": "Call them", "due": "2030-06-03T09:30"})
    change_portal(portal, time_zone="Europe/Berlin")
    kept = machine.ask("PATCH", f"tasks/{made['id']}", {"note": "x"}).json
    assert (kept["due_at"], kept["time_zone"]) == (made["due_at"], ZONE)
    moved = machine.ask("PATCH", f"tasks/{made['id']}", {"due": "2030-06-03T09:31"}).json
    assert (moved["due_at"], moved["time_zone"]) == ("2030-06-03T07:31:00Z", "Europe/Berlin")


def test_a_due_time_that_daylight_saving_skips_or_repeats(world: World) -> None:
    _, machine, _ = desk(world)
    told = [
        machine.post("tasks", {"title": "x", "due": text})["due_at"]
        for text in ("2031-03-09T02:30", "2030-11-03T01:30")
    ]
    assert told == ["2031-03-09T07:00:00Z", "2030-11-03T05:30:00Z"]


def test_its_assignee_is_reminded_once(world: World) -> None:
    portal, machine, ana = desk(world)
    account = make_account(portal, name="Northwind Traders")
    made = machine.post(
        "tasks",
        {
            "title": "Call them", "assignee": ana.id, "account_id": account.id, "due": "2030-06-03T07:00",
            "reminder_minutes": 60,
        },
    )  # fmt: skip
    world.clock.advance(minutes=59)
    world.tick()
    assert reminders(world, portal, made["id"]) == []
    world.clock.advance(minutes=1)
    for _ in range(3):
        world.tick()
    assert reminders(world, portal, made["id"]) == [ana.email]
    mail = world.newest(ana.email)
    assert mail.subject.startswith("Call them is due on 3 June 2030 at 07:00 EDT")
    assert "Northwind Traders" in mail.text
    machine.ask("PATCH", f"tasks/{made['id']}", {"note": "Left a message."})
    world.clock.advance(minutes=5)
    world.tick()
    assert reminders(world, portal, made["id"]) == [ana.email]
    assert len(facts_of(portal.slug, Kind.TASK_REMINDED)) == 1
    assert tasks.get(portal.slug, made["id"]).version == 2, "a reminder is no change of the task"


def test_a_reminder_goes_to_whoever_has_the_task_then(world: World) -> None:
    portal, machine, ana = desk(world)
    ben = make_colleague(portal.slug, "agent")
    made = machine.post("tasks", {"title": "x", "assignee": ana.id, "due": "2030-06-03T07:00", "reminder_minutes": 60})
    world.clock.advance(minutes=60)
    world.tick()
    machine.ask("PATCH", f"tasks/{made['id']}", {"assignee": ben.id})
    world.tick()
    assert sorted(reminders(world, portal, made["id"])) == sorted([ana.email, ben.email])


def test_another_due_time_is_reminded_of_anew(world: World) -> None:
    portal, machine, ana = desk(world)
    made = machine.post("tasks", {"title": "x", "assignee": ana.id, "due": "2030-06-03T07:00", "reminder_minutes": 60})
    world.clock.advance(minutes=60)
    world.tick()
    machine.ask("PATCH", f"tasks/{made['id']}", {"due": "2030-06-03T09:00"})
    world.tick()
    assert reminders(world, portal, made["id"]) == [ana.email]
    world.clock.advance(minutes=120)
    world.tick()
    assert reminders(world, portal, made["id"]) == [ana.email] * 2


@pytest.mark.parametrize("ends", ["done", "removed", "undue", "unassigned", "deactivated", "closed", "too late"])
def test_nobody_is_reminded_of_what_is_over(world: World, ends: str) -> None:
    portal, machine, ana = desk(world)
    made = machine.post("tasks", {"title": "x", "assignee": ana.id, "due": "2030-06-03T07:00", "reminder_minutes": 60})
    at = f"tasks/{made['id']}"
    if ends == "done":
        machine.ask("PATCH", at, {"state": "done"})
    elif ends == "removed":
        machine.ask("DELETE", at)
    elif ends == "undue":
        machine.ask("PATCH", at, {"due": None, "reminder_minutes": None})
    elif ends == "unassigned":
        machine.ask("PATCH", at, {"assignee": None})
    elif ends == "deactivated":
        staff.deactivate(acting(portal), By("owner"), ana.id)
    elif ends == "closed":
        change_portal(portal, status="closed")
    else:
        world.clock.advance(hours=3)
    world.clock.advance(minutes=60)
    world.tick()
    assert reminders(world, portal, made["id"]) == []
    assert due.do_due(agenda.WORK.due()) == 0, "and it is looked at no more"


def test_a_task_made_shortly_before_it_is_due_is_reminded_of_at_once(world: World) -> None:
    portal, machine, ana = desk(world)
    made = machine.post("tasks", {"title": "x", "assignee": ana.id, "due": "2030-06-03T05:10", "reminder_minutes": 60})
    world.tick()
    assert reminders(world, portal, made["id"]) == [ana.email]


@pytest.mark.parametrize("kind", ["kill", "killed", "fail", "lost"])
def test_the_tick_dies_at_any_call_and_one_mail_goes_out(world: World, mishaps: Mishaps, kind: str) -> None:
    portal, machine, ana = desk(world)
    body = {"title": "x", "assignee": ana.id, "due": "2030-06-03T07:00", "reminder_minutes": 60}
    world.clock.advance(minutes=60)
    machine.post("tasks", body)
    cold()
    with mishaps.recording() as recorded:
        assert due.do_due(agenda.WORK.due()) == 1
    for at in range(len(recorded)):
        made = machine.post("tasks", body)
        cold()
        with mishaps.planned(Mishap(kind, at, sticky=kind in ("fail", "lost"))):
            try:
                due.do_due(agenda.WORK.due())
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - as the tick does
                assert type(error).__name__ == "Unavailable", error
        due.do_due(agenda.WORK.due())
        assert reminders(world, portal, made["id"]) == [ana.email], at


def test_one_task_that_goes_wrong_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, machine, ana = desk(world)
    account = make_account(portal)
    body = {"title": "x", "assignee": ana.id, "due": "2030-06-03T05:10", "reminder_minutes": 60}
    bad = machine.post("tasks", {**body, "account_id": account.id})
    fine = [machine.post("tasks", body) for _ in range(3)]
    change_account(portal, account.id, status="closed")

    def stumbling(_portal: str, _account: str) -> Any:
        raise ValueError("never seen before")

    monkeypatch.setattr(due.accounts, "get", stumbling)
    assert due.do_due(agenda.WORK.due()) == 3
    assert all(reminders(world, portal, each["id"]) == [ana.email] for each in fine)
    assert reminders(world, portal, bad["id"]) == []


def test_agents_have_tasks_and_office_users_none(world: World) -> None:
    portal, _, ana = desk(world)
    page = signed_in(ana)
    assert page.call("POST", f"/portals/{portal.slug}/tasks", {"title": "x"}).status == 201
    reader = make_machine(portal, "tasks:read")
    assert reader.ask("POST", "tasks", {"title": "x"}).status == 403
