"""A step that is due is done: once, if the record still matches, and by the revision that its enrolment began with.

The stored enrolment is read anew, then the record. Each step is one transaction: its effect, what became of it, the
record's history, when the next one is due. The enrolment's turn lets one of any number of workers do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from .. import clock, log
from ..errors import Conflict, NotFound, Refusal, Stale, Unavailable
from ..facts import Act
from ..messaging.queue import AlreadyQueued
from ..messaging.reach import CapReached
from ..people import accounts
from ..people.shapes import Account
from ..portals import Portal, known
from ..selfservice.record_shapes import Product
from ..storage import Action, Transaction
from . import actions, decisions, definitions, enrolling, enrolments, plans, timing, triggers
from .actions import Doing
from .decisions import Of
from .models import EnrolmentRow, LiveRow
from .plans import OTHER, REASONS, NotYet, Skipped
from .shapes import Step, WorkflowInput

_TRIES = 8  # at a step that fails, an hour or more in all; then it has failed, and the next one comes
_FIRST_WAIT = 60
_A_MINUTE = 60
_AN_HOUR = 3600
_A_TURN = 60  # steps of one enrolment that are overdue together: more than a workflow has
HELD = "The workflow is paused."


class _Moved(Refusal):
    """Another worker has done this step, or the enrolment is over."""


class _At(Struct, frozen=True):
    """An enrolment that is due, with all that decides about it."""

    portal: Portal
    row: EnrolmentRow
    said: WorkflowInput
    of: Of
    live: LiveRow | None
    account: Account
    product: Product | None
    still_matches: bool


def work(slug: str, enrolment_id: str) -> int:
    """Do every step of an enrolment that is due now; how many were seen to. Safe to call twice, late, or at once."""
    done = 0
    while done < _A_TURN:
        row = enrolments.find(slug, enrolment_id)
        if row is None or row.state != "active" or row.due_at is None or row.due_at > clock.timestamp():
            break
        try:
            is_over = _turn(known(slug), row)
        except _Moved:
            break  # another worker is at it
        done += 1
        if is_over:
            break
    return done


def _turn(portal: Portal, row: EnrolmentRow) -> bool:
    """See to the next step; True if nothing more is to be done now."""
    at = _read(portal, row)
    if at is None:
        return _end(portal, row, "The record is gone.")
    if portal.status != "open":
        _wait_until(at, clock.timestamp() + _AN_HOUR)  # nobody resumes what waits for a portal to open again
        return True
    if at.live is not None and at.live.state == "paused":
        return _hold(at, HELD)
    if at.live is not None and at.live.state in ("resuming", "moving"):
        _wait_until(at, clock.timestamp() + _A_MINUTE)  # what is due may be about to change
        return True
    steps = timing.waiting(at.said.steps, row)
    if not steps:
        return _finish(at)
    if at.said.stop_when_no_longer_matching and not at.still_matches:
        return _end(portal, row, enrolling.NO_LONGER)
    moment, step = steps[0]
    if moment > clock.timestamp() and not row.tries:
        _wait_until(at, moment)
        return True
    return _do(at, step, steps[1:])


def _read(portal: Portal, row: EnrolmentRow) -> _At | None:
    said = definitions.revision(portal.slug, row.workflow, int(row.revision))
    try:
        account = accounts.get(portal.slug, row.account)
    except NotFound:
        return None
    products = enrolling.products_for(portal, account.id, said.trigger)
    key = row.product or ""
    matching = triggers.matches(said.trigger, account, products, row.zone, clock.timestamp())
    return _At(
        portal=portal, row=row, said=said, of=Of(row.workflow, said.name, int(row.revision)),
        live=definitions.live_row(portal.slug, row.workflow), account=account,
        product=next((product for product in products if product.id == row.product), None), still_matches=key in matching,
    )  # fmt: skip


def _do(at: _At, step: Step, after: Sequence[tuple[int, Step]]) -> bool:
    """Do one step. What can pass is left for later; what cannot be done is skipped, or has failed after some tries."""
    notes: list[str] = []
    made: list[str] = []
    doing = Doing(
        portal=at.portal, account=at.account, product=at.product, step=step, begun_at=clock.timestamp(),
        step_key=f"{at.row.id}/{step.id}", tally=actions.tally_of(at.of.id, at.of.revision, step.id), made=made, notes=notes,
        claim=lambda tx: _claim(tx, at, step, after, "done", " ".join(notes), made),
    )  # fmt: skip
    try:
        actions.do(doing)
    except NotYet as wait:
        return _put_off(at, step, wait)
    except Skipped as skip:
        _pass_over(at, step, after, "skipped", skip.words, skip.reason if skip.reason in REASONS else OTHER)
    except (_Moved, Unavailable):
        raise
    except (AlreadyQueued, CapReached, Conflict, Stale) as busy:
        return _retry(at, step, after, busy)
    except Refusal as refusal:
        _pass_over(at, step, after, "skipped", plans.words(refusal), OTHER)
    except Exception as error:  # noqa: BLE001 - one step must not hold up the record for ever
        log.failure("workflow step failed", error, portal=at.portal.slug, subject=definitions.subject(at.row.workflow))
        return _retry(at, step, after, error)
    return _is_done(at, after)


def _claim(
    tx: Transaction,
    at: _At,
    step: Step,
    after: Sequence[tuple[int, Step]],
    what: str,
    reason: str = "",
    made: Sequence[str] = (),
    counted_as: str = "",
) -> None:
    """Add to the transaction what becomes of a step, and when the next is due. Refused with _Moved."""
    row, slug = at.row, at.portal.slug
    outcome = what if what == "done" else f"{what}#{reason}"
    following = [EnrolmentRow.due_at.set(after[0][0])] if after else enrolments.over(slug, row, "finished")
    tx.update(
        EnrolmentRow(row.pk, row.sk), EnrolmentRow.outcomes.set({**row.outcomes, step.id: outcome}), *following,
        EnrolmentRow.turn.add(1), EnrolmentRow.tries.set(0),
        when=(EnrolmentRow.turn == row.turn) & (EnrolmentRow.state == "active"), refusal=_Moved(),
    )  # fmt: skip
    line = decisions.note(
        tx, slug, row.account, at.of, what, reason, enrolment_id=row.id, step_id=step.id, made=made, counted_as=counted_as
    )  # fmt: skip
    if not after:
        enrolments.note_end(tx, _act(slug), row, at.of, "finished", after=line)


def _pass_over(
    at: _At, step: Step, after: Sequence[tuple[int, Step]], what: str, reason: str, counted_as: str = ""
) -> None:
    tx = Transaction()
    _claim(tx, at, step, after, what, reason, counted_as=counted_as)
    tx.commit()


def _retry(at: _At, step: Step, after: Sequence[tuple[int, Step]], error: Exception) -> bool:
    """Try the step again later, each time later, until it has failed for good."""
    tries = int(at.row.tries) + 1
    if tries >= _TRIES:
        _pass_over(at, step, after, "failed", "Something went wrong each time it was tried.")
        return _is_done(at, after)
    log.warning(
        "workflow step put off",
        portal=at.portal.slug,
        subject=definitions.subject(at.row.workflow),
        reason=type(error).__name__,
    )
    _change(
        at, EnrolmentRow.tries.set(tries), EnrolmentRow.due_at.set(clock.timestamp() + _FIRST_WAIT * 2 ** (tries - 1))
    )
    return True


def _put_off(at: _At, step: Step, wait: NotYet) -> bool:
    tx = Transaction()
    row = at.row
    tx.update(
        EnrolmentRow(row.pk, row.sk), EnrolmentRow.due_at.set(wait.until), EnrolmentRow.turn.add(1),
        when=(EnrolmentRow.turn == row.turn) & (EnrolmentRow.state == "active"), refusal=_Moved(),
    )  # fmt: skip
    decisions.note(tx, at.portal.slug, row.account, at.of, "put-off", wait.reason, enrolment_id=row.id, step_id=step.id)
    tx.commit()
    return True


def _hold(at: _At, reason: str) -> bool:
    """Keep it until the workflow is resumed."""
    tx, row = Transaction(), at.row
    tx.update(
        EnrolmentRow(row.pk, row.sk), EnrolmentRow.state.set("held"), EnrolmentRow.turn.add(1),
        EnrolmentRow.list_key.set(enrolments.list_of(at.portal.slug, row.workflow, "held")),
        EnrolmentRow.due_at.remove(), EnrolmentRow.due_shard.remove(),
        when=(EnrolmentRow.turn == row.turn) & (EnrolmentRow.state == "active"), refusal=_Moved(),
    )  # fmt: skip
    decisions.note(tx, at.portal.slug, row.account, at.of, "held", reason, enrolment_id=row.id)
    tx.commit()
    live = definitions.live_row(at.portal.slug, row.workflow)
    if (
        live is None or live.state != "paused"
    ):  # resumed in between: whoever sees to those held may not have seen this one
        _go_on(at)
    return True


def _go_on(at: _At) -> None:
    row = enrolments.find(at.portal.slug, at.row.id)
    if row is not None and row.state == "held":
        tx = Transaction()
        enrolments.set_going(tx, at.portal.slug, row, due_at=clock.timestamp())
        with suppress(Stale):
            tx.commit()


def _wait_until(at: _At, moment: int) -> None:
    _change(at, EnrolmentRow.due_at.set(moment))


def _change(at: _At, *changes: Action) -> None:
    row = at.row
    mine = (EnrolmentRow.turn == row.turn) & (EnrolmentRow.state == "active")
    EnrolmentRow(row.pk, row.sk).change(*changes, EnrolmentRow.turn.add(1), when=mine)


def _end(portal: Portal, row: EnrolmentRow, reason: str) -> bool:
    tx = Transaction()
    enrolments.end(tx, _act(portal.slug), row, enrolments.named(portal.slug, row), "stopped", reason)
    return _committed(tx)


def _finish(at: _At) -> bool:
    """End one whose steps are over: it was moved to a revision that has no more of them."""
    tx = Transaction()
    enrolments.end(tx, _act(at.portal.slug), at.row, at.of, "finished")
    _committed(tx)
    return _is_done(at, ())


def _is_done(at: _At, after: Sequence[tuple[int, Step]]) -> bool:
    """Whether nothing more is due now. Of one that is over, the next anniversary is looked for."""
    date = at.said.trigger.date
    if not after and date is not None and date.every_year:
        enrolling.changed(at.portal.slug, at.row.account)
    return not after or after[0][0] > clock.timestamp()


def _act(slug: str) -> Act:
    return Act(slug, enrolling.ACTOR)


def _committed(tx: Transaction) -> bool:
    try:
        tx.commit()
    except Stale as moved:
        raise _Moved from moved
    return True
