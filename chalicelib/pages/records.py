"""The account's record as the client sees it: what is shared to read, what the client keeps up to date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from chalice import Response

from ..people.cards import Card
from ..portals import money
from ..selfservice import record_documents, records
from ..selfservice.record_shapes import Editor, Prescription, Product, Provider
from ..selfservice.records import LINKS, PRESCRIPTIONS, PRODUCTS, PROVIDERS
from ..storage import together
from ..web.page import View, page, paragraphs
from . import blueprint
from .batches import file_shown, to_file
from .welcome import day, local_day

_DONE: Final = {"added": "It is on your record.", "saved": "Your change is saved.", "removed": "It is removed."}
Shown = dict[str, Any]


@page(blueprint, "GET", "/records")
def show(view: View) -> Response:
    """All of it on one page."""
    text = _DONE.get(view.query.get("notice", ""))
    kept = [each for each in _KEPT if each[0].is_on(view.portal)]
    kinds: list[records.RecordKind[Any, Any]] = [PRODUCTS, LINKS, *(kind for kind, _, _, _ in kept)]
    account_id = card(view).account_id
    files, products, links, *own = together(
        [
            partial(record_documents.for_client, view.slug, card(view)),
            *(partial(records.shared, view.portal, account_id, kind) for kind in kinds),
        ]
    )
    return view.show(
        "records.html",
        "Your record",
        notice={"kind": "success", "text": text} if text else None,
        account_name=card(view).account_name,
        back_url=f"{view.base}/",
        products=[_product(view, each) for each in products],
        documents=[file_shown(each, f"{view.base}/records/documents/{each.id}") for each in files],
        links=[{"title": each.title, "url": each.url} for each in links],
        kept=[
            {
                "kind": kind.module,
                "heading": heading,
                "add": add,
                "add_url": f"{view.base}/records/{kind.module}/new",
                "entries": [shown(view, each) for each in found],
            }
            for (kind, heading, add, shown), found in zip(kept, own, strict=True)
        ],
    )


@page(blueprint, "GET", "/records/documents/{document}")
def download(view: View, document: str) -> Response:
    """Send the browser to a document's content, by a link that is good for a minute; that it was asked for is on record."""
    by = record_documents.download_in_view if view.viewing else record_documents.download_by_client
    return to_file(by(view.act, card(view), document))


def card(view: View) -> Card:
    """The card of whoever is here: the account on it is the only one they reach."""
    assert view.card is not None  # the client audience guarantees it  # noqa: S101
    return view.card


def _product(view: View, product: Product) -> Shown:
    return {
        "title": " ".join(filter(None, (product.carrier, product.plan))),
        "status": product.status,
        "facts": [
            ("Coverage", product.coverage_type),
            ("Policy number", product.policy_number),
            ("Premium", money.shown(view.portal, Decimal(product.premium)) if product.premium is not None else ""),
            ("Effective", day(product.effective_date) or ""),
        ],
    }


def _prescription(view: View, kept: Prescription) -> Shown:
    told = [
        ("Dosage", kept.dosage), ("Form", kept.form), ("Quantity", kept.quantity), ("How often", kept.frequency),
        ("Pharmacy", kept.pharmacy),
    ]  # fmt: skip
    return _entry(view, "prescriptions", kept, told, kept.notes)


def _provider(view: View, kept: Provider) -> Shown:
    told = [("Specialty", kept.specialty), ("Practice", kept.practice), ("Phone", kept.phone or "")]
    return {**_entry(view, "providers", kept, told, kept.address), "tag": "Primary" if kept.is_primary else ""}


def _entry(view: View, kind: str, kept: Prescription | Provider, told: list[tuple[str, str]], text: str) -> Shown:
    return {
        "title": kept.name,
        "tag": "",
        "facts": told,
        "text": paragraphs(text),
        "changed": written(view, kept.updated_by, kept.updated_at),
        "edit_url": f"{view.base}/records/{kind}/{kept.id}",
        "remove_url": f"{view.base}/records/{kind}/{kept.id}/remove",
    }


def written(view: View, by: Editor, at: str) -> str:
    """Who wrote something last and when. Of staff the client learns no names."""
    who = by.name if by.side == "client" else view.portal.name
    return f"{who}, {local_day(view, int(datetime.fromisoformat(at).timestamp()))}"


# What the client keeps: the kind, its heading, what adds one, and how one is shown.
_KEPT: Final[tuple[tuple[records.RecordKind[Any, Any], str, str, Callable[[View, Any], Shown]], ...]] = (
    (PRESCRIPTIONS, "Prescriptions", "Add a prescription", _prescription),
    (PROVIDERS, "Care providers", "Add a care provider", _provider),
)
