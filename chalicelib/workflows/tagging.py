"""Tags added to, and removed from, every account that a filter finds: each account is changed once, whatever happens.

The job is stored first. The first accounts are changed within the request, the rest by the tick, a page of the filter's list
after the other. The list is ordered by what a change of tags leaves alone, so nothing is passed over. One transaction an
account: its change, its fact, a note that it was changed and the job's count, only while the job is not cancelled. So a
crash, a second worker or a cancellation in the middle change nothing twice, and the counts are exact.
"""

from __future__ import annotations

from contextlib import suppress

from msgspec.structs import replace

from .. import agenda, clock, facts, fields, log
from ..errors import Conflict, Invalid, NotFound, Refusal, Stale, Unavailable
from ..facts import Act, Kind
from ..people import accounts
from ..people.shapes import Account
from ..storage import Action, Page, Transaction, query
from .models import TaggedRow, TaggingRow
from .shapes import TaggedAccount, Tagging, TaggingJob, Which

AT_ONCE = 50  # accounts that are looked at within the request, and between two notes of how far it has come
A_TICK = 2000  # accounts in one minute
A_TICK_SECONDS = 30  # after which a tick begins no further page, however few accounts its filter finds
MOST_COUNTED = 50_000
_REQUEST_SECONDS = 4  # so long for counting and then for the first accounts: a request has 15
LEASE_SECONDS = 60  # how long a worker that died keeps others away; longer than a function may run
_COUNTED_AT_ONCE = 1000
_TRIES = 4  # at an account that others are changing
_KEPT_SECONDS = 30 * 24 * 3600
_NOTHING = "Name at least one tag to add or to remove."
_BOTH = "This tag is to be added too. Do one or the other."
_NO_TAG = 'A tag cannot hold " or \\, or be a comma.'
_FAILED = "Something went wrong with this account. Tag it by itself."
_BUSY = "Others were changing this account again and again. Tag it by itself."


class _Over(Refusal):
    """The job was cancelled, or another worker has done this account."""


def count(portal: str, wanted: Tagging) -> TaggingJob:
    """How many accounts the filter finds now, and how many of them would be changed. Raises Invalid."""
    _check(wanted)
    total, changed, unchanged = _counted(portal, wanted)
    return TaggingJob(
        id=None, state="counted", total=total, changed=changed, unchanged=unchanged, refused=0, left=total,
        asked_by="", created_at=clock.text(clock.timestamp()) or "", ended_at=None, ended_by=None, accounts=(), cursor=None,
    )  # fmt: skip


def take(act: Act, wanted: Tagging, *, tagging_id: str) -> None:
    """Take the job; from then on the tick works it, unless `go_on` does. Raises Invalid."""
    _check(wanted)
    total = _counted(act.portal, wanted)[0]
    now = clock.timestamp()
    row = TaggingRow(
        pk=_key(act.portal, tagging_id), sk="job", due_shard=agenda.WORK.shard_of(tagging_id), due_at=now, state="working",
        wanted=wanted, asked_by=act.actor, total=total, created_at=now, expires_at=now + _KEPT_SECONDS,
    )  # fmt: skip
    tx = act.transaction()
    tx.put(row, when=TaggingRow.pk.does_not_exist())
    told = {"add": list(wanted.add), "remove": list(wanted.remove)}
    facts.record(tx, act, Kind.TAGGING_STARTED, facts.subject("tagging", tagging_id), told)
    tx.commit()


def go_on(portal: str, tagging_id: str) -> None:
    """Work the first accounts, or some more, within a request. What is in the way is left to the tick."""
    with suppress(Unavailable):
        work(portal, tagging_id, AT_ONCE, seconds=_REQUEST_SECONDS)


def work(portal: str, tagging_id: str, most: int, *, seconds: int = A_TICK_SECONDS) -> int:
    """Look at so many more accounts of a job, for so long, unless it is over or somebody else is at it; at how many."""
    row = TaggingRow.find(_key(portal, tagging_id), "job")
    if row is None or row.due_at is None or not _lease(row):
        return 0
    act = Act(portal=portal, actor=row.asked_by)
    looked_at, until, is_last = 0, clock.timestamp() + seconds, most <= 0
    while row.due_at is not None and not is_last:
        page = _listed(portal, row.wanted.filter, min(AT_ONCE, most - looked_at), row.place)
        try:
            unchanged = _change(act, row, page.items)
        except _Over:
            break
        looked_at += len(page.items)
        is_last = looked_at >= most or clock.timestamp() >= until
        if not _note_progress(row, page.cursor, unchanged, is_last=is_last):
            break
    return looked_at


