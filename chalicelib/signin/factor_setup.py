"""Setting up a second factor: an authenticator app or a mobile number, each confirmed by a code before it counts.

Both the sign-in of somebody who must have one and the security page come here. What is being set up lies sealed with the
browser until it is confirmed; nothing is stored of a factor that was never confirmed. With a first factor come ten
recovery codes, shown once.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from .. import clock, facts
from ..errors import Invalid
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import matching, user_factors
from ..people.telling import tell, tell_old_number
from ..people.users import User
from ..portals import Portal
from ..security import codes, identities, recovery, totp
from ..security.codes import Challenge, CodeWrong
from .doors import about

PURPOSE = "factor-set-up"
SETUP_SECONDS = 15 * 60
_MOST_NAME = 40


class Draft(Struct, frozen=True, kw_only=True):
    """A factor being set up, for one user: a fresh seed, or a number that a code was sent to. Travels sealed."""

    user_id: str
    seed: str = ""
    number: str = ""
    challenge: str = ""
    counter: int = 0
    key_version: int = 0
    code_until: int = 0
    sent_at: int = 0


def begin_totp(user: User) -> Draft:
    """A fresh seed for an authenticator app."""
    return Draft(user_id=user.id, seed=totp.new_seed())


def confirm_totp(act: Act, user: User, draft: Draft, name: str, typed: str) -> tuple[str, ...]:
    """Take the app, whose code this is; the recovery codes if it is the first factor. Raises Invalid or CodeWrong.

    The code is not counted against a limit: it proves that the app holds the seed its own owner was shown.
    """
    named = " ".join(name.split())[:_MOST_NAME] or "Authenticator app"
    if not named.isprintable():
        raise Invalid(fields={"name": "Use letters, digits and spaces."})
    code = _six_digits(typed)
    step = totp.matching_step(draft.seed, code)
    if step is None:
        raise Invalid(
            fields={"code": "This is not the app's present code. Check the time of your phone, then try again."}
        )
    if user.totp_seed and totp.step_of(act.portal, user.id, user.totp_seed, code) == step:
        return _taken_before(act, user)
    new = recovery.new_codes() if not user.factors else ()
    tx = act.by(f"user:{user.id}").transaction()
    user_factors.set_totp(
        tx,
        user,
        seed=totp.kept(act.portal, user.id, draft.seed),
        name=named,
        step=step,
        recovery=recovery.digests(act.portal, user.id, new) if new else None,
    )
    facts.record(tx, act.by(f"user:{user.id}"), Kind.FACTOR_ADDED, about(user), {"factor": "totp"})
    tell(tx, act, user, "totp-added")
    tx.commit()
    return new


def _taken_before(act: Act, user: User) -> tuple[str, ...]:
    """The app counts already: the form was sent twice, or its answer lost. Recovery codes nobody saw are made anew."""
    if user.factors != ("totp",):
        return ()
    new = recovery.new_codes()
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_factors.set_recovery(tx, user, recovery.digests(act.portal, user.id, new))
    facts.record(tx, act, Kind.RECOVERY_CODES_MADE, about(user))
    tell(tx, act, user, "recovery-codes")
    tx.commit()
    return new


def send_to_mobile(act: Act, portal: Portal, user: User, typed: str, draft: Draft | None = None) -> Draft:
    """Send a code to a mobile number, or another one to the same. Raises Invalid, TooMany, CodeOver."""
    number = matching.phone_key(typed, portal.country) if typed.strip() else None
    if number is None:
        raise Invalid(fields={"mobile": matching.NO_PHONE})
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    minutes = portal.policy.code_minutes
    if draft and draft.number == number and draft.code_until > clock.timestamp():
        held = Challenge(draft.challenge, draft.counter, draft.key_version, draft.code_until)
        made = codes.renew(tx, act.portal, held, minutes=minutes)
    else:
        made = codes.issue(tx, act.portal, purpose=PURPOSE, channel="sms", holder=user.id, minutes=minutes)
    key = identities.identity("set-up", user.id)
    identities.note_send(tx, act.portal, key, identities.identity("destination", "sms", number, ""), made.id)
    queue(
        tx,
        act,
        template="verification-code",
        channel="sms",
        to=number,
        about=about(user),
        context={"challenge": made.id, "counter": str(made.counter), "version": str(made.version)},
        urgent=True,
        not_after=made.expires_at,
    )
    facts.record(tx, act, Kind.FACTOR_SENT, about(user), {"by": "sms", "for": "set-up"})
    tx.commit()
    return msgspec.structs.replace(
        Draft(user_id=user.id),
        number=number,
        challenge=made.id,
        counter=made.counter,
        key_version=made.version,
        code_until=made.expires_at,
        sent_at=clock.timestamp(),
    )


def confirm_mobile(act: Act, user: User, draft: Draft, typed: str) -> tuple[str, ...]:
    """Take the number, whose code this is; the recovery codes if it is the first factor. Raises CodeWrong, CodeOver."""
    holder = codes.attempt(act.portal, draft.challenge, _six_digits(typed), purpose=PURPOSE)
    if holder != user.id:
        raise CodeWrong(0)
    new = recovery.new_codes() if not user.factors else ()
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    codes.spend(tx, act.portal, draft.challenge)
    kept = recovery.digests(act.portal, user.id, new) if new else None
    user_factors.set_sms(tx, user, draft.number, recovery=kept)
    facts.record(tx, act, Kind.FACTOR_ADDED, about(user), {"factor": "sms"})
    tell(tx, act, user, "sms-added")
    if user.sms_number != draft.number:
        tell_old_number(tx, act, user)
    tx.commit()
    return new


def _six_digits(typed: str) -> str:
    code = codes.cleaned(typed)
    if len(code) != codes.DIGITS or not code.isascii() or not code.isdigit():
        raise Invalid(fields={"code": "Enter the six digits."})
    return code
