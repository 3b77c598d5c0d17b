"""Somebody registers by themselves: the whole way over HTTP, back and on again, to approval or to a place in the queue."""

from __future__ import annotations

import pytest

from chalicelib import agenda
from chalicelib.registration import abandoned
from chalicelib.registration.statuses import Status
from tests.browsing import Browser
from tests.factories import change_account, change_portal, facts_of, newest_code
from tests.registering import (
    BIRTH_DATE,
    CLAIM,
    PASSWORD,
    Applicant,
    make_applicant,
    make_office,
    make_provider,
    open_portal,
)
from tests.world import World


@pytest.fixture
def rosa(world: World) -> Applicant:
    """Somebody who works at an office."""
    portal = open_portal(world)
    return make_applicant(world, portal, make_office(portal))


def subjects(world: World, address: str) -> list[str]:
    return [sent.subject for sent in world.sent_to(address) if not sent.subject[:6].isdigit()]


def test_whoever_knows_a_claim_number_is_let_in_at_once(world: World, rosa: Applicant) -> None:
    seen = rosa.register(claim=CLAIM.lower().replace("-", " "))
    assert (seen.heading, seen.path) == ("You can sign in now", f"/{rosa.slug}/register/done")
    user, entry = rosa.user, rosa.entry
    assert user and (user.state, user.role, user.kind) == ("active", "portal-user", "office")
    assert user.id == entry.created_key and user.contact_id and user.office_id == rosa.account.id
    assert (entry.status, entry.checks.claim_number) == ("AUTO-APPROVED", "matched")
    world.drain()
    assert subjects(world, rosa.email) == ["You can sign in now - Acme Benefits"]
    assert subjects(world, rosa.account.primary_emails[0]) == ["Elm Street Clinic has a new user - Acme Benefits"]
    assert subjects(world, "desk@acme.example") == []


def test_without_one_the_request_waits_and_whoever_decides_is_told(world: World, rosa: Applicant) -> None:
    seen = rosa.register()
    assert seen.heading == "We have your registration" and "An administrator of Elm Street Clinic" in seen.shown
    user = rosa.user
    assert user and user.state == "pending" and user.contact_id is None
    assert rosa.entry.status == "PENDING-PROV-ADMIN-REVIEW" and rosa.entry.due_at is None
    world.drain()
    assert subjects(world, rosa.email) == ["We have your registration - Acme Benefits"]
    assert subjects(world, "desk@acme.example") == ["A registration waits for you - Acme Benefits"]
    assert subjects(world, rosa.account.primary_emails[0]) == []
    kinds = [fact.kind for fact in facts_of(rosa.slug) if fact.subject.startswith("registration:")]
    assert sorted(kinds) == [
        "client:registration:code-sent",
        "client:registration:started",
        "client:registration:submitted",
    ]


def test_a_provider_is_asked_for_a_birth_date_and_its_requests_go_to_the_company(world: World) -> None:
    portal = open_portal(world)
    ada = make_provider(portal, make_office(portal))
    wrong, right = make_applicant(world, portal, ada), make_applicant(world, portal, ada)
    assert "will look at it" in wrong.register(CLAIM, "1971-01-31").shown
    assert (wrong.entry.status, wrong.entry.checks.birth_date) == ("PENDING-ADMIN-REVIEW", "not-matched")
    assert right.register(CLAIM, BIRTH_DATE).heading == "You can sign in now"
    assert right.entry.level == "provider" and right.user and right.user.account_id == ada.id


def test_the_whole_way_back_and_on_again_keeps_every_answer(world: World, rosa: Applicant) -> None:
    rosa.come_to_account(claim="CLM-1", middle_name="de la", title="Office manager")
    for step, name, value in (
        ("/you", "last_name", "Quibble"), ("/you", "middle_name", "de la"), ("/role", "role", "portal-user"),
        ("/checks", "claim_number", "CLM-1"), ("", "identifier", rosa.account.identifiers[0].value),
    ):  # fmt: skip
        assert rosa.open(step).value_of(name) == value, step
    assert rosa.open().link("Go on where you left off") == f"/{rosa.slug}/register/account"
    rosa.open("/role")
    rosa.browser.fill(role="clerical-user")
    rosa.browser.fill(last_name="Quibblesworth")
    assert rosa.browser.here.path.endswith("/register/account"), "the address is confirmed already"
    assert rosa.submit().status == 200
    assert rosa.user and (rosa.user.role, rosa.user.details.last_name) == ("clerical-user", "Quibblesworth")
    assert (rosa.entry.role, rosa.entry.applicant.middle_name) == ("clerical-user", "de la")


