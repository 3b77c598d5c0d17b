"""The story of a benefits batch as the people in it see it: inbox, pages, a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import IN_BROWSER, PDF, Local, Shop, Tab, until

pytestmark = IN_BROWSER


@pytest.fixture
def shop(local: Local) -> Shop:
    return Shop(local)


def test_from_the_mail_to_the_answer_and_back_by_text(shop: Shop, tab: Tab, local: Local) -> None:
    page = tab.page
    shop.place_in_review()
    until(lambda: local.inbox(shop.email))
    page.goto(f"{local.url}/inbox/?to={shop.email}")
    page.get_by_text("2031 benefits renewal is ready").first.click()
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Open it").click()
    client = Tab(opened.value)
    page = client.page
    expect(page).to_have_url(shop.url(f"/sign-in?next=/{shop.slug}/{shop.at_batch}"))
    client.sign_in(shop)
    expect(page).to_have_url(shop.url(f"/{shop.at_batch}"))
    expect(page.get_by_role("heading", level=1)).to_have_text("2031 benefits renewal")
    expect(page.get_by_role("row", name="PPO 1500")).to_contain_text("$1,650.00")

    page.get_by_label("I ask for changes").check()
    client.press("Send my answer")
    expect(page.locator("#problems")).to_be_focused()
    page.get_by_role("link", name="Tell us what should change.").click()
    expect(page.get_by_label("Your comment")).to_be_focused()
    page.keyboard.type("Please keep last year's dental plan.")
    client.press("Send my answer")
    expect(page.get_by_text("Thank you. Your request has been sent.")).to_be_visible()
    expect(page.get_by_text("Please keep last year's dental plan.")).to_be_visible()
    client.press("Sign out")
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("PPO 1500")).to_have_count(0)  # nothing was kept by the browser

    told = until(lambda: local.inbox(shop.staff))[0]
    assert "asked for changes" in told["subject"] and "last year's dental plan" in told["text"]
    shop.call("PATCH", shop.at_batch, {"status": "in_progress"})
    shop.place_in_review()
    until(lambda: len([each for each in local.inbox(shop.email) if "ready" in each["subject"]]) == 2)
    page.goto(shop.url(f"/{shop.at_batch}"))
    client.sign_in(shop, by="sms")
    page.get_by_label("I approve").check()
    client.press("Send my answer")
    expect(page.get_by_text("Thank you. Your approval has been sent.")).to_be_visible()
    answers = shop.call("GET", shop.at_batch)["answers"]
    assert [answer["answer"] for answer in answers] == ["changes", "approve"]
    assert client.wrong == []


def test_without_script_the_same_sign_in_works(shop: Shop, open_tab: Callable[..., Tab]) -> None:
    shop.place_in_review()
    tab = open_tab(java_script_enabled=False)
    tab.page.goto(shop.url("/"))
    tab.press("Next")
    expect(tab.page.get_by_text("Please check these")).to_be_visible()
    tab.sign_in(shop)
    expect(tab.page.get_by_text("Hello, Maria")).to_be_visible()
    tab.page.get_by_role("link", name="2031 benefits renewal").click()
    tab.page.get_by_label("I approve").check()
    tab.press("Send my answer")
    expect(tab.page.get_by_text("Thank you. Your approval has been sent.")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Print")).to_have_count(0)
    tab.press("Sign out")
    expect(tab.page.get_by_text("You have signed out.")).to_be_visible()


def test_with_the_keyboard_alone(shop: Shop, tab: Tab) -> None:
    page = tab.page
    shop.place_in_review()
    page.goto(shop.url("/"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    tab_to(page, "[name=client_number]")
    page.keyboard.type(shop.number)
    page.keyboard.press("Enter")
    expect(page.locator("#problems")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[name=last_name]")).to_be_focused()
    page.keyboard.type(shop.last_name)
    page.keyboard.press("Enter")
    tab_to(page, "[name=method]:checked")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Text message")).to_be_checked()
    tab_to(page, "[name=destination]")
    seen = shop.local.codes_to(shop.mobile)
    page.keyboard.type(shop.mobile)
    page.keyboard.press("Enter")
    code = shop.local.newest_code(shop.mobile, seen)
    expect(page.locator("[name=code]")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hello, Maria")).to_be_visible()
    tab_to(page, "a.card")
    page.keyboard.press("Enter")
    tab_to(page, "#answer, [name=answer]")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("I ask for changes")).to_be_checked()
    tab_to(page, "#comment")
    page.keyboard.type("Less, please.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you. Your request has been sent.")).to_be_visible()
    tab_to(page, "text=Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have signed out.")).to_be_visible()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has the focus; whatever had it on the way showed it."""
    wanted = page.locator(selector).first
    wanted.wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e), p = e.closest('label') && "
            "getComputedStyle(e.closest('label')); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' || "
            "(p && (p.outlineStyle !== 'none' || p.boxShadow !== 'none')); }"
        )
        assert shown, f"the focus cannot be seen at {page.evaluate('document.activeElement.outerHTML.slice(0, 200)')}"
        if wanted.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_a_client_sends_a_file_and_downloads_one(shop: Shop, tab: Tab, tmp_path: Path) -> None:
    page = tab.page
    shop.place_in_review()
    page.goto(shop.url(f"/{shop.at_batch}"))
    tab.sign_in(shop)
    page.get_by_role("link", name="Send us a file").click()
    tab.type(name="Signed enrolment form")
    tab.press("Next")
    file = tmp_path / "scan.pdf"
    file.write_bytes(PDF)
    page.get_by_label("File").set_input_files(file)
    tab.press("Send")
    expect(page.get_by_role("heading", name="One more step: share your file")).to_be_visible()
    tab.press("Check and share")
    expect(page.get_by_role("heading", name="Thank you, your file is shared")).to_be_visible()
    page.get_by_role("link", name="Go back to the documents").click()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Signed enrolment form.pdf").click()
    assert downloaded.value.suggested_filename == "Signed enrolment form.pdf"
    assert downloaded.value.path().read_bytes() == PDF
    (held,) = shop.call("GET", f"{shop.at_batch}/documents")["items"]
    assert held["added_by"] == f"contact:{shop.contact['id']}"


