"""Customers and staff with a username and a password, as they make themselves: by the link in the mail and its pages."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.running import Local, Shop, Tab, until

PASSWORD = "harbour-lantern-42-otter"
OTHER_PASSWORD = "quiet-meadow-77-violin"
SPARE = 5  # seconds for which a code of the step before must still be good


class App:
    """An authenticator app that shows no code twice: each call gives the next one that may be entered now."""

    def __init__(self, key: str) -> None:
        self._codes, self._shown = pyotp.HOTP(key.replace(" ", "")), 0

    def code(self) -> str:
        """Three at once at best; then it has to wait for the clock."""
        self._shown = until(self._next, 45)
        return self._codes.at(self._shown)

    def _next(self) -> int | None:
        now = int(time.time())
        step = max(self._shown + 1, (now + SPARE) // 30 - 1)
        return step if step <= now // 30 + 1 else None


class Customer:
    """An account that signs in by username and password, once somebody has pressed the link in its mail."""

    def __init__(self, local: Local, policy: dict[str, Any] | None = None, **settings: Any) -> None:
        self.local = local
        self.shop = Shop(local, policy={"sign_in_ways": ["password", "code"], **(policy or {})}, **settings)
        self.email, self.username = f"owner@{self.shop.slug}.example", "rivera.bakery"
        self.at_account = f"accounts/{self.shop.account['id']}"
        self.shop.call("PATCH", self.at_account, {"primary_emails": [self.email]})
        self.shop.place_in_review()

    def invite(self) -> str:
        """Send the link to choose username and password; it, as the mail has it."""
        self.shop.call("POST", f"{self.at_account}/credential/send-create")
        return self.local.newest_link(self.email, "create-credential")

    def choose_password(self, tab: Tab, link: str = "") -> None:
        """Choose them, by the link."""
        tab.page.goto(link or self.invite())
        tab.press("Continue")
        tab.type(username=self.username, password=PASSWORD)
        tab.press("Save")

    def join(self, tab: Tab, link: str = "") -> None:
        """Choose them, and sign in."""
        self.choose_password(tab, link)
        tab.type(username=self.username, password=PASSWORD)
        tab.press("Sign in")
        expect(tab.page.get_by_text("Hello, Rivera Bakery")).to_be_visible()

    def enter(self, tab: Tab, password: str = PASSWORD) -> None:
        """Type username and password, wherever that leads."""
        tab.page.goto(self.shop.url("/sign-in/password"))
        tab.type(username=self.username, password=password)
        tab.press("Sign in")

    def add_app(self, tab: Tab) -> list[str]:
        """Set up an authenticator app on the security page: the recovery codes."""
        tab.page.goto(self.shop.url("/security/app"))
        tab.type(code=App(tab.page.locator("code").inner_text()).code())
        tab.press("Turn it on")
        return recovery_codes(tab.page)


class Colleague:
    """Somebody of the staff, invited over the API."""

    def __init__(self, shop: Shop, name: str = "olive") -> None:
        self.shop, self.email = shop, f"{name}@{shop.slug}.example"
        person = {"first_name": name.title(), "last_name": "Stone", "email": self.email, "role": "owner"}
        self.id = shop.call("POST", "staff", person)["id"]

    def choose_password(self, tab: Tab) -> None:
        """By the link in the mail."""
        tab.page.goto(self.shop.local.newest_link(self.email, "staff/join"))
        tab.press("Continue")
        tab.type(password=PASSWORD)
        tab.press("Save")

    def enter(self, tab: Tab, password: str = PASSWORD) -> None:
        """Type username and password, wherever that leads."""
        tab.page.goto(self.shop.url("/staff/sign-in"))
        tab.type(username=self.email, password=password)
        tab.press("Sign in")

    def temporary_password(self) -> str:
        """Have one sent; it, as the mail has it."""
        self.shop.call("POST", f"staff/{self.id}/temporary-password")
        grouped = re.compile(r"\b[a-z0-9]{4}(?:-[a-z0-9]{4}){3}\b")
        return str(
            until(lambda: grouped.search(" ".join(each["text"] for each in self.shop.local.inbox(self.email))))[0]
        )


def recovery_codes(page: Page) -> list[str]:
    """The ten that a page shows."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Save your recovery codes")
    shown = page.locator(".codes li").all_inner_texts()
    assert len(shown) == 10 and all(re.fullmatch(r"[a-z0-9]{7}-[a-z0-9]{7}", each) for each in shown), shown
    return shown
