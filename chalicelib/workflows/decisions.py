"""What was decided of a record, by which workflow and why: written with what it is about, read as the record's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import clock, ids
from ..storage import Page, Transaction, query
from .workflow_models import COUNTERS, CountRow, DecisionRow
from .workflow_shapes import Decided

_KEPT_SECONDS = 2 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Of:
    """The workflow that decides: its id, its name, the revision that counts."""

    id: str
    name: str
    revision: int


def note(
    tx: Transaction,
    portal: str,
    account_id: str,
    of: Of,
    what: str,
    reason: str = "",
    *,
    enrolment_id: str | None = None,
    step_id: str | None = None,
    made: Sequence[str] = (),
    after: str = "",
) -> str:
    """Add a line of the record's history to the transaction, and count it; its id.

    `after` is that of another line of the same moment, below which it is to stand.
    """
    now, identifier = clock.timestamp(), f"{after}.1" if after else ids.new()
    tx.put(
        DecisionRow(
            pk=_key(portal, account_id), sk=identifier, workflow=of.id, workflow_name=of.name, revision=of.revision,
            enrolment=enrolment_id, step=step_id, what=what, reason=reason, made=tuple(made) or None, at=now,
            expires_at=now + _KEPT_SECONDS,
        )
    )  # fmt: skip
    row = CountRow(f"{portal}#counts#{of.id}#{int(ids.new(), 16) % COUNTERS}", f"{of.revision}#{step_id or ''}#{what}")
    tx.update(row, CountRow.number.add(1))
    return identifier


def listed(
    portal: str, account_id: str, *, workflow_id: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Decided]:
    """A record's history, newest first; what one workflow decided if named."""
    only = (DecisionRow.workflow == workflow_id) if workflow_id else None
    page = query(DecisionRow, _key(portal, account_id), only=only, limit=limit, cursor=cursor, descending=True)
    return Page([_shown(row) for row in page.items], page.cursor)


def counted(portal: str, workflow_id: str) -> dict[tuple[int, str, str], int]:
    """How often what became of which step (blank: of the enrolment itself), by revision, step and what."""
    found: dict[tuple[int, str, str], int] = {}
    for shard in range(COUNTERS):
        for row in query(CountRow, f"{portal}#counts#{workflow_id}#{shard}", limit=1000).items:
            revision, step, what = row.sk.split("#")
            key = (int(revision), step, what)
            found[key] = found.get(key, 0) + int(row.number)
    return found


def _key(portal: str, account_id: str) -> str:
    return f"{portal}#decisions#{account_id}"


def _shown(row: DecisionRow) -> Decided:
    return Decided(
        id=row.sk, at=clock.text(int(row.at)) or "", workflow_id=row.workflow, workflow_name=row.workflow_name,
        revision=int(row.revision), enrolment_id=row.enrolment, step_id=row.step,
        what=row.what,  # type: ignore[arg-type]
        reason=row.reason, made=tuple(row.made or ()),
    )  # fmt: skip