def cancel(act: Act, tagging_id: str) -> TaggingJob:
    """Stop it: from now on no account is changed. What it answers is what was done, and what was left.

    Raises NotFound, and Conflict where it was done already.
    """
    row = _read(act.portal, tagging_id)
    if row.state == "working":
        tx = act.transaction()
        tx.update(
            TaggingRow(row.pk, row.sk), *_ended("cancelled", act.actor), when=TaggingRow.state == "working",
            refusal=Conflict("It ended while you were cancelling it. Read it to see what was done."),
        )  # fmt: skip
        facts.record(tx, act, Kind.TAGGING_CANCELLED, facts.subject("tagging", tagging_id))
        tx.commit()
    elif row.state == "done":
        raise Conflict("This is done already: there is nothing left to cancel.")
    return get(act.portal, tagging_id)


def get(portal: str, tagging_id: str, *, limit: int = 50, cursor: str | None = None) -> TaggingJob:
    """How far a job has come, with a page of the accounts that were changed or refused. Raises NotFound."""
    row = _read(portal, tagging_id)
    page: Page[TaggedRow] = query(
        TaggedRow, row.pk, between=TaggedRow.sk.startswith("account#"), limit=limit, cursor=cursor
    )
    done = int(row.changed) + int(row.unchanged) + int(row.refused)
    total = done if row.state == "done" else None if row.total is None else int(row.total)
    return TaggingJob(
        id=tagging_id,
        state=row.state,  # type: ignore[arg-type]
        total=total,
        changed=int(row.changed),
        unchanged=int(row.unchanged),
        refused=int(row.refused),
        left=None if total is None else max(0, total - done),
        asked_by=row.asked_by,
        created_at=clock.text(int(row.created_at)) or "",
        ended_at=clock.text(int(row.ended_at) if row.ended_at else None),
        ended_by=row.ended_by,
        accounts=tuple(_tagged(each) for each in page.items),
        cursor=page.cursor,
    )


def _check(wanted: Tagging) -> None:
    wrong = {}
    if not wanted.add and not wanted.remove:
        wrong["add"] = _NOTHING
    for name in ("add", "remove"):
        for place, tag in enumerate(getattr(wanted, name)):
            if not accounts.is_tag(tag):
                wrong[f"{name}.{place}"] = _NO_TAG
            elif name == "remove" and tag in wanted.add:
                wrong[f"{name}.{place}"] = _BOTH
    if wrong:
        raise Invalid(fields=wrong)


def _listed(portal: str, which: Which, limit: int, cursor: str | None) -> Page[Account]:
    """A page of the accounts that the filter finds, in an order that tags do not change."""
    field = "name" if which.name else "number" if which.number and not which.parent_id else "created_at"
    field = "created_at" if which.identifier else field
    return accounts.listed(portal, sort=field, limit=limit, cursor=cursor, **fields.values(which))


def _counted(portal: str, wanted: Tagging) -> tuple[int | None, int, int]:
    """How many accounts there are (None: more than can be counted in time), of those how many to change and how many not."""
    total = changed = 0
    cursor, until = None, clock.timestamp() + _REQUEST_SECONDS
    while total < MOST_COUNTED and clock.timestamp() <= until:
        page = _listed(portal, wanted.filter, _COUNTED_AT_ONCE, cursor)
        total += len(page.items)
        changed += sum(accounts.retagged(each.tags, wanted.add, wanted.remove) != each.tags for each in page.items)
        cursor = page.cursor
        if cursor is None:
            return total, changed, total - changed
    return None, changed, total - changed


def _lease(row: TaggingRow) -> bool:
    """Keep other workers away for a minute; False if one is at it."""
    now = clock.timestamp()
    free = TaggingRow.lease_until.does_not_exist() | (TaggingRow.lease_until <= now)
    until = now + LEASE_SECONDS
    return row.change(
        TaggingRow.lease_until.set(until), TaggingRow.due_at.set(until), when=TaggingRow.due_at.exists() & free
    )


