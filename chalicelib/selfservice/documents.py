"""Documents of a batch: sent straight to S3 by a presigned form, set apart until checked, downloaded by a short link.

An upload lands under `quarantine/`. The check copies it to `documents/` first and reads the copy: whatever is written to
the form's address afterwards can no longer reach what was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from .. import aws, clock, facts, ids, log
from ..config import settings
from ..errors import Conflict, Invalid, NotFound, Unavailable
from ..facts import Act, Kind
from ..portals import Portal
from ..storage import query
from . import filetypes
from .batches import read, subject
from .models import BatchRow, DocumentRow
from .shapes import Document, DocumentUpload, Download, NewDocument

_FORM_SECONDS = 15 * 60
_LINK_SECONDS = 60
_MOST = 100  # documents of one batch, without those whose form ran out before their file came
_MOST_WAITING = 10  # files that one contact may have announced to a batch and not sent
UNNAMED = "application/octet-stream"  # a client's upload: its type is read from the file itself


def add(
    act: Act,
    portal: Portal,
    batch_id: str,
    wanted: NewDocument,
    *,
    document_id: str | None = None,
    then: Callable[[str], str] | None = None,
) -> DocumentUpload:
    """A new document, waiting for its file, and the form to send it with.

    `then` makes from the document's id the address a browser goes to once the file is sent.
    """
    by_client = wanted.content_type == UNNAMED and _is_contact(act)
    wrong = {}
    if not by_client and not filetypes.is_allowed(wanted.content_type, wanted.name):
        kinds = ", ".join(ending for endings in filetypes.EXTENSIONS.values() for ending in endings)
        wrong["content_type"] = f"The type and the ending of the name must fit each other, and be one of: {kinds}."
    if wanted.size and wanted.size > _largest(portal):
        wrong["size"] = f"A document can have at most {portal.policy.document_megabytes} MB."
    if "/" in wanted.name or "\\" in wanted.name:
        wrong["name"] = "A file name cannot hold slashes."
    if wrong:
        raise Invalid(fields=wrong)
    batch = read(act.portal, batch_id)
    _check_room(act, batch_id)
    identifier, now = document_id or ids.new(), clock.timestamp()
    row = DocumentRow(
        pk=batch.pk,
        sk=f"document#{identifier}",
        name=wanted.name,
        content_type=wanted.content_type,
        size=wanted.size,
        added_at=now,
        added_by=act.actor,
    )
    tx = act.transaction()
    tx.check(BatchRow(batch.pk, batch.sk), when=BatchRow.pk.exists(), refusal=NotFound())
    tx.put(row, when=DocumentRow.pk.does_not_exist(), refusal=Conflict("This document exists already."))
    kind = Kind.DOCUMENT_SENT_IN if by_client else Kind.DOCUMENT_ADDED
    facts.record(tx, act, kind, subject(batch), {"document": identifier})
    tx.commit()
    return _upload(row, wanted, portal, then(identifier) if then else None)


def _check_room(act: Act, batch_id: str) -> None:
    """Refuse one document too many. What waits longer than its form was good for takes no room."""
    since = clock.timestamp() - _FORM_SECONDS
    counted = [row for row in _rows(act.portal, batch_id) if row.status != "waiting" or row.added_at > since]
    if len(counted) >= _MOST:
        raise Conflict(f"A batch can have at most {_MOST} documents. Remove one first.")
    waiting = sum(row.status == "waiting" and row.added_by == act.actor for row in counted)
    if act.actor.startswith("contact:") and waiting >= _MOST_WAITING:
        raise Conflict("You have begun to send many files. Finish those first, or try again in a quarter of an hour.")


def upload(portal: Portal, batch_id: str, document_id: str) -> DocumentUpload:
    """A fresh form for a document that still waits for its file. Raises Conflict once it has arrived and been checked."""
    row = _row(portal.slug, batch_id, document_id)
    if row.status != "waiting":
        raise Conflict("This document has its file already.")
    size = int(row.size) if row.size is not None else None
    return _upload(row, NewDocument(name=row.name, content_type=row.content_type, size=size), portal, None)


def listed(portal: str, batch_id: str) -> list[Document]:
    """A batch's documents, oldest first, those still waiting too. Raises NotFound for a batch that does not exist."""
    read(portal, batch_id)
    return of_batch(portal, batch_id)


