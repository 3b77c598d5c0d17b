"""Threat 8, of one-time links: scanners fetch them, and press what they find. Only the person's own press opens anything."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chalicelib.people import credentials
from chalicelib.people import staff as people
from chalicelib.people.staff import By, StaffInput
from chalicelib.portals import Portal
from chalicelib.security import links
from tests.browsing import Browser, Seen
from tests.customers import (
    OTHER_PASSWORD,
    PASSWORD,
    Customer,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
)
from tests.factories import staff
from tests.threats.conftest import Hashes
from tests.threats.test_08_prefetch import everything
from tests.tracing import traced, writes
from tests.world import World

each_purpose = pytest.mark.parametrize("purpose", ["credential-create", "password-reset", "staff-invitation", "not-me"])


@dataclass
class Mailed:
    """A link in somebody's inbox, and what its press leads to."""

    purpose: str
    portal: Portal
    email: str
    link: str
    number: str = ""
    customer: Customer | None = None


def mailed(world: World, purpose: str) -> Mailed:
    portal, number, customer = password_portal(world), "", None
    if purpose == "credential-create":
        account, _ = make_customer_account(portal)
        number, email = account.number or "", account.primary_emails[0]
        credentials.send_create(staff(portal), portal, account.id)
    elif purpose == "staff-invitation":
        email = "new.colleague@company.example"
        people.invite(staff(portal), By("owner"), StaffInput(email=email, role="agent"))
    else:
        customer = make_customer(world, portal)
        email = customer.email
        if purpose == "password-reset":
            ask(Browser(), customer)
        else:
            enter_password(Browser("192.0.2.200"), customer)
    world.drain()
    return Mailed(purpose, portal, email, newest_link(world, email, links.PATHS[purpose]), number, customer)


def ask(browser: Browser, customer: Customer) -> None:
    browser.open(f"/{customer.slug}/forgot-password")
    browser.fill(username=customer.username)


def press(browser: Browser) -> Seen:
    form = browser.here.form_with("t")
    return browser.send(form)


def succeeds(world: World, mail: Mailed) -> None:
    """The person opens the link, presses the button, and does what it is for."""
    person = Browser("192.0.2.1")
    assert person.open(mail.link).status == 200
    seen = press(person)
    if mail.purpose == "not-me":
        assert seen.heading == "Your account is locked" and mail.customer and not mail.customer.user.is_active
        return
    assert seen.path.endswith("/set-password")
    typed = {"username": "the.person", "password": OTHER_PASSWORD}
    if mail.purpose != "credential-create":
        del typed["username"]
    assert "notice=password-set" in person.fill(**typed).path
    if mail.purpose == "staff-invitation":
        assert person.fill(username=mail.email, password=OTHER_PASSWORD).path.endswith("/staff/sign-in/set-up")
    elif mail.customer:
        assert enter_password(person, mail.customer, OTHER_PASSWORD).status == 200 and person.cookie("session")
    else:
        assert person.fill(username="the.person", password=OTHER_PASSWORD).status == 200 and person.cookie("session")


@each_purpose
def test_a_scanner_on_the_link_changes_nothing_and_the_persons_press_succeeds(
    world: World, hashes: Hashes, purpose: str
) -> None:
    mail = mailed(world, purpose)
    before = everything(world)
    scanner = Browser("198.51.100.80", agent="BarracudaScanner/9")
    with traced() as calls:
        for _ in range(3):
            assert scanner.ask("HEAD", mail.link).status == 405, "API Gateway refuses it; no route is run"
        for _ in range(10):
            seen = Browser("198.51.100.80").open(mail.link)
            assert seen.status == 200 and scanner.open(mail.link).status == 200
        assert len([form for form in seen.forms if "t" in form.names]) == 1, "one button"
        for address in {each.get("href") for each in seen.page.all("a") if each.get("href").startswith("/")}:
            scanner.open(address)
        for tampered in (
            mail.link + "A",
            mail.link[:-1],
            mail.link.replace("?t=", "?t=9"),
            mail.link.partition("=")[0],
        ):
            assert scanner.open(tampered).status == 410
    assert writes(calls) == []
    assert everything(world) == before
    succeeds(world, mail)


