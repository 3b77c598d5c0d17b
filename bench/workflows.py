"""Due steps of workflows with little and with much waiting, an idle tick, and tags for many records.

What waits is written into the table as it is stored; the steps that are measured are real ones.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from bench.trace import Trace, tracing
from chalicelib import agenda, clock, ids, storage
from chalicelib.campaigns import tagging
from chalicelib.campaigns.tagging_shapes import Tagging
from chalicelib.jobs import handing, jobs
from chalicelib.people.filters import Which
from chalicelib.people.models import AccountRow
from chalicelib.portals import Portal
from chalicelib.workflows import acting, enrolments
from tests.copies import copies, write
from tests.factories import make_account, make_portal, staff
from tests.flows import MAIL, client, on, only, step, tag

WAITING = (100, 10_000, 100_000)
TAGGED = int(os.environ.get("BENCH_TAGGED", "20000"))
STEPS = 5
# Dollars a million, us-east-1, on demand, November 2026: see docs/decisions.md.
_READ, _WRITE, _QUEUED = 0.125, 0.625, 0.40
_YEAR = 365 * 24 * 3600


def run(world: Any) -> None:
    """Print the tables."""
    portal = make_portal(world)
    _due_steps(world, portal)
    _tagging(world)


def _due_steps(world: Any, portal: Portal) -> None:
    workflow = on(portal, *(step(f"s{place}", place + 1, "minutes", MAIL) for place in range(STEPS)))
    print("Workflows: a due step, a mail (calls and units of the worker; the tick hands on parts of the index)")
    print(
        f"  {'waiting':>9}{'calls':>7}{'read units':>12}{'write units':>13}{'CPU ms':>9}   an idle tick: calls, units"
    )
    waiting, units = 0, []
    for wanted in WAITING:
        _fill("workflows", islice(_waiting(portal, workflow.id), wanted - waiting))
        waiting = wanted
        with tracing() as idle:
            handing.hand_on_due(agenda.WORKFLOWS.due())
        account = client(portal, primary_emails=(f"at{wanted}@example.com",))
        tag(portal, account, "review")
        enrolment = only(portal, account).id
        trace, cpu = _steps(world, portal, enrolment)
        units.append((trace.reads + trace.writes) / STEPS)
        print(
            f"  {waiting:9,}{len(trace.calls) / STEPS:7.1f}{trace.reads / STEPS:12.1f}{trace.writes / STEPS:13.1f}"
            f"{1000 * cpu / STEPS:9.2f}   {len(idle.calls)}, {idle.reads:.1f}"
        )
        world.forget_unsent()
    print(f"  units with the most waiting, of those with the fewest: {units[-1] / units[0]:.2f}   target: at most 1.1")
    cost = _cost(trace)
    print(f"  a million steps: {cost:.2f} dollars of tables and queues (the mails themselves cost 100 and more)\n")


def _steps(world: Any, portal: Portal, enrolment: str) -> tuple[Trace, float]:
    """All steps of one enrolment, each when it is due."""
    cpu = 0.0
    with tracing() as trace:
        for _ in range(STEPS):
            world.clock.advance(minutes=1)
            began = time.thread_time()
            done = acting.work(portal.slug, enrolment)
            cpu += time.thread_time() - began
            assert done == 1, "each step by itself"
    return trace, cpu


def _cost(trace: Trace) -> float:
    """Of a million steps, with the message's way through its queue."""
    return trace.reads / STEPS * _READ + trace.writes / STEPS * _WRITE + 3 * _QUEUED


def _waiting(portal: Portal, workflow_id: str) -> Iterator[dict[str, Any]]:
    """Enrolments that wait for a step a year from now."""
    due_at, first = clock.timestamp() + _YEAR, ids.new()
    row = enrolments.made(
        portal.slug, first, workflow_id=workflow_id, revision=1, account_id=first, product_id=None, zone="UTC",
        starts_at=due_at, due_at=due_at,
    )  # fmt: skip
    for item in copies(row.serialize(), first):
        yield {**item, "due_shard": {"S": agenda.WORKFLOWS.shard_of(item["id"]["S"])}}


def _tagging(world: Any) -> None:
    portal = make_portal(world)
    _fill("people", islice(_records(portal), TAGGED - 1))
    job_id = ids.new()
    wanted = Tagging(filter=Which(record_type="client"), add=("renewal-2031",))
    tagging.take(staff(portal), wanted, tagging_id=job_id)
    began, turns = time.perf_counter(), 0
    with tracing() as trace:
        while tagging.get(portal.slug, job_id).state == "working":
            jobs.go_on(portal.slug, job_id, 500)
            world.clock.advance(minutes=2)
            turns += 1
            world.forget_unsent()  # the local engine keeps what is streamed until it is read
    spent, job = time.perf_counter() - began, tagging.get(portal.slug, job_id)
    assert (job.changed, job.refused) == (TAGGED, 0)
    print(f"Tags for {TAGGED:,} records, in turns of 500")
    print(
        f"  {len(trace.calls) / TAGGED:.2f} calls a record, {trace.reads / TAGGED:.1f} read and "
        f"{trace.writes / TAGGED:.1f} write units, {TAGGED / spent:.0f} records a second on this machine\n"
    )


def _records(portal: Portal) -> Iterator[dict[str, Any]]:
    """Accounts without a number, as they are stored: copies of a real one."""
    first = make_account(portal, record_type="client", number=None)
    row = AccountRow.find(f"{portal.slug}#account#{first.id}", "account")
    assert row is not None
    return copies(row.serialize(), first.id)


def _fill(table: str, items: Iterator[dict[str, Any]]) -> None:
    write(storage.client(), storage.table_name(table), items)
