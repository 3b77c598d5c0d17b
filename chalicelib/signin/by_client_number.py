"""Signing in without a password: client number and last name, then an address on file, then the code sent to it.

    begin         what was typed is folded and kept by the visitor's own browser, sealed; nothing is looked up
    request_code  who that is, if anybody; one transaction writes the challenge, the counters, the message, the fact
    resend        the same again for the same challenge: a new code, the old tries
    enter_code    the try is counted, then compared; one transaction spends the code and opens the session

Somebody we know and somebody we do not take the same path: same calls, same tables, same order, same answer. For those
we do not know the challenge is a decoy that no code opens, and its message is dropped by the worker that would send it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import msgspec

from .. import clock, facts
from ..errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from ..facts import Act, Kind
from ..messaging.queue import queue
from ..people import cards, matching
from ..people.cards import Card, Opened
from ..portals import Portal
from ..security import browsers, codes, identities, limits, sessions
from ..security.codes import Challenge, CodeOver, CodeWrong
from ..security.identities import DestinationUsedUp, SendsUsedUp
from ..storage import Transaction, beside
from .tries import Tries

PURPOSE = "sign-in"
TEMPLATE = "verification-code"
STEP_SECONDS = 600  # how long a visitor may think between two steps
_MOST_TYPED = 200  # characters of a field that are read at all


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor has said so far. It travels, sealed, in a cookie of ten minutes, and nowhere else."""

    number: str
    last_name: str
    next_path: str = ""
    method: str = ""
    destination: str = ""
    on_file: str = ""
    challenge: str = ""
    counter: int = 0
    version: int = 0
    code_until: int = 0
    sent_at: int = 0
    sends: int = 0

    @property
    def has_asked(self) -> bool:
        """Whether a code was asked for."""
        return bool(self.challenge)


class Visitor(msgspec.Struct, frozen=True):
    """The browser in front of us: its address (IPv6 as /64), its known-browser cookie, if any."""

    address: str
    browser_cookie: str | None = None


class SignedIn(msgspec.Struct, frozen=True):
    """The secrets for two cookies (the session's, the known browser's) and where the visitor wanted to go."""

    session: str
    browser: str | None
    next_path: str


def begin(number: str, last_name: str, next_path: str = "", *, before: Visit | None = None) -> Visit:
    """Take the client number and last name. Refuses only what is empty or far too long; looks nothing up.

    Whoever starts again with the same two keeps the code that this very browser asked for `before`.
    """
    wrong = {}
    if not matching.number_key(number) or len(number) > _MOST_TYPED:
        wrong["client_number"] = "Enter your client number."
    if not matching.name_key(last_name) or len(last_name) > _MOST_TYPED:
        wrong["last_name"] = "Enter your last name."
    if wrong:
        raise Invalid(fields=wrong)
    fresh = Visit(number=number.strip(), last_name=last_name.strip(), next_path=next_path)
    if before and _same(before, fresh):
        return msgspec.structs.replace(before, next_path=next_path)
    return fresh


def _same(one: Visit, other: Visit) -> bool:
    keys = [(matching.number_key(visit.number), matching.name_key(visit.last_name)) for visit in (one, other)]
    return keys[0] == keys[1]


def request_code(act: Act, portal: Portal, visit: Visit, visitor: Visitor, method: str, typed: str) -> Visit:
    """Send a code to the address typed, if it is the one on file; the visit, with its new challenge.

    Raises Invalid for what cannot be an address, TooMany (Locked, SendsUsedUp) at the limits: alike for everybody.
    """
    method = method or ("email" if "@" in typed else "sms")
    destination = _destination(portal, method, typed)
    tries = _tries(act.portal, visit, visitor)
    found = _looked_up(act, visit, tries, method, destination)

    def issue(tx: Transaction, holder: str | None) -> Challenge:
        minutes = portal.policy.code_minutes
        return codes.issue(tx, act.portal, purpose=PURPOSE, channel=method, holder=holder, minutes=minutes)

    try:
        return _asked(visit, method, typed, found, destination, _send(act, found, tries, method, destination, issue))
    except SendsUsedUp as refusal:
        if visit.challenge and refusal.challenge == visit.challenge:  # only its own browser is led back to a challenge
            raise StillOpen(visit, refusal) from refusal
        raise


