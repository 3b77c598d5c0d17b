"""Contacts: the people at an account. Each change of one rewrites its sign-in card in the same transaction."""

from __future__ import annotations

from typing import Any

import msgspec

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..storage import Condition, Page, Transaction, afresh, query
from . import matching, user_changes, users
from .models import AccountRow, CardRow, ContactRow
from .shapes import Contact, ContactDetails, ContactInput

_HAS_USER = "This person has a user already. Find it in the list; if it is deleted, restore it."
_HAS_USER_STILL = "This contact has a user, who can sign in. Delete the user first, then remove this contact."


def create(act: Act, country: str, wanted: ContactInput, *, contact_id: str | None = None) -> Contact:
    """A new contact at an account. Refuses an account that does not exist, and fields that are wrong."""
    details = checked_contact(_details(wanted), country)
    return afresh(lambda: _created(act, wanted.account_id, details, contact_id))


def _created(act: Act, account_id: str, details: ContactDetails, contact_id: str | None) -> Contact:
    """One try at a creation. Raises Stale when the account's number moved meanwhile."""
    account = _account_row(act.portal, account_id)
    tx = act.transaction()
    made = add_contact(tx, act, account, details, contact_id=contact_id)
    hold_number(tx, account)
    tx.commit()
    return made


def hold_number(tx: Transaction, account: AccountRow) -> None:
    """Add to the transaction that the account's number does not move. Refused with Stale.

    The claim's revision is raised, so that a move that has read the cards already does not leave a new one behind.
    """
    tx.update(
        CardRow(account.cards, "account"),
        CardRow.revision.add(1),
        when=CardRow.account_id == str(account.created_key),
        refusal=Stale(),
    )


def add_contact(
    tx: Transaction,
    act: Act,
    account: AccountRow,
    details: ContactDetails,
    *,
    contact_id: str | None = None,
    user_id: str | None = None,
) -> Contact:
    """Add a contact, its card and its fact to the transaction. `details` have been through `checked_contact`.

    `user_id` is that of the user it has from the start.
    """
    identifier, now = contact_id or ids.new(), clock.timestamp()
    account_id = str(account.created_key)
    row = ContactRow(
        pk=_key(act.portal, identifier),
        sk="contact",
        list_key=f"{act.portal}#contact",
        account_key=f"{act.portal}#account#{account_id}",
        account_id=account_id,
        user_id=user_id,
        created_key=identifier,
        created_at=now,
    )
    _fill(row, ContactInput(account_id=account_id, **fields.values(details, ContactDetails)), now)
    tx.put(row, when=ContactRow.pk.does_not_exist(), refusal=Conflict("This contact exists already."))
    tx.put(CardRow(pk=account.cards, sk=f"card#{identifier}", account_id=account_id, batches={}, **_on_card(details)))
    facts.record(tx, act, Kind.CONTACT_CREATED, facts.subject("contact", identifier), {"account": account_id})
    return _contact(row)


def get(portal: str, contact_id: str) -> Contact:
    """The contact as of now. Raises NotFound."""
    return _contact(_row(portal, contact_id))


def listed(
    portal: str,
    *,
    account_id: str | None = None,
    sort: str = "-created_at",
    name: str | None = None,
    email: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Contact]:
    """Contacts of a portal or of one account, by `created_at` or `name` (the last name first); `name` matches beginnings."""
    field, descending = ("name" if name else sort.removeprefix("-")), sort.startswith("-")
    index = {"created_at": "by_created", "name": "by_name"}.get(field)
    if index is None:
        raise Invalid(fields={"sort": "Sort by created_at or name."})
    only: Condition | None = ContactRow.emails_text.contains(f" {matching.email_key(email)} ") if email else None
    between = None
    hash_key = f"{portal}#contact"
    folded = matching.name_key(name or "")
    if name and not folded:
        return Page([])  # nothing begins with what is neither letter nor digit
    if account_id is not None:
        index, hash_key = "by_account", f"{portal}#account#{account_id}"
        if folded:
            named = ContactRow.name_key.startswith(folded)
            only = named if only is None else only & named
    elif folded:
        between = ContactRow.name_key.startswith(folded)
    page = query(
        ContactRow, hash_key, index=index, between=between, only=only, limit=limit, cursor=cursor, descending=descending
    )
    return Page([_contact(row) for row in page.items], page.cursor)


