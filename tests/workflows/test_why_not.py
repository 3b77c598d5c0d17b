""" "Why is this record not in the workflow?": the first thing in the way, what would help, and what is to come."""

from __future__ import annotations

from typing import Any

from chalicelib.messaging import suppression
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.workflows import switching, upcoming, why_not
from chalicelib.workflows.rehearsal_shapes import WhyNot
from tests import flows
from tests.browsing import Machine
from tests.factories import change_account, make_machine, make_portal, staff
from tests.flows import MAIL, SMS, step
from tests.tracing import traced, writes
from tests.world import World

QUOTED = {"record_types": ["client"], "product_statuses": ["Quoted"], "coverage_types": ["Medical"]}


def asked(portal: Portal, workflow_id: str, account: Account) -> WhyNot:
    return why_not.of_record(portal, workflow_id, account.id, named=True)


def obstacle(told: WhyNot) -> tuple[str, str, str] | None:
    found = told.obstacle
    return (found.what, found.said, found.fix) if found else None


def test_the_first_rule_that_does_not_hold_stands_out_with_what_would_help(world: World) -> None:
    portal = make_portal(world)
    account = flows.client(portal, record_type="lead", tags=["new"])
    made = flows.on(portal, step("a", 1, "days", MAIL), trigger={"record_types": ["client"], "tags": ["review", "vip"]})
    told = asked(portal, made.id, account)
    assert [(rule.name, rule.holds) for rule in told.rules] == [
        ("status", True),
        ("record-type", False),
        ("tags", False),
    ]
    assert obstacle(told) == ("record-type", "It is a lead; asked for: client.", "Make it a client.")
    assert (told.matches, told.would_enter, told.is_in_it) == (False, False, False)
    change_account(portal, account.id, record_type="client")
    assert obstacle(asked(portal, made.id, account)) == (
        "tags", "It is tagged new; asked for: review or vip.", "Tag it review or vip."
    )  # fmt: skip
    change_account(portal, account.id, tags=["vip"])
    told = asked(portal, made.id, account)
    assert told.would_enter and told.obstacle is None and all(rule.fix == "" for rule in told.rules)


def test_each_product_is_held_against_the_rules_and_the_nearest_one_is_named(world: World) -> None:
    portal = make_portal(world)
    account = flows.client(portal)
    made = flows.on(portal, step("a", 1, "days", MAIL), trigger=QUOTED)
    assert obstacle(asked(portal, made.id, account)) == (
        "products", "The record has no products.", "Add the product that it is about."
    )  # fmt: skip
    flows.product(portal, account, carrier="Far", status="Active", coverage_type="Dental")
    near = flows.product(portal, account, carrier="Near", status="Active", coverage_type="Medical")
    told = asked(portal, made.id, account)
    assert {each.name: [rule.holds for rule in each.rules] for each in told.products} == {
        "Far": [False, False], "Near": [False, True],
    }  # fmt: skip
    assert obstacle(told) == (
        "product-status", "Near: Its status is Active; asked for: Quoted.", "Set the product's status to Quoted."
    )  # fmt: skip
    hidden = why_not.of_record(portal, made.id, account.id)
    assert {each.name for each in hidden.products} == {""} and "Near" not in str(hidden.obstacle)
    flows.change_product(portal, account, near, status="Quoted")
    told = asked(portal, made.id, account)
    assert told.is_in_it and told.enrolments[0].product_id == near.id and told.enrolments[0].next_at is not None
    assert obstacle(told) == ("entry", "It is in this workflow now.", "")


def test_what_the_workflow_is_like_stands_in_the_way_too(world: World) -> None:
    portal = make_portal(world)
    account = flows.client(portal, tags=["review"])
    made = flows.off(portal, step("a", 1, "days", MAIL))
    assert obstacle(asked(portal, made.id, account)) == ("state", "The workflow is switched off.", "Switch it on.")
    world.clock.advance(minutes=1)
    switching.switch_on(staff(portal), portal, made.id, enrol_existing=False)
    what, said, fix = obstacle(asked(portal, made.id, account)) or ("", "", "")
    assert (what, said) == ("entry", "It matched already when it was last looked at.") and "no longer matches" in fix
    for tags in ((), ("review",), ()):
        world.clock.advance(minutes=1)
        flows.tag(portal, account, *tags)
    told = asked(portal, made.id, account)
    assert [(line.what, line.reason) for line in told.decisions] == [
        ("stopped", "It no longer matches."), ("entered", "It matches."),
    ]  # fmt: skip
    assert told.enrolments[0].state == "stopped" and obstacle(told) == (
        "tags", "It is not tagged; asked for: review.", "Tag it review."
    )  # fmt: skip
    change_account(portal, account.id, tags=["review"])  # the word of it has not come yet
    told = asked(portal, made.id, account)
    assert told.obstacle is not None and told.obstacle.said == "It was in this workflow before, and may enter once."
    assert "season" in told.obstacle.fix
    switching.pause(staff(portal), made.id)
    assert obstacle(asked(portal, made.id, account)) == ("state", "The workflow is paused.", "Resume it.")