def of_batch(portal: str, batch_id: str) -> list[Document]:
    """The same for a batch that is known to exist: one read."""
    return [_document(row) for row in _rows(portal, batch_id)]


def get(portal: str, batch_id: str, document_id: str) -> Document:
    """One document. Raises NotFound."""
    return _document(_row(portal, batch_id, document_id))


def check(act: Act, portal: Portal, batch_id: str, document_id: str) -> Document:
    """Check what arrived: length and first bytes. It becomes ready, or refused with a reason. Raises Conflict if absent."""
    row = _row(act.portal, batch_id, document_id)
    if row.status != "waiting":
        return _document(row)
    row.copy = ids.new()  # each check has a copy of its own: what another one copies meanwhile cannot get into this one
    try:
        size, head = _taken_over(row)
    except NotArrived:
        if (present := _row(act.portal, batch_id, document_id)).status == "waiting":
            raise
        return _document(present)
    row.content_type = filetypes.type_of(head) or row.content_type if row.content_type == UNNAMED else row.content_type
    row.reason = _fault(row, size, head, portal)
    row.status, row.size = ("refused" if row.reason else "ready"), size
    if row.status == "ready" and not filetypes.is_allowed(row.content_type, row.name):
        row.name += filetypes.EXTENSIONS[row.content_type][0]
    tx = act.transaction()
    tx.put(row, when=DocumentRow.status == "waiting")
    facts.record(tx, act, _outcome(act, row), facts.subject("batch", batch_id), {"document": document_id})
    try:
        tx.commit()
    except Conflict:  # another check was quicker
        _tidy(_place("documents", row))
        return _document(_row(act.portal, batch_id, document_id))
    _tidy(_place("quarantine", row), *([_place("documents", row)] if row.reason else []))
    return _document(row)


def remove(act: Act, portal: str, batch_id: str, document_id: str) -> None:
    """Remove a document and its file: the file first, since without the row nobody would find it again."""
    for last in (False, True):
        try:
            return _removed(act, _row(portal, batch_id, document_id), batch_id, document_id)
        except Conflict:  # a check took the file over meanwhile: there is another one to delete now
            if last:
                raise
    return None


def _removed(act: Act, row: DocumentRow, batch_id: str, document_id: str) -> None:
    _delete(_place("quarantine", row), _place("documents", row))
    is_same = DocumentRow.copy == row.copy if row.copy else DocumentRow.copy.does_not_exist()
    tx = act.transaction()
    tx.delete(DocumentRow(row.pk, row.sk), when=(DocumentRow.status == row.status) & is_same)
    facts.record(tx, act, Kind.DOCUMENT_REMOVED, facts.subject("batch", batch_id), {"document": document_id})
    tx.commit()


def download_url(portal: str, batch_id: str, document_id: str) -> Download:
    """A link to the content, good for a minute, that browsers save instead of showing. Raises NotFound, Conflict."""
    row = _row(portal, batch_id, document_id)
    if row.status != "ready":
        raise Conflict("This document cannot be downloaded: its file has not arrived, or was refused.")
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in row.name)
    url = aws.client("s3").generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings.documents_bucket,
            "Key": _place("documents", row),
            "ResponseContentType": row.content_type,
            "ResponseContentDisposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(row.name, safe='')}",
            "ResponseCacheControl": "private, no-store",
        },
        ExpiresIn=_LINK_SECONDS,
    )
    return Download(url=url, expires_at=clock.text(clock.timestamp() + _LINK_SECONDS) or "")


def _outcome(act: Act, row: DocumentRow) -> Kind:
    if _is_contact(act):
        return Kind.DOCUMENT_SENT_IN_REFUSED if row.reason else Kind.DOCUMENT_SENT_IN_READY
    return Kind.DOCUMENT_REFUSED if row.reason else Kind.DOCUMENT_READY


def _is_contact(act: Act) -> bool:
    return act.actor.startswith("contact:")


def _largest(portal: Portal) -> int:
    return portal.policy.document_megabytes * 1024 * 1024


