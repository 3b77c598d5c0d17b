"""The revisions of a workflow: who saved each and when, and in words what it changed."""

from __future__ import annotations

from .. import clock
from ..storage import Page, query
from . import definitions
from .models import RevisionRow
from .shapes import Revision, Step, WorkflowInput

_PARTS = {
    "note": "The note was changed.",
    "trigger": "What a record must be like was changed.",
    "again": "Whether a record enters again was changed.",
}


def listed(portal: str, workflow_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Revision]:
    """Every revision, the newest first. Raises NotFound."""
    definitions.read(portal, workflow_id)
    page: Page[RevisionRow] = query(
        RevisionRow, definitions.key(portal, workflow_id), between=RevisionRow.sk.startswith("revision#"), limit=limit,
        cursor=cursor, descending=True,
    )  # fmt: skip
    return Page([_shown(portal, workflow_id, row) for row in page.items], page.cursor)


def differences(before: WorkflowInput, after: WorkflowInput) -> tuple[str, ...]:
    """What is said differently, a sentence for each."""
    found = []
    if before.name != after.name:
        found.append(f"It was called {before.name}.")
    found += [words for part, words in _PARTS.items() if getattr(before, part) != getattr(after, part)]
    if before.season != after.season:
        found.append(f"The season became {after.season or 'none'}.")
    if before.stop_when_no_longer_matching != after.stop_when_no_longer_matching:
        found.append(
            "It stops when a record no longer matches."
            if after.stop_when_no_longer_matching
            else "It goes on when a record no longer matches."
        )
    return tuple(found + _of_steps(before.steps, after.steps))


def _of_steps(before: tuple[Step, ...], after: tuple[Step, ...]) -> list[str]:
    old, new = {step.id: step for step in before}, {step.id: step for step in after}
    found = [f"Step {step_id} was added." for step_id in new if step_id not in old]
    found += [f"Step {step_id} was removed." for step_id in old if step_id not in new]
    kept = [step_id for step_id in new if step_id in old]
    found += [
        f"Step {step_id}: {_of_step(old[step_id], new[step_id])}" for step_id in kept if old[step_id] != new[step_id]
    ]
    if kept != [step_id for step_id in old if step_id in new]:
        found.append("The steps stand in another order.")
    return found


def _of_step(before: Step, after: Step) -> str:
    time, deed = (before.after, before.at) != (after.after, after.at), before.do != after.do
    if time and deed:
        return "its time and what it does were changed."
    return "its time was changed." if time else "what it does was changed."


def _shown(portal: str, workflow_id: str, row: RevisionRow) -> Revision:
    number = int(row.sk.partition("#")[2])
    changed: tuple[str, ...] = ()
    if number > 1:
        changed = differences(definitions.revision(portal, workflow_id, number - 1), row.said)
    return Revision(
        revision=number, saved_at=clock.text(int(row.saved_at)) or "", saved_by=row.saved_by, changed=changed, said=row.said
    )  # fmt: skip
