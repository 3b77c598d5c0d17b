"""A filter of accounts, and the tagging of all that it finds, as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ..people.filters import Which
from ..workflows.shapes import Tags


class Tagging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags to add to, and to remove from, every account that a filter finds."""

    filter: Which
    add: Tags = ()
    remove: Tags = ()
    dry_run: Annotated[bool, Meta(description="Only count: nothing is changed.")] = False


class TaggedAccount(Struct, frozen=True, kw_only=True):
    """An account that was changed or refused. Those that had it all already are counted only."""

    account_id: str
    answer: Literal["changed", "refused"]
    why: str


class TaggingJob(Struct, frozen=True, kw_only=True):
    """How far a tagging has come. What was done stays done when it is cancelled; `left` was not touched."""

    id: Annotated[str | None, Meta(description="null: it was a dry run.")]
    state: Literal["counted", "working", "done", "cancelled"]
    total: Annotated[
        int | None, Meta(description="How many accounts the filter found; null: too many to be counted at once.")
    ]
    changed: Annotated[int, Meta(description="How many were changed; of a dry run, how many would be.")]
    unchanged: int
    refused: int
    left: int | None
    asked_by: str
    created_at: str
    ended_at: str | None
    ended_by: str | None
    accounts: tuple[TaggedAccount, ...]
    cursor: Annotated[str | None, Meta(description="Where the accounts go on; null: these were the last.")]
