"""Leads and clients whose self-service is on, made as staff make them; signed in by the pages of their own link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from chalicelib.people import record_users, users
from chalicelib.people.shapes import Account
from chalicelib.people.users import User
from chalicelib.portals import Portal
from chalicelib.selfservice import access
from tests.browsing import Browser, Seen
from tests.customers import newest_link
from tests.factories import make_account, make_portal, staff
from tests.world import World

PASSWORD_LINK = "my-password"
_names = count(1)


@dataclass(frozen=True)
class Record:
    """An account with a portal link of its own."""

    world: World
    portal: Portal
    account: Account

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    @property
    def email(self) -> str:
        """The first address on file."""
        return self.account.primary_emails[0]

    @property
    def user_id(self) -> str:
        """The id of the record's user, whether or not there is one."""
        return record_users.id_of(self.slug, self.account.id)

    @property
    def user(self) -> User:
        """The record's user as it now is."""
        return users.get(self.slug, self.user_id)

    @property
    def page(self) -> str:
        """The path of the record's own page."""
        return f"/{self.slug}/my/{self.user.username}"

    @property
    def link(self) -> str:
        """The path and token of the newest password link."""
        self.world.drain()
        return newest_link(self.world, self.email, PASSWORD_LINK)

    def password(self, browser: Browser | None = None) -> str:
        """The generated password, as the page of the newest link shows it."""
        browser = browser or Browser()
        browser.open(self.link)
        return password_shown(browser.press("Show my password"))


def make_record(world: World, portal: Portal | None = None, **details: Any) -> Record:
    """A client (unless told otherwise) whose self-service was just enabled."""
    portal = portal or make_portal(world)
    account = make_account(portal, **{"primary_emails": [f"record{next(_names)}@northwind.example"], **details})
    access.enable(staff(portal), portal, account.id)
    return Record(world, portal, account)


def password_shown(seen: Seen) -> str:
    """The password that a page shows."""
    shown = seen.page.only("code").text
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", shown), shown
    return shown


def enter(browser: Browser, record: Record, password: str) -> Seen:
    """Type the password at the record's own page."""
    browser.open(record.page)
    return browser.fill(password=password)


def sign_in(browser: Browser, record: Record) -> Seen:
    """Have the password shown, and sign in with it: the welcome page."""
    seen = enter(browser, record, record.password(browser))
    assert seen.status == 200 and browser.cookie("session"), seen.errors or seen.shown
    return seen
