"""Users: whoever has a username. One row holds all that a sign-in by password must know, so that it costs one read.

The row stands under the username, which is what makes it unique; a pointer leads from the user's id to it. The user of a
customer has its account's id: so an account has one at most. `user_changes`, `user_factors` and `user_sessions` change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from .. import clock
from ..errors import Conflict, NotFound, Refusal
from ..security import identities
from ..storage import Page, Transaction, query
from . import matching
from .models import UserIdRow, UserRow
from .shapes import Noted, Preferences, QuestionAnswered, UserDetails

Kind = Literal["customer", "staff", "office", "record"]
Side = Literal["customer", "staff"]
State = Literal["active", "locked", "deactivated", "pending", "deleted"]
DISAVOWED = "disavowed"  # the lock that the owner's own mail puts on, and a new password takes off
_HOLD_SECONDS = 24 * 3600  # threat 48, after Login.gov's wait
_NOBODY = "#"  # no username is folded to this


class UsernameTaken(Refusal):
    """Somebody in this portal has this username."""

    code = "username-taken"
    status = 409
    text = "This username is taken. Choose another one."


@dataclass(frozen=True, slots=True)
class User:
    """A user as read at one moment. Times in seconds since 1970; `username_key` names the row."""

    id: str
    portal: str
    username_key: str
    kind: Kind
    state: State
    role: str
    username: str
    version: int
    account_id: str | None
    office_id: str | None
    contact_id: str | None
    cards: str | None
    details: UserDetails
    emails: tuple[str, ...] = field(repr=False)
    emails_before: tuple[str, ...] = field(repr=False)
    emails_at: int
    password_hash: str | None = field(repr=False)
    password_at: int
    generated: str
    temporary_until: int | None
    totp_seed: str | None = field(repr=False)
    totp_name: str
    totp_at: int
    totp_step: int
    sms_number: str | None = field(repr=False)
    sms_at: int
    recovery: tuple[str, ...] = field(repr=False)
    factors_reset_at: int
    answers: tuple[QuestionAnswered, ...] = field(repr=False)
    sessions: Mapping[str, Noted] = field(repr=False)
    devices: Mapping[str, Noted] = field(repr=False)
    lock_reason: str
    lock_note: str
    locked_at: int
    terms: str
    signed_in_at: int | None
    signed_in_before: int | None
    created_at: int
    updated_at: int
    preferences: Preferences

    @property
    def is_active(self) -> bool:
        """Whether this user may sign in at all."""
        return self.state == "active"

    @property
    def side(self) -> Side:
        """At which door this user signs in: that of clients, where office users enter too, or that of staff."""
        return "staff" if self.kind == "staff" else "customer"

    @property
    def factors(self) -> tuple[Literal["totp", "sms"], ...]:
        """The second factors that are set up, the authenticator app first."""
        return (("totp",) if self.totp_seed else ()) + (("sms",) if self.sms_number else ())  # type: ignore[return-value]

    @property
    def reset_emails(self) -> tuple[str, ...]:
        """Where a new password may be sent: for a day after they were replaced, still to the addresses of before.

        So whoever replaces an address has to wait, and its owner has time to say that this was not them.
        """
        is_held = self.password_hash is not None and self.emails_at + _HOLD_SECONDS > clock.timestamp()
        return self.emails_before if is_held and self.emails_before else self.emails

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has signed in yet with the password that was generated: there is no owner to be told or waited for."""
        return bool(self.generated) and self.signed_in_at is None

    @property
    def is_disavowed(self) -> bool:
        """Whether it is locked because its owner said "this was not me": a new password opens it again."""
        return self.state == "locked" and self.lock_reason == DISAVOWED

    @property
    def must_set_up(self) -> bool:
        """Whether support took the second factors away: the next sign-in proves the contact on file and sets up anew."""
        return self.factors_reset_at > 0 and not self.factors

    @property
    def must_change(self) -> bool:
        """Whether the password is a temporary one, to be changed at first use."""
        return self.temporary_until is not None

    @property
    def name(self) -> str:
        """First and last name; of a customer's user the username."""
        return f"{self.details.first_name} {self.details.last_name}".strip() or self.username

    def holds_session(self, session_id: str) -> bool:
        """Whether this session is one of this user's that have not been ended."""
        noted = self.sessions.get(session_id)
        return self.is_active and noted is not None and noted.until > clock.timestamp()

    def holds_device(self, device_id: str) -> bool:
        """Whether this device is remembered."""
        noted = self.devices.get(device_id)
        return noted is not None and noted.until > clock.timestamp()


