"""Users of offices and providers over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Struct

from .. import clock, fields
from ..errors import Invalid
from ..facts import Act
from ..people import employees, office_adding, office_desk
from ..people.authority import Authority
from ..people.employees import EmployeeFound, NewEmployee
from ..people.office_adding import NewOfficeUser, OfficeUserAdded
from ..people.office_lists import OfficeUser, OfficeUserInput, UserFilters
from ..portals import Portal
from ..storage import afresh
from ..web import spreadsheet
from ..web.operation import Answer, Call, Cursor, Limit, Paging, created, nothing, one, page
from .changing import changed, removed
from .registry import AT, operation, path

_GROUP = "Users of offices"
_ONE = f"{AT}/users/{{user}}"
_FOR_GOOD = (
    "A username never changes. Add a new user with the username that is wanted, then delete this one; nobody else ever gets "
    "its username."
)
_ACCOUNT = "019a9f6f3c7e7d10a2b4c6d8e0f20406"
_COLUMNS = (
    "last_name", "first_name", "middle_name", "title", "username", "email", "phone", "role_name", "account_name", "state",
    "lock_reason", "locked_at", "last_sign_in", "created_at",
)  # fmt: skip


class UserQuery(UserFilters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to sort and filter the users of offices."""

    limit: Limit = 50
    cursor: Cursor = ""


class EmployeeQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose employees to list."""

    account_id: Annotated[fields.Identifier, Meta(description="The office or provider.")]
    last_name: Annotated[fields.Line, Meta(description="Last names that begin so.")] = ""


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a user is locked."""

    reason: Annotated[fields.Required, Meta(description="For whoever unlocks them one day.")]


@operation("GET", f"{AT}/users", _GROUP, query=UserQuery, gives=OfficeUser, many=True)
def list_users(call: Call[UserQuery, None]) -> Answer:
    """List users of offices.

    By name, without those who were deleted. A manager of an office sees the users of that office and its providers. Whoever
    waits for approval is among the registrations.
    """
    query = call.query
    found = office_desk.listed(call.portal, call.authority, query, limit=query.limit, cursor=query.cursor or None)
    return page(found, path(call.slug, "users"), query)


@operation("GET", f"{AT}/users/export", _GROUP, query=UserFilters)
def export_users(call: Call[UserFilters, None]) -> Answer:
    """Export users of offices.

    The whole list as CSV, at most 10,000 users; narrow it where there are more. A cell that a spreadsheet would take for a
    formula begins with an apostrophe. That somebody took the list away is on record.
    """
    rows = office_desk.exported(call.act, call.portal, call.authority, call.query)
    text = spreadsheet.table(_COLUMNS, ([getattr(row, name) or "" for name in _COLUMNS] for row in rows))
    day = (clock.text(clock.timestamp()) or "")[:10]
    told = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{call.slug}-users-{day}.csv"',
    }
    return Answer(text=text, headers=told)


@operation("GET", f"{AT}/users/employees", _GROUP, query=EmployeeQuery, gives=EmployeeFound, many=True)
def list_employees(call: Call[EmployeeQuery, None]) -> Answer:
    """List employees of an office.

    The contacts of an office or provider, by name, and which of them are users already.
    """
    query = call.query
    found = employees.listed(
        call.act, call.portal, call.authority, query.account_id, last_name=query.last_name, limit=query.limit,
        cursor=query.cursor or None,
    )  # fmt: skip
    return page(found, path(call.slug, "users", "employees"), query)


def employee_again(call: Call[None, NewEmployee]) -> Answer:
    """The employee of a call that was carried out before."""
    return _employee(call, employees.get(call.portal, call.new_id))


@operation(
    "POST", f"{AT}/users/employees", _GROUP, body=NewEmployee, gives=EmployeeFound, status=201, replay=employee_again,
    example={
        "account_id": _ACCOUNT, "provider_type": "Physician", "last_name": "Okafor", "first_name": "Ada",
        "employee_number": "4711", "telephone": "+1 415 555 0132", "email": "ada.okafor@clinic.example",
    },
)  # fmt: skip
def add_employee(call: Call[None, NewEmployee]) -> Answer:
    """Add an employee.

    A contact of the office or provider, who can become a user next.
    """
    made = employees.add(call.act, call.portal, call.authority, call.body, contact_id=call.new_id)
    return _employee(call, made)


def added_before(call: Call[None, NewOfficeUser]) -> Answer:
    """The user of a call that was carried out before, without the password: it was told."""
    return _added(call, office_adding.added(call.portal, call.authority, call.new_id))


