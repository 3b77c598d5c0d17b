"""Customers with a username and a password: from the mail to the portal, and back in whatever was lost."""

from __future__ import annotations

import pyotp
from argon2 import PasswordHasher

from chalicelib import clock, portals
from chalicelib.people import credentials, user_changes
from chalicelib.security import passwords
from tests.browsing import Browser
from tests.customers import (
    OTHER_PASSWORD,
    PASSWORD,
    enter_password,
    link_in,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    recovery_codes,
    seed_shown,
    with_app,
)
from tests.factories import ask_code, change_portal, facts_of, make_client, make_portal, newest_code, staff
from tests.world import World


def test_from_the_mail_to_the_portal(world: World) -> None:
    portal = password_portal(world)
    account, batch = make_customer_account(portal, primary_emails=["one@nw.example", "two@nw.example"])
    credentials.send_create(staff(portal), portal, account.id)
    world.drain()
    first, second = (newest_link(world, each, "create-credential") for each in ("one@nw.example", "two@nw.example"))
    assert first != second
    browser = Browser()
    seen = browser.open(first)
    assert [form.buttons for form in seen.forms] == [("Continue",)]
    seen = browser.press("Continue")
    assert seen.path == f"/{portal.slug}/set-password" and "Northwind Traders" in seen.shown
    seen = browser.fill(username="northwind", password="northwind-traders-1")
    assert seen.status == 400 and "too easy to guess" in seen.errors["password"]
    assert seen.value_of("username") == "northwind" and seen.value_of("password") == ""
    seen = browser.fill(username="northwind", password=PASSWORD)
    assert "Your password is set" in seen.shown and browser.cookie("session") is None
    seen = browser.fill(username="NorthWind", password=PASSWORD)
    assert seen.status == 200 and browser.cookie("session") and batch.title in seen.shown
    seen = browser.open(f"/{portal.slug}/batches/{batch.id}")
    assert batch.title in seen.heading
    seen = browser.press("Sign out")
    assert "You have signed out" in seen.shown and browser.cookie("session") is None
    late = Browser().open(second)
    assert late.status == 410 and "used already" in late.shown
    world.drain()
    told = [sent.subject for sent in world.inbox if sent.to == "one@nw.example"]
    assert len(told) == 1, "the browser in which a password was chosen is no new one"


def test_a_batch_asked_for_is_where_a_sign_in_by_password_leads(world: World) -> None:
    customer = make_customer(world)
    browser = Browser()
    seen = browser.open(f"/{customer.slug}/batches/{customer.batch.id}")
    assert "/sign-in" in seen.path
    seen = browser.press("Sign in with your client number instead")
    assert seen.path.startswith(f"/{customer.slug}/sign-in?by=code")
    browser.press("Sign in with username and password")
    seen = browser.fill(username=customer.username, password=customer.password)
    assert seen.path == f"/{customer.slug}/batches/{customer.batch.id}"
    seen = browser.fill(answer="approve", comment="")
    assert "Your approval has been sent" in seen.shown


def test_wrong_and_unknown_are_told_alike(world: World) -> None:
    customer = make_customer(world)
    wrong = enter_password(Browser(), customer, "not-the-password-77")
    unknown = Browser()
    unknown.open(f"/{customer.slug}/sign-in/password")
    told = unknown.fill(username="nobody.at.all", password="not-the-password-77")
    assert wrong.status == told.status == 400
    assert wrong.errors == told.errors == {"password": "The username or the password is not right."}
    assert told.value_of("username") == "nobody.at.all" and told.value_of("password") == ""


def test_a_new_browser_is_told_of_and_can_be_disavowed(world: World) -> None:
    customer = make_customer(world)
    thief = Browser(agent="Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537")
    assert enter_password(thief, customer).status == 200
    world.drain()
    mail = world.newest(customer.email)
    assert "Chrome on Windows" in mail.text
    owner = Browser()
    seen = owner.open(link_in(mail, "not-me"))
    assert seen.status == 200 and thief.open(f"/{customer.slug}/").status == 200, "looking changes nothing"
    seen = owner.press("This was not me")
    assert "locked" in seen.heading
    assert "/sign-in" in thief.open(f"/{customer.slug}/").path
    seen = enter_password(Browser(), customer)
    assert seen.status == 403 and "locked" in seen.errors["password"]
    world.drain()
    owner.open(newest_link(world, customer.email, "reset-password"))
    owner.press("Continue")
    owner.fill(password=OTHER_PASSWORD)
    assert enter_password(owner, customer, OTHER_PASSWORD).status == 200 and owner.cookie("session")


