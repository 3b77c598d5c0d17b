"""Documents of an account's record: staff keep them, the client sees those that are meant for them.

Files are shared with clients and customers, never with leads or offices. So that is looked at twice: when a document is
said to be shared, and whenever the client looks, since an account may have become a lead again meanwhile.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from .. import clock, facts
from ..errors import Invalid, NotFound, Stale
from ..facts import Act, Kind
from ..people.cards import SHARE_FILES, Card
from ..people.shapes import Account
from ..portals import Portal
from ..storage import Condition, Transaction
from . import documents, filetypes, homes, records
from .files import Form
from .homes import Home
from .models import FileRow, RecordDocumentRow
from .record_shapes import Editor, NewRecordDocument, RecordDocument, RecordDocumentInput, RecordDocumentUpload
from .shapes import Download, NewDocument

_NO_FILES: Final = {
    "lead": "Files are shared with clients only, and this account is a lead. Make it a client first.",
}
_NOT_HERE: Final = "Files are shared with clients only. Users of offices and providers are shown none."
_ENDING: Final = "The name has to keep an ending that fits the file: {endings}."
_KINDS: Final = {
    "added": Kind.RECORD_ADDED, "ready": Kind.DOCUMENT_READY, "refused": Kind.DOCUMENT_REFUSED,
    "removed": Kind.RECORD_REMOVED,
}  # fmt: skip


class OfRecord(Home[RecordDocument, RecordDocumentUpload], frozen=True):
    """The documents of a record, `id` being its account's. To write takes the account as it was read, and who writes."""

    account: Account | None = None
    by: Editor | None = None
    word: ClassVar[str] = "record"
    rows: ClassVar[type[Any]] = RecordDocumentRow

    @property
    def folder(self) -> str:
        """The account's, apart from the batches."""
        return f"{self.portal}/record/{self.id}"

    @property
    def about(self) -> str:
        """The account."""
        return facts.subject("account", self.id)

    @property
    def held_by(self) -> Account:
        """The account; only for what staff do."""
        if self.account is None:
            raise LookupError("nothing is written without the account")
        return self.account

    def kind(self, done: str, act: Act) -> Kind:  # noqa: ARG002 - only staff write here
        """Told as of everything on a record; what a check says, as of every document."""
        return _KINDS[done]

    def new_row(self, act: Act, wanted: NewDocument, identifier: str) -> FileRow:
        """Shared or not, and by whom."""
        is_shared = isinstance(wanted, NewRecordDocument) and wanted.allow_client_access
        more: dict[str, Any] = {
            "allow_client_access": is_shared,
            "updated_at": clock.timestamp(),
            "updated_by": self.by,
        }
        return RecordDocumentRow(**homes.new(self, act, wanted, identifier), **more)

    def as_read(self, row: Any) -> Condition:
        """Not changed since: what is counted is what was read."""
        return Home.as_read(self, row) & (FileRow.version == row.version)

    def count(self, tx: Transaction, row: Any, more: int) -> None:
        """Where it is meant for the client."""
        if row.allow_client_access:
            records.count_files(tx, self.portal, self.held_by, more)

    def shown(self, row: Any) -> RecordDocument:
        """With its version, and who has changed it last."""
        return RecordDocument(
            **homes.told(row),
            allow_client_access=bool(row.allow_client_access),
            version=int(row.version),
            updated_at=clock.text(int(row.updated_at)) or "",
            updated_by=row.updated_by,
        )

    def upload(self, row: Any, form: Form) -> RecordDocumentUpload:
        """With its form."""
        shown = self.shown(row)
        return RecordDocumentUpload(document=shown, url=form.url, fields=form.fields, expires_at=form.expires_at)


def by_staff(portal: str, account: Account, by: Editor) -> OfRecord:
    """The documents of an account's record, as somebody of the staff keeps them."""
    return OfRecord(portal, account.id, account, by)


