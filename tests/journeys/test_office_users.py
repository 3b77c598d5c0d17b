"""Users of offices at the clients' door: in by username and password, shown what their role opens, their own security."""

from __future__ import annotations

from dataclasses import replace

import pyotp
import pytest

from chalicelib import clock
from chalicelib.messaging import reading
from chalicelib.people import contacts, user_changes
from chalicelib.portals import Portal
from chalicelib.security import passwords
from chalicelib.storage import Transaction
from tests import customers
from tests.browsing import Browser
from tests.customers import OTHER_PASSWORD, newest_link, seed_shown
from tests.factories import change_account, change_portal, facts_of, make_batch, make_portal
from tests.offices import (
    MANAGER,
    PASSWORD,
    OfficeUser,
    enter_password,
    make_office,
    make_office_user,
    make_provider,
    sign_in,
)
from tests.tracing import traced
from tests.world import World

TILES = [
    {"title": "Find a form", "url": "https://forms.example/"},
    {"title": "Look up a claim", "url": "https://claims.example/", "permission": "claims:read"},
    {"title": "Practice tools", "url": "https://tools.example/", "permission": "practice-tools:use"},
]


def change(user: OfficeUser, **attributes: object) -> None:
    """Somebody else changes the user: another state, say."""
    tx = Transaction()
    user_changes.set_state(tx, user.user, **attributes)  # type: ignore[arg-type]
    tx.commit()


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world, tiles=TILES)


def test_a_user_is_welcomed_with_what_their_role_opens(portal: Portal) -> None:
    office = make_office(portal)
    provider = make_provider(portal, office)
    browser = Browser()
    sign_in(browser, make_office_user(portal, provider, "clerical-user"))
    shown = browser.here.shown
    assert "Hello, Frances" in shown and "Clerical User at Dr. Iris Hale" in shown
    assert "Look up a claim" in shown and "Find a form" in shown and "Practice tools" not in shown
    change_portal(portal, roles=[{"key": "portal-user", "name": "Portal User"}])
    shown = browser.open(f"/{portal.slug}/").shown
    assert "Find a form" in shown and "Look up a claim" not in shown, "a role the portal has no more opens nothing"


def test_a_client_sees_the_tiles_that_need_no_permission(world: World) -> None:
    browser, customer = Browser(), customers.make_customer(world, customers.password_portal(world, tiles=TILES))
    shown = customers.enter_password(browser, customer).shown
    assert "Find a form" in shown and "Look up a claim" not in shown and " at " not in shown.split("Welcome")[0]


def test_batches_are_shown_that_are_open_to_their_own_contact(portal: Portal) -> None:
    office = make_office(portal)
    mine, other = make_office_user(portal, office), make_office_user(portal, office)
    make_batch(portal, contacts.get(portal.slug, mine.user.contact_id or ""), title="For me alone")
    foreign = make_batch(portal, contacts.get(portal.slug, other.user.contact_id or ""), title="For somebody else")
    browser = Browser()
    sign_in(browser, mine)
    assert "For me alone" in browser.here.shown and "For somebody else" not in browser.here.shown
    assert browser.open(f"/{portal.slug}/batches/{foreign.id}").status == 404
    change_account(portal, office.id, name="Elm Street Clinic II")
    assert "Elm Street Clinic II" in browser.open(f"/{portal.slug}/").shown
    change_account(portal, office.id, status="closed")
    assert "/sign-in" in browser.open(f"/{portal.slug}/").path
    assert enter_password(Browser(), mine).status == 400


