"""Writing facts: always in the caller's transaction, so that a change and its fact are one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from .. import clock, days, ids
from ..storage import Transaction
from .kinds import Kind
from .models import FactRow


class Act(Struct, frozen=True):
    """Who is doing something, and how the request that carries it is known.

    `actor` is `api-key:<id>`, `contact:<id>`, `visitor` or `system:<what>`; `rider` joins the act's first transaction
    (the record of an `Idempotency-Key`).
    """

    portal: str
    actor: str
    request_id: str = ""
    ip: str = ""
    rider: Callable[[Transaction], None] | None = None

    def by(self, actor: str) -> Act:
        """The same act, now that we know who is behind it."""
        return replace(self, actor=actor)

    def transaction(self) -> Transaction:
        """A transaction that carries this act's rider."""
        return Transaction(self.rider)


def subject(kind: str, identifier: str) -> str:
    """What a fact is about, such as `batch:0193…`."""
    return f"{kind}:{identifier}"


def record(tx: Transaction, act: Act, kind: Kind, about: str, changes: Mapping[str, Any] | None = None) -> str:
    """Add a fact about the subject `about` to the transaction, and give the fact's id.

    `changes` holds [before, after] of the fields that changed, or a few plain details; personal values only masked,
    secrets never.
    """
    identifier = ids.new()
    tx.put(
        FactRow(
            pk=partition(act.portal, about),
            sk=identifier,
            day_key=days.partition(act.portal, identifier),
            portal=act.portal,
            subject=about,
            kind=kind.value,
            at=clock.timestamp(),
            actor=act.actor,
            changes=dict(changes) if changes else None,
            request_id=act.request_id or None,
            ip=act.ip or None,
        )
    )
    return identifier


def partition(portal: str, about: str) -> str:
    """The table key under which a subject's facts stand."""
    return f"{portal}#{about}"