@each_purpose
def test_a_script_on_the_page_has_nothing_to_run_and_the_page_keeps_the_token_to_itself(
    world: World, hashes: Hashes, purpose: str
) -> None:
    mail = mailed(world, purpose)
    seen = Browser("198.51.100.80").open(mail.link)
    assert (
        seen.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        and seen.headers["Cache-Control"] == "no-store"
    )
    assert all(each.get("src").startswith("/static/") for each in seen.page.all("script"))
    assert "refresh" not in {each.get("http-equiv").lower() for each in seen.page.all("meta")}


@pytest.mark.parametrize("purpose", ["credential-create", "password-reset", "staff-invitation"])
def test_a_scanner_that_presses_goes_on_with_nobodys_cookies_and_the_person_is_told_and_asks_again(
    world: World, hashes: Hashes, purpose: str
) -> None:
    mail = mailed(world, purpose)
    slug = mail.portal.slug
    scanner, person = Browser("198.51.100.81"), Browser("192.0.2.1")
    person.open(mail.link)
    scanner.open(mail.link)
    assert press(scanner).path.endswith("/set-password")
    setup = scanner.cookies[f"__Host-setup-{slug}"].value

    late = press(person)
    assert late.status == 410 and "used already" in late.shown, "the person had the page open already"
    seen = person.open(mail.link)
    assert seen.status == 410 and "used already" in seen.shown and person.cookie("setup") is None
    person.set_cookie("setup", slug, setup)
    assert "notice=link-over" in person.open(f"/{slug}/set-password").path, (
        "what it opened is the scanner's browser's alone"
    )
    scanner_elsewhere = Browser("198.51.100.82")
    scanner_elsewhere.set_cookie("setup", slug, setup)
    assert "notice=link-over" in scanner_elsewhere.open(f"/{slug}/set-password").path
    sessions = [each for each in world.scan("tokens") if each["pk"]["S"].startswith(f"{slug}#session#")]
    assert sessions == [] and scanner.cookie("session") is None, "a press signs nobody in"

    person.open(mail.link)
    person.press("Go to the sign-in page")
    if purpose == "staff-invitation":
        found = people.listed(slug).items[0]
        people.send_invitation_again(staff(mail.portal), By("owner"), found.id)
    elif purpose == "password-reset":
        person.press("Forgot your password?")
        assert mail.customer
        person.fill(username=mail.customer.username)
    else:
        person.press("First time here?")
        person.fill(client_number=mail.number)
    world.drain()
    fresh = newest_link(world, mail.email, links.PATHS[purpose])
    assert fresh != mail.link
    scanned = scanner.post(
        f"/{slug}/set-password", {"csrf": scanner.here.csrf, "username": "x.bot", "password": PASSWORD}
    )
    assert "link-over" in scanned.location, "the newer link has ended what the scanner opened"
    succeeds(world, Mailed(purpose, mail.portal, mail.email, fresh, mail.number, mail.customer))


@pytest.mark.parametrize("purpose", ["credential-create", "password-reset", "staff-invitation"])
def test_who_comes_back_tomorrow_is_told_why(world: World, hashes: Hashes, purpose: str) -> None:
    mail = mailed(world, purpose)
    person = Browser()
    person.open(mail.link)
    press(person)
    world.clock.advance(days=1)
    seen = person.open(f"/{mail.portal.slug}/set-password")
    assert "notice=link-over" in seen.path and "link" in seen.shown.lower()
    seen = person.open(mail.link)
    assert seen.status == 410 and "used already" in seen.shown


def test_no_get_of_any_page_of_credentials_writes(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    browser = Browser()
    enter_password(browser, customer)
    before = everything(world)
    paths = (
        "/sign-in/password", "/staff/sign-in", "/sign-in/factor", "/staff/sign-in/factor", "/sign-in/own-password",
        "/sign-in/set-up", "/sign-in/set-up/app", "/sign-in/set-up/mobile", "/sign-in/set-up/mobile/code", "/set-password",
        "/forgot-password", "/staff/forgot-password", "/forgot-username", "/first-time", "/security", "/security/confirm",
        "/security/password", "/security/app", "/security/mobile", "/security/mobile/code", "/staff", "/staff/security",
    )  # fmt: skip
    with traced() as calls:
        for path in paths:
            assert browser.copy().open(f"/{customer.slug}{path}").status == 200, path
        for path in (
            "/sign-in/factor/use", "/links/again", "/security/remove", "/security/recovery-codes",
            "/security/devices/forget", "/security/sessions/end", "/staff/sign-out",
        ):  # fmt: skip
            assert browser.copy().ask("GET", f"/{customer.slug}{path}").status == 405, path
    assert writes(calls) == []
    assert everything(world) == before