def _change(act: Act, row: TaggingRow, found: list[Account]) -> int:
    """Change those of a page that are not as wanted; how many are so already. Raises _Over once it is cancelled.

    Those that a worker changed before it died are left out: they were counted then.
    """
    keys = [(row.pk, _place(each.id)) for each in found]
    answered = TaggedRow.find_many(keys) if keys else {}
    unchanged = 0
    for account in found:
        if (row.pk, _place(account.id)) not in answered:
            unchanged += not _change_one(act, row, account)
    return unchanged


def _change_one(act: Act, row: TaggingRow, account: Account) -> bool:
    """Whether the account had to be changed; one that cannot be is noted as refused, and stops no other."""
    noting = replace(act, rider=lambda tx: _note(tx, row, account.id, "changed"))
    for _ in range(_TRIES):
        try:
            return accounts.change_tags(noting, account, add=row.wanted.add, remove=row.wanted.remove)
        except Stale:
            account = accounts.get(act.portal, account.id)
        except Invalid as refusal:
            _refuse(row, account.id, next(iter(refusal.fields.values()), refusal.text))
            return True
        except Refusal:
            raise
        except Exception as error:  # noqa: BLE001 - one account must not stop the others
            log.failure("account not tagged", error, portal=act.portal)
            _refuse(row, account.id, _FAILED)
            return True
    _refuse(row, account.id, _BUSY)
    return True


def _refuse(row: TaggingRow, account_id: str, why: str) -> None:
    tx = Transaction()
    _note(tx, row, account_id, "refused", why)
    tx.commit()


def _note(tx: Transaction, row: TaggingRow, account_id: str, answer: str, why: str | None = None) -> None:
    """Add to the transaction what becomes of an account, once, and count it, while the job is not cancelled."""
    tagged = TaggedRow(row.pk, _place(account_id), answer=answer, why=why, expires_at=row.expires_at)
    counter = TaggingRow.changed if answer == "changed" else TaggingRow.refused
    tx.put(tagged, when=TaggedRow.pk.does_not_exist(), refusal=_Over())
    tx.update(
        TaggingRow(row.pk, row.sk), counter.add(1), when=TaggingRow.state == "working", refusal=_Over()
    )  # fmt: skip


def _note_progress(row: TaggingRow, cursor: str | None, unchanged: int, *, is_last: bool) -> bool:
    """Note how far it has come; False if it was cancelled, or another worker took over because this one was slow."""
    now = clock.timestamp()
    actions: list[Action] = [TaggingRow.unchanged.add(unchanged)]
    if cursor is None:
        actions += _ended("done", None)
    else:
        until = now if is_last else now + LEASE_SECONDS
        lease = TaggingRow.lease_until.remove() if is_last else TaggingRow.lease_until.set(until)
        actions += [TaggingRow.place.set(cursor), TaggingRow.due_at.set(until), lease]
    mine = (TaggingRow.lease_until == row.lease_until) & (TaggingRow.state == "working")
    return row.change(*actions, when=mine)


def _ended(state: str, by: str | None) -> list[Action]:
    actions: list[Action] = [TaggingRow.due_at.remove(), TaggingRow.due_shard.remove(), TaggingRow.lease_until.remove()]
    actions += [TaggingRow.state.set(state), TaggingRow.ended_at.set(clock.timestamp())]
    return actions + ([TaggingRow.ended_by.set(by)] if by else [])


def _read(portal: str, tagging_id: str) -> TaggingRow:
    row = TaggingRow.find(_key(portal, tagging_id), "job")
    if row is None:
        raise NotFound("There is no tagging with this id.")
    return row


def _tagged(row: TaggedRow) -> TaggedAccount:
    return TaggedAccount(account_id=row.sk.removeprefix("account#"), answer=row.answer, why=row.why or "")  # type: ignore[arg-type]


def _key(portal: str, tagging_id: str) -> str:
    return f"{portal}#tagging#{tagging_id}"


def _place(account_id: str) -> str:
    return f"account#{account_id}"
