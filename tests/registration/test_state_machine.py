"""Registrations walked at random, with duplicates, stale reads, two at once and crashes: what must hold holds at every step.

Never an illegal state, a second user, a lost request, a count that is wrong, or a decision that is told twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chalicelib import agenda, facts
from chalicelib.errors import Refusal, Unavailable
from chalicelib.messaging import reading
from chalicelib.people import usernames, users
from chalicelib.people.authority import Authority
from chalicelib.people.shapes import Account
from chalicelib.registration import decisions, due, entries
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.statuses import Event, Level, Status
from tests import meanwhile
from tests.mishaps import KINDS, Killed, Mishap, Mishaps
from tests.registrations import (
    EVENTS,
    LEADS,
    LEVELS,
    REASON,
    STAFF,
    act_of,
    add_user_of,
    counted,
    make_entry,
    make_manager,
    make_office,
    make_provider,
    office_portal,
    shown,
    stored,
)
from tests.world import World

NAMES = ("jane.doe", "john.doe", "ann.lee", "bob.ray")
WAITING = {"PENDING-PROV-ADMIN-REVIEW", "PENDING-ADMIN-REVIEW"}
LET_IN = {"AUTO-APPROVED", "EMAIL-SUCCESS", "MANUAL-ADMIN-APPROVED", "MANUAL-PROV-ADMIN-APPROVED"}
DECIDED = {"MANUAL-ADMIN-APPROVED": "approved", "MANUAL-PROV-ADMIN-APPROVED": "approved", "DECLINED": "denied"}
UNFINISHED = ("STARTED", "EMAIL-INT")
T = TypeVar("T")
_DECISIONS: st.SearchStrategy[Event] = st.sampled_from(("approve", "deny"))
_WHO = st.sampled_from(("staff", "office", "foreign"))
_STALE = st.booleans()
_CRASHES = st.none() | st.sampled_from([Mishap(kind, "dynamodb.TransactWriteItems", kind == "fail") for kind in KINDS])


@dataclass
class Known:
    """A registration as it should be, and as it was read when it was new."""

    level: Level
    account: Account
    name: str
    status: str
    as_new: RegistrationRow
    version: int = 1

    @property
    def has_user(self) -> bool:
        return self.status in WAITING | LET_IN


class Registrations(RuleBasedStateMachine):
    """An office with a provider, and whoever wants to become a user of one of them."""

    def __init__(self, world: World, mishaps: Mishaps) -> None:
        super().__init__()
        self.world, self.mishaps = world, mishaps
        self.known: dict[str, Known] = {}

    @initialize()
    def open_up(self) -> None:
        self.portal = office_portal(self.world)
        office = make_office(self.portal)
        self.accounts: dict[Level, Account] = {"office": office, "provider": make_provider(self.portal, office)}
        self.callers = {"staff": STAFF}
        for level, name in zip(LEVELS, NAMES, strict=False):
            entry_id = self.begin(level, name, Status.STARTED)
            self.happen(entry_id, "submit", "staff", is_stale=False, crash=None)

    @rule(
        level=st.sampled_from(LEVELS), name=st.sampled_from(NAMES), status=st.sampled_from((Status.STARTED, Status.EMAIL_INT))
    )  # fmt: skip
    def somebody_begins(self, level: Level, name: str, status: Status) -> None:
        self.begin(level, name, status)

    @precondition(lambda self: self.those(*UNFINISHED))
    @rule(turn=st.integers(0, 60), is_stale=_STALE, crash=_CRASHES)
    def somebody_goes_on(self, turn: int, is_stale: bool, crash: Mishap | None) -> None:
        entry_id = _one(self.those(*UNFINISHED), turn)
        each = self.known[entry_id]
        event = _one([event for event in EVENTS if (each.status, event, each.level) in LEADS], turn)
        self.happen(entry_id, event, "staff", is_stale=is_stale, crash=crash)

    @precondition(lambda self: self.those(*WAITING))
    @rule(turn=st.integers(0, 60), event=_DECISIONS, who=_WHO, is_stale=_STALE, crash=_CRASHES)
    def somebody_decides(self, turn: int, event: Event, who: str, is_stale: bool, crash: Mishap | None) -> None:
        self.happen(_one(self.those(*WAITING), turn), event, who, is_stale=is_stale, crash=crash)

    @rule(turn=st.integers(0, 60), event=st.sampled_from(EVENTS), is_stale=_STALE, crash=_CRASHES)
    def anything_happens(self, turn: int, event: Event, is_stale: bool, crash: Mishap | None) -> None:
        self.happen(_one(list(self.known), turn), event, "staff", is_stale=is_stale, crash=crash)

    @precondition(lambda self: self.those("STARTED"))
    @rule(is_twice=st.booleans())
    def a_day_passes(self, is_twice: bool) -> None:
        """The tick gives up what was begun and not submitted, and nothing else; run twice, it does so once."""
        self.world.clock.advance(hours=25)
        given_up = self.those("STARTED")
        for _ in range(1 + is_twice):
            due.work_due(agenda.REGISTRATIONS.due())
        for entry_id in given_up:
            self.look(entry_id, self.known[entry_id], "INVALIDATED", True)

    @precondition(lambda self: self.those(*WAITING))
    @rule(turn=st.integers(0, 60), first=_DECISIONS, second=_DECISIONS, nth=st.integers(1, 3))
    def two_decide_at_once(self, turn: int, first: Event, second: Event, nth: int) -> None:
        entry_id = _one(self.those(*WAITING), turn)
        won: list[bool | None] = []

        def other() -> None:
            won.append(attempt(partial(self.bring_about, entry_id, second, STAFF), self.mishaps, None))

        with meanwhile.after("dynamodb.GetItem", other, nth=nth):
            lost = attempt(partial(self.bring_about, entry_id, first, STAFF), self.mishaps, None)
        assert (won, lost) == ([True], False), "whoever was quicker has decided, and the other is told"
        each = self.known[entry_id]
        self.look(entry_id, each, LEADS[each.status, second, each.level], True)

    @invariant()
    def counts_are_right(self) -> None:
        stands = [each.status for each in self.known.values() if each.status != "STARTED"]
        if self.known:
            assert counted(self.portal) == {status: stands.count(status) for status in set(stands)}

    def teardown(self) -> None:
        for entry_id, each in self.known.items():
            row = shown(self.portal, entry_id)
            assert (row.status, row.version) == (each.status, each.version)
            self.is_whole(entry_id, each)
        held = {user.id for user in users.of_office(self.portal.slug, self.accounts["office"].id, limit=100).items}
        of_registrations = {entry_id for entry_id, each in self.known.items() if each.has_user}
        assert held - {by.user_id for by in self.callers.values()} == of_registrations

    def those(self, *statuses: str) -> list[str]:
        """The registrations that stand so."""
        return [entry_id for entry_id, each in self.known.items() if each.status in statuses]

    def begin(self, level: Level, name: str, status: Status) -> str:
        """A new one, whose username will be this if it comes so far."""
        kind = "invitation" if status is Status.EMAIL_INT else "request"
        row = make_entry(self.portal, self.accounts[level], kind=kind, status=status)
        entry_id = str(row.created_key)
        self.known[entry_id] = Known(level, self.accounts[level], name, status.value, row)
        self.world.clock.advance(1)
        return entry_id

    def happen(self, entry_id: str, event: Event, who: str, *, is_stale: bool, crash: Mishap | None) -> None:
        """Bring it about, look, and where nobody knows what became of it, try again as people do."""
        each = self.known[entry_id]
        to = self.leads_to(entry_id, event, who, is_stale=is_stale)
        deed = partial(self.bring_about, entry_id, event, self.caller(who), is_stale=is_stale)
        done = attempt(deed, self.mishaps, crash)
        self.look(entry_id, each, to, done)
        if done is None and to is not None:
            attempt(deed, self.mishaps, None)
            self.look(entry_id, each, to, None)
            assert each.status == to, "what was asked for twice is done"

    def caller(self, who: str) -> Authority:
        """Staff, or an administrator of this office or of another, made when there first is something to decide."""
        if who not in self.callers:
            office = self.accounts["office"] if who == "office" else make_office(self.portal)
            self.callers[who] = make_manager(self.portal, office)
        return self.callers[who]

    def leads_to(self, entry_id: str, event: Event, who: str, *, is_stale: bool) -> str | None:
        """Where it must lead, by the table and the rules; None where it must be refused."""
        each = self.known[entry_id]
        to = LEADS.get((each.status, event, each.level))
        if is_stale and each.version > 1:
            return None
        if event in ("approve", "deny") and (who == "foreign" or (who == "office" and each.level == "provider")):
            return None
        is_new_user = to is not None and (to in WAITING or (to in LET_IN and each.status not in WAITING))
        if is_new_user and any(other.has_user and other.name == each.name for other in self.known.values()):
            return None
        return to

    def bring_about(self, entry_id: str, event: Event, by: Authority, *, is_stale: bool = False) -> None:
        """By the product's own functions; a new user comes in the same transaction as the move, as flows have it."""
        act, each = act_of(self.portal, by), self.known[entry_id]
        version = int(each.as_new.version) if is_stale else None
        if event == "approve":
            decisions.approve(act, by, entry_id, version=version)
            return
        if event == "deny":
            decisions.deny(act, by, entry_id, reason=REASON, version=version)
            return
        row = each.as_new if is_stale else stored(self.portal, entry_id)
        tx = act.transaction()
        key = usernames.key(each.name)
        named = (RegistrationRow.username.set(each.name), RegistrationRow.username_key.set(key))
        to = entries.move(tx, self.portal.slug, row, event, *(named if event != "abandon" else ()))
        if event != "abandon":
            state = "pending" if to.value in WAITING else "active"
            add_user_of(tx, act, each.account, row, each.name, state=state)
        tx.commit()

    def look(self, entry_id: str, each: Known, to: str | None, done: bool | None) -> None:
        """Take over how it stands now, if that is how it may stand."""
        now = shown(self.portal, entry_id).status
        allowed = {True: {to}, False: {each.status}, None: {each.status, to}}[done]
        assert now in allowed, f"{each.status} became {now}"
        if now != each.status:
            each.status, each.version = now, each.version + 1
        self.is_whole(entry_id, each)

    def is_whole(self, entry_id: str, each: Known) -> None:
        """User, facts and mails of a registration are those of its state, once each."""
        user = users.by_id(self.portal.slug, entry_id)
        assert (user is not None) == each.has_user
        if user:
            assert (user.state == "pending") == (each.status in WAITING) and user.username == each.name
        about = facts.subject("registration", entry_id)
        told = [fact.kind.rpartition(":")[2] for fact in facts.about(self.portal.slug, about).items]
        sent = [mail.template for mail in reading.listed(self.portal.slug, about=about).items]
        word = DECIDED.get(each.status)
        assert [kind for kind in told if kind in ("approved", "denied")] == ([word] if word else [])
        assert sent == ([f"registration-{word}"] if word else [])


def _one(choices: list[T], turn: int) -> T:
    return choices[turn % len(choices)]


def attempt(deed: Callable[[], object], mishaps: Mishaps, crash: Mishap | None) -> bool | None:
    """Whether it was done; None where only looking can tell."""
    try:
        with mishaps.planned(crash) if crash else nullcontext():
            deed()
    except (Killed, Unavailable):
        return None
    except Refusal:
        return False
    return True


def test_registrations_walk_their_table_whatever_happens(world: World, mishaps: Mishaps) -> None:
    run_state_machine_as_test(
        partial(Registrations, world, mishaps),
        settings=settings(
            max_examples=30, stateful_step_count=7, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
