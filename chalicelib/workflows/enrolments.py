"""Enrolments: records in a workflow, as they are read, listed and ended."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from .. import agenda, clock, facts
from ..errors import Conflict, NotFound, Stale
from ..facts import Act, Kind
from ..storage import Action, Page, Transaction, afresh, query
from . import decisions, definitions, timing
from .decisions import Of
from .models import EnrolmentRow
from .shapes import Enrolment, StepOf

_KEPT_SECONDS = 2 * 365 * 24 * 3600  # after their end
_MOST, _A_READ = 50, 100
RUNNING = ("active", "held")
_ENDS = {"finished": Kind.ENROLMENT_FINISHED, "stopped": Kind.ENROLMENT_STOPPED}


def made(
    portal: str,
    enrolment_id: str,
    *,
    workflow_id: str,
    revision: int,
    account_id: str,
    product_id: str | None,
    zone: str,
    starts_at: int,
    due_at: int,
) -> EnrolmentRow:
    """A new enrolment's row, due when its first step is."""
    return EnrolmentRow(
        pk=key(portal, enrolment_id), sk="enrolment", list_key=list_of(portal, workflow_id, "active"),
        account_key=_at(portal, account_id), order_key=enrolment_id, due_at=due_at,
        due_shard=agenda.WORKFLOWS.shard_of(enrolment_id),
        id=enrolment_id, workflow=workflow_id, revision=revision, account=account_id, product=product_id, state="active",
        zone=zone, starts_at=starts_at, outcomes={}, created_at=clock.timestamp(),
    )  # fmt: skip


def find(portal: str, enrolment_id: str) -> EnrolmentRow | None:
    """The stored enrolment."""
    return EnrolmentRow.find(key(portal, enrolment_id), "enrolment")


def get(portal: str, enrolment_id: str) -> Enrolment:
    """An enrolment with what became of each step, or when it comes. Raises NotFound."""
    row = find(portal, enrolment_id)
    if row is None:
        raise NotFound("There is no enrolment with this id.")
    return shown(portal, row)


def of_account(portal: str, account_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Enrolment]:
    """A record's enrolments, the newest first."""
    page = query(EnrolmentRow, _at(portal, account_id), index="by_account", limit=limit, cursor=cursor, descending=True)
    return Page([shown(portal, row) for row in page.items], page.cursor)


def rows_of_account(portal: str, account_id: str, and_these: Iterable[str] = ()) -> list[EnrolmentRow]:
    """A record's newest stored enrolments as of now, with some that may be too new to be found by it."""
    found = query(EnrolmentRow, f"{portal}#at#{account_id}", index="by_account", limit=_MOST, descending=True).items
    keys = dict.fromkeys(
        [*((key(portal, each), "enrolment") for each in and_these), *((row.pk, row.sk) for row in found)]
    )
    now = EnrolmentRow.find_many(list(keys)[:_A_READ]).values() if keys else []
    return sorted(now, key=lambda row: str(row.id), reverse=True)


def running(portal: str, account_id: str, *, limit: int) -> list[EnrolmentRow]:
    """A record's stored enrolments that are not over, the newest first."""
    is_running = EnrolmentRow.state.is_in(*RUNNING)
    return query(
        EnrolmentRow, _at(portal, account_id), index="by_account", only=is_running, limit=limit, descending=True
    ).items


def in_workflow(portal: str, account_id: str, workflow_id: str, *, limit: int) -> list[Enrolment]:
    """A record's enrolments in one workflow, the newest first."""
    only = EnrolmentRow.workflow == workflow_id
    page = query(EnrolmentRow, _at(portal, account_id), index="by_account", only=only, limit=limit, descending=True)
    return [shown(portal, row) for row in page.items]


def rows_of_workflow(
    portal: str, workflow_id: str, state: str, *, limit: int = 50, cursor: str | None = None
) -> Page[EnrolmentRow]:
    """The stored enrolments of a workflow in one state, the oldest first."""
    return query(EnrolmentRow, list_of(portal, workflow_id, state), index="by_order", limit=limit, cursor=cursor)


def of_workflow(
    portal: str, workflow_id: str, state: str, *, limit: int = 50, cursor: str | None = None
) -> Page[Enrolment]:
    """The same as the API shows them."""
    page = rows_of_workflow(portal, workflow_id, state, limit=limit, cursor=cursor)
    return Page([shown(portal, row) for row in page.items], page.cursor)


def stop(act: Act, enrolment_id: str, reason: str, *, kind: Kind = Kind.ENROLMENT_STOPPED_BY_STAFF) -> Enrolment:
    """Stop one by hand: what is not yet done is not done any more. Raises NotFound, and Conflict where it is over."""
    afresh(partial(_stop, act, enrolment_id, reason, kind))
    return get(act.portal, enrolment_id)


