"""The journeys of workflows: made, changed, switched, paused; those in them; an account's tags with their receipt."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from chalicelib.errors import NotFound
from chalicelib.facts import Kind
from chalicelib.jobs import jobs
from chalicelib.people import accounts
from chalicelib.portals import Portal
from chalicelib.storage import Transaction
from chalicelib.workflows import decisions, definitions, enrolments, switching
from chalicelib.workflows.shapes import Enrolment, Workflow
from tests.browsing import Seen
from tests.factories import change_account, make_account, staff
from tests.faults.journey import Journey, Repeatable
from tests.flows import MAIL, off, said, step, tag
from tests.working import work_due

_AT = "/api/v1/portals/{portal}"
_ONE = f"{_AT}/workflows/{{workflow}}"
_STEPS = (step("mail", 1, "days", MAIL), step("later", 2, "days", MAIL))
_numbers = count(1)
_REVIEW: dict[str, Any] = {"name": "Annual review", "trigger": {"tags": ["review"]}, "steps": list(_STEPS)}


def forget(slug: str, workflow_id: str) -> None:
    """So that the next journey finds room: a portal has at most so many."""
    tx, row = Transaction(), definitions.read(slug, workflow_id)
    definitions.drop_live(tx, row)
    tx.delete(row)
    tx.commit()


def switch_on(portal: Portal, workflow_id: str) -> None:
    """And to the end of its job, though the portal holds the accounts of all journeys before."""
    job = switching.switch_on(staff(portal), portal, workflow_id, enrol_existing=False).job
    if job:
        jobs.go_on(portal.slug, job)


class OfAWorkflow(Repeatable):
    """A workflow of its own tag, in a state, with an account that is tagged so; `kind` is told of it once."""

    state: ClassVar[str] = "off"
    becomes: ClassVar[str] = "on"
    path: ClassVar[str] = ""
    body: ClassVar[dict[str, Any] | None] = None
    kind: ClassVar[Kind]

    def prepare(self) -> None:
        self.tag = f"review-{next(_numbers)}"
        self.workflow = off(self.portal, *_STEPS, trigger={"tags": [self.tag]}).id
        self.at, self.about = f"workflows/{self.workflow}", f"workflow:{self.workflow}"
        self.account = make_account(self.portal)
        if self.state != "off":
            switch_on(self.portal, self.workflow)
            tag(self.portal, self.account, self.tag)
        if self.state == "paused":
            switching.pause(staff(self.portal), self.workflow)

    def act(self) -> Seen:
        return self.ask("POST", f"{self.at}/{self.path}", self.body, **self.key())

    def now(self) -> Workflow:
        """As it is now, when whatever was at work on it has come to its end."""
        self.world.clock.advance(minutes=1, seconds=1)
        work_due()
        return definitions.get(self.slug, self.workflow)

    def check(self) -> None:
        assert self.now().state == self.becomes
        assert self.facts_about(self.about, self.kind) == 1
        forget(self.slug, self.workflow)

    @property
    def enrolment(self) -> Enrolment:
        """Its only one."""
        (found,) = enrolments.of_account(self.slug, self.account.id).items
        return found

    @property
    def history(self) -> list[str]:
        """What was decided of its account, by the alphabet: it all happens in one moment."""
        return sorted(each.what for each in decisions.listed(self.slug, self.account.id).items)


class MakesAWorkflow(Repeatable):
    """One, and its fact."""

    route = ("POST", f"{_AT}/workflows")
    good = (201,)

    def prepare(self) -> None:
        self.name = f"Review {next(_numbers)}"

    def act(self) -> Seen:
        return self.ask("POST", "workflows", {**_REVIEW, "name": self.name}, **self.key())

    def check(self) -> None:
        (made,) = [each for each in definitions.listed(self.slug, limit=200).items if each.name == self.name]
        assert self.facts_about(f"workflow:{made.id}", Kind.WORKFLOW_CREATED) == 1
        assert definitions.revision(self.slug, made.id, 1).name == self.name
        definitions.remove(staff(self.portal), made.id)  # a portal has at most so many


class CopiesAWorkflow(OfAWorkflow):
    """One more."""

    route = ("POST", f"{_ONE}/copy")
    good = (201,)
    path = "copy"

    def prepare(self) -> None:
        super().prepare()
        self.before = {each.id for each in definitions.listed(self.slug, limit=200).items}

    def check(self) -> None:
        (made,) = [each for each in definitions.listed(self.slug, limit=200).items if each.id not in self.before]
        assert self.facts_about(f"workflow:{made.id}", Kind.WORKFLOW_CREATED) == 1
        for each in (made.id, self.workflow):
            definitions.remove(staff(self.portal), each)


class ChangesAWorkflow(OfAWorkflow):
    """One revision more."""

    route = ("PUT", _ONE)
    kind = Kind.WORKFLOW_CHANGED
    becomes = "off"

    def act(self) -> Seen:
        return self.ask("PUT", self.at, {**_REVIEW, "name": "Another"})

    def check(self) -> None:
        held = definitions.get(self.slug, self.workflow)
        assert (held.name, held.revision) == ("Another", 2)
        super().check()
        assert definitions.revision(self.slug, self.workflow, 2).name == "Another"


class RemovesAWorkflow(OfAWorkflow):
    """It is gone, and its fact is there."""

    route = ("DELETE", _ONE)
    good = (204,)
    repeated = (404,)

    def act(self) -> Seen:
        return self.ask("DELETE", self.at)

    def check(self) -> None:
        try:
            definitions.get(self.slug, self.workflow)
        except NotFound:
            assert self.facts_about(self.about, Kind.WORKFLOW_REMOVED) == 1
            return
        raise AssertionError("it is still there")


class SwitchesOn(OfAWorkflow):
    """Who matches already is in it, once."""

    route = ("POST", f"{_ONE}/switch-on")
    path, body = "switch-on", {"existing": "enrol"}
    kind = Kind.WORKFLOW_SWITCHED_ON

    def prepare(self) -> None:
        super().prepare()
        change_account(self.portal, self.account.id, tags=(self.tag,))

    def check(self) -> None:
        super().check()
        assert self.enrolment.state == "active"
        assert self.history == ["entered"]


class SwitchesOff(OfAWorkflow):
    """Who is in it is stopped, once."""

    route = ("POST", f"{_ONE}/switch-off")
    path, body = "switch-off", {"running": "stop"}
    state, becomes = "on", "off"
    kind = Kind.WORKFLOW_SWITCHED_OFF

    def check(self) -> None:
        super().check()
        assert self.enrolment.state == "stopped"
        assert self.facts_about(f"account:{self.account.id}", Kind.ENROLMENT_STOPPED_BY_STAFF) == 1


class Pauses(OfAWorkflow):
    """Paused, once."""

    route = ("POST", f"{_ONE}/pause")
    path, state, becomes = "pause", "on", "paused"
    kind = Kind.WORKFLOW_PAUSED


class Resumes(OfAWorkflow):
    """Shifted once, however often it is seen to."""

    route = ("POST", f"{_ONE}/resume")
    path, body = "resume", {"overdue": "shift"}
    state = "paused"
    kind = Kind.WORKFLOW_RESUMED

    def prepare(self) -> None:
        super().prepare()
        self.world.clock.advance(hours=1)

    def check(self) -> None:
        super().check()
        late = int(self.stored("due_at")) - int(self.stored("created_at")) - 24 * 3600
        assert 3600 <= late <= 3600 + 600, "an hour, and no second one"

    def stored(self, name: str) -> Any:
        """Of the enrolment."""
        return getattr(enrolments.find(self.slug, self.enrolment.id), name)


class TakesAlong(OfAWorkflow):
    """To the new revision, once."""

    route = ("POST", f"{_ONE}/take-along")
    path, body = "take-along", {"overdue": "send"}
    state = "on"
    kind = Kind.WORKFLOW_TAKEN_ALONG

    def prepare(self) -> None:
        super().prepare()
        wanted = said(*_STEPS, trigger={"tags": [self.tag]}, note="Other")
        definitions.change(staff(self.portal), self.portal, self.workflow, wanted)

    def check(self) -> None:
        super().check()
        assert self.enrolment.revision == 2
        assert self.history == ["entered", "moved"]


class StopsAnEnrolment(OfAWorkflow):
    """Stopped, once."""

    route = ("POST", f"{_AT}/enrolments/{{enrolment}}/stop")
    state = "on"

    def prepare(self) -> None:
        super().prepare()
        self.id = self.enrolment.id

    def act(self) -> Seen:
        return self.ask("POST", f"enrolments/{self.id}/stop", {"reason": "They have called."}, **self.key())

    def check(self) -> None:
        forget(self.slug, self.workflow)
        assert (self.enrolment.state, self.enrolment.reason) == ("stopped", "They have called.")
        assert self.facts_about(f"account:{self.account.id}", Kind.ENROLMENT_STOPPED_BY_STAFF) == 1


class TagsOneAccount(OfAWorkflow):
    """Tags are changed once, and what they stop is stopped once, whoever does it."""

    route = ("POST", f"{_AT}/accounts/{{account}}/tags")
    state = "on"

    def act(self) -> Seen:
        return self.ask("POST", f"accounts/{self.account.id}/tags", {"remove": [self.tag]}, **self.key())

    def check(self) -> None:
        assert accounts.get(self.slug, self.account.id).tags == ()
        assert self.facts_about(f"account:{self.account.id}", Kind.ACCOUNT_CHANGED) == 2
        forget(self.slug, self.workflow)
        assert self.enrolment.state == "stopped"
        assert self.history == ["entered", "stopped"]


class Reads(Journey):
    """A workflow with one account in it, of which somebody reads something; the answer tells that it is that."""

    state: ClassVar[str] = "on"
    path: ClassVar[str]
    body: ClassVar[Any] = None

    def prepare(self) -> None:
        made = off(self.portal, *_STEPS, trigger={"tags": [f"read-{next(_numbers)}"]})
        self.workflow = made.id
        switch_on(self.portal, made.id)
        self.account = make_account(self.portal)
        tag(self.portal, self.account, *made.trigger.tags)
        (self.enrolment,) = enrolments.of_account(self.slug, self.account.id).items

    def act(self) -> Seen:
        path = self.path.format(workflow=self.workflow, account=self.account.id, enrolment=self.enrolment.id)
        return self.ask(self.route[0], path, self.body)

    def check(self) -> None:
        assert self.act().status == 200
        forget(self.slug, self.workflow)


class ListsWorkflows(Reads):
    """All of them."""

    route, path = ("GET", f"{_AT}/workflows"), "workflows"


class ReadsAWorkflow(Reads):
    """In full."""

    route, path = ("GET", _ONE), "workflows/{workflow}"


class ListsRevisions(Reads):
    """All of them."""

    route, path = ("GET", f"{_ONE}/revisions"), "workflows/{workflow}/revisions"


class CountsExisting(Reads):
    """Who matches."""

    route, path = ("GET", f"{_ONE}/existing"), "workflows/{workflow}/existing"


class CountsMatching(Reads):
    """Who matches something that is not saved."""

    route, path = ("POST", f"{_AT}/workflows/count"), "workflows/count"
    body: ClassVar[Any] = {"tags": ["nobody-has-this"]}


class SeesTheReach(Reads):
    """What a change would do."""

    route, path = ("POST", f"{_ONE}/reach"), "workflows/{workflow}/reach"
    body: ClassVar[Any] = _REVIEW


class ReadsTheJob(Reads):
    """What is at work."""

    route, path = ("GET", f"{_ONE}/job"), "workflows/{workflow}/job"


class ReadsTheFunnel(Reads):
    """What it has come to."""

    route, path = ("GET", f"{_ONE}/funnel"), "workflows/{workflow}/funnel"


class ListsEnrolments(Reads):
    """Who is in it."""

    route, path = ("GET", f"{_AT}/enrolments"), "enrolments?workflow={workflow}"


class ReadsAnEnrolment(Reads):
    """In full."""

    route, path = ("GET", f"{_AT}/enrolments/{{enrolment}}"), "enrolments/{enrolment}"


class ListsEnrolmentsOfAnAccount(Reads):
    """What it is in."""

    route, path = ("GET", f"{_AT}/accounts/{{account}}/enrolments"), "accounts/{account}/enrolments"


class ReadsAHistory(Reads):
    """What was decided."""

    route, path = ("GET", f"{_AT}/accounts/{{account}}/decisions"), "accounts/{account}/decisions"


JOURNEYS: list[type[Journey]] = [
    MakesAWorkflow, CopiesAWorkflow, ChangesAWorkflow, RemovesAWorkflow, SwitchesOn, SwitchesOff, Pauses, Resumes,
    TakesAlong, StopsAnEnrolment, TagsOneAccount, ListsWorkflows, ReadsAWorkflow, ListsRevisions, CountsExisting,
    CountsMatching, SeesTheReach, ReadsTheJob, ReadsTheFunnel, ListsEnrolments, ReadsAnEnrolment,
    ListsEnrolmentsOfAnAccount, ReadsAHistory,
]  # fmt: skip
