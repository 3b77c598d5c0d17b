"""Every hosted page, on the way through the story: by axe in light and dark, on phones and desktops, under its policy."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from chalicelib.web.guard import GUARDS
from tests.browser import axe
from tests.browser.credential_pages import Look, walk_as_customer, walk_as_staff
from tests.browser.office_pages import walk_at_office
from tests.browser.record_pages import walk_the_record
from tests.browser.running import IN_BROWSER, PDF, Local, Shop, Tab
from tests.browser.self_service_pages import walk_as_record
from tests.browser.viewing_pages import walk_as_viewer
from tests.records import MODULES

AXE = axe.script()
pytestmark = [
    *IN_BROWSER,
    pytest.mark.skipif(AXE is None, reason="AXE COULD NOT BE INSTALLED BY NPM: pages were not looked at by it"),
]
WIDTHS = (320, 390, 768, 1280)


@pytest.mark.parametrize("side", ["by code", "by password", "staff", "office", "self-service", "view as client"])
def test_every_page_is_accessible_fits_and_keeps_to_its_policy(
    local: Local, tab: Tab, tmp_path: Path, side: str
) -> None:
    assert AXE is not None
    source, faults, looked, paths = AXE.read_text(encoding="utf-8"), list[str](), list[str](), set[str]()

    def look(name: str) -> None:
        page = tab.page
        looked.append(name)
        paths.add(urlsplit(page.url).path)
        grounds = set()
        for scheme, rules in (("light", None), ("dark", axe.OF_COLOUR)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            faults.extend(f"{name}, {scheme}: {fault}" for fault in axe.violations(page, source, rules))
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        if len(grounds) != 2:
            faults.append(f"{name}: dark mode looks like light mode")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            over = page.evaluate("document.documentElement.scrollWidth") - width
            if over > 0:
                faults.append(f"{name}: scrolls sideways by {over} at {width}")
        page.emulate_media(color_scheme="light")

    match side:
        case "by code":
            walk(local, tab, look, tmp_path)
        case "by password":
            walk_as_customer(local, tab, look)
        case "office":
            walk_at_office(local, tab, look)
        case "self-service":
            walk_as_record(local, tab, look)
        case "view as client":
            walk_as_viewer(local, tab, look)
        case _:
            walk_as_staff(local, tab, look)
    assert faults == []
    assert len(looked) == len(set(looked))
    missed = {route for route in PAGES if side_of(route) == side and not any(leads(route, path) for path in paths)}
    assert missed - NOT_SEEN == set(), "a page that nobody looks at"


PAGES = {
    route
    for (method, route), guard in GUARDS.items()
    if guard.audience in ("visitor", "client", "staff") and method == "GET"
}
NOT_SEEN = {  # they lead to the file
    "/{portal}/batches/{batch}/documents/{document}",
    "/{portal}/records/documents/{document}",
}
OF_CODES = ("", "/{proxy+}", "/trouble", "/help", "/help/sent", "/sign-in", "/sign-in/confirm", "/sign-in/code",
           "/unsubscribe")  # fmt: skip


def side_of(route: str) -> str:
    """Which walk is to come by a page."""
    rest = route.removeprefix("/{portal}")
    if rest in ("/views", "/staff/view-as"):
        return "view as client"
    if rest in OF_CODES or rest.startswith(("/batches/", "/records")):
        return "by code"
    if rest == "/sign-in/own-password" or rest.split("/")[1] in ("register", "join"):
        return "office"
    if rest.split("/")[1] in ("my", "my-password"):
        return "self-service"
    return "staff" if rest.split("/")[1] == "staff" else "by password"


def leads(route: str, path: str) -> bool:
    """Whether a path is one of a route."""
    one = {"portal": "[^/]+", "proxy+": "nowhere", "code": "rec-[a-z2-9]{12}"}
    pattern = re.sub(r"{([^}]+)}", lambda found: one.get(found[1], "[0-9a-f]{32}"), route)
    return re.fullmatch(f"{pattern}/?", path) is not None


def walk(local: Local, tab: Tab, look: Look, folder: Path) -> None:
    """Through every page, and the states of it that look different."""
    shop = Shop(
        local,
        policy={"session_idle_minutes": 5},
        incident_banner="Texts are slow today. See https://status.acme.example",
        wording={"additional_notes": "New here? Ask us."},
        tiles=[{"title": "Guide", "text": "How plans work.", "url": "https://acme.example/guide"}],
        privacy_url="https://acme.example/privacy",
        modules=MODULES,
    )
    page = tab.page
    shop.place_in_review()
    page.goto(shop.url("/sign-in"))
    look("sign in")
    tab.press("Next")
    look("sign in, with errors")
    page.get_by_role("link", name="Trouble signing in?").click()
    look("trouble")
    page.get_by_role("main").get_by_role("link", name="Ask us for help").click()
    look("help")
    tab.press("Send")
    look("help, with errors")
    page.get_by_label("No code arrives").check()
    tab.type(name="Maria", reached_by="maria@example.com", message="I waited.")
    tab.press("Send")
    look("help, sent")
    page.goto(shop.url("/unsubscribe?t=1.x"))
    look("unsubscribe, by half a link")
    page.goto(shop.url("/nowhere"))
    look("no such page")
    page.goto(f"{local.url}/no-such-portal/")
    look("no such portal")
    before_the_code(shop, tab, look)
    look("welcome")
    page.goto(shop.url(f"/{shop.at_batch}"))
    look("a batch in review, without documents")
    send_file(page, tab, folder, look)
    look("a batch in review")
    tab.press("Send my answer")
    look("a batch, with errors")
    page.clock.install()
    page.reload()
    page.clock.run_for(190_000)
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
    look("a batch, about to be signed out")
    tab.press("Stay signed in")
    page.get_by_label("I ask for changes").check()
    page.get_by_label("Your comment").fill("Less, please.")
    tab.press("Send my answer")
    look("a batch that was answered")
    page.goto(shop.url(f"/batches/{'0' * 32}"))
    look("a batch of nobody")
    walk_the_record(shop, tab, look)
    tab.press("Sign out")
    look("signed out")


def before_the_code(shop: Shop, tab: Tab, look: Look) -> None:
    page = tab.page
    page.goto(shop.url("/"))
    tab.type(client_number=shop.number, last_name=shop.last_name)
    tab.press("Next")
    look("confirm")
    tab.press("Send Verification Code")
    look("confirm, with errors")
    tab.type(destination=shop.email)
    tab.press("Send Verification Code")
    look("code")
    tab.type(code="12")
    tab.press("Next")
    look("code, with errors")
    tab.type(code=shop.local.newest_code(shop.email))
    tab.press("Next")


def send_file(page: Page, tab: Tab, folder: Path, look: Look) -> None:
    page.get_by_role("link", name="Send us a file").click()
    look("upload: name")
    tab.type(name="Signed enrolment form")
    tab.press("Next")
    look("upload: file")
    file = folder / "scan.pdf"
    file.write_bytes(PDF)
    page.get_by_label("File").set_input_files(file)
    tab.press("Send")
    look("upload: finish")
    tab.press("Check and share")
    look("upload: done")
    page.get_by_role("link", name="Go back to the documents").click()


def test_axe_finds_what_is_planted(tab: Tab) -> None:
    """The test above can fail."""
    assert AXE is not None
    tab.page.set_content("<html><body><img src='x'><p style='color:#999;background:#aaa'>soft</p></body></html>")
    found = " ".join(axe.violations(tab.page, AXE.read_text(encoding="utf-8")))
    assert "image-alt" in found and "color-contrast" in found and "html-has-lang" in found
