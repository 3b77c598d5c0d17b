"""The stories of who has a username and a password, as they see them: inbox, pages, app, phone, a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.customers import OTHER_PASSWORD, PASSWORD, App, Colleague, Customer, recovery_codes
from tests.browser.running import IN_BROWSER, Local, Shop, Tab, until

pytestmark = IN_BROWSER
OpenTab = Callable[..., Tab]
SET = "Your password is set. Sign in with it now."


@pytest.fixture
def customer(local: Local) -> Customer:
    return Customer(local)


def test_from_the_mail_to_a_username_and_a_password(customer: Customer, open_tab: OpenTab, local: Local) -> None:
    other = customer.shop.call("POST", "accounts", {"name": "Hudson Print Works", "number": "SH-900"})
    customer.shop.call("PATCH", f"accounts/{other['id']}/credential", {"username": "hudson"})
    customer.invite()
    inbox = open_tab().page
    inbox.goto(f"{local.url}/inbox/?to={customer.email}")
    inbox.get_by_text("Choose a username and a password").first.click()
    with inbox.context.expect_page() as opened:
        inbox.frame_locator("iframe").get_by_role("link", name="Set up my sign-in").click()
    client = Tab(opened.value)
    page = client.page
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(0)
    client.press("Continue")

    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your username and password")
    password, meter = page.get_by_label("Password", exact=True), page.locator(".meter")
    client.type(username="Hudson", password="rivera")
    expect(meter.get_by_role("status")).to_have_text("6 more to go")
    expect(password).to_have_attribute("type", "password")
    client.press("Show Password")
    expect(password).to_have_attribute("type", "text")
    client.press("Hide Password")
    expect(password).to_have_attribute("type", "password")
    client.type(password="rivera-bakery-1")
    expect(meter.locator(".on")).to_have_count(3)
    client.press("Save")
    expect(page.locator("#problems")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("Username")).to_have_accessible_description(re.compile("This username is taken"))
    expect(password).to_have_accessible_description(re.compile("This is too easy to guess"))
    page.get_by_role("link", name="This username is taken").click()
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("rivera.")
    expect(password).to_have_value("")

    client.type(username="Rivera.Bakery", password=PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text(SET)).to_be_visible()
    client.type(username=customer.username, password=PASSWORD)
    client.press("Sign in")
    page.get_by_role("link", name="2031 benefits renewal").click()
    expect(page.get_by_role("row", name="PPO 1500")).to_contain_text("$1,650.00")
    client.press("Sign out")
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.goto(local.newest_link(customer.email, "create-credential"))
    expect(page.get_by_text("This link was used already")).to_be_visible()
    assert client.wrong == []


def test_an_app_on_a_new_device_and_a_recovery_code(customer: Customer, open_tab: OpenTab) -> None:
    tab = open_tab(permissions=["clipboard-read", "clipboard-write"])
    customer.join(tab)
    page = tab.page
    page.get_by_role("link", name="Security").click()
    page.get_by_role("link", name="Add an authenticator app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.wait_for_load_state()
    assert page.evaluate("scrollY") == 0, "the steps are scrolled past, to the field below them"
    tab.press("Copy the key")
    expect(page.get_by_text("Copied")).to_be_visible()
    app = App(page.evaluate("navigator.clipboard.readText()"))
    tab.type(code=app.code(), name="My phone")
    tab.press("Turn it on")
    codes = recovery_codes(page)
    tab.press("Copy all")
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("My phone, added")).to_be_visible()

    phone = open_tab(390, 800)
    customer.enter(phone)
    expect(phone.page.locator("#code")).to_be_focused()
    phone.page.get_by_label("Remember this browser for 30 days").check()
    phone.page.locator("#code").fill(app.code())
    phone.page.keyboard.press("Enter")
    phone.press("Sign out")
    customer.enter(phone)
    expect(phone.page.get_by_text("Hello, Rivera Bakery")).to_be_visible()

    borrowed = open_tab()
    customer.enter(borrowed)
    borrowed.type(code=app.code())
    borrowed.press("Sign in")
    borrowed.press("Sign out")
    customer.enter(borrowed)
    borrowed.press("Use a recovery code")
    shown = borrowed.page.locator("#code")
    borrowed.type(code=codes[3].upper().replace("-", " "))
    assert shown.evaluate("field => field.scrollWidth <= field.clientWidth"), "a recovery code is cut off"
    borrowed.press("Sign in")
    borrowed.page.get_by_role("link", name="Security").click()
    expect(borrowed.page.get_by_text("9 of 10 left")).to_be_visible()
    borrowed.press("Sign out everywhere else")
    phone.page.reload()
    expect(phone.page.get_by_text("You were signed out.")).to_be_visible()


def test_a_code_by_text(customer: Customer, open_tab: OpenTab, local: Local) -> None:
    tab, mobile = open_tab(), "+14155550177"
    customer.join(tab)
    tab.page.goto(customer.shop.url("/security"))
    tab.page.get_by_role("link", name="Add a mobile number").click()
    tab.type(mobile="(415) 555-0177")
    tab.press("Send a code")
    tab.type(code=local.newest_code(mobile))
    tab.press("Turn it on")
    recovery_codes(tab.page)
    other = open_tab()
    customer.enter(other)
    expect(other.page.get_by_text("•••• 0177").first).to_be_visible()
    expect(other.page.get_by_role("button", name="Send another code")).to_have_attribute("aria-disabled", "true")
    code = local.newest_code(mobile, 1)
    other.type(code="000000" if code != "000000" else "111111")
    other.press("Sign in")
    expect(other.page.locator("#problems")).to_contain_text("You can try 4 more times.")
    other.type(code=f"{code[:3]} {code[3:]}")
    other.press("Sign in")
    expect(other.page.get_by_text("Hello, Rivera Bakery")).to_be_visible()


def test_a_forgotten_password_and_a_forgotten_username(customer: Customer, open_tab: OpenTab, local: Local) -> None:
    elsewhere, tab = open_tab(), open_tab()
    customer.join(elsewhere)
    page = tab.page
    page.goto(customer.shop.url("/"))
    page.get_by_role("link", name="Forgot your username?").click()
    tab.type(client_number=customer.shop.number.lower())
    tab.press("Send my username")
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    told = until(lambda: [each for each in local.inbox(customer.email) if "Your username" in each["subject"]])
    assert customer.username in told[0]["text"]

    page.get_by_role("link", name="Back to sign in").click()
    page.get_by_role("link", name="Forgot your password?").click()
    tab.type(username=customer.username)
    tab.press("Send link")
    page.goto(local.newest_link(customer.email, "reset-password"))
    tab.press("Continue")
    assert "?t=" not in page.url
    tab.type(password=OTHER_PASSWORD)
    tab.press("Save")
    expect(page.get_by_text(SET)).to_be_visible()
    elsewhere.page.reload()
    expect(elsewhere.page.get_by_text("You were signed out.")).to_be_visible()
    customer.enter(tab)
    expect(page.locator("#problems")).to_contain_text("The username or the password is not right.")
    customer.enter(tab, OTHER_PASSWORD)
    expect(page.get_by_text("Hello, Rivera Bakery")).to_be_visible()


def test_this_was_not_me(customer: Customer, open_tab: OpenTab, local: Local) -> None:
    owner = open_tab()
    customer.join(owner)
    thief = open_tab(user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36")
    customer.enter(thief)
    expect(thief.page.get_by_text("Hello, Rivera Bakery")).to_be_visible()
    owner.page.goto(local.newest_link(customer.email, "not-me"))
    assert any("Chrome on Windows" in each["text"] for each in local.inbox(customer.email))
    owner.press("This was not me")
    expect(owner.page.get_by_role("heading", name="Your account is locked")).to_be_visible()
    thief.page.reload()
    expect(thief.page.get_by_text("You were signed out.")).to_be_visible()
    customer.enter(thief)
    expect(thief.page.locator("#problems")).to_contain_text("This account is locked.")
    owner.page.goto(local.newest_link(customer.email, "reset-password"))
    owner.press("Continue")
    owner.type(password=OTHER_PASSWORD)
    owner.press("Save")
    customer.enter(owner, OTHER_PASSWORD)
    expect(owner.page.get_by_text("Hello, Rivera Bakery")).to_be_visible()


def test_without_script_from_the_mail_to_the_portal(customer: Customer, open_tab: OpenTab) -> None:
    tab = open_tab(java_script_enabled=False)
    customer.join(tab)
    codes = customer.add_app(tab)
    expect(tab.page.get_by_role("button", name=re.compile("Copy|Show"))).to_have_count(0)
    tab.press("Sign out")
    tab.page.goto(customer.shop.url(f"/{customer.shop.at_batch}"))
    tab.press("Sign in")
    expect(tab.page.get_by_text("Please check these")).to_be_visible()
    tab.type(username=customer.username, password=PASSWORD)
    tab.press("Sign in")
    tab.press("Use a recovery code")
    tab.type(code=codes[0])
    tab.press("Sign in")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("2031 benefits renewal")
    tab.press("Sign out")
    expect(tab.page.get_by_text("You have signed out.")).to_be_visible()


def test_staff_from_the_invitation_to_a_password_of_their_own(local: Local, tab: Tab) -> None:
    olive, page = Colleague(Shop(local)), tab.page
    olive.choose_password(tab)
    expect(page.get_by_text(SET)).to_be_visible()
    tab.type(username=olive.email, password=PASSWORD)
    tab.press("Sign in")
    expect(page.get_by_label("Authenticator app")).to_be_checked()
    tab.press("Continue")
    app = App(page.locator("code").inner_text())
    tab.type(code=app.code())
    tab.press("Turn it on")
    codes = recovery_codes(page)
    page.get_by_role("link", name="I have saved them").click()
    expect(page).to_have_url(olive.shop.url("/staff"))
    page.get_by_role("link", name="Security", exact=True).click()
    expect(page.get_by_text("This browser")).to_be_visible()
    expect(page.get_by_role("heading", name="Remembered browsers")).to_have_count(0)
    tab.press("Sign out")
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("This browser")).to_have_count(0)

    olive.enter(tab)
    expect(page.get_by_text("Remember this browser")).to_have_count(0)
    tab.type(code=app.code())
    tab.press("Sign in")
    expect(page.get_by_role("heading", name="Welcome, Olive Stone")).to_be_visible()

    temporary = olive.temporary_password()
    page.reload()
    expect(page).to_have_url(re.compile("/staff/sign-in"))
    olive.enter(tab, temporary)
    tab.press("Use a recovery code")
    tab.type(code=codes[0])
    tab.press("Sign in")
    expect(page.get_by_role("heading", name="Choose your own password")).to_be_visible()
    tab.type(password=temporary)
    tab.press("Save password")
    expect(page.locator("#problems")).to_contain_text("Choose another password than the temporary one.")
    tab.type(password=OTHER_PASSWORD)
    tab.press("Save password")
    tab.type(username=olive.email, password=OTHER_PASSWORD)
    tab.press("Sign in")
    tab.press("Use a recovery code")
    tab.type(code=codes[1])
    tab.press("Sign in")
    expect(page.get_by_role("heading", name="Welcome, Olive Stone")).to_be_visible()


def test_a_scanner_that_runs_scripts_changes_nothing(customer: Customer, open_tab: OpenTab, local: Local) -> None:
    """It opens every link of every mail, waits until all is quiet, and presses nothing."""
    shop, olive = customer.shop, Colleague(customer.shop)
    create = customer.invite()
    scan(open_tab(), shop, [create, local.newest_link(olive.email, "staff/join")])
    tab, new = open_tab(), f"new@{shop.slug}.example"
    customer.join(tab, create)
    tab.page.goto(shop.url("/security/address?n=0"))
    tab.type(email=new)
    tab.press("Send a link to it")
    customer.enter(open_tab())  # from a browser that is new: the mail about it holds the button "This was not me"
    shop.call("POST", f"{customer.at_account}/credential/send-reset")
    reset = local.newest_link(customer.email, "reset-password")
    links = [local.newest_link(new, "confirm-address"), local.newest_link(customer.email, "not-me"), reset]
    scan(open_tab(), shop, links)

    tab.page.goto(links[0])
    tab.press("Confirm")
    expect(tab.page.get_by_role("heading", name="Your new address is confirmed")).to_be_visible()
    tab.page.goto(shop.url("/security"))
    expect(tab.page.get_by_role("link", name=f"Change {new}")).to_be_visible()  # nobody pressed "This was not me"
    olive.choose_password(tab)
    expect(tab.page.get_by_text(SET)).to_be_visible()


def scan(scanner: Tab, shop: Shop, links: list[str]) -> None:
    """Open each, run its scripts, wait until it is quiet: what can be told of the portal stays as it was."""
    before = held(shop)
    for link in links:
        scanner.page.goto(link, wait_until="networkidle")
        expect(scanner.page.get_by_role("main").get_by_role("button")).to_be_visible()
    assert held(shop) == before


def held(shop: Shop) -> Any:
    """What can be told of a portal over the API."""
    account = f"accounts/{shop.account['id']}"
    return [shop.call("GET", path) for path in (account, f"{account}/credential", "staff", "facts?limit=100")]
