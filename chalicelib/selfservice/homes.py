"""Where documents are kept, and what `documents` asks of any such place: a batch here, a record in `record_documents`."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from .. import clock, facts
from ..errors import NotFound
from ..facts import Act, Kind
from ..storage import Condition, Transaction
from .batches import read
from .files import Form
from .models import BatchRow, DocumentRow, FileRow
from .shapes import Document, DocumentUpload, NewDocument

D = TypeVar("D", bound=Document)
U = TypeVar("U", bound=DocumentUpload)


class Home(Struct, Generic[D, U], frozen=True):
    """A place for documents, by the portal's slug and its id there.

    `word` is what it is called, `rows` the kind of its rows.
    """

    portal: str
    id: str
    word: ClassVar[str]
    rows: ClassVar[type[Any]]

    @property
    def key(self) -> str:
        """The partition that its documents are in."""
        return f"{self.portal}#{self.word}#{self.id}"

    @property
    def folder(self) -> str:
        """Where in the bucket its files are, in each room."""
        raise NotImplementedError

    @property
    def about(self) -> str:
        """What the facts are about."""
        raise NotImplementedError

    def kind(self, done: str, act: Act) -> Kind:
        """The fact that a document was added, is ready or refused, or was removed."""
        raise NotImplementedError

    def check_it_is_there(self) -> None:
        """Raise NotFound unless it exists."""

    def must_stay(self, tx: Transaction) -> None:
        """Add to the transaction that it still does."""

    def new_row(self, act: Act, wanted: NewDocument, identifier: str) -> FileRow:
        """A row that waits for its file."""
        raise NotImplementedError

    def as_read(self, row: Any) -> Condition:
        """That a row is in the state in which it was read."""
        is_same = FileRow.copy == row.copy if row.copy else FileRow.copy.does_not_exist()
        return (FileRow.status == row.status) & is_same

    def count(self, tx: Transaction, row: Any, more: int) -> None:
        """Add to the transaction that a document that can be downloaded has come, or gone."""

    def shown(self, row: Any) -> D:
        """A row as the API shows it."""
        raise NotImplementedError

    def upload(self, row: Any, form: Form) -> U:
        """The same with the form that sends its file."""
        raise NotImplementedError


class OfBatch(Home[Document, DocumentUpload], frozen=True):
    """The documents of a batch, which its contacts see and add to."""

    word: ClassVar[str] = "batch"
    rows: ClassVar[type[Any]] = DocumentRow

    @property
    def folder(self) -> str:
        """The batch's own."""
        return f"{self.portal}/{self.id}"

    @property
    def about(self) -> str:
        """The batch."""
        return facts.subject("batch", self.id)

    def kind(self, done: str, act: Act) -> Kind:
        """Told apart by who did it."""
        return _BY_CLIENT[done] if act.actor.startswith("contact:") and done in _BY_CLIENT else _KINDS[done]

    def check_it_is_there(self) -> None:
        """Raise NotFound unless the batch exists."""
        read(self.portal, self.id)

    def must_stay(self, tx: Transaction) -> None:
        """Batches stay, but nothing is taken for granted."""
        tx.check(BatchRow(self.key, "batch"), when=BatchRow.pk.exists(), refusal=NotFound())

    def new_row(self, act: Act, wanted: NewDocument, identifier: str) -> FileRow:
        """What every document has."""
        return DocumentRow(**new(self, act, wanted, identifier))

    def shown(self, row: Any) -> Document:
        """What every document shows."""
        return Document(**told(row))

    def upload(self, row: Any, form: Form) -> DocumentUpload:
        """With its form."""
        return DocumentUpload(document=self.shown(row), url=form.url, fields=form.fields, expires_at=form.expires_at)


_KINDS = {
    "added": Kind.DOCUMENT_ADDED, "ready": Kind.DOCUMENT_READY, "refused": Kind.DOCUMENT_REFUSED,
    "removed": Kind.DOCUMENT_REMOVED,
}  # fmt: skip
_BY_CLIENT = {
    "added": Kind.DOCUMENT_SENT_IN, "ready": Kind.DOCUMENT_SENT_IN_READY, "refused": Kind.DOCUMENT_SENT_IN_REFUSED,
}  # fmt: skip


def new(home: Home[Any, Any], act: Act, wanted: NewDocument, identifier: str) -> dict[str, Any]:
    """What every new row has."""
    return {
        "pk": home.key,
        "sk": f"document#{identifier}",
        "name": wanted.name,
        "content_type": wanted.content_type,
        "size": wanted.size,
        "added_at": clock.timestamp(),
        "added_by": act.actor,
    }


def told(row: FileRow) -> dict[str, Any]:
    """What every document shows."""
    return {
        "id": row.sk.removeprefix("document#"),
        "name": row.name,
        "content_type": row.content_type,
        "status": row.status,
        "added_at": clock.text(int(row.added_at)) or "",
        "added_by": row.added_by,
        "size": int(row.size) if row.size is not None else None,
        "reason": row.reason,
    }
