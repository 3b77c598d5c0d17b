"""Users: whoever has a username. One row holds all that a sign-in by password must know, so that it costs one read.

The row stands under the username, which is what makes it unique; a pointer leads from the user's id to it. The user of a
customer has its account's id: so an account has one at most. Everything here adds to the caller's transaction, on the
condition that the user is still as it was read: `version` counts every change but sign-ins, and whatever counts it up
ends what was half done (a sign-in between password and code, say).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from .. import clock
from ..errors import Conflict, NotFound, Refusal, Stale
from ..storage import Action, Condition, Page, Transaction, query
from . import matching
from .models import UserIdRow, UserRow
from .shapes import Noted, QuestionAnswered, UserDetails

Kind = Literal["customer", "staff"]
State = Literal["active", "locked", "deactivated"]
DISAVOWED = "disavowed"  # the lock that the owner's own mail puts on, and a new password takes off
_HOLD_SECONDS = 24 * 3600  # threat 48, after Login.gov's wait
_NOBODY = "#"  # no username is folded to this
_MOST_HELD = 20  # sessions, and devices, of one user; the oldest make room


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
    contact_id: str | None
    cards: str | None
    details: UserDetails
    emails: tuple[str, ...] = field(repr=False)
    emails_before: tuple[str, ...] = field(repr=False)
    emails_at: int
    password_hash: str | None = field(repr=False)
    password_at: int
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
    terms: str
    signed_in_at: int | None
    signed_in_before: int | None
    created_at: int
    updated_at: int

    @property
    def is_active(self) -> bool:
        """Whether this user may sign in at all."""
        return self.state == "active"

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
    row = UserRow.find(_key(portal, username_key), "user") if username_key else None
    return _user(portal, row) if row else None


def by_id(portal: str, user_id: str) -> User | None:
    """The user of an id, in two consistent reads, also for nobody: pages that must not tell ask here."""
    pointer = UserIdRow.find(_id_key(portal, user_id), "user")
    found = find(portal, pointer.username_key if pointer else _NOBODY)
    return found if found and found.id == user_id else None


def get(portal: str, user_id: str) -> User:
    """The user of an id. Raises NotFound."""
    found = by_id(portal, user_id)
    if found is None:
        raise NotFound("There is no user with this id.")
    return found


def listed(
    portal: str, kind: Kind, *, sort: str = "-created_at", limit: int = 50, cursor: str | None = None
) -> Page[User]:
    """The users of one kind, by `created_at` or `name` (a leading - turns it round)."""
    index = "by_name" if sort.removeprefix("-") == "name" else "by_created"
    page = query(
        UserRow, _list_key(portal, kind), index=index, limit=limit, cursor=cursor, descending=sort.startswith("-")
    )
    return Page([_user(portal, row) for row in page.items], page.cursor)


def add(
    tx: Transaction,
    portal: str,
    *,
    user_id: str,
    kind: Kind,
    username: str,
    username_key: str,
    role: str = "",
    account_id: str | None = None,
    contact_id: str | None = None,
    cards: str | None = None,
    details: UserDetails | None = None,
    emails: tuple[str, ...] = (),
    password_hash: str | None = None,
    answers: tuple[QuestionAnswered, ...] = (),
) -> None:
    """Add a new user to the transaction. Refused with UsernameTaken, or Conflict when the id has a username already."""
    now = clock.timestamp()
    row = UserRow(
        pk=_key(portal, username_key),
        sk="user",
        list_key=_list_key(portal, kind),
        created_key=user_id,
        account_key=f"{portal}#account#{account_id}#users" if account_id else None,
        created_at=now,
        updated_at=now,
        kind=kind,
        state="active",
        role=role or None,
        username=username,
        account_id=account_id,
        contact_id=contact_id,
        cards=cards,
        details=details or UserDetails(),
        emails=emails,
        password_hash=password_hash,
        password_at=now if password_hash else None,
        answers=answers or None,
        sessions={},
        devices={},
    )
    row.name_key = _name_key(row)
    tx.put(row, when=UserRow.pk.does_not_exist(), refusal=UsernameTaken())
    tx.put(
        UserIdRow(pk=_id_key(portal, user_id), sk="user", username_key=username_key),
        when=UserIdRow.pk.does_not_exist(),
        refusal=Conflict("A username was set meanwhile. Look again."),
    )


def rename(tx: Transaction, user: User, username: str, username_key: str) -> None:
    """Add another username to the transaction, the old one free again. Sessions and devices end with it.

    Refused with UsernameTaken, or Stale when the user changed meanwhile.
    """
    if username_key == user.username_key:
        change(tx, user, UserRow.username.set(username), *_all_out())
        return
    held = _row(user)
    tx.delete(UserRow(held.pk, held.sk), when=_as_read(user), refusal=Stale())
    held.pk, held.username, held.version = _key(user.portal, username_key), username, user.version + 1
    held.sessions, held.devices, held.updated_at = {}, {}, clock.timestamp()
    held.name_key = _name_key(held)
    tx.put(held, when=UserRow.pk.does_not_exist(), refusal=UsernameTaken())
    tx.update(
        UserIdRow(_id_key(user.portal, user.id), "user"),
        UserIdRow.username_key.set(username_key),
        when=UserIdRow.username_key == user.username_key,
        refusal=Stale(),
    )


def remove(tx: Transaction, user: User) -> None:
    """Add to the transaction that the user is gone, and its username free. Refused with Stale."""
    tx.delete(UserRow(_key(user.portal, user.username_key), "user"), when=_as_read(user), refusal=Stale())
    tx.delete(UserIdRow(_id_key(user.portal, user.id), "user"))


def change_details(tx: Transaction, user: User, details: UserDetails, *, role: str | None = None) -> None:
    """Add another name, address or role of a staff user to the transaction. Refused with Stale."""
    actions = [
        UserRow.details.set(details),
        UserRow.name_key.set(_name_of(details, user.username, user.id)),
        *_new_emails(user, (details.email,) if details.email else ()),
    ]
    if role is not None:
        actions.append(UserRow.role.set(role))
    change(tx, user, *actions)


def set_password(
    tx: Transaction,
    user: User,
    password_hash: str,
    *,
    temporary_until: int | None = None,
    answers: tuple[QuestionAnswered, ...] | None = None,
    keeps: tuple[str, Noted] | None = None,
    unlocks: bool = False,
) -> None:
    """Add a new password to the transaction: every session and every remembered device ends. Refused with Stale.

    `keeps` is the one session that goes on, a new one; `unlocks` opens a user that was locked.
    """
    actions = [
        UserRow.password_hash.set(password_hash),
        UserRow.password_at.set(clock.timestamp()),
        UserRow.temporary_until.set(temporary_until) if temporary_until else UserRow.temporary_until.remove(),
        UserRow.sessions.set({keeps[0]: _json(keeps[1])} if keeps else {}),
        UserRow.devices.set({}),
    ]
    if unlocks:
        actions += [UserRow.state.set("active"), UserRow.lock_reason.remove()]
    if answers is not None:
        actions.append(UserRow.answers.set(answers))
    change(tx, user, *actions)


def set_totp(
    tx: Transaction, user: User, *, seed: str, name: str, step: int, recovery: tuple[str, ...] | None = None
) -> None:
    """Add an authenticator app to the transaction, confirmed by the code of `step`: devices end. Refused with Stale."""
    change(
        tx,
        user,
        UserRow.totp_seed.set(seed),
        UserRow.totp_name.set(name),
        UserRow.totp_at.set(clock.timestamp()),
        UserRow.totp_step.set(step),
        *_new_factor(recovery),
    )


def set_sms(tx: Transaction, user: User, number: str, *, recovery: tuple[str, ...] | None = None) -> None:
    """Add a mobile number (E.164) as second factor to the transaction: devices end. Refused with Stale."""
    change(
        tx, user, UserRow.sms_number.set(number), UserRow.sms_at.set(clock.timestamp()), *_new_factor(recovery)
    )  # fmt: skip


def _new_factor(recovery: tuple[str, ...] | None) -> list[Action]:
    """Every device ends; the recovery codes that come with a first factor are kept (as digests)."""
    return [
        UserRow.devices.set({}),
        UserRow.factors_reset_at.remove(),
        *([UserRow.recovery.set(recovery)] if recovery is not None else []),
    ]


def drop_factors(tx: Transaction, user: User, which: Iterable[str]) -> None:
    """Add to the transaction that second factors (`totp`, `sms`) are gone: devices end; without any, recovery codes too."""
    gone, actions = set(which), [UserRow.devices.set({})]
    if "totp" in gone:
        actions += [UserRow.totp_seed.remove(), UserRow.totp_name.remove(), UserRow.totp_at.remove()]
    if "sms" in gone:
        actions += [UserRow.sms_number.remove(), UserRow.sms_at.remove()]
    if gone.issuperset(user.factors):
        actions.append(UserRow.recovery.remove())
    change(tx, user, *actions)


def use_totp_step(tx: Transaction, user: User, step: int, refusal: Refusal) -> None:
    """Add to the transaction that the code of this time step is used: neither it nor an older one opens again."""
    free = UserRow.totp_step.does_not_exist() | (UserRow.totp_step < step)
    tx.update(
        _bare(user), UserRow.totp_step.set(step), when=free & (UserRow.totp_seed == user.totp_seed), refusal=refusal
    )


def use_recovery(tx: Transaction, user: User, left: tuple[str, ...], refusal: Refusal) -> None:
    """Add to the transaction that a recovery code is used up: `left` are the digests of the others."""
    tx.update(_bare(user), UserRow.recovery.set(left), when=UserRow.recovery == user.recovery, refusal=refusal)


def reset_factors(tx: Transaction, user: User) -> None:
    """Add to the transaction that support takes second factors and recovery codes away: everybody is signed out."""
    change(
        tx,
        user,
        *(part.remove() for part in (UserRow.totp_seed, UserRow.totp_name, UserRow.totp_at)),
        *(part.remove() for part in (UserRow.sms_number, UserRow.sms_at, UserRow.recovery)),
        UserRow.factors_reset_at.set(clock.timestamp()),
        *_all_out(),
    )


def set_recovery(tx: Transaction, user: User, hashes: tuple[str, ...]) -> None:
    """Add a new set of recovery codes to the transaction; the old set is over. Refused with Stale."""
    change(tx, user, UserRow.recovery.set(hashes))


def change(tx: Transaction, user: User, *actions: Action) -> None:
    """Add a change to the transaction that counts the version up. Refused with Stale when it is not the one read."""
    tx.update(
        _bare(user),
        *actions,
        UserRow.version.add(1),
        UserRow.updated_at.set(clock.timestamp()),
        when=_as_read(user),
        refusal=Stale(),
    )


def set_state(tx: Transaction, user: User, state: State, reason: str = "") -> None:
    """Add another state to the transaction: whoever is not active is signed out everywhere at once. Refused with Stale."""
    said = UserRow.lock_reason.set(reason) if reason else UserRow.lock_reason.remove()
    change(tx, user, UserRow.state.set(state), said, *(_all_out() if state != "active" else ()))


def note_session(
    tx: Transaction,
    user: User,
    session_id: str,
    session: Noted,
    *,
    refusal: Refusal,
    device: tuple[str, Noted] | None = None,
    step: int | None = None,
    recovery: tuple[str, ...] | None = None,
    password_hash: str | None = None,
) -> None:
    """Add a sign-in to the transaction: the session, perhaps the device to remember, the second factor that is used up.

    `step` is that of an authenticator's code, `recovery` the recovery codes that are left, `password_hash` the same password
    under newer parameters. All in one update, since a transaction may touch a row once. Refused (with `refusal`) unless
    the user is active and as it was read.
    """
    now = clock.timestamp()
    actions = [UserRow.sessions[session_id].set(_json(session)), UserRow.signed_in_at.set(now)]
    actions.append(UserRow.signed_in_before.set(UserRow.signed_in_at | 0))
    actions += [UserRow.sessions[gone].remove() for gone in _to_drop(user.sessions)]
    when = _as_read(user) & (UserRow.state == "active")
    if device:
        actions.append(UserRow.devices[device[0]].set(_json(device[1])))
        actions += [UserRow.devices[gone].remove() for gone in _to_drop(user.devices)]
    if step is not None:
        actions.append(UserRow.totp_step.set(step))
        when &= UserRow.totp_step.does_not_exist() | (UserRow.totp_step < step)
    if recovery is not None:
        actions.append(UserRow.recovery.set(recovery))
        when &= UserRow.recovery == user.recovery
    if password_hash is not None:
        actions.append(UserRow.password_hash.set(password_hash))
    tx.update(_bare(user), *actions, when=when, refusal=refusal)


def accept_terms(tx: Transaction, user: User, version: str) -> None:
    """Add to the transaction that the user accepts this version of the portal's terms."""
    tx.update(_bare(user), UserRow.terms.set(version), when=UserRow.created_key == user.id, refusal=NotFound())


