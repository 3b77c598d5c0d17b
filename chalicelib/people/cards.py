"""Sign-in cards: what a client number opens, in one read. The rooms on the right ask here, and write here what is open."""

from __future__ import annotations

from typing import Any

import msgspec

from .. import clock
from ..errors import Conflict, NotFound, Refusal, Stale
from ..storage import Transaction, query, raw, size
from .matching import email_key, name_key
from .models import CardRow

MOST_OPEN = 60  # batches open to one contact at a time; keeps a card, and so every sign-in, small
SHARE_FILES = ("client", "customer")  # kinds of accounts that are shown files of the record: no leads, no offices
_CLAIM = "account"
_AT_A_TIME = 500  # cards in one read


class OpenBatch(msgspec.Struct, frozen=True):
    """What the welcome page shows of a batch: enough for its card, so that no batch is read for it."""

    title: str
    status: str
    plan_year: str | None = None
    effective_date: str | None = None
    answer_by: str | None = None


class Card(msgspec.Struct, frozen=True):
    """A contact as a sign-in sees it, and what of the account every page asks for.

    `is_open` tells whether the account is, `agent` is its assigned agent's address, `shared` how many products, links and
    files of its record are meant for the client. Files are shown only where `sees_files`. `viewed_at` is when staff last
    looked at these pages.
    """

    contact_id: str
    account_id: str
    account_name: str
    is_open: bool
    first_name: str
    last_name: str
    emails: tuple[str, ...]
    mobile: str | None
    batches: dict[str, OpenBatch] = msgspec.field(default_factory=dict)
    signed_in_before: int | None = None
    terms: str = ""
    agent: str = ""
    shared: int = 0
    record_type: str = ""
    viewed_at: int = 0

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def sees_files(self) -> bool:
        """Whether files of the record are shown: the account is what it is at this read, whatever it was before."""
        return self.record_type in SHARE_FILES

    def is_named(self, last_name: str) -> bool:
        """Whether this is the last name, however it was typed."""
        return name_key(last_name) == name_key(self.last_name) != ""

    def has(self, method: str, destination: str) -> str | None:
        """The address on file that equals the (already normal) destination, in the spelling on file."""
        if method == "sms":
            return self.mobile if self.mobile == destination else None
        return next((email for email in self.emails if email_key(email) == destination), None)


class Opened(msgspec.Struct, frozen=True):
    """What stands under a client number: whose it is (None: nobody's) and the cards of its contacts."""

    account_id: str | None
    cards: tuple[Card, ...]


def under(portal: str, number_key: str) -> Opened:
    """Everything under a client number, by consistent reads: one, unless an account has hundreds of contacts."""
    rows = _rows(partition(portal, number_key)) if number_key else []
    claim = next((row for row in rows if row.sk == _CLAIM), None)
    if claim is None:
        return Opened(None, ())
    return Opened(claim.account_id, tuple(_card(claim, row) for row in rows if row is not claim))


def _rows(pk: str) -> list[CardRow]:
    page = query(CardRow, pk, limit=_AT_A_TIME)
    rows = page.items
    while page.cursor:
        page = query(CardRow, pk, limit=_AT_A_TIME, cursor=page.cursor)
        rows += page.items
    return rows


def of_contact(portal: str, number_key: str, contact_id: str) -> Card | None:
    """One contact's card, in one consistent call; None if it is gone."""
    pk = partition(portal, number_key)
    rows = CardRow.find_many([(pk, _CLAIM), (pk, f"card#{contact_id}")])
    claim, row = rows.get((pk, _CLAIM)), rows.get((pk, f"card#{contact_id}"))
    return _card(claim, row) if claim and row else None


def of_account(cards: str) -> Card | None:
    """An account as its own user sees it: what is open to any of its contacts. `cards` is the partition; None if gone."""
    rows = _rows(cards)
    claim = next((row for row in rows if row.sk == _CLAIM), None)
    if claim is None:
        return None
    shown: dict[str, OpenBatch] = {}
    viewed = int(claim.viewed_at or 0)
    for row in rows:
        if row is not claim:
            card = _card(claim, row)
            shown, viewed = shown | card.batches, max(viewed, card.viewed_at)
    name = claim.account_name or ""
    return Card(
        "",
        claim.account_id,
        name,
        claim.status == "open",
        name,
        "",
        (),
        None,
        shown,
        agent=claim.agent or "",
        shared=int(claim.shared or 0),
        record_type=claim.record_type or "",
        viewed_at=viewed,
    )


def of_user(cards: str, contact_id: str | None) -> Card | None:
    """What a user is shown: the contact's card it belongs to, or the whole account's."""
    return of_contact(*_parts(cards), contact_id) if contact_id else of_account(cards)


