"""The second factor of a sign-in: a code of the authenticator app, one by text message, or a recovery code.

Where support has taken the factors away, a code to the address on file stands in for them, and leads to setting up anew.

    ask_for_code   opens a challenge in the transaction that notes the right password; by text, a code goes out with it
    use            another method, or another text
    enter_code     the try is counted, then compared; the right one is used up by the sign-in it opens

One challenge serves the whole step, whichever methods are tried: five tries in all, then the password is asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal

import msgspec

from .. import clock, facts
from ..errors import Invalid, Unavailable
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import user_factors, users
from ..people.users import User
from ..portals import Portal
from ..security import codes, identities, limits, recovery, totp
from ..security.codes import Challenge, CodeOver, CodeWrong
from ..security.identities import SendsUsedUp
from ..storage import Transaction, together
from .asked_links import place
from .doors import Door, Method, Pending, SignedIn, StepOver, Visitor, about, tries_of
from .letting_in import Proof, let_in
from .tries import Tries

PURPOSE = "second-factor"
TEMPLATE = "verification-code"
_SENT: Final = ("sms", "email")  # methods whose code we send


def ask_for_code(act: Act, portal: Portal, user: User, begun: Pending, counted_as: Tries, method: Method) -> Pending:
    """Open the challenge, and note the right password with it.

    When no more codes may be sent for now, the step opens all the same: a recovery code, or waiting, remains.
    """
    if method in _SENT:
        try:
            return _asked(act, portal, user, begun, counted_as, method, sends=True)
        except SendsUsedUp:
            pass
    return _asked(act, portal, user, begun, counted_as, method, sends=False)


def _asked(
    act: Act,
    portal: Portal,
    user: User,
    begun: Pending,
    counted_as: Tries,
    method: Method,
    *,
    sends: bool,
) -> Pending:
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    minutes = portal.policy.code_minutes
    made = codes.issue(
        tx, act.portal, purpose=PURPOSE, channel=method, holder=user.id, minutes=minutes, is_sent=sends
    )  # fmt: skip
    if sends:
        _send(tx, act, user, counted_as.key, made, method, gives_back=True)
    else:
        identities.give_back(tx, act.portal, counted_as.key)
    facts.record(tx, act, Kind.PASSWORD_RIGHT, about(user), {"then": "factor"})
    tx.commit()
    return _at(begun, method, made, is_sent=sends)


def use(act: Act, portal: Portal, pending: Pending, method: Method, visitor: Visitor) -> Pending:
    """Go on by another method; by text, a new code is sent. Raises StepOver, CodeOver, or TooMany at the limits."""
    user = _user(act.portal, pending)
    if method not in available(user):
        raise Invalid(fields={"method": "Choose one of the ways that are offered."})
    if method not in _SENT:
        return msgspec.structs.replace(pending, method=method)
    held = Challenge(pending.challenge, pending.counter, pending.key_version, pending.code_until)
    tx = act.by(f"user:{user.id}").transaction()
    made = codes.renew(tx, act.portal, held, minutes=portal.policy.code_minutes)
    _send(tx, act, user, tries_of(pending, visitor).key, made, method)
    tx.commit()
    return _at(pending, method, made, is_sent=True)


def enter_code(
    act: Act, portal: Portal, door: Door, pending: Pending, typed: str, visitor: Visitor, *, remember: bool = False
) -> SignedIn | Pending:
    """Sign in, or go on to a password of one's own. Raises StepOver, CodeWrong, CodeOver, TooMany at the limits."""
    code = _checked(pending.method, typed)
    counted_as = tries_of(pending, visitor)
    calls: list[Callable[[], Any]] = [
        lambda: limits.take(act.portal, "codes-typed", counted_as.counted_as, limits.CODES_TYPED_PER_ADDRESS),
        lambda: _tried(act.portal, pending, code),
        lambda: _user(act.portal, pending),
    ]
    count, tried, user = together(calls)
    if isinstance(tried, CodeOver):
        raise tried
    proof = None if isinstance(tried, CodeWrong) else _proof(act.portal, pending, user, code)
    if proof is None:
        _note_wrong(act, counted_as.key, user)
        raise tried if isinstance(tried, CodeWrong) else CodeWrong(tried)
    if count >= limits.CROWDED:
        with suppress(Unavailable):
            limits.give_back(act.portal, "codes-typed", counted_as.counted_as, limits.CODES_TYPED_PER_ADDRESS)
    if user.must_change or user.must_set_up:
        return _on_to("change" if user.must_change else "set-up", act, user, pending, proof, remember=remember)
    try:
        return let_in(
            act, portal, door, user, visitor, counted_as, pending.next_path, proof=proof, remember=remember
        )  # fmt: skip
    except StepOver as refusal:
        raise CodeOver from refusal  # the same code in another tab was quicker, or the user was changed


