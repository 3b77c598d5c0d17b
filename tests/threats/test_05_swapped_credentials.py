"""Threat 5, of credentials: codes, tokens and cookies of one open nothing for another user, portal, purpose or browser."""

from __future__ import annotations

from itertools import permutations
from typing import get_args

import pytest

from chalicelib.people import credentials
from chalicelib.security import links
from tests.browsing import Browser
from tests.customers import (
    OTHER_PASSWORD,
    Customer,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    with_app,
)
from tests.factories import make_client, newest_code, staff
from tests.self_service import make_record
from tests.staffing import PASSWORD as STAFF_PASSWORD
from tests.staffing import make_colleague
from tests.threats.conftest import Hashes
from tests.world import World

COOKIES = ("session", "staff", "step", "pending", "setup", "draft", "browser", "device", "form")


def with_an_app(world: World, number: int, **of: object) -> Customer:
    browser = Browser(f"192.0.2.{number}")
    customer = make_customer(world, browser=browser, **of)  # type: ignore[arg-type]
    enter_password(browser, customer)
    return with_app(browser, customer)


def waiting_for_factor(customer: Customer, address: str) -> Browser:
    browser = Browser(address)
    assert enter_password(browser, customer).path.endswith("/sign-in/factor")
    return browser


def is_in(browser: Browser) -> bool:
    return browser.cookie("session") is not None or browser.cookie("staff") is not None


def value(browser: Browser, kind: str, portal: str) -> str:
    return browser.cookies[f"__Host-{kind}-{portal}"].value


def test_no_code_of_an_app_or_recovery_code_opens_another_users_sign_in(world: World, hashes: Hashes) -> None:
    one = with_an_app(world, 1)
    others = [one, with_an_app(world, 2, portal=one.portal), with_an_app(world, 3)]
    world.clock.advance(minutes=5)
    tried = 0
    for n, (mine, whose) in enumerate(permutations(others, 2)):
        browser = waiting_for_factor(mine, f"198.51.100.{n + 1}")
        for steps in (-1, 0, 1):
            assert browser.fill(code=whose.otp(steps)).status == 400
            tried += 1
        browser.press("Use a recovery code")
        assert browser.fill(code=whose.recovery[0]).status == 400
        assert not is_in(browser)
    assert tried == 18 and all(len(each.user.recovery) == 10 for each in others)


def test_a_sign_in_that_waits_for_its_factor_goes_on_in_no_other_browser_or_portal(
    world: World, hashes: Hashes
) -> None:
    one, other = with_an_app(world, 1), with_an_app(world, 2)
    world.clock.advance(minutes=5)
    waits = waiting_for_factor(one, "198.51.100.1")
    pending = value(waits, "pending", one.slug)

    planted = Browser("198.51.100.2")
    planted.open(f"/{one.slug}/sign-in/password")
    planted.set_cookie("pending", one.slug, pending)
    assert planted.open(f"/{one.slug}/sign-in/factor").path.endswith("notice=step-over")
    answer = planted.post(f"/{one.slug}/sign-in/factor", {"csrf": planted.here.csrf, "code": one.otp()})
    assert answer.status == 303 and "step-over" in answer.location and not is_in(planted)

    elsewhere = Browser("198.51.100.3")
    elsewhere.set_cookie("form", other.slug, value(waits, "form", one.slug))
    elsewhere.set_cookie("pending", other.slug, pending)
    assert elsewhere.open(f"/{other.slug}/sign-in/factor").path.endswith("notice=step-over")
    assert waits.fill(code=one.otp()).status == 200 and is_in(waits), "it was good where it was made"


def test_a_sign_in_begun_at_one_door_ends_at_no_other(world: World, hashes: Hashes) -> None:
    customer = with_an_app(world, 1)
    colleague = make_colleague(customer.slug, "support")
    world.clock.advance(minutes=5)
    for path, username, password, code in (
        ("/sign-in/password", customer.username, customer.password, customer.otp()),
        ("/staff/sign-in", colleague.email, STAFF_PASSWORD, colleague.code()),
    ):
        browser = Browser(f"198.51.100.{len(path)}")
        browser.open(f"/{customer.slug}{path}")
        seen = browser.fill(username=username, password=password)
        side, wrong = ("", "/staff") if path == "/sign-in/password" else ("/staff", "")
        assert seen.path == f"/{customer.slug}{side}/sign-in/factor"
        for step, fields in (("factor", {"code": code, "remember": "yes"}), ("factor/use", {"method": "recovery"})):
            answer = browser.copy().post(f"/{customer.slug}{wrong}/sign-in/{step}", {"csrf": seen.csrf, **fields})
            assert answer.status == 303 and answer.location.endswith("notice=step-over"), (path, step, answer.location)
        other = browser.copy()
        other.post(f"/{customer.slug}{wrong}/sign-in/factor", {"csrf": seen.csrf, "code": code, "remember": "yes"})
        assert not is_in(other) and other.cookie("device") is None
        assert browser.fill(code=code).status == 200 and is_in(browser)


