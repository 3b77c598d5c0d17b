"""Many creations in one call: each row is a transaction and, with an Idempotency-Key, a repeatable call of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct

from .. import ids
from ..errors import Refusal
from ..facts import Act
from ..security import once as records
from ..web import once, parse
from ..web.operation import Answer, Call
from ..web.problems import FieldError

MOST_ROWS = 100
S = TypeVar("S", bound=Struct)


class _Rows(Struct, frozen=True, forbid_unknown_fields=True):
    rows: Annotated[tuple[Any, ...], Meta(min_length=1, max_length=MOST_ROWS)]


class RowResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one row. `code` and `detail` say why a row was refused, as in problem details."""

    index: int
    status: Literal["created", "refused", "replayed"]
    id: str | None = None
    code: str | None = None
    detail: str | None = None
    errors: tuple[FieldError, ...] = ()


class BulkResult(Struct, frozen=True, kw_only=True):
    """What became of the rows, in the order given, and how many of each."""

    rows: tuple[RowResult, ...]
    created: int
    replayed: int
    refused: int


def create_rows(call: Call[None, Any], shape: type[S], create: Callable[[Act, S, str], object]) -> Answer:
    """Create each row of the body by `create`, with an act and an id of its own. A row that is refused stops no other."""
    rows = parse.struct(call.body, _Rows).rows
    tickets = [call.ticket.row(place, row) if call.ticket else None for place, row in enumerate(rows)]
    known = _known(tickets)
    results = []
    for place, (row, ticket) in enumerate(zip(rows, tickets, strict=True)):
        try:
            made, is_repeated = _create_row(call.act, shape, create, row, ticket, known)
            results.append(RowResult(index=place, status="replayed" if is_repeated else "created", id=made))
        except Refusal as refusal:
            results.append(_refused(place, refusal))
    counts = {word: sum(result.status == word for result in results) for word in ("created", "replayed", "refused")}
    return Answer(BulkResult(rows=tuple(results), **counts))


def _create_row(
    act: Act,
    shape: type[S],
    create: Callable[[Act, S, str], object],
    row: Any,
    ticket: once.Ticket | None,
    known: dict[str, records.Done],
) -> tuple[str, bool]:
    wanted = parse.struct(row, shape)

    def do(acting: Act, new_id: str) -> str:
        create(acting, wanted, new_id)
        return new_id

    if ticket is None:
        return do(act, ids.new()), False
    return once.carried_out(
        ticket, act, ids.new(), do, again=lambda first_id: first_id, done=known.get(ticket.fingerprint)
    )


def _known(tickets: list[once.Ticket | None]) -> dict[str, records.Done]:
    """The rows that an earlier call with this key has carried out, in one read."""
    held = [ticket for ticket in tickets if ticket is not None]
    return records.find_many(held[0].portal, (ticket.fingerprint for ticket in held)) if held else {}


def _refused(place: int, refusal: Refusal) -> RowResult:
    return RowResult(
        index=place,
        status="refused",
        code=refusal.code,
        detail=refusal.text,
        errors=tuple(FieldError(field=name, message=text) for name, text in refusal.fields.items()),
    )
