"""The journeys of what staff have to do: tasks, the call queue, tags for many accounts."""

from __future__ import annotations

from itertools import count
from typing import ClassVar

from chalicelib.campaigns import tagging
from chalicelib.campaigns.tagging_shapes import Tagging
from chalicelib.errors import NotFound
from chalicelib.facts import Kind
from chalicelib.people import accounts
from chalicelib.people.filters import Which
from chalicelib.work import calls, tasks
from chalicelib.work.shapes import CallInput, TaskInput
from tests.browsing import Seen
from tests.factories import make_account, staff
from tests.faults.journey import Journey, Repeatable
from tests.working import work_due

_AT = "/api/v1/portals/{portal}"
_numbers = count(1)


class OfATask(Journey):
    """A task that waits to be done."""

    def prepare(self) -> None:
        wanted = TaskInput(title="Call them", account_id=make_account(self.portal).id)
        self.task = tasks.create(staff(self.portal), self.portal, wanted)
        self.about = f"task:{self.task.id}"


class CreatesATask(Repeatable):
    """A task, and its fact."""

    route = ("POST", f"{_AT}/tasks")
    good = (201,)

    def prepare(self) -> None:
        self.account = make_account(self.portal)

    def act(self) -> Seen:
        body = {"title": "Call them", "account_id": self.account.id, "due": "2031-06-03T09:30", "reminder_minutes": 60}
        return self.ask("POST", "tasks", body, **self.key())

    def check(self) -> None:
        (task,) = tasks.listed(self.portal, account_id=self.account.id).items
        assert self.facts_about(f"task:{task.id}", Kind.TASK_CREATED) == 1


class ChangesATask(OfATask):
    """It is done."""

    route = ("PATCH", f"{_AT}/tasks/{{task}}")

    def act(self) -> Seen:
        return self.ask("PATCH", f"tasks/{self.task.id}", {"state": "done"})

    def midway(self) -> None:
        is_done = tasks.get(self.slug, self.task.id).state == "done"
        assert self.facts_about(self.about, Kind.TASK_DONE) == is_done

    def check(self) -> None:
        held = tasks.get(self.slug, self.task.id)
        assert (held.state, held.version) == ("done", 2)
        self.midway()


class RemovesATask(OfATask):
    """It is gone, and its fact is there."""

    route = ("DELETE", f"{_AT}/tasks/{{task}}")
    good = (204,)
    repeated = (404,)

    def act(self) -> Seen:
        return self.ask("DELETE", f"tasks/{self.task.id}")

    def check(self) -> None:
        try:
            tasks.get(self.slug, self.task.id)
        except NotFound:
            assert self.facts_about(self.about, Kind.TASK_REMOVED) == 1
            return
        raise AssertionError("it is still there")


class ReadsATask(OfATask):
    """In full."""

    route = ("GET", f"{_AT}/tasks/{{task}}")

    def act(self) -> Seen:
        return self.ask("GET", f"tasks/{self.task.id}")

    def check(self) -> None:
        assert self.act().status == 200


class ListsTasks(ReadsATask):
    """A calendar of them."""

    route = ("GET", f"{_AT}/tasks")

    def act(self) -> Seen:
        return self.ask("GET", "tasks?from=2030-06-01&to=2030-06-30")


class OfACall(Repeatable):
    """Somebody waits to be called."""

    state: ClassVar[str] = "waiting"
    kind: ClassVar[Kind]

    def prepare(self) -> None:
        wanted = CallInput(account_id=make_account(self.portal).id, number="+1 415 555 0100", reason="Has not answered")
        self.call = calls.enqueue(staff(self.portal), self.portal, wanted).id

    def claim(self) -> None:
        """Over the API, so that it is this caller's."""
        assert self.ask("POST", f"calls/{self.call}/claim").status == 200

    def midway(self) -> None:
        is_done = calls.get(self.slug, self.call).state == self.state
        assert self.facts_about(f"call:{self.call}", self.kind) == is_done

    def check(self) -> None:
        assert calls.get(self.slug, self.call).state == self.state
        self.midway()


class QueuesACall(Repeatable):
    """Somebody is to be called."""

    route = ("POST", f"{_AT}/calls")
    good = (201,)

    def prepare(self) -> None:
        self.account = make_account(self.portal)

    def act(self) -> Seen:
        body = {"account_id": self.account.id, "number": "+1 415 555 0100", "reason": "Has not answered"}
        return self.ask("POST", "calls", body, **self.key())

    def check(self) -> None:
        (call,) = calls.listed(self.slug, account_id=self.account.id).items
        assert self.facts_about(f"call:{call.id}", Kind.CALL_QUEUED) == 1