def test_another_address_is_confirmed_anew_and_another_office_asked_about_anew(world: World, rosa: Applicant) -> None:
    rosa.come_to_account(claim=CLAIM)
    rosa.open("/you")
    rosa.browser.fill(email="rosa@other.example")
    assert rosa.browser.here.path.endswith("/register/code")
    assert rosa.open("/account").path.endswith("/register/code"), "not by the old address's proof"
    world.drain()
    rosa.browser.fill(code=newest_code(world, "rosa@other.example"))
    other = make_office(rosa.portal, name="Harbour Dental")
    rosa.open()
    assert rosa.browser.fill(identifier=other.identifiers[0].value).value_of("claim_number") == ""
    assert rosa.open("/account").path.endswith("/register/checks")
    rosa.browser.fill(claim_number="")
    rosa.open("/account")
    rosa.submit()
    rosa.email = "rosa@other.example"
    assert rosa.user and rosa.user.account_id == other.id
    assert (rosa.entry.account_name, rosa.entry.identifier) == ("Harbour Dental", other.identifiers[0].value)


def test_it_is_taken_up_again_within_a_day_in_the_same_browser_and_in_no_other(world: World, rosa: Applicant) -> None:
    rosa.come_to_account()
    world.clock.advance(hours=23)
    stranger = Browser()
    for step in ("/checks", "/role", "/you", "/code", "/account", "/done"):
        assert stranger.open(f"/{rosa.slug}/register{step}").path.endswith("/register?notice=over")
    thief = Browser()
    thief.set_cookie("register", rosa.slug, rosa.browser.cookie("register") or "")
    assert thief.open(f"/{rosa.slug}/register/account").path.endswith("/register?notice=over"), "sealed for one browser"
    rosa.open("/account")
    assert rosa.submit().heading == "We have your registration"


def test_after_a_day_it_is_given_up_and_nothing_of_it_is_left_but_the_entry(world: World, rosa: Applicant) -> None:
    rosa.come_to_account()
    entry, form = rosa.entry, rosa.browser.here.form_with("username", "password")
    world.clock.advance(hours=23)
    rosa.open("/role")
    rosa.browser.fill(role="portal-user")  # keeps the browser's part of it for another day
    assert not abandoned.invalidate(entry.pk), "not yet due"
    world.clock.advance(hours=2)
    assert entry.pk in agenda.REGISTRATIONS.due()
    assert rosa.browser.send(form, username=rosa.username, password=PASSWORD).path.endswith("notice=over"), (
        "by the tick or not"
    )
    assert abandoned.invalidate(entry.pk) and not abandoned.invalidate(entry.pk)
    assert rosa.entry.status == "INVALIDATED" and rosa.user is None and rosa.entry.due_at is None
    assert entry.pk not in agenda.REGISTRATIONS.due()
    world.drain()
    assert subjects(world, rosa.email) == []
    assert rosa.register().heading == "We have your registration", "and the username is free"


def test_the_last_page_can_be_read_again_and_tells_how_things_stand_now(world: World, rosa: Applicant) -> None:
    rosa.register()
    for step in ("/done", "/account", "/you", "/code", "/checks"):
        assert rosa.open(step).heading == "We have your registration"
    assert rosa.open().value_of("identifier") == "", "whoever wants to register once more begins anew"
    portal = change_portal(rosa.portal, registration={"is_open": False})
    assert rosa.open("/done").heading == "We have your registration" and not portal.registration.is_open


def test_of_several_offices_one_is_chosen(world: World) -> None:
    portal = open_portal(world)
    office = make_office(portal)
    shared = [{"qualifier": "TIN", "value": office.identifiers[0].value}]
    ada = make_provider(portal, office, identifiers=shared)
    rosa = make_applicant(world, portal, ada)
    seen = rosa.find()
    assert seen.heading == "Which one do you mean?" and {"Elm Street Clinic", "Dr. Ada Brook"} <= {
        each.text for each in seen.page.all("bdi")
    }
    assert rosa.browser.send(seen.form_with("account")).errors == {"account": "Choose one of these."}
    assert rosa.browser.fill(account="0" * 32).status == 400
    assert rosa.browser.fill(account=ada.id).form_with("birth_date")
    rosa.browser.fill(claim_number=CLAIM, birth_date=BIRTH_DATE)
    assert rosa.open("?choose=1").value_of("account") == ada.id
    assert rosa.browser.fill(account=office.id).value_of("claim_number") == "", "asked anew about the other one"


