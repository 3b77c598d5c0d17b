"""Verification codes. The six digits are derived (HOTP) from the challenge's id, its counter and a versioned key.

The table holds only the state, so neither it nor a queue, a stream or a log ever holds a usable code. A resend moves the
counter: only the newest code opens. A try is counted before it is compared, so exactly five of any number are.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import Any

import pyotp
from msgspec import Struct

from .. import clock, ids
from ..errors import Refusal, TooMany
from ..storage import Condition, Transaction
from . import keys
from .limits import CODE_RESEND, CODE_TRIES
from .models import ChallengeRow

DIGITS = 6
_KEPT_SECONDS = 3600  # a challenge that is over stays readable for the diagnosis of a sign-in


class CodeOver(Refusal):
    """The challenge is expired, used up, spent or gone: a new code is needed."""

    code = "code-over"
    status = 410
    text = "This code can no longer be used. Ask for a new one."


class CodeWrong(Refusal):
    """The digits are not the newest code's; `tries_left` says how many more may be tried."""

    code = "code-wrong"
    status = 400
    text = "That code is not right. Check the digits of the newest code we sent."

    def __init__(self, tries_left: int) -> None:
        super().__init__()
        self.tries_left = tries_left


class Challenge(Struct, frozen=True):
    """What is needed to compose the message of a code; useless without the key."""

    id: str
    counter: int
    version: int
    expires_at: int


def digits(portal: str, challenge: str, counter: int, version: int) -> str:
    """The six digits of a challenge at one value of its counter (RFC 4226)."""
    seed = base64.b32encode(keys.mac("code", portal, challenge, version=version)).decode()
    return pyotp.HOTP(seed, digits=DIGITS).at(counter)


def cleaned(typed: str) -> str:
    """What someone typed or pasted as a code, without the spaces, hyphens and # that messages bring along."""
    return re.sub(r"[\s#\-\u2010-\u2015]", "", typed)[:12]


def issue(
    tx: Transaction, portal: str, *, purpose: str, channel: str, holder: str | None, minutes: int, is_sent: bool = True
) -> Challenge:
    """Add a new challenge to the transaction. Without a `holder` it is a decoy: same row, but no code opens it.

    Where no code is sent with it (an authenticator app makes its own), one may be sent at once by `renew`.
    """
    made = Challenge(ids.new(), 0, keys.current(), clock.timestamp() + minutes * 60)
    tx.put(
        ChallengeRow(
            pk=_key(portal, made.id),
            holder=holder or "",
            purpose=purpose,
            channel=channel,
            version=made.version,
            sent_at=clock.timestamp() if is_sent else 0,
            valid_until=made.expires_at,
            expires_at=made.expires_at + _KEPT_SECONDS,
        )
    )
    return made


def renew(tx: Transaction, portal: str, held: Challenge, *, minutes: int) -> Challenge:
    """Add to the transaction a resend: the next counter, the full time again, the tries as they stand.

    The transaction refuses with CodeOver when the challenge is not the one at `held.counter`, or is over.
    """
    now = clock.timestamp()
    made = Challenge(held.id, held.counter + 1, held.version, now + minutes * 60)
    tx.update(
        ChallengeRow(_key(portal, held.id)),
        ChallengeRow.counter.set(made.counter),
        ChallengeRow.sent_at.set(now),
        ChallengeRow.valid_until.set(made.expires_at),
        ChallengeRow.expires_at.set(made.expires_at + _KEPT_SECONDS),
        when=_usable(now)
        & (ChallengeRow.counter == held.counter)
        & (ChallengeRow.sent_at <= now - CODE_RESEND.seconds),
        refusal=lambda present: _why_not_renewed(present, now),
    )
    return made


def attempt(portal: str, challenge: str, typed: str, *, purpose: str) -> str:
    """Count a try, then compare; the holder if right. Raises CodeOver or CodeWrong. Does not spend: see `spend`."""
    row = _counted(portal, challenge, purpose)
    right = digits(portal, challenge, int(row.counter), int(row.version))
    if not hmac.compare_digest(right.encode(), typed.encode()) or not row.holder:
        raise CodeWrong(CODE_TRIES - int(row.tries))
    return row.holder


def count_try(portal: str, challenge: str, *, purpose: str) -> int:
    """Count a try at what is asked instead of the challenge's own code; how many are left. Raises CodeOver."""
    return CODE_TRIES - int(_counted(portal, challenge, purpose).tries)


def _counted(portal: str, challenge: str, purpose: str) -> ChallengeRow:
    row = ChallengeRow(_key(portal, challenge))
    if not row.change(ChallengeRow.tries.add(1), when=_usable(clock.timestamp()) & (ChallengeRow.purpose == purpose)):
        raise CodeOver
    return row


def spend(tx: Transaction, portal: str, challenge: str) -> None:
    """Add the spending of a challenge to the transaction: exactly one of any number of parallel ones commits."""
    tx.update(
        ChallengeRow(_key(portal, challenge)),
        ChallengeRow.spent_at.set(clock.timestamp()),
        when=ChallengeRow.spent_at.does_not_exist() & ChallengeRow.pk.exists(),
        refusal=CodeOver(),
    )


def _why_not_renewed(present: dict[str, Any], now: int) -> Refusal:
    """Too soon, perhaps because the button was pressed twice; or it is over."""
    row = ChallengeRow()
    row.deserialize(present)
    wait = int(row.sent_at or 0) + CODE_RESEND.seconds - now
    return TooMany("A new code was sent just now.", retry_after=wait) if wait > 0 else CodeOver()


def _usable(now: int) -> Condition:
    return (ChallengeRow.tries < CODE_TRIES) & (ChallengeRow.valid_until > now) & ChallengeRow.spent_at.does_not_exist()


def _key(portal: str, challenge: str) -> str:
    return f"{portal}#challenge#{challenge}"
