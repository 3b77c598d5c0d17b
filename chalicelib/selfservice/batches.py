"""Batches: create, read, list, change, place in review.

Each write is one transaction: the batch, the sign-in cards of its contacts, the message, the fact. So a batch is never
open without its card, and the notification goes out exactly once per placing, however often the call is repeated.
"""

from __future__ import annotations

import msgspec

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, cards, contacts, matching
from ..people.shapes import Contact
from ..portals import Portal
from ..storage import Page, Transaction, query
from . import reminders
from .models import BatchRow
from .shapes import Answer, Batch, BatchInput
from .statuses import check_move, is_shown

NOTIFICATION = "batch-in-review"
ACCOUNT_CLOSED = "This account is closed. Open it first."


def create(act: Act, portal: Portal, wanted: BatchInput, *, batch_id: str | None = None) -> Batch:
    """A new batch; with status `client_review` it is placed in review at once. Raises Invalid."""
    check_move(None, wanted.status)
    details, people = _checked(portal, wanted)
    identifier, now = batch_id or ids.new(), clock.timestamp()
    row = BatchRow(
        pk=_key(act.portal, identifier),
        sk="batch",
        list_key=f"{act.portal}#batch",
        account_key=f"{act.portal}#account#{details.account_id}",
        created_key=identifier,
        details=details,
        status=details.status,
        answers=(),
        created_at=now,
        updated_at=now,
    )
    tx = act.transaction()
    facts.record(tx, act, Kind.BATCH_CREATED, subject(row), {"account": details.account_id})
    if details.status == "client_review":
        _place_in_review(tx, act, portal, None, row, people[details.renewal_contact_id])
    reminders.schedule(row, portal)
    tx.put(row, when=BatchRow.pk.does_not_exist(), refusal=Conflict("This batch exists already."))
    _show(tx, act.portal, None, row)
    tx.commit()
    return batch(row)


def get(portal: str, batch_id: str) -> Batch:
    """The batch as of now. Raises NotFound."""
    return batch(read(portal, batch_id))


def listed(
    portal: str,
    *,
    account_id: str | None = None,
    status: str | None = None,
    sort: str = "-created_at",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Batch]:
    """Batches of a portal or of one account, by `created_at`."""
    if sort.removeprefix("-") != "created_at":
        raise Invalid(fields={"sort": "Sort by created_at or -created_at."})
    index, hash_key = (
        ("by_account", f"{portal}#account#{account_id}") if account_id else ("by_created", f"{portal}#batch")
    )
    only = (BatchRow.status == status) if status else None
    page = query(
        BatchRow, hash_key, index=index, only=only, limit=limit, cursor=cursor, descending=sort.startswith("-")
    )
    return Page([batch(row) for row in page.items], page.cursor)


def change(act: Act, portal: Portal, batch_id: str, wanted: BatchInput, *, version: int | None = None) -> Batch:
    """Replace what is said of a batch, its status included. Raises Stale when `version` is not the present one."""
    row = read(act.portal, batch_id)
    if version is not None and version != row.version:
        raise Stale
    before = row.details
    if wanted == before:
        return batch(row)
    check_move(before.status, wanted.status)
    if wanted.account_id != before.account_id:
        raise Invalid(fields={"account_id": "A batch stays with its account. Create a new one at the other account."})
    details, people = _checked(portal, wanted)
    tx = act.transaction()
    row.details, row.status = details, details.status
    if details.status == before.status:
        facts.record(tx, act, Kind.BATCH_CHANGED, subject(row), _changes(before, details))
    elif details.status == "client_review":
        _place_in_review(tx, act, portal, before, row, people[details.renewal_contact_id])
    else:
        facts.record(tx, act, Kind.BATCH_MOVED, subject(row), _changes(before, details))
    reminders.schedule(row, portal, before)
    store(tx, act.portal, before, row)
    tx.commit()
    return batch(row)


def notify_again(act: Act, batch_id: str) -> Batch:
    """Send the notification of a batch in review once more. Raises Conflict when it is not in review and open."""
    row = read(act.portal, batch_id)
    if row.status != "client_review" or not row.details.open_to_portal:
        raise Conflict("Only a batch in Client Review that is open to the portal can be announced again.")
    if not is_account_open(act.portal, row):
        raise Conflict(ACCOUNT_CLOSED)
    contact = contacts.get(act.portal, row.details.renewal_contact_id)
    tx = act.transaction()
    tx.check(BatchRow(row.pk, row.sk), when=BatchRow.version == row.version)
    notify(tx, act, row, contact, NOTIFICATION)
    facts.record(tx, act, Kind.BATCH_NOTIFIED, subject(row))
    tx.commit()
    return batch(row)


def read(portal: str, batch_id: str) -> BatchRow:
    """The stored batch. Raises NotFound."""
    row = BatchRow.find(_key(portal, batch_id), "batch")
    if row is None:
        raise NotFound("There is no batch with this id.")
    return row


def store(tx: Transaction, portal: str, before: BatchInput, row: BatchRow) -> None:
    """Add a changed batch to the transaction, with what its contacts see of it. Refused if it changed meanwhile."""
    read_version = int(row.version)
    row.version, row.updated_at = read_version + 1, clock.timestamp()
    tx.put(row, when=BatchRow.version == read_version, refusal=Stale())
    _show(tx, portal, before, row)