def test_the_password_page_answers_office_users_also_where_clients_sign_in_by_code(
    world: World, portal: Portal
) -> None:
    assert "password" not in portal.policy.sign_in_ways
    browser, office = Browser(), make_office(portal)
    first = browser.open(f"/{portal.slug}/sign-in").shown
    assert "username and password" not in first and "Register" not in first
    seen = browser.open(f"/{portal.slug}/sign-in/password")
    assert seen.status == 200 and "First time here?" not in seen.shown and "Forgot your username?" not in seen.shown
    sign_in(Browser(), make_office_user(portal, office))
    change_portal(portal, registration={"is_open": True})
    seen = browser.open(f"/{portal.slug}/sign-in")
    assert seen.link("Register as a user of an office") == f"/{portal.slug}/register"
    browser.press("Sign in with username and password")
    assert browser.here.link("Register as a user of an office") == f"/{portal.slug}/register"


def test_a_customer_whose_portal_gave_up_passwords_does_not_enter_with_one(world: World) -> None:
    customer = customers.make_customer(world)
    change_portal(customer.portal, policy={"sign_in_ways": ["code"]})
    told = customers.enter_password(Browser(), customer)
    assert told.status == 400 and told.errors["password"] == "The username or the password is not right."
    browser = Browser()
    browser.open(f"/{customer.slug}/forgot-password")
    assert browser.fill(username=customer.username).heading == "Check your inbox"
    before = len(world.inbox)
    world.drain()
    assert len(world.inbox) == before


def test_a_manager_sets_up_a_second_factor_and_shows_it_every_time(world: World) -> None:
    portal = make_portal(world, policy={"second_factor": "off"})
    manager, browser = make_office_user(portal, make_office(portal), MANAGER), Browser()
    seen = enter_password(browser, manager)
    assert seen.path == f"/{portal.slug}/sign-in/set-up" and browser.cookie("session") is None
    manager = sign_in(browser, manager)
    browser.press("I have saved them")
    assert "Provider Administrator at Elm Street Clinic" in browser.here.shown
    security = browser.open(f"/{portal.slug}/security")
    assert "Authenticator app" in security.shown and "Remembered browsers" not in security.shown
    assert browser.open(f"/{portal.slug}/security/mobile").path == f"/{portal.slug}/security/mobile"
    world.clock.advance(minutes=2)
    seen = enter_password(browser, manager)
    assert seen.path == f"/{portal.slug}/sign-in/factor"
    assert "remember" not in seen.form_with("code").names
    browser.send(seen.form_with("code"), code=manager.otp(), remember="yes")
    assert browser.cookie("session") and browser.cookie("device") is None and not manager.user.devices


def test_a_manager_keeps_at_least_one_second_factor(world: World) -> None:
    portal = make_portal(world, policy={"second_factor": "off"})
    browser = Browser()
    sign_in(browser, make_office_user(portal, make_office(portal), MANAGER))
    page = browser.open(f"/{portal.slug}/security")
    seen = browser.post(f"/{portal.slug}/security/remove", {"csrf": page.csrf, "factor": "totp"})
    assert seen.status == 409 and "at least one second factor" in seen.shown


def test_other_users_have_a_second_factor_as_the_portal_says(world: World) -> None:
    portal = make_portal(world, policy={"second_factor": "required"})
    user, browser = make_office_user(portal, make_office(portal)), Browser()
    assert enter_password(browser, user).path.endswith("/sign-in/set-up")
    user = sign_in(browser, user)
    world.clock.advance(minutes=2)
    seen = enter_password(browser, user)
    browser.send(seen.form_with("code"), code=user.otp(), remember="yes")
    assert browser.cookie("device")
    assert enter_password(browser, user).path == f"/{portal.slug}/", "a remembered browser is not asked"


def test_whoever_is_made_a_manager_signs_in_again_with_a_second_factor(world: World) -> None:
    portal = make_portal(world, policy={"second_factor": "optional"})
    user, browser = make_office_user(portal, make_office(portal)), Browser()
    sign_in(browser, user)
    tx = Transaction()
    user_changes.change_details(tx, user.user, user.user.details, role=MANAGER)
    tx.commit()
    assert "/sign-in" in browser.open(f"/{portal.slug}/").path
    assert enter_password(browser, user).path.endswith("/sign-in/set-up")