def end_session(tx: Transaction, user: User, session_id: str) -> None:
    """Add to the transaction that a session of this user is over. One that is over already changes nothing."""
    tx.update(_bare(user), UserRow.sessions[session_id].remove(), when=UserRow.pk.exists(), refusal=NotFound())


def end_sessions(tx: Transaction, user: User, *, but: str | None = None) -> None:
    """Add to the transaction that every session is over, but for one. Refused with Stale."""
    kept = {name: _json(noted) for name, noted in user.sessions.items() if name == but}
    change(tx, user, UserRow.sessions.set(kept))


def forget_device(tx: Transaction, user: User, device_id: str) -> None:
    """Add to the transaction that a device is not remembered any more."""
    tx.update(_bare(user), UserRow.devices[device_id].remove(), when=UserRow.pk.exists(), refusal=NotFound())


def follow_account(tx: Transaction, user: User, *, cards: str, emails: tuple[str, ...]) -> None:
    """Add to the transaction that the account's client number moved, or its primary emails. Refused with Stale."""
    change(tx, user, UserRow.cards.set(cards), *_new_emails(user, emails))


def _new_emails(user: User, emails: tuple[str, ...]) -> list[Action]:
    """Other addresses; those of before are kept a day longer, see `User.reset_emails`."""
    if emails == user.emails:
        return []
    return [
        UserRow.emails.set(emails),
        UserRow.emails_before.set(user.reset_emails),
        UserRow.emails_at.set(clock.timestamp()),
    ]


