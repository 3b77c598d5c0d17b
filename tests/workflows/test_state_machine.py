"""Workflows walked at random: tags come and go, time passes, words of changes come late or twice, workers crash or meet, and
meanwhile the workflow is paused, resumed, changed, switched off and on.

Whatever happens, a step of an enrolment is acted on at most once, and no enrolment is forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib import agenda, clock
from chalicelib.errors import Unavailable
from chalicelib.jobs import handing
from chalicelib.messaging import reading
from chalicelib.people.shapes import Account
from chalicelib.workflows import acting, decisions, definitions, enrolling, enrolments, moving, switching, timing
from chalicelib.workflows.models import EnrolmentRow
from tests.browsing import at_once
from tests.factories import change_account, make_portal, staff
from tests.flows import MAIL, client, on, said, step, tag
from tests.mishaps import Killed, Mishap, Mishaps
from tests.working import work_due
from tests.world import World

STEPS = {
    "now": step("now", 0, "minutes", MAIL),
    "soon": step("soon", 1, "days", MAIL),
    "tag": step("tag", 2, "days", {"action": "add-tags", "tags": ["seen"]}),
    "late": step("late", 6, "days", MAIL, at="09:30"),
}
OVER = ("done", "skipped", "failed")
_CHOICES = st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4, unique=True)
_CRASHES = st.none() | st.sampled_from([Mishap(kind, "dynamodb.TransactWriteItems") for kind in ("kill", "killed")])
_HOURS = st.sampled_from([0, 5, 24, 49])
_WHO = st.integers(0, 1)


class Workflows(RuleBasedStateMachine):
    """A workflow, and two records that come to match it and no longer do."""

    def __init__(self, world: World, mishaps: Mishaps) -> None:
        super().__init__()
        self.world, self.mishaps = world, mishaps

    @initialize(stops=st.booleans(), again=st.sampled_from(["never", "after-exit", "always"]))
    def open_up(self, stops: bool, again: str) -> None:
        self.portal = make_portal(self.world)
        self.rest = {"stop_when_no_longer_matching": stops, "again": again}
        self.workflow = on(self.portal, *STEPS.values(), **self.rest).id
        self.records = [client(self.portal, primary_emails=(f"client{place}@example.com",)) for place in range(2)]
        for account in self.records:
            tag(self.portal, account, "review")

    @rule(who=_WHO, has=st.booleans(), word=st.sampled_from(["at once", "twice", "late"]), crash=_CRASHES)
    def tags_change(self, who: int, has: bool, word: str, crash: Mishap | None) -> None:
        """The word of it comes by the stream in any case, later."""
        account = self.records[who]
        change_account(self.portal, account.id, tags=("review",) if has else ())
        for _ in range({"at once": 1, "twice": 2, "late": 0}[word]):
            self.attempt(partial(enrolling.changed, self.portal.slug, account.id), crash)

    @rule(hours=_HOURS, is_twice=st.booleans(), crash=_CRASHES)
    def time_passes(self, hours: int, is_twice: bool, crash: Mishap | None) -> None:
        self.world.clock.advance(hours=hours, minutes=3)
        for row in self.running():
            work = partial(acting.work, self.portal.slug, str(row.id))
            if crash:
                self.attempt(work, crash)
            elif is_twice:
                at_once([partial(self.attempt, work, None)] * 2)
        for _ in range(1 + is_twice):
            self.tick()

    @precondition(lambda self: self.state in ("on", "paused"))
    @rule(hours=_HOURS, is_held=st.booleans(), overdue=st.sampled_from(["shift", "send", "skip"]), crash=_CRASHES)
    def it_is_paused_a_while(self, hours: int, is_held: bool, overdue: switching.Overdue, crash: Mishap | None) -> None:
        """Whether or not those whose time comes are held by then. It stays paused where its worker dies too early."""
        if self.state == "on":
            switching.pause(staff(self.portal), self.workflow)
        self.world.clock.advance(hours=hours)
        if is_held:
            self.tick()
        self.attempt(partial(switching.resume, staff(self.portal), self.workflow, overdue=overdue), crash)

    @precondition(lambda self: self.state in ("on", "off", "paused"))
    @rule(chosen=_CHOICES, overdue=st.none() | st.sampled_from(["send", "skip"]), crash=_CRASHES)
    def it_is_changed(self, chosen: list[str], overdue: moving.Overdue | None, crash: Mishap | None) -> None:
        """And those in it are taken along, or not."""
        wanted = said(*(STEPS[name] for name in chosen), **self.rest)
        definitions.change(staff(self.portal), self.portal, self.workflow, wanted)
        if overdue and self.state == "on":
            self.attempt(partial(moving.take_along, staff(self.portal), self.workflow, overdue=overdue), crash)

    @precondition(lambda self: self.state in ("on", "paused"))
    @rule(stop=st.booleans(), existing=st.booleans(), crash=_CRASHES)
    def it_is_switched_off_and_on(self, stop: bool, existing: bool, crash: Mishap | None) -> None:
        self.attempt(partial(switching.switch_off, staff(self.portal), self.workflow, stop_running=stop), crash)
        if self.state == "off":
            switching.switch_on(staff(self.portal), self.portal, self.workflow, enrol_existing=existing)

    @invariant()
    def a_step_is_acted_on_at_most_once(self) -> None:
        for account in self.those():
            acts = Counter(
                (line.enrolment_id, line.step_id) for line in self.history(account) if line.what in OVER
            )  # fmt: skip
            over = {(str(row.id), name) for row in self.rows(account) for name in row.outcomes}
            assert set(acts) == over and all(number == 1 for number in acts.values()), acts
            mails = [line for line in self.history(account) if line.what == "done" and line.step_id != "tag"]
            about = f"account:{account.id}"
            sent = reading.listed(self.portal.slug, about=about, limit=100).items
            assert len(sent) == len(mails), "each mail that is said to be sent is, and no other"

    @invariant()
    def nobody_is_forgotten(self) -> None:
        for row in self.running():
            if row.state == "held":
                assert self.state in ("paused", "resuming", "stopping"), "it would wait for ever"
                continue
            waiting = timing.waiting(definitions.revision(self.portal.slug, row.workflow, int(row.revision)).steps, row)
            latest = max(waiting[0][0] if waiting else 0, clock.timestamp() + 3600)
            assert row.due_at is not None and row.due_shard and row.due_at <= latest

    def teardown(self) -> None:
        """Left alone for long enough everybody comes to the end of it."""
        if not self.those():
            return
        for _ in range(3):
            self.settle()
        if self.state == "paused":
            switching.resume(staff(self.portal), self.workflow, overdue="send")
        for _ in range(12):
            self.world.clock.advance(hours=47)
            self.tick()
        assert not self.running()
        for account in self.those():
            for row in self.rows(account):
                steps = definitions.revision(self.portal.slug, row.workflow, int(row.revision)).steps
                assert row.state == "stopped" or {each.id for each in steps} <= set(row.outcomes)
        self.a_step_is_acted_on_at_most_once()

    @property
    def state(self) -> str:
        """Of the workflow, as of now."""
        return definitions.get(self.portal.slug, self.workflow).state

    def those(self) -> list[Account]:
        """The records there are."""
        return getattr(self, "records", [])

    def history(self, account: Account) -> list[decisions.Decided]:
        return decisions.listed(self.portal.slug, account.id, limit=1000).items

    def rows(self, account: Account) -> list[EnrolmentRow]:
        return enrolments.rows_of_account(self.portal.slug, account.id)

    def running(self) -> list[EnrolmentRow]:
        """The stored enrolments that are not over."""
        return [row for account in self.those() for row in self.rows(account) if row.state in enrolments.RUNNING]

    def tick(self) -> None:
        """A minute's work, that of jobs too."""
        self.settle()
        handing.hand_on_due(agenda.WORKFLOWS.due())
        self.world.drain()

    def settle(self) -> None:
        """What a worker that died has left of a job is done by another one, when its lease is over."""
        if self.state in ("starting", "resuming", "moving", "stopping"):
            self.world.clock.advance(minutes=2)
            work_due()

    def attempt(self, deed: Callable[[], object], crash: Mishap | None) -> None:
        """It is done, or its worker dies of it."""
        if crash is None:
            deed()
            return
        with suppress(Killed, Unavailable), self.mishaps.planned(crash):
            deed()


def test_workflows_act_once_and_forget_nobody(world: World, mishaps: Mishaps) -> None:
    run_state_machine_as_test(
        partial(Workflows, world, mishaps),
        settings=settings(
            max_examples=15,
            stateful_step_count=8,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
