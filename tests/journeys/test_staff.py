"""Staff of a portal: invited, with a second factor every time, and at the API by their session."""

from __future__ import annotations

import pyotp

from chalicelib import clock
from chalicelib.people import staff as team
from chalicelib.people.staff import By, StaffInput
from chalicelib.portals import Portal
from tests.browsing import Browser, Seen, request
from tests.customers import OTHER_PASSWORD, PASSWORD, newest_link, recovery_codes, seed_shown
from tests.factories import make_portal, staff
from tests.world import World

OWNER = "olive.owner@acme.example"


def invited(world: World, portal: Portal, email: str = OWNER, role: str = "owner") -> str:
    """Invite somebody; the link in the mail."""
    wanted = StaffInput(first_name="Olive", last_name="Owner", email=email, role=role)  # type: ignore[arg-type]
    team.invite(staff(portal), By("owner", "The operator"), wanted)
    world.drain()
    return newest_link(world, email, "staff/join")


def joined(world: World, portal: Portal, browser: Browser, email: str = OWNER) -> str:
    """Join and set up an authenticator app: the seed. The browser is signed in."""
    browser.open(invited(world, portal, email))
    browser.press("Continue")
    seen = browser.fill(password=PASSWORD)
    assert seen.path == f"/{portal.slug}/staff/sign-in?notice=password-set", seen.errors
    browser.fill(username=email, password=PASSWORD)
    browser.fill(method="totp")
    seed = seed_shown(browser.here)
    seen = browser.fill(code=pyotp.TOTP(seed).at(clock.timestamp()))
    assert len(recovery_codes(seen)) == 10 and browser.cookie("staff")
    return seed


def call(browser: Browser, method: str, path: str, body: bytes = b"", **headers: str) -> Seen:
    """The JSON API, as the console calls it."""
    sent = {"Cookie": browser.cookie_header(), "Content-Type": "application/json"}
    return request(method, path, body, headers={**sent, **{k.replace("_", "-"): v for k, v in headers.items()}})


def test_from_the_invitation_to_the_api(world: World) -> None:
    portal, browser = make_portal(world), Browser()
    seed = joined(world, portal, browser)
    seen = browser.press("I have saved them")
    assert seen.path == f"/{portal.slug}/staff" and "owner" in seen.shown
    me = call(browser, "GET", f"/api/v1/portals/{portal.slug}/me")
    assert me.status == 200 and me.json["role"] == "owner"
    made = b'{"name": "Northwind", "number": "NW-1"}'
    path = f"/api/v1/portals/{portal.slug}/accounts"
    assert call(browser, "POST", path, made).status == 403
    assert call(browser, "POST", path, made, X_CSRF_Token=me.json["csrf_token"]).status == 201
    browser.press("Sign out")
    assert call(browser, "GET", f"/api/v1/portals/{portal.slug}/me").status == 401
    world.clock.advance(minutes=2)
    seen = browser.open(f"/{portal.slug}/staff/sign-in")
    seen = browser.fill(username=OWNER, password=PASSWORD)
    assert seen.path == f"/{portal.slug}/staff/sign-in/factor" and "remember" not in seen.form_with("code").names
    seen = browser.fill(code=pyotp.TOTP(seed).at(clock.timestamp()))
    assert seen.path == f"/{portal.slug}/staff"


def test_staff_and_clients_enter_by_doors_of_their_own(world: World) -> None:
    portal, browser = make_portal(world, policy={"sign_in_ways": ["password"]}), Browser()
    joined(world, portal, browser)
    other = Browser()
    other.open(f"/{portal.slug}/sign-in/password")
    assert other.fill(username=OWNER, password=PASSWORD).status == 400
    assert "/sign-in" in browser.open(f"/{portal.slug}/").path, "a staff session is no client's"


