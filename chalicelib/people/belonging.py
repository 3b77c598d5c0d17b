"""What belongs to an office: its providers, the users of both, and the identifiers by which people outside find them.

All of it is kept in step within the transaction that changes the account. A provider belongs to an open office; nobody
leaves users or providers behind.
"""

from __future__ import annotations

from typing import Final

from ..errors import Invalid
from ..storage import Condition, NumberAttribute, Page, Transaction, query
from . import matching, user_changes, users
from .models import AccountRow, IdentifierRow
from .shapes import AccountInput

_TAKE_USERS: Final = frozenset({"office", "provider"})
_MOST_FOUND = 100  # of one identifier: as many as one read of the accounts can take
NO_IDENTIFIER = "An identifier needs at least one letter or digit."
_NEEDS_OFFICE = "A provider needs the office it belongs to."
_NO_OFFICE = "There is no open office with this id in this portal."
_ONLY_PROVIDERS = "Only a provider belongs to an office."
_HAS_PROVIDERS = "This office has providers. Move them to another office first."
_HAS_USERS = "There are users here, who would be left behind. Add a new account instead."


def takes_users(details: AccountInput) -> bool:
    """Whether people register here: whether this is an office or a provider."""
    return details.record_type in _TAKE_USERS


def faults(details: AccountInput) -> dict[str, str]:
    """What is wrong with how an account belongs, and with what it is found by, per field."""
    wrong: dict[str, str] = {}
    if details.record_type == "provider" and details.parent_id is None:
        wrong["parent_id"] = _NEEDS_OFFICE
    elif details.record_type != "provider" and details.parent_id is not None:
        wrong["parent_id"] = _ONLY_PROVIDERS
    if takes_users(details):
        for place, identifier in enumerate(details.identifiers):
            if not matching.number_key(identifier.value):
                wrong[f"identifiers.{place}.value"] = NO_IDENTIFIER
    return wrong


def keep(tx: Transaction, portal: str, row: AccountRow, before: AccountInput | None = None) -> None:
    """Add to the transaction what a new or changed account means for its office, and for what finds it.

    `row` is as it will be; the caller writes it while it is still `as_read`. Refused with Invalid, naming the field, when
    the office is not there, is closed or is none, and when users or providers would be left behind.
    """
    account_id, after = str(row.created_key), row.details
    if before is not None:
        _leave_nobody(portal, row, before)
    row.account_key = providers_list(portal, after.parent_id) if after.parent_id else None
    _join(tx, portal, account_id, before.parent_id if before else None, after.parent_id)
    _name(tx, portal, account_id, _folded(before), _folded(after))


def as_read(row: AccountRow, version: int) -> Condition:
    """That an account is as it was read in this version, and neither a provider nor a user has come to it since."""
    same = _still(AccountRow.providers, row.providers) & _still(AccountRow.arrivals, row.arrivals)
    return same & (AccountRow.version == version)


def move_users(tx: Transaction, portal: str, row: AccountRow, before: AccountInput, *, most: int) -> None:
    """Add to the transaction that the users of an account follow it to its new number, or more than `most` of them.

    Refused with Stale when one of them was changed since it was listed.
    """
    if row.arrivals:
        account_id = str(row.created_key)
        office_id = before.parent_id or account_id
        for user in users.of_account(portal, office_id, account_id, most=most):
            user_changes.follow_account(tx, user, cards=row.cards, emails=user.emails)


def identified(
    portal: str, identifier: str, *, limit: int = _MOST_FOUND, cursor: str | None = None, descending: bool = False
) -> Page[str]:
    """The ids of the offices and providers with this identifier, however it is spelled, in the order of their making."""
    folded = matching.number_key(identifier)
    if not folded:
        return Page([])
    page = query(IdentifierRow, _identifier_key(portal, folded), limit=limit, cursor=cursor, descending=descending)
    return Page([row.sk for row in page.items], page.cursor)


def is_named(details: AccountInput, identifier: str, qualifier: str = "") -> bool:
    """Whether this is one of an account's identifiers; with a `qualifier`, such as NPI, whether it is that one."""
    folded = matching.number_key(identifier)
    return any(
        matching.number_key(each.value) == folded and (not qualifier or _same(each.qualifier, qualifier))
        for each in details.identifiers
    )


def providers_list(portal: str, office_id: str) -> str:
    """The index partition that lists the providers of an office."""
    return f"{portal}#account#{office_id}#providers"


def _office(details: AccountInput, account_id: str) -> str | None:
    """The office that an account is or belongs to; None of what takes no users."""
    return (details.parent_id or account_id) if takes_users(details) else None


def _leave_nobody(portal: str, row: AccountRow, before: AccountInput) -> None:
    account_id, after = str(row.created_key), row.details
    if row.providers and after.record_type != "office":
        raise Invalid(fields={"record_type": _HAS_PROVIDERS})
    office_id = _office(before, account_id)
    if office_id is None or office_id == _office(after, account_id) or not row.arrivals:
        return
    if users.of_account(portal, office_id, account_id):
        field = "parent_id" if before.record_type == after.record_type else "record_type"
        raise Invalid(fields={field: _HAS_USERS})


def _join(tx: Transaction, portal: str, account_id: str, before: str | None, after: str | None) -> None:
    """Count a provider out of the office of before, and in at the one it belongs to now."""
    if before == after:
        return
    refusal = Invalid(fields={"parent_id": _NO_OFFICE})
    if after == account_id:
        raise refusal
    if before is not None:
        tx.update(AccountRow(account_key(portal, before), "account"), AccountRow.providers.add(-1))
    if after is not None:
        is_open_office = (AccountRow.status == "open") & (AccountRow.record_type == "office")
        office = AccountRow(account_key(portal, after), "account")
        tx.update(office, AccountRow.providers.add(1), when=is_open_office, refusal=refusal)


def _name(tx: Transaction, portal: str, account_id: str, before: set[str], after: set[str]) -> None:
    for value in sorted(before - after):
        tx.delete(IdentifierRow(_identifier_key(portal, value), account_id))
    for value in sorted(after - before):
        tx.put(IdentifierRow(_identifier_key(portal, value), account_id))


def _folded(details: AccountInput | None) -> set[str]:
    if details is None or not takes_users(details):
        return set()
    return {matching.number_key(identifier.value) for identifier in details.identifiers}


def _same(one: str, other: str) -> bool:
    return matching.number_key(one) == matching.number_key(other)


def _still(count: NumberAttribute, read: float | None) -> Condition:
    return count.does_not_exist() if read is None else count == read


def account_key(portal: str, account_id: str) -> str:
    """The table key of an account."""
    return f"{portal}#account#{account_id}"


def _identifier_key(portal: str, folded: str) -> str:
    return f"{portal}#identifier#{folded}"