class ClaimsACall(OfACall):
    """One claim, one fact."""

    route = ("POST", f"{_AT}/calls/{{call}}/claim")
    state, kind = "claimed", Kind.CALL_CLAIMED

    def act(self) -> Seen:
        return self.ask("POST", f"calls/{self.call}/claim", **self.key())


class ReleasesACall(OfACall):
    """Back to its place."""

    route = ("POST", f"{_AT}/calls/{{call}}/release")
    kind = Kind.CALL_RELEASED

    def prepare(self) -> None:
        super().prepare()
        self.claim()

    def act(self) -> Seen:
        return self.ask("POST", f"calls/{self.call}/release", **self.key())


class EndsACall(ReleasesACall):
    """What came of it, once."""

    route = ("POST", f"{_AT}/calls/{{call}}/outcome")
    state, kind = "done", Kind.CALL_ENDED

    def act(self) -> Seen:
        return self.ask("POST", f"calls/{self.call}/outcome", {"outcome": "reached"}, **self.key())

    def check(self) -> None:
        super().check()
        assert calls.get(self.slug, self.call).tries == 1


class ReadsACall(OfACall):
    """In full."""

    route = ("GET", f"{_AT}/calls/{{call}}")
    kind = Kind.CALL_CLAIMED

    def act(self) -> Seen:
        return self.ask("GET", f"calls/{self.call}")

    def midway(self) -> None:
        """Nothing happens."""


class ListsCalls(ReadsACall):
    """The queue."""

    route = ("GET", f"{_AT}/calls")

    def act(self) -> Seen:
        return self.ask("GET", "calls")


class TagsAccounts(Repeatable):
    """Three accounts: each once, though others do what the request could not."""

    route = ("POST", f"{_AT}/accounts/tags")
    good = (201, 202)

    def prepare(self) -> None:
        self.old = f"old-{next(_numbers)}"
        self.accounts = [make_account(self.portal, tags=[self.old]) for _ in range(3)]

    def act(self) -> Seen:
        return self.ask("POST", "accounts/tags", {"filter": {"tag": self.old}, "add": ["new"]}, **self.key())

    def check(self) -> None:
        for _ in range(2):
            self.world.clock.advance(minutes=1, seconds=1)
            work_due()
        assert {accounts.get(self.slug, each.id).tags for each in self.accounts} == {(self.old, "new")}
        assert [self.facts_about(f"account:{each.id}", Kind.ACCOUNT_CHANGED) for each in self.accounts] == [1, 1, 1]


class OfATagging(Repeatable):
    """A tagging that nobody has worked on yet."""

    def prepare(self) -> None:
        self.id = f"{next(_numbers):032x}"
        tag = f"nobody-{self.id[-6:]}"
        make_account(self.portal, tags=[tag])
        tagging.take(staff(self.portal), Tagging(filter=Which(tag=tag), add=("new",)), tagging_id=self.id)


class CancelsATagging(OfATagging):
    """From then on nothing is changed."""

    route = ("POST", f"{_AT}/accounts/tags/{{tagging}}/cancel")

    def act(self) -> Seen:
        return self.ask("POST", f"accounts/tags/{self.id}/cancel", **self.key())

    def check(self) -> None:
        work_due()
        job = tagging.get(self.slug, self.id)
        assert (job.state, job.changed, job.left) == ("cancelled", 0, 1)
        assert self.facts_about(f"tagging:{self.id}", Kind.TAGGING_CANCELLED) == 1


class ReadsATagging(OfATagging):
    """How far it has come."""

    route = ("GET", f"{_AT}/accounts/tags/{{tagging}}")

    def act(self) -> Seen:
        return self.ask("GET", f"accounts/tags/{self.id}")

    def check(self) -> None:
        assert self.act().json["total"] == 1
        tagging.cancel(staff(self.portal), self.id)  # nothing is left due to others


JOURNEYS: list[type[Journey]] = [
    CreatesATask, ChangesATask, RemovesATask, ReadsATask, ListsTasks, QueuesACall, ClaimsACall, ReleasesACall, EndsACall,
    ReadsACall, ListsCalls, TagsAccounts, CancelsATagging, ReadsATagging,
]  # fmt: skip
