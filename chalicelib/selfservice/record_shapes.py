"""What an account's record holds besides batches, as the API takes and shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..people.shapes import Phone
from .shapes import Document, DocumentUpload, NewDocument

Side = Literal["staff", "client"]
Note = Annotated[
    str, Meta(max_length=1000, pattern=fields.TEXT_PATTERN, description="Several lines, at most 1,000 characters.")
]
Shared = Annotated[bool, Meta(description="Whether the client sees it.")]


class Editor(Struct, frozen=True, kw_only=True):
    """Who wrote something: on which side, how facts name them, and their name as it was then."""

    side: Side
    id: str
    name: str


class ProductInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy that the account has, or was offered. `status` is one of the portal's."""

    carrier: fields.Required
    status: fields.Required
    plan: fields.Line = ""
    policy_number: fields.Line = ""
    coverage_type: fields.Line = ""
    premium: fields.Money | None = None
    effective_date: fields.Date | None = None
    allow_client_access: Shared = False


class PrescriptionInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A medicine that somebody takes."""

    name: fields.Required
    dosage: fields.Line = ""
    form: Annotated[fields.Line, Meta(description="Such as tablet.")] = ""
    quantity: fields.Line = ""
    frequency: fields.Line = ""
    pharmacy: fields.Line = ""
    notes: Note = ""


class ProviderInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who treats the client: a care provider, not one of the accounts that are offices' providers."""

    name: fields.Required
    specialty: fields.Line = ""
    practice: fields.Line = ""
    address: Note = ""
    phone: Phone | None = None
    is_primary: Annotated[bool, Meta(description="Whether this is their primary care provider.")] = False


class LinkInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address on the web, such as the carrier's portal."""

    title: fields.Required
    url: fields.Url
    allow_client_access: Shared = False


class Product(ProductInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A product, as stored."""

    id: str
    version: int
    created_at: str
    created_by: Editor
    updated_at: str
    updated_by: Editor


class Prescription(PrescriptionInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A prescription, as stored."""

    id: str
    version: int
    created_at: str
    created_by: Editor
    updated_at: str
    updated_by: Editor


class Provider(ProviderInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A care provider, as stored."""

    id: str
    version: int
    created_at: str
    created_by: Editor
    updated_at: str
    updated_by: Editor


class WebsiteLink(LinkInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A website link, as stored."""

    id: str
    version: int
    created_at: str
    created_by: Editor
    updated_at: str
    updated_by: Editor


class NewRecordDocument(NewDocument, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document to put on a record: its file name, its type, and its size in bytes if known."""

    allow_client_access: Shared = False


class RecordDocumentInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff can say of a document that is there: the file's name, whose ending stays, and who sees it."""

    name: fields.Required
    allow_client_access: Shared = False


class RecordDocument(Document, frozen=True, kw_only=True):
    """A file of a record. It can be downloaded once it is `ready`: arrived, and checked to be what it says it is."""

    version: int
    updated_at: str
    updated_by: Editor
    allow_client_access: Annotated[
        bool,
        Meta(description="Whether the client sees it, once it is ready and while the account is a client or customer."),
    ] = False


class RecordDocumentUpload(DocumentUpload, frozen=True, kw_only=True):
    """Where to send the file: a multipart POST to `url` with `fields` first and the file last, as `file`."""

    document: RecordDocument


Details = ProductInput | PrescriptionInput | ProviderInput | LinkInput
Kept = Product | Prescription | Provider | WebsiteLink
