"""Showing a second factor again in a session: for what is dangerous enough to ask who is really there.

A code of the authenticator app, or a recovery code. The try is counted, then compared; a code that was used is wrong.
"""

from __future__ import annotations

from .. import facts
from ..errors import Conflict, Invalid
from ..facts import Act, Kind
from ..security import codes, identities, limits, recovery, sessions, totp
from ..security.limits import CODE_TRIES, Limit
from ..security.sessions import Session
from ..storage import Transaction
from . import user_factors
from .staff import STEP_UP
from .telling import tell
from .users import User

_TRIES = Limit(CODE_TRIES, 15 * 60)  # docs/security.md, "Decided numbers": five tries; then they lock like a sign-in's
_WRONG = (
    "This is no code that can be used now. Wait for your app's next one, which works once, or use a recovery code you "
    "have not used."
)


def prove(act: Act, user: User, session: Session, typed: str) -> None:
    """Note in the session that its user was proved just now. Raises Invalid, TooMany, Conflict without a second factor."""
    if user.totp_seed is None and not user.recovery:
        raise Conflict("You have no authenticator app and no recovery codes here. Sign in again instead.")
    code = codes.cleaned(typed)
    limits.take(act.portal, STEP_UP, user.id, _TRIES)
    key = identities.identity(STEP_UP, user.id)
    identities.count_try(act.portal, key)
    tx = act.transaction()
    wrong = Invalid(fields={"code": _WRONG})
    used = _used_up(tx, act, user, code, typed, wrong)
    if used is None:
        _note_wrong(act, user)
        raise wrong
    sessions.prove(tx, act.portal, session)
    identities.settle(tx, act.portal, key)
    kind = Kind.STAFF_STEPPED_UP if user.kind == "staff" else Kind.STEPPED_UP
    facts.record(tx, act, kind, facts.subject("user", user.id), {"by": used})
    tx.commit()
    limits.give_back(act.portal, STEP_UP, user.id, _TRIES)


def _used_up(tx: Transaction, act: Act, user: User, code: str, typed: str, wrong: Invalid) -> str | None:
    """Add to the transaction that the code is used; what kind it is, None if it is none of this user's."""
    if len(code) == codes.DIGITS and code.isascii() and code.isdigit():
        step = totp.step_of(act.portal, user.id, user.totp_seed, code) if user.totp_seed else None
        if step is None or step <= user.totp_step:
            return None
        user_factors.use_totp_step(tx, user, step, wrong)
        return "totp"
    left = recovery.without(act.portal, user.id, user.recovery, recovery.cleaned(typed))
    if left is None:
        return None
    user_factors.use_recovery(tx, user, left, wrong)
    facts.record(tx, act, Kind.RECOVERY_CODE_USED, facts.subject("user", user.id), {"left": len(left)})
    tell(tx, act, user, "recovery-code-used")
    return "recovery"


def _note_wrong(act: Act, user: User) -> None:
    tx = Transaction()  # not the act's own: an Idempotency-Key is used up by what was done, not by a refusal
    facts.record(tx, act, Kind.FACTOR_WRONG, facts.subject("user", user.id), {"for": STEP_UP})
    tx.commit()