def notify(tx: Transaction, act: Act, row: BatchRow, contact: Contact, template: str, once: str | None = None) -> None:
    """Add a message about a batch to the transaction: by email, or by SMS to who has only a mobile."""
    channel, to = _reached_by(contact)
    queue(
        tx,
        act,
        template=template,
        channel=channel,
        to=to,
        about=subject(row),
        context={
            "batch_id": str(row.created_key),
            "batch_title": row.details.title,
            "contact_first_name": contact.first_name,
            "answer_by": row.details.answer_by or "",
        },
        once=once,
    )


def is_account_open(portal: str, row: BatchRow) -> bool:
    """Whether the contacts of a batch can sign in at all."""
    return accounts.account_row(portal, row.details.account_id).status == "open"


def subject(row: BatchRow) -> str:
    """The batch as the subject of facts and messages."""
    return facts.subject("batch", str(row.created_key))


def batch(row: BatchRow) -> Batch:
    """The stored batch as the API shows it."""
    return Batch(
        id=row.created_key,
        version=int(row.version),
        created_at=clock.text(int(row.created_at)) or "",
        updated_at=clock.text(int(row.updated_at)) or "",
        placed_in_review=int(row.placings),
        answers=row.answers,
        **fields.values(row.details),
    )


def newest_answer(answers: tuple[Answer, ...]) -> Answer | None:
    """What the client said last, if anything."""
    return answers[-1] if answers else None


def _place_in_review(
    tx: Transaction, act: Act, portal: Portal, before: BatchInput | None, row: BatchRow, contact: Contact
) -> None:
    if not row.details.open_to_portal:
        raise Invalid(fields={"open_to_portal": "Open the batch to the portal in the same change, or before it."})
    if not is_account_open(act.portal, row):
        raise Invalid(fields={"account_id": ACCOUNT_CLOSED})
    row.placings = int(row.placings) + 1
    changed = _changes(before, row.details) if before else {}
    facts.record(tx, act, Kind.BATCH_PLACED_IN_REVIEW, subject(row), {"placing": int(row.placings), **changed})
    if portal.notifications.batch_in_review:
        notify(tx, act, row, contact, NOTIFICATION, once=f"{NOTIFICATION}/{row.created_key}/{row.placings}")


def _show(tx: Transaction, portal: str, before: BatchInput | None, row: BatchRow) -> None:
    """Bring the cards of everybody concerned in line with the batch."""
    details = row.details
    shown = _audience(details) if is_shown(details.status, details.open_to_portal) else []
    was_shown = _audience(before) if before and is_shown(before.status, before.open_to_portal) else []
    if not shown and not was_shown:
        return
    cards_key = accounts.account_row(portal, details.account_id).cards
    for contact_id in shown:
        cards.show_batch(tx, cards_key, contact_id, row.created_key, _on_card(details))
    for contact_id in was_shown:
        if contact_id not in shown:
            cards.hide_batch(tx, cards_key, contact_id, row.created_key)


def _audience(details: BatchInput) -> list[str]:
    return list(dict.fromkeys((details.renewal_contact_id, *details.contact_ids)))


def _on_card(details: BatchInput) -> cards.OpenBatch:
    return cards.OpenBatch(
        title=details.title,
        status=details.status,
        plan_year=details.plan_year or None,
        effective_date=details.effective_date,
        answer_by=details.answer_by,
    )


def _checked(portal: Portal, wanted: BatchInput) -> tuple[BatchInput, dict[str, Contact]]:
    """The batch in the form to keep, and its contacts. Raises Invalid for dates and people that cannot be."""
    wrong: dict[str, str] = {}
    for name in ("effective_date", "answer_by"):
        if (text := getattr(wanted, name)) and not fields.is_date(text):
            wrong[name] = fields.NO_DATE
    agent = matching.email_checked(wanted.assigned_to) if wanted.assigned_to else None
    if wanted.assigned_to and agent is None:
        wrong["assigned_to"] = matching.email_fault(wanted.assigned_to)
    people: dict[str, Contact] = {}
    for place, contact_id in enumerate(_audience(wanted)):
        name = "renewal_contact_id" if place == 0 else f"contact_ids.{place - 1}"
        try:
            people[contact_id] = contacts.get(portal.slug, contact_id)
        except NotFound:
            wrong[name] = "There is no contact with this id in this portal."
            continue
        if people[contact_id].account_id != wanted.account_id:
            wrong[name] = "This contact belongs to another account."
        elif place == 0 and wanted.status == "client_review" and not _has_address(people[contact_id]):
            wrong[name] = "This contact has neither an email address nor a mobile number, so cannot be told or sign in."
    if wrong:
        raise Invalid(fields=wrong)
    others = tuple(dict.fromkeys(other for other in wanted.contact_ids if other != wanted.renewal_contact_id))
    return msgspec.structs.replace(wanted, assigned_to=agent, contact_ids=others), people


def _has_address(contact: Contact) -> bool:
    return bool(contact.emails or contact.mobile)


def _reached_by(contact: Contact) -> tuple[str, str]:
    if contact.emails:
        return "email", contact.emails[0]
    if contact.mobile:
        return "sms", contact.mobile
    raise Invalid(fields={"renewal_contact_id": "This contact has neither an email address nor a mobile number."})


def _changes(before: BatchInput, after: BatchInput) -> dict[str, object]:
    """Which fields changed; values only where they are no personal data and short."""
    names = [name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    plain = {"status", "open_to_portal"}
    return {name: [getattr(before, name), getattr(after, name)] if name in plain else "changed" for name in names}


def _key(portal: str, batch_id: str) -> str:
    return f"{portal}#batch#{batch_id}"
