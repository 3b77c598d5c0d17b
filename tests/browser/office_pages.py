"""Through every page by which somebody becomes a user of an office, and what such a user sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.browser.customers import PASSWORD
from tests.browser.running import Local, Shop, Tab

Look = Callable[[str], None]
_TIN = "20-3040501"


def walk_at_office(local: Local, tab: Tab, look: Look) -> None:
    """Registers, waits, is let in; is invited; is added by hand."""
    shop = Shop(local, registration={"is_open": True}, policy={"security_questions": 1})
    office = _account(shop, "Elm Street Clinic", record_type="office")
    _account(shop, "Dr. Iris Hale", record_type="provider", parent_id=office["id"])
    come_to_register(shop, tab, look)
    tell_who_one_is(shop, tab, look, email := f"rosa@{shop.slug}.example")
    confirm_and_choose(shop, tab, look, email)
    wait_and_enter(shop, tab, look)
    join(shop, tab, look, office)
    enter_with_what_was_told(shop, tab, look, office)


def _account(shop: Shop, name: str, **details: Any) -> Any:
    identifiers = [{"qualifier": "TIN", "value": _TIN}]
    return shop.call("POST", "accounts", {"name": name, "identifiers": identifiers, **details})


def come_to_register(shop: Shop, tab: Tab, look: Look) -> None:
    tab.page.goto(shop.url("/sign-in/password"))
    look("sign in by password, where people may register")
    tab.page.get_by_role("link", name="Register as a user of an office").click()
    look("register")
    tab.press("Continue")
    look("register, with errors")
    tab.type(identifier=_TIN.replace("-", " "))
    tab.press("Continue")
    look("register: which one")
    tab.page.get_by_label("Dr. Iris Hale").check()
    tab.press("Continue")
    look("register: what a provider is checked by")
    tab.type(birth_date="31 January")
    tab.press("Continue")
    look("register: what a provider is checked by, with errors")
    tab.page.get_by_role("link", name="Back", exact=True).click()
    look("register, come back to")
    tab.type(identifier=_TIN)
    tab.press("Continue")
    tab.page.get_by_label("Elm Street Clinic").check()
    tab.press("Continue")
    tab.type(claim_number="CLM 2019-00417")
    tab.press("Continue")
    look("register: the role")
    tab.page.get_by_label("Clerical User").check()
    tab.press("Continue")


def tell_who_one_is(shop: Shop, tab: Tab, look: Look, email: str) -> None:
    look("register: about you")
    tab.type(first_name="Rosa", email="nobody")
    tab.press("Send code")
    look("register: about you, with errors")
    tab.type(last_name="Quibble-Featherstonehaugh", email=email, phone="+1 415 555 0188")
    tab.press("Send code")


def confirm_and_choose(shop: Shop, tab: Tab, look: Look, email: str) -> None:
    look("register: the code")
    tab.type(code="12")
    tab.press("Continue")
    look("register: the code, with errors")
    tab.type(code=shop.local.newest_code(email))
    tab.press("Continue")
    look("register: username and password")
    tab.type(username="no", password="elm street")
    tab.press("Register")
    look("register: username and password, with errors")
    tab.type(username="rosa.quibble", password=PASSWORD, answer_1="Rex")
    tab.page.locator("[name=question_1]").select_option(index=1)
    tab.press("Register")
    look("register: done")


def wait_and_enter(shop: Shop, tab: Tab, look: Look) -> None:
    enter(shop, tab, "rosa.quibble", PASSWORD)
    look("sign in by password: awaiting review")
    (waiting,) = shop.call("GET", "registrations?status=PENDING-PROV-ADMIN-REVIEW")["items"]
    shop.call("POST", f"registrations/{waiting['id']}/approve", {})
    enter(shop, tab, "rosa.quibble", PASSWORD)
    look("welcome, to a user of an office")
    tab.press("Sign out")


def join(shop: Shop, tab: Tab, look: Look, office: Any) -> None:
    email = f"bo@{shop.slug}.example"
    links = {"emails": email, "role": "portal-user", "account_id": office["id"]}
    shop.call("POST", "registration-links", links)
    link = shop.local.newest_link(email, "join")
    tab.page.goto(link)
    look("a registration link")
    tab.press("Continue")
    look("join")
    tab.type(username="no", password="elm street")
    tab.press("Save")
    look("join, with errors")
    tab.type(first_name="Bo", last_name="Ito", username="bo.ito", password=PASSWORD, answer_1="Rex")
    tab.page.locator("[name=question_1]").select_option(index=1)
    tab.press("Save")
    look("sign in by password, once one has joined")
    tab.page.goto(link)
    look("a registration link that was used")


def enter_with_what_was_told(shop: Shop, tab: Tab, look: Look, office: Any) -> None:
    """Added by an administrator, who has told them username and password."""
    added = shop.call("POST", "users", {
        "account_id": office["id"], "role": "portal-user", "username": "dee.test", "first_name": "Dee",
        "last_name": "Test", "email": f"dee@{shop.slug}.example",
    })  # fmt: skip
    enter(shop, tab, "dee.test", added["temporary_password"])
    look("a password of one's own")


def enter(shop: Shop, tab: Tab, username: str, password: str) -> None:
    """Sign in."""
    tab.page.goto(shop.url("/sign-in/password"))
    tab.type(username=username, password=password)
    tab.press("Sign in")
