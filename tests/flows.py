"""Workflows for tests: made, switched on, and run as the deployment would, with the clock in the test's hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib import agenda
from chalicelib.jobs import handing
from chalicelib.people import accounts
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.selfservice import records
from chalicelib.selfservice.record_shapes import Editor, Product, ProductInput
from chalicelib.workflows import acting, decisions, definitions, enrolling, enrolments, switching
from chalicelib.workflows.shapes import Enrolment, Workflow, WorkflowInput
from tests.factories import change_account, make_account, staff
from tests.world import World

MAIL = {"action": "send-email", "message": "annual-review", "to": {"record": True}}
SMS = {"action": "send-sms", "message": "annual-review", "to": {"record": True}}
ENABLE = {"action": "enable-self-service"}
OLIVE = Editor(side="staff", id="user:1", name="Olive")


def step(identifier: str, count: int, unit: str, do: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": identifier, "after": {"count": count, "unit": unit}, "do": do, **more}


def said(*steps: dict[str, Any], **more: Any) -> WorkflowInput:
    wanted = {"name": "Annual review", "trigger": {"tags": ["review"]}, "steps": list(steps), **more}
    return msgspec.convert(wanted, WorkflowInput)


def off(portal: Portal, *steps: dict[str, Any], **more: Any) -> Workflow:
    """A workflow as it is made."""
    return definitions.create(staff(portal), portal, said(*steps, **more))


def on(portal: Portal, *steps: dict[str, Any], existing: bool = False, **more: Any) -> Workflow:
    """One that is switched on, and has looked at the records there are."""
    made = off(portal, *steps, **more)
    return switching.switch_on(staff(portal), portal, made.id, enrol_existing=existing)


def client(portal: Portal, **details: Any) -> Account:
    """A record that no trigger of these tests matches yet, with an address."""
    return make_account(portal, **{"record_type": "client", "primary_emails": ("maria@example.com",), **details})


def tag(portal: Portal, account: Account, *tags: str) -> None:
    """Give a record exactly these tags, and let the workflows know at once."""
    change_account(portal, account.id, tags=tags)
    enrolling.changed(portal.slug, account.id)


def product(portal: Portal, account: Account, **details: Any) -> Product:
    """Put a product on a record, and let the workflows know."""
    wanted = ProductInput(**{"carrier": "Acme Health", "status": "Quoted", "coverage_type": "MedAdvantage", **details})
    held = accounts.get(portal.slug, account.id)
    made = records.add(staff(portal), portal, held, records.PRODUCTS, wanted, by=OLIVE)
    enrolling.changed(portal.slug, account.id)
    return made


def change_product(portal: Portal, account: Account, held: Product, **details: Any) -> Product:
    """Say something else of it, and let the workflows know."""
    wanted = ProductInput(**{name: details.get(name, getattr(held, name)) for name in ProductInput.__struct_fields__})
    now = accounts.get(portal.slug, account.id)
    made = records.change(staff(portal), portal, now, records.PRODUCTS, held.id, wanted, by=OLIVE)
    enrolling.changed(portal.slug, account.id)
    return made


def pass_time(world: World, **duration: float) -> None:
    """Let time pass, and do what has come due."""
    world.clock.advance(**duration)
    handing.hand_on_due(agenda.WORKFLOWS.due())
    world.drain()


def only(portal: Portal, account: Account) -> Enrolment:
    """The one enrolment of a record."""
    (found,) = enrolments.of_account(portal.slug, account.id).items
    return found


def history(portal: Portal, account: Account) -> list[tuple[str, str]]:
    """A record's history, oldest first: what, and of which step (blank: of the enrolment)."""
    found = decisions.listed(portal.slug, account.id, limit=100).items
    return [(line.what, line.step_id or "") for line in reversed(found)]


def outcomes(enrolment: Enrolment) -> dict[str, str]:
    """What became of each step."""
    return {each.id: each.outcome for each in enrolment.steps}


def live_through(world: World, portal: Portal, account: Account, *, until: int, stops: Iterable[int] = ()) -> None:
    """Drive the clock from one thing that is due for a record to the next, and past these moments; all of it is done."""
    left = sorted(stops)
    world.drain()
    for _ in range(500):
        due = [
            int(row.due_at) for row in enrolments.running(portal.slug, account.id, limit=100) if row.due_at is not None
        ]
        moment = min([*due, *left[:1]], default=until + 1)
        if moment > until:
            return
        left = [each for each in left if each > moment]
        world.clock.seconds = max(world.clock.seconds, moment)
        for row in enrolments.running(portal.slug, account.id, limit=100):
            acting.work(portal.slug, row.id)
        world.tick()
        world.drain()
    raise AssertionError("it goes on and on")
