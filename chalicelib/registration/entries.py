"""Registrations as they are kept: added, moved from one state to the next, found and listed, with counts by state.

A move names the state it was read in, so of two who decide at once one wins and the other is told.
"""

from __future__ import annotations

import zlib
from collections import Counter
from typing import Any

from .. import agenda, clock
from ..errors import Conflict, NotFound, Refusal
from ..people import matching
from ..people.authority import Authority
from ..people.shapes import Account
from ..portals import Portal
from ..portals.roles import PortalRole
from ..storage import Action, Condition, Page, Transaction, query
from .models import CountRow, RegistrationRow
from .shapes import Applicant, ChecksGiven, Registration
from .statuses import LISTED, PENDING, Event, Level, Status, after

_SHARDS = 8  # of the counts, so that many links in one go do not wait for each other
_SUBMITTING: frozenset[Event] = frozenset({"submit", "approve-itself"})
_NO_SUCH = "There is no registration with this id."


class Decided(Conflict):
    """Somebody else was quicker: the registration stands otherwise than it was read."""

    code = "already-decided"
    text = "This registration was decided meanwhile. Look at it again."


def level_of(account: Account) -> Level:
    """Whether a registration for this account is at the level of the office or of a provider."""
    return "provider" if account.parent_id else "office"


def new(
    portal: Portal,
    entry_id: str,
    *,
    kind: str,
    status: Status,
    account: Account,
    role: PortalRole,
    applicant: Applicant,
) -> RegistrationRow:
    """A row to `add`; what only some of them have is set by the caller."""
    now = clock.timestamp()
    identifier = account.identifiers[0] if account.identifiers else None
    return RegistrationRow(
        pk=key(portal.slug, entry_id),
        sk="entry",
        created_key=entry_id,
        kind=kind,
        status=status.value,
        level=level_of(account),
        account_id=account.id,
        office_id=account.parent_id or account.id,
        account_name=account.name,
        account_number=account.number,
        identifier=identifier.value if identifier else None,
        qualifier=identifier.qualifier if identifier else None,
        role=role.key,
        asked_role=role.key,
        applicant=applicant,
        checks=ChecksGiven(),
        email_key=matching.email_key(applicant.email),
        created_at=now,
        updated_at=now,
    )


def add(tx: Transaction, portal: str, row: RegistrationRow) -> None:
    """Add a new registration to the transaction."""
    status = Status(row.status)
    row.submitted_key = submitted_key(row, int(row.submitted_at or row.created_at))
    for name, value in _listing(portal, row, status).items():
        setattr(row, name, value)
    row.search_text = searchable(row)
    tx.put(row, when=RegistrationRow.pk.does_not_exist(), refusal=Conflict("This registration exists already."))
    _count(tx, portal, str(row.created_key), {status: 1})


def move(
    tx: Transaction, portal: str, row: RegistrationRow, event: Event, *actions: Action, refusal: Refusal | None = None
) -> Status:
    """Add the way from one state to the next to the transaction; the new state.

    `actions` say what else changes; whoever submits sets `submitted_at` by them, and is listed by this moment. Raises
    Decided where the event may not happen, and refuses with it (or `refusal`) when the registration changed since it was
    read.
    """
    status, level = Status(row.status), row.level
    to = after(status, event, level)  # type: ignore[arg-type]
    if to is None:
        raise refusal or Decided()
    placed = _listing(portal, row, to)
    if event in _SUBMITTING:
        placed["submitted_key"] = submitted_key(row, clock.timestamp())
    actions += tuple(getattr(RegistrationRow, name).set(value) for name, value in placed.items())
    change(tx, portal, row, RegistrationRow.status.set(to.value), *actions, *due(row, None), refusal=refusal)
    _count(tx, portal, str(row.created_key), {status: -1, to: 1})
    return to


def change(
    tx: Transaction, portal: str, row: RegistrationRow, *actions: Action, refusal: Refusal | None = None
) -> None:
    """Add a change that leaves the state as it is to the transaction. Refused with Decided (or `refusal`) as moves are."""
    tx.update(
        RegistrationRow(key(portal, str(row.created_key)), "entry"),
        *actions,
        RegistrationRow.version.add(1),
        RegistrationRow.updated_at.set(clock.timestamp()),
        when=(RegistrationRow.version == row.version) & (RegistrationRow.status == row.status),
        refusal=refusal or Decided(),
    )


