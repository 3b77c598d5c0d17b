"""Threat 24. A reset password is no second factor: whoever has one is asked for it after a reset, in every browser."""

from __future__ import annotations

import pytest

from tests.browsing import Browser
from tests.customers import OTHER_PASSWORD, Customer, enter_password, make_customer, newest_link, with_app
from tests.threats.conftest import Hashes
from tests.threats.test_23_stolen_device import remembered
from tests.world import World


def reset(world: World, customer: Customer, browser: Browser) -> None:
    browser.open(f"/{customer.slug}/forgot-password")
    browser.fill(username=customer.username)
    world.drain()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    seen = browser.fill(password=OTHER_PASSWORD)
    assert "password-set" in seen.path and browser.cookie("session") is None, "a reset signs nobody in"


@pytest.mark.parametrize("where", ["the remembered browser", "a known browser", "a new browser"])
def test_after_a_reset_the_factor_is_asked_and_nothing_of_it_was_lost(world: World, hashes: Hashes, where: str) -> None:
    customer, browser = remembered(world)
    if where != "the remembered browser":
        browser = browser.copy() if where == "a known browser" else Browser("192.0.2.7")
        browser.cookies.pop(f"__Host-device-{customer.slug}", None)
    held = customer.user.totp_seed
    reset(world, customer, browser)
    assert customer.user.totp_seed == held and len(customer.user.recovery) == 10
    seen = enter_password(browser, customer, OTHER_PASSWORD)
    assert seen.path.endswith("/sign-in/factor") and browser.cookie("session") is None
    assert "/sign-in" in browser.copy().open(f"/{customer.slug}/").path
    assert browser.fill(code=customer.otp()).status == 200 and browser.cookie("session")


def test_a_sign_in_that_waits_for_its_factor_is_over_with_a_reset(world: World, hashes: Hashes) -> None:
    customer, _ = remembered(world)
    thief = Browser("198.51.100.66")
    assert enter_password(thief, customer).path.endswith("/sign-in/factor")
    reset(world, customer, Browser("192.0.2.9"))
    assert thief.fill(code=customer.otp()).path.endswith("notice=step-over") and thief.cookie("session") is None


def test_every_session_is_over_with_a_reset(world: World, hashes: Hashes) -> None:
    browser = Browser("192.0.2.1")
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    with_app(browser, customer)
    reset(world, customer, Browser("192.0.2.9"))
    assert customer.user.sessions == {} == customer.user.devices
    assert "/sign-in" in browser.open(f"/{customer.slug}/security").path
