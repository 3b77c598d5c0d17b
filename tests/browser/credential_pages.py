"""Through every page of who has a username and a password, and the states of it that look different."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.customers import PASSWORD, App, Colleague, Customer, recovery_codes
from tests.browser.running import Local, Shop, Tab

Look = Callable[[str], None]
LONGEST = "a-name-of-my-own.that-is-as-long-as-any-may-be.0123456789-0123"


def walk_as_customer(local: Local, tab: Tab, look: Look) -> None:
    """From the mail to the security page and back in, where a second factor and an answer are asked for."""
    customer = Customer(local, policy={"second_factor": "required", "security_questions": 1})
    customer.username = LONGEST
    page, url, mobile = tab.page, customer.shop.url, customer.shop.mobile
    before_the_password(customer, tab, look)
    choose_a_password(customer, tab, look)
    tab.type(username=LONGEST, password=PASSWORD)
    tab.press("Sign in")
    app = set_up_app(tab, look, "at sign-in")
    page.goto(url("/security"))
    look("security, with one factor")
    change_things(customer, tab, look)
    set_up_mobile(customer.shop, tab, look, mobile)
    page.goto(url("/security"))
    look("security")
    tab.press("Sign out")
    customer.enter(tab)
    at_the_factor(tab, look, app, mobile)
    links_that_are_over(customer, tab, look)
    set_up_mobile_at_sign_in(local, tab, look)


def walk_as_staff(local: Local, tab: Tab, look: Look) -> None:
    """The same pages on the side of the staff."""
    shop = Shop(local)
    olive, page = Colleague(shop), tab.page
    page.goto(shop.url("/staff/sign-in"))
    look("staff: sign in")
    page.get_by_role("link", name="Forgot your password?").click()
    look("staff: forgot password")
    page.goto(local.newest_link(olive.email, "staff/join"))
    look("staff: a link to join")
    tab.press("Continue")
    look("staff: choose a password")
    tab.type(password=PASSWORD)
    tab.press("Save")
    olive.enter(tab)
    app = set_up_app(tab, look, "staff, at sign-in")
    tab.page.get_by_role("link", name="I have saved them").click()
    look("staff: home")
    for path in ("", "/confirm", "/password", "/address?n=0", "/app"):
        page.goto(shop.url(f"/staff/security{path}"))
        look(f"staff: security{path}")
    set_up_mobile(shop, tab, look, shop.mobile, side="/staff")
    temporary = olive.temporary_password()
    olive.enter(tab, temporary)
    look("staff: the second factor")
    tab.type(code=app.code())
    tab.press("Sign in")
    look("staff: a password of one's own")
    other = Colleague(shop, "otto")
    other.choose_password(tab)
    other.enter(tab)
    set_up_mobile(shop, tab, look, "+14155550142", side="/staff/sign-in", rest="/set-up")


def before_the_password(customer: Customer, tab: Tab, look: Look) -> None:
    page, url = tab.page, customer.shop.url
    page.goto(url(f"/{customer.shop.at_batch}"))
    look("sign in by password")
    tab.press("Sign in")
    look("sign in by password, with errors")
    page.get_by_role("link", name="Sign in with your client number instead").click()
    look("sign in by code, beside the password")
    for path in ("forgot-password", "forgot-username", "first-time"):
        page.goto(url(f"/{path}"))
        look(path)
    tab.press("Send link")
    look("first-time, with errors")
    tab.type(client_number=customer.shop.number)
    tab.press("Send link")
    look("check your inbox")


def choose_a_password(customer: Customer, tab: Tab, look: Look) -> None:
    tab.page.goto(customer.local.newest_link(customer.email, "create-credential"))
    look("a link to create a credential")
    tab.press("Continue")
    look("choose username and password")
    tab.type(username="no", password="rivera-bakery-1")
    tab.press("Save")
    look("choose username and password, with errors")
    tab.type(username=customer.username, password=PASSWORD, answer_1="Rex")
    tab.page.locator("[name=question_1]").select_option(index=1)
    tab.press("Save")
    look("sign in by password, once it is set")


def set_up_app(tab: Tab, look: Look, where: str) -> App:
    look(f"choose a factor, {where}")
    tab.press("Continue")
    look(f"set up an app, {where}")
    app = App(tab.page.locator("code").inner_text())
    tab.type(code="12")
    tab.press("Turn it on")
    look(f"set up an app, {where}, with errors")
    tab.type(code=app.code(), name="The phone that I got for my birthday")
    tab.press("Turn it on")
    recovery_codes(tab.page)
    look(f"recovery codes, {where}")
    return app


def change_things(customer: Customer, tab: Tab, look: Look) -> None:
    page, url, new = tab.page, customer.shop.url, f"new@{customer.shop.slug}.example"
    for path in ("confirm", "password", "app", "address?n=0"):
        page.goto(url(f"/security/{path}"))
        look(f"security/{path}")
    tab.type(email=new)
    tab.press("Send a link to it")
    look("a link to a new address is on its way")
    page.goto(customer.local.newest_link(new, "confirm-address"))
    look("a link to confirm an address")
    tab.press("Confirm")
    look("an address is confirmed")


def set_up_mobile(shop: Shop, tab: Tab, look: Look, mobile: str, *, side: str = "", rest: str = "/security") -> None:
    tab.page.goto(shop.url(f"{side}{rest}/mobile"))
    look(f"add a mobile, {side}{rest}")
    seen = shop.local.codes_to(mobile)
    tab.type(mobile=mobile)
    tab.press("Send a code")
    look(f"confirm a mobile, {side}{rest}")
    tab.type(code=shop.local.newest_code(mobile, seen))
    tab.press("Turn it on")


def at_the_factor(tab: Tab, look: Look, app: App, mobile: str) -> None:
    look("a code of the app")
    tab.press("Sign in")
    look("a code of the app, with errors")
    tab.press(f"Send a text to •••• {mobile[-4:]}")
    look("a code by text")
    tab.press("Use a recovery code")
    look("a recovery code")
    tab.press("Use your authenticator app")
    tab.page.get_by_label("Remember this browser").check()
    tab.type(code=app.code())
    tab.press("Sign in")
    tab.page.get_by_role("link", name="Security").click()
    look("security, with a remembered browser")


def links_that_are_over(customer: Customer, tab: Tab, look: Look) -> None:
    page, shop = tab.page, customer.shop
    page.goto(customer.local.newest_link(customer.email, "create-credential"))
    look("a link that was used")
    shop.call("POST", f"{customer.at_account}/credential/send-reset")
    new = f"new@{shop.slug}.example"
    page.goto(customer.local.newest_link(customer.email, "reset-password"))
    look("a link to reset a password")
    tab.press("Continue")
    look("choose a new password")
    page.goto(customer.local.newest_link(new, "not-me"))
    look("was this not you")
    tab.press("This was not me")
    look("locked")
    customer.enter(tab)
    look("sign in by password, locked")


def set_up_mobile_at_sign_in(local: Local, tab: Tab, look: Look) -> None:
    terms = {"url": "https://acme.example/terms", "version": "January 2031"}
    customer = Customer(local, policy={"second_factor": "required"}, terms=terms)
    customer.choose_password(tab)
    customer.enter(tab)
    set_up_mobile(customer.shop, tab, look, customer.shop.mobile, rest="/sign-in/set-up")
    tab.page.get_by_role("link", name="I have saved them").click()
    look("terms")
    tab.press("Continue")
    look("terms, with errors")
