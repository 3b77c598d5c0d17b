"""Threat 20, of passwords: what an attacker puts into a browser beforehand is replaced, or is worth nothing there."""

from __future__ import annotations

import pyotp
import pytest

from chalicelib import clock
from tests.browsing import Browser
from tests.customers import (
    OTHER_PASSWORD,
    Customer,
    enter_password,
    make_customer,
    newest_link,
    password_portal,
    seed_shown,
    with_app,
)
from tests.staffing import PASSWORD as STAFF_PASSWORD
from tests.staffing import make_colleague
from tests.threats.conftest import Hashes
from tests.world import World

PLANTED = "attacker-knows-this-value-0123456789abcdefghi"


def held(browser: Browser, kind: str, slug: str) -> str:
    return browser.cookies[f"__Host-{kind}-{slug}"].value


def plant(browser: Browser, slug: str, kind: str = "session", value: str = PLANTED) -> None:
    browser.set_cookie(kind, slug, value)


def opens_nothing(customer: Customer, kind: str = "session") -> bool:
    """Whether the attacker gets nowhere with what was planted."""
    attacker = Browser("198.51.100.66")
    plant(attacker, customer.slug, kind)
    return "/sign-in" in attacker.open(f"/{customer.slug}/{'staff' if kind == 'staff' else ''}").path


@pytest.mark.parametrize("factor", ["none", "app", "set up at sign-in"])
def test_a_session_id_set_beforehand_is_replaced_at_every_way_in(world: World, hashes: Hashes, factor: str) -> None:
    required = factor == "set up at sign-in"
    portal = password_portal(world, policy={"second_factor": "required"} if required else {})
    home = Browser("192.0.2.1")
    customer = make_customer(world, portal, browser=home)
    if factor == "app":
        enter_password(home, customer)
        customer = with_app(home, customer)
        world.clock.advance(minutes=2)
    victim = Browser("192.0.2.2")
    plant(victim, portal.slug)
    seen = enter_password(victim, customer)
    if factor == "app":
        assert seen.path.endswith("/sign-in/factor") and victim.cookie("session") == PLANTED
        victim.fill(code=customer.otp())
    elif required:
        seen = victim.open(f"/{portal.slug}/sign-in/set-up/app")
        victim.fill(name="", code=pyotp.TOTP(seed_shown(seen)).at(clock.timestamp()))
    assert victim.cookie("session") not in (None, PLANTED) and opens_nothing(customer)
    assert victim.copy().open(f"/{portal.slug}/security").status == 200
    assert [victim.cookie(kind) for kind in ("pending", "setup", "draft", "step")] == [None] * 4, (
        "no step is left behind"
    )