def test_a_forgotten_password_is_reset_by_mail_and_every_session_ends(world: World) -> None:
    customer = make_customer(world)
    elsewhere = Browser()
    enter_password(elsewhere, customer)
    browser = Browser()
    browser.open(f"/{customer.slug}/sign-in/password")
    browser.press("Forgot your password?")
    seen = browser.fill(username=customer.username)
    assert seen.heading == "Check your inbox"
    world.drain()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    seen = browser.fill(password=OTHER_PASSWORD)
    assert "Your password is set" in seen.shown
    assert "/sign-in" in elsewhere.open(f"/{customer.slug}/").path
    assert enter_password(Browser(), customer).status == 400
    assert enter_password(browser, customer, OTHER_PASSWORD).status == 200
    world.drain()
    assert any("password was changed" in sent.text.lower() for sent in world.sent_to(customer.email))


def test_a_forgotten_username_and_a_first_time_are_helped_by_the_client_number(world: World) -> None:
    customer = make_customer(world)
    browser = Browser()
    browser.open(f"/{customer.slug}/sign-in/password")
    browser.press("Forgot your username?")
    told = browser.fill(client_number=customer.account.number)
    world.drain()
    assert customer.username in world.newest(customer.email).text
    newcomer, _ = make_customer_account(customer.portal)
    browser.open(f"/{customer.slug}/sign-in/password")
    browser.press("First time here?")
    seen = browser.fill(client_number=newcomer.number)
    assert seen.shown == told.shown
    world.drain()
    assert newest_link(world, newcomer.primary_emails[0], "create-credential")
    before = len(world.inbox)
    browser.open(f"/{customer.slug}/first-time")
    nobody = browser.fill(client_number="NOBODY-1")
    world.drain()
    assert nobody.shown == seen.shown and len(world.inbox) == before


def test_an_authenticator_app_is_asked_on_a_new_device_only(world: World) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    assert len(customer.recovery) == 10
    world.clock.advance(minutes=2)
    other = Browser()
    seen = enter_password(other, customer)
    assert seen.path == f"/{customer.slug}/sign-in/factor" and other.cookie("session") is None
    seen = other.fill(code="000000")
    assert seen.status == 400 and "4 more times" in seen.errors["code"]
    seen = other.fill(code=customer.otp(), remember="yes")
    assert seen.status == 200 and other.cookie("session") and other.cookie("device")
    other.press("Sign out")
    seen = enter_password(other, customer)
    assert other.cookie("session"), seen.path
    assert enter_password(Browser(), customer).path.endswith("/sign-in/factor")


def test_a_code_of_the_app_opens_once(world: World) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    world.clock.advance(minutes=2)
    code = customer.otp()
    first, second = Browser(), Browser()
    for each in (first, second):
        enter_password(each, customer)
    assert first.fill(code=code).status == 200 and first.cookie("session")
    assert second.fill(code=code).status == 400 and second.cookie("session") is None


def test_a_recovery_code_stands_in_for_the_app_once(world: World) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    for attempt, status in ((1, 200), (2, 400)):
        other = Browser()
        enter_password(other, customer)
        other.press("Use a recovery code")
        seen = other.fill(code=customer.recovery[0].upper().replace("-", " "))
        assert seen.status == status, (attempt, seen.errors)
    assert len(customer.user.recovery) == 9


def test_a_second_factor_by_text(world: World) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    browser.open(f"/{customer.slug}/security/mobile")
    seen = browser.fill(mobile="(415) 555-0199")
    assert seen.path == f"/{customer.slug}/security/mobile/code"
    world.drain()
    seen = browser.fill(code=world.newest("+14155550199").code)
    assert len(recovery_codes(seen)) == 10
    world.clock.advance(minutes=20)
    other = Browser()
    seen = enter_password(other, customer)
    assert seen.path == f"/{customer.slug}/sign-in/factor" and "0199" in seen.shown and "555" not in seen.shown
    world.drain()
    first = world.newest("+14155550199").code
    world.clock.advance(seconds=31)
    other.press("Send another code")
    world.drain()
    newest = world.newest("+14155550199").code
    assert other.fill(code=first).status == 400 or first == newest
    assert other.fill(code=newest).status == 200 and other.cookie("session")


def test_where_a_second_factor_is_required_it_is_set_up_at_the_first_sign_in(world: World) -> None:
    customer = make_customer(world, password_portal(world, policy={"second_factor": "required"}))
    browser = Browser()
    seen = enter_password(browser, customer)
    assert seen.path == f"/{customer.slug}/sign-in/set-up" and browser.cookie("session") is None
    assert "/sign-in" in browser.open(f"/{customer.slug}/").path
    seen = browser.open(f"/{customer.slug}/sign-in/set-up/app")
    seen = browser.fill(name="", code=pyotp.TOTP(seed_shown(seen)).at(clock.timestamp()))
    assert len(recovery_codes(seen)) == 10 and browser.cookie("session")
    assert browser.open(f"/{customer.slug}/").status == 200


