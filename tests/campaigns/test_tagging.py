"""Tags for many accounts: each is changed once, whatever happens in the middle, and a cancellation is exact."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chalicelib.campaigns import tagging
from chalicelib.campaigns.tagging_shapes import Tagging, TaggingJob
from chalicelib.facts import Kind
from chalicelib.jobs import jobs
from chalicelib.jobs.models import JobRow
from chalicelib.people import accounts
from chalicelib.people.filters import Which
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.storage import Page
from tests.browsing import Machine, Seen, at_once
from tests.factories import change_account, facts_of, make_account, make_machine, make_portal, staff
from tests.faults.journey import cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.tracing import traced
from tests.working import work_due
from tests.world import World

KEY = {"Idempotency_Key": "tags-1"}
ADD = {"filter": {"record_type": "customer"}, "add": ["renewal-2031"]}


def desk(world: World, count: int = 3, **details: Any) -> tuple[Portal, Machine, list[Account]]:
    """A portal with so many customers, and an office that no filter here finds."""
    portal = make_portal(world)
    plain = {"record_type": "customer", "number": None, **details}
    made = [make_account(portal, **plain) for _ in range(count)]
    make_account(portal, record_type="office")
    return portal, make_machine(portal), made


def ask(machine: Machine, body: dict[str, Any], **headers: str) -> Seen:
    return machine.ask("POST", "accounts/tags", body, **headers)


def begin(portal: Portal, number: int = 0) -> str:
    """A job that nobody has worked on yet; its id."""
    tagging_id = f"{number:032x}"
    wanted = Tagging(filter=Which(record_type="customer"), add=("renewal-2031",))
    tagging.take(staff(portal), wanted, tagging_id=tagging_id)
    return tagging_id


def tags_of(portal: Portal, made: list[Account]) -> list[tuple[str, ...]]:
    return [accounts.get(portal.slug, each.id).tags for each in made]


def changes_of(portal: Portal) -> Counter[str]:
    """How often the tags of each account were changed, by the facts."""
    return Counter(fact.subject for fact in facts_of(portal.slug, Kind.ACCOUNT_CHANGED))


def numbers(job: TaggingJob) -> tuple[str, int | None, int, int, int, int | None]:
    return job.state, job.total, job.changed, job.unchanged, job.refused, job.left


def minutes_pass(world: World, count: int = 1) -> None:
    for _ in range(count):
        world.clock.advance(minutes=1, seconds=1)
        work_due()


def test_every_account_that_the_filter_finds_is_changed_and_no_other(world: World) -> None:
    portal, machine, made = desk(world, tags=["old", "kept"])
    has = make_account(portal, record_type="customer", tags=["kept", "renewal-2031"])
    body = {**ADD, "remove": ["old"]}
    counted = ask(machine, {**body, "dry_run": True})
    assert counted.status == 201 and counted.json["state"] == "counted" and counted.json["id"] is None
    assert (counted.json["total"], counted.json["changed"], counted.json["unchanged"]) == (4, 3, 1)
    assert tags_of(portal, made) == [("old", "kept")] * 3, "counting changes nothing"
    seen = ask(machine, body, **KEY)
    assert seen.status == 201 and seen.json["state"] == "done" and seen.json["left"] == 0
    assert (seen.json["total"], seen.json["changed"], seen.json["unchanged"], seen.json["refused"]) == (4, 3, 1, 0)
    assert sorted(each["account_id"] for each in seen.json["accounts"]) == sorted(each.id for each in made)
    assert seen.headers["Location"].endswith(f"/accounts/tags/{seen.json['id']}")
    assert tags_of(portal, made) == [("kept", "renewal-2031")] * 3
    assert accounts.get(portal.slug, has.id).version == has.version
    again = ask(machine, body, **KEY)
    assert (again.status, again.json) == (201, seen.json) and again.headers["Idempotency-Replayed"] == "true"
    assert set(changes_of(portal).values()) == {1}
    (fact,) = [each for each in facts_of(portal.slug, Kind.ACCOUNT_CHANGED) if made[0].id in each.subject]
    assert fact.changes == {"tags": [["old", "kept"], ["kept", "renewal-2031"]]} and fact.actor.startswith("api-key:")
    assert len(facts_of(portal.slug, Kind.TAGGING_STARTED)) == 1


def test_removing_the_tag_that_the_filter_asks_for_passes_nobody_over(world: World) -> None:
    portal, machine, made = desk(world, 120, tags=["old"])
    seen = ask(machine, {"filter": {"tag": "old"}, "remove": ["old"]})
    assert (seen.status, seen.json["state"], seen.json["changed"], seen.json["left"]) == (202, "working", 50, 70)
    minutes_pass(world)
    assert numbers(tagging.get(portal.slug, seen.json["id"])) == ("done", 120, 120, 0, 0, 0)
    assert set(tags_of(portal, made)) == {()}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"filter": {}}, "add"),
        ({"filter": {}, "add": ['a"b']}, "add.0"),
        ({"filter": {}, "add": ["x"], "remove": ["y", "x"]}, "remove.1"),
        ({"filter": {"shoe_size": "44"}, "add": ["x"]}, "filter.shoe_size"),
        ({"add": ["x"]}, "filter"),
    ],
)
def test_what_cannot_be(world: World, wrong: dict[str, Any], field: str) -> None:
    _, machine, _ = desk(world, 0)
    for body in (wrong, {**wrong, "dry_run": True}):
        seen = ask(machine, body)
        assert seen.status == 400 and [each["field"] for each in seen.json["errors"]] == [field]


def test_an_account_that_would_have_too_many_is_refused_and_stops_no_other(world: World) -> None:
    portal, machine, made = desk(world, 2)
    full = make_account(portal, record_type="customer", tags=[f"t{number}" for number in range(50)])
    job = ask(machine, ADD).json
    assert (job["changed"], job["refused"], job["state"]) == (2, 1, "done")
    (refused,) = [each for each in job["accounts"] if each["answer"] == "refused"]
    assert refused["account_id"] == full.id and "more than 50" in refused["why"]
    assert tags_of(portal, made) == [("renewal-2031",)] * 2


def test_200_accounts_cost_little_more_than_one_call_each(world: World) -> None:
    """One transaction an account; per 50 a page of the list, a look at what was done, and a note of how far it has come."""
    portal, _, _ = desk(world, 200)
    tagging_id = begin(portal)
    with traced() as asked:
        assert jobs.go_on(portal.slug, tagging_id, 2000) == 200
    kinds = Counter(call.name for call in asked)
    assert kinds["dynamodb.TransactWriteItems"] == 200
    assert kinds.total() - 200 <= 2 + 4 * 3 + 4, kinds
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 200, 200, 0, 0, 0)


def test_the_rest_is_done_when_it_is_due_a_share_at_a_time(world: World) -> None:
    portal, _, made = desk(world, 120)
    tagging_id = begin(portal)
    assert work_due(70) == 70
    assert tagging.get(portal.slug, tagging_id).left == 50
    assert work_due(70) == 50
    assert tagging.get(portal.slug, tagging_id).state == "done"
    assert set(changes_of(portal).values()) == {1} and len(changes_of(portal)) == len(made)


def test_cancelled_it_says_what_was_done_and_what_was_left(world: World) -> None:
    portal, machine, made = desk(world, 60)
    job = ask(machine, ADD).json
    assert (job["state"], job["changed"], job["left"]) == ("working", 50, 10)
    receipt = machine.ask("POST", f"accounts/tags/{job['id']}/cancel").json
    assert (receipt["state"], receipt["total"], receipt["changed"], receipt["left"]) == ("cancelled", 60, 50, 10)
    assert receipt["ended_by"].startswith("api-key:") and receipt["ended_at"]
    minutes_pass(world, 2)
    assert Counter(tags_of(portal, made)) == {("renewal-2031",): 50, (): 10}
    again = machine.ask("POST", f"accounts/tags/{job['id']}/cancel")
    assert (again.status, again.json) == (200, receipt)
    assert len(facts_of(portal.slug, Kind.TAGGING_CANCELLED)) == 1


def test_what_is_done_cannot_be_cancelled(world: World) -> None:
    _, machine, _ = desk(world)
    job = ask(machine, ADD).json
    assert machine.ask("POST", f"accounts/tags/{job['id']}/cancel").status == 409


def test_cancelled_in_the_middle_of_a_page_nothing_more_is_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, _, made = desk(world, 10)
    tagging_id, change, done = begin(portal), accounts.change_tags, list[str]()

    def changing(act: Any, account: Account, **tags: Any) -> bool:
        if len(done) == 4:
            tagging.cancel(staff(portal), tagging_id)
        done.append(account.id)
        return change(act, account, **tags)

    monkeypatch.setattr(tagging.accounts, "change_tags", changing)
    work_due()
    job = tagging.get(portal.slug, tagging_id)
    assert numbers(job) == ("cancelled", 10, 4, 0, 0, 6), "the receipt is exact"
    assert Counter(tags_of(portal, made)) == {("renewal-2031",): 4, (): 6}
    assert len(done) == 5, "and the worker stops"


def test_an_account_that_changed_since_it_was_listed_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, _, made = desk(world, 2)
    tagging_id, change = begin(portal), accounts.change_tags

    def changing(act: Any, account: Account, **tags: Any) -> bool:
        if account.version == 1:
            change_account(portal, account.id, name="Renamed", tags=["meanwhile"])
        return change(act, account, **tags)

    monkeypatch.setattr(tagging.accounts, "change_tags", changing)
    work_due()
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 2, 2, 0, 0, 0)
    assert {(each.name, each.tags) for each in (accounts.get(portal.slug, one.id) for one in made)} == {
        ("Renamed", ("meanwhile", "renewal-2031"))
    }


def test_one_account_that_goes_wrong_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, machine, made = desk(world, 3)
    change = accounts.change_tags

    def stumbling(act: Any, account: Account, **tags: Any) -> bool:
        if account.id == made[1].id:
            raise ValueError("never seen before")
        return change(act, account, **tags)

    monkeypatch.setattr(tagging.accounts, "change_tags", stumbling)
    job = ask(machine, ADD).json
    assert (job["state"], job["changed"], job["refused"]) == ("done", 2, 1)
    assert ["went wrong" in each["why"] for each in job["accounts"]].count(True) == 1


def test_an_account_that_others_change_all_the_time_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, _, made = desk(world, 1)
    tagging_id, change = begin(portal), accounts.change_tags

    def changing(act: Any, account: Account, **tags: Any) -> bool:
        change_account(portal, account.id, name=f"Renamed {account.version}")
        return change(act, account, **tags)

    monkeypatch.setattr(tagging.accounts, "change_tags", changing)
    work_due()
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 1, 0, 0, 1, 0)
    assert tags_of(portal, made) == [()]


def test_a_filter_that_finds_little_among_many_takes_no_longer_than_a_request_may(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages without anything in them cost time too: a worker stops when its time is over, and goes on from there."""
    portal, _, made = desk(world, 4)
    tagging_id, listed = begin(portal), accounts.listed

    def slowly(*at: Any, **which: Any) -> Any:
        world.clock.advance(seconds=20)
        return listed(*at, **{**which, "limit": 1})

    monkeypatch.setattr(tagging.accounts, "listed", slowly)
    assert jobs.go_on(portal.slug, tagging_id, 2000) == 2
    assert jobs.go_on(portal.slug, tagging_id, 2000) == 2
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 4, 4, 0, 0, 0)
    assert len(changes_of(portal)) == len(made)
    assert tagging.count(portal.slug, Tagging(filter=Which(record_type="customer"), add=("x",))).total is None


