"""Threat 31, of credentials: links, set-ups, steps, sessions, temporary passwords. Deleted yet or not, over is over.

Each test finds the item still in its table, sees it work a second before its end, and not at it. Devices: threat 23.
"""

from __future__ import annotations

import pytest

from chalicelib import clock
from chalicelib.people import credentials, user_changes
from chalicelib.people import staff as people
from chalicelib.people.staff import By, StaffInput
from chalicelib.security import links, passwords
from chalicelib.security.links import SETUP_SECONDS
from chalicelib.signin.doors import STEP_SECONDS
from tests.browsing import Browser
from tests.customers import (
    OTHER_PASSWORD,
    PASSWORD,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    with_app,
)
from tests.factories import staff
from tests.staffing import PASSWORD as STAFF_PASSWORD
from tests.staffing import make_colleague
from tests.threats.conftest import Hashes
from tests.threats.test_31_ttl_lag import held
from tests.world import MovableClock, World

SECONDS = {"credential-create": 24 * 3600, "password-reset": 30 * 60, "staff-invitation": 24 * 3600}
TEMPORARY = "k7mq-3fdx-9wtr-h2cn"


def mailed(world: World, purpose: str) -> tuple[str, str]:
    """A portal's slug and the path of a link just mailed."""
    portal = password_portal(world)
    if purpose == "password-reset":
        customer = make_customer(world, portal)
        email = customer.email
        credentials.send_reset(staff(portal), portal, customer.account.id)
    elif purpose == "credential-create":
        account, _ = make_customer_account(portal)
        email = account.primary_emails[0]
        credentials.send_create(staff(portal), portal, account.id)
    else:
        email = "new.colleague@company.example"
        people.invite(staff(portal), By("owner"), StaffInput(email=email, role="agent"))
    world.drain()
    return portal.slug, newest_link(world, email, links.PATHS[purpose])


@pytest.mark.parametrize("purpose", SECONDS)
def test_a_link_and_what_it_opened(world: World, moment: MovableClock, hashes: Hashes, purpose: str) -> None:
    slug, link = mailed(world, purpose)
    early, late = Browser("192.0.2.1"), Browser("192.0.2.2")
    early.open(link)
    form = early.here.form_with("t")
    moment.advance(SECONDS[purpose])
    assert late.open(link).status == 410 and "has run out" in late.here.shown
    assert early.copy().post(form.action, form.fields).status == 410, "nor from a page that was open before"
    assert len(list(held(world, "tokens", f"{slug}#link#{purpose}#"))) == 1
    moment.advance(-1)
    assert early.send(form).path.endswith("/set-password")
    typed = {"username": "the.person", "password": OTHER_PASSWORD}
    if purpose != "credential-create":
        del typed["username"]
    form = early.here.form_with(*typed)
    kept = early.cookies[f"__Host-setup-{slug}"]
    moment.advance(SETUP_SECONDS)
    kept.until = None  # though a browser drops it at its end
    late = early.copy()
    assert "link-over" in late.post(form.action, {**form.fields, **typed}).location
    moment.advance(-1)
    assert "password-set" in early.send(form, **typed).path


def test_a_set_up_whose_cookie_outlives_it_is_over_by_the_table_too(
    world: World, moment: MovableClock, hashes: Hashes
) -> None:
    from chalicelib.security.links import LinkOver, Setup
    from chalicelib.signin import own_password

    portal = password_portal(world)
    customer = make_customer(world, portal)
    credentials.send_reset(staff(portal), portal, customer.account.id)
    world.drain()
    browser = Browser()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    (row,) = held(world, "tokens", f"{portal.slug}#link#password-reset#")
    setup = Setup(purpose="password-reset", holder=customer.account.id, link_id=row["id"]["S"])
    moment.advance(SETUP_SECONDS)
    with pytest.raises(LinkOver):
        own_password.asked(portal, setup)
    moment.advance(-1)
    assert own_password.asked(portal, setup).username == customer.username


