"""Many changes in one call: each row is a transaction and, with an Idempotency-Key, a repeatable call of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class Outcome(Struct, frozen=True):
    """What became of a row: the id it is known by, and whether an earlier call did it; or why it was refused."""

    id: str | None = None
    is_repeated: bool = False
    refusal: Refusal | None = None


def create_rows(call: Call[None, Any], shape: type[S], create: Callable[[Act, S, str], object]) -> Answer:
    """Create each row of the body by `create`, with an act and an id of its own. A row that is refused stops no other."""

    def do(act: Act, row: S, new_id: str) -> str:
        create(act, row, new_id)
        return new_id

    outcomes = carry_out(call, parse.struct(call.body, _Rows).rows, shape, do)
    results = [_result(place, outcome) for place, outcome in enumerate(outcomes)]
    counts = {word: sum(result.status == word for result in results) for word in ("created", "replayed", "refused")}
    return Answer(BulkResult(rows=tuple(results), **counts))


def carry_out(
    call: Call[None, Any], rows: Sequence[Any], shape: type[S], do: Callable[[Act, S, str], str]
) -> list[Outcome]:
    """Do something with each row, by an act and a new id of its own; `do` gives the id that the row is known by."""
    tickets = [call.ticket.row(place, row) if call.ticket else None for place, row in enumerate(rows)]
    known = _known(tickets)
    outcomes = []
    for row, ticket in zip(rows, tickets, strict=True):
        try:
            outcomes.append(_one_row(call.act, shape, do, row, ticket, known))
        except Refusal as refusal:
            outcomes.append(Outcome(refusal=refusal))
    return outcomes


def field_errors(refusal: Refusal) -> tuple[FieldError, ...]:
    """The fields that a refusal names."""
    return tuple(FieldError(field=name, message=text) for name, text in refusal.fields.items())


def _one_row(
    act: Act,
    shape: type[S],
    do: Callable[[Act, S, str], str],
    row: Any,
    ticket: once.Ticket | None,
    known: dict[str, records.Done],
) -> Outcome:
    wanted = parse.struct(row, shape)
    if ticket is None:
        return Outcome(do(act, wanted, ids.new()))
    done, is_repeated = once.carried_out(
        ticket,
        act,
        ids.new(),
        lambda acting, new_id: do(acting, wanted, new_id),
        again=lambda first_id: first_id,
        done=known.get(ticket.fingerprint),
    )
    return Outcome(done, is_repeated)


def _known(tickets: list[once.Ticket | None]) -> dict[str, records.Done]:
    """The rows that an earlier call with this key has carried out, in one read."""
    held = [ticket for ticket in tickets if ticket is not None]
    return records.find_many(held[0].portal, (ticket.fingerprint for ticket in held)) if held else {}


def _result(place: int, outcome: Outcome) -> RowResult:
    if refusal := outcome.refusal:
        return RowResult(
            index=place, status="refused", code=refusal.code, detail=refusal.text, errors=field_errors(refusal)
        )
    return RowResult(index=place, status="replayed" if outcome.is_repeated else "created", id=outcome.id)
