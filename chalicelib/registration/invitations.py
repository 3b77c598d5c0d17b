"""Invitations: sent, sent again, revoked, reminded of. One address has one live invitation to an account at most.

An invitation's link stands under the entry's id, so a newer link ends the older one. Every mail counts with whatever else
goes to its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from msgspec import Struct

from .. import agenda, clock, facts, ids
from ..errors import Conflict, NotFound, Stale, TooMany
from ..facts import Act, Kind
from ..messaging import reading, suppression
from ..messaging.queue import queue
from ..messaging.statuses import Status as Sent
from ..people import accounts, authority, matching
from ..people.authority import Authority
from ..people.shapes import Account
from ..portals import Portal, known
from ..portals.roles import PortalRole
from ..security import identities, links
from ..security.identities import DestinationUsedUp
from ..storage import Transaction, afresh, beside
from . import addresses, entries
from .addresses import Typed
from .entries import Decided
from .models import InvitedRow, RegistrationRow
from .shapes import Applicant
from .statuses import Status

PURPOSE: Final = "invitation"
Answer = Literal["sent", "resent", "already-user", "invalid", "suppressed", "too-many", "stopped"]
Delivery = Literal["queued", "sent", "delivered", "bounced", "opened", ""]

BLOCKED = (
    "Mail to this address came back, or was reported as spam, so nothing is sent to it any more. If you know that it works, "
    "have the block lifted (POST /suppressions/lift), then send the invitation again."
)
TOO_MANY = (
    "This address was sent as many messages as it may be for now: three in a quarter of an hour, eight a day. Send the "
    "invitation again later."
)
_CLOSED = "The office or provider is closed. Open it, then send the invitation again."
_NO_ROLE = "The portal has no such role any more. Send a new invitation, with another role."
_REVOKED = "This invitation was revoked. Send a new one."
_NEWER = "A newer invitation of this address to this office or provider is under way. Use that one."
_NOT_OPEN = "This is not an invitation that waits to be accepted."
_COME: Final[dict[Sent, Delivery]] = {
    Sent.QUEUED: "queued",
    Sent.SENDING: "queued",
    Sent.UNKNOWN: "sent",
    Sent.SENT: "sent",
    Sent.DELIVERED: "delivered",
    Sent.DROPPED: "",
}


class Offer(Struct, frozen=True):
    """What somebody is invited to: an account, and a role there. `inviter` is the name that the mail tells, if any."""

    portal: Portal
    account: Account
    role: PortalRole
    inviter: str = ""
    is_urgent: bool = True


class Answered(Struct, frozen=True):
    """What became of one address; `why` says what to do where no mail went out."""

    answer: Answer
    why: str = ""
    entry_id: str = ""


Note = Callable[[Transaction, Answered], None]


def invite(act: Act, offer: Offer, to: Typed, note: Note) -> Answered:
    """Send one address its link, or a new one in place of a live one: the answer, which `note` adds to the transaction.

    Raises Unavailable, and whatever refusal `note` brings; then nothing was sent.
    """
    return afresh(lambda: _invite(act, offer, to, note))


def answer_only(act: Act, answered: Answered, note: Note) -> Answered:
    """The answer for an address that is sent nothing."""
    tx = act.transaction()
    note(tx, answered)
    tx.commit()
    return answered


def resend(act: Act, by: Authority, portal: Portal, entry_id: str) -> None:
    """Send an invitation again, over its older link. Raises NotFound, Forbidden, TooMany, Conflict where it cannot be."""
    afresh(lambda: _resend(act, by, portal, entry_id))


def revoke(act: Act, by: Authority, portal: Portal, entry_id: str) -> None:
    """Have an invitation open nothing any more. It stays in the list, marked. A second time changes nothing."""
    row = _waiting(act, by, portal, entry_id)
    if row.revoked_at is not None:
        return
    tx = act.transaction()
    links.cancel(tx, act.portal, PURPOSE, entry_id)
    gone = RegistrationRow.revoked_at.set(clock.timestamp())
    entries.change(tx, act.portal, row, gone, *entries.due(row, None))
    facts.record(tx, act, Kind.INVITATION_REVOKED, subject(row))
    tx.commit()


def remind(key: str) -> bool:
    """Remind of an invitation that runs out soon, once, with a fresh link valid until the same moment; whether it was.

    One that was opened a moment ago is left alone: a fresh link would end what is being filled in.
    """
    row = RegistrationRow.find(key, "entry")
    now = clock.timestamp()
    if row is None or row.due_at is None or row.due_at > now:
        return False
    slug = key.partition("#")[0]
    act, portal = Act(portal=slug, actor="system:registrations"), known(slug)
    tx = act.transaction()
    if row.opened_at and int(row.opened_at) + links.SETUP_SECONDS > now:
        entries.change(tx, slug, row, *entries.due(row, int(row.opened_at) + links.SETUP_SECONDS))
        tx.commit()
        return False
    offer = _offer_of(portal, row) if is_live(row) and _is_reminded(portal) else None
    if offer is not None:
        renew(tx, act, offer, row, Kind.INVITATION_REMINDED, until=int(row.valid_until or 0))
        try:
            tx.commit()
        except DestinationUsedUp:
            tx = act.transaction()
        else:
            return True
    entries.change(tx, slug, row, *entries.due(row, None))
    tx.commit()
    return False


def renew(
    tx: Transaction, act: Act, offer: Offer, row: RegistrationRow, kind: Kind, *, until: int | None = None
) -> None:
    """Add a fresh link of an invitation to the transaction, and the mail with it. Refused with Stale, DestinationUsedUp.

    With `until` it is a reminder: nothing else of the invitation changes.
    """
    now, is_reminder = clock.timestamp(), until is not None
    valid_until = until or now + offer.portal.registration.invitation_hours * 3600
    message_id = _mail(tx, act, offer, row, valid_until, "invitation-reminder" if is_reminder else _INVITATION)
    due_at = None if is_reminder else _due_at(offer.portal, valid_until)
    actions = [RegistrationRow.message_id.set(message_id), RegistrationRow.opened_at.remove()]
    if is_reminder:
        actions += [RegistrationRow.reminded_at.set(now)]
    else:
        row.role = offer.role.key
        actions += [
            RegistrationRow.role.set(offer.role.key),
            RegistrationRow.asked_role.set(offer.role.key),
            RegistrationRow.valid_until.set(valid_until),
            RegistrationRow.sent_at.set(now),
            RegistrationRow.reminded_at.remove(),
        ]
    entries.change(tx, act.portal, row, *actions, *entries.due(row, due_at), refusal=Stale())
    facts.record(tx, act, kind, subject(row), {"role": offer.role.key})


def hold(tx: Transaction, portal: str, row: RegistrationRow) -> None:
    """Add to the transaction that this is its address's invitation to its account. Refused with Conflict: there is a newer."""
    own = InvitedRow.entry_id.does_not_exist() | (InvitedRow.entry_id == row.created_key)
    tx.put(_invited(portal, row), when=own, refusal=Conflict(_NEWER))


