"""Workflows for tests: made, switched on, and run as the deployment would, with the clock in the test's hand."""

from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.portals import Portal
from chalicelib.selfservice import records
from chalicelib.selfservice.record_shapes import Editor, Product, ProductInput
from chalicelib.people import accounts
from chalicelib.workflows import definitions
from chalicelib.workflows.workflow_shapes import Workflow, WorkflowInput
from tests.factories import staff

MAIL = {"action": "send-email", "message": "annual-review", "to": {"record": True}}
SMS = {"action": "send-sms", "message": "annual-review", "to": {"record": True}}


def step(identifier: str, count: int, unit: str, do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": identifier, "after": {"count": count, "unit": unit}, "do": do, **more}


def workflow(portal: Portal, *steps: dict[str, Any], **said: Any) -> Workflow:
    """One that is off."""
    wanted = {"name": "A workflow", "trigger": {"tags": ["review"]}, "steps": list(steps), **said}
    return definitions.create(staff(portal), portal, msgspec.convert(wanted, WorkflowInput))


def product(portal: Portal, account_id: str, **details: Any) -> Product:
    wanted = ProductInput(**{"carrier": "Acme Health", "status": "Quoted", "coverage_type": "MedAdvantage", **details})
    by = Editor(side="staff", id="user:1", name="Olive")
    account = accounts.get(portal.slug, account_id)
    return records.add(staff(portal), portal, account, records.PRODUCTS, wanted, by=by)
