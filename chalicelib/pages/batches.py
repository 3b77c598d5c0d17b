"""A batch's page: what it says, its lines and documents, and the form for the answer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from chalice import Response

from .. import clock
from ..errors import NotFound
from ..portals import money
from ..selfservice import batches, documents, filetypes
from ..selfservice.batches import newest_answer
from ..selfservice.homes import OfBatch
from ..selfservice.shapes import Answer, Batch, Document, Download, Line
from ..selfservice.statuses import LABELS
from ..storage import beside
from ..web import headers
from ..web.page import View, page, paragraphs
from . import blueprint
from .welcome import STATUS_KINDS, day

_THANKS = {
    "approve": "Thank you. Your approval has been sent.",
    "changes": "Thank you. Your request has been sent. You get a message when there is something new to review.",
}
_THANKED_FOR = 60  # seconds after an answer in which its sender is thanked; a bookmark thanks nobody


@page(blueprint, "GET", "/batches/{batch}")
def show(view: View, batch: str) -> Response:
    """The batch, if it is open to this contact."""
    return batch_page(view, batch, thanks=view.query.get("notice") == "answered")


@page(blueprint, "GET", "/batches/{batch}/documents/{document}")
def download(view: View, batch: str, document: str) -> Response:
    """Send the browser to the document's content, by a link that is good for a minute."""
    must_be_open(view, batch)
    return to_file(documents.download_url(OfBatch(view.slug, batch), document))


def must_be_open(view: View, batch_id: str) -> None:
    """Refuse with NotFound unless the batch is on this contact's card: the one place that says what is theirs."""
    if view.card is None or batch_id not in view.card.batches:
        raise NotFound("There is nothing here, or it is no longer shared with you.")


def batch_page(
    view: View, batch_id: str, *, errors: dict[str, str] | None = None, values: dict[str, str] | None = None,
    status: int = 200, notice: dict[str, str] | None = None, thanks: bool = False,
) -> Response:  # fmt: skip
    """The page, also when an answer was refused or has just been given."""
    must_be_open(view, batch_id)
    batch, files = beside(
        lambda: batches.get(view.slug, batch_id), lambda: documents.of_home(OfBatch(view.slug, batch_id))
    )
    answer = newest_answer(batch.answers)
    can_answer = batch.status == "client_review"
    if thanks and answer and _is_fresh(view, answer):
        notice = {"kind": "success", "text": _THANKS[answer.answer]}
    return view.show(
        "batch.html",
        batch.title,
        status=status,
        notice=notice,
        errors=errors or {},
        values=values or {},
        batch=_heading(view, batch),
        lines=[_line(view, line) for line in batch.lines],
        totals=_totals(view, batch.lines) if batch.lines else None,
        documents=[
            file_shown(file, f"{view.base}/batches/{batch_id}/documents/{file.id}")
            for file in files
            if file.status == "ready"
        ],
        answer=_answer(batch) if answer else None,
        can_answer=can_answer,
        read_only_reason=None if can_answer else _why_no_answer(view, batch),
        answer_url=f"{view.base}/batches/{batch_id}/answer",
        version=batch.version,
        upload_url=f"{view.base}/batches/{batch_id}/upload",
    )


def _heading(view: View, batch: Batch) -> dict[str, Any]:
    return {
        "title": batch.title,
        "account_name": view.card.account_name if view.card else "",
        "plan_year": batch.plan_year or None,
        "effective_date": day(batch.effective_date),
        "status_label": LABELS[batch.status],
        "status_kind": STATUS_KINDS.get(batch.status, "progress"),
        "answer_by": day(batch.answer_by),
        "updated": day(batch.updated_at),
        "summary": paragraphs(batch.summary),
    }


def _line(view: View, line: Line) -> dict[str, Any]:
    employee, employer = Decimal(line.employee_cost), Decimal(line.employer_cost)
    percent = None if line.change_percent is None else Decimal(line.change_percent)
    return {
        "carrier": line.carrier,
        "plan": line.plan,
        "coverage": line.coverage,
        "employee_cost": money.shown(view.portal, employee),
        "employer_cost": money.shown(view.portal, employer),
        "total": money.shown(view.portal, employee + employer),
        "change": None if percent is None else f"{percent:+.1f} %".replace("+0.0", "0.0").replace("-", "\u2212"),
        "change_kind": None if percent is None else "up" if percent > 0 else "down" if percent < 0 else "same",
    }


def _totals(view: View, lines: tuple[Line, ...]) -> dict[str, Any]:
    employee = sum((Decimal(line.employee_cost) for line in lines), Decimal(0))
    employer = sum((Decimal(line.employer_cost) for line in lines), Decimal(0))
    return {
        "employee_cost": money.shown(view.portal, employee),
        "employer_cost": money.shown(view.portal, employer),
        "total": money.shown(view.portal, employee + employer),
        "change": None,
    }


def file_shown(document: Document, url: str) -> dict[str, Any]:
    """A document as lists of files show it, and where it is downloaded."""
    size = document.size or 0
    return {
        "name": document.name,
        "kind": filetypes.label(document.content_type),
        "size": f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(size // 1024, 1)} KB",
        "url": url,
        "added": day(document.added_at),
    }


def to_file(link: Download) -> Response:
    """Send the browser on to a file's content."""
    return Response("", status_code=303, headers=dict(headers.page_headers()) | {"Location": link.url})


def _answer(batch: Batch) -> dict[str, Any] | None:
    answer = newest_answer(batch.answers)
    if answer is None:
        return None
    label = "Approved" if answer.answer == "approve" else "Changes requested"
    return {
        "kind": answer.answer,
        "label": label,
        "comment": answer.comment,
        "by": answer.contact_name,
        "at": day(answer.at),
    }


def _is_fresh(view: View, answer: Answer) -> bool:
    """Whether this very contact answered just now."""
    given = datetime.fromisoformat(answer.at).timestamp()
    mine = view.card is not None and answer.contact_id == view.card.contact_id
    return mine and given > clock.timestamp() - _THANKED_FOR


def _why_no_answer(view: View, batch: Batch) -> str | None:
    if batch.status in ("approved", "changes_requested", "complete") and not batch.answers:
        return f"{view.portal.name} has recorded this as {LABELS[batch.status].lower()}."
    return None if batch.answers else "There is nothing to answer at the moment. You get a message when there is."