def test_two_workers_at_once_change_each_once(world: World) -> None:
    portal, _, made = desk(world, 60)
    tagging_id = begin(portal)
    at_once([lambda: jobs.go_on(portal.slug, tagging_id, 2000) for _ in range(4)])
    minutes_pass(world)
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 60, 60, 0, 0, 0)
    assert len(changes_of(portal)) == len(made) and set(changes_of(portal).values()) == {1}


def test_a_slow_worker_is_overtaken_and_does_no_harm(world: World) -> None:
    portal, _, _ = desk(world, 3)
    tagging_id = begin(portal)
    row = JobRow.find(f"{portal.slug}#job#{tagging_id}", "job")
    assert row is not None and jobs._lease(row)
    assert jobs.go_on(portal.slug, tagging_id, 2000) == 0, "somebody is at it"
    minutes_pass(world)
    assert not jobs._note_progress(tagging.KIND, row, Page([]), Counter(unchanged=3), is_last=True)
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 3, 3, 0, 0, 0)


def test_a_worker_overtaken_in_the_middle_of_a_page_changes_nobody_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker has done two of them meanwhile, and a colleague has taken the tag off one of them."""
    portal, _, made = desk(world, 3)
    tagging_id, change = begin(portal), accounts.change_tags

    def overtaken(act: Any, account: Account, **tags: Any) -> bool:
        monkeypatch.setattr(tagging.accounts, "change_tags", change)
        world.clock.advance(minutes=2)
        jobs.go_on(portal.slug, tagging_id, 2)
        change_account(portal, account.id, tags=[])
        return change(act, account, **tags)

    monkeypatch.setattr(tagging.accounts, "change_tags", overtaken)
    jobs.go_on(portal.slug, tagging_id, 2000)
    minutes_pass(world)
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 3, 3, 0, 0, 0)
    assert sorted(tags_of(portal, made)) == [(), ("renewal-2031",), ("renewal-2031",)]


def test_what_somebody_takes_off_after_a_crash_stays_off(
    world: World, mishaps: Mishaps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each account is changed once by a job: who was changed before the crash is not changed again."""
    portal, _, made = desk(world, 3)
    tagging_id = begin(portal)
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_note_progress", _killed)
        with pytest.raises(Killed):
            work_due()
    change_account(portal, made[0].id, tags=[])
    minutes_pass(world)
    assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 3, 3, 0, 0, 0)
    assert sorted(tags_of(portal, made)) == [(), ("renewal-2031",), ("renewal-2031",)]