def _upload(row: DocumentRow, wanted: NewDocument, portal: Portal, then: str | None) -> DocumentUpload:
    fields = {"Content-Type": wanted.content_type} | ({"success_action_redirect": then} if then else {})
    smallest, most = (wanted.size, wanted.size) if wanted.size else (0, _largest(portal))
    conditions = [*({name: value} for name, value in fields.items()), ["content-length-range", smallest, most]]
    form: dict[str, Any] = aws.client("s3").generate_presigned_post(
        settings.documents_bucket,
        _place("quarantine", row),
        Fields=fields,
        Conditions=conditions,
        ExpiresIn=_FORM_SECONDS,
    )
    expires_at = clock.text(clock.timestamp() + _FORM_SECONDS) or ""
    return DocumentUpload(document=_document(row), url=form["url"], fields=form["fields"], expires_at=expires_at)


class NotArrived(Conflict):
    """There is nothing to check yet."""

    text = "The file has not arrived yet. Send it with the form first."


def _taken_over(row: DocumentRow) -> tuple[int, bytes]:
    """Copy the upload out of the quarantine; the copy's size and first bytes. Raises NotArrived, or Unavailable."""
    s3, bucket, place = aws.client("s3"), settings.documents_bucket, _place("documents", row)
    try:
        s3.copy_object(
            Bucket=bucket, Key=place, CopySource={"Bucket": bucket, "Key": _place("quarantine", row)},
            ContentType=row.content_type, MetadataDirective="REPLACE",
        )  # fmt: skip
        answer = s3.get_object(Bucket=bucket, Key=place, Range=f"bytes=0-{filetypes.PEEK - 1}")
        whole = answer.get("ContentRange", "").rpartition("/")[2]  # absent when the range was the whole file
        return int(whole or answer["ContentLength"]), answer["Body"].read()
    except (aws.ClientError, aws.BotoCoreError) as error:
        raise (NotArrived if aws.error_code(error) in ("NoSuchKey", "404") else Unavailable) from error


def _fault(row: DocumentRow, size: int, head: bytes, portal: Portal) -> str | None:
    if size > _largest(portal):
        return f"The file is larger than {portal.policy.document_megabytes} MB."
    if row.size and row.size != size:
        return "The file does not have the size that was announced."
    if not filetypes.looks_like(row.content_type, head):
        return "The content of the file is not of a kind that can be shared, or not the kind its name says."
    return None


def _delete(*places: str) -> None:
    try:
        for place in places:
            aws.client("s3").delete_object(Bucket=settings.documents_bucket, Key=place)
    except (aws.ClientError, aws.BotoCoreError) as error:
        raise Unavailable from error


def _tidy(*places: str) -> None:
    """Remove what nothing leads to any more. What cannot be removed now stays behind, out of reach."""
    try:
        _delete(*places)
    except Unavailable as refusal:
        log.warning("file left behind", refusal=refusal.code)


def _place(room: str, row: DocumentRow) -> str:
    portal, _, batch_id = row.pk.replace("#batch#", "#").partition("#")
    name = row.sk.removeprefix("document#")
    return f"{room}/{portal}/{batch_id}/{name}{f'-{row.copy}' if room == 'documents' and row.copy else ''}"


def _rows(portal: str, batch_id: str) -> list[DocumentRow]:
    key = f"{portal}#batch#{batch_id}"
    found: list[DocumentRow] = []
    cursor: str | None = None
    while True:
        page = query(DocumentRow, key, between=DocumentRow.sk.startswith("document#"), limit=_MOST, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


def _row(portal: str, batch_id: str, document_id: str) -> DocumentRow:
    row = DocumentRow.find(f"{portal}#batch#{batch_id}", f"document#{document_id}")
    if row is None:
        raise NotFound("There is no document with this id in this batch.")
    return row


def _document(row: DocumentRow) -> Document:
    return Document(
        id=row.sk.removeprefix("document#"),
        name=row.name,
        content_type=row.content_type,
        status=row.status,  # type: ignore[arg-type]
        added_at=clock.text(int(row.added_at)) or "",
        added_by=row.added_by,
        size=int(row.size) if row.size is not None else None,
        reason=row.reason,
    )
