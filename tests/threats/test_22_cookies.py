"""Threat 22. Cookies: every one of them locked to our host, unreadable to scripts, and empty of anything personal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import pytest

from chalicelib.people import contacts, credentials
from chalicelib.selfservice import batches
from tests import registering, staffing
from tests.browsing import Browser, Seen
from tests.customers import (
    OTHER_PASSWORD,
    Customer,
    enter_password,
    make_customer,
    newest_link,
    password_portal,
    with_app,
)
from tests.factories import (
    HELP,
    Client,
    begin,
    change_account,
    change_batch,
    change_portal,
    make_client,
    make_machine,
    make_portal,
    newest_code,
    sign_in,
    staff,
)
from tests.world import World

KINDS = {"session", "step", "form", "browser", "help"}
KINDS_OF_USERS = {
    "session", "staff", "pending", "setup", "draft", "device", "step", "form", "browser", "others", "register",
}  # fmt: skip


class Recording(Browser):
    """A browser that keeps every Set-Cookie line it was ever sent."""

    def __init__(self, *known: str) -> None:
        super().__init__(*known)
        self.lines: list[str] = []

    def ask(self, method: str, url: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None) -> Seen:
        """One request."""
        seen = super().ask(method, url, body, headers=headers)
        self.lines += seen.headers.getlist("Set-Cookie")
        return seen


def every_cookie(world: World, client: Client) -> list[str]:
    """The Set-Cookie lines of a whole visit, from the first page to signing out."""
    browser, seen = Browser(), list[Seen]()
    seen.append(browser.open(client.batch_path))
    seen.append(browser.open(f"/{client.slug}/help"))
    seen.append(browser.fill(**HELP, at="/help"))
    seen.append(begin(browser, client))
    seen.append(browser.fill(method="sms", destination=client.mobile))
    world.clock.advance(31)
    seen.append(browser.press("Send another code"))
    world.drain()
    seen.append(browser.fill(code=newest_code(world, client.mobile)))
    seen.append(browser.open(client.batch_path))
    seen.append(browser.fill(answer="approve"))
    seen.append(browser.press("Sign out"))
    return [line for page in seen for each in (*page.trail, page) for line in each.headers.getlist("Set-Cookie")]


def every_cookie_of_users(world: World) -> tuple[Customer, staffing.Colleague, list[str]]:
    """The lines of the life of a credential, and of a staff user's sign-in; and whose they are."""
    browser, phone, office = Recording(), Recording(), Recording()
    customer = make_customer(
        world, password_portal(world), browser, name="Quibble Traders", primary_emails=["zq@northwind.example"]
    )  # fmt: skip
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    browser.open(f"/{customer.slug}/security/mobile")
    browser.fill(mobile="+14155557788")
    world.clock.advance(minutes=2)
    enter_password(phone, customer)
    phone.fill(code=customer.otp(), remember="yes")
    phone.open(f"/{customer.slug}/security")
    phone.open(f"/{customer.slug}/switch")
    phone.press("Sign in to another account")
    phone.press("Go back")
    phone.press("Sign out")
    colleague = staffing.make_colleague(customer.slug, last_name="Quibblesworth", email="zephyrine@company.example")
    office.open(f"/{customer.slug}/staff/sign-in")
    office.fill(username=colleague.email, password=staffing.PASSWORD)
    office.fill(code=colleague.code())
    office.open(f"/{customer.slug}/staff/security")
    office.press("Sign out")
    newcomer = register_at_an_office(world, customer)
    return customer, colleague, [*browser.lines, *phone.lines, *office.lines, *newcomer.lines]


def register_at_an_office(world: World, customer: Customer) -> Recording:
    """Somebody called Quibblesworth registers by themselves; their browser."""
    change_portal(customer.portal, registration={"is_open": True})
    rosa = registering.make_applicant(world, customer.portal, registering.make_office(customer.portal))
    rosa.browser = newcomer = Recording()
    rosa.register(claim="CLM-ZEPHYRINE", last_name="Quibblesworth", phone="+14155557788")
    return newcomer


