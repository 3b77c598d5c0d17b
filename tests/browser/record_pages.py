"""Through the pages of a client's own record, and the states of it that look different."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.running import PDF, Shop, Tab
from tests.browsing import send_file
from tests.records import BODIES

Look = Callable[[str], None]
LONGEST = "Pneumonoultramicroscopicsilicovolcanoconiosis-Featherstonehaugh " * 3


def walk_the_record(shop: Shop, tab: Tab, look: Look) -> None:
    """What is shared, then a prescription and a care provider: added, changed meanwhile by staff, removed."""
    page, at = tab.page, f"accounts/{shop.account['id']}"
    page.goto(shop.url("/records"))
    look("the record, empty")
    shop.call("POST", f"{at}/products", BODIES["products"])
    shop.call("POST", f"{at}/products", {**BODIES["products"], "plan": LONGEST.strip()})
    shop.call("POST", f"{at}/links", BODIES["links"])
    share_a_file(shop, "Policy 2031.pdf")
    share_a_file(shop, f"{LONGEST.strip()}.pdf")
    page.goto(shop.url("/"))
    look("welcome, with a record")
    page.get_by_role("link", name="Documents").click()
    look("the record, at its documents")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Policy 2031.pdf").click()
    assert saved.value.path().read_bytes() == PDF
    page.goto(shop.url("/"))
    page.get_by_role("link", name="Prescriptions").click()
    for kind, one in (("prescriptions", "prescription"), ("providers", "care provider")):
        page.get_by_role("link", name=f"Add a {one}").click()
        look(f"a {one} to add")
        tab.press("Add")
        look(f"a {one} to add, with errors")
        tab.type(name=LONGEST.strip())
        tab.press("Add")
        look(f"a {one}, added")
        change(shop, tab, look, kind, one)
    page.get_by_role("link", name="Remove").first.click()
    tab.press("Remove")
    look("the record, after a removal")


def share_a_file(shop: Shop, name: str) -> None:
    """Staff put a file on the record, meant for the client."""
    at = f"accounts/{shop.account['id']}/documents"
    form = shop.call("POST", at, {"name": name, "content_type": "application/pdf", "allow_client_access": True})
    send_file(form["url"], form["fields"], PDF, "a.pdf")
    shop.call("POST", f"{at}/{form['document']['id']}/check")


def change(shop: Shop, tab: Tab, look: Look, kind: str, one: str) -> None:
    """The client and staff at the same time."""
    page, at = tab.page, f"accounts/{shop.account['id']}/{kind}"
    held = shop.call("GET", at)["items"][0]
    page.locator(f"#{kind}").get_by_role("link", name="Edit").click()
    look(f"a {one} to edit")
    shop.call("PATCH", f"{at}/{held['id']}", {"name": "Changed by staff"})
    tab.press("Save")
    look(f"a {one}, changed meanwhile")
    tab.press("Save")
    page.locator(f"#{kind}").get_by_role("link", name="Remove").click()
    look(f"a {one} to remove")
    shop.call("PATCH", f"{at}/{held['id']}", {"name": "Changed once more"})
    tab.press("Remove")
    look(f"a {one} to remove, changed meanwhile")
    page.get_by_role("link", name="Keep it").click()
