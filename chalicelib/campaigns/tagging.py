"""Tags added to, and removed from, every account that a filter finds: a kind of job, each account changed once.

The first accounts are changed within the request, the rest in turns of the queue, a page of the filter's list after the other.
The list is ordered by what a change of tags leaves alone, so nothing is passed over.
"""

from __future__ import annotations

from .. import clock, facts
from ..errors import Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..jobs import jobs
from ..jobs.jobs import CHANGED, UNCHANGED, Answer, Job, JobKind
from ..people import accounts, filters, tag_rules
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Page, Transaction
from .tagging_shapes import TaggedAccount, Tagging, TaggingJob

MOST_COUNTED = 50_000
_COUNTED_AT_ONCE = 1000
_TRIES = 4  # at an account that others are changing
_BUSY = "Others were changing this account again and again. Tag it by itself."
_NO_TAGGING = "There is no tagging with this id."


def count(portal: str, wanted: Tagging) -> TaggingJob:
    """How many accounts the filter finds now, and how many of them would be changed. Raises Invalid."""
    _check(wanted)
    total, changed, unchanged = _counted(portal, wanted)
    return TaggingJob(
        id=None, state="counted", total=total, changed=changed, unchanged=unchanged, refused=0, left=total,
        asked_by="", created_at=clock.text(clock.timestamp()) or "", ended_at=None, ended_by=None, accounts=(), cursor=None,
    )  # fmt: skip


def take(act: Act, wanted: Tagging, *, tagging_id: str) -> None:
    """Take the job; from then on it is worked when it is due, unless `go_on` does. Raises Invalid."""
    _check(wanted)
    total = _counted(act.portal, wanted)[0]
    tx = act.transaction()
    jobs.start(tx, act, KIND, wanted, job_id=tagging_id, total=total)
    told = {"add": list(wanted.add), "remove": list(wanted.remove)}
    facts.record(tx, act, Kind.TAGGING_STARTED, facts.subject("tagging", tagging_id), told)
    tx.commit()


def go_on(portal: str, tagging_id: str) -> None:
    """Work the first accounts, or some more, within a request. What is in the way is left to others."""
    jobs.go_on_at_once(portal, tagging_id)


def cancel(act: Act, tagging_id: str) -> TaggingJob:
    """Stop it: from now on no account is changed. What it answers is what was done, and what was left.

    Raises NotFound, and Conflict where it was done already.
    """
    _read(act.portal, tagging_id)
    jobs.cancel(act, tagging_id, kind=KIND)
    return get(act.portal, tagging_id)


def get(portal: str, tagging_id: str, *, limit: int = 50, cursor: str | None = None) -> TaggingJob:
    """How far a job has come, with a page of the accounts that were changed or refused. Raises NotFound."""
    job = _read(portal, tagging_id)
    page = jobs.visited(portal, tagging_id, limit=limit, cursor=cursor)
    return TaggingJob(
        id=tagging_id,
        state=job.state,  # type: ignore[arg-type]
        total=job.total,
        changed=job.changed,
        unchanged=job.unchanged,
        refused=job.refused,
        left=job.left,
        asked_by=job.asked_by,
        created_at=clock.text(job.created_at) or "",
        ended_at=clock.text(job.ended_at),
        ended_by=job.ended_by,
        accounts=tuple(TaggedAccount(account_id=each.id, answer=each.what, why=each.why) for each in page.items),
        cursor=page.cursor,
    )


def retag(act: Act, account: Account, *, add: tuple[str, ...], remove: tuple[str, ...]) -> Answer:
    """Tag one account, read again where it was changed since. Raises Invalid where it would have too many."""
    for _ in range(_TRIES):
        try:
            return CHANGED if accounts.change_tags(act, account, add=add, remove=remove) else UNCHANGED
        except Stale:
            account = accounts.get(act.portal, account.id)
    return Answer("refused", _BUSY)


def _check(wanted: Tagging) -> None:
    if wrong := tag_rules.faults(wanted.add, wanted.remove):
        raise Invalid(fields=wrong)


def _counted(portal: str, wanted: Tagging) -> tuple[int | None, int, int]:
    """How many accounts there are (None: more than can be counted in time), of those how many to change and how many not."""
    total = changed = 0
    cursor, until = None, clock.timestamp() + jobs.REQUEST_SECONDS
    while total < MOST_COUNTED and clock.timestamp() <= until:
        page = filters.listed(portal, wanted.filter, _COUNTED_AT_ONCE, cursor)
        total += len(page.items)
        changed += sum(tag_rules.retagged(each.tags, wanted.add, wanted.remove) != each.tags for each in page.items)
        cursor = page.cursor
        if cursor is None:
            return total, changed, total - changed
    return None, changed, total - changed


def _page(portal: Portal, wanted: Tagging, limit: int, cursor: str | None) -> Page[Account]:
    return filters.listed(portal.slug, wanted.filter, limit, cursor)


def _visit(act: Act, _portal: Portal, wanted: Tagging, account: Account) -> Answer:
    return retag(act, account, add=wanted.add, remove=wanted.remove)


def _ended(tx: Transaction, act: Act, job: Job) -> None:
    if job.state == "cancelled":
        facts.record(tx, act, Kind.TAGGING_CANCELLED, facts.subject("tagging", job.id))


def _read(portal: str, tagging_id: str) -> Job:
    try:
        return jobs.get(portal, tagging_id, kind=KIND)
    except NotFound as refusal:
        raise NotFound(_NO_TAGGING) from refusal


KIND = JobKind(
    name="tagging", wants=Tagging, page=_page, identify=lambda account: account.id, visit=_visit, ended=_ended
)  # fmt: skip
