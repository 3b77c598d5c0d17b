"""The call queue: somebody is to be called, one colleague claims the call, and says what came of it.

Whoever waits longest is first. A call that is to be made again stands in the queue at the time that was asked for, so it
waits again from then on by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound
from ..facts import Act, Kind
from ..people import accounts, contacts, matching
from ..portals import Portal
from ..storage import Page, query
from . import moments
from .models import CallRow
from .shapes import CallInput, CallOutcome, QueuedCall

T = TypeVar("T")
_NO_ACCOUNT = "There is no account with this id."
_NO_CONTACT = "There is no contact with this id at the account."
_NO_NUMBER = "Give the number to call: the contact has none."
_CLAIMED = "Somebody has claimed this call already."
_DONE = "This call is done."
_NOT_YOURS = "Only who has claimed this call can say what came of it. Claim it first."
_NOT_CLAIMED = "Nobody has claimed this call."
_WHEN = "Say when to call back."
_PASSED = "This time has passed. Say when to call back."
_NO_WHEN = "Only with the outcome call-back."


def enqueue(act: Act, portal: Portal, wanted: CallInput, *, call_id: str | None = None) -> QueuedCall:
    """Put somebody at the end of the queue. Raises Invalid for an account, contact or number that cannot be."""
    details = checked(portal, wanted)
    identifier, now = call_id or ids.new(), clock.timestamp()
    row = CallRow(
        pk=_key(act.portal, identifier), sk="call", id=identifier, created_at=now, created_by=act.actor, details=details
    )
    _place(act.portal, row, "waiting", now)
    tx = act.transaction()
    tx.put(row, when=CallRow.pk.does_not_exist(), refusal=Conflict("This call is in the queue already."))
    facts.record(tx, act, Kind.CALL_QUEUED, _subject(row), {"account": details.account_id})
    tx.commit()
    return _shown(row)


def get(portal: str, call_id: str) -> QueuedCall:
    """The call as of now. Raises NotFound."""
    return _shown(_read(portal, call_id))


def listed(
    portal: str,
    *,
    state: str = "waiting",
    account_id: str | None = None,
    claimed_by: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[QueuedCall]:
    """Calls in one state, whoever waits longest first: `later` are those whose time to be called back has not come."""
    kept = "waiting" if state == "later" else state
    index, hash_key = (
        ("by_account", _list(portal, kept, account_id)) if account_id else ("by_order", _list(portal, kept))
    )
    now, between = f"{clock.timestamp() + 1:011}", None
    if kept == "waiting":
        between = CallRow.order_key >= now if state == "later" else CallRow.order_key < now
    only = (CallRow.claimed_by == claimed_by) if claimed_by else None
    page = query(CallRow, hash_key, index=index, between=between, only=only, limit=limit, cursor=cursor)
    return Page([_shown(row) for row in page.items], page.cursor)


def claim(act: Act, call_id: str, *, name: str) -> QueuedCall:
    """Take a waiting call, before the time to call back too: of any number at once one does, the others get Conflict."""
    row = _read(act.portal, call_id)
    if row.state != "waiting":
        raise Conflict(_DONE if row.state == "done" else _CLAIMED)
    row.claimed_by, row.claimed_by_name, row.claimed_at = act.actor, name or None, clock.timestamp()
    return _moved(act, row, "claimed", Kind.CALL_CLAIMED, refusal=_CLAIMED)


def release(act: Act, call_id: str) -> QueuedCall:
    """Give a claimed call back to its place in the queue; colleagues may do so for each other. Raises Conflict."""
    row = _read(act.portal, call_id)
    if row.state != "claimed":
        raise Conflict(_NOT_CLAIMED)
    row.claimed_by = row.claimed_by_name = row.claimed_at = None
    return _moved(act, row, "waiting", Kind.CALL_RELEASED)


def end(act: Act, portal: Portal, call_id: str, said: CallOutcome) -> QueuedCall:
    """Say what came of a call that one has claimed. To be called back, it waits again. Raises Conflict, Invalid."""
    waits_from = _call_back(portal, said)
    row = _read(act.portal, call_id)
    if row.state != "claimed" or row.claimed_by != act.actor:
        raise Conflict(_DONE if row.state == "done" else _NOT_YOURS)
    row.outcome, row.note, row.tries = said.outcome, said.note, int(row.tries) + 1
    told = {"outcome": said.outcome}
    row.claimed_by = row.claimed_by_name = row.claimed_at = None
    if waits_from is not None:
        row.waits_from = waits_from
        return _moved(act, row, "waiting", Kind.CALL_ENDED, told)
    row.done_at, row.done_by = clock.timestamp(), act.actor
    return _moved(act, row, "done", Kind.CALL_ENDED, told)


def _moved(
    act: Act, row: CallRow, state: str, kind: Kind, told: Mapping[str, str] | None = None, refusal: str | None = None
) -> QueuedCall:
    read_version = int(row.version)
    row.version = read_version + 1
    _place(act.portal, row, state, int(row.waits_from))
    tx = act.transaction()
    tx.put(row, when=CallRow.version == read_version, refusal=Conflict(refusal))
    facts.record(tx, act, kind, _subject(row), told)
    tx.commit()
    return _shown(row)


def _place(portal: str, row: CallRow, state: str, waits_from: int) -> None:
    now = clock.timestamp()
    row.state, row.waits_from, row.updated_at = state, waits_from, now
    row.list_key, row.account_key = _list(portal, state), _list(portal, state, row.details.account_id)
    row.order_key = f"{waits_from:011}#{row.id}"


def checked(portal: Portal, wanted: CallInput) -> CallInput:
    """The call in the form to keep, its number in E.164. Raises Invalid."""
    wrong: dict[str, str] = {}
    held = _found(lambda: accounts.get(portal.slug, wanted.account_id))
    if held is None:
        wrong["account_id"] = _NO_ACCOUNT
    contact_id, number = wanted.contact_id, wanted.number
    contact = _found(lambda: contacts.get(portal.slug, contact_id)) if contact_id else None
    if contact_id and (contact is None or contact.account_id != wanted.account_id):
        wrong["contact_id"] = _NO_CONTACT
    elif not number:
        number = (contact.mobile or contact.landline) if contact else None
    key = matching.phone_key(number, portal.country) if number else None
    if key is None and "contact_id" not in wrong:
        wrong["number"] = matching.NO_PHONE if number else _NO_NUMBER
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.structs.replace(wanted, number=key)


def _found(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except NotFound:
        return None


def _call_back(portal: Portal, said: CallOutcome) -> int | None:
    if said.outcome != "call-back":
        if said.call_back is not None:
            raise Invalid(fields={"call_back": _NO_WHEN})
        return None
    if said.call_back is None:
        raise Invalid(fields={"call_back": _WHEN})
    if not moments.is_wall_time(said.call_back):
        raise Invalid(fields={"call_back": moments.NO_WALL_TIME})
    moment = moments.at(said.call_back, portal.time_zone)
    if moment <= clock.timestamp():
        raise Invalid(fields={"call_back": _PASSED})
    return moment


def _read(portal: str, call_id: str) -> CallRow:
    row = CallRow.find(_key(portal, call_id), "call")
    if row is None:
        raise NotFound("There is no call with this id.")
    return row


def _key(portal: str, call_id: str) -> str:
    return f"{portal}#call#{call_id}"


def _list(portal: str, state: str, account_id: str | None = None) -> str:
    return f"{portal}#call#{state}" + (f"#at#{account_id}" if account_id else "")


def _subject(row: CallRow) -> str:
    return facts.subject("call", str(row.id))


def _shown(row: CallRow) -> QueuedCall:
    is_later = row.state == "waiting" and row.waits_from > clock.timestamp()
    is_to_come = row.outcome == "call-back" and row.state != "done"
    return QueuedCall(
        id=row.id,
        state="later" if is_later else row.state,  # type: ignore[arg-type]
        waits_from=clock.text(int(row.waits_from)) or "",
        call_back_at=clock.text(int(row.waits_from)) if is_to_come else None,
        claimed_by=row.claimed_by,
        claimed_by_name=row.claimed_by_name,
        claimed_at=clock.text(int(row.claimed_at) if row.claimed_at else None),
        outcome=row.outcome,  # type: ignore[arg-type]
        note=row.note,
        tries=int(row.tries),
        done_at=clock.text(int(row.done_at) if row.done_at else None),
        done_by=row.done_by,
        version=int(row.version),
        created_by=row.created_by,
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
        **{**fields.values(row.details), "number": row.details.number or ""},
    )