def test_every_cookie_of_a_user_is_locked_and_empty_of_anything_personal(world: World) -> None:
    customer, colleague, lines = every_cookie_of_users(world)
    assert {line.partition("=")[0] for line in lines} == {f"__Host-{kind}-{customer.slug}" for kind in KINDS_OF_USERS}
    private = [
        customer.username, customer.email, customer.password, customer.account.id, customer.account.number or "?", "Quibble",
        customer.seed, *customer.recovery, customer.user.username_key, "+14155557788", "4155557788", colleague.email,
        colleague.id, colleague.seed, *colleague.recovery, "zephyrine",
    ]  # fmt: skip
    for line in lines:
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, line
        assert not [flag for flag in flags if flag.startswith("domain")], line
        value = line.partition(";")[0].partition("=")[2]
        body = value.rpartition(".")[2]
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) if body else b""
        for word in private:
            assert word not in value and word.encode() not in raw, line


def test_every_cookie_is_host_only_secure_httponly_and_samesite(world: World) -> None:
    client = make_client(world)
    lines = every_cookie(world, client)
    assert len(lines) >= 8
    names = {line.partition("=")[0] for line in lines}
    assert names == {f"__Host-{kind}-{client.slug}" for kind in KINDS}
    for line in lines:
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, line
        assert not [flag for flag in flags if flag.startswith("domain")], line


def test_no_cookie_holds_anything_personal(world: World) -> None:
    client = make_client(world, first_name="Zephyrine", last_name="Quibblesworth", emails=["zq@northwind.example"])
    private = [
        client.number, client.number.replace("-", "").lower(), "Zephyrine", "Quibblesworth", "quibblesworth",
        "zq@northwind.example", client.mobile, client.mobile[2:], client.contact.id, client.account.id, "Northwind",
    ]  # fmt: skip
    for line in every_cookie(world, client):
        value = line.partition(";")[0].partition("=")[2]
        body = value.rpartition(".")[2]
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) if body else b""
        for word in private:
            assert word not in value and word.encode() not in raw, line


def test_the_session_s_secret_is_256_bits_and_only_its_hash_is_stored(world: World) -> None:
    client = make_client(world)
    secrets = set()
    for _ in range(2):
        browser = Browser()
        sign_in(world, browser, client)
        secret = browser.cookie("session")
        assert secret and len(base64.urlsafe_b64decode(secret + "=")) == 32
        secrets.add(secret)
    assert len(secrets) == 2
    stored = [str(item) for item in world.scan("tokens")]
    assert not [item for item in stored for secret in secrets if secret in item]


