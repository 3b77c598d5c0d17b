"""The batches table: a batch and its documents in one partition, `{portal}#batch#{id}`."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
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


class DocumentRow(Row):
    """sk `document#{id}`."""

    table = "batches"

    class Meta:
        table_name = table_name("batches")

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
