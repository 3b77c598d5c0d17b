"""Add User: somebody who works at an office or provider becomes its user, with a temporary password told once.

Whoever adds them sees the password, tells it to them by word of mouth, and nothing is mailed. It lasts a day and must be
changed at first use. This works at one's own level; whoever is wanted below it is sent a registration link.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .. import clock, facts, fields, ids
from ..config import settings
from ..errors import Invalid, NotFound
from ..facts import Act, Kind
from ..portals import Portal
from ..security import keys, passwords
from . import authority, contacts, employees, matching, office_desk, office_users, usernames
from .authority import Authority
from .employees import Employee
from .office_lists import OfficeUser
from .shapes import Contact, ContactDetails, Email, Phone, UserDetails

_NOT_BOTH = "Name an employee by contact_id, or add one, not both."
_NOBODY = "There is no employee with this id at this office or provider."
_NO_ROLE = "This portal has no such role."
_NO_EMAIL = "Enter an email address: messages about the sign-in go there."
_NOT_BELOW = "You add users at your own level. Send a registration link to whoever is wanted at a provider."


class NewOfficeUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user to add. What is left out of names, email, title and phone is taken from the employee."""

    account_id: Annotated[fields.Identifier, Meta(description="The office or provider.")]
    contact_id: Annotated[fields.Identifier, Meta(description="An employee found in users/employees.")] | None = None
    employee: Annotated[Employee, Meta(description="Or one to add at once.")] | None = None
    role: fields.Slug
    username: Annotated[
        str,
        Meta(min_length=1, max_length=200, description="For good: it never changes."),
        fields.content(usernames.can_be, usernames.fault),
    ]
    email: Email | None = None
    first_name: fields.Line = ""
    middle_name: fields.Line = ""
    last_name: fields.Line = ""
    title: fields.Line = ""
    phone: Phone | None = None


class OfficeUserAdded(OfficeUser, frozen=True, kw_only=True):
    """A new user. The password is in the first answer only: a repeated call is answered without it."""

    temporary_password: str | None
    sign_in_url: Annotated[str, Meta(description="Where the user signs in.")]


def add(act: Act, portal: Portal, by: Authority, wanted: NewOfficeUser, *, user_id: str) -> OfficeUserAdded:
    """A new user and, unless one is named, a new contact. Raises Invalid, Forbidden, UsernameTaken, Conflict, Stale."""
    account = employees.place(act, by, wanted.account_id)
    about = facts.subject("user", user_id)
    if not by.is_everywhere and account.id != by.account_id:
        authority.refuse(act, about, wanted.role, _NOT_BELOW)
    if authority.must_give(act, by, portal, wanted.role, about) is None:
        raise Invalid(fields={"role": _NO_ROLE})
    person = _employed(portal, wanted)
    details = _details(wanted, person, portal.country)
    username = usernames.checked(wanted.username)
    made = passwords.generated(portal.slug, user_id, ids.new(), keys.current())
    tx = act.transaction()
    if isinstance(person, Contact):
        contacts.give_user(tx, portal.slug, person, user_id)
    office_users.add(
        tx,
        act,
        account,
        user_id=user_id,
        username=username,
        username_key=usernames.key(username),
        role=wanted.role,
        details=details,
        password_hash=passwords.hashed(made),
        temporary_until=clock.timestamp() + passwords.TEMPORARY_SECONDS,
        contact_id=person.id if isinstance(person, Contact) else None,
        employee=None if isinstance(person, Contact) else person,
    )
    facts.record(tx, act, Kind.OFFICE_USER_ADDED, about, {"account": account.id, "role": wanted.role})
    tx.commit()
    return added(portal, by, user_id, made)


def added(portal: Portal, by: Authority, user_id: str, password: str | None = None) -> OfficeUserAdded:
    """A user as the answer to adding them, with the password only this once. Raises NotFound."""
    user = office_desk.get(portal, by, user_id)
    return OfficeUserAdded(
        **fields.values(user),
        temporary_password=password,
        sign_in_url=f"{settings.public_url}/{portal.slug}/sign-in/password",
    )


def _employed(portal: Portal, wanted: NewOfficeUser) -> Contact | ContactDetails | None:
    """The employee who is named, or is to be added; None where the user's own names will do. Raises Invalid."""
    if wanted.employee is not None:
        if wanted.contact_id is not None:
            raise Invalid(fields={"contact_id": _NOT_BOTH})
        return employees.checked(wanted.employee, portal.country, at="employee.")
    if wanted.contact_id is None:
        return None
    try:
        person = contacts.get(portal.slug, wanted.contact_id)
    except NotFound:
        person = None
    if person is None or person.account_id != wanted.account_id:
        raise Invalid(fields={"contact_id": _NOBODY})
    return person


def _details(wanted: NewOfficeUser, person: ContactDetails | None, country: str) -> UserDetails:
    """Who the user is. Raises Invalid with every field at fault."""
    why_not = usernames.fault(wanted.username)
    wrong = {"username": why_not} if why_not else {}
    typed = wanted.email or (person.emails[0] if person and person.emails else "")
    email = matching.email_checked(typed) if typed else None
    if email is None:
        wrong["email"] = matching.email_fault(typed) if typed else _NO_EMAIL
    number = wanted.phone or (person.landline or person.mobile if person else None)
    phone = matching.phone_key(number, country) if number else None
    if number and phone is None:
        wrong["phone"] = matching.NO_PHONE
    names = {
        name: getattr(wanted, name) or (getattr(person, name) if person else "")
        for name in ("first_name", "middle_name", "last_name", "title")
    }
    if not names["first_name"]:
        wrong["first_name"] = "Enter the first name."
    if not matching.name_key(names["last_name"]):
        wrong["last_name"] = matching.NO_LAST_NAME
    if wrong:
        raise Invalid(fields=wrong)
    return UserDetails(**names, email=email, phone=phone)