def must_be_open(tx: Transaction, cards: str, refusal: Refusal) -> None:
    """Add to the transaction that the account whose cards these are must be open."""
    tx.check(CardRow(cards, _CLAIM), when=CardRow.status == "open", refusal=refusal)


def share(tx: Transaction, cards: str, more: int) -> None:
    """Add to the transaction that so many more products, links or files are meant for the client. Refused with Stale."""
    tx.update(
        CardRow(cards, _CLAIM),
        CardRow.shared.add(more),
        CardRow.revision.add(1),
        when=CardRow.pk.exists(),
        refusal=Stale(),
    )


def _parts(cards: str) -> tuple[str, str]:
    portal, _, number_key = cards.partition("#number#")
    return portal, number_key


def show_batch(tx: Transaction, cards: str, contact_id: str, batch_id: str, shown: OpenBatch) -> None:
    """Add to the transaction that a batch is open to a contact, or how it now looks on the card."""
    tx.update(
        CardRow(cards, f"card#{contact_id}"),
        CardRow.batches[batch_id].set(msgspec.json.encode(shown).decode()),
        CardRow.revision.add(1),
        when=CardRow.pk.exists() & ((size(CardRow.batches) < MOST_OPEN) | CardRow.batches[batch_id].exists()),
        refusal=_full_or_gone,
    )


def hide_batch(tx: Transaction, cards: str, contact_id: str, batch_id: str) -> None:
    """Add to the transaction that a batch is no longer open to a contact."""
    tx.update(
        CardRow(cards, f"card#{contact_id}"),
        CardRow.batches[batch_id].remove(),
        CardRow.revision.add(1),
        when=CardRow.pk.exists(),
        refusal=Conflict("A contact of this batch was changed at the same moment. Try again."),
    )


def _full_or_gone(present: dict[str, Any]) -> Refusal:
    if present:
        return Conflict(f"A contact can have at most {MOST_OPEN} batches open. Close an older one first.")
    return Conflict("A contact of this batch was changed at the same moment. Try again.")


def note_sign_in(tx: Transaction, portal: str, number_key: str, contact_id: str, address: str) -> None:
    """Add to the transaction that this contact signs in now, by a code sent to `address`.

    Refused with NotFound unless all that was true when the code was asked for still is: the account is open, the contact
    is there, the address is still on file, something is open to it.
    """
    pk = partition(portal, number_key)
    tx.check(CardRow(pk, _CLAIM), when=CardRow.status == "open", refusal=NotFound())
    quoted = msgspec.json.encode(address).decode()
    on_file = (CardRow.mobile == address) | raw("emails").contains(quoted)
    tx.update(
        CardRow(pk, f"card#{contact_id}"),
        CardRow.signed_in_before.set(CardRow.signed_in_at | 0),
        CardRow.signed_in_at.set(clock.timestamp()),
        when=(size(CardRow.batches) > 0) & on_file,
        refusal=NotFound(),
    )


def note_view(tx: Transaction, cards: str, contact_id: str | None) -> None:
    """Add to the transaction that staff look at these pages now: a contact's, or the whole account's.

    Refused with NotFound unless the account is open and the contact there.
    """
    is_open = CardRow.status == "open"
    shown, when = (f"card#{contact_id}", CardRow.pk.exists()) if contact_id else (_CLAIM, is_open)
    if contact_id:
        tx.check(CardRow(cards, _CLAIM), when=is_open, refusal=NotFound())
    tx.update(CardRow(cards, shown), CardRow.viewed_at.set(clock.timestamp()), when=when, refusal=NotFound())


def accept_terms(tx: Transaction, portal: str, number_key: str, contact_id: str, version: str) -> None:
    """Add to the transaction that a contact accepts this version of the portal's terms."""
    tx.update(
        CardRow(partition(portal, number_key), f"card#{contact_id}"),
        CardRow.terms.set(version),
        when=CardRow.pk.exists(),
        refusal=NotFound(),
    )


def partition(portal: str, number_key: str) -> str:
    """The key under which a client number's claim and cards stand."""
    return f"{portal}#number#{number_key}"


def _card(claim: CardRow, row: CardRow) -> Card:
    return Card(
        contact_id=row.sk.removeprefix("card#"),
        account_id=claim.account_id,
        account_name=claim.account_name or "",
        is_open=claim.status == "open",
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        emails=row.emails or (),
        mobile=row.mobile,
        batches={key: msgspec.json.decode(text, type=OpenBatch) for key, text in row.open_batches().items()},
        signed_in_before=int(row.signed_in_before) if row.signed_in_before else None,
        terms=row.terms or "",
        agent=claim.agent or "",
        shared=int(claim.shared or 0),
        record_type=claim.record_type or "",
        viewed_at=max(int(claim.viewed_at or 0), int(row.viewed_at or 0)),
    )
