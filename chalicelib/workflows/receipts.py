"""Tags of one account, changed with a receipt: which enrolments that stopped, and which go on although it no longer matches.

A workflow says whether it stops by itself. Where it does not, the receipt tells so, and whoever asks for it stops those too:
in the same call, or in a second one that changes no tag.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from .. import ids
from ..errors import Conflict, Invalid
from ..facts import Act, Kind
from ..people import accounts, tag_rules
from ..people.shapes import Account
from ..portals import Portal
from ..storage import afresh
from . import definitions, enrolling, enrolments
from .models import EnrolmentRow
from .shapes import StepOf, TagChange, Trigger

STOPPED_TOO = "It no longer matches, and was stopped with that."
GOES_ON = "The workflow goes on though the account is not tagged as it asks for."
_Test = Callable[[EnrolmentRow], bool]


class Concerned(Struct, frozen=True, kw_only=True):
    """An enrolment that the change concerns: what was done in it, and what was still to come."""

    enrolment_id: str
    workflow_id: str
    workflow_name: str
    why: str
    done: tuple[StepOf, ...]
    not_done: tuple[StepOf, ...]


class TagReceipt(Struct, frozen=True, kw_only=True):
    """An account's tags as they are now, and what that means for its enrolments.

    `stopped` were stopped by it. Those that `go_on` do so because their workflow says so, though the account is not tagged
    any more as it asks for.
    """

    account_id: str
    tags: tuple[str, ...]
    version: int
    entered: tuple[Concerned, ...]
    stopped: tuple[Concerned, ...]
    go_on: tuple[Concerned, ...]


def change_tags(act: Act, portal: Portal, account_id: str, wanted: TagChange) -> TagReceipt:
    """Change the tags of an account and see to its enrolments at once.

    Raises NotFound, Invalid, Stale where others change it again and again.
    """
    if wrong := tag_rules.faults(wanted.add, wanted.remove):
        raise Invalid(fields=wrong)
    before = _of(portal, account_id)
    afresh(partial(_retag, act, account_id, wanted))
    here, running = {row.id for row in before}, {row.id for row in before if row.state in enrolments.RUNNING}
    return _seen_to(
        act, portal, account_id, stops=wanted.stop, is_entry=lambda row: row.id not in here,
        is_end=lambda row: row.id in running,
    )  # fmt: skip


def told_again(act: Act, portal: Portal, account_id: str, wanted: TagChange, *, change_id: str) -> TagReceipt:
    """The receipt of a change that was made before, under this id, and all that was left to be seen to."""
    made_at = ids.made_at(change_id)
    return _seen_to(
        act, portal, account_id, stops=wanted.stop, is_entry=lambda row: row.created_at >= made_at,
        is_end=lambda row: (row.ended_at or 0) >= made_at,
    )  # fmt: skip


def _seen_to(act: Act, portal: Portal, account_id: str, *, stops: bool, is_entry: _Test, is_end: _Test) -> TagReceipt:
    enrolling.changed(portal.slug, account_id)
    account = accounts.get(portal.slug, account_id)
    go_on = _stop_or_leave(replace(act, rider=None), portal, account, stops=stops)  # the rider went with the tags
    now = [row for row in _of(portal, account_id) if row.id not in {each.id for each in go_on}]
    ended = [row for row in now if row.reason in (enrolling.NO_LONGER, STOPPED_TOO) and is_end(row)]
    entered = [row for row in now if row not in ended and row.state in enrolments.RUNNING and is_entry(row)]
    return TagReceipt(
        account_id=account.id, tags=account.tags, version=account.version,
        entered=tuple(_concerned(portal, row, "It matches now.") for row in entered),
        stopped=tuple(_concerned(portal, row, row.reason) for row in ended),
        go_on=tuple(_concerned(portal, row, GOES_ON) for row in go_on),
    )  # fmt: skip


def _stop_or_leave(act: Act, portal: Portal, account: Account, *, stops: bool) -> list[EnrolmentRow]:
    """Stop what no longer matches by its tags; those that go on because their workflow says so."""
    go_on = []
    for row in _of(portal, account.id):
        said = definitions.revision(portal.slug, row.workflow, int(row.revision))
        if row.state not in enrolments.RUNNING or _is_tagged_so(said.trigger, account):
            continue
        if not said.stop_when_no_longer_matching and not stops:
            go_on.append(row)
            continue
        by, reason = (act, STOPPED_TOO) if stops else (Act(act.portal, enrolling.ACTOR), enrolling.NO_LONGER)
        with suppress(Conflict):  # somebody was quicker
            enrolments.stop(
                by, row.id, reason, kind=Kind.ENROLMENT_STOPPED_BY_STAFF if stops else Kind.ENROLMENT_STOPPED
            )
    return go_on


def _retag(act: Act, account_id: str, wanted: TagChange) -> None:
    accounts.change_tags(act, accounts.get(act.portal, account_id), add=wanted.add, remove=wanted.remove)


def _of(portal: Portal, account_id: str) -> list[EnrolmentRow]:
    """The enrolments of an account as of now, the newest first; of one that just entered its standing knows."""
    standing = enrolling.standings(portal.slug, account_id).values()
    return enrolments.rows_of_account(portal.slug, account_id, [row.enrolment for row in standing if row.enrolment])


def _is_tagged_so(trigger: Trigger, account: Account) -> bool:
    """Whether an account has one of the tags that a trigger asks for, if it asks for any."""
    return not trigger.tags or bool(set(trigger.tags) & set(account.tags))


def _concerned(portal: Portal, row: EnrolmentRow, why: str) -> Concerned:
    held = enrolments.shown(portal.slug, row)
    return Concerned(
        enrolment_id=held.id, workflow_id=held.workflow_id, workflow_name=held.workflow_name, why=why,
        done=tuple(step for step in held.steps if step.outcome == "done"),
        not_done=tuple(step for step in held.steps if step.outcome == "waiting"),
    )  # fmt: skip
