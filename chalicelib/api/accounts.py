"""Accounts over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .. import storage
from ..facts import Act
from ..fields import Identifier, Line
from ..people import accounts, cards, contacts, matching
from ..people.shapes import Account, AccountCreated, AccountInput, Contact, NewAccount, RecordType
from ..web.operation import Answer, Call, Paging, created, one, page
from .bulk import MOST_ROWS, BulkResult, create_rows
from .changing import changed
from .registry import AT, operation, path

_GROUP = "Accounts"
_EXAMPLE: dict[str, Any] = {
    "name": "Northwind Traders",
    "number": "NW-1001",
    "tags": ["renewal-2027"],
    "contacts": [
        {
            "first_name": "Maria",
            "last_name": "Nuñez",
            "emails": ["maria@northwind.example"],
            "mobile": "+1 415 555 0132",
        }
    ],
}


class AccountQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort and filter accounts."""

    sort: (
        Annotated[
            Literal["created_at", "-created_at", "name", "-name", "number", "-number"],
            Meta(
                description="By what to sort; a leading - turns it round. Newest first unless you filter by name or number, "
                "which sorts by that. Sorted by number, only accounts that have one are listed. Providers of an office have "
                "no order by number, and what an identifier finds is sorted by created_at only."
            ),
        ]
        | None
    ) = None
    name: Annotated[Line, Meta(description="Names that begin so, in any case, with or without accents.")] | None = None
    number: Annotated[Line, Meta(description="Client numbers that begin so, with or without separators.")] | None = None
    status: Literal["open", "closed"] | None = None
    record_type: RecordType | None = None
    tag: Annotated[Line, Meta(description="Accounts with exactly this tag.")] | None = None
    parent_id: Annotated[Identifier, Meta(description="The providers of this office.")] | None = None
    identifier: (
        Annotated[
            Line,
            Meta(
                description="Offices and providers with this identifier, such as a TIN or NPI, with or without separators."
            ),
        ]
        | None
    ) = None


class AccountRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accounts to create, at most 100, each with its contacts."""

    rows: Annotated[tuple[NewAccount, ...], Meta(min_length=1, max_length=MOST_ROWS)]


@operation("GET", f"{AT}/accounts", _GROUP, query=AccountQuery, gives=Account, many=True)
def list_accounts(call: Call[AccountQuery, None]) -> Answer:
    """List accounts."""
    query = call.query
    usual = "name" if query.name else "number" if query.number and not query.parent_id else "-created_at"
    if query.identifier:
        usual = "-created_at"
    found = accounts.listed(
        call.slug,
        sort=query.sort or usual,
        name=query.name,
        number=query.number,
        status=query.status,
        record_type=query.record_type,
        tag=query.tag,
        parent_id=query.parent_id,
        identifier=query.identifier,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    return page(found, path(call.slug, "accounts"), query)


def account_again(call: Call[None, NewAccount]) -> Answer:
    """The account of a creation that was carried out before, with the contacts made with it, in the order given."""
    account = accounts.get(call.slug, call.new_id)
    made = _contacts_made_with(call.slug, account, call.body)
    values = {name: getattr(account, name) for name in Account.__struct_fields__}
    return created(AccountCreated(**values, contacts=made), path(call.slug, "accounts", account.id))


@operation(
    "POST",
    f"{AT}/accounts",
    _GROUP,
    body=NewAccount,
    gives=AccountCreated,
    status=201,
    replay=account_again,
    example=_EXAMPLE,
)
def create_account(call: Call[None, NewAccount]) -> Answer:
    """Create an account, with its contacts.

    All of it or nothing. A client number belongs to one account of its portal, however it is spelled: NW-1001, nw 1001
    and NW1001 are one number.
    """
    made = accounts.create(call.act, call.portal, call.body, account_id=call.new_id)
    return created(made, path(call.slug, "accounts", made.id))


@operation(
    "POST", f"{AT}/accounts/bulk", _GROUP, body=AccountRows, takes="rows", gives=BulkResult,
    example={"rows": [_EXAMPLE, {"name": "Fabrikam", "number": "FB-2"}]},
)  # fmt: skip
def create_accounts(call: Call[None, Any]) -> Answer:
    """Create many accounts.

    Up to 100 rows, each of them created or refused on its own; the answer tells which. Repeat the whole call with the
    same Idempotency-Key after a lost answer: rows that were created are answered as replayed.
    """

    def create(act: Act, wanted: NewAccount, new_id: str) -> object:
        return accounts.create(act, call.portal, wanted, account_id=new_id)

    return create_rows(call, NewAccount, create)


@operation("GET", f"{AT}/accounts/{{account}}", _GROUP, gives=Account)
def read_account(call: Call[None, None]) -> Answer:
    """Read an account."""
    return one(accounts.get(call.slug, call.ids["account"]))


@operation(
    "PATCH", f"{AT}/accounts/{{account}}", _GROUP, body=AccountInput, takes="patch", gives=Account, refusals=("stale",),
    example={"status": "closed"},
)  # fmt: skip
def change_account(call: Call[None, Any]) -> Answer:
    """Change an account.

    Closing an account shuts its contacts out at once. Under a new number they sign in with that one.
    """
    account_id = call.ids["account"]
    return changed(
        call,
        AccountInput,
        read=lambda: accounts.get(call.slug, account_id),
        change=lambda wanted, version: accounts.change(call.act, call.portal, account_id, wanted, version=version),
    )


def _contacts_made_with(slug: str, account: Account, asked: NewAccount) -> tuple[Contact, ...]:
    """By consistent reads: the cards name the contacts, the oldest of which were made with the account."""
    number_key = matching.number_key(account.number) if account.number else f"~{account.id}"
    oldest = sorted(card.contact_id for card in cards.under(slug, number_key).cards)[: len(asked.contacts)]
    found = storage.together([lambda c=contact_id: contacts.get(slug, c) for contact_id in oldest])  # type: ignore[misc]
    names = [(wanted.first_name, wanted.last_name, len(wanted.emails)) for wanted in asked.contacts]
    keys = {contact.id: (contact.first_name, contact.last_name, len(contact.emails)) for contact in found}
    return tuple(sorted(found, key=lambda c: names.index(keys[c.id]) if keys[c.id] in names else len(names)))
