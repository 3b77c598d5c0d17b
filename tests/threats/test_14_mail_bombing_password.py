"""Threat 14, of credentials: every way to have somebody mailed or texted, a hundred times each, all into one inbox.

The pages only pass on what is asked here (see `test_14_mail_bombing`, and the journeys).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from chalicelib.errors import Refusal, TooMany
from chalicelib.facts import Act
from chalicelib.people import credentials
from chalicelib.security.links import LinkOver
from chalicelib.signin import asked_links, by_client_number, by_link, by_password, doors, factor_setup, second_factor
from chalicelib.signin.doors import Pending, Visitor
from tests.browsing import Browser, at_once
from tests.customers import (
    Customer,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
)
from tests.factories import Client, make_client, staff
from tests.self_service import make_record
from tests.threats.conftest import Hashes
from tests.threats.test_14_mail_bombing import A_DAY, A_QUARTER, REQUESTS
from tests.world import MovableClock, World

EMAIL, MOBILE = "victim@northwind.example", "+14155550177"
DAY, QUARTER = 23 * 3600, 14 * 60


def reached(world: World, moment: MovableClock, to: str, seconds: int, ask: Callable[[int], None]) -> list[float]:
    """When messages got there, of 100 requests spread over so many seconds."""
    found: list[float] = []
    for n in range(REQUESTS):
        moment.seconds += seconds / REQUESTS
        before = len(world.sent_to(to))
        ask(n)
        world.drain(feedback=False)
        found += [moment.seconds] * (len(world.sent_to(to)) - before)
    return found


def fits(at: list[float]) -> bool:
    """Whether messages at these moments are as few as may be, and not none."""
    quarters = zip(at, at[A_QUARTER:], strict=False)
    return 1 < len(at) <= A_DAY and all(later - first >= 15 * 60 for first, later in quarters)


def by_code(client: Client, method: str, destination: str) -> Callable[[str], object]:
    """Somebody asks for a code to sign in by."""
    visit = by_client_number.begin(client.number, client.last_name)

    def ask(address: str) -> object:
        visitor = by_client_number.Visitor(address)
        return by_client_number.request_code(
            Act(client.slug, "visitor"), client.portal, visit, visitor, method, destination
        )

    return ask


def ways_to_mail(world: World) -> Iterator[tuple[str, Callable[[str], object]]]:
    """All that a stranger can press, each by name: one victim, who has a username, is new elsewhere, and signs in by code."""
    portal = password_portal(world)
    act, door = Act(portal.slug, "visitor"), doors.for_clients(portal)
    customer = make_customer(world, portal, primary_emails=[EMAIL])
    newcomer, _ = make_customer_account(portal, primary_emails=[EMAIL])
    credentials.send_create(staff(portal), portal, newcomer.id)
    asking = Browser()
    asking.open(f"/{portal.slug}/forgot-password")
    asking.fill(username=customer.username)
    world.drain()
    old = {
        path: newest_link(world, EMAIL, path).partition("?t=")[2] for path in ("create-credential", "reset-password")
    }
    record = make_record(world, portal, primary_emails=[EMAIL])
    unused, code = record.link.partition("?t=")[2], record.user.username
    page = doors.for_records(portal)
    numbers = (str(customer.account.number), str(newcomer.number))
    yield "code", by_code(make_client(world, portal, emails=[EMAIL]), "email", EMAIL)
    yield "password", lambda at: asked_links.forgot_password(act, portal, door, customer.username, Visitor(at, "x"))
    yield "username", lambda at: asked_links.by_number(act, portal, numbers[0], Visitor(at, "x"))
    yield "first time", lambda at: asked_links.by_number(act, portal, numbers[1], Visitor(at, "x"))
    yield "lost password", lambda at: asked_links.forgot_password(act, portal, page, code, Visitor(at, "x"))
    yield "lost again", lambda _: by_link.send_again(act, portal, "self-service-password", unused)
    yield "create again", lambda _: by_link.send_again(act, portal, "credential-create", old["create-credential"])
    yield "reset again", lambda _: by_link.send_again(act, portal, "password-reset", old["reset-password"])


@pytest.mark.parametrize(("seconds", "order"), [(DAY, 1), (QUARTER, -1)])
def test_of_100_requests_by_each_of_eight_ways_at_most_8_mails_a_day_reach_the_victim(
    world: World, moment: MovableClock, hashes: Hashes, seconds: int, order: int
) -> None:
    ways = list(ways_to_mail(world))[::order]
    moment.advance(days=4)
    let = dict.fromkeys((name for name, _ in ways), 0)

    def ask(n: int) -> None:
        for name, way in ways:
            with suppress(TooMany, LinkOver):
                way(f"198.51.100.{n + 1}")
                let[name] += 1

    at = reached(world, moment, EMAIL, seconds, ask)
    assert fits(at) if seconds == DAY else len(at) == A_QUARTER, at
    assert let["password"] and let["code"] and (order == 1 or let["create again"]), let


def test_a_link_that_ran_out_is_sent_again_by_100_at_once_3_times_at_most(
    world: World, moment: MovableClock, hashes: Hashes
) -> None:
    customer = make_customer(world)
    asking = Browser()
    asking.open(f"/{customer.slug}/forgot-password")
    asking.fill(username=customer.username)
    world.drain()
    expired = newest_link(world, customer.email, "reset-password")
    moment.advance(hours=1)
    form = Browser().open(expired).form_with("t", "purpose")
    tabs = [Browser(f"198.51.100.{n + 1}") for n in range(REQUESTS)]
    forms = [{**form.fields, "csrf": tab.open(expired).csrf} for tab in tabs]
    start = len(world.inbox)
    at_once([lambda t=t, f=f: t.post(form.action, f) for t, f in zip(tabs, forms, strict=True)], threads=32)  # type: ignore[misc]
    world.drain()
    assert 1 <= len(world.inbox) - start <= A_QUARTER


def set_up(world: World, customer: Customer, browser: Browser) -> None:
    enter_password(browser, customer)
    browser.open(f"/{customer.slug}/security/mobile")
    browser.fill(mobile=MOBILE)
    world.drain()
    browser.fill(code=world.newest(MOBILE).code)
    assert customer.user.sms_number == MOBILE


def test_of_100_requests_by_every_way_a_stranger_has_at_most_8_texts_a_day_reach_a_number(
    world: World, moment: MovableClock, hashes: Hashes
) -> None:
    portal = password_portal(world)
    ask_code = by_code(make_client(world, portal, mobile=MOBILE), "sms", MOBILE)
    attackers = [make_customer(world, portal).user for _ in range(4)]

    def ask(n: int) -> None:
        with suppress(TooMany):
            ask_code(f"198.51.100.{n + 1}")
        with suppress(TooMany):  # from accounts of their own, as a second factor to set up
            factor_setup.send_to_mobile(Act(portal.slug, "visitor"), portal, attackers[n % 4], MOBILE)

    world.drain()
    assert fits(at := reached(world, moment, MOBILE, DAY, ask)), at


def test_who_knows_the_password_has_at_most_8_texts_a_day_sent_to_its_owner(
    world: World, moment: MovableClock, hashes: Hashes
) -> None:
    customer = make_customer(world)
    set_up(world, customer, Browser("192.0.2.1"))
    moment.advance(days=2)
    portal, act, door = customer.portal, Act(customer.slug, "visitor"), doors.for_clients(customer.portal)
    opened = 0

    def ask(n: int) -> None:
        nonlocal opened
        thief = Visitor(f"198.51.100.{n + 1}", "curl")
        begun = by_password.enter(act, portal, door, customer.username, customer.password, thief)
        assert isinstance(begun, Pending), "the step opens all the same"
        opened += 1
        with suppress(Refusal):
            second_factor.use(act, portal, begun, "sms", thief)

    assert fits(at := reached(world, moment, MOBILE, DAY, ask)), at
    assert opened == REQUESTS
