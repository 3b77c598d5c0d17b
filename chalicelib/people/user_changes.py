"""Changing a user, in the caller's transaction, on the condition that the user is still as it was read.

`version` counts every change but sign-ins, and whatever counts it up ends what was half done (a sign-in between password
and code, say).
"""

from __future__ import annotations

from .. import clock
from ..errors import NotFound, Refusal, Stale
from ..storage import Action, Transaction
from .models import UserIdRow, UserRow
from .shapes import Noted, Preferences, QuestionAnswered, UserDetails
from .user_sessions import as_read, bare, noted_json
from .users import State, User, UsernameTaken, id_key, name_key, name_key_of, searched_by, user_key


def rename(tx: Transaction, user: User, username: str, username_key: str) -> None:
    """Add another username to the transaction, the old one free again. Sessions and devices end with it.

    Refused with UsernameTaken, or Stale when the user changed meanwhile.
    """
    if username_key == user.username_key:
        change(tx, user, UserRow.username.set(username), *all_out())
        return
    held = _row(user)
    tx.delete(UserRow(held.pk, held.sk), when=as_read(user), refusal=Stale())
    held.pk, held.username, held.version = user_key(user.portal, username_key), username, user.version + 1
    held.sessions, held.devices, held.updated_at = {}, {}, clock.timestamp()
    held.name_key = name_key_of(held)
    tx.put(held, when=UserRow.pk.does_not_exist(), refusal=UsernameTaken())
    tx.update(
        UserIdRow(id_key(user.portal, user.id), "user"),
        UserIdRow.username_key.set(username_key),
        when=UserIdRow.username_key == user.username_key,
        refusal=Stale(),
    )


def remove(tx: Transaction, user: User) -> None:
    """Add to the transaction that the user is gone, and its username free. Refused with Stale."""
    tx.delete(UserRow(user_key(user.portal, user.username_key), "user"), when=as_read(user), refusal=Stale())
    tx.delete(UserIdRow(id_key(user.portal, user.id), "user"))


def change_details(
    tx: Transaction,
    user: User,
    details: UserDetails,
    *,
    role: str | None = None,
    preferences: Preferences | None = None,
    signs_out: bool = False,
) -> None:
    """Add another name, address, role or preference of a staff or office user to the transaction. Refused with Stale.

    `signs_out` ends every session and forgets every device.
    """
    searched = searched_by(details, user.username, user.username_key)
    actions = [
        UserRow.details.set(details),
        UserRow.name_key.set(name_key(details, user.username, user.id)),
        *(getattr(UserRow, name).set(value) for name, value in searched.items()),
        *_new_emails(user, (details.email,) if details.email else ()),
        *(all_out() if signs_out else ()),
    ]
    if preferences is not None:
        actions.append(UserRow.preferences.set(preferences))
    if role is not None:
        actions.append(UserRow.role.set(role))
    change(tx, user, *actions)


def follow_account(tx: Transaction, user: User, *, cards: str, emails: tuple[str, ...]) -> None:
    """Add to the transaction that the account's client number moved, or its primary emails. Refused with Stale."""
    change(tx, user, UserRow.cards.set(cards), *_new_emails(user, emails))


def set_password(
    tx: Transaction,
    user: User,
    password_hash: str,
    *,
    temporary_until: int | None = None,
    answers: tuple[QuestionAnswered, ...] | None = None,
    keeps: tuple[str, Noted] | None = None,
    unlocks: bool = False,
    generated: str = "",
) -> None:
    """Add a new password to the transaction: every session and every remembered device ends. Refused with Stale.

    `keeps` is the one session that goes on, a new one; `unlocks` opens a user that was locked; `generated` is what a
    generated password is worked out from.
    """
    actions = [
        UserRow.password_hash.set(password_hash),
        UserRow.password_at.set(clock.timestamp()),
        UserRow.temporary_until.set(temporary_until) if temporary_until else UserRow.temporary_until.remove(),
        UserRow.generated.set(generated) if generated else UserRow.generated.remove(),
        UserRow.sessions.set({keeps[0]: noted_json(keeps[1])} if keeps else {}),
        UserRow.devices.set({}),
    ]
    if unlocks:
        actions += [UserRow.state.set("active"), *_lock()]
    if answers is not None:
        actions.append(UserRow.answers.set(answers))
    change(tx, user, *actions)


def set_state(tx: Transaction, user: User, state: State, reason: str = "", *, note: str = "") -> None:
    """Add another state to the transaction: whoever is not active is signed out everywhere at once. Refused with Stale.

    Of a lock, `reason` is a word of ours and `note` what was said. A user who is deleted keeps the lock they had.
    """
    said = () if state == "deleted" else _lock(reason, note, clock.timestamp() if state == "locked" else 0)
    change(tx, user, UserRow.state.set(state), *said, *(all_out() if state != "active" else ()))


def undelete(tx: Transaction, user: User, state: State) -> None:
    """Add to the transaction that a user who was deleted is there again, locked for the reason of before or not."""
    change(tx, user, UserRow.state.set(state))


def accept_terms(tx: Transaction, user: User, version: str) -> None:
    """Add to the transaction that the user accepts this version of the portal's terms."""
    tx.update(bare(user), UserRow.terms.set(version), when=UserRow.created_key == user.id, refusal=NotFound())


def unchanged(tx: Transaction, user: User, refusal: Refusal) -> None:
    """Add to the transaction that this user must be as it was read, locked or not."""
    tx.check(bare(user), when=as_read(user), refusal=refusal)


def still(tx: Transaction, user: User, refusal: Refusal) -> None:
    """Add to the transaction that this user must be as it was read."""
    tx.check(bare(user), when=as_read(user) & (UserRow.state == "active"), refusal=refusal)


def change(tx: Transaction, user: User, *actions: Action) -> None:
    """Add a change to the transaction that counts the version up. Refused with Stale when it is not the one read."""
    tx.update(
        bare(user),
        *actions,
        UserRow.version.add(1),
        UserRow.updated_at.set(clock.timestamp()),
        when=as_read(user),
        refusal=Stale(),
    )


def _new_emails(user: User, emails: tuple[str, ...]) -> list[Action]:
    """Other addresses; those of before are kept a day longer, see `User.reset_emails`."""
    if emails == user.emails:
        return []
    return [
        UserRow.emails.set(emails),
        UserRow.emails_before.set(emails if user.is_untouched else user.reset_emails),
        UserRow.emails_at.set(clock.timestamp()),
    ]


def _lock(reason: str = "", note: str = "", at: int = 0) -> tuple[Action, ...]:
    """The actions that say why and since when a user is locked, or that it is not."""
    return (
        UserRow.lock_reason.set(reason) if reason else UserRow.lock_reason.remove(),
        UserRow.lock_note.set(note) if note else UserRow.lock_note.remove(),
        UserRow.locked_at.set(at) if at else UserRow.locked_at.remove(),
    )


def all_out() -> tuple[Action, ...]:
    """The actions that end every session and forget every device."""
    return (UserRow.sessions.set({}), UserRow.devices.set({}))


def _row(user: User) -> UserRow:
    row = UserRow.find(user_key(user.portal, user.username_key), "user")
    if row is None or row.version != user.version or row.created_key != user.id:
        raise Stale
    return row


def end_sessions(tx: Transaction, user: User, *, but: str | None = None) -> None:
    """Add to the transaction that every session is over, but for one. Refused with Stale."""
    kept = {name: noted_json(noted) for name, noted in user.sessions.items() if name == but}
    change(tx, user, UserRow.sessions.set(kept))
