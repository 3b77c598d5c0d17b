"""A rehearsal says exactly what then happens: messages, moments, skips, ends. And it writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.errors import Invalid
from chalicelib.messaging import addresses, budget, consent, own_message_changes, reading, suppression
from chalicelib.messaging.reach import REASONS
from chalicelib.messaging.shapes import OwnMessage
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.selfservice import access
from chalicelib.work import moments
from chalicelib.workflows import decisions, rehearsal, switching, upcoming, why_not
from chalicelib.workflows.rehearsal_shapes import RecordForeseen, Rehearse
from tests import flows
from tests.factories import change_account, make_contact, make_portal, staff
from tests.flows import ENABLE, MAIL, SMS, step
from tests.staffing import make_colleague
from tests.tracing import traced, writes
from tests.world import World

NEW_YORK = "America/New_York"
DISABLE = {"action": "disable-self-service"}
CALL = {"action": "add-to-call-queue", "reason": "Ask how they are"}
STAFF = "the colleague"  # replaced by their id
STEPS = 5
BEGINS = ["2031-03-08T12:00", "2031-03-09T01:45", "2031-11-01T22:00", "2031-11-02T01:30", "2031-01-31T09:00"]
OFFER = msgspec.convert(
    {
        "title": "An offer",
        "purpose": "marketing",
        "email": {"subject": "An offer", "blocks": [{"kind": "paragraph", "text": "Hello"}]},
        "sms": {"texts": ["An offer"]},
    },
    OwnMessage,
)
LENIENT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

RECIPIENTS = st.builds(
    lambda record, agent, staff: {"record": record or not (agent or staff), "agent": agent, "staff": staff},
    st.booleans(),
    st.booleans(),
    st.sampled_from([(), (STAFF,)]),
)
MESSAGES = st.sampled_from(["annual-review", "own-offer"])
TAGS = st.lists(st.sampled_from(["review", "seen"]), min_size=1, max_size=2, unique=True)
ACTIONS = st.one_of(
    st.builds(lambda to, message: {**MAIL, "to": to, "message": message}, RECIPIENTS, MESSAGES),
    st.builds(lambda to, message: {**SMS, "to": to, "message": message}, RECIPIENTS, MESSAGES),
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
    reach: dict[str, Any]
    has_unsubscribed: bool
    zone: str | None


CASES = st.builds(
    Case,
    begins=st.sampled_from(BEGINS),
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
    reach=st.builds(
        lambda hours, texts, mails, most, sms: {
            "quiet_hours": {"start": hours[0], "end": hours[1], "for_sms": texts, "for_mails": mails},
            "messages_a_week": most,
            "sms_a_week": sms,
        },
        st.sampled_from([("21:00", "08:00"), ("01:00", "02:30"), ("08:00", "13:00")]),
        st.booleans(),
        st.booleans(),
        st.sampled_from([1, 2, 6]),
        st.sampled_from([1, 3]),
    ),
    has_unsubscribed=st.booleans(),
    zone=st.sampled_from([None, "America/Los_Angeles"]),
)  # fmt: skip

CAPPED = Case(
    begins="2031-03-08T12:00", said={"trigger": {"tags": ["review"]}}, tags=["review"], has_email=True, has_mobile=True,
    steps=[((0, "minutes", None), MAIL), ((1, "days", "02:30"), SMS), ((2, "days", None), MAIL)], agent=None,
    is_suppressed=False, is_on=False, products=[], has_unsubscribed=False, zone=None,
    reach={"quiet_hours": {}, "messages_a_week": 1, "sms_a_week": 1},
)  # fmt: skip


def begin(world: World, case: Case) -> tuple[Portal, Account, str]:
    """The case, in a portal of its own."""
    portal = make_portal(world, time_zone=NEW_YORK, reach=case.reach, support={"postal_address": "1 Elm Street"})
    own_message_changes.create(staff(portal), "own-offer", OFFER, author="Ana")
    world.clock.seconds = moments.at(case.begins, NEW_YORK)
    colleague = make_colleague(portal.slug, phone="+14155550199")
    agent = colleague.user.details.email if case.agent == STAFF else case.agent
    emails = ("maria@example.com",) if case.has_email else ()
    account = flows.client(portal, tags=case.tags, primary_emails=emails, assigned_agent=agent, time_zone=case.zone)
    contact = make_contact(portal, account, emails=[], **({} if case.has_mobile else {"mobile": None}))
    for status, coverage, day in case.products:
        flows.product(portal, account, status=status, coverage_type=coverage, effective_date=day)
    if case.is_on and case.has_email:
        access.enable(staff(portal), portal, account.id)
    if case.is_suppressed:
        suppression.suppress(staff(portal), "email", "maria@example.com", "bounced")
    if case.has_unsubscribed:
        for channel, to in (("email", "maria@example.com"), ("sms", contact.mobile or "+14155550100")):
            consent.withdraw(staff(portal), consent.whose(portal.slug, channel, to), how="staff")
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
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=LENIENT,
)
@given(CASES)
@example(CAPPED)
def test_what_it_says_is_what_then_happens(world: World, case: Case) -> None:
    portal, account, workflow_id = begin(world, case)
    world.clock.advance(seconds=1)
    since = clock.timestamp()
    (told,) = rehearsal.of_stored(portal, workflow_id, Rehearse(account_id=account.id)).records
    lands = [moment_of(each[0]) for each in foreseen_messages(told) if each[0]]
    until = max([since, *lands, *(moment_of(line.at) for line in told.lines)])
    switching.switch_on(staff(portal), portal, workflow_id, enrol_existing=True)
    flows.live_through(world, portal, account, until=until, stops=lands)
    world.clock.seconds = since  # messages are not kept for ever
    assert foreseen_lines(told) == what_happened(portal, account)
    assert foreseen_messages(told) == what_was_sent(portal, account, since)


def test_what_is_told_of_a_small_office(world: World) -> None:
    """Two clients, one without a mobile number, over the night on which the clocks go forward."""
    portal = make_portal(world, time_zone=NEW_YORK)
    world.clock.seconds = moments.at("2031-03-08T12:00", NEW_YORK)
    colleague = make_colleague(portal.slug)
    first = flows.client(portal, name="Heron", tags=["review"], assigned_agent=colleague.email)
    make_contact(portal, first, mobile="+1 415 555 0101")
    second = flows.client(portal, name="Wren", tags=["review"], primary_emails=["wren@example.com"])
    flows.client(portal, tags=["other"])
    task = {"action": "create-task", "title": "Look"}
    out = {"action": "remove-tags", "tags": ["review"]}
    made = flows.off(
        portal, step("mail", 0, "minutes", MAIL), step("text", 0, "days", SMS, at="02:30"), step("task", 1, "days", task),
        step("out", 2, "days", out), step("never", 3, "days", MAIL),
    )  # fmt: skip
    told = rehearsal.of_stored(portal, made.id, Rehearse(), named=True)
    assert (told.looked_at, told.matching, told.entering, told.cursor, told.stopped) == (3, 2, 2, None, "")
    assert (told.emails, told.texts, told.tasks, told.calls) == (2, 1, 2, 0)
    assert (told.sms_parts, told.sms_cost) == (1, str(budget.PART_PRICE))
    assert [(each.step, each.done, each.skipped, each.never) for each in told.steps] == [
        ("mail", 2, 0, 0), ("text", 1, 1, 0), ("task", 2, 0, 0), ("out", 2, 0, 0), ("never", 0, 0, 2),
    ]  # fmt: skip
    assert [(each.hour, each.emails, each.texts) for each in told.hours] == [
        ("2031-03-08T12:00", 2, 0), ("2031-03-09T08:00", 0, 1),
    ]  # fmt: skip
    assert told.last_text is not None and told.last_text.wall == "2031-03-09T08:00"
    assert [(each.reason, each.number) for each in told.put_off] == [(REASONS["quiet-hours"], 1)]
    assert [(each.reason, each.number) for each in told.skips] == [("There is no mobile number to send to.", 1)]
    by_name = {each.name: each for each in told.records}
    assert {each.account_id for each in told.records} == {first.id, second.id}
    (line,) = [each for each in by_name["Heron"].lines if each.step == "task"]
    assert line.assignee == colleague.id and line.decided_by == (
        "The account is open.", "It is tagged review; asked for: review.",
    )  # fmt: skip
    (text,) = [each for each in by_name["Heron"].lines if each.step == "text"]
    assert text.wall == "2031-03-09T03:00", "half past two does not exist that night"
    assert [(each.answer, each.lands_wall, each.parts) for each in text.messages] == [("held", "2031-03-09T08:00", 1)]
    end = by_name["Wren"].lines[-1]
    assert (end.what, end.wall, end.decided_by[1]) == (
        "stopped", "2031-03-10T12:00", "It is not tagged; asked for: review."
    )  # fmt: skip


def test_those_who_were_in_it_do_not_enter_again_unless_it_is_rehearsed_afresh(world: World) -> None:
    portal = make_portal(world)
    account = flows.client(portal)
    made = flows.on(portal, step("mail", 0, "minutes", MAIL))
    flows.tag(portal, account, "review")
    told = rehearsal.of_stored(portal, made.id, Rehearse())
    assert (told.matching, told.entering) == (1, 0)
    assert [each.reason for each in told.not_entering] == ["It matched already when it was last looked at."]
    assert told.records[0].why_not == "It matched already when it was last looked at."
    assert rehearsal.of_stored(portal, made.id, Rehearse(afresh=True)).entering == 1
    draft = rehearsal.of_draft(portal, flows.said(step("mail", 0, "minutes", MAIL)), Rehearse())
    assert (draft.entering, draft.emails) == (1, 1)
    flows.tag(portal, account)
    world.clock.advance(minutes=1)
    change_account(portal, account.id, tags=["review"])
    told = rehearsal.of_stored(portal, made.id, Rehearse())
    assert [each.reason for each in told.not_entering] == ["It was in this workflow before, and may enter once."]


def test_it_may_begin_within_the_next_two_years(world: World) -> None:
    portal = make_portal(world, time_zone=NEW_YORK)
    account = flows.client(portal)
    flows.product(portal, account, effective_date="2031-03-01")
    dated = flows.off(portal, step("mail", 0, "days", MAIL), trigger={"date": {"days": -30}})
    told = rehearsal.of_stored(portal, dated.id, Rehearse(begin="2031-01-01T09:00"))
    assert told.begins_at == "2031-01-01T14:00:00Z" and told.last_email is not None
    assert told.last_email.wall == "2031-01-30T09:00"
    late = rehearsal.of_stored(portal, dated.id, Rehearse(begin="2031-02-01T09:00"))
    assert [each.reason for each in late.not_entering] == ["The date is over."]
    for begin, why in (("2030-06-01T09:00", "This has passed already"), ("2032-07-01T09:00", "at most 2 years")):
        with pytest.raises(Invalid) as refused:
            rehearsal.of_stored(portal, dated.id, Rehearse(begin=begin))
        assert why in refused.value.fields["begin"]


def test_it_says_where_it_stopped_and_goes_on_from_there(world: World) -> None:
    portal = make_portal(world)
    for number in range(7):
        flows.client(portal, tags=["review"] if number % 2 else ["other"])
    said = flows.said(step("mail", 0, "minutes", MAIL))
    parts, cursor = [], ""
    while True:
        parts.append(rehearsal.of_draft(portal, said, Rehearse(most=2, time_lines=1, cursor=cursor)))
        if parts[-1].cursor is None:
            break
        cursor = parts[-1].cursor
        assert parts[-1].stopped == rehearsal.ENOUGH
    assert [part.looked_at for part in parts] == [2, 2, 2, 1]
    assert sum(part.emails for part in parts) == 3 and all(len(part.records) <= 1 for part in parts)
    slow = _ticking(world)
    with clock.telling(slow):
        told = rehearsal.of_draft(portal, said, Rehearse())
    assert told.stopped == rehearsal.TIME_IS_UP and told.cursor is not None and 0 < told.looked_at < 7
    for wrong in ("x", "1000.", "-1.", "1.nothing"):
        with pytest.raises(Invalid):
            rehearsal.of_draft(portal, said, Rehearse(cursor=wrong))


def _ticking(world: World) -> Callable[[], float]:
    """A clock that a second passes on whenever somebody looks at it."""

    def look() -> float:
        world.clock.advance(seconds=1)
        return world.clock.seconds

    return look


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=LENIENT)
@given(CASES)
def test_it_writes_nothing_and_sends_nothing(world: World, case: Case) -> None:
    portal, account, workflow_id = begin(world, case)
    with traced() as asked:
        rehearsal.of_stored(portal, workflow_id, Rehearse(account_id=account.id))
        rehearsal.of_stored(portal, workflow_id, Rehearse())
        why_not.of_record(portal, workflow_id, account.id)
        upcoming.calendar_of(portal, account.id)
    assert asked and not writes(asked), "reads only"
    world.drain()
    assert not decisions.listed(portal.slug, account.id).items
