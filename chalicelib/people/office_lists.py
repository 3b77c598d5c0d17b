"""Lists of the users of offices, always within somebody's reach: how they are shown, searched and counted out.

Whoever waits for approval is no user yet: registrations show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import clock, fields
from ..portals import Portal
from ..security import identities
from ..security.identities import Lockout
from ..storage import Condition, Page, query
from . import accounts, matching, usernames, users
from .authority import Authority
from .models import UserRow
from .shapes import Email, Phone, Preferences
from .users import User

YesNo = Literal["true", "false"]
Sort = Literal["name", "-name", "created_at", "-created_at"]
_MOST_WORDS, _LONGEST_WORD = 5, 60  # of what is looked for anywhere


class UserFilters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which users to list. Beginnings are found whatever their case, accents and spaces."""

    first_name: Annotated[fields.Line, Meta(description="First names that begin so.")] | None = None
    last_name: Annotated[fields.Line, Meta(description="Last names that begin so.")] | None = None
    username: Annotated[fields.Line, Meta(description="Usernames that begin so.")] | None = None
    role: Annotated[fields.Slug, Meta(description="Users in this role.")] | None = None
    account_id: Annotated[fields.Identifier, Meta(description="Users of this office or provider alone.")] | None = None
    office_id: Annotated[fields.Identifier, Meta(description="Users of this office and its providers.")] | None = None
    locked: Annotated[YesNo, Meta(description="Whether they are locked.")] | None = None
    deleted: Annotated[
        Literal["true", "false", "any"], Meta(description="`true` shows those who were deleted, `any` both.")
    ] = "false"
    q: Annotated[fields.Line, Meta(description="Words found anywhere in names, username and email.")] | None = None
    sort: Annotated[Sort, Meta(description="By what to sort, the last name first; a leading - turns it round.")] = (
        "name"
    )


class OfficeUserInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a user of an office: all but the username."""

    first_name: fields.Required
    middle_name: fields.Line = ""
    last_name: Annotated[fields.Required, fields.content(matching.name_key, matching.NO_LAST_NAME)]
    title: fields.Line = ""
    email: Annotated[Email, Meta(min_length=1, description="Where messages about the sign-in go.")]
    phone: Phone | None = None
    role: Annotated[fields.Slug, Meta(description="The key of one of the portal's roles.")]
    preferences: Preferences = Preferences()


class OfficeUser(OfficeUserInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A user of an office or provider. The username never changes, and is never given to another."""

    id: str
    version: Annotated[int, Meta(description="Counts every change but sign-ins.")]
    username: str
    role_name: Annotated[str, Meta(description="The role's name; its key where the portal has no such role any more.")]
    account_id: str
    account_name: str | None
    office_id: str
    contact_id: str | None
    state: Literal["active", "locked", "deleted"]
    deleted: bool
    lock_reason: Annotated[str, Meta(description="What was said as the user was locked; empty if it is not.")]
    locked_at: str | None
    locked_out_at: Annotated[
        str | None, Meta(description="Since when too many wrong passwords or codes keep the user out; null if none do.")
    ]
    locked_out_until: Annotated[str | None, Meta(description="Until when; null, too, where only unlocking helps.")]
    last_sign_in: str | None
    has_temporary_password: bool
    temporary_until: Annotated[str | None, Meta(description="Until when a temporary password can be used.")]
    second_factors: tuple[Literal["totp", "sms"], ...]
    created_at: str
    updated_at: str


def is_shown(by: Authority, user: User | None) -> bool:
    """Whether this is a user of an office within reach, and not somebody who waits for approval."""
    if user is None or user.kind != "office" or user.state == "pending":
        return False
    return by.reaches(user.account_id, user.office_id)


def found(portal: str, by: Authority, wanted: UserFilters, *, limit: int = 50, cursor: str | None = None) -> Page[User]:
    """The users within reach that fit. What begins with nothing, or is of another office, finds nobody."""
    begin = (
        (wanted.first_name, matching.name_key),
        (wanted.last_name, matching.name_key),
        (wanted.username, usernames.key),
    )
    first, last, username = (fold(text) if text else "" for text, fold in begin)
    is_empty = any(text and not folded for (text, _), folded in zip(begin, (first, last, username), strict=True))
    office = _office(portal, by, wanted)
    if is_empty or office is None:
        return Page([])
    is_by_name = wanted.sort.removeprefix("-") == "name"
    index, partition = ("by_name", "by_created"), users.list_key(portal, "office")
    if office:
        index, partition = ("by_account_name", "by_account"), users.office_list(portal, office)
    page = query(
        UserRow,
        partition,
        index=index[0] if is_by_name else index[1],
        between=UserRow.name_key.startswith(last) if is_by_name and last else None,
        only=_only(by, wanted, first, last, username),
        limit=limit,
        cursor=cursor,
        descending=wanted.sort.startswith("-"),
    )
    return Page([users.of_row(portal, row) for row in page.items], page.cursor)