def find(portal: str, username_key: str) -> User | None:
    """The user of a (folded) username, in one consistent read. Any text may be asked for."""
    row = UserRow.find(user_key(portal, username_key), "user") if username_key else None
    return of_row(portal, row) if row else None


def by_id(portal: str, user_id: str) -> User | None:
    """The user of an id, in two consistent reads, also for nobody: pages that must not tell ask here."""
    pointer = UserIdRow.find(id_key(portal, user_id), "user")
    found = find(portal, pointer.username_key if pointer else _NOBODY)
    return found if found and found.id == user_id else None


def get(portal: str, user_id: str) -> User:
    """The user of an id. Raises NotFound."""
    found = by_id(portal, user_id)
    if found is None:
        raise NotFound("There is no user with this id.")
    return found


def of_ids(portal: str, user_ids: Iterable[str]) -> dict[str, User]:
    """The users of these ids, at most 100, in two consistent calls; whoever is not there is left out."""
    keys = [(id_key(portal, each), "user") for each in dict.fromkeys(user_ids)]
    pointers = UserIdRow.find_many(keys) if keys else {}
    places = [(user_key(portal, pointer.username_key), "user") for pointer in pointers.values()]
    rows = UserRow.find_many(places) if places else {}
    return {str(row.created_key): of_row(portal, row) for row in rows.values()}


def listed(
    portal: str, kind: Kind, *, sort: str = "-created_at", limit: int = 50, cursor: str | None = None
) -> Page[User]:
    """The users of one kind, by `created_at` or `name` (a leading - turns it round)."""
    index = "by_name" if sort.removeprefix("-") == "name" else "by_created"
    page = query(
        UserRow, list_key(portal, kind), index=index, limit=limit, cursor=cursor, descending=sort.startswith("-")
    )
    return Page([of_row(portal, row) for row in page.items], page.cursor)


def active_at(portal: str, account_id: str, office_id: str, roles: tuple[str, ...], *, limit: int) -> list[User]:
    """The users at one office or provider, of its office, who may sign in and have one of these roles; the oldest first."""
    if not roles:
        return []
    only = (UserRow.account_id == account_id) & (UserRow.state == "active") & UserRow.role.is_in(*roles)
    rows = query(UserRow, office_list(portal, office_id), index="by_account", only=only, limit=limit).items
    return [of_row(portal, row) for row in rows]


def of_account(portal: str, office_id: str, account_id: str, *, most: int = 1) -> list[User]:
    """The users whose scope is this account of an office, whatever their state; all of them, or more than `most`.

    Read from an index, so each may be a moment old.
    """
    found: list[UserRow] = []
    cursor, own = None, UserRow.account_id == account_id
    while len(found) <= most:
        page = query(UserRow, office_list(portal, office_id), index="by_account", only=own, limit=100, cursor=cursor)
        found, cursor = found + page.items, page.cursor
        if cursor is None:
            break
    return [of_row(portal, row) for row in found]