def available(user: User) -> tuple[Method, ...]:
    """The ways this user has, the first one asked first."""
    if user.must_set_up:
        return ("email",)
    return (*user.factors, *(("recovery",) if user.recovery else ()))


def _send(
    tx: Transaction, act: Act, user: User, key: str, made: Challenge, method: Method, *, gives_back: bool = False
) -> None:
    """A code by text or mail, counted against the limits of this identity and of the number or address."""
    to = user.reset_emails[0] if method == "email" else user.sms_number or ""
    where = place(to) if method == "email" else identities.identity("destination", "sms", to, user.id)
    identities.note_send(tx, act.portal, key, where, made.id, gives_back=gives_back)
    queue(
        tx,
        act,
        template=TEMPLATE,
        channel=method,
        to=to,
        about=about(user),
        context={"challenge": made.id, "counter": str(made.counter), "version": str(made.version)},
        urgent=True,
        not_after=made.expires_at,
    )
    facts.record(tx, act.by(f"user:{user.id}"), Kind.FACTOR_SENT, about(user), {"by": method})


def _at(pending: Pending, method: Method, made: Challenge, *, is_sent: bool) -> Pending:
    return msgspec.structs.replace(
        pending,
        method=method,
        challenge=made.id,
        counter=made.counter,
        key_version=made.version,
        code_until=made.expires_at,
        sent_at=clock.timestamp() if is_sent else pending.sent_at,
    )


def _user(portal: str, pending: Pending) -> User:
    """The user, if nothing of it has changed since its password was right. Raises StepOver."""
    user = users.find(portal, pending.username_key)
    if user is None or user.id != pending.user_id or user.version != pending.version or not user.is_active:
        raise StepOver
    return user


def _checked(method: str, typed: str) -> str:
    if method == "recovery":
        code = recovery.cleaned(typed)
        if not code:
            raise Invalid(fields={"code": "Enter one of your recovery codes."})
        return code
    code = codes.cleaned(typed)
    if len(code) != codes.DIGITS or not code.isascii() or not code.isdigit():
        raise Invalid(fields={"code": "Enter the six digits."})
    return code


def _tried(portal: str, pending: Pending, code: str) -> int | CodeOver | CodeWrong:
    """Count the try; a text's code is compared too. How many tries are left, or why not."""
    try:
        if pending.method in _SENT:
            codes.attempt(portal, pending.challenge, code, purpose=PURPOSE)
            return 0
        return codes.count_try(portal, pending.challenge, purpose=PURPOSE)
    except (CodeOver, CodeWrong) as refusal:
        return refusal


def _proof(portal: str, pending: Pending, user: User, code: str) -> Proof | None:
    """What the code proves, to be used up; None if it is wrong."""
    if pending.method in _SENT:
        return Proof(is_shown=True, challenge=pending.challenge)
    if pending.method == "recovery":
        left = recovery.without(portal, user.id, user.recovery, code)
        return None if left is None else Proof(is_shown=True, challenge=pending.challenge, recovery=left)
    step = totp.step_of(portal, user.id, user.totp_seed, code) if user.totp_seed else None
    if step is None or step <= user.totp_step:
        return None
    return Proof(is_shown=True, challenge=pending.challenge, step=step)


def _on_to(
    stage: Literal["change", "set-up"], act: Act, user: User, pending: Pending, proof: Proof, *, remember: bool
) -> Pending:
    """More is asked before the session: what was shown is used up now."""
    tx = act.by(f"user:{user.id}").transaction()
    codes.spend(tx, act.portal, pending.challenge)
    if proof.step is not None:
        user_factors.use_totp_step(tx, user, proof.step, CodeOver())
    if proof.recovery is not None:
        user_factors.use_recovery(tx, user, proof.recovery, CodeOver())
    tx.commit()
    return msgspec.structs.replace(pending, stage=stage, proved=True, remember=remember)


def _note_wrong(act: Act, key: str, user: User) -> None:
    tx = act.transaction()
    identities.note_failure(tx, act.portal, key)
    facts.record(tx, act, Kind.FACTOR_WRONG, about(user))
    tx.commit()
