"""Making sure who is on the phone: a code to the contact on file, which the caller reads out and staff type.

    begin   one transaction: the verification, what it counts, the message, the fact
    enter   the try is counted, then compared; three wrong ones, and staff start anew
    tell    within ten minutes of the right code, and once, the username may be told; its owner hears of it

The code is derived from the verification's id, so staff see it nowhere. It opens no sign-in: none has a challenge of its id.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound
from ..facts import Act, Kind
from ..messaging import addresses
from ..messaging.queue import queue
from ..people import contacts, mailing, matching, users
from ..people.telling import tell
from ..people.users import User
from ..security import codes, identities, keys, limits
from ..storage import Transaction
from . import levels
from .levels import Desk
from .models import VerificationRow

SECONDS: Final = 600  # that a code can be read out, and then that the username may be told
TEMPLATE: Final = "caller-code"
_KEPT_SECONDS: Final = 24 * 3600
_OVER: Final = "This code can no longer be used. Start anew: a new code goes to the caller."
_NOT_YOURS: Final = "There is no verification with this id that you have started."
Channel = Literal["email", "sms"]
Moment = Annotated[str, Meta(description="ISO 8601, in UTC.")]


class Caller(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is said to be on the phone: a contact, or a user."""

    kind: Literal["contact", "user"]
    id: fields.Identifier