def unchanged(tx: Transaction, user: User, refusal: Refusal) -> None:
    """Add to the transaction that this user must be as it was read, locked or not."""
    tx.check(_bare(user), when=_as_read(user), refusal=refusal)


def still(tx: Transaction, user: User, refusal: Refusal) -> None:
    """Add to the transaction that this user must be as it was read."""
    tx.check(_bare(user), when=_as_read(user) & (UserRow.state == "active"), refusal=refusal)


def id_is_free(tx: Transaction, portal: str, user_id: str, refusal: Refusal) -> None:
    """Add to the transaction that there must be no user with this id (an account without a username, say)."""
    tx.check(UserIdRow(_id_key(portal, user_id), "user"), when=UserIdRow.pk.does_not_exist(), refusal=refusal)


def _all_out() -> tuple[Action, ...]:
    return (UserRow.sessions.set({}), UserRow.devices.set({}))


def _to_drop(held: Mapping[str, Noted]) -> list[str]:
    """Of sessions or devices: those that are over, and the oldest where one more would be too many."""
    now = clock.timestamp()
    live = sorted((name for name, noted in held.items() if noted.until > now), key=lambda name: held[name].at)
    return [name for name in held if name not in live] + live[: max(0, len(live) + 1 - _MOST_HELD)]