def release(tx: Transaction, portal: str, row: RegistrationRow) -> None:
    """Add to the transaction that its address has no invitation any more. Refused with LinkOver: there is a newer."""
    held = _invited(portal, row)
    tx.delete(
        InvitedRow(held.pk, held.sk), when=InvitedRow.entry_id == row.created_key, refusal=links.LinkOver("replaced")
    )


def is_live(row: RegistrationRow) -> bool:
    """Whether the invitation can still be accepted."""
    return is_waiting(row) and int(row.valid_until or 0) > clock.timestamp()


def is_waiting(row: RegistrationRow) -> bool:
    """Whether it was neither accepted nor revoked: its link may have run out, and can be sent again."""
    return row.kind == "invitation" and row.status == Status.EMAIL_INT.value and row.revoked_at is None


def delivery(portal: str, row: RegistrationRow) -> Delivery:
    """How far an invitation's newest mail has come."""
    return deliveries(portal, [row])[str(row.created_key)]


def deliveries(portal: str, rows: Iterable[RegistrationRow]) -> dict[str, Delivery]:
    """The same of up to 100 registrations in one read, by their ids; nothing of what is no invitation."""
    all_rows = list(rows)
    asked = [row.message_id for row in all_rows if row.message_id and not row.opened_at]
    come = reading.statuses(portal, asked)
    return {str(row.created_key): _delivery(row, come.get(row.message_id or "")) for row in all_rows}


def subject(row: RegistrationRow) -> str:
    """What the facts of a registration are about."""
    return facts.subject("registration", str(row.created_key))


def place(email: str) -> str:
    """The register of an address, on which all mail to it is counted."""
    return identities.identity("destination", "email", matching.email_key(email), "")


def offer_of(portal: Portal, row: RegistrationRow) -> Offer:
    """What an invitation stands for now. Raises Conflict where its office is closed, or its role gone."""
    account, role = accounts.get(portal.slug, row.account_id), portal.role(row.role)
    if account.status != "open":
        raise Conflict(_CLOSED)
    if role is None:
        raise Conflict(_NO_ROLE)
    return Offer(portal, account, role, row.inviter or "")


_INVITATION = "registration-invitation"


