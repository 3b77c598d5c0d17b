"""A client sends a file: name it, send it straight to S3 with a form, have it checked. No script needed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec
from chalice import Response

from ..config import settings
from ..errors import Conflict, Invalid
from ..selfservice import documents
from ..selfservice.documents import UNNAMED
from ..selfservice.homes import OfBatch
from ..selfservice.shapes import NewDocument
from ..web.page import View, page
from . import blueprint
from .batches import must_be_open


@page(blueprint, "GET", "/batches/{batch}/upload")
def ask_name(view: View, batch: str) -> Response:
    """Ask what the file is."""
    must_be_open(view, batch)
    return _name_page(view, batch)


@page(blueprint, "POST", "/batches/{batch}/upload")
def choose_file(view: View, batch: str) -> Response:
    """Note the name, and show the form that sends the file."""
    must_be_open(view, batch)
    name = " ".join(view.form.get("name", "").split())
    try:
        wanted = msgspec.convert({"name": name[:200], "content_type": UNNAMED}, NewDocument)
    except msgspec.ValidationError:
        errors = {"name": "Say in a few words what the file is."}
        return _name_page(view, batch, values={"name": name}, errors=errors, status=400)
    try:
        upload = documents.add(
            view.act, view.portal, OfBatch(view.slug, batch), wanted,
            then=lambda document: f"{settings.public_url}{view.base}/batches/{batch}/upload/{document}",
        )  # fmt: skip
    except (Invalid, Conflict) as refusal:
        errors = {"name": refusal.fields.get("name", refusal.text)}
        return _name_page(view, batch, values={"name": name}, errors=errors, status=refusal.status)
    target = urlsplit(upload.url)
    return view.show(
        "upload.html",
        "Send a file",
        form_target=f"{target.scheme}://{target.netloc}",
        step="file",
        name=name,
        upload={"url": upload.url, "fields": upload.fields},
        most=view.portal.policy.document_megabytes,
        back_url=f"{view.base}/batches/{batch}",
    )


@page(blueprint, "GET", "/batches/{batch}/upload/{document}")
def arrived(view: View, batch: str, document: str) -> Response:
    """The file has arrived: one press has it checked and shared."""
    must_be_open(view, batch)
    held = documents.get(OfBatch(view.slug, batch), document)
    return view.show(
        "upload.html", "Send a file", step="finish" if held.status == "waiting" else held.status, name=held.name,
        reason=held.reason, back_url=f"{view.base}/batches/{batch}", most=view.portal.policy.document_megabytes,
    )  # fmt: skip


@page(blueprint, "POST", "/batches/{batch}/upload/{document}")
def finish(view: View, batch: str, document: str) -> Response:
    """Check what arrived."""
    must_be_open(view, batch)
    documents.check(view.act, view.portal, OfBatch(view.slug, batch), document)
    return view.go(f"/batches/{batch}/upload/{document}")


def _name_page(view: View, batch: str, *, status: int = 200, **more: Any) -> Response:
    return view.show(
        "upload.html", "Send a file", status=status, step="name", name="", back_url=f"{view.base}/batches/{batch}",
        most=view.portal.policy.document_megabytes, **more,
    )  # fmt: skip
