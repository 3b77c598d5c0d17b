"""A rehearsal says exactly what then happens: messages, moments, skips, ends. And it writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.messaging import addresses, reading, suppression
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.selfservice import access
from chalicelib.workflows import decisions, moments, rehearsal, switching
from chalicelib.workflows.rehearsal_shapes import RecordForeseen, Rehearse
from tests.factories import make_contact, make_portal, staff
from tests.staffing import make_colleague
from tests.workflows import flows
from tests.workflows.flows import ENABLE, MAIL, SMS, step
from tests.world import World

NEW_YORK = "America/New_York"
DISABLE = {"action": "disable-self-service"}
CALL = {"action": "add-to-call-queue", "reason": "Ask how they are"}
STAFF = "the colleague"  # replaced by their id
STEPS = 5

RECIPIENTS = st.builds(
    lambda record, agent, staff: {"record": record or not (agent or staff), "agent": agent, "staff": staff},
    st.booleans(),
    st.booleans(),
    st.sampled_from([(), (STAFF,)]),
)
TAGS = st.lists(st.sampled_from(["review", "seen"]), min_size=1, max_size=2, unique=True)
ACTIONS = st.one_of(
    st.builds(lambda to: {**MAIL, "to": to}, RECIPIENTS),
    st.builds(lambda to: {**SMS, "to": to}, RECIPIENTS),
    st.builds(lambda tags, add: {"action": "add-tags" if add else "remove-tags", "tags": tags}, TAGS, st.booleans()),
    st.sampled_from([ENABLE, DISABLE, CALL]),
    st.builds(
        lambda assignee, due: {"action": "create-task", "title": "Look", "assignee": assignee, "due": due},
        st.sampled_from([None, STAFF]),
        st.sampled_from([None, {"count": 2, "unit": "days"}]),
    ),
)
TIMES = st.sampled_from([None, "01:30", "02:30", "09:00", "23:30"])
DELAYS = st.one_of(
    st.tuples(st.integers(0, 90), st.sampled_from(["minutes", "hours"]), st.none()),
    st.tuples(st.integers(0, 3), st.sampled_from(["days", "weeks", "months"]), TIMES),
)
RECORD_TRIGGERS = st.sampled_from(
    [{"tags": ["review"]}, {"record_types": ["client"]}, {"record_types": ["client"], "tags": ["review"]}]
)
PRODUCT_TRIGGERS = st.one_of(
    st.just({"product_statuses": ["Quoted"]}),
    st.just({"tags": ["review"], "coverage_types": ["Medical"]}),
    st.builds(
        lambda days, at, every_year: {"date": {"days": days, "at": at, "every_year": every_year}},
        st.integers(-40, 40),
        st.sampled_from(["02:30", "09:00"]),
        st.booleans(),
    ),
)


@dataclass(frozen=True)
class Case:
    """A workflow and a record for it."""

    begins: str
    said: dict[str, Any]
    steps: list[tuple[tuple[int, str, str | None], dict[str, Any]]]
    tags: list[str]
    has_email: bool
    has_mobile: bool
    agent: str | None
    is_suppressed: bool
    is_on: bool
    products: list[tuple[str, str, str | None]]


CASES = st.builds(
    Case,
    begins=st.sampled_from(["2031-03-08T12:00", "2031-03-09T01:45", "2031-11-01T22:00", "2031-11-02T01:30", "2031-01-31T09:00"]),
    said=st.builds(
        lambda trigger, stops, again: {"trigger": trigger, "stop_when_no_longer_matching": stops, "again": again},
        st.one_of(RECORD_TRIGGERS, PRODUCT_TRIGGERS),
        st.booleans(),
        st.sampled_from(["never", "after-exit", "always"]),
    ),
    steps=st.lists(st.tuples(DELAYS, ACTIONS), min_size=1, max_size=STEPS),
    tags=TAGS,
    has_email=st.booleans(),
    has_mobile=st.booleans(),
    agent=st.sampled_from([None, STAFF, "gone@acme.example"]),
    is_suppressed=st.booleans(),
    is_on=st.booleans(),
    products=st.lists(
        st.tuples(
            st.sampled_from(["Quoted", "Active"]),
            st.sampled_from(["Medical", "Dental"]),
            st.sampled_from([None, "2020-03-15", "2031-03-20", "2031-11-09"]),
        ),
        max_size=2,
    ),
)  # fmt: skip


def begin(world: World, case: Case) -> tuple[Portal, Account, str]:
    """The case, in a portal of its own."""
    portal = make_portal(world, time_zone=NEW_YORK)
    world.clock.seconds = moments.at(case.begins, NEW_YORK)
    colleague = make_colleague(portal.slug, phone="+14155550199")
    agent = colleague.user.details.email if case.agent == STAFF else case.agent
    emails = ("maria@example.com",) if case.has_email else ()
    account = flows.client(portal, tags=case.tags, primary_emails=emails, assigned_agent=agent)
    make_contact(portal, account, emails=[], **({} if case.has_mobile else {"mobile": None}))
    for status, coverage, day in case.products:
        flows.product(portal, account, status=status, coverage_type=coverage, effective_date=day)
    if case.is_on and case.has_email:
        access.enable(staff(portal), portal, account.id)
    if case.is_suppressed:
        suppression.suppress(staff(portal), "email", "maria@example.com", "bounced")
    plain = msgspec.json.decode(msgspec.json.encode(case.steps).replace(STAFF.encode(), colleague.id.encode()))
    steps = [
        step(f"s{place}", count, unit, do, **({"at": at} if at else {}))
        for place, ((count, unit, at), do) in enumerate(plain)
    ]
    world.drain()
    return portal, account, flows.off(portal, *steps, **case.said).id


def moment_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def foreseen_lines(told: RecordForeseen) -> list[tuple[str, str, str, str]]:
    return sorted((line.at, line.what, line.step or "", line.reason) for line in told.lines)


def foreseen_messages(told: RecordForeseen) -> list[tuple[str | None, str, str, str]]:
    sent = [each for line in told.lines for each in line.messages if each.answer != "not-sent"]
    return sorted((each.lands_at or "", each.message, each.channel, each.to) for each in sent)


def what_happened(portal: Portal, account: Account) -> list[tuple[str, str, str, str]]:
    found = decisions.listed(portal.slug, account.id, limit=500).items
    return sorted((line.at, line.what, line.step_id or "", line.reason) for line in found)


def what_was_sent(portal: Portal, account: Account, since: int) -> list[tuple[str | None, str, str, str]]:
    found = reading.listed(portal.slug, about=f"account:{account.id}", limit=500).items
    sent = [each for each in found if moment_of(each.created_at) >= since and each.status != "suppressed"]
    return sorted(
        (each.sent_at or "", each.template, each.channel, addresses.masked(each.channel, each.recipient))
        for each in sent
    )


@settings(
    max_examples=int(__import__("os").environ.get("EX", "15")),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(CASES)
def test_what_it_says_is_what_then_happens(world: World, case: Case) -> None:
    portal, account, workflow_id = begin(world, case)
    world.clock.advance(seconds=1)
    since = clock.timestamp()
    (told,) = rehearsal.of_stored(portal, workflow_id, Rehearse(account_id=account.id)).records
    lands = [moment_of(each[0]) for each in foreseen_messages(told) if each[0]]
    until = max([since, *(moment_of(line.at) for line in told.lines)])
    switching.switch_on(staff(portal), portal, workflow_id, enrol_existing=True)
    flows.live_through(world, portal, account, until=until, stops=lands)
    world.clock.seconds = since  # messages are not kept for ever
    assert foreseen_lines(told) == what_happened(portal, account)
    assert foreseen_messages(told) == what_was_sent(portal, account, since)