def test_a_registration_that_awaits_review_opens_nothing_and_says_so(portal: Portal) -> None:
    office = make_office(portal)
    user, browser = make_office_user(portal, office, state="pending"), Browser()
    for _ in range(12):
        seen = enter_password(browser, user)
        assert seen.status == 403 and seen.heading == "Your registration awaits review", "looking in locks nobody out"
    assert browser.cookie("session") is None and browser.cookie("pending") is None
    wrong = enter_password(Browser("203.0.113.77"), user, "not-the-password-77")
    assert wrong.status == 400 and wrong.errors == {"password": "The username or the password is not right."}
    forgot = Browser()
    forgot.open(f"/{portal.slug}/forgot-password")
    assert forgot.fill(username=user.username).heading == "Check your inbox"
    assert [fact.changes for fact in facts_of(portal.slug, "client:credential:nothing-sent")] == [
        {"asked-for": "password-reset"}
    ]


def test_a_deleted_user_is_told_like_a_wrong_password_and_a_locked_one_is_told(portal: Portal) -> None:
    user = make_office_user(portal, make_office(portal))
    inside = Browser()
    sign_in(inside, user)
    change(user, state="locked", reason="left the office")
    assert "/sign-in" in inside.open(f"/{portal.slug}/").path
    locked = enter_password(Browser(), user)
    assert locked.status == 403 and "locked" in locked.errors["password"]
    change(user, state="deleted")
    deleted = enter_password(Browser(), user)
    assert deleted.status == 400 and deleted.errors == {"password": "The username or the password is not right."}


def test_a_temporary_password_is_changed_at_first_use_and_over_after_a_day(world: World, portal: Portal) -> None:
    office, until = make_office(portal), clock.timestamp() + passwords.TEMPORARY_SECONDS
    user = make_office_user(portal, office, MANAGER, temporary_until=until)
    late = make_office_user(portal, office, temporary_until=until)
    browser = Browser()
    seen = enter_password(browser, user)
    assert seen.path == f"/{portal.slug}/sign-in/own-password" and browser.cookie("session") is None
    assert browser.fill(password=PASSWORD).status == 400, "the temporary one is not one's own"
    seen = browser.fill(password=OTHER_PASSWORD)
    assert "Your password is set" in seen.shown
    assert enter_password(browser, user, OTHER_PASSWORD).path.endswith("/sign-in/set-up")
    world.clock.advance(days=1)
    assert enter_password(Browser(), late).status == 400


def test_a_forgotten_password_is_reset_by_a_mail_to_the_users_own_address(world: World, portal: Portal) -> None:
    user, elsewhere, browser = make_office_user(portal, make_office(portal)), Browser(), Browser()
    sign_in(elsewhere, user)
    browser.open(f"/{portal.slug}/sign-in/password")
    browser.press("Forgot your password?")
    assert browser.fill(username=user.username).heading == "Check your inbox"
    world.drain()
    browser.open(newest_link(world, user.email, "reset-password"))
    browser.press("Continue")
    seen = browser.fill(password=OTHER_PASSWORD)
    assert seen.path == f"/{portal.slug}/sign-in/password?notice=password-set"
    assert "/sign-in" in elsewhere.open(f"/{portal.slug}/").path
    assert enter_password(Browser(), user).status == 400
    sign_in(browser, replace(user, password=OTHER_PASSWORD))
    told = reading.listed(portal.slug, about=f"user:{user.id}", template="new-device", limit=10).items
    assert len(told) == 1, "of the one elsewhere: that in which a password was chosen is no new one"


def test_a_reset_and_a_sign_in_forget_wrong_tries_under_one_name(world: World, portal: Portal) -> None:
    user = make_office_user(portal, make_office(portal))
    for _ in range(10):
        Browser().open(f"/{portal.slug}/")
        enter_password(Browser("198.51.100.9"), user, "not-the-password-77")
    assert enter_password(Browser("198.51.100.10"), user).status == 429
    browser = Browser()
    browser.open(f"/{portal.slug}/forgot-password")
    browser.fill(username=user.username)
    world.drain()
    browser.open(newest_link(world, user.email, "reset-password"))
    browser.press("Continue")
    browser.fill(password=OTHER_PASSWORD)
    sign_in(Browser(), replace(user, password=OTHER_PASSWORD))


