"""The proof that an address belongs to whoever registers: a code is sent to it, and typed in.

    send     one transaction writes the challenge, the counters, the message, the fact
    resend   the same again for the same challenge: a new code, the old tries
    enter    the try is counted, then compared; one transaction spends the code and begins the registration

Codes go by email only, and count on the address's one register with all other mails that strangers can have sent. Where
others have used that up, a decoy goes out: a refusal would tell that the address is known here.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .. import agenda, clock, facts
from ..errors import Conflict, Invalid, NotFound, Refusal
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import accounts, matching
from ..people.shapes import Account
from ..portals import Portal
from ..portals.roles import PortalRole
from ..security import codes, identities, limits
from ..security.codes import Challenge, CodeOver, CodeWrong
from ..security.identities import DestinationUsedUp
from ..storage import Transaction, beside
from . import attempts, entries
from .abandoned import is_open
from .attempts import KEPT_SECONDS, Attempt
from .statuses import Status

PURPOSE = "register"
_TEMPLATE = "verification-code"


class AttemptOver(Refusal):
    """The registration was given up, or what it is for is gone: it starts at its first page again."""

    code = "attempt-over"
    status = 410
    text = "This registration was not finished in time. Please start again."


def send(act: Act, portal: Portal, attempt: Attempt, address: str) -> Attempt:
    """Send a code to the address of the attempt; the attempt with its new challenge. Raises TooMany at the limits."""
    limits.take(act.portal, "codes-asked", address, limits.CODES_ASKED_PER_ADDRESS)
    return _sent(act, portal, attempt, _issue(act.portal, portal))


def resend(act: Act, portal: Portal, attempt: Attempt, address: str) -> Attempt:
    """Send a new code to the same address: the old one is over, its tries still count. Refuses like `send`."""
    limits.take(act.portal, "codes-asked", address, limits.CODES_ASKED_PER_ADDRESS)
    if attempt.is_decoy:
        return _sent(act, portal, attempt, _issue(act.portal, portal))

    def renew(tx: Transaction, _holder: str | None) -> Challenge:
        return codes.renew(tx, act.portal, attempt.code, minutes=portal.policy.code_minutes)

    try:
        return _sent(act, portal, attempt, renew, instead=lambda _tx, _holder: attempt.code)
    except CodeOver:
        return _sent(act, portal, attempt, _issue(act.portal, portal))


def enter(act: Act, portal: Portal, attempt: Attempt, address: str, typed: str) -> Attempt:
    """Begin the registration with a code; the attempt, its address confirmed. Raises Invalid, CodeWrong, CodeOver, TooMany.

    Who presses twice, or never saw the answer, is told the same again: the code was this very browser's.
    """
    code = codes.cleaned(typed)
    if len(code) != codes.DIGITS or not code.isascii() or not code.isdigit():
        raise Invalid(fields={"code": "Enter the six digits of the code we sent."})
    confirmed = msgspec.structs.replace(attempt, is_confirmed=True)
    _, tried = beside(
        lambda: limits.take(act.portal, "codes-typed", address, limits.CODES_TYPED_PER_ADDRESS),
        lambda: _tried(act.portal, attempt, code),
    )
    if isinstance(tried, CodeWrong):
        _note_wrong(act, attempt)
    if tried is None:
        tried = _begun(act, portal, attempt)
    if isinstance(tried, CodeOver) and is_begun(act.portal, attempt):
        return confirmed
    if tried is not None:
        raise tried
    return confirmed


def is_begun(portal: str, attempt: Attempt) -> bool:
    """Whether the address of the attempt was confirmed, and there still is time to submit."""
    row = entries.found(portal, attempt.id) if attempt.id else None
    return row is not None and row.email_key == matching.email_key(attempt.email) and is_open(row)


def place(portal: Portal, attempt: Attempt) -> tuple[Account, PortalRole]:
    """The account and the role that the attempt is for, as of now. Raises AttemptOver where one of them is gone."""
    role = portal.role(attempt.role)
    try:
        account = accounts.get(portal.slug, attempt.account_id)
    except NotFound:
        raise AttemptOver from None
    if role is None or account.status != "open":
        raise AttemptOver
    return account, role


def _begun(act: Act, portal: Portal, attempt: Attempt) -> CodeOver | None:
    """Spend the code and write the registration down; CodeOver if another press was quicker."""
    account, role = place(portal, attempt)
    act = act.by(f"registration:{attempt.id}")
    tx = act.transaction()
    codes.spend(tx, act.portal, attempt.challenge)
    identities.note_success(tx, act.portal, _key(attempt))
    row = entries.new(
        portal, attempt.id, kind="request", status=Status.STARTED, account=account, role=role, applicant=attempt.applicant
    )  # fmt: skip
    row.due_at, row.due_shard = clock.timestamp() + KEPT_SECONDS, agenda.REGISTRATIONS.shard_of(attempt.id)
    entries.add(tx, act.portal, row)
    about = facts.subject("registration", attempt.id)
    facts.record(tx, act, Kind.REGISTRATION_STARTED, about, {"account": account.id, "role": role.key})
    try:
        tx.commit()
    except (CodeOver, Conflict):
        return CodeOver()
    return None


def _issue(slug: str, portal: Portal) -> Callable[[Transaction, str | None], Challenge]:
    def issue(tx: Transaction, holder: str | None) -> Challenge:
        minutes = portal.policy.code_minutes
        return codes.issue(tx, slug, purpose=PURPOSE, channel="email", holder=holder, minutes=minutes)

    return issue


def _sent(
    act: Act,
    portal: Portal,
    attempt: Attempt,
    challenge: Callable[[Transaction, str | None], Challenge],
    instead: Callable[[Transaction, str | None], Challenge] | None = None,
    *,
    is_decoy: bool = False,
) -> Attempt:
    """Send a code in one transaction, or a decoy of the same shape; the attempt with the challenge it belongs to."""
    tx = act.transaction()
    made = challenge(tx, None if is_decoy else attempt.id)
    unseen = identities.identity("destination", "email", _key(attempt))
    where = unseen if is_decoy else identities.identity("destination", "email", matching.email_key(attempt.email), "")
    identities.note_send(tx, act.portal, _key(attempt), where, made.id)
    about = facts.subject("registration", attempt.id)
    queue(
        tx,
        act,
        template=_TEMPLATE,
        channel="email",
        to=unseen if is_decoy else attempt.email,
        about=about,
        context={"challenge": made.id, "counter": str(made.counter), "version": str(made.version)},
        urgent=True,
        not_after=made.expires_at,
        decoy=is_decoy,
    )
    facts.record(tx, act, Kind.REGISTRATION_CODE_NOT_SENT if is_decoy else Kind.REGISTRATION_CODE_SENT, about)
    try:
        tx.commit()
    except DestinationUsedUp:
        if is_decoy:
            raise
        return _sent(act, portal, attempt, instead or challenge, is_decoy=True)
    return msgspec.structs.replace(
        attempt,
        challenge=made.id,
        counter=made.counter,
        key_version=made.version,
        code_until=made.expires_at,
        sent_at=clock.timestamp(),
        sends=limits.CODE_SENDS.count - attempts.sends_left(attempt) + 1,
        is_decoy=is_decoy and instead is None,
    )


def _tried(portal: str, attempt: Attempt, code: str) -> CodeOver | CodeWrong | None:
    """None for the right code, or why not: an answer rather than an error, since the limit beside it speaks first."""
    try:
        holder = codes.attempt(portal, attempt.challenge, code, purpose=PURPOSE)
    except (CodeOver, CodeWrong) as refusal:
        return refusal
    return None if holder == attempt.id else CodeOver()


def _note_wrong(act: Act, attempt: Attempt) -> None:
    tx = act.transaction()
    identities.note_failure(tx, act.portal, _key(attempt))
    facts.record(tx, act, Kind.CODE_WRONG, facts.subject("registration", attempt.id))
    tx.commit()


def _key(attempt: Attempt) -> str:
    """The identity on which failures and sends of this address are counted."""
    return identities.identity(PURPOSE, matching.email_key(attempt.email))
