"""Accounts: create (with contacts), read, list, change, close. A number belongs to one account of its portal, always.

A new customer is sent the link to create a credential in the transaction that makes it one, where the portal says so; the
account's user, if it has one, moves with its number and its primary emails.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..portals import Portal
from ..storage import Condition, Page, Transaction, query
from . import belonging, cards, credential_links, matching, record_users, tag_rules, user_changes, users
from .contacts import add_contact, checked_contact
from .models import AccountRow, CardRow
from .shapes import Account, AccountCreated, AccountInput, ContactDetails, NewAccount, QuestionAnswered

_OF_PORTAL: Final = {"created_at": "by_created", "name": "by_name", "number": "by_number"}
_OF_OFFICE: Final = {"created_at": "by_account", "name": "by_account_name"}
NUMBER_TAKEN = "Another account of this portal has this number already."
_MOVABLE_CARDS = 40  # contacts that can move to another number in one transaction of a hundred changes
_MOVABLE_USERS = 40  # and these beside them: together at most `_MOVABLE`
_MOVABLE = 90
_MOST_CHANGES = 99  # in one transaction of a hundred, with room for the record of an Idempotency-Key
_TOO_MANY_USERS = "The number of an account with this many contacts and users stays as it is."
_TOO_MUCH = "This is too much for one change. Change the number alone, and then the rest."


def create(act: Act, portal: Portal, wanted: NewAccount, *, account_id: str | None = None) -> AccountCreated:
    """A new account, and its contacts, in one transaction. Refuses a number that is taken, and fields that are wrong.

    With twenty contacts and twenty primary emails it is one of 86 changes: account, claim, fact, three for a contact, and
    for the credential link its row, its fact and the mails; and the record of an Idempotency-Key. An office or provider
    gets no such link: there it is twenty identifiers, and the office it belongs to.
    """
    details, people = _checked_whole(wanted, portal.country)
    identifier, now = account_id or ids.new(), clock.timestamp()
    number_key = _number_key(details.number, identifier)
    row = AccountRow(
        pk=belonging.account_key(act.portal, identifier),
        sk="account",
        list_key=f"{act.portal}#account",
        created_key=identifier,
        created_at=now,
        cards=cards.partition(act.portal, number_key),
        number_key=number_key if details.number else None,
    )
    _fill(row, details, now)
    tx = act.transaction()
    tx.put(row, when=AccountRow.pk.does_not_exist(), refusal=Conflict("This account exists already."))
    tx.put(
        CardRow(
            pk=row.cards,
            sk="account",
            account_id=identifier,
            account_name=details.name,
            status=details.status,
            agent=details.assigned_agent,
            record_type=details.record_type,
        ),
        when=CardRow.pk.does_not_exist(),
        refusal=Invalid(fields={"number": NUMBER_TAKEN}),
    )
    belonging.keep(tx, act.portal, row)
    facts.record(tx, act, Kind.ACCOUNT_CREATED, facts.subject("account", identifier))
    made = tuple(add_contact(tx, act, row, person) for person in people)
    credential_links.invite(tx, act, portal, row, None, is_new=details.record_type == "customer")
    tx.commit()
    return AccountCreated(**fields.values(_account(row)), contacts=made)


def get(portal: str, account_id: str) -> Account:
    """The account as of now. Raises NotFound."""
    return _account(account_row(portal, account_id))


def of_ids(portal: str, account_ids: Iterable[str]) -> list[Account]:
    """The accounts with these ids, at most 100, as of now and in this order; those that are none are left out."""
    keys = [(belonging.account_key(portal, account_id), "account") for account_id in account_ids]
    rows = AccountRow.find_many(keys) if keys else {}
    return [_account(rows[key]) for key in keys if key in rows]


def listed(
    portal: str,
    *,
    sort: str = "-created_at",
    name: str | None = None,
    number: str | None = None,
    status: str | None = None,
    record_type: str | None = None,
    tag: str | None = None,
    parent_id: str | None = None,
    identifier: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Account]:
    """Accounts by `created_at`, `name` or `number` (a leading - turns it round); `name` and `number` match beginnings.

    `parent_id` lists the providers of an office, which have no order by number; `identifier` the offices and providers that
    have it, in the order of their making.
    """
    field, descending = sort.removeprefix("-"), sort.startswith("-")
    name_key, number_key = matching.name_key(name or ""), matching.number_key(number or "")
    if (name and not name_key) or (number and not number_key) or (tag and not tag_rules.is_tag(tag)):
        return Page([])  # nothing begins with what is neither letter nor digit, or has such a tag
    if identifier:
        if field != "created_at":
            raise Invalid(fields={"sort": "Accounts with an identifier are sorted by created_at."})
        known = belonging.identified(portal, identifier, limit=limit, cursor=cursor, descending=descending)
        like = (name_key, number_key, status, record_type, tag, parent_id)
        return Page([account for account in of_ids(portal, known.items) if _is_like(account, *like)], known.cursor)
    if name:
        field = "name"
    elif number and not parent_id:
        field = "number"
    index = (_OF_OFFICE if parent_id else _OF_PORTAL).get(field)
    if index is None:
        raise Invalid(
            fields={"sort": f"Sort by {'created_at or name' if parent_id else 'created_at, name or number'}."}
        )
    between = {
        "name": AccountRow.name_key.startswith(name_key) if name else None,
        "number": AccountRow.number_key.startswith(number_key) if number else None,
    }
    wanted = (
        (AccountRow.status == status) if status else None,
        (AccountRow.record_type == record_type) if record_type else None,
        AccountRow.tags.contains(tag) if tag else None,
        between["number"] if field != "number" else None,
    )
    only: Condition | None = None
    for condition in wanted:
        if condition is not None:
            only = condition if only is None else only & condition
    page = query(
        AccountRow, belonging.providers_list(portal, parent_id) if parent_id else f"{portal}#account", index=index,
        between=between.get(field), only=only, limit=limit, cursor=cursor, descending=descending,
    )  # fmt: skip
    return Page([_account(row) for row in page.items], page.cursor)


def _is_like(
    account: Account,
    name_key: str,
    number_key: str,
    status: str | None,
    record_type: str | None,
    tag: str | None,
    parent_id: str | None,
) -> bool:
    """Whether an account is what the filters of a list ask for."""
    return (
        matching.name_key(account.name).startswith(name_key)
        and matching.number_key(account.number or "").startswith(number_key)
        and status in (None, account.status)
        and record_type in (None, account.record_type)
        and (tag is None or tag in account.tags)
        and parent_id in (None, account.parent_id)
    )


def change(act: Act, portal: Portal, account_id: str, wanted: AccountInput, *, version: int | None = None) -> Account:
    """Replace what is said of an account. Closing it shuts its contacts out at once; a new number moves its cards.

    Refuses with Stale when `version` is given and no longer the present one, and when its user changed meanwhile.
    """
    row = account_row(act.portal, account_id)
    if version is not None and version != row.version:
        raise Stale
    before, details, read_version = row.details, _checked(wanted), int(row.version)
    if before == details:
        return _account(row)
    tx = act.transaction()
    old_cards, new_cards = row.cards, cards.partition(act.portal, _number_key(details.number, account_id))
    has_moved = new_cards != old_cards
    if has_moved:
        _move_cards(tx, row, new_cards, details)
    else:
        tx.update(
            CardRow(row.cards, "account"),
            CardRow.account_name.set(details.name),
            CardRow.status.set(details.status),
            CardRow.record_type.set(details.record_type),
            CardRow.agent.set(details.assigned_agent) if details.assigned_agent else CardRow.agent.remove(),
            when=CardRow.pk.exists(),
        )
    row.cards, row.version = new_cards, read_version + 1
    row.number_key = _number_key(details.number, account_id) if details.number else None
    _fill(row, details, clock.timestamp())
    if has_moved:
        _move_users(tx, act.portal, row, before)
    belonging.keep(tx, act.portal, row, before)
    _keep_user_in_step(tx, act, portal, row, before, has_moved=has_moved)
    if row.access_at:
        record_users.keep_in_step(tx, act, row, before, has_moved=has_moved)
    tx.put(row, when=belonging.as_read(row, read_version), refusal=Stale())
    facts.record(tx, act, _kind(before, details), facts.subject("account", account_id), _changed(before, details))
    if len(tx) > _MOST_CHANGES:
        raise Invalid(fields={"number": _TOO_MUCH})
    tx.commit()
    return _account(row)


def change_tags(act: Act, account: Account, *, add: tuple[str, ...], remove: tuple[str, ...]) -> bool:
    """Add and remove tags of an account as it was read, in one write; False where it has them so already.

    Raises Stale where it was changed since, and Invalid where it would have too many.
    """
    details = AccountInput(**fields.values(account, AccountInput))
    after = msgspec.structs.replace(details, tags=tag_rules.after(details.tags, add, remove))
    if after == details:
        return False
    tx = act.transaction()
    tx.update(
        AccountRow(belonging.account_key(act.portal, account.id), "account"),
        AccountRow.details.set(after),
        AccountRow.tags.set(after.tags),
        AccountRow.version.add(1),
        AccountRow.updated_at.set(clock.timestamp()),
        when=AccountRow.version == account.version,
        refusal=Stale(),
    )
    facts.record(tx, act, Kind.ACCOUNT_CHANGED, facts.subject("account", account.id), _changed(details, after))
    tx.commit()
    return True


def add_user(
    tx: Transaction,
    portal: str,
    account: Account,
    *,
    username: str,
    username_key: str,
    password_hash: str | None = None,
    answers: tuple[QuestionAnswered, ...] = (),
) -> None:
    """Add the account's user to the transaction.

    Refused with UsernameTaken, with Conflict when it has one already, and with Stale when the account was changed (its
    number, its emails) or closed since it was read.
    """
    still(tx, portal, account)
    users.add(
        tx,
        portal,
        user_id=account.id,
        kind="customer",
        username=username,
        username_key=username_key,
        account_id=account.id,
        cards=cards_of(portal, account),
        emails=account.primary_emails,
        password_hash=password_hash,
        answers=answers,
    )


def cards_of(portal: str, account: Account) -> str:
    """The partition of the account's claim and cards."""
    return cards.partition(portal, _number_key(account.number, account.id))