def managers(portal: Portal, account_id: str, office_id: str) -> Iterator[User]:
    """Who looks after the users of exactly this account and can sign in, each as of now."""
    roles = {role.key for role in portal.roles if role.is_manager}
    cursor = None
    while True:
        page = query(UserRow, users.office_list(portal.slug, office_id), index="by_account", limit=100, cursor=cursor)
        for row in page.items:
            is_one = row.role in roles and row.account_id == account_id
            user = users.find(portal.slug, users.of_row(portal.slug, row).username_key) if is_one else None
            if user is not None and user.is_active and user.role in roles:
                yield user
        cursor = page.cursor
        if cursor is None:
            return


def shown(portal: Portal, held: list[User]) -> list[OfficeUser]:
    """Up to 100 users as the desk shows them, with the names of their offices and what keeps them out."""
    names = accounts.names(portal.slug, (user.account_id for user in held if user.account_id))
    keys = {user.id: users.tried_as(user.side, user.username_key) for user in held}
    out = identities.lockouts(portal.slug, keys.values())
    return [_shown(portal, user, names.get(user.account_id or ""), out.get(keys[user.id])) for user in held]


def _office(portal: str, by: Authority, wanted: UserFilters) -> str | None:
    """The office whose users to read; "" for those of every office, None where nobody is to be found."""
    if not by.is_everywhere:
        return by.office_id if wanted.office_id in (None, by.office_id) else None
    if wanted.account_id is None:
        return wanted.office_id or ""
    of_account = accounts.office_id(portal, wanted.account_id)
    return of_account if wanted.office_id in (None, of_account) else None


def _only(by: Authority, wanted: UserFilters, first: str, last: str, username: str) -> Condition:
    account_id = wanted.account_id
    conditions: list[Condition] = [UserRow.state != "pending"]
    if not (by.is_everywhere or by.is_office_level):
        conditions.append(UserRow.account_id == by.account_id)
    conditions += [UserRow.account_id == account_id] if account_id else []
    conditions += [UserRow.first_key.startswith(first)] if first else []
    conditions += [UserRow.last_key.startswith(last)] if last else []
    conditions += [UserRow.username_text.startswith(username)] if username else []
    conditions += [UserRow.role == wanted.role] if wanted.role else []
    if wanted.locked:
        conditions.append(UserRow.state == "locked" if wanted.locked == "true" else UserRow.state != "locked")
    if wanted.deleted != "any":
        conditions.append(UserRow.state == "deleted" if wanted.deleted == "true" else UserRow.state != "deleted")
    for word in (wanted.q or "").split()[:_MOST_WORDS]:
        folded = matching.name_key(word[:_LONGEST_WORD])
        plain = UserRow.search_text.contains(matching.email_key(word[:_LONGEST_WORD]))
        conditions.append(plain | UserRow.search_text.contains(folded) if folded else plain)
    whole = conditions[0]
    for condition in conditions[1:]:
        whole &= condition
    return whole


def _shown(portal: Portal, user: User, account_name: str | None, out: Lockout | None) -> OfficeUser:
    role, details, is_deleted = portal.role(user.role), user.details, user.state == "deleted"
    why = "The user said that a sign-in was not them." if user.lock_reason == users.DISAVOWED else user.lock_note
    return OfficeUser(
        **{name: getattr(details, name) for name in ("first_name", "middle_name", "last_name", "title", "phone")},
        email=details.email or "",
        role=user.role,
        preferences=user.preferences,
        id=user.id,
        version=user.version,
        username=user.username,
        role_name=role.name if role else user.role,
        account_id=user.account_id or "",
        account_name=account_name,
        office_id=user.office_id or "",
        contact_id=user.contact_id,
        state=user.state,  # type: ignore[arg-type]
        deleted=is_deleted,
        lock_reason=why,
        locked_at=clock.text(user.locked_at or None),
        locked_out_at=clock.text(out.at) if out else None,
        locked_out_until=clock.text(out.until) if out else None,
        last_sign_in=clock.text(user.signed_in_at),
        has_temporary_password=user.must_change,
        temporary_until=clock.text(user.temporary_until),
        second_factors=user.factors,
        created_at=clock.text(user.created_at) or "",
        updated_at=clock.text(user.updated_at) or "",
    )