def test_signing_out_revokes_within_one_request_whoever_else_holds_the_cookie(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    thief = browser.copy("198.51.100.66")
    assert thief.open(client.batch_path).heading == client.batch.title
    form = thief.here.form_with("answer")
    browser.press("Sign out")
    assert browser.cookie("session") is None and browser.cookie("step") is None
    assert thief.copy().open(client.batch_path).heading == "Sign in"
    assert thief.post(form.action, {**form.fields, "answer": "approve"}).status == 303
    assert thief.cookie("session") is None


def close_account(client: Client) -> None:
    change_account(client.portal, client.account.id, status="closed")


def give_another_number(client: Client) -> None:
    change_account(client.portal, client.account.id, number="ZZ-9")


def remove_contact(client: Client) -> None:
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    contacts.remove(staff(client.portal), client.contact.id)


@pytest.mark.parametrize("disable", [close_account, give_another_number, remove_contact])
def test_disabling_revokes_within_one_request(world: World, disable: Callable[[Client], None]) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    disable(client)
    assert browser.copy().open(f"/{client.slug}/").heading == "Sign in"
    assert browser.open(client.batch_path).path.endswith("notice=ended")
    assert browser.cookie("session") is None


def sign_out(_world: World, _customer: Customer, browser: Browser) -> None:
    browser.press("Sign out")


def delete_username(_world: World, customer: Customer, _browser: Browser) -> None:
    credentials.delete_username(staff(customer.portal), customer.portal, customer.account.id)


def change_username(_world: World, customer: Customer, _browser: Browser) -> None:
    credentials.change_username(
        staff(customer.portal), customer.portal, customer.account.id, f"new.{customer.username}"
    )


def change_password(_world: World, customer: Customer, _browser: Browser) -> None:
    elsewhere = Browser()
    enter_password(elsewhere, customer)
    elsewhere.open(f"/{customer.slug}/security/password")
    elsewhere.fill(current_password=customer.password, password=OTHER_PASSWORD)


def reset_password(world: World, customer: Customer, _browser: Browser) -> None:
    credentials.send_reset(staff(customer.portal), customer.portal, customer.account.id)
    world.drain()
    elsewhere = Browser()
    elsewhere.open(newest_link(world, customer.email, "reset-password"))
    elsewhere.press("Continue")
    elsewhere.fill(password=OTHER_PASSWORD)


def disavow(world: World, customer: Customer, _browser: Browser) -> None:
    world.drain()
    elsewhere = Browser()
    elsewhere.open(newest_link(world, customer.email, "not-me"))
    elsewhere.press("This was not me")


def end_elsewhere(_world: World, customer: Customer, _browser: Browser) -> None:
    elsewhere = Browser()
    enter_password(elsewhere, customer)
    elsewhere.open(f"/{customer.slug}/security")
    elsewhere.send(next(form for form in elsewhere.here.forms if form.fields.get("session") == "others"))


def close_account_of(_world: World, customer: Customer, _browser: Browser) -> None:
    change_account(customer.portal, customer.account.id, status="closed")


@pytest.mark.parametrize(
    "revoke",
    [
        sign_out, delete_username, change_username, change_password, reset_password, disavow, end_elsewhere, close_account_of,
    ],
)  # fmt: skip
def test_a_user_s_session_is_revoked_within_one_request(
    world: World, revoke: Callable[[World, Customer, Browser], None]
) -> None:
    customer, browser = make_customer(world), Browser()
    enter_password(browser, customer)
    thief = browser.copy("198.51.100.66")
    form = thief.open(f"/{customer.slug}/batches/{customer.batch.id}").form_with("answer")
    revoke(world, customer, browser)
    assert thief.post(form.action, {**form.fields, "answer": "approve"}).status == 303
    seen = thief.open(f"/{customer.slug}/security")
    assert "/sign-in" in seen.path and customer.username not in seen.text
    assert thief.cookie("session") is None
    assert batches.get(customer.slug, customer.batch.id).status == "client_review", "the thief still answered"


def test_a_remembered_browser_is_forgotten_with_the_password(world: World) -> None:
    browser = Browser()
    customer = make_customer(world)
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    world.clock.advance(minutes=2)
    phone = Browser()
    enter_password(phone, customer)
    phone.fill(code=customer.otp(), remember="yes")
    reset_password(world, customer, browser)
    seen = enter_password(phone, customer, OTHER_PASSWORD)
    assert phone.cookie("device") and seen.path.endswith("/sign-in/factor")
    assert "/sign-in" in phone.open(f"/{customer.slug}/security").path


@pytest.mark.parametrize("act", ["deactivate", "temporary-password", "sign out"])
def test_a_staff_session_is_revoked_within_one_request(world: World, act: str) -> None:
    portal = make_portal(world)
    colleague = staffing.make_colleague(portal.slug, "support")
    held = staffing.signed_in(colleague)
    thief = Browser()
    thief.set_cookie("staff", portal.slug, held.secret)
    assert thief.open(f"/{portal.slug}/staff").status == 200
    assert held.get(f"/portals/{portal.slug}/me").status == 200
    if act == "sign out":
        thief.copy().press("Sign out")
    else:
        make_machine(portal).post(f"staff/{colleague.id}/{act}")
    assert held.get(f"/portals/{portal.slug}/me").status == 401
    assert "/staff/sign-in" in thief.open(f"/{portal.slug}/staff").path and thief.cookie("staff") is None


@pytest.mark.parametrize("value", ["", "x", "é", "a" * 4000, "../../", "' OR 1=1", "#", f"{'A' * 43}", "%00"])
def test_a_made_up_cookie_is_no_cookie(world: World, value: str) -> None:
    client = make_client(world)
    for kind in sorted(KINDS | KINDS_OF_USERS):
        browser = Browser()
        browser.set_cookie(kind, client.slug, value)
        assert browser.open(client.batch_path).heading == "Sign in"
        for path in ("/staff", "/staff/security", "/sign-in/factor", "/staff/sign-in/factor", "/staff/sign-in/set-up/app",
                     "/set-password", "/sign-in/own-password"):  # fmt: skip
            browser.set_cookie(kind, client.slug, value)
            assert "/sign-in" in browser.open(f"/{client.slug}{path}").path.removesuffix(path), (kind, path)
        browser.set_cookie(kind, client.slug, value)
        assert browser.open(f"/{client.slug}/sign-in/code").heading == "Sign in"