def _stop(act: Act, enrolment_id: str, reason: str, kind: Kind) -> None:
    row = find(act.portal, enrolment_id)
    if row is None:
        raise NotFound("There is no enrolment with this id.")
    if row.state not in RUNNING:
        raise Conflict("This enrolment is over already.")
    tx = act.transaction()
    end(tx, act, row, named(act.portal, row), "stopped", reason, kind=kind)
    tx.commit()


def end(
    tx: Transaction, act: Act, row: EnrolmentRow, of: Of, state: str, reason: str = "", *, kind: Kind | None = None
) -> None:
    """Add to the transaction that an enrolment is over. Refused with Stale where it moved on meanwhile."""
    tx.update(
        EnrolmentRow(row.pk, row.sk), *over(act.portal, row, state, reason), EnrolmentRow.turn.add(1),
        when=EnrolmentRow.turn == row.turn, refusal=Stale(),
    )  # fmt: skip
    note_end(tx, act, row, of, state, reason, kind=kind)


def set_going(tx: Transaction, portal: str, row: EnrolmentRow, *, due_at: int) -> None:
    """Add to the transaction an enrolment that was changed, active and due at a moment. Refused with Stale where it moved."""
    read_turn = int(row.turn)
    row.state, row.list_key, row.turn = "active", list_of(portal, row.workflow, "active"), read_turn + 1
    row.due_at, row.due_shard = due_at, agenda.WORKFLOWS.shard_of(row.id)
    tx.put(row, when=EnrolmentRow.turn == read_turn, refusal=Stale())


def over(portal: str, row: EnrolmentRow, state: str, reason: str = "") -> list[Action]:
    """What is changed of an enrolment that is over."""
    now = clock.timestamp()
    return [
        EnrolmentRow.state.set(state), EnrolmentRow.reason.set(reason),
        EnrolmentRow.list_key.set(list_of(portal, row.workflow, state)), EnrolmentRow.ended_at.set(now),
        EnrolmentRow.expires_at.set(now + _KEPT_SECONDS), EnrolmentRow.due_at.remove(), EnrolmentRow.due_shard.remove(),
    ]  # fmt: skip


def note_end(
    tx: Transaction,
    act: Act,
    row: EnrolmentRow,
    of: Of,
    state: str,
    reason: str = "",
    *,
    kind: Kind | None = None,
    after: str = "",
) -> None:
    """Add to the transaction what the record's history and the facts say of that."""
    decisions.note(tx, act.portal, row.account, of, state, reason, enrolment_id=row.id, after=after)
    told = {"workflow": row.workflow, "enrolment": row.id}
    facts.record(tx, act, kind or _ENDS[state], facts.subject("account", row.account), told)


def named(portal: str, row: EnrolmentRow) -> Of:
    """How decisions name the workflow of an enrolment, in its own revision."""
    said = definitions.revision(portal, row.workflow, int(row.revision))
    return Of(row.workflow, said.name, int(row.revision))


def key(portal: str, enrolment_id: str) -> str:
    """The table key of an enrolment."""
    return f"{portal}#enrolment#{enrolment_id}"


def _at(portal: str, account_id: str) -> str:
    return f"{portal}#at#{account_id}"


def list_of(portal: str, workflow_id: str, state: str) -> str:
    """The index partition of a workflow's enrolments in one state."""
    return f"{portal}#enrolments#{workflow_id}#{state}"


def shown(portal: str, row: EnrolmentRow) -> Enrolment:
    """An enrolment as the API shows it."""
    said = definitions.revision(portal, row.workflow, int(row.revision))
    return Enrolment(
        id=row.id, workflow_id=row.workflow, workflow_name=said.name, revision=int(row.revision), account_id=row.account,
        product_id=row.product, state=row.state,  # type: ignore[arg-type]
        reason=row.reason, starts_at=clock.text(int(row.starts_at)) or "",
        next_at=clock.text(int(row.due_at) if row.due_at is not None else None),
        created_at=clock.text(int(row.created_at)) or "", ended_at=clock.text(int(row.ended_at) if row.ended_at else None),
        steps=tuple(
            _step(step.id, step.do.__struct_config__.tag, moment, row.outcomes.get(step.id))  # type: ignore[arg-type]
            for moment, step in timing.in_order(said.steps, int(row.starts_at), row.zone)
        ),
    )  # fmt: skip


def _step(step_id: str, action: str, moment: int, outcome: str | None) -> StepOf:
    what, _, reason = (outcome or "waiting").partition("#")
    return StepOf(id=step_id, action=action, due_at=clock.text(moment) or "", outcome=what, reason=reason)  # type: ignore[arg-type]