def test_a_temporary_password_is_mailed_seen_by_nobody_and_changed_at_first_use(world: World) -> None:
    portal, browser = make_portal(world), Browser()
    seed = joined(world, portal, browser)
    found = team.listed(portal.slug).items[0]
    team.send_temporary_password(staff(portal), By("owner", "A colleague"), found.id)
    world.drain()
    mail = world.newest(OWNER)
    temporary = next(word for word in mail.text.split() if word.count("-") == 3 and len(word) == 19)
    assert "/staff/sign-in" in browser.open(f"/{portal.slug}/staff").path
    world.clock.advance(minutes=2)
    browser.open(f"/{portal.slug}/staff/sign-in")
    browser.fill(username=OWNER, password=temporary)
    seen = browser.fill(code=pyotp.TOTP(seed).at(clock.timestamp()))
    assert seen.path == f"/{portal.slug}/staff/sign-in/own-password" and browser.cookie("staff") is None
    browser.fill(password=OTHER_PASSWORD)
    world.clock.advance(minutes=2)
    browser.fill(username=OWNER, password=OTHER_PASSWORD)
    assert browser.fill(code=pyotp.TOTP(seed).at(clock.timestamp())).path == f"/{portal.slug}/staff"


def test_sessions_of_staff_end_after_half_an_hour_without_use(world: World) -> None:
    portal, browser = make_portal(world), Browser()
    joined(world, portal, browser)
    world.clock.advance(minutes=29)
    assert browser.open(f"/{portal.slug}/staff").path == f"/{portal.slug}/staff"
    world.clock.advance(minutes=31)
    assert "/staff/sign-in" in browser.open(f"/{portal.slug}/staff").path


def test_a_forgotten_password_of_staff_is_reset_at_their_own_door(world: World) -> None:
    portal, browser = make_portal(world), Browser()
    seed = joined(world, portal, browser)
    browser.open(f"/{portal.slug}/staff/forgot-password")
    assert browser.fill(username=OWNER).heading == "Check your inbox"
    world.drain()
    browser.open(newest_link(world, OWNER, "reset-password"))
    browser.press("Continue")
    seen = browser.fill(password=OTHER_PASSWORD)
    assert seen.path == f"/{portal.slug}/staff/sign-in?notice=password-set"
    world.clock.advance(minutes=2)
    seen = browser.fill(username=OWNER, password=OTHER_PASSWORD)
    assert seen.path.endswith("/staff/sign-in/factor"), "a reset leaves the second factor where it was"
    assert browser.fill(code=pyotp.TOTP(seed).at(clock.timestamp())).path == f"/{portal.slug}/staff"


def test_a_reset_factor_is_set_up_anew_after_a_code_to_the_address_on_file(world: World) -> None:
    portal, browser = make_portal(world), Browser()
    joined(world, portal, browser)
    team.reset_factors(staff(portal), By("owner", "A colleague"), team.listed(portal.slug).items[0].id)
    assert "/staff/sign-in" in browser.open(f"/{portal.slug}/staff").path, "everybody is signed out"
    browser.open(f"/{portal.slug}/staff/sign-in")
    seen = browser.fill(username=OWNER, password=PASSWORD)
    assert seen.path.endswith("/staff/sign-in/factor") and "o•••@acme.example" in seen.shown
    assert "/staff/sign-in" in browser.open(f"/{portal.slug}/staff/sign-in/set-up").path, "not before the code"
    browser.open(f"/{portal.slug}/staff/sign-in")
    world.clock.advance(seconds=31)
    browser.fill(username=OWNER, password=PASSWORD)
    world.drain()
    codes = [sent.code for sent in world.sent_to(OWNER) if sent.subject[:6].isdigit()]
    seen = browser.fill(code=codes[-1])
    assert seen.path.endswith("/staff/sign-in/set-up") and browser.cookie("staff") is None
    browser.fill(method="totp")
    seen = browser.fill(code=pyotp.TOTP(seed_shown(browser.here)).at(clock.timestamp()))
    assert len(recovery_codes(seen)) == 10 and browser.cookie("staff")


def test_staff_show_a_second_factor_before_they_change_one(world: World) -> None:
    portal, browser = make_portal(world), Browser()
    seed = joined(world, portal, browser)
    world.clock.advance(minutes=11)
    seen = browser.open(f"/{portal.slug}/staff/security/mobile")
    assert seen.path == f"/{portal.slug}/staff/security/confirm?then=mobile"
    assert "password" not in seen.form_with("code").names
    assert browser.fill(code="000000").status == 400
    seen = browser.fill(code=pyotp.TOTP(seed).at(clock.timestamp()))
    assert seen.path == f"/{portal.slug}/staff/security/mobile"