def opened(tx: Transaction, portal: str, row: RegistrationRow) -> None:
    """Add to the transaction that somebody pressed the button of an invitation's link."""
    change(tx, portal, row, RegistrationRow.opened_at.set(clock.timestamp()))


def due(row: RegistrationRow, moment: int | None) -> tuple[Action, ...]:
    """The actions that have the tick look at a registration at a moment, or not any more."""
    if moment is None:
        return (RegistrationRow.due_at.remove(), RegistrationRow.due_shard.remove())
    shard = agenda.REGISTRATIONS.shard_of(str(row.created_key))
    return (RegistrationRow.due_at.set(moment), RegistrationRow.due_shard.set(shard))


def found(portal: str, entry_id: str) -> RegistrationRow | None:
    """The stored registration as of now."""
    return RegistrationRow.find(key(portal, entry_id), "entry")


def get(portal: str, entry_id: str, by: Authority | None = None) -> RegistrationRow:
    """The stored registration. Raises NotFound, also where it is outside of what `by` looks after, or not listed."""
    row = found(portal, entry_id)
    if row is None or row.status == Status.STARTED.value:
        raise NotFound(_NO_SUCH)
    if by is not None and not by.reaches(row.account_id, row.office_id):
        raise NotFound(_NO_SUCH)
    return row


