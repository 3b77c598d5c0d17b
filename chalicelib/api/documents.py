"""The documents of a batch over the API. Their content goes straight to and from S3, never through here."""

from __future__ import annotations

from typing import Any

from ..selfservice import documents
from ..selfservice.homes import OfBatch
from ..selfservice.shapes import Document, DocumentUpload, Download, NewDocument
from ..storage import Page
from ..web.operation import Answer, Call, created, nothing, one
from .registry import AT, operation, path

_GROUP = "Documents"
_AT_DOCUMENTS = f"{AT}/batches/{{batch}}/documents"
_AT_DOCUMENT = f"{_AT_DOCUMENTS}/{{document}}"


@operation("GET", _AT_DOCUMENTS, _GROUP, gives=Document, many=True)
def list_documents(call: Call[None, None]) -> Answer:
    """List a batch's documents.

    Oldest first, all on one page: a batch has at most 100.
    """
    found = Page(documents.listed(_home(call)))
    return Answer({"items": found.items, "cursor": found.cursor})


def document_again(call: Call[None, NewDocument]) -> Answer:
    """The same document, with a form that is good from now on."""
    batch_id = call.ids["batch"]
    made = documents.upload(call.portal, _home(call), call.new_id)
    return created(made, path(call.slug, "batches", batch_id, "documents", made.document.id))


@operation(
    "POST", _AT_DOCUMENTS, _GROUP, body=NewDocument, gives=DocumentUpload, status=201, replay=document_again,
    refusals=("conflict",), example={"name": "Plan comparison.pdf", "content_type": "application/pdf"},
)  # fmt: skip
def add_document(call: Call[None, NewDocument]) -> Answer:
    """Add a document.

    The answer is a form: post its fields and then the file, as multipart/form-data, to its url within fifteen minutes.
    Then call check. PDF, PNG, JPEG, DOCX, XLSX, TXT and CSV are taken.
    """
    batch_id = call.ids["batch"]
    made = documents.add(call.act, call.portal, _home(call), call.body, document_id=call.new_id)
    return created(made, path(call.slug, "batches", batch_id, "documents", made.document.id))


@operation("GET", _AT_DOCUMENT, _GROUP, gives=Document)
def read_document(call: Call[None, None]) -> Answer:
    """Read what is known of a document."""
    return one(documents.get(_home(call), call.ids["document"]))


@operation("DELETE", _AT_DOCUMENT, _GROUP, status=204)
def remove_document(call: Call[None, None]) -> Answer:
    """Remove a document and its file."""
    documents.remove(call.act, _home(call), call.ids["document"])
    return nothing()


def checked_again(call: Call[None, None]) -> Answer:
    """The document of a check that was made before."""
    return one(documents.get(_home(call), call.ids["document"]))


@operation("POST", f"{_AT_DOCUMENT}/check", _GROUP, gives=Document, replay=checked_again, refusals=("conflict",))
def check_document(call: Call[None, None]) -> Answer:
    """Check a document that was uploaded.

    Its length and first bytes decide whether it becomes ready or refused; clients see it only when ready. Checking one
    that was checked changes nothing.
    """
    return one(documents.check(call.act, call.portal, _home(call), call.ids["document"]))


@operation("GET", f"{_AT_DOCUMENT}/download", _GROUP, gives=Download, refusals=("conflict",))
def link_document(call: Call[None, None]) -> Answer:
    """Get a link to a document's content.

    The link works for a minute, for whoever has it.
    """
    return one(documents.download_url(_home(call), call.ids["document"]))


def _home(call: Call[Any, Any]) -> OfBatch:
    return OfBatch(call.slug, call.ids["batch"])
