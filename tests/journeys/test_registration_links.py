"""From the address in the administrator's list to a user who can sign in, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.facts import Kind
from chalicelib.people import contacts, users
from chalicelib.registration import entries
from chalicelib.signin import questions
from tests.browsing import Browser
from tests.factories import change_account, change_portal, facts_of, make_machine
from tests.invitees import PERSON, again, entry_of, invite, link_of, make_office, make_provider, office_portal, send
from tests.world import World

JANE = "jane@elm.example"


def opened(world: World, email: str = JANE) -> Browser:
    browser = Browser()
    browser.open(link_of(world, email))
    browser.press("Continue")
    return browser


def test_the_whole_story(world: World) -> None:
    portal = office_portal(world)
    machine, office = make_machine(portal), make_office(portal)
    choices = machine.get("registration-offices")
    assert [(each["id"], each["level"]) for each in choices["items"]] == [(office.id, "office")]
    body = {"emails": f"Jane Doe <{JANE}>; jane", "role": choices["roles"][1]["key"], "account_id": office.id}
    sent = machine.post("registration-links", body)
    assert [each["answer"] for each in sent["answers"]] == ["sent", "invalid"]
    assert machine.get(f"registration-links/{sent['id']}") == sent
    entry_id = sent["answers"][0]["registration_id"]

    browser = Browser()
    page = browser.open(link_of(world, JANE))
    assert "Elm Street Clinic" in page.shown and "Portal User" in page.shown
    form = browser.press("Continue")
    assert form.path.endswith("/join/account") and JANE in form.shown
    assert form.value_of("first_name") == "Jane", "what the list knew is filled in"
    assert not [name for name in form.form_with("username").names if "question" in name or "role" in name]
    assert "Your password is set" in browser.fill(**PERSON).shown

    user = users.find(portal.slug, PERSON["username"])
    assert user is not None and user.contact_id
    assert (user.id, user.kind, user.role, user.account_id) == (entry_id, "office", "portal-user", office.id)
    assert user.details.phone == "+14155550132" and user.emails == (JANE,)
    contact = contacts.get(portal.slug, user.contact_id)
    assert (contact.last_name, contact.emails, contact.landline) == ("Doe", (JANE,), "+14155550132")
    row = entries.found(portal.slug, entry_id)
    assert row is not None
    shown = entries.shown(portal, row)
    assert (shown.status, shown.username, shown.applicant.last_name) == ("EMAIL-SUCCESS", "jane.doe", "Doe")
    (accepted,) = facts_of(portal.slug, Kind.INVITATION_ACCEPTED)
    assert accepted.actor == f"user:{user.id}" and len(facts_of(portal.slug, Kind.CREDENTIAL_CREATED)) == 1


def test_resend_and_revoke_over_the_api(world: World) -> None:
    portal = office_portal(world)
    machine = make_machine(portal)
    row = invite(portal, make_office(portal), JANE)
    at = f"registrations/{row.created_key}"
    world.drain()
    assert machine.post(f"{at}/resend")["delivery"] == "queued"
    key = {"Idempotency_Key": "again"}
    for _ in range(3):
        assert machine.ask("POST", f"{at}/resend", **key).status == 200
    assert machine.ask("POST", f"{at}/resend").status == 429
    shown = machine.post(f"{at}/revoke")
    assert (shown["status"], shown["is_revoked"]) == ("EMAIL-INT", True)
    assert machine.ask("POST", f"{at}/resend").status == 409
    assert machine.ask("POST", f"registrations/{'0' * 32}/revoke").status == 404
    world.drain()
    assert len(world.sent_to(JANE)) == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": "Not A Slug"}, "role"),
        ({"account_id": "0" * 32}, "account_id"),
        ({"emails": ""}, "emails"),
        ({"emails": 3}, "emails"),
        ({"emails": ["a@elm.example"] * 1001}, "emails"),
        ({"more": "x"}, "more"),
    ],
)
def test_what_the_api_refuses(world: World, wrong: dict[str, Any], field: str) -> None:
    portal = office_portal(world)
    body = {"emails": JANE, "role": "portal-user", "account_id": make_office(portal).id, **wrong}
    seen = make_machine(portal).ask("POST", "registration-links", body)
    assert (seen.status, [each["field"] for each in seen.json["errors"]]) == (400, [field])
    world.drain()
    assert not world.inbox


def test_every_fault_of_the_form_is_said_at_once_and_nothing_typed_is_lost(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    send(portal, office, f"first@elm.example, {JANE}")
    assert "Your password is set" in opened(world, "first@elm.example").fill(**PERSON).shown
    browser = opened(world)
    seen = browser.fill(
        **{**PERSON, "first_name": " ", "last_name": "--", "phone": "call me", "password": "elm street"}
    )
    assert seen.status == 400
    assert list(seen.errors) == ["first_name", "last_name", "phone", "username", "password"]
    assert "taken" in seen.errors["username"] and seen.value_of("title") == "Office Manager"
    assert "Your password is set" in browser.fill(**{**PERSON, "username": "jane.two"}).shown


def test_security_questions_where_the_portal_insists(world: World) -> None:
    policy = {"sign_in_ways": ["password"], "security_questions": 2}
    portal = office_portal(world, policy=policy)
    invite(portal, make_office(portal), JANE)
    browser = opened(world)
    assert set(browser.fill(**PERSON).errors) == {"question_1", "question_2", "answer_1", "answer_2"}
    given = {f"question_{at}": questions.QUESTIONS[at] for at in (1, 2)} | {"answer_1": "Rex!", "answer_2": "Leeds"}
    form = browser.here.form_with("username")
    assert browser.send(form, **PERSON, **given).status == 200
    user = users.find(portal.slug, "jane.doe")
    assert user is not None and len(user.answers) == 2


def test_a_link_that_ran_out_offers_a_fresh_one_to_the_address_invited(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    old = link_of(world, JANE)
    world.clock.advance(hours=24)
    browser = Browser()
    assert browser.open(old).status == 410
    assert "on its way" in browser.press("Send a fresh link").shown
    assert browser.open(old).status == 410 and not [each for each in browser.here.forms if "t" in each.names]
    browser.open(link_of(world, JANE))
    browser.press("Continue")
    assert "Your password is set" in browser.fill(**PERSON).shown
    assert again(portal, row).status == "EMAIL-SUCCESS"
    assert len(facts_of(portal.slug, Kind.INVITATION_ASKED_FOR)) == 1


def test_a_link_that_a_scanner_pressed_is_not_lost(world: World) -> None:
    portal = office_portal(world)
    invite(portal, make_office(portal), JANE)
    link = link_of(world, JANE)
    opened(world)
    reader = Browser()
    assert "opened already" in reader.open(link).shown
    reader.press("Send a fresh link")
    reader.open(link_of(world, JANE))
    reader.press("Continue")
    assert "Your password is set" in reader.fill(**PERSON).shown
    late = reader.open(link_of(world, JANE))
    assert late.status == 410 and "Sign in with the username" in late.shown
    assert not [each for each in late.forms if "t" in each.names], "there is nothing to send again"


def test_the_form_is_open_for_a_quarter_of_an_hour_in_its_own_browser(world: World) -> None:
    portal = office_portal(world)
    invite(portal, make_office(portal), JANE)
    browser = opened(world)
    assert Browser().open(f"/{portal.slug}/join/account").path.endswith("/sign-in/password?notice=link-over")
    world.clock.advance(minutes=15)
    assert browser.open(f"/{portal.slug}/join/account").path.endswith("?notice=link-over")


def test_what_the_office_or_the_role_is_no_more_is_refused_kindly(world: World) -> None:
    for change in (
        lambda portal, office: change_account(portal, office.id, status="closed"),
        lambda portal, _: change_portal(portal, roles=[{"key": "reader", "name": "Reader", "permissions": []}]),
    ):
        portal = office_portal(world)
        office = make_office(portal)
        invite(portal, office, JANE)
        link, browser = link_of(world, JANE), opened(world)
        invite(portal, make_office(portal), "late@elm.example")
        change(portal, office)
        assert (browser.fill(**PERSON).status, browser.here.heading) == (409, "This invitation cannot be accepted")
        assert users.find(portal.slug, "jane.doe") is None
        assert Browser().open(link).status == 410


def test_a_provider_is_told_by_its_name(world: World) -> None:
    portal = office_portal(world)
    provider = make_provider(portal, make_office(portal))
    send(portal, provider, JANE, role="provider-administrator")
    form = opened(world).here
    assert "Dr. Iris Hale" in form.shown and "second factor" in form.shown


def test_another_portals_link_opens_nothing(world: World) -> None:
    portal, other = office_portal(world), office_portal(world)
    invite(portal, make_office(portal), JANE)
    link = link_of(world, JANE).replace(portal.slug, other.slug)
    assert Browser().open(link).status == 410


def test_two_administrators_are_one_mistake_apart(world: World) -> None:
    """A second invitation, to another role, before the first was used: the newest counts."""
    portal = office_portal(world)
    office = make_office(portal)
    first = invite(portal, office, JANE)
    browser = opened(world)
    (second,) = send(portal, office, JANE, role="clerical-user").answers
    assert entry_of(portal, second).created_key == first.created_key
    assert "?notice=link-over" in browser.fill(**PERSON).path
    assert "Clerical User" in opened(world).here.shown