def test_an_identifier_that_is_nobody_s_is_said_beside_the_field(world: World, rosa: Applicant) -> None:
    rosa.open()
    for typed in ("99-9999999", "", "  ", "-", "x" * 200):
        seen = rosa.browser.fill(identifier=typed)
        assert seen.status == 400 and set(seen.errors) == {"identifier"}
    change_account(rosa.portal, rosa.account.id, status="closed")
    assert rosa.find().status == 400
    assert rosa.open("/checks").path.endswith("notice=over")


def test_where_the_portal_is_closed_for_it_every_page_says_whom_to_ask(world: World) -> None:
    portal = open_portal(world)
    rosa = make_applicant(world, portal, make_office(portal))
    rosa.come_to_account()
    form = rosa.browser.here.form_with("username")
    change_portal(portal, registration={"is_open": False})
    for step in ("", "/checks", "/role", "/you", "/code", "/account"):
        assert rosa.open(step).heading == "Ask your office for an invitation"
    assert (
        rosa.browser.send(form, username=rosa.username, password=PASSWORD).heading
        == "Ask your office for an invitation"
    )
    assert rosa.user is None


def test_the_faults_of_username_and_password_are_said_together(world: World, rosa: Applicant) -> None:
    first = make_applicant(world, rosa.portal, rosa.account)
    first.register()
    rosa.come_to_account()
    seen = rosa.submit(username=first.username.upper(), password="quibble-elm")
    assert seen.status == 400 and set(seen.errors) == {"username", "password"}
    assert seen.errors["username"] == "This username is taken. Choose another one."
    assert seen.value_of("username") == first.username.upper()
    assert rosa.submit().heading == "We have your registration"


def test_security_questions_are_asked_where_the_portal_insists(world: World) -> None:
    portal = open_portal(world, policy={"security_questions": 1})
    rosa = make_applicant(world, portal, make_office(portal))
    form = rosa.come_to_account().form_with("username", "answer_1")
    assert set(rosa.browser.send(form, username=rosa.username, password=PASSWORD).errors) == {"question_1", "answer_1"}
    asked = {"question_1": "What was the name of your first pet?", "answer_1": "Rex the Dog"}
    rosa.browser.send(form, username=rosa.username, password=PASSWORD, **asked)
    assert rosa.user and len(rosa.user.answers) == 1


def test_an_administrator_s_role_is_never_given_by_itself(world: World, rosa: Applicant) -> None:
    assert rosa.register(claim=CLAIM, role="provider-administrator").heading == "We have your registration"
    assert (rosa.entry.status, rosa.entry.checks.claim_number) == (Status.PENDING_PROV_ADMIN_REVIEW.value, "matched")


def test_only_the_portal_s_switch_lets_anybody_in_by_itself(world: World) -> None:
    portal = open_portal(world, auto_approve=False)
    rosa = make_applicant(world, portal, make_office(portal))
    assert rosa.register(claim=CLAIM).heading == "We have your registration"


def test_a_wrong_code_confirms_nothing_and_another_can_be_had(world: World, rosa: Applicant) -> None:
    rosa.come_to_code()
    world.drain()
    code = newest_code(world, rosa.email)
    assert (
        rosa.browser.fill(code=f"{(int(code) + 1) % 1_000_000:06}").errors["code"].endswith("You can try 4 more times.")
    )
    assert rosa.browser.fill(code="12").status == 400
    world.clock.advance(31)
    rosa.open("/code")
    assert "A new code is on its way" in rosa.browser.press("Send another code").shown
    assert rosa.browser.fill(code=code).status == 400, "the older one"
    world.drain()
    assert rosa.browser.fill(code=newest_code(world, rosa.email)).path.endswith("/register/account")


def test_pressing_on_with_the_same_address_sends_no_second_code(world: World, rosa: Applicant) -> None:
    rosa.come_to_code()
    rosa.open("/you")
    assert rosa.browser.fill(last_name="Quibble-Jones").path.endswith("/register/code")
    world.drain()
    assert len(world.sent_to(rosa.email)) == 1
