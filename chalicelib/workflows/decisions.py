"""What was decided of a record, by which workflow and why: written with what it is about, read as the record's history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from .. import clock, ids
from ..storage import Page, Transaction, query
from .models import COUNTERS, CountRow, DecisionRow
from .shapes import Decided

_KEPT_SECONDS = 2 * 365 * 24 * 3600
_MOST_AT_ONCE = 45  # a line and a count each, of the hundred rows of a transaction; the enrolment itself says it of all


class Of(Struct, frozen=True):
    """The workflow that decides: its id, its name, the revision that counts."""

    id: str
    name: str
    revision: int


class Counted(Struct, frozen=True):
    """What is counted: in which revision, of which step (blank: of the enrolment), what, and by which sort of reason."""

    revision: int
    step: str
    what: str
    sort: str = ""


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
    counted_as: str = "",
) -> str:
    """Add a line of the record's history to the transaction, and count it; its id.

    `after` is that of another line of the same moment, below which it is to stand. `counted_as` is the sort of reason
    that it is counted under: of few, for each has a row.
    """
    now, identifier = clock.timestamp(), f"{after}.1" if after else ids.new()
    tx.put(
        DecisionRow(
            pk=_key(portal, account_id), sk=identifier, workflow=of.id, workflow_name=of.name, revision=of.revision,
            enrolment=enrolment_id, step=step_id, what=what, reason=reason, made=tuple(made) or None, at=now,
            expires_at=now + _KEPT_SECONDS,
        )
    )  # fmt: skip
    counted = f"{of.revision}#{step_id or ''}#{what}" + (f"#{counted_as}" if counted_as else "")
    row = CountRow(f"{portal}#counts#{of.id}#{int(ids.new(), 16) % COUNTERS}", counted)
    tx.update(row, CountRow.number.add(1))
    return identifier


def note_passed_over(
    tx: Transaction,
    portal: str,
    account_id: str,
    of: Of,
    step_ids: Sequence[str],
    reason: str,
    *,
    enrolment_id: str,
    counted_as: str,
    after: str = "",
) -> None:
    """Add to the transaction that these steps are skipped, all at once: in their order, as many as it can hold."""
    before = after
    for step_id in step_ids[:_MOST_AT_ONCE]:
        before = note(
            tx, portal, account_id, of, "skipped", reason, enrolment_id=enrolment_id, step_id=step_id, after=before,
            counted_as=counted_as,
        )  # fmt: skip


def listed(
    portal: str, account_id: str, *, workflow_id: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Decided]:
    """A record's history, newest first; what one workflow decided if named."""
    only = (DecisionRow.workflow == workflow_id) if workflow_id else None
    page = query(DecisionRow, _key(portal, account_id), only=only, limit=limit, cursor=cursor, descending=True)
    return Page([_shown(row) for row in page.items], page.cursor)


def counted(portal: str, workflow_id: str) -> dict[Counted, int]:
    """How often what became of which step, or of the enrolment itself."""
    found: dict[Counted, int] = {}
    for shard in range(COUNTERS):
        for row in _counts(f"{portal}#counts#{workflow_id}#{shard}"):
            revision, step, what, *sort = row.sk.split("#")
            key = Counted(int(revision), step, what, sort[0] if sort else "")
            found[key] = found.get(key, 0) + int(row.number)
    return found


def _counts(key: str) -> Iterator[CountRow]:
    cursor: str | None = None
    while True:
        page = query(CountRow, key, limit=1000, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def _key(portal: str, account_id: str) -> str:
    return f"{portal}#decisions#{account_id}"


def _shown(row: DecisionRow) -> Decided:
    return Decided(
        id=row.sk, at=clock.text(int(row.at)) or "", workflow_id=row.workflow, workflow_name=row.workflow_name,
        revision=int(row.revision), enrolment_id=row.enrolment, step_id=row.step,
        what=row.what,  # type: ignore[arg-type]
        reason=row.reason, made=tuple(row.made or ()),
    )  # fmt: skip
