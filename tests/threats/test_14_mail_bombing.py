"""Threat 14. Mail bombing: 100 requests per victim by every way a visitor has, spread over a day: at most 8 reach them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browsing import Browser, at_once
from tests.factories import Client, ask_code, begin, make_account, make_batch, make_client, make_contact
from tests.world import MovableClock, World

REQUESTS, A_DAY, A_QUARTER = 100, 8, 3
Flow = Callable[[Client, int, MovableClock, Browser], None]


def from_everywhere(client: Client, n: int, _moment: MovableClock, _browser: Browser) -> None:
    """A new browser at a new address each time."""
    ask_code(Browser(f"198.51.100.{n + 1}"), client)


def by_resend(client: Client, n: int, moment: MovableClock, browser: Browser) -> None:
    """Resend, or start again where there is nothing to resend."""
    moment.advance(31)
    if browser.seen and any("Send another code" in " ".join(form.buttons) for form in browser.here.forms):
        browser.press("Send another code")
    else:
        ask_code(browser, client)


def by_spelling(client: Client, n: int, _moment: MovableClock, _browser: Browser) -> None:
    """The same address, number and name, spelled another way each time."""
    browser = Browser(f"198.51.100.{n + 1}")
    browser.open(f"/{client.slug}/sign-in")
    browser.fill(client_number=client.number.replace("-", "-" * (n % 5 + 1)), last_name=client.last_name.upper())
    email = "".join(char.upper() if n >> i & 1 else char for i, char in enumerate(client.email))
    browser.fill(method="email", destination=f" {email}" if n % 2 else email)


@pytest.mark.parametrize("flow", [from_everywhere, by_resend, by_spelling])
def test_of_100_requests_in_a_day_at_most_8_reach_the_victim_and_3_in_a_quarter_of_an_hour(
    world: World, moment: MovableClock, flow: Flow
) -> None:
    client, browser = make_client(world), Browser("203.0.113.99")
    world.drain()
    start, at = len(world.inbox), []
    for n in range(REQUESTS):
        moment.seconds += (24 * 3600 - 3600) / REQUESTS
        flow(client, n, moment, browser)
        before = len(world.inbox)
        world.drain(feedback=False)
        at += [moment.seconds] * (len(world.inbox) - before)
    assert {sent.to for sent in world.inbox} == {client.email}
    assert 1 < len(world.inbox) - start == len(at) <= A_DAY
    assert all(later - first > 15 * 60 for first, later in zip(at, at[A_QUARTER:], strict=False))


def test_of_100_requests_at_once_3_reach_the_victim(world: World) -> None:
    client = make_client(world)
    world.drain()
    start = len(world.inbox)
    ready = []
    for n in range(REQUESTS):
        begin(browser := Browser(f"198.51.100.{n + 1}"), client)
        ready.append((browser, browser.here.form_with("destination")))
    at_once(
        [lambda b=b, f=f: b.post(f.action, {**f.fields, "destination": client.email}) for b, f in ready],  # type: ignore[misc]
        threads=32,
    )
    world.drain()
    assert 1 <= len(world.inbox) - start <= A_QUARTER


def test_a_victim_on_file_at_many_accounts_gets_no_more_than_at_one(world: World) -> None:
    client = make_client(world)
    for _ in range(11):
        account = make_account(client.portal)
        make_batch(client.portal, make_contact(client.portal, account, emails=[client.email]), status="in_progress")
    others = [a for a in _accounts(client.slug) if a.id != client.account.id]
    world.drain()
    start = len(world.inbox)
    for n, account in enumerate(others):
        browser = Browser(f"198.51.100.{n + 1}")
        browser.open(f"/{client.slug}/sign-in")
        browser.fill(client_number=account.number, last_name="Nuñez")
        browser.fill(method="email", destination=client.email)
    world.drain()
    assert len(others) == 11 and len(world.inbox) - start == A_QUARTER


def _accounts(slug: str) -> list:  # type: ignore[type-arg]
    from chalicelib.people import accounts

    return accounts.listed(slug).items