def resend(act: Act, portal: Portal, visit: Visit, visitor: Visitor) -> Visit:
    """Send a new code to the same address: the old one is over, its tries still count. Refuses like `request_code`."""
    destination = _destination(portal, visit.method, visit.destination)
    tries = _tries(act.portal, visit, visitor)
    found = _looked_up(act, visit, tries, visit.method, destination)
    held = Challenge(visit.challenge, visit.counter, visit.version, visit.code_until)

    def renew(tx: Transaction, _holder: str | None) -> Challenge:
        return codes.renew(tx, act.portal, held, minutes=portal.policy.code_minutes)

    try:
        made = _send(act, found, tries, visit.method, destination, renew, instead=lambda _tx, _holder: held)
    except CodeOver:
        return request_code(act, portal, visit, visitor, visit.method, visit.destination)
    except SendsUsedUp as refusal:
        raise StillOpen(visit, refusal) from refusal
    return _asked(visit, visit.method, visit.destination, found, destination, made)


def enter_code(act: Act, portal: Portal, visit: Visit, visitor: Visitor, typed: str) -> SignedIn:
    """Sign in with a code. Raises CodeWrong, CodeOver, or TooMany at the limits."""
    code = codes.cleaned(typed)
    if len(code) != codes.DIGITS or not code.isascii() or not code.isdigit():
        raise Invalid(fields={"code": "Enter the six digits of the code we sent."})
    tries = _tries(act.portal, visit, visitor)
    counted, tried = beside(
        lambda: limits.take(act.portal, "codes-typed", tries.counted_as, limits.CODES_TYPED_PER_ADDRESS),
        lambda: _tried(act.portal, visit.challenge, code),
    )
    if isinstance(tried, Refusal):
        if isinstance(tried, CodeWrong):
            _note_wrong(act, tries.key)
        raise tried
    number_key = matching.number_key(visit.number)
    tx = act.by(f"contact:{tried}").transaction()
    codes.spend(tx, act.portal, visit.challenge)
    session = sessions.begin(tx, act.portal, portal.policy, holder=tried, number_key=number_key)
    identities.note_success(tx, act.portal, tries.key)
    cards.note_sign_in(tx, act.portal, number_key, tried, visit.on_file)
    facts.record(tx, act.by(f"contact:{tried}"), Kind.SIGNED_IN, facts.subject("contact", tried), {"by": visit.method})
    try:
        tx.commit()
    except (Conflict, NotFound) as refusal:
        raise CodeOver from refusal
    if counted >= limits.CROWDED:
        with suppress(Unavailable):  # the visitor is in; a count too many on a crowded address is the lesser harm
            limits.give_back(act.portal, "codes-typed", tries.counted_as, limits.CODES_TYPED_PER_ADDRESS)
    days = portal.policy.known_browser_days
    browser = browsers.remember(act.portal, visitor.browser_cookie, tries.plain, days=days) if days else None
    return SignedIn(session, browser, visit.next_path)


class StillOpen(SendsUsedUp):
    """No further code may be sent for now, but the newest one still opens: `visit` leads to its page."""

    def __init__(self, visit: Visit, refusal: SendsUsedUp) -> None:
        super().__init__(visit.challenge, refusal.sent_at, retry_after=refusal.retry_after)
        self.visit = visit


class _Match(msgspec.Struct, frozen=True):
    """Who it is: `card` and the address on file; or nobody, and the first check that failed."""

    card: Card | None
    address: str
    fault: str
    account_id: str | None

    @property
    def holder(self) -> str | None:
        return self.card.contact_id if self.card else None


def match(opened: Opened, last_name: str, method: str, destination: str) -> _Match:
    """The one contact under a client number whom all that was typed fits, and to whom something is open."""

    def nobody(fault: str) -> _Match:
        return _Match(None, "", fault, opened.account_id)

    if opened.account_id is None:
        return nobody("number")
    named = [card for card in opened.cards if card.is_named(last_name)]
    if not named:
        return nobody("last-name")
    if not named[0].is_open:
        return nobody("account-closed")
    reached = [(card, address) for card in named if (address := card.has(method, destination))]
    if not reached:
        return nobody("destination")
    open_to = [(card, address) for card, address in reached if card.batches]
    if not open_to:
        return nobody("nothing-open")
    if len(open_to) > 1:
        return nobody("several")
    return _Match(open_to[0][0], open_to[0][1], "", opened.account_id)


