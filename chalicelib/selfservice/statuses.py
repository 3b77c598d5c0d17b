"""The statuses of a batch and the moves between them: one table, and what follows from each status."""

from __future__ import annotations

from ..errors import Invalid
from .shapes import Status

LABELS: dict[str, str] = {
    "draft": "Draft",
    "in_progress": "In progress",
    "client_review": "Ready for your review",
    "approved": "Approved",
    "changes_requested": "Changes requested",
    "complete": "Complete",
    "cancelled": "Cancelled",
}

# From each status, where staff may move a batch. The client moves it too, but only from review, by answering.
MOVES: dict[Status, frozenset[Status]] = {
    "draft": frozenset({"in_progress", "client_review", "cancelled"}),
    "in_progress": frozenset({"draft", "client_review", "cancelled"}),
    "client_review": frozenset({"in_progress", "approved", "changes_requested", "cancelled"}),
    "changes_requested": frozenset({"in_progress", "client_review", "cancelled"}),
    "approved": frozenset({"in_progress", "complete", "cancelled"}),
    "complete": frozenset({"in_progress"}),
    "cancelled": frozenset({"draft"}),
}
FIRST: frozenset[Status] = frozenset({"draft", "in_progress", "client_review"})
HIDDEN: frozenset[Status] = frozenset({"draft", "cancelled"})  # never shown to a client, open or not


def check_move(before: Status | None, after: Status) -> None:
    """Refuse a move that makes no sense, naming those that do. `before` is None for a new batch."""
    allowed = FIRST if before is None else MOVES[before] | {before}
    if after not in allowed:
        names = ", ".join(sorted(allowed))
        raise Invalid(fields={"status": f"A batch cannot go from {before or 'new'} to {after}. It can go to: {names}."})


def is_shown(status: Status, open_to_portal: bool) -> bool:
    """Whether its contacts see a batch."""
    return open_to_portal and status not in HIDDEN