def receive_user(tx: Transaction, portal: str, account: Account) -> None:
    """Add to the transaction that a user comes to this account, which must be open and as it was read; else Stale.

    A change of the account that looks for its users at the same moment is refused, and looks again.
    """
    tx.update(
        AccountRow(belonging.account_key(portal, account.id), "account"),
        AccountRow.arrivals.add(1),
        when=_open_as_read(account),
        refusal=Stale(),
    )


def still(tx: Transaction, portal: str, account: Account) -> None:
    """Add to the transaction that the account must be open and as it was read. Refused with Stale."""
    row = AccountRow(belonging.account_key(portal, account.id), "account")
    tx.check(row, when=_open_as_read(account), refusal=Stale())


def note_access(tx: Transaction, act: Act, account: Account, *, is_on: bool) -> None:
    """Add to the transaction who switches self-service on or off, and when. Refused with Stale like `receive_user`.

    A closed account's may be switched off.
    """
    tx.update(
        AccountRow(belonging.account_key(act.portal, account.id), "account"),
        AccountRow.arrivals.add(1),
        AccountRow.access_at.set(clock.timestamp()),
        AccountRow.access_by.set(act.actor),
        when=_open_as_read(account) if is_on else AccountRow.version == account.version,
        refusal=Stale(),
    )


