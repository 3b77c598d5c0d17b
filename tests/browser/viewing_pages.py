"""Through what staff see who look at a client's pages, and the page on which the client reads of it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.credential_pages import Look
from tests.browser.customers import App, Colleague
from tests.browser.record_pages import share_a_file
from tests.browser.running import Local, Shop, Tab
from tests.records import BODIES, MODULES

_ASK = """async ([slug, wanted]) => {
  const at = `/api/v1/portals/${slug}`;
  const me = await (await fetch(`${at}/me`)).json();
  const headers = {"Content-Type": "application/json", "X-CSRF-Token": me.csrf_token};
  const answer = await fetch(`${at}/view-as`, {method: "POST", headers, body: JSON.stringify(wanted)});
  return await answer.json();
}"""
REASON = "They called, and cannot find the renewal that they are asked to answer by Friday. Ticket 4711-2031-0099."


def walk_as_viewer(local: Local, tab: Tab, look: Look) -> None:
    """Signs in as staff, asks for a view, and sees what the client sees until leaving."""
    shop, page = Shop(local, modules=MODULES), tab.page
    shop.place_in_review()
    at = f"accounts/{shop.account['id']}"
    shop.call("PATCH", at, {"record_type": "client"})
    shop.call("POST", f"{at}/products", BODIES["products"])
    share_a_file(shop, "Policy 2031.pdf")
    enter_as_staff(shop, tab)
    page.goto(asked(shop, tab)["url"])
    look("view as client: the link")
    tab.press("View as client")
    look("view as client: welcome")
    page.goto(shop.url(f"/{shop.at_batch}"))
    look("view as client: a batch in review")
    for button in (page.get_by_role("button", name="Send my answer"), page.get_by_role("button", name="Sign out")):
        expect(button).to_be_disabled()
    expect(page.get_by_label("Your comment")).to_be_disabled()
    for path in (f"/{shop.at_batch}/upload", "/records", "/records/prescriptions/new", "/help", "/views"):
        page.goto(shop.url(path))
        expect(page.get_by_role("region", name="Viewing as a client")).to_be_visible()
        look(f"view as client: {path.rpartition('/')[2]}")
    page.goto(shop.url("/security"))
    look("view as client: what is not shown")
    tab.press("Leave")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome, Olive")
    page.goto(shop.url(f"/staff/view-as?t={'x' * 20}"))
    look("view as client: a link that is over")


def asked(shop: Shop, tab: Tab) -> Any:
    """The answer of the API to a page of this tab."""
    return tab.page.evaluate(_ASK, [shop.slug, {"contact_id": shop.contact["id"], "reason": REASON}])


def enter_as_staff(shop: Shop, tab: Tab) -> None:
    """Somebody of the staff, with an authenticator app."""
    olive = Colleague(shop)
    olive.choose_password(tab)
    olive.enter(tab)
    tab.press("Continue")
    tab.type(code=App(tab.page.locator("code").inner_text()).code(), name="Phone")
    tab.press("Turn it on")
    tab.page.get_by_role("link", name="I have saved them").click()
