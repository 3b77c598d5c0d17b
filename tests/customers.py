"""Customers with a username and a password, made as they make themselves: by the link in the mail and the pages it opens."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pyotp

from chalicelib import clock
from chalicelib.people import credentials, users
from chalicelib.people.shapes import Account
from chalicelib.people.users import User
from chalicelib.portals import Portal
from chalicelib.selfservice.shapes import Batch
from tests.browsing import Browser, Seen
from tests.cloud import Sent
from tests.factories import make_account, make_batch, make_contact, make_portal, staff
from tests.world import World

PASSWORD = "harbour-lantern-42-otter"
OTHER_PASSWORD = "quiet-meadow-77-violin"
_names = count(1)


def password_portal(world: World, **settings: Any) -> Portal:
    """A portal where clients sign in by password, or by code. `policy` and `notifications` are added to."""
    policy = {"sign_in_ways": ["password", "code"], **settings.pop("policy", {})}
    return make_portal(world, policy=policy, **settings)


@dataclass(frozen=True)
class Customer:
    """An account with a username and a password, and a batch that is open to it."""

    portal: Portal
    account: Account
    batch: Batch
    username: str
    password: str
    seed: str = ""
    recovery: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    @property
    def email(self) -> str:
        """The account's first address on file."""
        return self.account.primary_emails[0]

    @property
    def user(self) -> User:
        """The user as it now is."""
        found = users.by_id(self.slug, self.account.id)
        assert found is not None
        return found

    def otp(self, steps: int = 0) -> str:
        """What the authenticator app shows, so many steps from now."""
        return pyotp.TOTP(self.seed).at(clock.timestamp() + 30 * steps)


def make_customer_account(portal: Portal, **details: Any) -> tuple[Account, Batch]:
    """A customer that has no username yet, and a batch open to one of its contacts."""
    number = next(_names)
    account = make_account(
        portal, record_type="customer", **{"primary_emails": [f"owner{number}@northwind.example"], **details}
    )
    contact = make_contact(portal, account)
    return account, make_batch(portal, contact)


def newest_link(world: World, address: str, path: str) -> str:
    """The path and token of the newest link of a kind that reached an address."""
    found = [sent for sent in world.sent_to(address) if sent.channel == "email" and f"/{path}?t=" in sent.text]
    assert found, f"no link to {path} was sent to {address}"
    return link_in(found[-1], path)


def link_in(sent: Sent, path: str) -> str:
    """The path and token of the link of a kind in a mail."""
    address = next(word for word in sent.text.split() if f"/{path}?t=" in word)
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def make_customer(
    world: World, portal: Portal | None = None, browser: Browser | None = None, **details: Any
) -> Customer:
    """A customer who has chosen a username and a password by the pages, in `browser`."""
    portal = portal or password_portal(world)
    account, batch = make_customer_account(portal, **details)
    credentials.send_create(staff(portal), portal, account.id)
    world.drain()
    browser = browser or Browser()
    browser.open(newest_link(world, account.primary_emails[0], "create-credential"))
    browser.press("Continue")
    username = f"northwind.{next(_names)}"
    seen = browser.fill(username=username, password=PASSWORD)
    assert seen.status == 200 and seen.path.endswith("notice=password-set"), (seen.path, seen.errors or seen.shown)
    return Customer(portal, account, batch, username, PASSWORD)


def enter_password(browser: Browser, customer: Customer, password: str | None = None) -> Seen:
    """Type username and password."""
    browser.open(f"/{customer.slug}/sign-in/password")
    return browser.fill(username=customer.username, password=password or customer.password)


def with_app(browser: Browser, customer: Customer) -> Customer:
    """Set up an authenticator app on the security page of a browser that is signed in; with its recovery codes."""
    seen = browser.open(f"/{customer.slug}/security/app")
    seed = seed_shown(seen)
    seen = browser.fill(name="My phone", code=pyotp.TOTP(seed).at(clock.timestamp()))
    assert seen.status == 200, seen.errors
    return replace(customer, seed=seed, recovery=recovery_codes(seen))


def recovery_codes(seen: Seen) -> tuple[str, ...]:
    """The codes that a page shows."""
    return tuple(each.text for each in seen.page.all("li") if re.fullmatch(r"[a-z0-9]{7}-[a-z0-9]{7}", each.text))


def seed_shown(seen: Seen) -> str:
    """The key that a page shows beside its QR code."""
    seed = seen.page.only("code").text.replace(" ", "")
    assert len(seed) == 32, seed
    return seed
