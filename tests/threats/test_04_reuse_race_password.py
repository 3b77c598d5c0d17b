"""Threat 4, of credentials: whatever opens once, used 64 times at the same moment, opens once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.browsing import Browser, Seen, at_once
from tests.customers import OTHER_PASSWORD, Customer, enter_password, make_customer, newest_link, with_app
from tests.factories import facts_of
from tests.threats.conftest import Hashes
from tests.world import World

MOBILE = "+14155550199"


def sessions_of(world: World, customer: Customer) -> int:
    return sum(each["pk"]["S"].startswith(f"{customer.slug}#session#") for each in world.scan("tokens"))


def posted(tabs: list[Browser], field: str, value: str, **more: Any) -> list[Seen]:
    """The same form with the same value from all of them at once."""
    form = tabs[0].here.form_with(field)
    sent = {**form.fields, **more, field: value}
    return at_once([lambda tab=tab: tab.post(form.action, sent) for tab in tabs], threads=64)  # type: ignore[misc]


def customer_with(world: World, factor: str) -> Customer:
    """A customer with an app (and recovery codes), or a mobile number; signed out everywhere."""
    browser = Browser("192.0.2.1")
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    if factor == "sms":
        browser.open(f"/{customer.slug}/security/mobile")
        browser.fill(mobile=MOBILE)
        world.drain()
        browser.fill(code=world.newest(MOBILE).code)
        world.clock.advance(minutes=14)
        browser.open(f"/{customer.slug}/")
        world.clock.advance(minutes=6)
    else:
        customer = with_app(browser, customer)
        world.clock.advance(minutes=2)
    browser.open(f"/{customer.slug}/")
    browser.press("Sign out")
    return customer


@pytest.mark.parametrize("by", ["totp", "sms", "recovery"])
@pytest.mark.parametrize("opened", ["one sign-in", "a sign-in each"])
def test_of_64_parallel_posts_of_the_right_code_one_opens_a_session(
    world: World, hashes: Hashes, by: str, opened: str
) -> None:
    customer = customer_with(world, by)
    waiting = []
    for n in range(1 if opened == "one sign-in" or by == "sms" else 16):
        browser = Browser(f"192.0.2.{n + 10}")
        enter_password(browser, customer)
        if by == "recovery":
            browser.press("Use a recovery code")
        waiting.append(browser)
    world.drain()
    code = {
        "totp": lambda: customer.otp(), "recovery": lambda: customer.recovery[3],
        "sms": lambda: world.newest(MOBILE).code,
    }[by]()  # fmt: skip
    before = sessions_of(world, customer)
    tabs = [waiting[n % len(waiting)].copy(f"198.51.100.{n + 1}") for n in range(64)]
    forms = [tab.here.form_with("code") for tab in tabs]

    answers = at_once(
        [lambda t=t, f=f: t.post(f.action, {**f.fields, "code": code}) for t, f in zip(tabs, forms, strict=True)],  # type: ignore[misc]
        threads=64,
    )

    let_in = [tab for tab in tabs if tab.cookie("session")]
    assert len(let_in) == 1 == sessions_of(world, customer) - before, Counter(seen.status for seen in answers)
    assert len([fact for fact in facts_of(customer.slug, "client:sign-in:succeeded") if fact.changes["factor"]]) == 1
    assert len(customer.user.recovery) == (9 if by == "recovery" else 10)
    assert not any(seen.status >= 500 for seen in answers)


def test_a_recovery_code_of_another_is_not_lost_to_a_race(world: World, hashes: Hashes) -> None:
    customer = customer_with(world, "app")
    tabs = []
    for n in range(8):
        browser = Browser(f"192.0.2.{n + 10}")
        enter_password(browser, customer)
        browser.press("Use a recovery code")
        tabs.append(browser)
    forms = [tab.here.form_with("code") for tab in tabs]
    at_once(
        [
            lambda t=t, f=f, c=c: t.post(f.action, {**f.fields, "code": c})  # type: ignore[misc]
            for t, f, c in zip(tabs, forms, customer.recovery, strict=False)
        ],
        threads=8,
    )
    let_in = sum(tab.cookie("session") is not None for tab in tabs)
    assert let_in >= 1 and len(customer.user.recovery) == 10 - let_in, "each that opened is used up, and no other"


def test_of_64_parallel_presses_one_opens_the_set_up_and_of_64_choices_one_sets_the_password(
    world: World, hashes: Hashes
) -> None:
    customer = make_customer(world)
    asking = Browser("192.0.2.1")
    asking.open(f"/{customer.slug}/forgot-password")
    asking.fill(username=customer.username)
    world.drain()
    asking.open(newest_link(world, customer.email, "reset-password"))
    tabs = [asking.copy(f"198.51.100.{n + 1}") for n in range(64)]

    pressed = posted(tabs, "t", asking.here.value_of("t"))

    assert Counter(seen.status for seen in pressed) == {303: 1, 410: 63}
    (opened,) = [tab for tab in tabs if tab.cookie("setup")]
    assert len(facts_of(customer.slug, "client:credential:link-opened")) == 2, "the first credential's, and this one"
    opened.open(f"/{customer.slug}/set-password")
    tabs = [opened.copy(f"198.51.100.{n + 1}") for n in range(64)]
    form = opened.here.form_with("password")
    wanted = [f"{OTHER_PASSWORD}-{n}" for n in range(64)]

    choices = [
        lambda t=t, w=w: t.post(form.action, {**form.fields, "password": w}) for t, w in zip(tabs, wanted, strict=True)
    ]

    chosen = at_once(choices, threads=64)

    led = Counter(seen.location.rpartition("?")[2] for seen in chosen if seen.status == 303)
    assert led["notice=password-set"] == 1, led
    assert sum(led.values()) + sum(seen.status == 409 for seen in chosen) == 64
    assert len(facts_of(customer.slug, "client:credential:password-reset")) == 1
    (right,) = [
        wanted[n] for n, seen in enumerate(chosen) if seen.status == 303 and "password-set" in seen.location
    ]  # fmt: skip
    assert enter_password(Browser("192.0.2.7"), customer, right).status == 200
    assert enter_password(Browser("192.0.2.8"), customer, wanted[0 if right != wanted[0] else 1]).status == 400


def test_of_64_parallel_presses_of_not_me_one_locks_and_all_are_told_the_same(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    enter_password(Browser("192.0.2.1"), customer)
    world.drain()
    owner = Browser("192.0.2.2")
    owner.open(newest_link(world, customer.email, "not-me"))
    tabs = [owner.copy(f"198.51.100.{n + 1}") for n in range(64)]
    answers = posted(tabs, "t", owner.here.value_of("t"))
    assert {seen.status for seen in answers} == {200}, Counter(seen.status for seen in answers)
    assert len({seen.heading for seen in answers}) == 1
    assert len(facts_of(customer.slug, "client:credential:disavowed")) == 1
    sent = len(world.sent_to(customer.email))
    world.drain()
    assert len(world.sent_to(customer.email)) == sent + 1, "one link to the way back"
