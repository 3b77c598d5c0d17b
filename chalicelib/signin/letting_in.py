"""The end of every sign-in by password: one transaction opens the session and uses up all that led to it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from .. import clock, facts, ids
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import cards, user_sessions
from ..people.shapes import Noted
from ..people.users import User
from ..portals import Portal
from ..security import browsers, codes, identities, links, sessions
from ..storage import Transaction
from .doors import Door, PasswordWrong, SignedIn, StepOver, Visitor, about, for_user
from .tries import Tries


class Proof(Struct, frozen=True):
    """What was shown besides the password, to be used up with the sign-in.

    `challenge` is the second factor's, `step` an authenticator's time step, `recovery` the digests of the codes that are
    left. `is_shown` without any of them: it was used up in an earlier step.
    """

    is_shown: bool = False
    challenge: str | None = None
    step: int | None = None
    recovery: tuple[str, ...] | None = None


NONE: Final = Proof()


def let_in(
    act: Act,
    portal: Portal,
    door: Door,
    user: User,
    visitor: Visitor,
    tries: Tries,
    next_path: str,
    *,
    proof: Proof = NONE,
    remember: bool = False,
    newer_hash: str | None = None,
) -> SignedIn:
    """Open the session. Raises StepOver when the user changed meanwhile, PasswordWrong when the account is closed."""
    act, door = act.by(f"user:{user.id}"), for_user(door, portal, user)
    tx = act.transaction()
    session = sessions.begin(
        tx,
        act.portal,
        door.lasting,
        holder=user.id,
        number_key=(user.cards or "").rpartition("#")[2],
        username_key=user.username_key,
        contact_id=user.contact_id or "",
        proved_at=clock.timestamp() if proof.is_shown else 0,
    )
    device = ids.secret() if remember and door.device_days else None
    user_sessions.note_session(
        tx,
        user,
        sessions.id_of(session),
        _noted(visitor, door.lasting.session_hours * 3600),
        refusal=StepOver(),
        device=(sessions.id_of(device), _noted(visitor, door.device_days * 86400)) if device else None,
        step=proof.step,
        recovery=proof.recovery,
        password_hash=newer_hash,
    )
    if user.cards:
        cards.must_be_open(tx, user.cards, PasswordWrong())
    _use_up(tx, act, tries, proof)
    if not tries.known_as:
        _tell_of_new_browser(tx, act, user, visitor)
    kind = Kind.STAFF_SIGNED_IN if door.side == "staff" else Kind.SIGNED_IN
    facts.record(tx, act, kind, about(user), {"by": "password", "factor": proof.is_shown, "browser": visitor.browser})
    if proof.recovery is not None:
        facts.record(tx, act, Kind.RECOVERY_CODE_USED, about(user), {"left": len(proof.recovery)})
    tx.commit()
    days = portal.policy.known_browser_days
    browser = browsers.remember(act.portal, visitor.browser_cookie, tries.plain, days=days) if days else None
    return SignedIn(session, browser, device, next_path)


def _noted(visitor: Visitor, seconds: int) -> Noted:
    now = clock.timestamp()
    return Noted(at=now, until=now + seconds, browser=visitor.browser)


def _use_up(tx: Transaction, act: Act, tries: Tries, proof: Proof) -> None:
    if proof.challenge:
        codes.spend(tx, act.portal, proof.challenge)
        identities.note_success(tx, act.portal, tries.key)
    else:
        identities.settle(tx, act.portal, tries.key)


def _tell_of_new_browser(tx: Transaction, act: Act, user: User, visitor: Visitor) -> None:
    """The owner hears of every browser that was not known, with a link for when it was somebody else."""
    link = links.issue(tx, act.portal, "not-me", user.id, seconds=links.NOT_ME_SECONDS)
    told = {"browser": visitor.browser, "at": str(clock.timestamp()), "username": user.username}
    for place, address in enumerate(user.emails):
        queue(
            tx,
            act,
            template="new-device",
            channel="email",
            to=address,
            about=about(user),
            context={**links.context(link, place), **told},
            urgent=True,
        )
