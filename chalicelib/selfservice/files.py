"""Files in S3: the form that sends one, its way out of the quarantine, the short link to it. Of whom they are, is not here.

An upload lands under `quarantine/`. It is copied to `documents/` first and the copy is what is read: whatever is written to
the form's address afterwards can no longer reach what was checked.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from .. import aws, clock, log
from ..config import settings
from ..errors import Conflict, Unavailable
from . import filetypes
from .shapes import Download

FORM_SECONDS: Final = 15 * 60
_LINK_SECONDS: Final = 60


class Form(Struct, frozen=True):
    """Where a browser posts a file to, with which fields, and until when."""

    url: str
    fields: dict[str, str]
    expires_at: str


class NotArrived(Conflict):
    """There is nothing to check yet."""

    text = "The file has not arrived yet. Send it with the form first."


def form(place: str, content_type: str, *, size: int | None, most: int, then: str | None) -> Form:
    """A form for one file of this type, of exactly this size if it is known; `then` is where the browser goes after it."""
    fields = {"Content-Type": content_type} | ({"success_action_redirect": then} if then else {})
    smallest, largest = (size, size) if size else (0, most)
    conditions = [*({name: value} for name, value in fields.items()), ["content-length-range", smallest, largest]]
    made: dict[str, Any] = aws.client("s3").generate_presigned_post(
        settings.documents_bucket, place, Fields=fields, Conditions=conditions, ExpiresIn=FORM_SECONDS
    )
    return Form(made["url"], made["fields"], clock.text(clock.timestamp() + FORM_SECONDS) or "")


def take_over(waiting: str, place: str, content_type: str) -> tuple[int, bytes]:
    """Copy the upload out of the quarantine; the copy's size and first bytes. Raises NotArrived, or Unavailable."""
    s3, bucket = aws.client("s3"), settings.documents_bucket
    try:
        s3.copy_object(
            Bucket=bucket, Key=place, CopySource={"Bucket": bucket, "Key": waiting},
            ContentType=content_type, MetadataDirective="REPLACE",
        )  # fmt: skip
        answer = s3.get_object(Bucket=bucket, Key=place, Range=f"bytes=0-{filetypes.PEEK - 1}")
        whole = answer.get("ContentRange", "").rpartition("/")[2]  # absent when the range was the whole file
        return int(whole or answer["ContentLength"]), answer["Body"].read()
    except (aws.ClientError, aws.BotoCoreError) as error:
        raise (NotArrived if aws.error_code(error) in ("NoSuchKey", "404") else Unavailable) from error


def link(place: str, name: str, content_type: str) -> Download:
    """A link to a file, good for a minute, that browsers save instead of showing."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in name)
    url = aws.client("s3").generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings.documents_bucket,
            "Key": place,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "ResponseCacheControl": "private, no-store",
        },
        ExpiresIn=_LINK_SECONDS,
    )
    return Download(url=url, expires_at=clock.text(clock.timestamp() + _LINK_SECONDS) or "")


def delete(*places: str) -> None:
    """Remove files; one that is not there is no matter. Raises Unavailable."""
    try:
        for place in places:
            aws.client("s3").delete_object(Bucket=settings.documents_bucket, Key=place)
    except (aws.ClientError, aws.BotoCoreError) as error:
        raise Unavailable from error


def tidy(*places: str) -> None:
    """Remove what nothing leads to any more. What cannot be removed now stays behind, out of reach."""
    try:
        delete(*places)
    except Unavailable as refusal:
        log.warning("file left behind", refusal=refusal.code)