def test_a_new_browser_is_told_of_and_can_be_disavowed(world: World, portal: Portal) -> None:
    user, thief, owner = make_office_user(portal, make_office(portal)), Browser(), Browser()
    sign_in(thief, user)
    world.drain()
    owner.open(newest_link(world, user.email, "not-me"))
    owner.press("This was not me")
    assert "/sign-in" in thief.open(f"/{portal.slug}/").path
    assert enter_password(Browser(), user).status == 403
    world.drain()
    owner.open(newest_link(world, user.email, "reset-password"))
    owner.press("Continue")
    owner.fill(password=OTHER_PASSWORD)
    sign_in(owner, replace(user, password=OTHER_PASSWORD))


def test_an_address_changed_by_ones_own_hand_is_that_of_user_and_contact(world: World, portal: Portal) -> None:
    office = make_office(portal)
    user, browser = make_office_user(portal, office), Browser()
    sign_in(browser, user)
    browser.open(f"/{portal.slug}/security/address?n=0")
    browser.fill(email="frances.new@elmstreet.example")
    world.drain()
    browser.open(newest_link(world, "frances.new@elmstreet.example", "confirm-address"))
    assert browser.press("Confirm").heading == "Your new address is confirmed"
    assert user.user.emails == ("frances.new@elmstreet.example",)
    assert user.user.details.email == "frances.new@elmstreet.example"
    assert contacts.get(portal.slug, user.user.contact_id or "").emails == ("frances.new@elmstreet.example",)
    assert user.user.reset_emails == (user.email,), "for a day a reset still goes to the old one"
    world.drain()
    assert any("address" in sent.subject.lower() for sent in world.sent_to(user.email))


def test_the_security_page_changes_the_password_and_ends_sessions(portal: Portal) -> None:
    user, here, there = make_office_user(portal, make_office(portal)), Browser(), Browser()
    sign_in(here, user)
    sign_in(there, user)
    here.open(f"/{portal.slug}/security/password")
    seen = here.fill(current_password=PASSWORD, password=OTHER_PASSWORD)
    assert "Your password is changed" in seen.shown
    assert "/sign-in" in there.open(f"/{portal.slug}/").path
    with traced() as calls:
        assert here.open(f"/{portal.slug}/").heading == "Welcome"
    assert len(calls) == 3, "the new session knows the contact, too"
    sign_in(there, replace(user, password=OTHER_PASSWORD))
    here.open(f"/{portal.slug}/security/app")
    seed = seed_shown(here.here)
    assert here.fill(name="Phone", code=pyotp.TOTP(seed).at(clock.timestamp())).status == 200


def test_terms_are_accepted_and_accounts_switched_as_by_any_client(world: World) -> None:
    portal = make_portal(world, terms={"url": "https://terms.example/", "version": "7"})
    one, two = (make_office_user(portal, make_office(portal, name=name)) for name in ("Elm Street", "Harbour Dental"))
    browser = Browser()
    enter_password(browser, one)
    assert browser.here.path.startswith(f"/{portal.slug}/terms")
    browser.fill(accept="yes")
    assert browser.here.heading == "Welcome" and one.user.terms == "7"
    browser.open(f"/{portal.slug}/switch")
    browser.send(next(form for form in browser.here.forms if form.action.endswith("/switch/add")))
    browser.open(f"/{portal.slug}/sign-in/password")
    browser.fill(username=two.username, password=PASSWORD)
    browser.fill(accept="yes")
    assert "Harbour Dental" in browser.here.shown
    seen = browser.open(f"/{portal.slug}/switch")
    assert "Elm Street" in seen.shown
    browser.fill(n=seen.value_of("n"))
    assert "Elm Street" in browser.here.shown
