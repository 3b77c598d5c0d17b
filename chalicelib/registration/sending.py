"""Registration links to many addresses in one go: each is answered for by itself, and invited once whatever happens.

The job and its addresses are stored first. The first of them are worked within the request, the rest by the tick, one
transaction an address: its answer stands in the same transaction as the invitation, and is written only where there is none.
So a repeated call, a crash, or two workers at once invite nobody twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import agenda, clock, fields, log
from ..errors import Conflict, Invalid, NotFound, Refusal, Stale, Unavailable
from ..facts import Act
from ..people import accounts, authority, matching, office_users
from ..people.authority import Authority
from ..people.shapes import Account
from ..portals import Portal, known
from ..storage import Page, Transaction, query
from . import invitations
from .addresses import MOST, Typed, parsed
from .invitations import Answer, Answered, Offer
from .models import AddressRow, SendingRow

AT_ONCE = 25  # addresses that are worked within the request, and between two notes of how far it has come
A_TICK = 500  # addresses in one minute
LEASE_SECONDS = 60  # how long a worker that died keeps others away; longer than a function may run
_KEPT_SECONDS = 30 * 24 * 3600
_WRITTEN_AT_ONCE = 100  # rows in one transaction
_NO_ACCOUNT = "There is no open office or provider with this id."
_NO_ROLE = "The portal has no such role."
_NONE = "Enter at least one email address."
_STOPPED = (
    "The office or provider was closed, or the role was taken out of the portal, before this address was reached."
)
_FAILED = "Something went wrong with this address. Send the link again."
_ALREADY = {
    "active": "There is a user with this address at this office or provider already.",
    "locked": "There is a locked user with this address at this office or provider already. Unlock them instead.",
}
OFFICES = ("office", "provider")


class LinksWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to send registration links to: one role at one office or provider, any number of addresses up to 1,000."""

    emails: Annotated[
        Annotated[str, Meta(max_length=65536)] | Annotated[tuple[str, ...], Meta(max_length=MOST)],
        Meta(description="One text with the addresses, separated by commas, semicolons, spaces or lines; or a list."),
    ]
    role: fields.Slug
    account_id: Annotated[fields.Identifier, Meta(description="The office or provider that they become users of.")]


class AddressAnswer(Struct, frozen=True, kw_only=True):
    """What became of one address; null while it waits. `why` says what to do where nothing was sent."""

    email: Annotated[str, Meta(description="The address; what was typed where it is none.")]
    answer: Answer | None
    why: str
    registration_id: str | None


class Sending(Struct, frozen=True, kw_only=True):
    """How far the sending of links has come. `done` of `total` addresses have an answer."""

    id: str
    state: Literal["working", "done"]
    account_id: str
    role: str
    total: int
    done: int
    answers: tuple[AddressAnswer, ...]
    cursor: Annotated[str | None, Meta(description="Where the answers go on; null: these were the last.")]


def take(act: Act, by: Authority, portal: Portal, wanted: LinksWanted, *, sending_id: str) -> None:
    """Take the addresses; from then on the tick works them, unless `go_on` does. Raises Invalid with the fields, Forbidden."""
    account, role = _checked(act, by, portal, wanted)
    found = parsed(wanted.emails)
    if not found:
        raise Invalid(fields={"emails": _NONE})
    if len(found) > MOST:
        raise Invalid(fields={"emails": f"These are {len(found)} addresses. Send at most {MOST} in one go."})
    now = clock.timestamp()
    row = SendingRow(
        pk=_key(act.portal, sending_id),
        sk="job",
        account_id=account.id,
        office_id=authority.office_of(account),
        role=role,
        asked_by=act.actor,
        inviter=by.name or None,
        total=len(found),
        created_at=now,
        expires_at=now + _KEPT_SECONDS,
    )
    for at in range(0, len(found), _WRITTEN_AT_ONCE):
        tx = Transaction()
        for place, each in enumerate(found[at : at + _WRITTEN_AT_ONCE], at):
            tx.put(_address_row(row, place, each))
        tx.commit()
    row.due_shard, row.due_at = agenda.REGISTRATIONS.shard_of(sending_id), now
    tx = act.transaction()
    tx.put(row, when=SendingRow.pk.does_not_exist())
    tx.commit()


def go_on(slug: str, sending_id: str) -> None:
    """Work the first addresses, or some more, within a request. What is in the way is left to the tick."""
    with suppress(Unavailable):
        work(slug, sending_id, AT_ONCE)


def work(slug: str, sending_id: str, most: int) -> int:
    """Work up to so many more addresses of a sending, unless it is done or somebody else is at it; how many."""
    row = SendingRow.find(_key(slug, sending_id), "job")
    if row is None or row.due_at is None or not _lease(row):
        return 0
    portal = known(slug)
    act = Act(portal=slug, actor=row.asked_by)
    worked = 0
    while worked < most and row.due_at is not None:
        chunk = _next(row, min(AT_ONCE, most - worked))
        answer = _answerer(act, portal, row)
        for each in chunk:
            if each.answer is None:
                _safely(act, each, answer)
        worked += len(chunk)
        if not _note_progress(row, len(chunk), is_last=worked >= most):
            break
    return worked


