"""Threat 1, of passwords and second factors: guesses at one user, hundreds at the same time, each from its own address."""

from __future__ import annotations

from collections import Counter

from chalicelib.security import limits
from tests.browsing import Browser, Seen, at_once
from tests.customers import OTHER_PASSWORD, Customer, enter_password, make_customer, newest_link, with_app
from tests.factories import facts_of, other_than
from tests.threats.conftest import Hashes
from tests.world import MovableClock, World

WRONG = "not-the-password-77"


def strangers(customer: Customer, count: int, first: int = 0) -> list[Browser]:
    """Browsers that nobody knows, each at an address of its own, before the password page."""
    found = []
    for n in range(first, first + count):
        browser = Browser(f"198.{51 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}")
        browser.open(f"/{customer.slug}/sign-in/password")
        found.append(browser)
    return found


def guess(browser: Browser, customer: Customer, password: str) -> Seen:
    form = browser.here.form_with("username", "password")
    return browser.post(form.action, {**form.fields, "username": customer.username, "password": password})


def all_at_once(browsers: list[Browser], customer: Customer, password: str = WRONG) -> Counter[int]:
    return Counter(
        seen.status
        for seen in at_once([lambda b=b: guess(b, customer, password) for b in browsers], threads=64)  # type: ignore[misc]
    )


def test_of_200_wrong_passwords_at_once_exactly_10_are_compared_and_the_right_one_is_refused(
    world: World, hashes: Hashes
) -> None:
    customer = make_customer(world)
    guessers = strangers(customer, 200)
    before = hashes.compared

    answers = all_at_once(guessers, customer)

    assert answers == {400: 10, 429: 190} and hashes.compared - before == 10
    assert len(facts_of(customer.slug, "client:sign-in:password-wrong")) == 10
    refused = enter_password(Browser("192.0.2.9"), customer)
    assert refused.status == 429 and "Reset your password, or wait" in refused.errors["password"]
    assert hashes.compared - before == 10, "what is refused is not even looked at"


def test_each_lock_after_five_more_lasts_twice_as_long_and_the_hundredth_is_for_good(
    world: World, moment: MovableClock, hashes: Hashes
) -> None:
    customer = make_customer(world)
    guessers, before = strangers(customer, 16), hashes.compared
    lasted: list[int] = []
    while True:
        answers = all_at_once(guessers, customer)
        assert answers[400] == (5 if lasted else 10), (answers, lasted)
        told = enter_password(Browser("192.0.2.9"), customer)
        assert told.status == 429
        if "Retry-After" not in told.headers:
            break
        held = int(told.headers["Retry-After"])
        lasted.append(held // 60)
        moment.advance(held - 1)
        assert enter_password(Browser("192.0.2.9"), customer).status == 429
        moment.advance(1)
    assert lasted == [15, 30, 60, 120, 240, 480, 960, *[1440] * 11]
    assert hashes.compared - before == limits.LOCK_FOR_GOOD
    assert "Contact support" in told.errors["password"]
    moment.advance(days=29)
    assert enter_password(Browser("192.0.2.9"), customer).status == 429


def test_a_reset_by_mail_lets_in_again(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    all_at_once(strangers(customer, 16), customer)
    browser = Browser("192.0.2.9")
    browser.open(f"/{customer.slug}/forgot-password")
    browser.fill(username=customer.username)
    world.drain()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    browser.fill(password=OTHER_PASSWORD)
    assert enter_password(Browser("192.0.2.10"), customer, OTHER_PASSWORD).status == 200
    assert enter_password(browser, customer, OTHER_PASSWORD).status == 200


def test_a_reset_by_mail_lets_in_again_where_the_owner_locked_the_known_browser(world: World, hashes: Hashes) -> None:
    browser = Browser("192.0.2.9")
    customer = make_customer(world, browser=browser)
    for _ in range(10):
        assert enter_password(browser, customer, WRONG).status == 400
    assert enter_password(browser, customer).status == 429
    browser.open(f"/{customer.slug}/forgot-password")
    browser.fill(username=customer.username)
    world.drain()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    browser.fill(password=OTHER_PASSWORD)
    assert enter_password(browser, customer, OTHER_PASSWORD).status == 200


def test_of_200_wrong_codes_of_the_app_at_once_over_40_sign_ins_exactly_10_are_evaluated(
    world: World, hashes: Hashes
) -> None:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    world.clock.advance(minutes=5)
    thieves = strangers(customer, 40)
    for each in thieves:
        assert enter_password(each, customer).path.endswith("/sign-in/factor")
    wrong = other_than(customer.otp(), 7)
    tabs = [
        (each.copy(f"198.18.{n}.{k}"), each.here.form_with("code")) for n, each in enumerate(thieves) for k in range(5)
    ]

    answers = Counter(
        seen.status
        for seen in at_once(
            [lambda t=t, f=f: t.post(f.action, {**f.fields, "code": wrong}) for t, f in tabs],  # type: ignore[misc]
            threads=64,
        )
    )

    # The last try of a step leads back to the password page (303).
    assert answers[400] + answers[303] == 10 and answers[429] == 190 and answers.total() == 200
    assert len(facts_of(customer.slug, "client:sign-in:factor-wrong")) == 10
    late = strangers(customer, 1, 900)[0]
    assert enter_password(late, customer).status == 429, "the password is not asked either while it is locked"