def listed(
    portal: str,
    by: Authority,
    *,
    status: Status | None = None,
    text: str = "",
    sort: str = "-submitted_at",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[RegistrationRow]:
    """Registrations within reach, by `submitted_at` or `name` (a leading - turns it round); `text` as `Find` looks for it.

    `text` is found in names, address, identifier, number and office name, whatever its case.
    """
    only: Condition | None = None if status else (RegistrationRow.status != Status.STARTED.value)
    is_by_name, descending = sort.removeprefix("-") == "name", sort.startswith("-")
    index, partition = ("by_name" if is_by_name else "by_submitted"), f"{portal}#registration"
    if not by.is_everywhere:
        index, partition = ("by_office_name" if is_by_name else "by_office"), _office_key(portal, by.office_id)
        only = _and(only, _within(by))
    elif status and not is_by_name:
        index, partition = "by_status", _status_key(portal, status)
    if status and index != "by_status":
        only = _and(only, RegistrationRow.status == status.value)
    for word in matching_words(text):
        only = _and(only, RegistrationRow.search_text.contains(word))
    return query(RegistrationRow, partition, index=index, only=only, limit=limit, cursor=cursor, descending=descending)


def following(portal: str, by: Authority, row: RegistrationRow) -> RegistrationRow | None:
    """The next one that waits to be decided, of those within reach that were submitted after this; None if none is left."""
    later = RegistrationRow.submitted_key > row.submitted_key
    if by.is_everywhere:
        queues = [_status_key(portal, status) for status in PENDING.values()]
        firsts = [query(RegistrationRow, queue, index="by_status", between=later, limit=1).items for queue in queues]
        return min(
            (first for found in firsts for first in found), key=lambda each: str(each.submitted_key), default=None
        )
    only = _and(RegistrationRow.status.is_in(*(status.value for status in PENDING.values())), _within(by))
    cursor = None
    while True:
        page = query(
            RegistrationRow, _office_key(portal, by.office_id), index="by_office", between=later, only=only, limit=1,
            cursor=cursor,
        )  # fmt: skip
        if page.items or page.cursor is None:
            return page.items[0] if page.items else None
        cursor = page.cursor


def of_office(portal: str, office_id: str, limit: int) -> list[RegistrationRow]:
    """The newest registrations of an office and its providers."""
    is_listed = RegistrationRow.status != Status.STARTED.value
    return query(
        RegistrationRow, _office_key(portal, office_id), index="by_office", only=is_listed, limit=limit, descending=True
    ).items


def counts(portal: str, by: Authority) -> dict[Status, int]:
    """How many registrations within reach stand where."""
    if by.is_everywhere:
        rows = CountRow.find_many([_count_key(portal, shard) for shard in range(_SHARDS)]).values()
        return {status: sum(int(getattr(row, _attribute(status)) or 0) for row in rows) for status in LISTED}
    found: Counter[str] = Counter()
    cursor = None
    while True:
        page = listed(portal, by, limit=500, cursor=cursor)
        found.update(row.status for row in page.items)
        cursor = page.cursor
        if cursor is None:
            return {status: found[status.value] for status in LISTED}


def matching_words(text: str) -> list[str]:
    """What is looked for, in the form in which `search_text` holds it."""
    return [folded for word in text.split()[:5] if (folded := word.casefold()[:60])]


def key(portal: str, entry_id: str) -> str:
    """The key a registration stands under."""
    return f"{portal}#registration#{entry_id}"


def name_key(applicant: Applicant, entry_id: str) -> str:
    """By what registrations are sorted by name: an invitation without one by its address."""
    folded = matching.name_key(applicant.last_name + applicant.first_name)
    return f"{folded or matching.email_key(applicant.email)}#{entry_id}"


def shown(portal: Portal, row: RegistrationRow, delivery: str = "") -> Registration:
    """A registration as the console shows it."""
    now, role = clock.timestamp(), portal.role(row.role)
    submitted = int(row.submitted_at or row.created_at)
    is_open = row.status == Status.EMAIL_INT.value
    return Registration(
        id=str(row.created_key),
        version=int(row.version),
        kind=row.kind,  # type: ignore[arg-type]
        status=row.status,
        level=row.level,  # type: ignore[arg-type]
        account_id=row.account_id,
        account_name=row.account_name,
        account_number=row.account_number,
        office_id=row.office_id,
        identifier=row.identifier,
        qualifier=row.qualifier,
        role=row.role,
        role_name=role.name if role else row.role,
        asked_role=row.asked_role,
        applicant=row.applicant,
        username=row.username,
        checks=row.checks,
        submitted_at=clock.text(submitted) or "",
        age_days=(now - submitted) // 86400,
        valid_until=clock.text(int(row.valid_until)) if row.valid_until else None,
        is_expired=bool(is_open and row.valid_until and row.valid_until <= now),
        is_revoked=row.revoked_at is not None,
        delivery=delivery,  # type: ignore[arg-type]
        inviter=row.inviter,
        decided_at=clock.text(int(row.decided_at)) if row.decided_at else None,
        decided_by=row.decided_by_name or row.decided_by,
        reason=row.reason,
        note=row.note,
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
    )


def submitted_key(row: RegistrationRow, moment: int) -> str:
    """What registrations are sorted by: when they were submitted, or the invitation was first sent."""
    return f"{moment:012d}#{row.created_key}"


def _status_key(portal: str, status: Status) -> str:
    return f"{portal}#registration#{status.value}"


def _office_key(portal: str, office_id: str) -> str:
    return f"{portal}#office#{office_id}"


def _within(by: Authority) -> Condition | None:
    """Of an office's registrations, those that somebody who looks after a provider alone may see."""
    return None if by.is_office_level else RegistrationRow.account_id == by.account_id


def _listing(portal: str, row: RegistrationRow, status: Status) -> dict[str, str]:
    """Under which index keys a registration of this state stands."""
    return {
        "list_key": f"{portal}#registration",
        "status_key": _status_key(portal, status),
        "office_key": _office_key(portal, row.office_id),
        "name_key": name_key(row.applicant, str(row.created_key)),
    }


def searchable(row: RegistrationRow) -> str:
    """What `Find` looks in: as it is written, and names and numbers also as they are typed without accents and hyphens."""
    said = row.applicant
    names = (said.first_name, said.last_name, row.account_name)
    numbers = (row.account_number, row.identifier)
    parts = [part.casefold() for part in (*names, said.email, *numbers, row.username) if part]
    parts += [matching.name_key(name) for name in names if name]
    parts += [matching.number_key(number) for number in numbers if number]
    return " ".join(dict.fromkeys(parts))


def _and(one: Condition | None, other: Condition | None) -> Condition | None:
    return other if one is None else one if other is None else one & other


def _count(tx: Transaction, portal: str, entry_id: str, steps: dict[Status, int]) -> None:
    row: Any = CountRow(*_count_key(portal, zlib.crc32(entry_id.encode()) % _SHARDS))
    tx.update(row, *(getattr(CountRow, _attribute(status)).add(step) for status, step in steps.items()))


def _count_key(portal: str, shard: int) -> tuple[str, str]:
    return (f"{portal}#registration-counts#{shard}", "counts")


def _attribute(status: Status) -> str:
    return status.value.lower().replace("-", "_")
