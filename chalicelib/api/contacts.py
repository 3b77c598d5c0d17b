"""Contacts over the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ..facts import Act
from ..fields import Identifier, Line
from ..people import accounts, contacts
from ..people.shapes import Contact, ContactInput
from ..web.operation import Answer, Call, Paging, created, nothing, one, page
from .bulk import MOST_ROWS, BulkResult, create_rows
from .changing import changed, removed
from .registry import AT, operation, path

_GROUP = "Contacts"
_EXAMPLE: dict[str, Any] = {
    "account_id": "019a9f6f3c7e7d10a2b4c6d8e0f20406",
    "first_name": "Maria",
    "last_name": "Nuñez",
    "title": "Head of People",
    "emails": ["maria@northwind.example"],
    "mobile": "+1 415 555 0132",
}
Sort = Annotated[
    Literal["created_at", "-created_at", "name", "-name"],
    Meta(
        description="By what to sort; a leading - turns it round. Newest first, unless you filter the whole portal by name. "
        "Contacts of one account come by age only."
    ),
]


class OfAccountQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to filter the contacts of one account; they come by age."""

    sort: Annotated[Literal["created_at", "-created_at"], Meta(description="Oldest or newest first.")] = "-created_at"
    name: Annotated[Line, Meta(description="Last names that begin so.")] | None = None
    email: Annotated[Line, Meta(description="Contacts with exactly this email address.")] | None = None


class ContactQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort and filter contacts."""

    sort: Sort | None = None
    account_id: Annotated[Identifier, Meta(description="Contacts of this account only, by age.")] | None = None
    name: Annotated[Line, Meta(description="Last names that begin so.")] | None = None
    email: Annotated[Line, Meta(description="Contacts with exactly this email address.")] | None = None


class ContactRows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contacts to create, at most 100."""

    rows: Annotated[tuple[ContactInput, ...], Meta(min_length=1, max_length=MOST_ROWS)]


@operation("GET", f"{AT}/contacts", _GROUP, query=ContactQuery, gives=Contact, many=True)
def list_contacts(call: Call[ContactQuery, None]) -> Answer:
    """List contacts."""
    return page(_found(call, call.query.account_id), path(call.slug, "contacts"), call.query)


@operation("GET", f"{AT}/accounts/{{account}}/contacts", _GROUP, query=OfAccountQuery, gives=Contact, many=True)
def list_contacts_of_account(call: Call[OfAccountQuery, None]) -> Answer:
    """List an account's contacts."""
    account = accounts.get(call.slug, call.ids["account"])
    return page(_found(call, account.id), path(call.slug, "accounts", account.id, "contacts"), call.query)


def contact_again(call: Call[None, ContactInput]) -> Answer:
    """The contact of a creation that was carried out before."""
    return created(contacts.get(call.slug, call.new_id), path(call.slug, "contacts", call.new_id))


@operation(
    "POST",
    f"{AT}/contacts",
    _GROUP,
    body=ContactInput,
    gives=Contact,
    status=201,
    replay=contact_again,
    example=_EXAMPLE,
)
def create_contact(call: Call[None, ContactInput]) -> Answer:
    """Create a contact at an account.

    Phone numbers are kept in international form; one without a country code is read as one of the portal's country.
    """
    made = contacts.create(call.act, call.country, call.body, contact_id=call.new_id)
    return created(made, path(call.slug, "contacts", made.id))


@operation(
    "POST",
    f"{AT}/contacts/bulk",
    _GROUP,
    body=ContactRows,
    takes="rows",
    gives=BulkResult,
    example={"rows": [_EXAMPLE]},
)
def create_contacts(call: Call[None, Any]) -> Answer:
    """Create many contacts.

    As for accounts: up to 100 rows, each on its own, repeatable with the same Idempotency-Key.
    """

    def create(act: Act, wanted: ContactInput, new_id: str) -> object:
        return contacts.create(act, call.country, wanted, contact_id=new_id)

    return create_rows(call, ContactInput, create)


@operation("GET", f"{AT}/contacts/{{contact}}", _GROUP, gives=Contact)
def read_contact(call: Call[None, None]) -> Answer:
    """Read a contact."""
    return one(contacts.get(call.slug, call.ids["contact"]))


@operation(
    "PATCH", f"{AT}/contacts/{{contact}}", _GROUP, body=ContactInput, takes="patch", gives=Contact, refusals=("stale",),
    example={"mobile": "+1 415 555 0188"},
)  # fmt: skip
def change_contact(call: Call[None, Any]) -> Answer:
    """Change a contact.

    It stays with its account. What it can sign in with changes at once.
    """
    contact_id = call.ids["contact"]
    return changed(
        call,
        ContactInput,
        read=lambda: contacts.get(call.slug, contact_id),
        change=lambda wanted, version: contacts.change(call.act, call.country, contact_id, wanted, version=version),
    )


@operation("DELETE", f"{AT}/contacts/{{contact}}", _GROUP, status=204, refusals=("conflict", "stale"))
def remove_contact(call: Call[None, None]) -> Answer:
    """Remove a contact.

    Refused while a batch is open to it. Afterwards nobody can sign in as this contact.
    """
    removed(call, lambda: contacts.remove(call.act, call.ids["contact"], version=call.version))
    return nothing()


def _found(call: Call[Any, None], account_id: str | None) -> Any:
    query = call.query
    usual = "name" if query.name and not account_id else "-created_at"
    return contacts.listed(
        call.slug,
        account_id=account_id,
        sort=query.sort or usual,
        name=query.name,
        email=query.email,
        limit=query.limit,
        cursor=query.cursor or None,
    )
