"""Help requests: somebody at the door asks, staff are told by mail and keep a state and a note.

What was typed is looked up nowhere: so the answer tells nothing about anybody, and costs the same for everybody. The
limits are counted in the transaction that makes the request, so that a second press counts nothing and makes nothing.
"""

from __future__ import annotations

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale, Unavailable
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, users
from ..portals import Portal
from ..security import keys, limits
from ..storage import Condition, Page, Transaction, query
from . import asking, references
from .models import HelpRow, ReferenceRow
from .shapes import Asked, HelpChange, HelpLogged, HelpRequest

RETENTION_SECONDS = 365 * 24 * 3600
_DRAWS = 4  # of a reference number, until one is free


class AskedAlready(Conflict):
    """The very same form was sent before."""


class ReferenceTaken(Conflict):
    """Another request of the portal has this number."""


def ask(act: Act, portal: Portal, typed: Asked, *, form: str, address: str) -> HelpRequest:
    """Ask for help, from a client address as limits count it. `form` names the form that was filled in.

    The same form with the same words is one request, however often it is sent. Raises Invalid, TooMany.
    """
    asked = asking.checked(typed)
    identifier = keys.fingerprint("help", act.portal, form, *fields.values(asked).values())
    for _ in range(_DRAWS):
        try:
            return _made(act, portal, asked, identifier, address)
        except AskedAlready:
            return get(act.portal, identifier)
        except ReferenceTaken:
            continue
    raise Unavailable


def get(portal: str, request_id: str) -> HelpRequest:
    """The request as of now. Raises NotFound."""
    return _shown(_read(portal, request_id))


