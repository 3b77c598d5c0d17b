"""The employees of an office or provider: its contacts, found by last name, and added before they become users."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .. import fields
from ..errors import Invalid, NotFound
from ..facts import Act
from ..portals import Portal
from ..storage import Page
from . import authority, contacts, matching, users
from .authority import Authority
from .shapes import Account, Contact, ContactDetails, ContactInput, Email, Phone
from .users import User

_NO_ACCOUNT = "There is no office or provider with this id in this portal."
_CLOSED = "This office or provider is closed."
_SAME = (
    "account_id", "provider_type", "last_name", "first_name", "middle_name", "title", "employee_number", "fax",
)  # fmt: skip
# Where an employee's fields stand in a contact.
_NAMED = {"landline": "telephone", "emails.0": "email"}


class Employee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be said of somebody who works at an office or provider."""

    provider_type: Annotated[fields.Line, Meta(description="Such as Physician; empty for whoever treats nobody.")] = ""
    last_name: Annotated[fields.Required, fields.content(matching.name_key, matching.NO_LAST_NAME)]
    first_name: fields.Required
    middle_name: fields.Line = ""
    title: fields.Line = ""
    employee_number: fields.Line = ""
    telephone: Phone | None = None
    fax: Phone | None = None
    email: Email | None = None


class NewEmployee(Employee, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An employee to add, and where."""

    account_id: Annotated[fields.Identifier, Meta(description="The office or provider.")]


class EmployeeFound(NewEmployee, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """An employee. `id` is the contact's; who has a user already cannot get a second one."""

    id: str
    name: str
    has_user: bool
    user_id: str | None
    username: str | None
    role: str | None
    role_name: str | None


def listed(
    act: Act,
    portal: Portal,
    by: Authority,
    account_id: str,
    *,
    last_name: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[EmployeeFound]:
    """The employees of an account by name, those whose last name begins so. Raises NotFound, Forbidden where it is outside."""
    account = authority.account_within(act, by, account_id)
    page = contacts.at_account(portal.slug, account.id, last_name=last_name, limit=limit, cursor=cursor)
    known = users.of_ids(portal.slug, (user_id for _, user_id in page.items if user_id))
    return Page([_found(portal, person, known.get(user_id or "")) for person, user_id in page.items], page.cursor)


def get(portal: Portal, contact_id: str) -> EmployeeFound:
    """The employee as of now. Raises NotFound."""
    person, user_id = contacts.with_user(portal.slug, contact_id)
    return _found(portal, person, users.by_id(portal.slug, user_id) if user_id else None)


def add(
    act: Act, portal: Portal, by: Authority, wanted: NewEmployee, *, contact_id: str | None = None
) -> EmployeeFound:
    """A new contact at the office or provider. Raises Invalid, Forbidden where that is outside."""
    account = place(act, by, wanted.account_id)
    details = ContactInput(account_id=account.id, **fields.values(checked(wanted, portal.country)))
    return _found(portal, contacts.create(act, portal.country, details, contact_id=contact_id), None)


def place(act: Act, by: Authority, account_id: str) -> Account:
    """The open office or provider that a body names. Raises Invalid, Forbidden where it is outside."""
    try:
        account = authority.account_within(act, by, account_id)
    except NotFound:
        raise Invalid(fields={"account_id": _NO_ACCOUNT}) from None
    if account.record_type not in ("office", "provider"):
        raise Invalid(fields={"account_id": _NO_ACCOUNT})
    if account.status != "open":
        raise Invalid(fields={"account_id": _CLOSED})
    return account


def checked(wanted: Employee, country: str, *, at: str = "") -> ContactDetails:
    """The contact that an employee is, in the form to keep. Raises Invalid; `at` leads the names of fields."""
    details = ContactDetails(
        first_name=wanted.first_name,
        middle_name=wanted.middle_name,
        last_name=wanted.last_name,
        title=wanted.title,
        provider_type=wanted.provider_type,
        employee_number=wanted.employee_number,
        landline=wanted.telephone,
        fax=wanted.fax,
        emails=(wanted.email,) if wanted.email else (),
    )
    try:
        return contacts.checked_contact(details, country)
    except Invalid as refusal:
        raise Invalid(fields={f"{at}{_NAMED.get(name, name)}": why for name, why in refusal.fields.items()}) from None


def _found(portal: Portal, person: Contact, user: User | None) -> EmployeeFound:
    role = portal.role(user.role) if user else None
    return EmployeeFound(
        **{name: getattr(person, name) for name in _SAME},
        telephone=person.landline or person.mobile,
        email=person.emails[0] if person.emails else None,
        id=person.id,
        name=person.name,
        has_user=user is not None,
        user_id=user.id if user else None,
        username=user.username if user else None,
        role=user.role if user else None,
        role_name=role.name if role else user.role if user else None,
    )
