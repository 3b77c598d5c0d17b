"""Signing in with a username and a password.

The try is counted, then the password is compared, whoever it is. The right one opens a session, or leads on: to a second
factor (`second_factor`), to a password of one's own (`own_password`), to setting up a factor (`factor_setup`). Somebody we
know and somebody we do not take the same path: same calls, same hash, same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from .. import clock, facts
from ..errors import Invalid, TooMany, Unavailable
from ..facts import Act, Kind
from ..people import usernames, users
from ..people.users import User
from ..portals import Portal
from ..security import identities, limits, passwords, sessions
from ..security.identities import Locked
from ..storage import together
from .doors import (
    AccountLocked,
    AwaitingReview,
    Door,
    PasswordWrong,
    Pending,
    SignedIn,
    Stage,
    Visitor,
    about,
    for_user,
    tries,
)
from .letting_in import let_in
from .second_factor import ask_for_code, available
from .tries import Tries

T = TypeVar("T")
_MOST_TYPED = 300  # characters of a field that are read at all
_GONE = ("deactivated", "deleted")  # states in which a right password is told like a wrong one


def enter(
    act: Act, portal: Portal, door: Door, username: str, password: str, visitor: Visitor, next_path: str = ""
) -> SignedIn | Pending:
    """Sign in, or what is asked next. Raises PasswordWrong, or TooMany at the limits: alike for everybody.

    With the right password also AccountLocked, and AwaitingReview while a registration is undecided.
    """
    _check_typed(username, password)
    username_key = usernames.key(username)
    counted_as = tries(act.portal, door.side, username_key, visitor)
    count, user = _counted_and_found(act.portal, counted_as, username_key)
    may_enter = user is not None and user.kind in door.admits and user.state not in _GONE
    is_right = passwords.matches(user.password_hash if user and may_enter else None, password)
    if user is None or not is_right or _is_over(user):
        _note_wrong(act, counted_as)
        raise PasswordWrong
    if user.state == "pending":
        _note_right(act, user, counted_as, "review")
        raise AwaitingReview
    if not user.is_active:
        raise AccountLocked
    door = for_user(door, portal, user)
    entered: SignedIn | Pending | None = _led_on(act, portal, door, user, visitor, counted_as, next_path)
    if entered is None:
        newer = passwords.hashed(password) if passwords.is_outdated(user.password_hash or "") else None
        entered = let_in(act, portal, door, user, visitor, counted_as, next_path, newer_hash=newer)
    if count >= limits.CROWDED:
        with suppress(Unavailable):  # a count too many on a crowded address is the lesser harm
            limits.give_back(
                act.portal, "passwords-typed", counted_as.counted_as, limits.PASSWORDS_TYPED_PER_ADDRESS
            )  # fmt: skip
    return entered


def _led_on(
    act: Act, portal: Portal, door: Door, user: User, visitor: Visitor, counted_as: Tries, next_path: str
) -> Pending | None:
    """What is asked besides the password, if anything. The right password is noted, and its try given back."""
    stage: Stage
    if user.must_set_up and not user.reset_emails:
        raise AccountLocked
    if user.must_set_up or (user.factors and not _is_remembered(door, user, visitor)):
        stage = "factor"
    elif user.must_change:
        stage = "change"
    elif door.must_have_factor and not user.factors:
        stage = "set-up"
    else:
        return None
    begun = Pending(
        side=door.side,
        user_id=user.id,
        username_key=user.username_key,
        version=user.version,
        plain=counted_as.plain,
        known_as=counted_as.known_as,
        stage=stage,
        next_path=next_path,
    )
    if stage == "factor":
        return ask_for_code(act, portal, user, begun, counted_as, available(user)[0])
    _note_right(act, user, counted_as, stage)
    return begun


def _note_right(act: Act, user: User, counted_as: Tries, then: str) -> None:
    """Note the right password, and give its try back: what follows is asked, or waited for, elsewhere."""
    tx = act.by(f"user:{user.id}").transaction()
    identities.give_back(tx, act.portal, counted_as.key)
    facts.record(tx, act.by(f"user:{user.id}"), Kind.PASSWORD_RIGHT, about(user), {"then": then})
    tx.commit()


def _is_remembered(door: Door, user: User, visitor: Visitor) -> bool:
    """Whether the second factor was asked here before. A cookie that was carried to another kind of browser is nothing."""
    if not door.device_days or visitor.device_cookie is None:
        return False
    device = sessions.id_of(visitor.device_cookie)
    return user.holds_device(device) and user.devices[device].browser == visitor.browser


def _check_typed(username: str, password: str) -> None:
    wrong = {}
    if not usernames.key(username[:_MOST_TYPED]) or len(username) > _MOST_TYPED:
        wrong["username"] = "Enter your username."
    if not password or len(password) > _MOST_TYPED:
        wrong["password"] = "Enter your password."  # noqa: S105
    if wrong:
        raise Invalid(fields=wrong)


def _counted_and_found(portal: str, counted_as: Tries, username_key: str) -> tuple[int, User | None]:
    """How crowded the address is, and the user if there is one; the try is counted. Three calls at the same time.

    What the address may not try must not bring anybody nearer to a lock: its count is given back.
    """
    calls: list[Callable[[], Any]] = [
        lambda: _or_refusal(
            lambda: limits.take(portal, "passwords-typed", counted_as.counted_as, limits.PASSWORDS_TYPED_PER_ADDRESS)
        ),
        lambda: _or_refusal(lambda: identities.count_try(portal, counted_as.key)),
        lambda: users.find(portal, username_key),
    ]
    crowd, locked, user = together(calls)
    if isinstance(crowd, TooMany):
        if locked is None:
            identities.uncount_try(portal, counted_as.key)
        raise crowd
    if isinstance(locked, Locked):
        raise _with_way_out(locked)
    return crowd, user


def _or_refusal(call: Callable[[], T]) -> T | TooMany:
    """What the call gives, or the limit it met: an answer, since another limit beside it may speak first."""
    try:
        return call()
    except TooMany as refusal:
        return refusal


def _with_way_out(refusal: Locked) -> Locked:
    """The same refusal in the words of this page."""
    way_out = "Contact support to be let in again." if refusal.is_for_good else "Reset your password, or wait."
    told = Locked(f"There were too many wrong tries in a row. {way_out}")
    told.retry_after = refusal.retry_after
    return told


def _is_over(user: User) -> bool:
    """Whether the password is a temporary one whose day has passed."""
    return user.temporary_until is not None and user.temporary_until <= clock.timestamp()


def _note_wrong(act: Act, counted_as: Tries) -> None:
    tx = act.transaction()
    facts.record(tx, act, Kind.PASSWORD_WRONG, facts.subject("sign-in", counted_as.plain))
    tx.commit()
