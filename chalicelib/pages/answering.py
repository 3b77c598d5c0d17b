"""The client's answer to a batch."""

from __future__ import annotations

from chalice import Response

from ..errors import Conflict, Invalid
from ..selfservice import answers
from ..web.page import View, page
from . import blueprint
from .batches import batch_page, must_be_open


@page(blueprint, "POST", "/batches/{batch}/answer")
def give(view: View, batch: str) -> Response:
    """Take the answer, then show the batch as it now is."""
    must_be_open(view, batch)
    typed = {name: view.form.get(name, "") for name in ("answer", "comment")}
    assert view.card is not None  # must_be_open saw it  # noqa: S101
    try:
        seen = view.form.get("version", "")
        version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None
        answers.give(view.act, view.portal, view.card, batch, typed["answer"], typed["comment"], seen=version)
    except Invalid as refusal:
        return batch_page(view, batch, errors=refusal.fields, values=typed, status=400)
    except Conflict as refusal:
        notice = {"kind": "warning", "text": refusal.text}
        return batch_page(view, batch, values=typed, status=409, notice=notice)
    return view.go(f"/batches/{batch}?notice=answered")