def _killed(*_: Any, **__: Any) -> bool:
    raise Killed


@pytest.mark.parametrize("kind", ["kill", "killed", "fail", "lost"])
def test_a_worker_dies_at_any_call_and_each_is_changed_once(world: World, mishaps: Mishaps, kind: str) -> None:
    portal, _, _ = desk(world)
    begin(portal)
    cold()
    with mishaps.recording() as recorded:
        work_due()
    for at in range(len(recorded)):
        portal, _, made = desk(world)
        tagging_id = begin(portal)
        cold()
        with mishaps.planned(Mishap(kind, at, sticky=kind in ("fail", "lost"))):
            try:
                work_due()
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - as the queue does
                assert type(error).__name__ == "Unavailable", error
        minutes_pass(world, 2)
        assert numbers(tagging.get(portal.slug, tagging_id)) == ("done", 3, 3, 0, 0, 0), at
        assert set(changes_of(portal).values()) == {1} and len(changes_of(portal)) == len(made), at


@pytest.mark.parametrize("kind", ["kill", "killed"])
def test_the_request_dies_at_any_call_and_each_is_changed_once(world: World, mishaps: Mishaps, kind: str) -> None:
    portal, machine, _ = desk(world)
    cold()
    with mishaps.recording() as recorded:
        ask(machine, ADD, **KEY)
    for at in range(len(recorded)):
        portal, machine, _ = desk(world)
        cold()
        with pytest.raises(Killed), mishaps.planned(Mishap(kind, at)):
            ask(machine, ADD, **KEY)
        seen = ask(machine, ADD, **KEY)
        assert seen.status in (201, 202), (at, seen.text)
        minutes_pass(world, 2)
        assert numbers(tagging.get(portal.slug, seen.json["id"])) == ("done", 3, 3, 0, 0, 0), at
        assert set(changes_of(portal).values()) == {1} and len(changes_of(portal)) == 3, at
        assert len(facts_of(portal.slug, Kind.TAGGING_STARTED)) == 1, at
