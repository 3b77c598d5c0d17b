"""Batches and documents as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..people.shapes import Email

Status = Literal["draft", "in_progress", "client_review", "approved", "changes_requested", "complete", "cancelled"]
AnswerKind = Literal["approve", "changes"]
Percent = Annotated[
    str, Meta(pattern="^-?[0-9]{1,4}([.][0-9]{1,2})?" + fields.END, description="A change in percent: -2.5")
]


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a batch: a plan, what it costs whom a month, and its change on last year."""

    carrier: fields.Required
    plan: fields.Required
    coverage: fields.Line = ""
    employee_cost: fields.Money = "0"
    employer_cost: fields.Money = "0"
    change_percent: Percent | None = None


class BatchInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff and systems can say of a batch. Changing `status` moves it; see `selfservice.statuses`."""

    account_id: fields.Identifier
    renewal_contact_id: fields.Identifier
    title: fields.Required
    contact_ids: Annotated[tuple[fields.Identifier, ...], Meta(max_length=19)] = ()
    plan_year: fields.Line = ""
    effective_date: fields.Date | None = None
    answer_by: fields.Date | None = None
    status: Status = "draft"
    open_to_portal: bool = False
    summary: fields.Text = ""
    lines: Annotated[tuple[Line, ...], Meta(max_length=100)] = ()
    assigned_to: Email | None = None  # who is told of the answer


class Answer(Struct, frozen=True, kw_only=True):
    """What a client said to a batch in review, and when."""

    answer: AnswerKind
    comment: str
    contact_id: str
    contact_name: str
    at: str


class Batch(BatchInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The piece of work shared with a client. `answers` newest last; `placed_in_review` counts the placings."""

    id: str
    version: int
    created_at: str
    updated_at: str
    placed_in_review: int = 0
    answers: tuple[Answer, ...] = ()


class NewDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document to add: its file name, its type, and its size in bytes if known."""

    name: fields.Required
    content_type: Annotated[str, Meta(max_length=100)]
    size: Annotated[int, Meta(ge=1)] | None = None


class Document(Struct, frozen=True, kw_only=True):
    """A file of a batch. It can be downloaded once it is `ready`: arrived, and checked to be what it says it is."""

    id: str
    name: str
    content_type: str
    status: Literal["waiting", "ready", "refused"]
    added_at: str
    added_by: str
    size: int | None = None
    reason: str | None = None


class DocumentUpload(Struct, frozen=True, kw_only=True):
    """Where to send the file: a multipart POST to `url` with `fields` first and the file last, as `file`."""

    document: Document
    url: str
    fields: dict[str, str]
    expires_at: str

    @property
    def id(self) -> str:
        """The document's id."""
        return self.document.id


class Download(Struct, frozen=True, kw_only=True):
    """A link to a document's content, for a minute."""

    url: str
    expires_at: str