def access_noted(portal: str, account_id: str) -> tuple[Account, int | None, str | None]:
    """The account, when its self-service was last switched on or off, and by whom. Raises NotFound."""
    row = account_row(portal, account_id)
    return _account(row), int(row.access_at) if row.access_at else None, row.access_by


def _open_as_read(account: Account) -> Condition:
    return (AccountRow.version == account.version) & (AccountRow.status == "open")


def names(portal: str, account_ids: Iterable[str]) -> dict[str, str]:
    """The names of these accounts, at most 100; one that is gone is left out."""
    keys = [(belonging.account_key(portal, each), "account") for each in dict.fromkeys(account_ids)]
    rows = AccountRow.find_many(keys).values() if keys else ()
    return {str(row.created_key): row.details.name for row in rows}


def office_id(portal: str, account_id: str) -> str | None:
    """The office that an account is, or belongs to; None where there is no such account."""
    row = AccountRow.find(belonging.account_key(portal, account_id), "account")
    return (row.details.parent_id or account_id) if row else None


def account_row(portal: str, account_id: str) -> AccountRow:
    """The stored account. Raises NotFound."""
    row = AccountRow.find(belonging.account_key(portal, account_id), "account")
    if row is None:
        raise NotFound("There is no account with this id.")
    return row


def _keep_user_in_step(
    tx: Transaction, act: Act, portal: Portal, row: AccountRow, before: AccountInput, *, has_moved: bool
) -> None:
    """What a change of the account means for its user, if it has one, and for the links to make one.

    Who has none must have none still when the transaction commits, so that none is made of what was true before.
    """
    after = row.details
    is_new = before.record_type != "customer" and after.record_type == "customer"
    has_other_emails = before.primary_emails != after.primary_emails
    if not (has_moved or has_other_emails or is_new or row.invited_at == credential_links.DUE):
        return
    account_id = str(row.created_key)
    user = users.by_id(act.portal, account_id)
    if user is None:
        users.id_is_free(tx, act.portal, account_id, refusal=Stale())
    elif has_moved or has_other_emails:
        user_changes.follow_account(tx, user, cards=row.cards, emails=after.primary_emails)
    is_invited = credential_links.invite(tx, act, portal, row, user, is_new=is_new)
    if has_other_emails:
        credential_links.leave(
            tx, act, account_id, before.primary_emails, after.primary_emails, user, keeps_create=is_invited
        )


