"""What an account's record holds besides batches: products, prescriptions, care providers, website links.

Staff write all of it; clients read what is shared with them, and keep prescriptions and care providers up to date where the
portal has these modules. Who wrote what and when stays beside it. Facts name fields, never what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

import msgspec

from .. import clock, facts, fields, ids
from ..errors import Conflict, Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..messaging.queue import AlreadyQueued
from ..people import accounts, cards, matching
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Transaction, query
from . import record_telling
from .models import LinkRow, PrescriptionRow, ProductRow, ProviderRow, RecordCountRow, RecordRow
from .record_shapes import (
    Details,
    Editor,
    Kept,
    LinkInput,
    Prescription,
    PrescriptionInput,
    Product,
    ProductInput,
    Provider,
    ProviderInput,
    WebsiteLink,
)

MOST: Final = 200  # of one kind on one record
_COUNTS: Final = "counts"
D = TypeVar("D", bound=Details)
R = TypeVar("R", bound=Kept)
_FACTS: Final = {
    "staff": (Kind.RECORD_ADDED, Kind.RECORD_CHANGED, Kind.RECORD_REMOVED),
    "client": (Kind.OWN_RECORD_ADDED, Kind.OWN_RECORD_CHANGED, Kind.OWN_RECORD_REMOVED),
}


class RecordKind(msgspec.Struct, Generic[D, R], frozen=True):
    """A kind of thing: its name (in keys and facts), what people call many of them, what it takes and gives.

    `module` is the one of the portal's modules that must be on.
    """

    name: str
    many: str
    row: Any
    takes: type[D]
    gives: type[R]
    module: str = ""

    def is_on(self, portal: Portal) -> bool:
        """Whether the portal has this kind."""
        return not self.module or bool(getattr(portal.modules, self.module))


PRODUCTS: Final = RecordKind("product", "products", ProductRow, ProductInput, Product)
PRESCRIPTIONS: Final = RecordKind(
    "prescription", "prescriptions", PrescriptionRow, PrescriptionInput, Prescription, "prescriptions"
)
PROVIDERS: Final = RecordKind("provider", "care providers", ProviderRow, ProviderInput, Provider, "providers")
LINKS: Final = RecordKind("link", "website links", LinkRow, LinkInput, WebsiteLink)


class Standing(msgspec.Struct, frozen=True):
    """How many there are of each kind that clients keep, how many products and links are shared with them, and files.

    A file counts while it is meant to be shared, whether or not the account is one that files are shared with.
    """

    prescriptions: int = 0
    providers: int = 0
    shared: int = 0
    files: int = 0


def standing(portal: str, account_id: str) -> Standing:
    """What a record holds, in one read."""
    row = RecordCountRow.find(_key(portal, account_id), _COUNTS)
    if row is None:
        return Standing()
    return Standing(int(row.prescription or 0), int(row.provider or 0), int(row.shared or 0), int(row.files or 0))


def listed(portal: Portal, account_id: str, kind: RecordKind[D, R]) -> list[R]:
    """All of one kind, oldest first. Raises Conflict where the portal does not have this kind."""
    _must_be_on(portal, kind)
    of_kind = kind.row.sk.startswith(f"{kind.name}#")
    return [
        _made(kind, row) for row in query(kind.row, _key(portal.slug, account_id), between=of_kind, limit=MOST).items
    ]


def shared(portal: Portal, account_id: str, kind: RecordKind[D, R]) -> list[R]:
    """Those of a kind that the client is allowed to see."""
    return [each for each in listed(portal, account_id, kind) if getattr(each, "allow_client_access", True)]


def get(portal: Portal, account_id: str, kind: RecordKind[D, R], item_id: str) -> R:
    """One of them as of now. Raises NotFound, and Conflict as `listed` does."""
    _must_be_on(portal, kind)
    return _made(kind, _row(portal.slug, account_id, kind, item_id))


def add(
    act: Act,
    portal: Portal,
    account: Account,
    kind: RecordKind[D, R],
    wanted: D,
    *,
    by: Editor,
    item_id: str | None = None,
) -> R:
    """Put something on a record. Raises Invalid for what is wrong, Conflict where there are 200 or it is there already."""
    _must_be_on(portal, kind)
    details, now, identifier = _checked(portal, wanted, None), clock.timestamp(), item_id or ids.new()
    row = kind.row(
        pk=_key(act.portal, account.id), sk=f"{kind.name}#{identifier}", details=details,
        created_at=now, created_by=by, updated_at=now, updated_by=by,
    )  # fmt: skip

    def write(tx: Transaction) -> None:
        tx.put(row, when=kind.row.pk.does_not_exist(), refusal=AlreadyThere())
        _count(tx, act.portal, account, kind, 1, _is_shared(details))
        _record(tx, act, account, kind, identifier, by, 0, ())

    _commit(act, portal, account, by, write)
    return _made(kind, row)


def change(
    act: Act, portal: Portal, account: Account, kind: RecordKind[D, R], item_id: str, wanted: D, *, by: Editor,
    version: int | None = None,
) -> R:  # fmt: skip
    """Replace what is said of something. Raises Invalid, NotFound, and Stale where `version` is not the present one."""
    _must_be_on(portal, kind)
    row = _row(act.portal, account.id, kind, item_id, version)
    before, read_version = row.details, int(row.version)
    details = _checked(portal, wanted, before)
    changed = [name for name in kind.takes.__struct_fields__ if getattr(before, name) != getattr(details, name)]
    if not changed:
        return _made(kind, row)
    row.details, row.version, row.updated_at, row.updated_by = details, read_version + 1, clock.timestamp(), by

    def write(tx: Transaction) -> None:
        tx.put(row, when=kind.row.version == read_version, refusal=Stale())
        if moved := _is_shared(details) - _is_shared(before):
            _count(tx, act.portal, account, kind, 0, moved)
        _record(tx, act, account, kind, item_id, by, 1, changed)

    _commit(act, portal, account, by, write)
    return _made(kind, row)


def remove(
    act: Act, portal: Portal, account: Account, kind: RecordKind[D, R], item_id: str, *, by: Editor,
    version: int | None = None,
) -> None:  # fmt: skip
    """Take something off a record for good. Raises NotFound and Stale."""
    _must_be_on(portal, kind)
    row = _row(act.portal, account.id, kind, item_id, version)

    def write(tx: Transaction) -> None:
        tx.delete(kind.row(row.pk, row.sk), when=kind.row.version == row.version, refusal=Stale())
        _count(tx, act.portal, account, kind, -1, -_is_shared(row.details))
        _record(tx, act, account, kind, item_id, by, 2, ())

    _commit(act, portal, account, by, write)


def count_files(tx: Transaction, portal: str, account: Account, more: int) -> None:
    """Add to the transaction that so many more files are meant for the client: on the record, and on the card."""
    tx.update(RecordCountRow(_key(portal, account.id), _COUNTS), RecordCountRow.files.add(more))
    cards.share(tx, accounts.cards_of(portal, account), more)


class AlreadyThere(Conflict):
    """Something with this id is on the record already."""

    text = "This is on the record already."


def _commit(act: Act, portal: Portal, account: Account, by: Editor, write: Callable[[Transaction], None]) -> None:
    """Write it, and tell staff what a client did unless they were told today: the mail of the day stands in its way once."""
    told = record_telling.addresses(portal, account) if by.side == "client" else []
    while True:
        tx = act.transaction()
        write(tx)
        if told:
            record_telling.tell(tx, act, portal, account, told)
        try:
            return tx.commit()
        except AlreadyQueued:
            if not told:
                raise
            told = []


def _record(
    tx: Transaction, act: Act, account: Account, kind: RecordKind[D, R], item_id: str, by: Editor, what: int,
    changed: Iterable[str],
) -> None:  # fmt: skip
    said = {kind.name: item_id, **dict.fromkeys(changed, "changed")}
    facts.record(tx, act, _FACTS[by.side][what], facts.subject("account", account.id), said)


def _count(tx: Transaction, portal: str, account: Account, kind: RecordKind[D, R], more: int, shared_more: int) -> None:
    """Add to the transaction that the record holds so many more. Refused with Conflict where there are 200."""
    held = getattr(RecordCountRow, kind.name)
    steps = [held.add(more)] if more else []
    if shared_more:  # on the card, too: so whoever is shown nothing costs no further read
        steps.append(RecordCountRow.shared.add(shared_more))
        cards.share(tx, accounts.cards_of(portal, account), shared_more)
    room = held.does_not_exist() | (held < MOST) if more > 0 else None
    full = Conflict(f"A record holds at most {MOST} {kind.many}. Remove one that is over first.")
    tx.update(RecordCountRow(_key(portal, account.id), _COUNTS), *steps, when=room, refusal=full)


def _checked(portal: Portal, wanted: D, before: Details | None) -> D:
    """The details in the form to keep. A product keeps a status that the portal no longer lists. Raises Invalid."""
    if isinstance(wanted, ProviderInput):
        number = matching.phone_key(wanted.phone, portal.country) if wanted.phone else None
        if wanted.phone and number is None:
            raise Invalid(fields={"phone": matching.NO_PHONE})
        return msgspec.structs.replace(wanted, phone=number)
    if isinstance(wanted, ProductInput):
        possible = (*portal.product_statuses, getattr(before, "status", ""))
        if wanted.status not in possible:
            raise Invalid(fields={"status": f"Use one of the portal's: {', '.join(portal.product_statuses)}."})
    return wanted


def _is_shared(details: Details) -> int:
    return int(getattr(details, "allow_client_access", False))


def _must_be_on(portal: Portal, kind: RecordKind[D, R]) -> None:
    if not kind.is_on(portal):
        raise Conflict(f"This portal keeps no {kind.many}. Switch the module on in its settings first.")


def _row(portal: str, account_id: str, kind: RecordKind[D, R], item_id: str, version: int | None = None) -> Any:
    row = kind.row.find(_key(portal, account_id), f"{kind.name}#{item_id}")
    if row is None:
        raise NotFound("There is nothing with this id on the record.")
    if version is not None and version != row.version:
        raise Stale
    return row


def _made(kind: RecordKind[D, R], row: RecordRow) -> R:
    return kind.gives(
        id=row.sk.partition("#")[2],
        version=int(row.version),
        created_at=clock.text(int(row.created_at)) or "",
        created_by=row.created_by,
        updated_at=clock.text(int(row.updated_at)) or "",
        updated_by=row.updated_by,
        **fields.values(row.details),  # type: ignore[attr-defined]
    )


def _key(portal: str, account_id: str) -> str:
    return f"{portal}#record#{account_id}"