def _as_read(user: User) -> Condition:
    return (UserRow.version == user.version) & (UserRow.created_key == user.id)


def _bare(user: User) -> UserRow:
    return UserRow(_key(user.portal, user.username_key), "user")


def _row(user: User) -> UserRow:
    row = UserRow.find(_key(user.portal, user.username_key), "user")
    if row is None or row.version != user.version or row.created_key != user.id:
        raise Stale
    return row


def _user(portal: str, row: UserRow) -> User:
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
        contact_id=row.contact_id,
        cards=row.cards,
        details=row.details,
        emails=row.emails,
        emails_before=row.emails_before or (),
        emails_at=int(row.emails_at or 0),
        password_hash=row.password_hash,
        password_at=int(row.password_at or 0),
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
        terms=row.terms or "",
        signed_in_at=int(row.signed_in_at) if row.signed_in_at else None,
        signed_in_before=int(row.signed_in_before) if row.signed_in_before else None,
        created_at=int(row.created_at or 0),
        updated_at=int(row.updated_at or 0),
    )


def _notes(held: Any) -> dict[str, Noted]:
    values = held.attribute_values if held else {}
    return {name: msgspec.json.decode(text, type=Noted) for name, text in values.items()}


def _json(noted: Noted) -> str:
    return msgspec.json.encode(noted).decode()


def _name_key(row: UserRow) -> str:
    return _name_of(row.details, row.username, str(row.created_key))


def _name_of(details: UserDetails, username: str, user_id: str) -> str:
    return f"{matching.name_key(details.last_name + details.first_name) or matching.name_key(username)}#{user_id}"


def _list_key(portal: str, kind: Kind) -> str:
    return f"{portal}#{kind}-user"


def _key(portal: str, username_key: str) -> str:
    return f"{portal}#user#{username_key}"


def _id_key(portal: str, user_id: str) -> str:
    return f"{portal}#user-id#{user_id}"