def listed(
    portal: str,
    *,
    state: str | None = None,
    reference: str | None = None,
    assignee: str | None = None,
    sort: str = "-created_at",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[HelpRequest]:
    """Requests by `created_at`: all, those in one state or of one colleague, or the one that has a reference number."""
    if sort.removeprefix("-") != "created_at":
        raise Invalid(fields={"sort": "Sort by created_at or -created_at."})
    if reference is not None:
        found = _with_reference(portal, reference)
        return Page([_shown(row) for row in found if state in (None, row.state) and assignee in (None, row.assignee)])
    index, hash_key = ("by_state", _state_key(portal, state)) if state else ("by_created", f"{portal}#help")
    only: Condition | None = (HelpRow.assignee == assignee) if assignee else None
    page = query(HelpRow, hash_key, index=index, only=only, limit=limit, cursor=cursor, descending=sort.startswith("-"))
    return Page([_shown(row) for row in page.items], page.cursor)


def change(act: Act, request_id: str, wanted: HelpChange, *, version: int | None = None) -> HelpRequest:
    """Another state, note, colleague or account. Raises NotFound, Invalid, and Stale when `version` is not the present one."""
    row = _read(act.portal, request_id)
    if version is not None and version != row.version:
        raise Stale
    names = [name for name in HelpChange.__struct_fields__ if getattr(wanted, name) != getattr(row, name)]
    if not names:
        return _shown(row)
    _check(act.portal, assignee=wanted.assignee, account_id=wanted.account_id, names=names)
    told = {name: "changed" if name == "note" else [getattr(row, name), getattr(wanted, name)] for name in names}
    for name in names:
        setattr(row, name, getattr(wanted, name))
    tx = act.transaction()
    store(tx, row)
    facts.record(tx, act, Kind.HELP_CHANGED, _subject(row), told)
    tx.commit()
    return _shown(row)


def log(act: Act, wanted: HelpLogged, *, request_id: str) -> HelpRequest:
    """Write down what a caller asks for; it has a number to mention, like any other. Raises Invalid."""
    asked = asking.checked(Asked(**fields.values(wanted, Asked)))
    _check(act.portal, assignee=wanted.assignee, account_id=wanted.account_id)
    for _ in range(_DRAWS):
        row = _row(act.portal, asked, request_id)
        row.assignee, row.account_id, row.logged_by = wanted.assignee, wanted.account_id, act.actor
        tx = act.transaction()
        _add(tx, act.portal, row)
        facts.record(tx, act, Kind.HELP_LOGGED, _subject(row), {"kind": asked.kind})
        try:
            tx.commit()
        except ReferenceTaken:
            continue
        return _shown(row)
    raise Unavailable


def store(tx: Transaction, row: HelpRow) -> None:
    """Add a changed request to the transaction. Refused with Stale when it changed since it was read."""
    read_version = int(row.version)
    row.state_key = _state_key(row.list_key.partition("#")[0], row.state)
    row.version, row.updated_at = read_version + 1, clock.timestamp()
    tx.put(row, when=HelpRow.version == read_version, refusal=Stale())


def read(portal: str, request_id: str) -> HelpRow:
    """The stored request. Raises NotFound."""
    return _read(portal, request_id)


def _check(portal: str, *, assignee: str | None, account_id: str | None, names: list[str] | None = None) -> None:
    """Refuse, with Invalid, a colleague or an account that is not there; of a change, only what is new."""
    wrong = {}
    if assignee and (names is None or "assignee" in names):
        colleague = users.by_id(portal, assignee)
        if colleague is None or colleague.kind != "staff" or colleague.state == "deactivated":
            wrong["assignee"] = "There is no staff user with this id who works here."
    if account_id and (names is None or "account_id" in names) and not accounts.names(portal, [account_id]):
        wrong["account_id"] = "There is no account with this id in this portal."
    if wrong:
        raise Invalid(fields=wrong)


def _made(act: Act, portal: Portal, asked: Asked, identifier: str, address: str) -> HelpRequest:
    """The request, its number, its fact, the mails about it and what it counts, at once."""
    row, tx = _row(act.portal, asked, identifier), act.transaction()
    _add(tx, act.portal, row)
    facts.record(tx, act, Kind.HELP_REQUESTED, _subject(row), {"kind": asked.kind})
    _tell_staff(tx, act, portal, row)
    _count(tx, portal, address)
    tx.commit()
    return _shown(row)


def _add(tx: Transaction, portal: str, row: HelpRow) -> None:
    """Add the request and its number to the transaction. Refused with AskedAlready, ReferenceTaken."""
    now, letters = clock.timestamp(), references.letters(row.reference) or ""
    number = ReferenceRow(_reference_key(portal, letters), request_id=row.id, expires_at=row.expires_at)
    tx.put(row, when=HelpRow.pk.does_not_exist() | (HelpRow.expires_at <= now), refusal=AskedAlready())
    tx.put(
        number, when=ReferenceRow.pk.does_not_exist() | (ReferenceRow.expires_at <= now), refusal=ReferenceTaken()
    )  # fmt: skip


def _row(portal: str, asked: Asked, identifier: str) -> HelpRow:
    now = clock.timestamp()
    return HelpRow(
        _key(portal, identifier),
        list_key=f"{portal}#help",
        state_key=_state_key(portal, "open"),
        created_key=ids.new(),
        id=identifier,
        reference=references.draw(),
        asked=asked,
        state="open",
        created_at=now,
        updated_at=now,
        expires_at=now + RETENTION_SECONDS,
    )


def _tell_staff(tx: Transaction, act: Act, portal: Portal, row: HelpRow) -> None:
    """A mail to each of the staff who are told things. Never one to an address that was typed: it may be anybody's."""
    support = (portal.support.email,) if portal.support.email else ()
    for address in dict.fromkeys(portal.notifications.staff_emails or support):
        queue(
            tx,
            act,
            template="help-request",
            channel="email",
            to=address,
            about=_subject(row),
            context={"reference": row.reference, **fields.values(row.asked)},
        )


def _count(tx: Transaction, portal: Portal, address: str) -> None:
    often = "We have had several requests from where you are in the last hour."
    many = "We cannot take more requests on this page today."
    way_out = _other_way(portal)
    limits.take_in(tx, portal.slug, "help-address", address, limits.HELP_PER_ADDRESS, f"{often} {way_out}")
    limits.take_in(tx, portal.slug, "help-day", "all", limits.HELP_A_DAY, f"{many} {way_out}")


def _other_way(portal: Portal) -> str:
    """How else the portal's support is reached."""
    phone, email = portal.support.phone, portal.support.email
    ways = [*([f"call {phone}"] if phone else []), *([f"write to {email}"] if email else [])]
    return f"Please {' or '.join(ways)}." if ways else f"Please contact {portal.name} another way, or come back later."


def _with_reference(portal: str, reference: str) -> list[HelpRow]:
    letters = references.letters(reference)
    number = ReferenceRow.find(_reference_key(portal, letters)) if letters else None
    row = HelpRow.find(_key(portal, number.request_id)) if number else None
    return [row] if row else []


def _read(portal: str, request_id: str) -> HelpRow:
    row = HelpRow.find(_key(portal, request_id))
    if row is None:
        raise NotFound("There is no help request with this id.")
    return row


def _shown(row: HelpRow) -> HelpRequest:
    return HelpRequest(
        id=row.id,
        reference=row.reference,
        state=row.state,  # type: ignore[arg-type]
        note=row.note,
        assignee=row.assignee,
        account_id=row.account_id,
        logged_by=row.logged_by,
        answers=row.answers or (),
        version=int(row.version),
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
        **fields.values(row.asked),
    )


def _subject(row: HelpRow) -> str:
    return facts.subject("help", str(row.id))


def _key(portal: str, identifier: str) -> str:
    return f"{portal}#help#{identifier}"


def _reference_key(portal: str, letters: str) -> str:
    return f"{portal}#reference#{letters}"


def _state_key(portal: str, state: str) -> str:
    return f"{portal}#help#{state}"