def test_a_staff_session_id_set_beforehand_is_replaced(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    colleague = make_colleague(customer.slug)
    victim = Browser("192.0.2.2")
    plant(victim, customer.slug, "staff")
    victim.open(f"/{customer.slug}/staff/sign-in")
    victim.fill(username=colleague.email, password=STAFF_PASSWORD)
    victim.fill(code=colleague.code())
    assert victim.cookie("staff") not in (None, PLANTED) and opens_nothing(customer, "staff")


def test_every_privilege_change_makes_a_new_session_and_a_new_form_token(world: World, hashes: Hashes) -> None:
    victim = Browser("192.0.2.2")
    customer = make_customer(world, browser=victim)
    sessions, tokens = [], []
    for _ in range(2):
        enter_password(victim, customer)
        sessions.append(victim.cookie("session"))
        tokens.append(victim.open(f"/{customer.slug}/security").csrf)
    thief = victim.copy("198.51.100.66")
    victim.open(f"/{customer.slug}/security/password")
    victim.fill(current_password=customer.password, password=OTHER_PASSWORD)
    sessions.append(victim.cookie("session"))
    tokens.append(victim.open(f"/{customer.slug}/security").csrf)
    assert None not in sessions and len(set(sessions)) == 3 == len(set(tokens))
    assert "/sign-in" in thief.open(f"/{customer.slug}/security").path, "the id of before is over"


def test_an_attackers_half_done_sign_in_is_unusable_in_the_victims_browser(world: World, hashes: Hashes) -> None:
    home = Browser("198.51.100.66")
    attackers = make_customer(world, browser=home)
    enter_password(home, attackers)
    attackers = with_app(home, attackers)
    world.clock.advance(minutes=2)
    attacker = Browser("198.51.100.66")
    assert enter_password(attacker, attackers).path.endswith("/sign-in/factor")
    victim = Browser("192.0.2.2")
    victim.open(f"/{attackers.slug}/sign-in/password")
    plant(victim, attackers.slug, "pending", held(attacker, "pending", attackers.slug))
    assert victim.open(f"/{attackers.slug}/sign-in/factor").path.endswith("notice=step-over")
    csrf = victim.open(f"/{attackers.slug}/sign-in/password").csrf
    plant(victim, attackers.slug, "pending", held(attacker, "pending", attackers.slug))
    for path, typed in (
        ("factor", {"code": attackers.otp()}), ("factor/use", {"method": "recovery"}),
        ("own-password", {"password": OTHER_PASSWORD}), ("set-up", {"method": "totp"}),
    ):  # fmt: skip
        answer = victim.copy().post(f"/{attackers.slug}/sign-in/{path}", {"csrf": csrf, **typed})
        assert answer.status == 303 and answer.location.endswith("notice=step-over"), path
    assert victim.cookie("session") is None
    assert attacker.fill(code=attackers.otp()).status == 200, "it was good where it was begun"


def test_an_attackers_opened_link_is_unusable_in_the_victims_browser(world: World, hashes: Hashes) -> None:
    attackers = make_customer(world)
    attacker, victim = Browser("198.51.100.66"), Browser("192.0.2.2")
    attacker.open(f"/{attackers.slug}/forgot-password")
    attacker.fill(username=attackers.username)
    world.drain()
    attacker.open(newest_link(world, attackers.email, "reset-password"))
    attacker.press("Continue")
    csrf = victim.open(f"/{attackers.slug}/sign-in/password").csrf
    plant(victim, attackers.slug, "setup", held(attacker, "setup", attackers.slug))
    answer = victim.post(f"/{attackers.slug}/set-password", {"csrf": csrf, "password": OTHER_PASSWORD})
    assert answer.status == 303 and answer.location.endswith("notice=link-over")
    assert "password-set" in attacker.fill(password=OTHER_PASSWORD).path


def test_a_set_up_planted_before_a_press_is_replaced_by_it(world: World, hashes: Hashes) -> None:
    one = make_customer(world)
    other = make_customer(world, one.portal)
    victim = Browser("192.0.2.2")
    links = []
    for customer in (one, other):
        victim.open(f"/{one.slug}/forgot-password")
        victim.fill(username=customer.username)
        world.drain()
        links.append(newest_link(world, customer.email, "reset-password"))
    victim.open(links[0])
    victim.press("Continue")  # as if an attacker had pressed it here
    first = held(victim, "setup", one.slug)
    victim.open(links[1])
    victim.press("Continue")
    assert held(victim, "setup", one.slug) != first
    before = one.user.password_hash
    assert "password-set" in victim.fill(password=OTHER_PASSWORD).path and victim.cookie("setup") is None
    assert one.user.password_hash == before
    assert enter_password(Browser("192.0.2.3"), other, OTHER_PASSWORD).status == 200


def test_nobody_is_signed_in_by_a_form_of_another_site_or_browser(world: World, hashes: Hashes) -> None:
    attackers = make_customer(world)
    attacker, victim = Browser("198.51.100.66"), Browser("192.0.2.2")
    form = attacker.open(f"/{attackers.slug}/sign-in/password").form_with("username", "password")
    typed = {**form.fields, "username": attackers.username, "password": attackers.password}
    victim.open(f"/{attackers.slug}/sign-in/password")
    mine = {**typed, "csrf": victim.here.csrf}
    assert victim.post(form.action, typed).status == 403
    assert victim.post(form.action, mine, origin="https://evil.example").status == 403
    assert victim.post(form.action, mine, origin="null").status == 403
    assert victim.cookie("session") is None and victim.cookie("pending") is None
    assert victim.post(form.action, mine).status == 303
