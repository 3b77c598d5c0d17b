"""Sign-ins by password, with and without a second factor, and one-time links: calls, units, and CPU apart from argon2.

argon2 is dear on purpose and the same for everybody, so what it takes is measured and left out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.sign_in import Step, Stopwatch
from bench.trace import count_calls
from chalicelib.people import credentials
from chalicelib.security import passwords
from tests.browsing import Browser
from tests.customers import (
    PASSWORD,
    Customer,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    with_app,
)
from tests.factories import staff

ROUNDS, WARM_UP = 10, 2


@dataclass(slots=True)
class Hashing:
    """CPU seconds spent inside argon2 since last asked."""

    spent: float = 0.0

    def taken(self) -> float:
        """What was spent; the count starts anew."""
        spent, self.spent = self.spent, 0.0
        return spent


@dataclass(slots=True)
class Journey:
    """Requests of one browser, each a step with its name and its CPU apart from argon2."""

    watch: Stopwatch
    hashing: Hashing
    browser: Browser
    slug: str
    steps: list[Step] = field(default_factory=list)

    def step(self, name: str, act: Callable[[], Any]) -> None:
        """One request."""
        self.hashing.taken()
        act()
        made = self.watch.newest
        made.name, made.cpu = name, made.cpu - self.hashing.taken()
        self.steps.append(made)

    def get(self, path: str) -> None:
        """Open a page; where it sends us is not followed."""
        self.step(f"GET  {path.partition('?')[0][1:] or 'welcome'}", lambda: self._get(path))

    def post(self, path: str, **typed: str) -> None:
        """Send the form of the open page."""
        self.step(f"POST {path[1:]}", lambda: self._post(path, typed))

    def _get(self, path: str) -> None:
        self.browser.seen = self.browser.ask("GET", f"/{self.slug}{path}")

    def _post(self, path: str, typed: dict[str, str]) -> None:
        answer = self.browser.post(f"/{self.slug}{path}", {"csrf": self.browser.here.csrf, **typed})
        assert answer.status == 303, answer.shown


def run(world: Any) -> None:
    """Print a table for each journey."""
    watch = Stopwatch()
    with _hashing_timed() as hashing:
        for title, journey in (
            ("Sign-in by password, known browser", _by_password),
            ("Sign-in by password and authenticator app, new browser", _with_factor),
            ("One-time link: opened, pressed, username and password chosen", _by_link),
        ):
            made = [journey(world, Journey(watch, hashing, Browser(), "")) for _ in range(WARM_UP + ROUNDS)][WARM_UP:]
            count_calls()
            _print(title, made, [journey(world, Journey(watch, hashing, Browser(), "")) for _ in range(3)])


def _print(title: str, timed: list[list[Step]], counted: list[list[Step]]) -> None:
    print(f"{title} (CPU without argon2)")
    print(f"  {'request':28}{'calls':>7}{'in a row':>10}{'read units':>12}{'write units':>13}{'CPU ms':>9}")
    for place, step in enumerate(counted[-1]):
        cpu = statistics.median(journey[place].cpu for journey in timed) * 1000
        in_a_row = min(journey[place].trace.in_a_row for journey in counted)
        trace = step.trace
        print(f"  {step.name:28}{len(trace.calls):7}{in_a_row:10}{trace.reads:12.1f}{trace.writes:13.1f}{cpu:9.2f}")
    total = statistics.median(sum(step.cpu for step in journey) for journey in timed) * 1000
    calls = sum(len(step.trace.calls) for step in counted[-1])
    print(f"  {'all':28}{calls:7}{'':35}{total:9.2f}\n")


def _by_password(world: Any, journey: Journey) -> list[Step]:
    customer = make_customer(world, browser=journey.browser)
    world.drain()
    journey.slug = customer.slug
    journey.get("/sign-in/password")
    journey.post("/sign-in/password", username=customer.username, password=PASSWORD)
    journey.get("/")
    return journey.steps


def _with_factor(world: Any, journey: Journey) -> list[Step]:
    customer = _with_authenticator(world)
    world.clock.advance(minutes=2)
    journey.slug = customer.slug
    journey.get("/sign-in/password")
    journey.post("/sign-in/password", username=customer.username, password=PASSWORD)
    journey.get("/sign-in/factor")
    journey.post("/sign-in/factor", code=customer.otp())
    journey.get("/")
    return journey.steps


def _by_link(world: Any, journey: Journey) -> list[Step]:
    portal = password_portal(world)
    account, _ = make_customer_account(portal)
    credentials.send_create(staff(portal), portal, account.id)
    world.drain()
    link = newest_link(world, account.primary_emails[0], "create-credential").removeprefix(f"/{portal.slug}")
    journey.slug = portal.slug
    journey.browser.open(f"/{portal.slug}/sign-in/password")
    journey.get(link)
    journey.post("/create-credential", t=link.partition("t=")[2])
    journey.get("/set-password")
    journey.post("/set-password", username=f"bench.{account.number}", password=PASSWORD)
    return journey.steps


def _with_authenticator(world: Any) -> Customer:
    browser = Browser()
    customer = make_customer(world, browser=browser)
    browser.open(f"/{customer.slug}/sign-in/password")
    browser.fill(username=customer.username, password=PASSWORD)
    made = with_app(browser, customer)
    world.drain()
    return made


@contextmanager
def _hashing_timed() -> Iterator[Hashing]:
    """Measure the CPU of argon2 while the block runs."""
    hashing, kept = Hashing(), (passwords.hashed, passwords.matches)

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any) -> Any:
            before = time.process_time()
            try:
                return call(*args)
            finally:
                hashing.spent += time.process_time() - before

        return measured

    passwords.hashed, passwords.matches = timed(kept[0]), timed(kept[1])
    try:
        yield hashing
    finally:
        passwords.hashed, passwords.matches = kept