def test_a_temporary_password_is_changed_at_first_use(world: World) -> None:
    customer = make_customer(world)
    temporary = "k7mq-3fdx-9wtr-h2cn"
    tx = staff(customer.portal).transaction()
    until = clock.timestamp() + passwords.TEMPORARY_SECONDS
    user_changes.set_password(tx, customer.user, passwords.hashed(temporary), temporary_until=until)
    tx.commit()
    browser = Browser()
    seen = enter_password(browser, customer, temporary)
    assert seen.path == f"/{customer.slug}/sign-in/own-password" and browser.cookie("session") is None
    assert browser.fill(password=temporary).status == 400
    seen = browser.fill(password=OTHER_PASSWORD)
    assert "Your password is set" in seen.shown
    assert enter_password(browser, customer, OTHER_PASSWORD).status == 200 and browser.cookie("session")
    assert enter_password(Browser(), customer, temporary).status == 400


def test_a_temporary_password_works_for_a_day(world: World) -> None:
    customer = make_customer(world)
    tx = staff(customer.portal).transaction()
    until = clock.timestamp() + passwords.TEMPORARY_SECONDS
    user_changes.set_password(tx, customer.user, passwords.hashed("k7mq-3fdx-9wtr-h2cn"), temporary_until=until)
    tx.commit()
    world.clock.advance(hours=24)
    assert enter_password(Browser(), customer, "k7mq-3fdx-9wtr-h2cn").status == 400


def test_a_changed_password_leaves_this_browser_in_and_all_others_out(world: World) -> None:
    here, elsewhere = Browser(), Browser()
    customer = make_customer(world)
    enter_password(here, customer)
    enter_password(elsewhere, customer)
    before = here.cookie("session")
    here.open(f"/{customer.slug}/security/password")
    assert here.fill(current_password="wrong-wrong-wrong-1", password=OTHER_PASSWORD).status == 400
    seen = here.fill(current_password=PASSWORD, password=OTHER_PASSWORD)
    assert "Your password is changed" in seen.shown and here.cookie("session") != before
    assert "/sign-in" in elsewhere.open(f"/{customer.slug}/").path
    assert [fact.kind for fact in facts_of(customer.slug, "client:credential:password-changed")]


def test_changing_factors_asks_for_the_password_after_ten_minutes(world: World) -> None:
    browser = Browser()
    customer = make_customer(world)
    enter_password(browser, customer)
    world.clock.advance(minutes=11)
    seen = browser.open(f"/{customer.slug}/security/app")
    assert seen.path == f"/{customer.slug}/security/confirm?then=app"
    assert browser.fill(password="not-it-not-it-not-it").status == 400
    assert browser.fill(password=PASSWORD).path == f"/{customer.slug}/security/app"


def test_sessions_and_devices_are_listed_and_ended_at_once(world: World) -> None:
    here = Browser()
    elsewhere = Browser(agent="Mozilla/5.0 (iPhone) Safari/600")
    customer = make_customer(world)
    enter_password(here, customer)
    enter_password(elsewhere, customer)
    seen = here.open(f"/{customer.slug}/security")
    assert "Safari on iPhone" in seen.shown
    ends = [form for form in seen.forms if form.action.endswith("/sessions/end") and "session" in form.fields]
    other = next(form for form in ends if form.fields["session"] != "others")
    here.send(other)
    assert "/sign-in" in elsewhere.open(f"/{customer.slug}/").path
    assert here.open(f"/{customer.slug}/security").status == 200


def test_a_closed_account_lets_nobody_in_by_password(world: World) -> None:
    from tests.factories import change_account

    customer = make_customer(world)
    browser = Browser()
    enter_password(browser, customer)
    change_account(customer.portal, customer.account.id, status="closed")
    assert "/sign-in" in browser.open(f"/{customer.slug}/").path
    seen = enter_password(Browser(), customer)
    assert seen.status == 400 and seen.errors == {"password": "The username or the password is not right."}