@pytest.mark.parametrize(("policy", "seconds"), [({"session_idle_minutes": 60, "session_hours": 1}, 3600), ({}, 900)])
def test_a_users_session_at_its_absolute_and_at_its_idle_end(
    world: World, moment: MovableClock, hashes: Hashes, policy: dict[str, int], seconds: int
) -> None:
    customer = make_customer(world, password_portal(world, policy=policy))
    browser = Browser()
    enter_password(browser, customer)
    moment.advance(seconds)
    assert "/sign-in" in browser.copy().open(f"/{customer.slug}/security").path
    assert len(list(held(world, "tokens", f"{customer.slug}#session#"))) == 1 == len(customer.user.sessions)
    moment.advance(-1)
    assert browser.open(f"/{customer.slug}/security").path == f"/{customer.slug}/security"


@pytest.mark.parametrize("seconds", [30 * 60, 8 * 3600])
def test_a_staff_session_at_its_idle_and_its_absolute_end(
    world: World, moment: MovableClock, hashes: Hashes, seconds: int
) -> None:
    slug = password_portal(world).slug
    colleague, browser = make_colleague(slug), Browser()
    browser.open(f"/{slug}/staff/sign-in")
    browser.fill(username=colleague.email, password=STAFF_PASSWORD)
    browser.fill(code=colleague.code())
    start = moment()
    while seconds > 1800 and moment() - start + 1700 < seconds:
        moment.advance(1700)
        assert browser.open(f"/{slug}/staff").path == f"/{slug}/staff"
    moment.seconds = start + seconds
    assert "/staff/sign-in" in browser.copy().open(f"/{slug}/staff").path
    moment.advance(-1)
    assert browser.open(f"/{slug}/staff").path == f"/{slug}/staff"


def test_a_sign_in_that_waits_for_its_factor(world: World, moment: MovableClock, hashes: Hashes) -> None:
    home = Browser("192.0.2.1")
    customer = make_customer(world, browser=home)
    enter_password(home, customer)
    customer = with_app(home, customer)
    moment.advance(minutes=2)
    browser = Browser("192.0.2.2")
    enter_password(browser, customer)
    form = browser.here.form_with("code")
    browser.cookies[f"__Host-pending-{customer.slug}"].until = None
    in_time, start = browser.copy(), moment()
    moment.seconds = start + STEP_SECONDS
    assert "step-over" in browser.copy().post(form.action, {**form.fields, "code": customer.otp()}).location
    moment.seconds = start + 600
    assert browser.copy().post(form.action, {**form.fields, "code": customer.otp()}).status == 410, (
        "the challenge's end"
    )
    assert len(list(held(world, "tokens", f"{customer.slug}#challenge#"))) == 1
    moment.advance(-1)
    assert in_time.post(form.action, {**form.fields, "code": customer.otp()}).status == 303 and in_time.cookie(
        "session"
    )


def test_a_temporary_password(world: World, moment: MovableClock, hashes: Hashes) -> None:
    customer = make_customer(world)
    tx = staff(customer.portal).transaction()
    until = clock.timestamp() + passwords.TEMPORARY_SECONDS
    user_changes.set_password(tx, customer.user, passwords.hashed(TEMPORARY), temporary_until=until)
    tx.commit()
    moment.advance(passwords.TEMPORARY_SECONDS)
    seen = enter_password(Browser(), customer, TEMPORARY)
    assert seen.status == 400 and seen.errors == {"password": "The username or the password is not right."}
    assert customer.user.temporary_until == moment()
    moment.advance(-1)
    browser = Browser()
    assert enter_password(browser, customer, TEMPORARY).path.endswith("/sign-in/own-password")
    assert enter_password(Browser(), customer, PASSWORD).status == 400


def test_a_factor_being_set_up(world: World, moment: MovableClock, hashes: Hashes) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    browser.open(f"/{customer.slug}/security/mobile")
    browser.fill(mobile="+14155550155")
    world.drain()
    form, code = browser.here.form_with("code"), world.newest("+14155550155").code
    in_time = browser.copy()
    moment.advance(599)
    in_time.open(f"/{customer.slug}/security")
    moment.advance(1)
    in_time.seen = browser.seen
    late = browser.copy().post(form.action, {**form.fields, "code": code})
    assert late.status in (303, 410) and customer.user.factors == ()
    moment.advance(-1)
    assert in_time.post(form.action, {**form.fields, "code": code}).status == 200 and len(customer.user.factors) == 1
