"""Threat 23. A stolen device cookie: it signs nobody in, and skips the second factor for its own user alone.

What it is when it is carried, with the password, to a browser of the same kind: the very device, for all we can tell.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.people import user_changes
from tests.browsing import Browser
from tests.customers import OTHER_PASSWORD, Customer, enter_password, make_customer, newest_link, with_app
from tests.factories import staff
from tests.staffing import PASSWORD as STAFF_PASSWORD
from tests.staffing import make_colleague
from tests.threats.conftest import Hashes
from tests.world import World

FIREFOX, CHROME = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537"


def remembered(world: World, **of: object) -> tuple[Customer, Browser]:
    """A customer with an app, and the browser that is remembered and signed out."""
    browser = Browser("192.0.2.1", FIREFOX)
    customer = make_customer(world, browser=browser, **of)  # type: ignore[arg-type]
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    world.clock.advance(minutes=2)
    browser.open(f"/{customer.slug}/")
    browser.press("Sign out")
    enter_password(browser, customer)
    browser.fill(code=customer.otp(), remember="yes")
    assert browser.cookie("session") and browser.cookie("device")
    browser.open(f"/{customer.slug}/")
    browser.press("Sign out")
    world.clock.advance(minutes=2)
    return customer, browser


def thief(browser: Browser, slug: str, agent: str = FIREFOX) -> Browser:
    """Another browser with the stolen cookie and no other."""
    stolen = Browser("198.51.100.66", agent)
    stolen.set_cookie("device", slug, browser.cookie("device") or "?")
    return stolen


def asks_factor(browser: Browser, customer: Customer, password: str | None = None) -> bool:
    seen = enter_password(browser, customer, password)
    assert seen.status == 200, seen.errors
    assert seen.path.endswith("/sign-in/factor") == (browser.cookie("session") is None)
    return browser.cookie("session") is None


def test_where_it_belongs_it_skips_the_factor(world: World, hashes: Hashes) -> None:
    customer, browser = remembered(world)
    assert not asks_factor(browser, customer)


def test_alone_it_signs_nobody_in_and_makes_no_password_right(world: World, hashes: Hashes) -> None:
    customer, browser = remembered(world)
    stolen = thief(browser, customer.slug)
    for path in ("/", "/security", "/sign-in/factor", "/sign-in/own-password", "/sign-in/set-up", "/set-password"):
        assert "/sign-in" in stolen.open(f"/{customer.slug}{path}").path, path
    assert enter_password(stolen, customer, "not-the-password-77").status == 400
    assert stolen.cookie("session") is None
    for kind in ("session", "staff", "browser", "pending"):
        stolen.set_cookie(kind, customer.slug, browser.cookie("device") or "?")
    assert "/sign-in" in stolen.open(f"/{customer.slug}/").path


def test_it_is_worth_nothing_for_another_user_portal_or_kind_of_browser(world: World, hashes: Hashes) -> None:
    customer, browser = remembered(world)
    neighbour, other = remembered(world, portal=customer.portal)[0], remembered(world)[0]
    assert asks_factor(thief(browser, customer.slug), neighbour)
    assert asks_factor(thief(browser, other.slug), other)
    assert asks_factor(thief(browser, customer.slug, CHROME), customer), "a cookie in another browser was carried there"


def test_staff_are_never_remembered(world: World, hashes: Hashes) -> None:
    customer, _ = remembered(world)
    colleague = make_colleague(customer.slug)
    member = Browser("192.0.2.3", FIREFOX)
    for n in range(2):
        world.clock.advance(minutes=2)
        member.open(f"/{customer.slug}/staff/sign-in")
        seen = member.fill(username=colleague.email, password=STAFF_PASSWORD)
        assert seen.path.endswith("/staff/sign-in/factor") and "remember" not in {
            x for f in seen.forms for x in f.names
        }, n
        form = seen.form_with("code")
        member.send(form, code=colleague.code(), remember="yes")
        assert member.cookie("staff") and member.cookie("device") is None
        member.open(f"/{customer.slug}/staff")
        member.press("Sign out")
    assert colleague.user.devices == {}


def by_reset(world: World, customer: Customer, _: Browser) -> str:
    owner = Browser("192.0.2.9")
    owner.open(f"/{customer.slug}/forgot-password")
    owner.fill(username=customer.username)
    world.drain()
    owner.open(newest_link(world, customer.email, "reset-password"))
    owner.press("Continue")
    assert "password-set" in owner.fill(password=OTHER_PASSWORD).path
    return OTHER_PASSWORD


def signed_in(world: World, customer: Customer) -> Browser:
    world.clock.advance(minutes=2)
    owner = Browser("192.0.2.9")
    enter_password(owner, customer)
    owner.fill(code=customer.otp())
    assert owner.cookie("session")
    world.clock.advance(minutes=2)
    return owner


def by_change(world: World, customer: Customer, _: Browser) -> str:
    owner = signed_in(world, customer)
    owner.open(f"/{customer.slug}/security/password")
    assert "notice=password" in owner.fill(current_password=customer.password, password=OTHER_PASSWORD).path
    return OTHER_PASSWORD


def by_forgetting(world: World, customer: Customer, _: Browser) -> str:
    owner = signed_in(world, customer)
    owner.open(f"/{customer.slug}/security")
    owner.send(owner.here.form_with("device"))
    assert customer.user.devices == {}
    return customer.password


def by_another_app(world: World, customer: Customer, _: Browser) -> str:
    with_app(signed_in(world, customer), customer)
    return customer.password


def by_a_mobile_number(world: World, customer: Customer, _: Browser) -> str:
    owner = signed_in(world, customer)
    owner.open(f"/{customer.slug}/security/mobile")
    owner.fill(mobile="+14155550166")
    world.drain()
    owner.fill(code=world.newest("+14155550166").code)
    assert len(customer.user.factors) == 2
    return customer.password


def by_not_me_and_the_way_back(world: World, customer: Customer, browser: Browser) -> str:
    world.drain()
    enter_password(Browser("192.0.2.8", CHROME), customer)
    signed_in(world, customer)
    world.drain()
    owner = Browser("192.0.2.9")
    owner.open(newest_link(world, customer.email, "not-me"))
    owner.press("This was not me")
    return by_reset(world, customer, browser)


def by_temporary_password(world: World, customer: Customer, _: Browser) -> str:
    from chalicelib import clock
    from chalicelib.security import passwords

    tx = staff(customer.portal).transaction()
    user_changes.set_password(
        tx, customer.user, passwords.hashed("k7mq-3fdx-9wtr-h2cn"), temporary_until=clock.timestamp() + 86400
    )
    tx.commit()
    return "k7mq-3fdx-9wtr-h2cn"


def by_time(world: World, customer: Customer, _: Browser) -> str:
    (noted,) = customer.user.devices.values()
    world.clock.seconds = noted.until
    return customer.password


CHANGES = (
    by_reset, by_change, by_forgetting, by_another_app, by_a_mobile_number, by_not_me_and_the_way_back,
    by_temporary_password, by_time,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_it_is_worth_nothing_to_thief_and_owner_alike(
    world: World, hashes: Hashes, change: Callable[[World, Customer, Browser], str]
) -> None:
    customer, browser = remembered(world)
    stolen = thief(browser, customer.slug)
    kept = browser.cookies[f"__Host-device-{customer.slug}"]
    password = change(world, customer, browser)
    kept.until = None  # though a browser drops it at its end
    assert asks_factor(browser, customer, password) and asks_factor(stolen, customer, password)


def test_a_device_lives_to_its_last_second(world: World, hashes: Hashes) -> None:
    customer, browser = remembered(world)
    (noted,) = customer.user.devices.values()
    assert noted.until - noted.at == 30 * 86400
    world.clock.seconds = noted.until - 1
    assert not asks_factor(browser, customer)