def test_security_questions_are_asked_besides_the_link(world: World) -> None:
    portal = password_portal(world, policy={"security_questions": 1})
    account, _ = make_customer_account(portal)
    credentials.send_create(staff(portal), portal, account.id)
    world.drain()
    browser = Browser()
    browser.open(newest_link(world, account.primary_emails[0], "create-credential"))
    browser.press("Continue")
    question = "What was the name of your first pet?"
    assert len(browser.here.page.all("option")) == 7
    form = browser.here.form_with("username", "password", "answer_1")
    seen = browser.send(form, username="rex.owner", password=PASSWORD, question_1=question, answer_1="")
    assert seen.status == 400 and "answer_1" in seen.errors
    form = seen.form_with("username", "password", "answer_1")
    browser.send(form, username="rex.owner", password=PASSWORD, question_1=question, answer_1="Rex the Dög")
    browser.open(f"/{portal.slug}/forgot-password")
    browser.fill(username="rex.owner")
    world.drain()
    browser.open(newest_link(world, account.primary_emails[0], "reset-password"))
    browser.press("Continue")
    assert question in browser.here.shown and "Rex" not in browser.here.shown
    assert browser.fill(password=OTHER_PASSWORD, answer_1="Bello").status == 400
    seen = browser.fill(password=OTHER_PASSWORD, answer_1="rex the dog")
    assert "Your password is set" in seen.shown


def test_an_address_is_replaced_once_the_new_one_is_confirmed(world: World) -> None:
    browser = Browser()
    customer = make_customer(world, primary_emails=["old@nw.example", "other@nw.example"])
    enter_password(browser, customer)
    seen = browser.open(f"/{customer.slug}/security")
    browser.open(f"/{customer.slug}/security/address?n=0")
    assert "This is not an email address" in browser.fill(email="nonsense").errors["email"]
    seen = browser.fill(email="new@nw.example")
    assert seen.heading == "Confirm the new address" and customer.user.emails[0] == "old@nw.example"
    world.drain()
    other = Browser()
    other.open(newest_link(world, "new@nw.example", "confirm-address"))
    seen = other.press("Confirm")
    assert seen.heading == "Your new address is confirmed"
    assert customer.user.emails == ("new@nw.example", "other@nw.example")
    world.drain()
    told = world.newest("old@nw.example")
    assert "address" in told.subject.lower() and link_in(told, "not-me")
    other.open(f"/{customer.slug}/forgot-password")
    other.fill(username=customer.username)
    world.drain()
    assert newest_link(world, "old@nw.example", "reset-password"), "for a day the old address can take it back"
    assert not [sent for sent in world.sent_to("new@nw.example") if "/reset-password" in sent.text]
    world.clock.advance(hours=25)
    other.open(f"/{customer.slug}/forgot-password")
    other.fill(username=customer.username)
    world.drain()
    assert newest_link(world, "new@nw.example", "reset-password")


def test_terms_are_accepted_once_and_again_in_another_version(world: World) -> None:
    terms = {"url": "https://acme.example/terms", "version": "2030"}
    customer = make_customer(world, password_portal(world, terms=terms))
    browser = Browser()
    seen = browser.open(f"/{customer.slug}/batches/{customer.batch.id}")
    seen = enter_password(browser, customer)
    assert seen.path.startswith(f"/{customer.slug}/terms") and customer.batch.title not in seen.shown
    seen = browser.open(f"/{customer.slug}/batches/{customer.batch.id}")
    assert browser.fill(version="2030").errors == {"accept": "Tick the box to say that you accept the terms."}
    seen = browser.fill(accept="yes")
    assert seen.path == f"/{customer.slug}/batches/{customer.batch.id}"
    assert browser.open(f"/{customer.slug}/security").heading == "Security"
    change_portal(customer.portal, terms={**terms, "version": "2031"})
    portals.forget_kept()
    assert browser.open(f"/{customer.slug}/").path.startswith(f"/{customer.slug}/terms")
    assert [fact.changes["version"] for fact in facts_of(customer.slug, "client:terms:accepted")] == ["2030"]


def test_contacts_who_sign_in_by_code_accept_the_terms_too(world: World) -> None:
    client = make_client(world, make_portal(world, terms={"url": "https://acme.example/terms", "version": "1"}))
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    seen = browser.fill(code=newest_code(world, client.email))
    assert seen.path.startswith(f"/{client.slug}/terms")
    assert client.batch.title in browser.fill(accept="yes").shown
    assert client.batch.title in browser.open(f"/{client.slug}/").shown


def test_a_hash_of_other_parameters_is_made_anew_at_sign_in(world: World) -> None:
    customer = make_customer(world)
    older = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    tx = staff(customer.portal).transaction()
    user_changes.set_password(tx, customer.user, older)
    tx.commit()
    assert passwords.is_outdated(customer.user.password_hash or "")
    browser = Browser()
    assert enter_password(browser, customer).status == 200 and browser.cookie("session")
    assert not passwords.is_outdated(customer.user.password_hash or "")
    assert enter_password(Browser(), customer).status == 200
