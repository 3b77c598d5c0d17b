"""The journeys of rehearsals: what would become of whom, why a record is not in a workflow, what is to come for it."""

from __future__ import annotations

from itertools import count
from typing import Any

import msgspec

from chalicelib.workflows import definitions, enrolling
from chalicelib.workflows.shapes import WorkflowInput
from tests.browsing import Seen
from tests.factories import make_account, staff
from tests.faults.journey import Journey

_AT = "/api/v1/portals/{portal}"
_numbers = count(1)
_MAIL = {"action": "send-email", "message": "annual-review", "to": {"record": True}}


class RehearsesADraft(Journey):
    """Of a workflow that is not stored."""

    route = ("POST", f"{_AT}/workflows/rehearse")

    def prepare(self) -> None:
        tag = f"rehearsed-{next(_numbers)}"
        self.account = make_account(self.portal, tags=[tag], primary_emails=["maria@northwind.example"])
        step = {"id": "mail", "after": {"count": 2, "unit": "days"}, "do": _MAIL}
        self.said: dict[str, Any] = {"name": "Review", "trigger": {"tags": [tag]}, "steps": [step]}

    def act(self) -> Seen:
        return self.ask("POST", "workflows/rehearse", {"workflow": self.said, "account_id": self.account.id})

    def check(self) -> None:
        assert self.act().json["emails"] == 1
        assert not self.sent_about(f"account:{self.account.id}", "annual-review")


class OfAWorkflow(RehearsesADraft):
    """One that is stored, and off."""

    def prepare(self) -> None:
        super().prepare()
        said = msgspec.convert(self.said, WorkflowInput)
        self.workflow = definitions.create(staff(self.portal), self.portal, said)


class Rehearses(OfAWorkflow):
    """As it is stored."""

    route = ("POST", f"{_AT}/workflows/{{workflow}}/rehearse")

    def act(self) -> Seen:
        return self.ask("POST", f"workflows/{self.workflow.id}/rehearse", {"account_id": self.account.id})


class AsksWhyNot(OfAWorkflow):
    """It is switched off."""

    route = ("GET", f"{_AT}/workflows/{{workflow}}/why-not")

    def act(self) -> Seen:
        return self.ask("GET", f"workflows/{self.workflow.id}/why-not?account={self.account.id}")

    def check(self) -> None:
        assert self.act().json["obstacle"]["what"] == "state"


class LooksAhead(OfAWorkflow):
    """One mail is to come."""

    route = ("GET", f"{_AT}/accounts/{{account}}/upcoming")

    def prepare(self) -> None:
        super().prepare()
        tx = staff(self.portal).transaction()
        definitions.put_live(tx, _on(self.slug, self.workflow.id))
        tx.commit()
        enrolling.changed(self.slug, self.account.id)

    def act(self) -> Seen:
        return self.ask("GET", f"accounts/{self.account.id}/upcoming")

    def check(self) -> None:
        assert [day["messages"] for day in self.act().json["days"]] == [1]


def _on(portal: str, workflow_id: str) -> definitions.WorkflowRow:
    row = definitions.read(portal, workflow_id)
    row.state = "on"
    return row


JOURNEYS: list[type[Journey]] = [RehearsesADraft, Rehearses, AsksWhyNot, LooksAhead]
