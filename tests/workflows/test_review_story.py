"""The two workflows of an insurance agency, told from September to the booking, with the clocks going back in between."""

from __future__ import annotations

import pytest

from chalicelib.people import record_users
from chalicelib.work import calls, moments, tasks
from chalicelib.work.shapes import TaskInput
from tests.browsing import Browser
from tests.factories import change_account, make_contact, make_machine, make_portal, staff
from tests.flows import (
    ENABLE,
    MAIL,
    SMS,
    change_product,
    client,
    on,
    only,
    outcomes,
    pass_time,
    product,
    step,
)
from tests.world import World

ZONE = "America/New_York"


def set_clock(world: World, wall: str) -> None:
    """On to a wall time in New York."""
    world.clock.advance(moments.at(wall, ZONE) - world.clock())


def test_the_annual_review(world: World) -> None:
    portal = make_portal(world, time_zone=ZONE)
    machine, mobile = make_machine(portal), "+12125550123"
    on(
        portal, step("call-to-action", 1, "minutes", MAIL), step("text", 30, "minutes", SMS),
        step("self-service", 30, "minutes", ENABLE),
        step("call", 2, "weeks", {"action": "add-to-call-queue", "reason": "Book the review"}),
        step("last-word", 10, "weeks", MAIL, at="08:00"),
        name="AEP review, clients", trigger={"record_types": ["client"], "tags": ["AEP Review Needed"]},
    )  # fmt: skip
    booked, silent = (client(portal, primary_emails=(f"{name}@example.com",)) for name in ("maria", "sam"))
    lead = client(portal, record_type="lead", primary_emails=("lead@example.com",))
    make_contact(portal, booked, mobile=mobile, emails=("maria@example.com",))
    reminder = TaskInput(title="Tag clients for the review", due="2030-09-01T08:00", reminder_minutes=0)
    tasks.create(staff(portal), portal, reminder)

    set_clock(world, "2030-09-01T08:00")
    machine.post("accounts/tags", {"filter": {"record_type": "client"}, "add": ["AEP Review Needed"]})
    machine.post("accounts/tags", {"filter": {"record_type": "lead"}, "add": ["AEP Review Needed"]})
    world.drain()
    assert not world.inbox, "the first step comes a minute later"
    pass_time(world, minutes=1)
    assert world.newest("maria@example.com").subject.startswith("Time for your annual review")
    pass_time(world, minutes=29)
    assert world.newest(mobile).text.startswith("Acme Benefits: it is time for your annual review")
    portal_link, password_link = world.sent_to("maria@example.com")[-2:]
    assert "Your page" in portal_link.subject and "Your password" in password_link.subject
    assert record_users.of_account(portal.slug, booked.id) is not None
    assert not world.sent_to("lead@example.com"), "a lead gets no portal before an appointment"
    assert outcomes(only(portal, silent)) == {
        "call-to-action": "done", "text": "skipped", "self-service": "done", "call": "waiting", "last-word": "waiting"
    }  # fmt: skip
    assert Browser().open(portal_link.link).status == 200

    set_clock(world, "2030-09-10T11:00")
    change_account(portal, booked.id, tags=())
    world.drain()
    set_clock(world, "2030-09-15T08:31")
    pass_time(world)
    waiting = calls.listed(portal.slug).items
    assert [each.account_id for each in waiting] == [], "neither has a number but who has booked"
    set_clock(world, "2030-11-10T08:01")  # the clocks went back a week ago
    pass_time(world)
    assert len(world.sent_to("maria@example.com")) == 3 and len(world.sent_to("sam@example.com")) == 4
    assert only(portal, booked).state == "stopped" and only(portal, silent).state == "finished"
    assert only(portal, silent).steps[-1].due_at == "2030-11-10T13:00:00Z", "eight in the morning, as winter has it"
    assert not lead.tags


def test_the_quote(world: World) -> None:
    portal = make_portal(world, time_zone=ZONE)
    quote = {"action": "send-email", "message": "quote-follow-up", "to": {"record": True}}
    on(
        portal, step("enable", 1, "minutes", ENABLE), step("follow-up", 2, "days", quote, at="09:00"),
        step("again", 2, "weeks", quote, at="09:00"), name="Quote submitted, MedAdvantage",
        trigger={"record_types": ["lead", "client"], "product_statuses": ["Quoted"], "coverage_types": ["MedAdvantage"]},
    )  # fmt: skip
    lead = client(portal, record_type="lead")
    set_clock(world, "2031-03-07T16:00")
    held = product(portal, lead, carrier="Acme Health", plan="Gold", premium="120.50")
    pass_time(world, minutes=1)
    assert len(world.sent_to("maria@example.com")) == 2, "portal link and password"
    set_clock(world, "2031-03-10T08:59")  # Sunday the clocks went forward
    pass_time(world)
    assert len(world.sent_to("maria@example.com")) == 2
    pass_time(world, minutes=1)
    mail = world.newest("maria@example.com")
    assert "Acme Health" in mail.text and "Gold" in mail.text
    change_product(portal, lead, held, status="Declined by Client")
    pass_time(world, days=30)
    assert only(portal, lead).state == "stopped" and len(world.sent_to("maria@example.com")) == 3


@pytest.mark.parametrize("stops", [True, False])
def test_a_declined_quote_goes_on_only_where_the_workflow_says_so(world: World, stops: bool) -> None:
    portal = make_portal(world)
    on(
        portal, step("mail", 2, "days", MAIL), trigger={"product_statuses": ["Quoted"]}, stop_when_no_longer_matching=stops
    )  # fmt: skip
    account = client(portal)
    held = product(portal, account)
    change_product(portal, account, held, status="Declined by Client")
    pass_time(world, days=3)
    assert len(world.sent_to("maria@example.com")) == (0 if stops else 1)
