"""Through every page by which a lead or client comes to their own page, and what they see there."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.running import LOGOS, Local, Shop, Tab

Look = Callable[[str], None]


def walk_as_record(local: Local, tab: Tab, look: Look) -> None:
    """Has the password shown, signs in to the agent's card, loses the password, is shut out."""
    shop, agent = Shop(local), {"first_name": "Ada", "last_name": "Brook", "title": "Broker", "phone": "+14155550100"}
    told = {"email": f"ada@{shop.slug}.example", "role": "agent", "about": "At work since 2001."}
    told["photo_url"] = f"{LOGOS}ada.png"
    shop.call("POST", "staff", {**agent, **told})
    email, at = f"owner@{shop.slug}.example", f"accounts/{shop.account['id']}"
    shop.call("PATCH", at, {"primary_emails": [email], "assigned_agent": told["email"]})
    page = shop.call("POST", f"{at}/self-service/enable")["portal_link"]
    password = have_it_shown(shop, tab, look, email)
    sign_in(tab, look, page, password)
    lose_it(tab, look, page)
    shop.call("POST", f"{at}/self-service/disable")
    tab.page.goto(page)
    tab.type(password=password)
    tab.press("Sign in")
    look("a record's own page that is in use no more")


def have_it_shown(shop: Shop, tab: Tab, look: Look, email: str) -> str:
    """The password."""
    link = shop.local.newest_link(email, "my-password")
    tab.page.goto(link)
    look("a link to a password")
    tab.press("Show my password")
    look("the password, shown once")
    password = tab.page.locator("main code").inner_text()
    tab.page.goto(link)
    look("a link to a password that was used")
    return password


def sign_in(tab: Tab, look: Look, page: str, password: str) -> None:
    """With the wrong one first."""
    tab.page.goto(page)
    look("a record's own page")
    tab.type(password="not-the-password")
    tab.press("Sign in")
    look("a record's own page, with errors")
    tab.type(password=password)
    tab.press("Sign in")
    look("welcome, with the agent's card")
    tab.press("Sign out")


def lose_it(tab: Tab, look: Look, page: str) -> None:
    """And ask for a new link."""
    tab.page.goto(f"{page}/lost")
    look("lost the password")
    tab.press("Send me a link")
    look("lost the password, link on its way")