def add(
    act: Act, portal: Portal, home: OfRecord, wanted: NewRecordDocument, *, document_id: str | None = None
) -> RecordDocumentUpload:
    """A new document, waiting for its file, and the form to send it with. Refused like `documents.add`, and for a lead."""
    if wanted.allow_client_access:
        _check_sharing(home.held_by)
    return documents.add(act, portal, home, wanted, document_id=document_id)


def change(
    act: Act, home: OfRecord, document_id: str, wanted: RecordDocumentInput, *, version: int | None = None
) -> RecordDocument:
    """Rename a document, or say who sees it. Raises Invalid, NotFound, and Stale where `version` is not the present one."""
    row = documents.row(home, document_id)
    if version is not None and version != row.version:
        raise Stale
    changed = [name for name in wanted.__struct_fields__ if getattr(row, name) != getattr(wanted, name)]
    if not changed:
        return home.shown(row)
    if wanted.allow_client_access and not row.allow_client_access:
        _check_sharing(home.held_by)
    if "name" in changed:
        _check_name(row, wanted.name)
    as_read, more = home.as_read(row), int(wanted.allow_client_access) - int(row.allow_client_access)
    row.name, row.allow_client_access = wanted.name, wanted.allow_client_access
    row.version, row.updated_at, row.updated_by = int(row.version) + 1, clock.timestamp(), home.by
    tx = act.transaction()
    tx.put(row, when=as_read, refusal=Stale())
    if more and row.status == "ready":
        records.count_files(tx, home.portal, home.held_by, more)
    facts.record(
        tx, act, Kind.RECORD_CHANGED, home.about, {"document": document_id, **dict.fromkeys(changed, "changed")}
    )
    tx.commit()
    return home.shown(row)


def download(act: Act, home: OfRecord, document_id: str) -> Download:
    """A link for staff, on record. Raises NotFound, Conflict."""
    return _linked(act, home, documents.row(home, document_id), Kind.RECORD_DOWNLOADED)


def for_client(portal: str, card: Card) -> list[RecordDocument]:
    """What whoever holds this card is shown, newest last: ready, meant for them, of an account that sees files."""
    if not card.sees_files:
        return []
    return [each for each in documents.of_home(OfRecord(portal, card.account_id)) if _is_for_client(each)]


def download_by_client(act: Act, card: Card, document_id: str) -> Download:
    """A link for whoever holds this card, on record. Raises NotFound for all that they are not shown."""
    return _linked_for(act, card, document_id, Kind.OWN_RECORD_DOWNLOADED)


def download_in_view(act: Act, card: Card, document_id: str) -> Download:
    """The same link for staff who look at this client's pages, on record as theirs. Raises NotFound."""
    return _linked_for(act, card, document_id, Kind.RECORD_DOWNLOADED)


def _linked_for(act: Act, card: Card, document_id: str, kind: Kind) -> Download:
    home = OfRecord(act.portal, card.account_id)
    row = documents.row(home, document_id)
    if not card.sees_files or not _is_for_client(row):
        raise NotFound("There is nothing here, or it is no longer shared with you.")
    return _linked(act, home, row, kind)


def _linked(act: Act, home: OfRecord, row: Any, kind: Kind) -> Download:
    link = documents.link(home, row)
    tx = act.transaction()
    facts.record(tx, act, kind, home.about, {"document": home.shown(row).id})
    tx.commit()
    return link


def _is_for_client(document: RecordDocument | RecordDocumentRow) -> bool:
    return document.status == "ready" and bool(document.allow_client_access)


def _check_sharing(account: Account) -> None:
    if account.record_type not in SHARE_FILES:
        raise Invalid(fields={"allow_client_access": _NO_FILES.get(account.record_type, _NOT_HERE)})


def _check_name(row: FileRow, name: str) -> None:
    if "/" in name or "\\" in name:
        raise Invalid(fields={"name": documents.NO_SLASHES})
    if not filetypes.is_allowed(row.content_type, name):
        endings = ", ".join(filetypes.EXTENSIONS[row.content_type])
        raise Invalid(fields={"name": _ENDING.format(endings=endings)})
