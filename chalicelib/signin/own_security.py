"""What users do about their own security: password, second factors, recovery codes, devices, sessions.

Each change needs the password, or a second factor, shown in this session a short while ago; each is a fact, and is told to
the addresses on file.
"""

from __future__ import annotations

from .. import clock, facts
from ..errors import Conflict, Invalid, NotFound, Refusal
from ..facts import Act, Kind
from ..people import user_changes, user_factors, user_sessions, users
from ..people.shapes import Noted
from ..people.telling import tell, tell_old_number
from ..people.users import User
from ..portals import Portal
from ..security import identities, links, passwords, recovery, sessions
from ..security.sessions import Session
from .doors import Door, about
from .own_password import words

FRESH_SECONDS = 10 * 60  # how long a session may change credentials after its user was proved


class NotFresh(Refusal):
    """The password has not been asked for a while: it is asked again before this is done."""

    code = "not-fresh"
    status = 403
    text = "Please confirm your password first."


class LastFactor(Conflict):
    """The only second factor of somebody who must have one."""

    code = "last-factor"
    text = "You need at least one second factor here. Add another one first, then remove this one."


def is_fresh(session: Session, user: User) -> bool:
    """Whether the user of this session was proved a short while ago: a client by the password, staff by a second factor."""
    proved_at = session.proved_at if user.kind == "staff" else max(session.confirmed_at, session.proved_at)
    return proved_at + FRESH_SECONDS > clock.timestamp()


def must_be_fresh(session: Session, user: User) -> None:
    """Raises NotFresh."""
    if not is_fresh(session, user):
        raise NotFresh


def confirm_password(act: Act, user: User, session: Session, typed: str) -> None:
    """Prove a client again by the password; staff show a second factor (`people.step_up`). Raises Invalid, Locked."""
    key = _check_present(act, user, session, typed, "password")
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    sessions.confirm(tx, act.portal, session)
    identities.settle(tx, act.portal, key)
    facts.record(tx, act, Kind.PASSWORD_RIGHT, about(user), {"then": "security"})
    tx.commit()


def change_password(
    act: Act, portal: Portal, door: Door, user: User, session: Session, present: str, wanted: str, browser: str
) -> str:
    """Set another password; the secret of the one session that goes on, a new one. Raises Invalid, Locked, Stale."""
    least = portal.policy.password_least
    passwords.check(wanted, least=least, words=words(portal, user.username, None, user))
    key = _check_present(act, user, session, present, "current_password")
    if passwords.matches(user.password_hash, wanted):
        raise Invalid(fields={"password": "This is the password you have. Choose another one."})
    act, now = act.by(f"user:{user.id}"), clock.timestamp()
    tx = act.transaction()
    sessions.end(tx, act.portal, session.id)
    secret = sessions.begin(
        tx,
        act.portal,
        door.lasting,
        holder=user.id,
        number_key=session.number_key,
        username_key=user.username_key,
        contact_id=session.contact_id,
        proved_at=session.proved_at,
    )
    goes_on = Noted(at=now, until=now + door.lasting.session_hours * 3600, browser=browser)
    user_changes.set_password(tx, user, passwords.hashed(wanted), keeps=(sessions.id_of(secret), goes_on))
    links.cancel(tx, act.portal, "password-reset", user.id)
    if user.kind == "record":
        links.cancel(tx, act.portal, "self-service-password", user.id)
    for each in (key, users.tried_as(user.side, user.username_key)):
        identities.settle(tx, act.portal, each)
    facts.record(tx, act, Kind.PASSWORD_CHANGED, about(user))
    tell(tx, act, user, "password")
    tx.commit()
    return secret


def remove_factor(act: Act, door: Door, user: User, session: Session, which: str) -> None:
    """Remove the authenticator app or the mobile number. Raises NotFresh, NotFound, LastFactor."""
    must_be_fresh(session, user)
    if which not in user.factors:
        raise NotFound("This second factor is not set up.")
    if door.must_have_factor and len(user.factors) == 1:
        raise LastFactor
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_factors.drop_factors(tx, user, [which])
    facts.record(tx, act, Kind.FACTOR_REMOVED, about(user), {"factor": which})
    tell(tx, act, user, "totp-removed" if which == "totp" else "sms-removed")
    if which == "sms":
        tell_old_number(tx, act, user)
    tx.commit()


def new_recovery_codes(act: Act, user: User, session: Session) -> tuple[str, ...]:
    """Ten new recovery codes; the old ones are over. Raises NotFresh, Conflict without a second factor."""
    must_be_fresh(session, user)
    if not user.factors:
        raise Conflict("Recovery codes stand in for a second factor. Set one up first.")
    made = recovery.new_codes()
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_factors.set_recovery(tx, user, recovery.digests(act.portal, user.id, made))
    facts.record(tx, act, Kind.RECOVERY_CODES_MADE, about(user))
    tell(tx, act, user, "recovery-codes")
    tx.commit()
    return made


def forget_device(act: Act, user: User, device_id: str) -> None:
    """Ask that browser for the second factor again. One that is forgotten already changes nothing."""
    if device_id not in user.devices:
        return
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_sessions.forget_device(tx, user, device_id)
    facts.record(tx, act, Kind.DEVICE_FORGOTTEN, about(user))
    tx.commit()


def end_session(act: Act, user: User, session_id: str) -> None:
    """Sign a browser out. One that is signed out already changes nothing."""
    if session_id not in user.sessions:
        return
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_sessions.end_session(tx, user, session_id)
    sessions.end(tx, act.portal, session_id)
    facts.record(tx, act, Kind.SESSION_ENDED, about(user))
    tx.commit()


def end_other_sessions(act: Act, user: User, session: Session) -> None:
    """Sign every other browser out."""
    act = act.by(f"user:{user.id}")
    tx = act.transaction()
    user_changes.end_sessions(tx, user, but=session.id)
    facts.record(tx, act, Kind.SESSION_ENDED, about(user), {"which": "all others"})
    tx.commit()


def sign_out(act: Act, portal: str, user: User | None, session: Session, kind: Kind) -> None:
    """End this session."""
    act = act.by(f"user:{session.holder}")
    tx = act.transaction()
    sessions.end(tx, portal, session.id)
    if user is not None and session.id in user.sessions:
        user_sessions.end_session(tx, user, session.id)
    facts.record(tx, act, kind, facts.subject("user", session.holder))
    tx.commit()


def _check_present(act: Act, user: User, session: Session, typed: str, field: str) -> str:
    """The password the user has, counted before it is compared: under which name. Raises Invalid, Locked.

    Each session has a counter of its own: strangers at the door cannot lock out who is in, nor the thief of a session the
    owner at the door.
    """
    key = identities.identity("present-password", session.id)
    identities.count_try(act.portal, key)
    if not typed or not passwords.matches(user.password_hash, typed):
        raise Invalid(fields={field: "This is not your password."})
    return key
