"""The batches table: a batch and its documents in one partition, `{portal}#batch#{id}`.

And the records table: what else is kept at an account, in one partition of it, with the counts.
"""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .record_shapes import Editor, LinkInput, PrescriptionInput, ProductInput, ProviderInput
from .shapes import Answer, BatchInput


class BatchRow(Row):
    """sk `batch`."""

    table = "batches"

    class Meta:
        table_name = table_name("batches")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute()
    account_key = UnicodeAttribute()
    created_key = UnicodeAttribute()
    details: Packed[BatchInput] = Packed(BatchInput)
    status = UnicodeAttribute()
    placings = NumberAttribute(default=0)
    answers: Packed[tuple[Answer, ...]] = Packed(tuple[Answer, ...])
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    version = NumberAttribute(default=1)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()


class FileRow(Row):
    """What documents have in common, wherever they are kept: sk `document#{id}`."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    content_type = UnicodeAttribute()
    status = UnicodeAttribute(default="waiting")
    reason = UnicodeAttribute(null=True)
    copy = UnicodeAttribute(null=True)  # which of the checks took the file over
    size = NumberAttribute(null=True)
    added_at = NumberAttribute()
    added_by = UnicodeAttribute()
    version = NumberAttribute(default=1)


class DocumentRow(FileRow):
    """A document of a batch."""

    table = "batches"

    class Meta:
        table_name = table_name("batches")


class RecordDocumentRow(FileRow):
    """A document of a record, in the same partition as everything on it."""

    table = "records"

    class Meta:
        table_name = table_name("records")

    allow_client_access = BooleanAttribute(default=False)
    updated_at = NumberAttribute()
    updated_by: Packed[Editor] = Packed(Editor)


class RecordRow(Row):
    """One thing of an account's record: pk `{portal}#record#{account id}`, sk `{kind}#{id}`.

    `created_by` and `updated_by` keep the name as it was then, so that it is read without looking anybody up.
    """

    table = "records"

    class Meta:
        table_name = table_name("records")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    version = NumberAttribute(default=1)
    created_at = NumberAttribute()
    created_by: Packed[Editor] = Packed(Editor)
    updated_at = NumberAttribute()
    updated_by: Packed[Editor] = Packed(Editor)


class ProductRow(RecordRow):
    """sk `product#{id}`."""

    details: Packed[ProductInput] = Packed(ProductInput)


class PrescriptionRow(RecordRow):
    """sk `prescription#{id}`."""

    details: Packed[PrescriptionInput] = Packed(PrescriptionInput)


class ProviderRow(RecordRow):
    """sk `provider#{id}`."""

    details: Packed[ProviderInput] = Packed(ProviderInput)


class LinkRow(RecordRow):
    """sk `link#{id}`."""

    details: Packed[LinkInput] = Packed(LinkInput)


class RecordCountRow(Row):
    """How many things of each kind a record holds, and how many of them are shared: same pk, sk `counts`.

    `files` counts the shared documents that can be downloaded, `shared` the rest of what is shared.
    """

    table = "records"

    class Meta:
        table_name = table_name("records")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    product = NumberAttribute(null=True)
    prescription = NumberAttribute(null=True)
    provider = NumberAttribute(null=True)
    link = NumberAttribute(null=True)
    shared = NumberAttribute(null=True)
    files = NumberAttribute(null=True)