def test_what_stands_in_the_way_of_each_message_now(world: World) -> None:
    portal = make_portal(world)
    account = flows.client(portal, tags=["review"], primary_emails=["maria@example.com"])
    both = {**MAIL, "to": {"record": True, "agent": True}}
    made = flows.off(portal, step("mail", 1, "days", MAIL), step("text", 2, "days", SMS), step("both", 3, "days", both))
    told = {each.step: (each.answer, each.reason) for each in asked(portal, made.id, account).steps}
    assert told == {
        "mail": ("done", ""), "text": ("skipped", "There is no mobile number to send to."), "both": ("done", ""),
    }  # fmt: skip
    (_, _, each) = asked(portal, made.id, account).steps
    assert [(message.who, message.to, message.answer, message.reason) for message in each.messages] == [
        ("record", "m•••@example.com", "sent", ""), ("agent", "", "not-sent", "The record has no assigned agent."),
    ]  # fmt: skip
    suppression.suppress(staff(portal), "email", "maria@example.com", "bounced")
    (mail, _, _) = asked(portal, made.id, account).steps
    assert mail.answer == "skipped" and "turned a message away for good" in mail.reason


def test_what_is_to_come_of_all_workflows_day_by_day(world: World) -> None:
    portal = make_portal(world, time_zone="America/New_York")
    account = flows.client(portal)
    late = step("late", 61, "days", MAIL)
    first = flows.on(portal, step("a", 1, "days", MAIL), step("b", 3, "days", MAIL), late, name="First")
    out = {"action": "remove-tags", "tags": ["review"]}
    flows.on(portal, step("c", 1, "days", MAIL), step("out", 2, "days", out), name="Second")
    flows.tag(portal, account, "review")
    told = upcoming.calendar_of(portal, account.id)
    assert [(day.day, day.messages) for day in told.days] == [("2030-06-04", 2), ("2030-06-05", 0)]
    assert [(due.workflow_name, due.line.step, due.line.what) for due in told.days[1].due] == [
        ("Second", "out", "done"), ("Second", None, "finished"), ("First", None, "stopped"),
    ]  # fmt: skip
    switching.pause(staff(portal), first.id)
    held = {due.workflow_name: due.is_held for due in upcoming.calendar_of(portal, account.id).days[0].due}
    assert held == {"First": True, "Second": False}


def test_over_the_api_names_are_for_those_who_may_read_records_and_nothing_is_written(world: World) -> None:
    portal = make_portal(world)
    account = flows.client(portal, name="Heron Traders", tags=["review"])
    flows.product(portal, account, carrier="Heron Health", status="Active")
    made = flows.on(portal, step("a", 1, "days", MAIL), trigger={"product_statuses": ["Quoted"]})
    body: dict[str, Any] = {"account_id": account.id}
    calls = [
        ("GET", f"workflows/{made.id}/why-not?account={account.id}", None), ("POST", f"workflows/{made.id}/rehearse", body),
        ("GET", f"accounts/{account.id}/upcoming", None),
    ]  # fmt: skip
    whole, narrow = make_machine(portal), make_machine(portal, "workflows:read")

    def told(machine: Machine) -> str:
        seen = [machine.ask(*call) for call in calls]
        assert [each.status for each in seen] == [200] * 3
        return " ".join(each.text for each in seen)

    assert "Heron Traders" in told(whole) and "Heron Health" in told(whole) and "Heron" not in told(narrow)
    with traced() as asked_of_aws:
        told(narrow)
    tables = {table for call in writes(asked_of_aws) for table in call.tables}
    assert not tables, f"written: {tables}"
    assert narrow.ask("GET", f"workflows/{made.id}/why-not?account={'0' * 32}").status == 404
    assert narrow.ask("GET", f"workflows/{made.id}/why-not").status == 400