def test_users_of_one_kind_are_nobody_at_the_door_of_the_other(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    colleague = make_colleague(customer.slug)
    for path, username, password in (
        ("/staff/sign-in", customer.username, customer.password), ("/sign-in/password", colleague.email, STAFF_PASSWORD),
    ):  # fmt: skip
        browser = Browser()
        browser.open(f"/{customer.slug}{path}")
        seen = browser.fill(username=username, password=password)
        assert seen.status == 400 and seen.errors == {"password": "The username or the password is not right."}


def test_no_session_of_one_side_is_one_of_the_other(world: World, hashes: Hashes) -> None:
    customer = with_an_app(world, 1)
    colleague = make_colleague(customer.slug)
    world.clock.advance(minutes=5)
    client, member = waiting_for_factor(customer, "198.51.100.1"), Browser("198.51.100.2")
    client.fill(code=customer.otp())
    member.open(f"/{customer.slug}/staff/sign-in")
    member.fill(username=colleague.email, password=STAFF_PASSWORD)
    member.fill(code=colleague.code())
    assert is_in(client) and is_in(member)
    client.set_cookie("staff", customer.slug, client.cookie("session") or "")
    member.set_cookie("session", customer.slug, member.cookie("staff") or "")
    assert "/staff/sign-in" in client.copy().open(f"/{customer.slug}/staff").path
    assert "/staff/sign-in" in client.copy().open(f"/{customer.slug}/staff/security").path
    assert "/sign-in" in member.copy().open(f"/{customer.slug}/").path
    assert "/sign-in" in member.copy().open(f"/{customer.slug}/security").path


def test_no_cookie_of_one_kind_is_read_as_another(world: World, hashes: Hashes) -> None:
    customer = with_an_app(world, 1)
    world.clock.advance(minutes=5)
    full = waiting_for_factor(customer, "198.51.100.1")
    full.open(f"/{customer.slug}/forgot-password")
    full.fill(username=customer.username)
    world.drain()
    full.open(newest_link(world, customer.email, "reset-password"))
    full.press("Continue")
    ask = full.copy()
    ask.open(f"/{customer.slug}/sign-in?by=code")
    ask.fill(client_number=customer.account.number or "", last_name="Nuñez")
    held = {
        kind: value(ask, kind, customer.slug) for kind in COOKIES if f"__Host-{kind}-{customer.slug}" in ask.cookies
    }
    assert {"pending", "setup", "step"} <= set(held)
    pages = ("/sign-in/factor", "/sign-in/own-password", "/sign-in/set-up/app", "/set-password", "/sign-in/code", "/")
    swaps = 0
    for given, asked in permutations(("pending", "setup", "step", "session", "draft", "device"), 2):
        if given not in held:
            continue
        browser = Browser("198.51.100.9")
        browser.set_cookie("form", customer.slug, held["form"])
        browser.set_cookie(asked, customer.slug, held[given])
        for path in pages:
            seen = browser.copy().open(f"/{customer.slug}{path}")
            assert "notice=" in seen.path or seen.path.endswith(("/sign-in", "/sign-in/password")), (
                given,
                asked,
                path,
                seen.path,
            )
        swaps += 1
    assert swaps == 15


def test_what_a_link_opened_goes_on_in_no_other_browser_portal_or_for_another_user(
    world: World, hashes: Hashes
) -> None:
    one = make_customer(world)
    other, elsewhere = make_customer(world, one.portal), make_customer(world)
    opened: dict[str, Browser] = {}
    for customer in (one, other, elsewhere):
        browser = Browser(f"198.51.100.{len(opened) + 1}")
        browser.open(f"/{customer.slug}/forgot-password")
        browser.fill(username=customer.username)
        world.drain()
        browser.open(newest_link(world, customer.email, "reset-password"))
        browser.press("Continue")
        opened[customer.username] = browser
    cookie = value(opened[one.username], "setup", one.slug)
    hashes_before = {each.username: each.user.password_hash for each in (one, other, elsewhere)}
    for thief, at in (
        (Browser("198.51.100.9"), one),
        (opened[other.username].copy(), other),
        (opened[elsewhere.username].copy(), elsewhere),
    ):
        if at is one:
            thief.open(f"/{one.slug}/sign-in/password")
        thief.set_cookie("setup", at.slug, cookie)
        seen = thief.open(f"/{at.slug}/set-password")
        assert "notice=link-over" in seen.path, seen.path
        answer = thief.post(f"/{at.slug}/set-password", {"csrf": thief.here.csrf, "password": OTHER_PASSWORD})
        assert answer.status == 303 and "link-over" in answer.location
    assert {each.username: each.user.password_hash for each in (one, other, elsewhere)} == hashes_before
    assert "notice=password-set" in opened[one.username].fill(password=OTHER_PASSWORD).path


@pytest.mark.parametrize("purpose", ["credential-create", "password-reset", "not-me", "self-service-password"])
def test_a_token_for_one_purpose_or_portal_opens_no_other(world: World, hashes: Hashes, purpose: str) -> None:
    portal, elsewhere = password_portal(world), password_portal(world)
    if purpose == "credential-create":
        account, _ = make_customer_account(portal)
        credentials.send_create(staff(portal), portal, account.id)
        email = account.primary_emails[0]
    elif purpose == "self-service-password":
        email = make_record(world, portal).email
    else:
        customer = make_customer(world, portal)
        email = customer.email
        if purpose == "password-reset":
            credentials.send_reset(staff(portal), portal, customer.account.id)
        else:
            enter_password(Browser(), customer)
    world.drain()
    token = newest_link(world, email, links.PATHS[purpose]).partition("?t=")[2]
    tried = 0
    for slug in (portal.slug, elsewhere.slug):
        for other in get_args(links.Purpose):
            if (slug, other) == (portal.slug, purpose) or other in ("contact-confirmation", "view-as"):
                continue  # which ask for a session first; of a view see threat 18
            browser, path = Browser(), f"/{slug}/{links.PATHS[other]}"
            seen = browser.open(f"{path}?t={token}")
            assert seen.status == 410 and "not complete" in seen.shown, (slug, other)
            pressed = browser.post(path, {"csrf": browser.open(f"/{slug}/sign-in/password").csrf, "t": token})
            assert pressed.status == 410 and browser.cookie("setup") is None
            tried += 1
    assert tried == 11
    assert Browser().open(f"/{portal.slug}/{links.PATHS[purpose]}?t={token}").status == 200


def test_a_factor_being_set_up_by_one_is_set_up_for_no_other(world: World, hashes: Hashes) -> None:
    one = make_customer(world)
    other = make_customer(world, one.portal)
    mine, theirs = Browser("198.51.100.1"), Browser("198.51.100.2")
    for browser, customer in ((mine, one), (theirs, other)):
        enter_password(browser, customer)
        browser.open(f"/{one.slug}/security/mobile")
    mine.fill(mobile="+1 415 555 0191")
    world.drain()
    code = world.newest("+14155550191").code
    draft = value(mine, "draft", one.slug)
    theirs.set_cookie("draft", one.slug, draft)
    assert theirs.open(f"/{one.slug}/security/mobile/code").path.endswith("/security/mobile")
    second = mine.copy()
    second.press("Sign out")
    enter_password(second, other)  # the same browser, so that the cookie can be read, and another user
    second.set_cookie("draft", one.slug, draft)
    seen = second.open(f"/{one.slug}/security/mobile/code")
    assert seen.path.endswith("/security/mobile")
    second.post(f"/{one.slug}/security/mobile/code", {"csrf": second.here.csrf, "code": code})
    assert other.user.factors == () == one.user.factors


def test_codes_by_text_for_sign_in_and_for_the_second_factor_and_for_its_set_up_are_none_of_each_other(
    world: World, hashes: Hashes
) -> None:
    customer = make_customer(world)
    client = make_client(world, customer.portal, mobile="+14155550193")
    home = Browser("198.51.100.1")
    enter_password(home, customer)
    home.open(f"/{customer.slug}/security/mobile")
    home.fill(mobile="+14155550194")
    world.drain()
    for_set_up = world.newest("+14155550194").code
    by_code = Browser("198.51.100.2")
    by_code.open(f"/{client.slug}/sign-in?by=code")
    by_code.fill(client_number=client.number, last_name=client.last_name)
    by_code.fill(method="sms", destination=client.mobile)
    world.drain()
    for_sign_in = newest_code(world, client.mobile)
    assert by_code.fill(code=for_set_up).status == 400 and not is_in(by_code)
    assert home.fill(code=for_sign_in).status == 400 and not customer.user.factors
    assert len(home.fill(code=for_set_up).page.all("li")) >= 10 and len(customer.user.factors) == 1
    world.clock.advance(minutes=14)
    other = Browser("198.51.100.3")
    assert enter_password(other, customer).path.endswith("/factor")
    world.drain()
    for_factor = world.newest("+14155550194").code
    for wrong in (for_set_up, for_sign_in):
        assert wrong != for_factor and other.fill(code=wrong).status == 400 and not is_in(other)
    assert other.fill(code=for_factor).status == 200 and is_in(other)
