"""Jobs: something is done to each of many, a page of a list after the other, and to each once, whatever happens.

The job is stored first, in the transaction that asks for it. It is worked within the request, by the queue of reactions, or
when it is due; a lease keeps a second worker away. The list must be in an order that the visits leave alone, so that nothing
is passed over. Where its kind keeps a ledger, one transaction a visit holds the change, its fact, a note that it was made
and the job's count, and only while the job is not over: a crash, a second worker or a cancellation in the middle change
nothing twice, and the counts are exact. Without a ledger visits may be repeated after a crash and must do no harm then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from .. import agenda, clock, log, portals
from ..errors import Conflict, NotFound, Refusal, Stale, Unavailable
from ..facts import Act
from ..portals import Portal
from ..storage import Action, Page, Transaction, afresh, query
from . import doers, reactions
from .models import JobItemRow, JobRow
from .shapes import CHANGED, UNCHANGED, Answer, Hook, I, Job, JobKind, Kind, State, Visited, W

AT_ONCE = 50  # of them between two notes of how far it has come
A_TURN = 5000  # at most, of one turn
TURN_SECONDS = 40  # after which a turn begins no further page; a worker has a minute and more
REQUEST_SECONDS = 4  # the same within a request, which has 15
LEASE_SECONDS = 60  # how long a worker that died keeps others away; longer than a page may take
_DAY = 24 * 3600
_FAILED = "Something went wrong here. Do this one by itself."
_BUSY = "Others were changing this again and again. Do this one by itself."
_NO_JOB = "There is no job with this id."
_DONE = "This is done already: there is nothing left to cancel."
_JUST_ENDED = "It ended while you were cancelling it. Read it to see what was done."


class _Over(Refusal):
    """The job is over, or another worker has done this one."""


def start(
    tx: Transaction,
    act: Act,
    kind: JobKind[W, I],
    wanted: W,
    *,
    job_id: str,
    at: int | None = None,
    total: int | None = None,
    hold_after: int | None = None,
) -> None:
    """Add to the transaction that there is this job, due at once or at a moment. Its id is free, or the commit refuses."""
    now = clock.timestamp()
    due_at = now if at is None else at
    row = JobRow(
        pk=_key(act.portal, job_id), sk="job", due_shard=agenda.WORKFLOWS.shard_of(job_id), due_at=due_at, kind=kind.name,
        state="working", wanted=msgspec.json.encode(wanted).decode(), asked_by=act.actor, total=total,
        hold_after=hold_after, created_at=now, expires_at=max(now, due_at) + kind.kept_days * _DAY,
    )  # fmt: skip
    tx.put(row, when=JobRow.pk.does_not_exist(), refusal=Conflict("There is a job with this id already."))


def hand_on(portal: str, job_id: str) -> None:
    """Have somebody go on with it now. If that fails it is due all the same."""
    reactions.send([reactions.JobWaiting(portal, job_id)])


def go_on(portal: str, job_id: str, most: int = A_TURN, seconds: int = TURN_SECONDS) -> int:
    """Visit so many more, for so long, unless it is over, not due yet, or somebody else is at it; how many it was."""
    return _turn(portal, job_id, most, seconds)[0]


def go_on_at_once(portal: str, job_id: str) -> None:
    """Visit the first, or some more, within a request. What is in the way is left to others."""
    with suppress(Unavailable):
        go_on(portal, job_id, AT_ONCE, REQUEST_SECONDS)


def go_on_queued(portal: str, job_id: str) -> None:
    """A turn from the queue of reactions, which asks for the next one."""
    if _turn(portal, job_id, A_TURN, TURN_SECONDS)[1]:
        hand_on(portal, job_id)


def resume(tx: Transaction, portal: str, job_id: str) -> None:
    """Add to the transaction that a job which is held goes on, due at once. Refused with Conflict where it is not held."""
    tx.update(
        JobRow(_key(portal, job_id), "job"),
        JobRow.state.set("working"),
        JobRow.hold_after.remove(),
        JobRow.due_shard.set(agenda.WORKFLOWS.shard_of(job_id)),
        JobRow.due_at.set(clock.timestamp()),
        when=JobRow.state == "held",
        refusal=Conflict("This is not held."),
    )


def cancel(act: Act, job_id: str, *, kind: Kind | None = None, state: State = "cancelled") -> Job:
    """Stop it: from now on nobody is visited. What it answers is what was done, and what was left.

    Raises NotFound, and Conflict where it was done already. Cancelled twice it answers alike.
    """
    row = _read(act.portal, job_id, kind)
    if row.state == "done":
        raise Conflict(_DONE)
    if row.state in ("working", "held"):
        afresh(partial(_cancel, act, row, state))
    return get(act.portal, job_id)


def _cancel(act: Act, row: JobRow, state: State) -> None:
    tx = act.transaction()
    tx.update(
        JobRow(row.pk, row.sk), *_ended(state, act.actor), when=JobRow.state.is_in("working", "held"),
        refusal=Conflict(_JUST_ENDED),
    )  # fmt: skip
    _call(_kind(row).ended, tx, act, _read_again(row), state)
    tx.commit()


def get(portal: str, job_id: str, *, kind: Kind | None = None) -> Job:
    """How far it has come. Raises NotFound, for a job of another kind too."""
    return _shown(_read(portal, job_id, kind))


def visited(portal: str, job_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Visited]:
    """Those that a job with a ledger changed, or was refused."""
    page: Page[JobItemRow] = query(
        JobItemRow, _key(portal, job_id), between=JobItemRow.sk.startswith("item#"), limit=limit, cursor=cursor
    )
    shown = [Visited(row.sk.removeprefix("item#"), row.answer, row.why or "", int(row.at)) for row in page.items]  # type: ignore[arg-type]
    return Page(shown, page.cursor)


def _turn(slug: str, job_id: str, most: int, seconds: int) -> tuple[int, bool]:
    """How many it visited, and whether more are waiting for the next turn."""
    row = JobRow.find(_key(slug, job_id), "job")
    until = clock.timestamp() + seconds
    if row is None or row.due_at is None or most <= 0 or not _lease(row):
        return 0, False
    portal, kind, looked_at, is_last = portals.known(slug), _kind(row), 0, False
    wanted = msgspec.json.decode(row.wanted, type=kind.wants)
    while not is_last:
        limit = min(AT_ONCE, most - looked_at, _before_the_hold(row))
        page = kind.page(portal, wanted, limit, row.place)
        try:
            counted = _visit(portal, kind, wanted, row, page.items)
        except _Over:
            return looked_at, False
        looked_at += len(page.items)
        is_last = looked_at >= most or clock.timestamp() >= until
        if not _note_progress(kind, row, page, counted, is_last=is_last):
            return looked_at, False
        if row.due_at is None:
            return looked_at, False
    return looked_at, True


def _before_the_hold(row: JobRow) -> int:
    return AT_ONCE if row.hold_after is None else max(1, int(row.hold_after) - int(row.passed))


def _lease(row: JobRow) -> bool:
    """Keep other workers away for a minute; False if one is at it, or it is not due yet."""
    now = clock.timestamp()
    free = JobRow.lease_until.does_not_exist() | (JobRow.lease_until <= now)
    until = now + LEASE_SECONDS
    if row.lease_until is None and int(row.due_at or 0) > now:
        return False
    return row.change(JobRow.lease_until.set(until), JobRow.due_at.set(until), when=JobRow.due_at.exists() & free)


def _visit(portal: Portal, kind: Kind, wanted: Any, row: JobRow, found: Sequence[Any]) -> Counter[str]:
    """Visit those of a page, and count what stands in no ledger. Raises _Over once the job is over.

    Those that a worker visited before it died are left out: they were counted then.
    """
    keys = [(row.pk, _place(kind.identify(each))) for each in found]
    answered = JobItemRow.find_many(keys) if keys and kind.keeps_ledger else {}
    counted: Counter[str] = Counter()
    for item, key in zip(found, keys, strict=True):
        if key not in answered:
            answer = _visit_one(portal, kind, wanted, row, item)
            if answer.what == "unchanged" or not kind.keeps_ledger:
                counted[answer.what] += 1
    return counted


def _visit_one(portal: Portal, kind: Kind, wanted: Any, row: JobRow, item: Any) -> Answer:
    """What became of one; one that cannot be changed is noted as refused, and stops no other."""
    identifier = kind.identify(item)
    act = Act(portal=portal.slug, actor=row.asked_by)
    if kind.keeps_ledger:
        act = replace(act, rider=lambda tx: _note(tx, row, identifier, CHANGED))
    answer = _answered(kind, act, portal, wanted, item)
    if answer.what == "refused" and kind.keeps_ledger:
        tx = Transaction()
        _note(tx, row, identifier, answer)
        tx.commit()
    return answer


def _answered(kind: Kind, act: Act, portal: Portal, wanted: Any, item: Any) -> Answer:
    try:
        return kind.visit(act, portal, wanted, item)
    except (Unavailable, _Over):
        raise
    except Stale:
        return Answer("refused", _BUSY)
    except Refusal as refusal:
        return Answer("refused", next(iter(refusal.fields.values()), refusal.text))
    except Exception as error:  # noqa: BLE001 - one must not stop the others
        log.failure("not done in a job", error, portal=portal.slug, kind=kind.name)
        return Answer("refused", _FAILED)


def _note(tx: Transaction, row: JobRow, identifier: str, answer: Answer) -> None:
    """Add to the transaction what becomes of one, once, and count it, while the job is not over."""
    item = JobItemRow(
        row.pk, _place(identifier), answer=answer.what, why=answer.why, at=clock.timestamp(), expires_at=row.expires_at
    )
    counter = JobRow.changed if answer.what == "changed" else JobRow.refused
    tx.put(item, when=JobItemRow.pk.does_not_exist(), refusal=_Over())
    tx.update(JobRow(row.pk, row.sk), counter.add(1), when=JobRow.state == "working", refusal=_Over())


def _note_progress(kind: Kind, row: JobRow, page: Page[Any], counted: Counter[str], *, is_last: bool) -> bool:
    """Note how far it has come; False if it is over, or another worker took over because this one was slow."""
    now, passed = clock.timestamp(), int(row.passed) + len(page.items)
    actions: list[Action] = [JobRow.passed.set(passed)]
    actions += [getattr(JobRow, what).add(number) for what, number in counted.items()]
    mine = (JobRow.lease_until == row.lease_until) & (JobRow.state == "working")
    if page.cursor is None:
        return _come_to(kind.ended, row, "done", counted, [*actions, *_ended("done", None)], mine)
    actions.append(JobRow.place.set(page.cursor))
    if row.hold_after is not None and passed >= row.hold_after:
        return _come_to(kind.held, row, "held", counted, [*actions, *_idle(), JobRow.state.set("held")], mine)
    until = now if is_last else now + LEASE_SECONDS
    lease = JobRow.lease_until.remove() if is_last else JobRow.lease_until.set(until)
    return row.change(*actions, JobRow.due_at.set(until), lease, when=mine)


def _come_to(
    hook: Hook | None, row: JobRow, state: State, counted: Counter[str], actions: list[Action], mine: Any
) -> bool:
    """Move it to a state in which nobody goes on with it, in one transaction with what its kind adds."""
    if hook is None:
        return row.change(*actions, when=mine)
    try:
        return afresh(partial(_come_with, hook, row, state, counted, actions, mine))
    except _Over:
        return False


def _come_with(hook: Hook, row: JobRow, state: State, counted: Counter[str], actions: list[Action], mine: Any) -> bool:
    tx, held = Transaction(), _read_again(row)
    for what, number in counted.items():
        setattr(held, what, int(getattr(held, what)) + number)
    _call(hook, tx, Act(portal=row.pk.partition("#")[0], actor=row.asked_by), held, state)
    if not len(tx):
        return row.change(*actions, when=mine)
    tx.update(JobRow(row.pk, row.sk), *actions, when=mine, refusal=_Over())
    tx.commit()
    row.due_at = None
    return True


def _call(hook: Hook | None, tx: Transaction, act: Act, row: JobRow, state: State) -> None:
    if hook is not None:
        is_over = state != "held"
        hook(tx, act, replace(_shown(row), state=state, ended_at=clock.timestamp() if is_over else None))


def _ended(state: State, by: str | None) -> list[Action]:
    actions = [*_idle(), JobRow.state.set(state), JobRow.ended_at.set(clock.timestamp())]
    return actions + ([JobRow.ended_by.set(by)] if by else [])


def _idle() -> list[Action]:
    return [JobRow.due_at.remove(), JobRow.due_shard.remove(), JobRow.lease_until.remove()]


def _kind(row: JobRow) -> Kind:
    kind: Kind = doers.named(doers.KINDS[row.kind])
    return kind


def _read(portal: str, job_id: str, kind: Kind | None) -> JobRow:
    row = JobRow.find(_key(portal, job_id), "job")
    if row is None or (kind is not None and row.kind != kind.name):
        raise NotFound(_NO_JOB)
    return row


def _read_again(row: JobRow) -> JobRow:
    return JobRow.find(row.pk, row.sk) or row


def _shown(row: JobRow) -> Job:
    changed, unchanged, refused = int(row.changed), int(row.unchanged), int(row.refused)
    total = None if row.total is None else int(row.total)
    return Job(
        id=row.pk.rpartition("#")[2],
        kind=row.kind,
        state=row.state,  # type: ignore[arg-type]
        wanted=msgspec.json.decode(row.wanted, type=_kind(row).wants),
        asked_by=row.asked_by,
        total=changed + unchanged + refused if row.state == "done" else total,
        passed=int(row.passed),
        changed=changed,
        unchanged=unchanged,
        refused=refused,
        created_at=int(row.created_at),
        ended_at=int(row.ended_at) if row.ended_at else None,
        ended_by=row.ended_by,
    )


def _key(portal: str, job_id: str) -> str:
    return f"{portal}#job#{job_id}"


def _place(identifier: str) -> str:
    return f"item#{identifier}"


__all__ = [
    "CHANGED", "UNCHANGED", "Answer", "Hook", "Job", "JobKind", "Visited", "cancel", "get", "go_on", "go_on_at_once",
    "go_on_queued", "hand_on", "resume", "start", "visited",
]  # fmt: skip
