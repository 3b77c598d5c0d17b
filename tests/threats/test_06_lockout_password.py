"""Threat 6, of passwords: a stranger locks a username; its owner goes on in a browser that is known for it."""

from __future__ import annotations

import pytest

from tests.browsing import Browser
from tests.customers import OTHER_PASSWORD, Customer, enter_password, make_customer, with_app
from tests.threats.conftest import Hashes
from tests.world import World


def lock(customer: Customer) -> None:
    stranger = Browser("198.51.100.66")
    for _ in range(10):
        assert enter_password(stranger, customer, "not-the-password-77").status == 400
    assert enter_password(stranger, customer, "not-the-password-77").status == 429
    assert enter_password(Browser("198.51.100.67"), customer).status == 429


@pytest.mark.parametrize("factor", ["none", "app", "recovery code"])
def test_a_stranger_locks_strangers_out_and_the_known_browser_signs_in(
    world: World, hashes: Hashes, factor: str
) -> None:
    home = Browser("192.0.2.1")
    customer = make_customer(world, browser=home)
    enter_password(home, customer)
    if factor != "none":
        customer = with_app(home, customer)
        world.clock.advance(minutes=2)
    home.open(f"/{customer.slug}/")
    home.press("Sign out")
    lock(customer)
    seen = enter_password(home, customer)
    if factor != "none":
        assert seen.path.endswith("/sign-in/factor") and home.cookie("session") is None
        if factor == "recovery code":
            home.press("Use a recovery code")
        home.fill(code=customer.otp() if factor == "app" else customer.recovery[0])
    assert home.cookie("session")
    assert enter_password(Browser("198.51.100.68"), customer).status == 429, (
        "which does not unlock the stranger's counter"
    )


def test_who_is_signed_in_can_change_the_password_while_strangers_are_locked_out(world: World, hashes: Hashes) -> None:
    home = Browser("192.0.2.1")
    customer = make_customer(world, browser=home)
    enter_password(home, customer)
    world.clock.advance(minutes=11)
    lock(customer)
    assert home.open(f"/{customer.slug}/security/app").path.endswith("/security/confirm?then=app")
    home.fill(password=customer.password)
    assert home.open(f"/{customer.slug}/security/app").path.endswith("/security/app")
    lock_again = enter_password(Browser("198.51.100.69"), customer)
    home.open(f"/{customer.slug}/security/password")
    seen = home.fill(current_password=customer.password, password=OTHER_PASSWORD)
    assert "Your password is changed" in seen.shown, (seen.errors, lock_again.status)


def test_a_thief_of_a_session_has_ten_tries_at_the_password_on_its_security_page(world: World, hashes: Hashes) -> None:
    home = Browser("192.0.2.1")
    customer = make_customer(world, browser=home)
    enter_password(home, customer)
    thief, before = home.copy("198.51.100.66"), hashes.compared
    answers = []
    for n in range(20):
        thief.open(f"/{customer.slug}/security/{'confirm' if n % 2 else 'password'}")
        typed = {"password": f"guess-{n}"} if n % 2 else {"current_password": f"guess-{n}", "password": OTHER_PASSWORD}
        answers.append(thief.fill(**typed).status)
    assert answers == [400] * 10 + [429] * 10 and hashes.compared - before == 10
    assert customer.user.password_at == world.clock()
    assert enter_password(Browser("192.0.2.9"), customer).status == 200, "which locks the owner out of nothing"