def get(portal: str, by: Authority, sending_id: str, *, limit: int = 100, cursor: str | None = None) -> Sending:
    """How far a sending has come, with a page of its answers. Raises NotFound, also where it is out of reach."""
    row = SendingRow.find(_key(portal, sending_id), "job")
    if row is None or not by.reaches(row.account_id, row.office_id):
        raise NotFound("There is no sending with this id.")
    page: Page[AddressRow] = query(
        AddressRow, row.pk, between=AddressRow.sk.startswith("address#"), limit=limit, cursor=cursor
    )
    return Sending(
        id=sending_id,
        state="working" if row.due_at is not None else "done",
        account_id=row.account_id,
        role=row.role,
        total=int(row.total),
        done=int(row.done),
        answers=tuple(_shown(each) for each in page.items),
        cursor=page.cursor,
    )


def _checked(act: Act, by: Authority, portal: Portal, wanted: LinksWanted) -> tuple[Account, str]:
    """The account and the role, both of which this may invite to. Raises Invalid, and Forbidden on record."""
    try:
        account = authority.account_within(act, by, wanted.account_id)
    except NotFound:
        raise Invalid(fields={"account_id": _NO_ACCOUNT}) from None
    role = authority.must_give(act, by, portal, wanted.role, f"account:{account.id}")
    wrong = {}
    if account.status != "open" or account.record_type not in OFFICES:
        wrong["account_id"] = _NO_ACCOUNT
    if role is None:
        wrong["role"] = f"{_NO_ROLE} Use one of {', '.join(each.key for each in portal.roles)}."
    if wrong:
        raise Invalid(fields=wrong)
    return account, wanted.role


def _address_row(job: SendingRow, place: int, each: Typed) -> AddressRow:
    return AddressRow(
        pk=job.pk,
        sk=_place(place),
        typed=each.email or each.typed,
        name=each.name or None,
        answer="invalid" if each.fault else None,
        why=each.fault or None,
        expires_at=job.expires_at,
    )


def _lease(row: SendingRow) -> bool:
    """Keep other workers away for a minute; False if one is at it."""
    now = clock.timestamp()
    free = SendingRow.lease_until.does_not_exist() | (SendingRow.lease_until <= now)
    until = now + LEASE_SECONDS
    return row.change(
        SendingRow.lease_until.set(until), SendingRow.due_at.set(until), when=SendingRow.due_at.exists() & free
    )


def _next(row: SendingRow, most: int) -> list[AddressRow]:
    """The addresses that come next, with those of them that a worker answered before it died."""
    between = AddressRow.sk.between(_place(int(row.done)), _place(int(row.total)))
    return query(AddressRow, row.pk, between=between, limit=most).items


def _note_progress(row: SendingRow, more: int, *, is_last: bool) -> bool:
    """Note how far it has come; False if another worker has taken over, because this one was slow."""
    now = clock.timestamp()
    done = int(row.done) + more
    actions = [SendingRow.done.set(done)]
    if done >= row.total or not more:
        actions += [SendingRow.due_at.remove(), SendingRow.due_shard.remove(), SendingRow.lease_until.remove()]
    elif is_last:
        actions += [SendingRow.due_at.set(now), SendingRow.lease_until.remove()]
    else:
        actions += [SendingRow.due_at.set(now + LEASE_SECONDS), SendingRow.lease_until.set(now + LEASE_SECONDS)]
    return row.change(*actions, when=SendingRow.lease_until == row.lease_until)


Answerer = Callable[[Typed, invitations.Note], Answered]


def _answerer(act: Act, portal: Portal, row: SendingRow) -> Answerer:
    """What to do with each of the next addresses, as the office, its users and the role are now."""
    offer = _offer(portal, row)
    if offer is None:
        return lambda _to, note: invitations.answer_only(act, Answered("stopped", _STOPPED), note)
    members = office_users.addresses_of(portal.slug, offer.account)

    def answer(to: Typed, note: invitations.Note) -> Answered:
        state = members.get(matching.email_key(to.email))
        if state is not None:
            return invitations.answer_only(act, Answered("already-user", _ALREADY[state]), note)
        return invitations.invite(act, offer, to, note)

    return answer


def _offer(portal: Portal, row: SendingRow) -> Offer | None:
    role = portal.role(row.role)
    try:
        account = accounts.get(portal.slug, row.account_id)
    except NotFound:
        return None
    if account.status != "open" or role is None:
        return None
    return Offer(portal, account, role, row.inviter or "", is_urgent=int(row.total) <= AT_ONCE)


class _Answered(Refusal):
    """Another worker was quicker with this address."""


def _safely(act: Act, row: AddressRow, answer: Answerer) -> None:
    """Answer for one address. One that cannot be written to must not stop the others."""

    def note(tx: Transaction, answered: Answered) -> None:
        actions = [AddressRow.answer.set(answered.answer)]
        actions += [AddressRow.why.set(answered.why)] if answered.why else []
        actions += [AddressRow.entry_id.set(answered.entry_id)] if answered.entry_id else []
        unset = AddressRow.answer.does_not_exist() & AddressRow.pk.exists()
        tx.update(AddressRow(row.pk, row.sk), *actions, when=unset, refusal=_Answered())

    try:
        answer(Typed(row.typed, row.typed, row.name or ""), note)
    except _Answered:
        return
    except (Unavailable, Stale, Conflict):
        raise Unavailable from None
    except Exception as error:  # noqa: BLE001 - see above
        log.failure("registration link failed", error, portal=act.portal)
        invitations.answer_only(act, Answered("stopped", _FAILED), note)


def _shown(row: AddressRow) -> AddressAnswer:
    return AddressAnswer(email=row.typed, answer=row.answer, why=row.why or "", registration_id=row.entry_id)  # type: ignore[arg-type]


def _key(portal: str, sending_id: str) -> str:
    return f"{portal}#sending#{sending_id}"


def _place(place: int) -> str:
    return f"address#{place:04}"
