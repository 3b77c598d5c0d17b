"""What a job is: its kind, how far it has come, what became of each that it visits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from ..facts import Act
from ..portals import Portal
from ..storage import Page, Transaction

State = Literal["working", "held", "done", "cancelled", "stopped"]
W = TypeVar("W")
I = TypeVar("I")  # noqa: E741 - an item


class Answer(Struct, frozen=True):
    """What became of a visit; refused, why."""

    what: Literal["changed", "unchanged", "refused"]
    why: str | None = None


CHANGED, UNCHANGED = Answer("changed"), Answer("unchanged")


class Job(Struct, frozen=True):
    """How far a job has come. `total` is how many there were to visit when it began, if that is known."""

    id: str
    kind: str
    state: State
    wanted: Any
    asked_by: str
    total: int | None
    passed: int
    changed: int
    unchanged: int
    refused: int
    created_at: int
    ended_at: int | None
    ended_by: str | None

    @property
    def visited(self) -> int:
        """How many have an answer."""
        return self.changed + self.unchanged + self.refused

    @property
    def left(self) -> int | None:
        """How many were not touched; None where nobody knows."""
        return None if self.total is None else max(0, self.total - self.visited)


class Visited(Struct, frozen=True):
    """One of those that a job changed, or was refused."""

    id: str
    what: Literal["changed", "refused"]
    why: str
    at: int


Hook = Callable[[Transaction, Act, Job], None]


class JobKind(Struct, Generic[W, I], frozen=True):
    """What jobs of one kind do. A new one goes into `doers` too.

    `page` gives a page of the list, at most so many from a cursor on; `visit` does it to one, in one transaction of the act
    it is given. Refusals that a visit raises are noted as such. `ended` and `held` add to the transaction in which the job
    ends (done, cancelled or stopped), or is held after the first share of the list; refused with Stale they are called again.
    """

    name: str
    wants: type[W]
    page: Callable[[Portal, W, int, str | None], Page[I]]
    identify: Callable[[I], str]
    visit: Callable[[Act, Portal, W, I], Answer]
    keeps_ledger: bool = True
    ended: Hook | None = None
    held: Hook | None = None
    kept_days: int = 30


Kind = JobKind[Any, Any]
