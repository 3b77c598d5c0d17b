"""Jobs of a kind that these tests make: held after a share, due at a moment, with hooks, with and without a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import msgspec
import pytest

from chalicelib import facts
from chalicelib.campaigns import tagging
from chalicelib.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.facts import Act, Kind
from chalicelib.jobs import doers, jobs, reactions
from chalicelib.jobs.jobs import CHANGED, UNCHANGED, Answer, Job, JobKind
from chalicelib.portals import Portal
from chalicelib.storage import Page, Transaction
from tests.browsing import at_once
from tests.factories import facts_of, make_portal, staff
from tests.faults.journey import cold
from tests.mishaps import Killed, Mishap, Mishaps
from tests.working import due_keys, work_due
from tests.world import World

_numbers = count(1)


class Wanted(msgspec.Struct, frozen=True):
    """Numbers from 1 to this one."""

    last: int


def _page(_portal: Portal, wanted: Wanted, limit: int, cursor: str | None) -> Page[int]:
    first = int(cursor or 1)
    upto = min(wanted.last, first + limit - 1)
    return Page(list(range(first, upto + 1)), str(upto + 1) if upto < wanted.last else None)


def _greet(act: Act, _portal: Portal, _wanted: Wanted, item: int) -> Answer:
    """Every number that ends in 7 is refused, every one in 9 greeted already."""
    if item % 10 == 7:
        raise Invalid(fields={"number": "Not this one."})
    if item % 10 == 9:
        return UNCHANGED
    tx = act.transaction()
    facts.record(tx, act, Kind.TASK_DONE, facts.subject("task", str(item)))
    tx.commit()
    return CHANGED


def _told(kind: Kind) -> Callable[[Transaction, Act, Job], None]:
    def tell(tx: Transaction, act: Act, job: Job) -> None:
        numbers = {"state": job.state, "changed": job.changed, "unchanged": job.unchanged, "refused": job.refused}
        facts.record(tx, act, kind, facts.subject("task", job.id), numbers)

    return tell


GREETING = JobKind(
    name="greeting", wants=Wanted, page=_page, identify=str, visit=_greet,
    ended=_told(Kind.CAMPAIGN_ENDED), held=_told(Kind.CAMPAIGN_HELD),
)  # fmt: skip
KINDS = dict(doers.KINDS)  # before those of these tests are among them
PLAIN = JobKind(name="plain", wants=Wanted, page=_page, identify=str, visit=_greet, keeps_ledger=False)


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for kind in (GREETING, PLAIN):
        known(monkeypatch, kind)
    yield


def known(monkeypatch: pytest.MonkeyPatch, kind: JobKind[Any, Any]) -> None:
    """Have jobs of this kind done so."""
    monkeypatch.setitem(doers.KINDS, kind.name, f"tests.{kind.name}")
    named = doers.named
    monkeypatch.setattr(doers, "named", lambda name: kind if name == f"tests.{kind.name}" else named(name))


def begin(portal: Portal, last: int, kind: JobKind[Any, Any] = GREETING, **how: Any) -> str:
    job_id = f"{next(_numbers):032x}"
    act = staff(portal)
    tx = act.transaction()
    jobs.start(tx, act, kind, Wanted(last), job_id=job_id, **how)
    tx.commit()
    return job_id


def numbers(portal: Portal, job_id: str) -> tuple[str, int, int, int, int | None]:
    job = jobs.get(portal.slug, job_id)
    return job.state, job.changed, job.unchanged, job.refused, job.left


def greeted(portal: Portal) -> Counter[str]:
    return Counter(fact.subject for fact in facts_of(portal.slug, Kind.TASK_DONE))


def test_each_is_visited_and_the_end_is_told_with_exact_numbers(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 120, total=120)
    assert jobs.go_on(portal.slug, job_id, 70) == 70
    assert numbers(portal, job_id) == ("working", 56, 7, 7, 50)
    assert work_due() == 50
    assert numbers(portal, job_id) == ("done", 96, 12, 12, 0)
    (fact,) = facts_of(portal.slug, Kind.CAMPAIGN_ENDED)
    assert fact.changes == {"state": "done", "changed": 96, "unchanged": 12, "refused": 12}
    assert set(greeted(portal).values()) == {1} and len(greeted(portal)) == 96
    refused = [each for each in jobs.visited(portal.slug, job_id, limit=100).items if each.what == "refused"]
    assert {(each.id, each.why) for each in refused if each.id in ("7", "17")} == {
        ("7", "Not this one."),
        ("17", "Not this one."),
    }
    assert jobs.go_on(portal.slug, job_id) == 0, "it is over"


def test_a_job_for_later_is_not_begun_before(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 3, at=int(world.clock()) + 3600)
    assert jobs.go_on(portal.slug, job_id) == 0 and work_due() == 0
    world.clock.advance(hours=1)
    assert work_due() == 3


def test_held_after_its_share_it_goes_on_only_when_it_may(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 100, total=100, hold_after=60)
    assert work_due() == 60
    assert numbers(portal, job_id) == ("held", 48, 6, 6, 40)
    (fact,) = facts_of(portal.slug, Kind.CAMPAIGN_HELD)
    assert fact.changes == {"state": "held", "changed": 48, "unchanged": 6, "refused": 6}
    world.clock.advance(days=1)
    assert work_due() == 0 and jobs.go_on(portal.slug, job_id) == 0
    tx = Transaction()
    jobs.resume(tx, portal.slug, job_id)
    tx.commit()
    assert work_due() == 40
    assert numbers(portal, job_id)[0] == "done"
    again = Transaction()
    jobs.resume(again, portal.slug, job_id)
    with pytest.raises(Conflict):
        again.commit()


def test_cancelled_while_it_is_held_and_never_twice(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 100, total=100, hold_after=10)
    work_due()
    first = jobs.cancel(staff(portal), job_id, state="stopped")
    assert (first.state, first.changed, first.left) == ("stopped", 8, 90)
    assert jobs.cancel(staff(portal), job_id) == first
    assert len(facts_of(portal.slug, Kind.CAMPAIGN_ENDED)) == 1
    assert work_due() == 0


def test_done_in_the_first_share_it_is_done(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 5, hold_after=5)
    work_due()
    assert numbers(portal, job_id)[0] == "done"
    with pytest.raises(Conflict):
        jobs.cancel(staff(portal), job_id)


def test_a_turn_asks_for_the_next_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, sent = make_portal(world), list[Any]()
    monkeypatch.setattr(reactions, "send", lambda each: sent.extend(each) or [])
    monkeypatch.setattr(jobs, "A_TURN", 50)
    job_id = begin(portal, 60)
    jobs.go_on_queued(portal.slug, job_id)
    assert sent == [reactions.JobWaiting(portal.slug, job_id)]
    jobs.go_on_queued(portal.slug, job_id)
    jobs.go_on_queued(portal.slug, job_id)
    assert len(sent) == 1 and numbers(portal, job_id)[0] == "done"


def test_one_that_others_change_all_the_time_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def changing(act: Act, _portal: Portal, _wanted: Wanted, _item: int) -> Answer:
        raise Stale

    portal = make_portal(world)
    known(monkeypatch, JobKind("greeting", Wanted, _page, str, changing))
    job_id = begin(portal, 2)
    work_due()
    assert numbers(portal, job_id) == ("done", 0, 0, 2, 0)


def test_without_a_ledger_it_counts_by_the_page_and_keeps_no_list(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 60, PLAIN)
    work_due()
    assert numbers(portal, job_id) == ("done", 48, 6, 6, 0)
    assert not jobs.visited(portal.slug, job_id).items


def test_a_job_of_another_kind_is_none(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 1)
    for read in (
        lambda: jobs.get(portal.slug, job_id, kind=PLAIN),
        lambda: tagging.get(portal.slug, job_id),
        lambda: jobs.cancel(staff(portal), job_id, kind=PLAIN),
        lambda: jobs.get(make_portal(world).slug, job_id),
    ):
        with pytest.raises(NotFound):
            read()
    with pytest.raises(Conflict):
        tx = Transaction()
        jobs.start(tx, staff(portal), GREETING, Wanted(1), job_id=job_id)
        tx.commit()


def test_four_workers_at_once_visit_each_once(world: World) -> None:
    portal = make_portal(world)
    job_id = begin(portal, 60, hold_after=30)
    at_once([lambda: jobs.go_on(portal.slug, job_id) for _ in range(4)])
    assert numbers(portal, job_id) == ("held", 24, 3, 3, None)
    tx = Transaction()
    jobs.resume(tx, portal.slug, job_id)
    tx.commit()
    at_once([lambda: jobs.go_on(portal.slug, job_id) for _ in range(4)])
    assert numbers(portal, job_id) == ("done", 48, 6, 6, 0)
    assert set(greeted(portal).values()) == {1} and len(greeted(portal)) == 48


@pytest.mark.parametrize("kind", ["killed", "lost"])
def test_a_worker_dies_at_any_call_and_each_is_visited_once(world: World, mishaps: Mishaps, kind: str) -> None:
    """Through the hold, and to the end."""

    def whole(portal: Portal, job_id: str) -> None:
        for _ in range(2):
            jobs.go_on(portal.slug, job_id)
            if jobs.get(portal.slug, job_id).state == "held":
                tx = Transaction()
                jobs.resume(tx, portal.slug, job_id)
                tx.commit()

    portal = make_portal(world)
    job_id = begin(portal, 9, hold_after=3)
    cold()
    with mishaps.recording() as recorded:
        whole(portal, job_id)
    for at in range(len(recorded)):
        portal = make_portal(world)
        job_id = begin(portal, 9, hold_after=3)
        cold()
        with mishaps.planned(Mishap(kind, at, sticky=kind == "lost")):
            try:
                whole(portal, job_id)
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - as the queue does
                assert type(error).__name__ in ("Unavailable", "Conflict"), error
        for _ in range(3):
            world.clock.advance(minutes=1, seconds=1)
            whole(portal, job_id)
        assert numbers(portal, job_id) == ("done", 7, 1, 1, 0), at
        assert set(greeted(portal).values()) == {1} and len(greeted(portal)) == 7, at
        told = facts_of(portal.slug, Kind.CAMPAIGN_HELD), facts_of(portal.slug, Kind.CAMPAIGN_ENDED)
        assert [len(each) for each in told] == [1, 1], at
        assert not [key for key in due_keys() if portal.slug in key]


def test_whoever_is_named_is_there() -> None:
    for name in (*doers.REACTIONS.values(), *doers.DUE.values()):
        assert callable(doers.named(name)), name
    assert {name: doers.named(kind).name for name, kind in KINDS.items()} == {name: name for name in KINDS}