def of_office(portal: str, office_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[User]:
    """The users of an office and of its providers, in whatever state, the newest first."""
    page = query(
        UserRow, office_list(portal, office_id), index="by_account", limit=limit, cursor=cursor, descending=True
    )
    return Page([of_row(portal, row) for row in page.items], page.cursor)


def add(
    tx: Transaction,
    portal: str,
    *,
    user_id: str,
    kind: Kind,
    username: str,
    username_key: str,
    role: str = "",
    state: State = "active",
    account_id: str | None = None,
    office_id: str | None = None,
    contact_id: str | None = None,
    cards: str | None = None,
    details: UserDetails | None = None,
    emails: tuple[str, ...] = (),
    password_hash: str | None = None,
    generated: str | None = None,
    temporary_until: int | None = None,
    answers: tuple[QuestionAnswered, ...] = (),
) -> None:
    """Add a new user to the transaction. Refused with UsernameTaken, or Conflict when the id has a username already.

    `account_id` is the scope of a customer's or office's user, `office_id` the office that this is or belongs to.
    """
    now = clock.timestamp()
    row = UserRow(
        pk=user_key(portal, username_key),
        sk="user",
        list_key=list_key(portal, kind),
        created_key=user_id,
        account_key=office_list(portal, office_id) if office_id else None,
        created_at=now,
        updated_at=now,
        kind=kind,
        state=state,
        role=role or None,
        username=username,
        account_id=account_id,
        office_id=office_id,
        contact_id=contact_id,
        cards=cards,
        details=details or UserDetails(),
        emails=emails,
        password_hash=password_hash,
        password_at=now if password_hash else None,
        generated=generated,
        temporary_until=temporary_until,
        answers=answers or None,
        sessions={},
        devices={},
    )
    row.name_key = name_key_of(row)
    for name, value in searched_by(row.details, username, username_key).items():
        setattr(row, name, value)
    tx.put(row, when=UserRow.pk.does_not_exist(), refusal=UsernameTaken())
    tx.put(
        UserIdRow(pk=id_key(portal, user_id), sk="user", username_key=username_key),
        when=UserIdRow.pk.does_not_exist(),
        refusal=Conflict("A username was set meanwhile. Look again."),
    )


def office_list(portal: str, office_id: str) -> str:
    """The index partition that lists the users of an office and of its providers."""
    return f"{portal}#office#{office_id}#users"


def tried_as(side: Side, username_key: str) -> str:
    """The fingerprint under which tries at a username are counted, whether or not somebody has it."""
    return identities.identity(f"password/{side}", username_key)


def id_is_free(tx: Transaction, portal: str, user_id: str, refusal: Refusal) -> None:
    """Add to the transaction that there must be no user with this id (an account without a username, say)."""
    tx.check(UserIdRow(id_key(portal, user_id), "user"), when=UserIdRow.pk.does_not_exist(), refusal=refusal)


def of_row(portal: str, row: UserRow) -> User:
    """The user that a row holds."""
    return User(
        id=str(row.created_key),
        portal=portal,
        username_key=row.pk.removeprefix(f"{portal}#user#"),
        kind=row.kind,  # type: ignore[arg-type]
        state=row.state,  # type: ignore[arg-type]
        role=row.role or "",
        username=row.username,
        version=int(row.version),
        account_id=row.account_id,
        office_id=row.office_id,
        contact_id=row.contact_id,
        cards=row.cards,
        details=row.details,
        emails=row.emails,
        emails_before=row.emails_before or (),
        emails_at=int(row.emails_at or 0),
        password_hash=row.password_hash,
        password_at=int(row.password_at or 0),
        generated=row.generated or "",
        temporary_until=int(row.temporary_until) if row.temporary_until else None,
        totp_seed=row.totp_seed,
        totp_name=row.totp_name or "",
        totp_at=int(row.totp_at or 0),
        totp_step=int(row.totp_step or 0),
        sms_number=row.sms_number,
        sms_at=int(row.sms_at or 0),
        recovery=row.recovery or (),
        factors_reset_at=int(row.factors_reset_at or 0),
        answers=row.answers or (),
        sessions=_notes(row.sessions),
        devices=_notes(row.devices),
        lock_reason=row.lock_reason or "",
        lock_note=row.lock_note or "",
        locked_at=int(row.locked_at or 0),
        terms=row.terms or "",
        signed_in_at=int(row.signed_in_at) if row.signed_in_at else None,
        signed_in_before=int(row.signed_in_before) if row.signed_in_before else None,
        created_at=int(row.created_at or 0),
        updated_at=int(row.updated_at or 0),
        preferences=row.preferences or Preferences(),
    )


def _notes(held: Any) -> dict[str, Noted]:
    values = held.attribute_values if held else {}
    return {name: msgspec.json.decode(text, type=Noted) for name, text in values.items()}


def list_key(portal: str, kind: Kind) -> str:
    """The index partition that lists the users of a kind."""
    return f"{portal}#{kind}-user"


def user_key(portal: str, username_key: str) -> str:
    """The table key of a user."""
    return f"{portal}#user#{username_key}"


def id_key(portal: str, user_id: str) -> str:
    """The table key of the pointer that leads to a user."""
    return f"{portal}#user-id#{user_id}"


def name_key_of(row: UserRow) -> str:
    """What a stored user is sorted by."""
    return name_key(row.details, row.username, str(row.created_key))


def name_key(details: UserDetails, username: str, user_id: str) -> str:
    """What a user of this name is sorted by: the last name first."""
    return f"{matching.name_key(details.last_name + details.first_name) or matching.name_key(username)}#{user_id}"


def searched_by(details: UserDetails, username: str, username_key: str) -> dict[str, str]:
    """What lists of users find a user by: the beginnings of names and username, and any part of what is said of them."""
    first, last = matching.name_key(details.first_name), matching.name_key(details.last_name)
    email = matching.email_key(details.email or "")
    parts = (first, matching.name_key(details.middle_name), last, username_key, username.casefold(), email)
    return {
        "first_key": first,
        "last_key": last,
        "username_text": username_key,
        "search_text": " ".join(part for part in parts if part),
    }
