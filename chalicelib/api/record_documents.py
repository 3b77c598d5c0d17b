"""The documents of an account's record over the API. Their content goes straight to and from S3, never through here."""

from __future__ import annotations

from typing import Any

from ..people import accounts
from ..selfservice import documents, record_documents
from ..selfservice.record_documents import OfRecord
from ..selfservice.record_shapes import (
    NewRecordDocument,
    RecordDocument,
    RecordDocumentInput,
    RecordDocumentUpload,
)
from ..selfservice.shapes import Download
from ..storage import Page
from ..web.operation import Answer, Call, created, nothing, one
from .changing import changed, removed
from .records import editor
from .registry import AT, operation, path

_GROUP = "Records"
_MANY = f"{AT}/accounts/{{account}}/documents"
_ONE = f"{_MANY}/{{document}}"


@operation("GET", _MANY, _GROUP, gives=RecordDocument, many=True)
def list_record_documents(call: Call[None, None]) -> Answer:
    """List the documents of an account's record.

    Oldest first, all on one page: a record has at most 100.
    """
    found = Page(documents.listed(_home(call)))
    return Answer({"items": found.items, "cursor": found.cursor})


def record_document_again(call: Call[None, NewRecordDocument]) -> Answer:
    """The same document, with a form that is good from now on."""
    return _created(call, documents.upload(call.portal, _home(call), call.new_id))


@operation(
    "POST", _MANY, _GROUP, body=NewRecordDocument, gives=RecordDocumentUpload, status=201, replay=record_document_again,
    refusals=("conflict",),
    example={"name": "Policy.pdf", "content_type": "application/pdf", "allow_client_access": True},
)  # fmt: skip
def add_record_document(call: Call[None, NewRecordDocument]) -> Answer:
    """Add a document to an account's record.

    The answer is a form: post its fields and then the file, as multipart/form-data, to its url within fifteen minutes.
    Then call check. Files are shared with clients and customers only: `allow_client_access` is refused for any other
    account, and while an account is something else, its client is shown none.
    """
    made = record_documents.add(call.act, call.portal, _home(call), call.body, document_id=call.new_id)
    return _created(call, made)


@operation("GET", _ONE, _GROUP, gives=RecordDocument)
def read_record_document(call: Call[None, None]) -> Answer:
    """Read what is known of a document of a record."""
    return one(documents.get(_home(call), call.ids["document"]))


@operation(
    "PATCH", _ONE, _GROUP, body=RecordDocumentInput, takes="patch", gives=RecordDocument, refusals=("stale",),
    example={"name": "Policy 2031.pdf"},
)  # fmt: skip
def change_record_document(call: Call[None, Any]) -> Answer:
    """Change a document of a record.

    Rename it, or say whether the client sees it. The ending of the name has to stay one that fits the file.
    """
    home, document_id = _home(call), call.ids["document"]
    return changed(
        call,
        RecordDocumentInput,
        read=lambda: documents.get(home, document_id),
        change=lambda wanted, version: record_documents.change(call.act, home, document_id, wanted, version=version),
    )


@operation("DELETE", _ONE, _GROUP, status=204, refusals=("stale",))
def remove_record_document(call: Call[None, None]) -> Answer:
    """Remove a document of a record, and its file."""
    removed(call, lambda: documents.remove(call.act, _home(call), call.ids["document"], version=call.version))
    return nothing()


def record_document_checked(call: Call[None, None]) -> Answer:
    """The document of a check that was made before."""
    return one(documents.get(_home(call), call.ids["document"]))


@operation(
    "POST", f"{_ONE}/check", _GROUP, gives=RecordDocument, replay=record_document_checked, refusals=("conflict",)
)
def check_record_document(call: Call[None, None]) -> Answer:
    """Check a document that was uploaded to a record.

    Its length and first bytes decide whether it becomes ready or refused. Checking one that was checked changes nothing.
    """
    return one(documents.check(call.act, call.portal, _home(call), call.ids["document"]))


@operation("GET", f"{_ONE}/download", _GROUP, gives=Download, refusals=("conflict",))
def link_record_document(call: Call[None, None]) -> Answer:
    """Get a link to a file of a record.

    The link works for a minute, for whoever has it. A fact tells who asked for it.
    """
    return one(record_documents.download(call.act, _home(call), call.ids["document"]))


def _home(call: Call[Any, Any]) -> OfRecord:
    return record_documents.by_staff(call.slug, accounts.get(call.slug, call.ids["account"]), editor(call))


def _created(call: Call[Any, Any], made: RecordDocumentUpload) -> Answer:
    return created(made, path(call.slug, "accounts", call.ids["account"], "documents", made.document.id))