def _invite(act: Act, offer: Offer, to: Typed, note: Note) -> Answered:
    held, blocked = beside(
        lambda: InvitedRow.find(_invited_key(act.portal, offer.account.id), matching.email_key(to.email)),
        lambda: suppression.is_suppressed(act.portal, "email", to.email),
    )
    if blocked:
        return answer_only(act, Answered("suppressed", BLOCKED), note)
    row = entries.found(act.portal, held.entry_id) if held else None
    tx = act.transaction()
    if row is not None and is_live(row):
        renew(tx, act, offer, row, Kind.INVITATION_RESENT)
        answered = Answered("resent", entry_id=str(row.created_key))
    else:
        answered = Answered("sent", entry_id=_add(tx, act, offer, to, held))
    note(tx, answered)
    try:
        tx.commit()
    except DestinationUsedUp:
        return answer_only(act, Answered("too-many", TOO_MANY), note)
    return answered


def _add(tx: Transaction, act: Act, offer: Offer, to: Typed, held: InvitedRow | None) -> str:
    """Add a new invitation, over one that is revoked or has run out."""
    first_name, last_name = addresses.names_in(to.name)
    row = entries.new(
        offer.portal,
        ids.new(),
        kind="invitation",
        status=Status.EMAIL_INT,
        account=offer.account,
        role=offer.role,
        applicant=Applicant(first_name=first_name, last_name=last_name, email=to.email),
    )
    now = clock.timestamp()
    row.valid_until, row.sent_at = now + offer.portal.registration.invitation_hours * 3600, now
    row.inviter = offer.inviter or None
    row.message_id = _mail(tx, act, offer, row, int(row.valid_until), _INVITATION)
    due_at = _due_at(offer.portal, int(row.valid_until))
    if due_at is not None:
        row.due_at, row.due_shard = due_at, agenda.REGISTRATIONS.shard_of(str(row.created_key))
    as_read = InvitedRow.entry_id == held.entry_id if held else InvitedRow.pk.does_not_exist()
    tx.put(_invited(act.portal, row), when=as_read, refusal=Stale())
    entries.add(tx, act.portal, row)
    facts.record(tx, act, Kind.INVITATION_SENT, subject(row), {"role": row.role})
    return str(row.created_key)


def _resend(act: Act, by: Authority, portal: Portal, entry_id: str) -> None:
    row = _waiting(act, by, portal, entry_id)
    if row.revoked_at is not None:
        raise Conflict(_REVOKED)
    offer = offer_of(portal, row)
    if suppression.is_suppressed(act.portal, "email", row.applicant.email):
        raise Conflict(BLOCKED)
    tx = act.transaction()
    hold(tx, act.portal, row)
    renew(tx, act, offer, row, Kind.INVITATION_RESENT)
    try:
        tx.commit()
    except DestinationUsedUp:
        raise TooMany(TOO_MANY, retry_after=15 * 60) from None


def _waiting(act: Act, by: Authority, portal: Portal, entry_id: str) -> RegistrationRow:
    """An invitation within reach, of a role that this may give, that was not accepted yet."""
    row = entries.get(act.portal, entry_id, by)
    if row.kind != "invitation" or row.status != Status.EMAIL_INT.value:
        raise Decided(_NOT_OPEN)
    authority.must_give(act, by, portal, row.role, subject(row))
    return row


def _mail(tx: Transaction, act: Act, offer: Offer, row: RegistrationRow, until: int, template: str) -> str:
    """The link and its mail, counted with whatever else goes to this address; the message's id."""
    entry_id, email = str(row.created_key), row.applicant.email
    link = links.issue(tx, act.portal, PURPOSE, entry_id, seconds=until - clock.timestamp())
    identities.note_destination(tx, act.portal, place(email))
    return queue(
        tx,
        act,
        template=template,
        channel="email",
        to=email,
        about=subject(row),
        context={
            **links.context(link),
            "office": offer.account.name,
            "role": offer.role.name,
            "inviter": offer.inviter,
        },
        urgent=offer.is_urgent,
        not_after=until,
    )


def _offer_of(portal: Portal, row: RegistrationRow) -> Offer | None:
    try:
        return offer_of(portal, row)
    except (Conflict, NotFound):
        return None


def _is_reminded(portal: Portal) -> bool:
    return portal.status == "open" and portal.registration.reminder_hours > 0


def _due_at(portal: Portal, valid_until: int) -> int | None:
    """When its reader is to be reminded, if that is still to come."""
    moment = valid_until - portal.registration.reminder_hours * 3600
    return moment if portal.registration.reminder_hours and moment > clock.timestamp() else None


def _delivery(row: RegistrationRow, come: Sent | None) -> Delivery:
    if row.kind != "invitation":
        return ""
    if row.opened_at:
        return "opened"
    return "" if come is None else _COME.get(come, "bounced")


def _invited(portal: str, row: RegistrationRow) -> InvitedRow:
    return InvitedRow(pk=_invited_key(portal, row.account_id), sk=row.email_key, entry_id=str(row.created_key))


def _invited_key(portal: str, account_id: str) -> str:
    return f"{portal}#invited#{account_id}"