def test_a_page_posing_as_a_file_is_not_taken(shop: Shop, tab: Tab, tmp_path: Path) -> None:
    page = tab.page
    shop.place_in_review()
    page.goto(shop.url(f"/{shop.at_batch}/upload"))
    page.goto(shop.url(f"/{shop.at_batch}"))
    tab.sign_in(shop)
    page.goto(shop.url(f"/{shop.at_batch}/upload"))
    tab.type(name="Scan")
    tab.press("Next")
    file = tmp_path / "scan.pdf"
    file.write_text("<html><script>alert(1)</script>")
    page.get_by_label("File").set_input_files(file)
    tab.press("Send")
    tab.press("Check and share")
    expect(page.get_by_role("heading", name="We could not take this file")).to_be_visible()


def test_before_the_session_ends_one_press_keeps_it(local: Local, tab: Tab) -> None:
    shop = Shop(local, policy={"session_idle_minutes": 5})
    shop.place_in_review()
    page = tab.page
    page.goto(shop.url(f"/{shop.at_batch}"))
    tab.sign_in(shop)
    page.clock.install()
    page.reload()
    page.get_by_label("Your comment").fill("Half a thought")
    page.clock.run_for(175_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.clock.run_for(10_000)
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    with page.expect_response("**/session/extend") as kept:
        tab.press("Stay signed in")
    assert kept.value.status == 204
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("Your comment")).to_have_value("Half a thought")
    page.clock.run_for(305_000)
    page.wait_for_url("**/sign-in?notice=session-over**")
    expect(page.get_by_text("You were signed out because")).to_be_visible()


def test_a_batch_prints_as_a_document(shop: Shop, tab: Tab) -> None:
    page = tab.page
    shop.place_in_review()
    page.goto(shop.url(f"/{shop.at_batch}"))
    tab.sign_in(shop)
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Employee pays")).to_be_visible()
    for gone in ("Sign out", "Print", "Send my answer"):
        expect(page.get_by_role("button", name=gone)).to_have_count(0)
    expect(page.get_by_role("contentinfo")).to_have_count(0)
    expect(page.get_by_role("link", name="Skip to main content")).to_have_count(0)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF-") and printed.count(b"/Type /Page\n") in (1, 2)