class CallerInput(Caller, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to send a code, and how."""

    channel: Channel


class Way(Struct, frozen=True, kw_only=True):
    """A way in which a code can go to somebody."""

    channel: Channel
    sent_to: Annotated[str, Meta(description="Masked: enough for the caller to recognise it.")]


class Verification(Struct, frozen=True, kw_only=True):
    """That a caller is to read out a code. `over`: three wrong ones or too late; `told`: the username was told."""

    id: str
    kind: Literal["contact", "user"]
    person_id: str
    channel: Channel
    sent_to: Annotated[str, Meta(description="Masked.")]
    state: Literal["waiting", "verified", "told", "over"]
    tries_left: int
    valid_until: Annotated[Moment, Meta(description="Of the code; once verified, until when the username may be told.")]


class CodeRead(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller reads out."""

    code: Annotated[str, Meta(min_length=1, max_length=40)]


class UsernameTold(Struct, frozen=True, kw_only=True):
    """The username, for the caller alone."""

    username: str


class _Person(Struct, frozen=True):
    """Where a code can go to, and whose username may be told afterwards."""

    subject: str
    email: str | None
    mobile: str | None
    user: User | None

    def address(self, channel: Channel) -> str | None:
        return self.email if channel == "email" else self.mobile


def ways(act: Act, desk: Desk, caller: Caller) -> list[Way]:
    """How a code can go to somebody; none: nothing is on file. Raises NotFound, Forbidden."""
    person = _person(act, desk, caller.kind, caller.id)
    channels: tuple[Channel, ...] = ("email", "sms")
    held = [(channel, person.address(channel)) for channel in channels]
    return [Way(channel=channel, sent_to=addresses.masked(channel, to)) for channel, to in held if to]


def begin(act: Act, desk: Desk, wanted: CallerInput, *, verification_id: str | None = None) -> str:
    """Send a code; the verification's id. Raises NotFound, Forbidden, Invalid where nothing is on file, TooMany."""
    person = _person(act, desk, wanted.kind, wanted.id)
    to = person.address(wanted.channel)
    if to is None:
        what = "email address" if wanted.channel == "email" else "mobile number"
        raise Invalid(fields={"channel": f"No {what} is on file. Choose the other way, or correct the record first."})
    identifier, now, version = verification_id or ids.new(), clock.timestamp(), keys.current()
    tx = act.transaction()
    row = VerificationRow(
        pk=_key(act.portal, identifier),
        person=person.subject,
        channel=wanted.channel,
        masked=addresses.masked(wanted.channel, to),
        by=act.actor,
        version=version,
        valid_until=now + SECONDS,
        expires_at=now + _KEPT_SECONDS,
    )
    tx.put(row, when=VerificationRow.pk.does_not_exist())
    limits.take_in(tx, act.portal, "caller-codes", act.actor, limits.CALLER_CODES_AN_HOUR)
    identities.note_send(tx, act.portal, tried_as(person.subject), _place(wanted.channel, to), identifier)
    context = {"challenge": identifier, "counter": "0", "version": str(version)}
    queue(
        tx, act, template=TEMPLATE, channel=wanted.channel, to=to, about=person.subject, context=context, urgent=True,
        not_after=now + SECONDS,
    )  # fmt: skip
    facts.record(tx, act, Kind.CALLER_CODE_SENT, person.subject, {"by": wanted.channel})
    mailing.commit(tx)
    return identifier


def get(act: Act, verification_id: str) -> Verification:
    """The verification as of now, for whoever started it. Raises NotFound."""
    return _shown(_read(act, verification_id), verification_id)


def enter(act: Act, verification_id: str, typed: str) -> None:
    """Hold what the caller read out against the code. Raises NotFound, Conflict when it is over, Invalid, TooMany (Locked)."""
    code = codes.cleaned(typed)
    if len(code) != codes.DIGITS or not (code.isascii() and code.isdigit()):
        raise Invalid(fields={"code": "Enter the six digits that the caller reads out."})
    row, now = _read(act, verification_id), clock.timestamp()
    open_still = (VerificationRow.tries < limits.CALLER_TRIES) & (VerificationRow.valid_until > now)
    if not row.change(VerificationRow.tries.add(1), when=open_still & VerificationRow.verified_at.does_not_exist()):
        raise Conflict(_OVER)
    right = codes.digits(act.portal, verification_id, 0, int(row.version))
    if not hmac.compare_digest(right.encode(), code.encode()):
        _note_wrong(act, row)
        left = limits.CALLER_TRIES - int(row.tries)
        more = f"{left} more {'try' if left == 1 else 'tries'}." if left else "Start anew."
        raise Invalid(fields={"code": f"This is not the code we sent. {more}"})
    tx = act.transaction()
    tx.update(
        VerificationRow(row.pk),
        VerificationRow.verified_at.set(now),
        when=VerificationRow.verified_at.does_not_exist() & (VerificationRow.valid_until > now),
        refusal=Conflict(_OVER),
    )
    identities.note_success(tx, act.portal, tried_as(row.person))
    facts.record(tx, act, Kind.CALLER_VERIFIED, row.person, {"by": row.channel})
    tx.commit()


def tell_username(act: Act, desk: Desk, verification_id: str) -> UsernameTold:
    """The username of a verified caller, once. Raises NotFound, Conflict, TooMany."""
    row, now = _read(act, verification_id), clock.timestamp()
    user = _user(act, desk, row)
    tx = act.transaction()
    tx.update(
        VerificationRow(row.pk),
        VerificationRow.told_at.set(now),
        when=VerificationRow.told_at.does_not_exist() & (VerificationRow.verified_at > now - SECONDS),
        refusal=Conflict("A username is told within ten minutes of the right code, and once. Verify the caller anew."),
    )
    limits.take_in(tx, act.portal, "usernames-told", act.actor, limits.USERNAMES_TOLD_AN_HOUR)
    facts.record(tx, act, Kind.USERNAME_TOLD, facts.subject("user", user.id), {"verification": verification_id})
    tell(tx, act, user, "username-told")
    tx.commit()
    return UsernameTold(username=user.username)


def told_before(act: Act, desk: Desk, verification_id: str) -> UsernameTold:
    """The same for a call whose answer was lost. Raises NotFound, Conflict."""
    row = _read(act, verification_id)
    if row.told_at is None:
        raise Conflict
    return UsernameTold(username=_user(act, desk, row).username)


def _user(act: Act, desk: Desk, row: VerificationRow) -> User:
    kind, _, person_id = row.person.partition(":")
    user = _person(act, desk, kind, person_id).user
    if user is None:
        raise Conflict("This contact has no username of their own: they sign in by a code. Is it the account's user?")
    return user


def _person(act: Act, desk: Desk, kind: str, person_id: str) -> _Person:
    """Raises NotFound, and Forbidden for a colleague above. A replaced address still counts for a day: see `User`."""
    if kind == "user":
        user = users.get(act.portal, person_id)
        levels.must_reach(act, desk, user)
        email = next(iter(user.reset_emails), None)
        return _Person(facts.subject("user", user.id), email, user.sms_number, user)
    contact, user_id = contacts.with_user(act.portal, person_id)
    own = users.by_id(act.portal, user_id) if user_id else None
    return _Person(facts.subject("contact", contact.id), next(iter(contact.emails), None), contact.mobile, own)


def _note_wrong(act: Act, row: VerificationRow) -> None:
    tx = Transaction()  # not the act's own: an Idempotency-Key is used up by what was done, not by a refusal
    identities.note_failure(tx, act.portal, tried_as(row.person))
    facts.record(tx, act, Kind.CALLER_CODE_WRONG, row.person)
    tx.commit()


def _read(act: Act, verification_id: str) -> VerificationRow:
    row = VerificationRow.find(_key(act.portal, verification_id))
    if row is None or row.by != act.actor:
        raise NotFound(_NOT_YOURS)
    return row


def _shown(row: VerificationRow, verification_id: str) -> Verification:
    kind, _, person_id = row.person.partition(":")
    until = int(row.verified_at) + SECONDS if row.verified_at else int(row.valid_until)
    is_over = until <= clock.timestamp() or (row.verified_at is None and int(row.tries) >= limits.CALLER_TRIES)
    state = "told" if row.told_at else "over" if is_over else "verified" if row.verified_at else "waiting"
    return Verification(
        id=verification_id,
        kind=kind,  # type: ignore[arg-type]
        person_id=person_id,
        channel=row.channel,  # type: ignore[arg-type]
        sent_to=row.masked,
        state=state,  # type: ignore[arg-type]
        tries_left=max(limits.CALLER_TRIES - int(row.tries), 0),
        valid_until=clock.text(until) or "",
    )


def _place(channel: str, to: str) -> str:
    """The register that sign-in codes to this address are counted on too."""
    return identities.identity("destination", channel, matching.email_key(to) if channel == "email" else to, "")


def tried_as(subject: str) -> str:
    """Under what wrong codes of whoever says to be this person are counted."""
    return identities.identity("caller", subject)


def _key(portal: str, identifier: str) -> str:
    return f"{portal}#verification#{identifier}"