def _move_cards(tx: Transaction, row: AccountRow, new_cards: str, details: AccountInput) -> None:
    """Carry the claim and every card to the partition of a new number, if none changes meanwhile."""
    held = query(CardRow, row.cards, limit=500).items
    if len(held) > _MOVABLE_CARDS:
        raise Invalid(
            fields={"number": f"The number of an account with over {_MOVABLE_CARDS - 1} contacts stays as it is."}
        )
    for card in held:
        values = dict(card.attribute_values) | {"pk": new_cards}
        if card.sk == "account":
            values |= {"account_name": details.name, "status": details.status, "agent": details.assigned_agent}
            values |= {"record_type": details.record_type}
        tx.delete(CardRow(card.pk, card.sk), when=CardRow.revision == card.revision, refusal=Stale())
        tx.put(CardRow(**values), when=CardRow.pk.does_not_exist(), refusal=Invalid(fields={"number": NUMBER_TAKEN}))


def _move_users(tx: Transaction, portal: str, row: AccountRow, before: AccountInput) -> None:
    """Carry the users of an office or provider to its new number, after the cards."""
    belonging.move_users(tx, portal, row, before, most=_MOVABLE_USERS)
    if len(tx) > _MOVABLE:
        raise Invalid(fields={"number": _TOO_MANY_USERS})


def _fill(row: AccountRow, details: AccountInput, now: int) -> None:
    row.details, row.status, row.record_type, row.tags = details, details.status, details.record_type, details.tags
    row.name_key, row.updated_at = f"{matching.name_key(details.name)}#{row.created_key}", now


def _checked_whole(wanted: NewAccount, country: str) -> tuple[AccountInput, list[ContactDetails]]:
    """The account and its contacts in the form to keep. Raises Invalid for the faults of all of them."""
    wrong: dict[str, str] = {}
    details, people = AccountInput(**fields.values(wanted, AccountInput)), []
    try:
        details = _checked(details)
    except Invalid as refusal:
        wrong |= refusal.fields
    for place, contact in enumerate(wanted.contacts):
        try:
            people.append(checked_contact(contact, country, at=f"contacts.{place}."))
        except Invalid as refusal:
            wrong |= refusal.fields
    if wrong:
        raise Invalid(fields=wrong)
    return details, people


def _checked(wanted: AccountInput) -> AccountInput:
    wrong: dict[str, str] = {}
    emails = []
    for place, email in enumerate(wanted.primary_emails):
        emails.append(matching.email_checked(email) or "")
        if not emails[-1]:
            wrong[f"primary_emails.{place}"] = matching.email_fault(email)
    agent = matching.email_checked(wanted.assigned_agent) if wanted.assigned_agent else None
    if wanted.assigned_agent and agent is None:
        wrong["assigned_agent"] = matching.email_fault(wanted.assigned_agent)
    if wanted.number is not None and not matching.number_key(wanted.number):
        wrong["number"] = "A number needs at least one letter or digit."
    if not matching.name_key(wanted.name):
        wrong["name"] = matching.NO_NAME
    for place, tag in enumerate(wanted.tags):
        if not tag_rules.is_tag(tag):
            wrong[f"tags.{place}"] = tag_rules.NO_TAG
    if wanted.time_zone is not None and not fields.is_zone(wanted.time_zone):
        wrong["time_zone"] = fields.NO_ZONE
    wrong |= belonging.faults(wanted)
    if wrong:
        raise Invalid(fields=wrong)
    tags = tuple(dict.fromkeys(wanted.tags))
    return msgspec.structs.replace(wanted, primary_emails=tuple(dict.fromkeys(emails)), assigned_agent=agent, tags=tags)


def _kind(before: AccountInput, after: AccountInput) -> Kind:
    if before.status == after.status:
        return Kind.ACCOUNT_CHANGED
    return Kind.ACCOUNT_CLOSED if after.status == "closed" else Kind.ACCOUNT_OPENED


def _changed(before: AccountInput, after: AccountInput) -> dict[str, object]:
    """Which fields changed; values only where they are no personal data."""
    names = [name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    plain = {"status", "record_type", "tags"}
    return {name: [getattr(before, name), getattr(after, name)] if name in plain else "changed" for name in names}


def _account(row: AccountRow) -> Account:
    return Account(
        id=str(row.created_key),
        version=int(row.version),
        created_at=clock.text(int(row.created_at or 0)) or "",
        updated_at=clock.text(int(row.updated_at or 0)) or "",
        **fields.values(row.details),
    )


def _number_key(number: str | None, account_id: str) -> str:
    """Under what the account's claim and cards stand: its number, or a name that no number can have."""
    return matching.number_key(number) if number else f"~{account_id}"