def _looked_up(act: Act, visit: Visit, tries: Tries, method: str, destination: str) -> _Match:
    _, opened = beside(
        lambda: limits.take(act.portal, "codes-asked", tries.counted_as, limits.CODES_ASKED_PER_ADDRESS),
        lambda: cards.under(act.portal, matching.number_key(visit.number)),
    )
    return match(opened, visit.last_name, method, destination)


def _send(
    act: Act,
    found: _Match,
    tries: Tries,
    method: str,
    destination: str,
    challenge: Callable[[Transaction, str | None], Challenge],
    instead: Callable[[Transaction, str | None], Challenge] | None = None,
) -> Challenge:
    """Send a code in one transaction, or for nobody a decoy of the same shape; the challenge it belongs to.

    Only true sends count against the address, so nobody who merely knows an address can use its codes up. When they are
    used up, by the address's other accounts, a decoy goes out: a refusal would tell that the rest was right. `instead` then
    gives the challenge, so that a resend which cannot be sent leaves the code that was sent alone.
    """
    parts = (method, destination, tries.known_as) if found.card else (method, destination, tries.key)
    place = identities.identity("destination", *parts)
    tx = act.transaction()
    made = challenge(tx, found.holder)
    identities.note_send(tx, act.portal, tries.key, place, made.id)
    if found.card:
        about, kind, changes = facts.subject("contact", found.card.contact_id), Kind.CODE_REQUESTED, {"by": method}
    else:
        whose = ("account", found.account_id) if found.account_id else ("sign-in", tries.plain)
        about, kind, changes = facts.subject(*whose), Kind.CODE_NOT_SENT, {"by": method, "check": found.fault}
    queue(
        tx,
        act,
        template=TEMPLATE,
        channel=method,
        to=found.address or place,
        about=about,
        context={"challenge": made.id, "counter": str(made.counter), "version": str(made.version)},
        urgent=True,
        not_after=made.expires_at,
        decoy=found.card is None,
    )
    facts.record(tx, act, kind, about, changes)
    try:
        tx.commit()
    except DestinationUsedUp:
        if found.card is None:
            raise
        nobody = _Match(None, "", "sends-used-up", found.account_id)
        return _send(act, nobody, tries, method, destination, instead or challenge)
    return made


def _asked(visit: Visit, method: str, typed: str, found: _Match, destination: str, made: Challenge) -> Visit:
    return msgspec.structs.replace(
        visit,
        method=method,
        destination=typed.strip()[:_MOST_TYPED],
        on_file=found.address or destination,
        challenge=made.id,
        counter=made.counter,
        version=made.version,
        code_until=made.expires_at,
        sent_at=clock.timestamp(),
        sends=visit.sends + 1,
    )


def _tried(portal: str, challenge: str, code: str) -> str | Refusal:
    """The holder, or why not: an answer rather than an error, since the limit beside it speaks first."""
    try:
        return codes.attempt(portal, challenge, code, purpose=PURPOSE)
    except (CodeOver, CodeWrong) as refusal:
        return refusal


def _note_wrong(act: Act, key: str) -> None:
    tx = act.transaction()
    identities.note_failure(tx, act.portal, key)
    facts.record(tx, act, Kind.CODE_WRONG, facts.subject("sign-in", key))
    tx.commit()


def _destination(portal: Portal, method: str, typed: str) -> str:
    """What was typed, in the form in which it is compared. Refuses what cannot be an address of this kind."""
    typed = typed[:_MOST_TYPED]
    if method not in portal.policy.sign_in_methods:
        raise Invalid(fields={"method": "Choose how you want to get the code."})
    if method == "email":
        if "@" not in typed.strip()[1:-1]:
            raise Invalid(fields={"destination": "Enter an email address, such as name@example.com."})
        return matching.email_key(typed)
    number = matching.phone_key(typed, portal.country)
    if number is None:
        raise Invalid(fields={"destination": "Enter a mobile number, with its country code if it is abroad."})
    return number


def _tries(portal: str, visit: Visit, visitor: Visitor) -> Tries:
    plain = identities.identity(PURPOSE, matching.number_key(visit.number), matching.name_key(visit.last_name))
    return Tries(plain, browsers.known(portal, visitor.browser_cookie, plain), visitor.address)