def at_account(
    portal: str, account_id: str, *, last_name: str = "", limit: int = 50, cursor: str | None = None
) -> Page[tuple[Contact, str | None]]:
    """The contacts of one account by name, whose last name begins so, each with the id of its user if it has one."""
    folded = matching.name_key(last_name)
    if last_name and not folded:
        return Page([])
    page = query(
        ContactRow, f"{portal}#account#{account_id}", index="by_account_name",
        between=ContactRow.name_key.startswith(folded) if folded else None, limit=limit, cursor=cursor,
    )  # fmt: skip
    return Page([(_contact(row), row.user_id) for row in page.items], page.cursor)


def with_user(portal: str, contact_id: str) -> tuple[Contact, str | None]:
    """The contact as of now, and the id of its user if it has one. Raises NotFound."""
    row = _row(portal, contact_id)
    return _contact(row), row.user_id


def change(act: Act, country: str, contact_id: str, wanted: ContactInput, *, version: int | None = None) -> Contact:
    """Replace what is said of a contact. The account it belongs to stays. Refuses with Stale as accounts do."""
    row = _row(act.portal, contact_id)
    if version is not None and version != row.version:
        raise Stale
    if wanted.account_id != row.account_id:
        raise Invalid(fields={"account_id": "A contact stays with its account. Create a new contact at the other one."})
    before, read_version = row.details, int(row.version)
    details = checked_contact(_details(wanted), country)
    after = ContactInput(account_id=row.account_id, **fields.values(details, ContactDetails))
    if before == after:
        return _contact(row)
    account = _account_row(act.portal, row.account_id)
    _fill(row, after, clock.timestamp())
    row.version = read_version + 1
    tx = act.transaction()
    tx.put(row, when=ContactRow.version == read_version, refusal=Stale())
    shown = [getattr(CardRow, name).set(value) for name, value in _on_card(details).items()]
    tx.update(CardRow(account.cards, f"card#{contact_id}"), *shown, CardRow.revision.add(1), when=CardRow.pk.exists())
    changed = dict.fromkeys((n for n in before.__struct_fields__ if getattr(before, n) != getattr(after, n)), "changed")
    facts.record(tx, act, Kind.CONTACT_CHANGED, facts.subject("contact", contact_id), changed)
    tx.commit()
    return _contact(row)


def replace_email(tx: Transaction, act: Act, contact_id: str, old: str, new: str) -> None:
    """Add to the transaction that a contact has another address in the place of this one, on its card too.

    A contact that has it no more stays as it is. Raises NotFound; refused with Stale when it changed meanwhile.
    """
    row = _row(act.portal, contact_id)
    emails = tuple(dict.fromkeys(new if each == old else each for each in row.details.emails))
    if emails == row.details.emails:
        return
    account, read_version = _account_row(act.portal, row.account_id), int(row.version)
    _fill(row, msgspec.structs.replace(row.details, emails=emails), clock.timestamp())
    row.version = read_version + 1
    tx.put(row, when=ContactRow.version == read_version, refusal=Stale())
    tx.update(
        CardRow(account.cards, f"card#{contact_id}"),
        CardRow.emails.set(emails),
        CardRow.revision.add(1),
        when=CardRow.pk.exists(),
        refusal=Stale(),
    )
    facts.record(tx, act, Kind.CONTACT_CHANGED, facts.subject("contact", contact_id), {"emails": "changed"})