@operation(
    "POST", f"{AT}/users", _GROUP, body=NewOfficeUser, gives=OfficeUserAdded, status=201, replay=added_before,
    refusals=("username-taken", "conflict", "stale"),
    example={
        "account_id": _ACCOUNT, "contact_id": "019a9f6f3c7e7d10a2b4c6d8e0f20407", "role": "portal-user",
        "username": "ada.okafor",
    },
)  # fmt: skip
def add_user(call: Call[None, NewOfficeUser]) -> Answer:
    """Add a user to an office.

    At one's own level, and in no role above one's own. The answer holds a temporary password, this once: tell it to the
    user together with `sign_in_url`. Nothing is mailed. It works for 24 hours and must be changed at first use.
    """
    made = afresh(
        lambda: office_adding.add(call.act, call.portal, call.authority, call.body, user_id=call.new_id)
    )  # fmt: skip
    return _added(call, made)


@operation("GET", _ONE, _GROUP, gives=OfficeUser)
def read_user(call: Call[None, None]) -> Answer:
    """Read a user of an office."""
    return one(office_desk.get(call.portal, call.authority, call.ids["user"]))


@operation(
    "PATCH", _ONE, _GROUP, body=OfficeUserInput, takes="patch", gives=OfficeUser, refusals=("conflict", "stale"),
    example={"role": "clerical-user"},
)  # fmt: skip
def change_user(call: Call[None, Any]) -> Answer:
    """Change a user of an office.

    All but the username. Nobody changes their own role. A role counts from the next request on; whoever becomes an
    administrator signs in anew. The address of before is told that it was replaced, and still gets what resets the password
    for a day.
    """
    if "username" in call.body:
        raise Invalid(fields={"username": _FOR_GOOD})
    portal, by, user_id = call.portal, call.authority, call.ids["user"]
    return changed(
        call,
        OfficeUserInput,
        read=lambda: office_desk.get(portal, by, user_id),
        change=lambda wanted, version: office_desk.change(call.act, portal, by, user_id, wanted, version=version),
    )


@operation("DELETE", _ONE, _GROUP, status=204, refusals=("conflict", "stale"))
def delete_user(call: Call[None, None]) -> Answer:
    """Delete a user of an office.

    Every session ends at once and nothing that was mailed opens any more. The user stays in the list of those who were
    deleted, and can be restored; the username is never given to another. Nobody deletes themselves, or the last user who can
    look after an office's users.
    """
    portal, by = call.portal, call.authority
    removed(call, lambda: office_desk.delete(call.act, portal, by, call.ids["user"], version=call.version))
    return nothing()


def done_before(call: Call[None, Any]) -> Answer:
    """The user, as it now is, of a call that was carried out before."""
    return one(office_desk.get(call.portal, call.authority, call.ids["user"]))


@operation(
    "POST", f"{_ONE}/reset-password", _GROUP, gives=OfficeUser, replay=done_before,
    refusals=("conflict", "stale", "too-many-requests"),
)  # fmt: skip
def reset_user_password(call: Call[None, None]) -> Answer:
    """Send a user a temporary password.

    It is made for this user, mailed, and seen by nobody else. It lasts 24 hours and must be changed at first use; every
    session and every remembered device ends.
    """
    return _done(call, office_desk.reset_password)


@operation(
    "POST", f"{_ONE}/lock", _GROUP, body=Lock, gives=OfficeUser, replay=done_before, refusals=("conflict", "stale"),
    example={"reason": "On leave until June"},
)  # fmt: skip
def lock_user(call: Call[None, Lock]) -> Answer:
    """Lock a user of an office.

    Every session ends at once, and no new password opens the user again: somebody must unlock them.
    """
    return _done(call, lambda act, portal, by, user_id: office_desk.lock(act, portal, by, user_id, call.body.reason))


@operation("POST", f"{_ONE}/unlock", _GROUP, gives=OfficeUser, replay=done_before, refusals=("conflict", "stale"))
def unlock_user(call: Call[None, None]) -> Answer:
    """Unlock a user of an office.

    After a lock, after too many wrong passwords or codes, or after they said that a sign-in was not them. The user is told.
    """
    return _done(call, office_desk.unlock)


@operation("POST", f"{_ONE}/restore", _GROUP, gives=OfficeUser, replay=done_before, refusals=("conflict", "stale"))
def restore_user(call: Call[None, None]) -> Answer:
    """Restore a user of an office.

    With the password and second factors of before; whoever was locked then is locked now.
    """
    return _done(call, office_desk.restore)


def _done(call: Call[None, Any], flow: Callable[[Act, Portal, Authority, str], OfficeUser]) -> Answer:
    """Do it to the user of the path, again if a change came in between."""
    return one(afresh(lambda: flow(call.act, call.portal, call.authority, call.ids["user"])))


def _added(call: Call[None, Any], made: OfficeUserAdded) -> Answer:
    return created(made, path(call.slug, "users", made.id))


def _employee(call: Call[None, Any], made: EmployeeFound) -> Answer:
    return created(made, path(call.slug, "contacts", made.id))
