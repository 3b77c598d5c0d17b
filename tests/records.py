"""What is on an account's record, put there by the product's own flows; and a portal that has all of it."""

from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.facts import Act
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.selfservice import documents, record_documents, records
from chalicelib.selfservice.record_shapes import (
    Editor,
    NewRecordDocument,
    Prescription,
    Product,
    Provider,
    RecordDocument,
    WebsiteLink,
)
from chalicelib.selfservice.records import LINKS, PRESCRIPTIONS, PRODUCTS, PROVIDERS, RecordKind
from tests.browsing import send_file
from tests.factories import make_portal, staff
from tests.world import World

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
MODULES = {"prescriptions": True, "providers": True}
SAM = Editor(side="staff", id="user:sam", name="Sam Okafor")
BODIES: dict[str, dict[str, Any]] = {
    "products": {
        "carrier": "Blue Harbor", "plan": "PPO 1500", "policy_number": "BH-204417", "coverage_type": "Medical",
        "premium": "412.50", "effective_date": "2031-01-01", "status": "Active", "allow_client_access": True,
    },
    "prescriptions": {"name": "Lisinopril", "dosage": "10 mg", "form": "tablet", "frequency": "once a day"},
    "providers": {"name": "Dr. Iris Hale", "specialty": "Family medicine", "practice": "Elm Street Clinic"},
    "links": {"title": "Member site", "url": "https://members.example/start", "allow_client_access": True},
}  # fmt: skip
"""A body for each kind, by its name in paths."""


def record_portal(world: World, **settings: Any) -> Portal:
    """A portal with both modules on."""
    return make_portal(world, modules=MODULES, **settings)


def make_product(portal: Portal, account: Account, **details: Any) -> Product:
    """A policy that the client sees."""
    return _add(portal, account, PRODUCTS, {**BODIES["products"], **details})


def make_prescription(portal: Portal, account: Account, **details: Any) -> Prescription:
    """A medicine, put down by staff."""
    return _add(portal, account, PRESCRIPTIONS, {**BODIES["prescriptions"], **details})


def make_care_provider(portal: Portal, account: Account, **details: Any) -> Provider:
    """A care provider, put down by staff."""
    return _add(portal, account, PROVIDERS, {**BODIES["providers"], **details})


def make_website_link(portal: Portal, account: Account, **details: Any) -> WebsiteLink:
    """A link that the client sees."""
    return _add(portal, account, LINKS, {**BODIES["links"], **details})


def make_document(
    portal: Portal, account: Account, *, name: str = "Policy.pdf", shared: bool = True, step: str = "checked"
) -> RecordDocument:
    """A file that the client sees: only announced, also sent, or (as a rule) checked too."""
    act, home = staff(portal), record_documents.by_staff(portal.slug, account, SAM)
    wanted = NewRecordDocument(name=name, content_type="application/pdf", allow_client_access=shared)
    form = record_documents.add(act, portal, home, wanted)
    if step != "announced":
        assert send_file(form.url, form.fields, PDF, name).status < 300
    if step != "checked":
        return form.document
    return documents.check(act, portal, home, form.id)


def _add(portal: Portal, account: Account, kind: RecordKind[Any, Any], plain: dict[str, Any]) -> Any:
    act: Act = staff(portal)
    return records.add(act, portal, account, kind, msgspec.convert(plain, kind.takes), by=SAM)