def remove(act: Act, contact_id: str, *, version: int | None = None) -> None:
    """Remove a contact and with it every way in. Refused while a batch is open to it or it has a user, and with Stale.

    One whose user is deleted may go; the user cannot be restored then.
    """
    row = _row(act.portal, contact_id)
    if version is not None and version != row.version:
        raise Stale
    user = users.by_id(act.portal, row.user_id) if row.user_id else None
    if user is not None and user.state != "deleted":
        raise Conflict(_HAS_USER_STILL)
    account = _account_row(act.portal, row.account_id)
    card = CardRow.find(account.cards, f"card#{contact_id}")
    if card is None:
        raise Stale  # the number moved since the account was read
    if card.open_batches():
        raise Conflict("A batch is open to this contact. Choose another contact there first, then remove this one.")
    tx = act.transaction()
    tx.delete(ContactRow(row.pk, row.sk), when=ContactRow.version == row.version, refusal=Stale())
    if user is not None:
        user_changes.unchanged(tx, user, Stale())
    tx.check(AccountRow(account.pk, account.sk), when=AccountRow.cards == account.cards, refusal=Stale())
    tx.delete(CardRow(card.pk, card.sk), when=CardRow.revision == card.revision, refusal=Stale())
    facts.record(tx, act, Kind.CONTACT_REMOVED, facts.subject("contact", contact_id), {"account": row.account_id})
    tx.commit()


def give_user(tx: Transaction, portal: str, contact: Contact, user_id: str) -> None:
    """Add to the transaction that a contact has a user from now on. Refused with Conflict where it has one already."""
    tx.update(
        ContactRow(_key(portal, contact.id), "contact"),
        ContactRow.user_id.set(user_id),
        ContactRow.version.add(1),
        ContactRow.updated_at.set(clock.timestamp()),
        when=ContactRow.pk.exists() & ContactRow.user_id.does_not_exist(),
        refusal=Conflict(_HAS_USER),
    )


def still_of(tx: Transaction, portal: str, contact_id: str, user_id: str) -> None:
    """Add to the transaction that a contact is still the one of this user. Refused with Conflict."""
    tx.check(
        ContactRow(_key(portal, contact_id), "contact"),
        when=ContactRow.user_id == user_id,
        refusal=Conflict("The person behind this user was removed from the contacts. Add a new user instead."),
    )


def checked_contact(wanted: ContactDetails, country: str, *, at: str = "") -> ContactDetails:
    """The details in the form to keep: emails normal, numbers in E.164. Raises Invalid; `at` leads the names of fields."""
    wrong: dict[str, str] = {}
    emails = []
    for place, email in enumerate(wanted.emails):
        emails.append(matching.email_checked(email) or "")
        if not emails[-1]:
            wrong[f"{at}emails.{place}"] = matching.email_fault(email)
    numbers: dict[str, str | None] = {}
    for name in ("mobile", "landline", "fax"):
        typed = getattr(wanted, name)
        numbers[name] = matching.phone_key(typed, country) if typed else None
        if typed and numbers[name] is None:
            wrong[f"{at}{name}"] = matching.NO_PHONE
    if not matching.name_key(wanted.last_name):
        wrong[f"{at}last_name"] = matching.NO_LAST_NAME
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.structs.replace(wanted, emails=tuple(dict.fromkeys(emails)), **numbers)


def _on_card(details: ContactDetails) -> dict[str, Any]:
    return {
        "first_name": details.first_name,
        "last_name": details.last_name,
        "emails": details.emails,
        "mobile": details.mobile,
    }


def _fill(row: ContactRow, details: ContactInput, now: int) -> None:
    row.details, row.updated_at = details, now
    row.name_key = f"{matching.name_key(details.last_name + details.first_name)}#{row.created_key}"
    row.emails_text = "".join(f" {matching.email_key(email)} " for email in details.emails) or None


def _row(portal: str, contact_id: str) -> ContactRow:
    row = ContactRow.find(_key(portal, contact_id), "contact")
    if row is None:
        raise NotFound("There is no contact with this id.")
    return row


def _account_row(portal: str, account_id: str) -> AccountRow:
    row = AccountRow.find(f"{portal}#account#{account_id}", "account")
    if row is None:
        raise Invalid(fields={"account_id": "There is no account with this id in this portal."})
    return row


def _details(wanted: ContactInput) -> ContactDetails:
    return ContactDetails(**fields.values(wanted, ContactDetails))


def _contact(row: ContactRow) -> Contact:
    return Contact(
        id=str(row.created_key),
        version=int(row.version),
        created_at=clock.text(int(row.created_at or 0)) or "",
        updated_at=clock.text(int(row.updated_at or 0)) or "",
        **fields.values(row.details),
    )


def _key(portal: str, contact_id: str) -> str:
    return f"{portal}#contact#{contact_id}"
