"""Threat 48. Staff start a reset and never see, choose or learn a secret; whoever replaces an address has to wait a day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.people import staff as people
from chalicelib.people.staff import By, StaffInput
from chalicelib.tables import TABLES
from tests.browsing import Browser, Machine
from tests.customers import (
    OTHER_PASSWORD,
    Customer,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    with_app,
)
from tests.factories import change_account, make_machine, staff
from tests.offices import make_office, make_office_user
from tests.staffing import PASSWORD as STAFF_PASSWORD
from tests.staffing import Colleague, make_colleague, signed_in
from tests.threats.conftest import Hashes
from tests.world import World

ACTS = ("temporary-password", "reset-factors", "unlock")
TEMPORARY = re.compile(r"\b[a-z0-9]{4}(?:-[a-z0-9]{4}){3}\b")


def at_rest(world: World) -> str:
    """All that is stored."""
    return "\n".join(json.dumps(item, ensure_ascii=False) for table in TABLES for item in world.scan(table))


def answers(machine: Machine, customer: Customer, *users: str) -> Iterator[str]:
    """Whatever the API tells a key with every permission about all of this."""
    for path in (
        "staff",
        "messages",
        "facts",
        "accounts",
        "contacts",
        "",
        f"accounts/{customer.account.id}/credential",
    ):
        seen = machine.ask("GET", f"{path}?limit=100" if path in ("staff", "messages", "facts") else path)
        assert seen.status == 200, (path, seen.text)
        yield seen.text
    for line in machine.get("messages", limit="100")["items"]:
        yield machine.ask("GET", f"messages/{line['id']}").text
    for user in users:
        yield machine.ask("GET", f"staff/{user}").text


def secrets_mailed(world: World) -> set[str]:
    """Tokens of links, and temporary passwords, in every inbox."""
    texts = [sent.text for sent in world.inbox if sent.channel == "email"]
    tokens = {found for text in texts for found in re.findall(r"\?t=([\w.-]+)", text)}
    return (
        tokens | {token.rpartition(".")[2] for token in tokens} | {f for text in texts for f in TEMPORARY.findall(text)}
    )


def test_what_staff_start_is_told_to_its_owner_alone(
    world: World, hashes: Hashes, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = make_customer(world)
    newcomer, _ = make_customer_account(customer.portal)
    machine = make_machine(customer.portal)
    owner, colleague = make_colleague(customer.slug), make_colleague(customer.slug, "agent")
    browser = signed_in(owner)
    at = f"/api/v1/portals/{customer.slug}"
    told = [
        browser.call("POST", f"{at}/staff", {"email": "new@company.example", "role": "agent"}),
        *(browser.call("POST", f"{at}/staff/{colleague.id}/{act}") for act in ACTS),
        browser.call("POST", f"{at}/accounts/{customer.account.id}/credential/send-reset"),
        browser.call("POST", f"{at}/accounts/{newcomer.id}/credential/send-create"),
    ]  # fmt: skip
    assert [each.status for each in told] == [201, 200, 200, 200, 200, 200]
    world.drain()

    secrets = secrets_mailed(world)
    assert len([each for each in secrets if TEMPORARY.fullmatch(each)]) == 1
    mails = "\n".join(sent.text for sent in world.inbox if sent.channel == "email")
    assert all(f"/{path}?t=" in mails for path in ("staff/join", "reset-password", "create-credential", "not-me"))
    written = capsys.readouterr()
    everywhere = {
        "answers to staff": "\n".join(each.text for each in told),
        "the API": "\n".join(answers(machine, customer, owner.id, colleague.id)),
        "tables": at_rest(world),
        "log": caplog.text + written.out + written.err,
    }
    assert [(place, each) for place, text in everywhere.items() for each in secrets if each in text] == []
    assert not any(hash_ in everywhere["the API"] for hash_ in ("$argon2", "password_hash", "answer_hash", "totp_seed"))


def test_the_temporary_password_is_its_owners_alone_for_a_day_and_must_be_changed(world: World, hashes: Hashes) -> None:
    slug = password_portal(world).slug
    owner, colleague = make_colleague(slug), make_colleague(slug, "agent")
    made = people.send_temporary_password(staff(slug), By("owner", "Ana", owner.id), colleague.id)
    assert made.has_temporary_password
    world.drain()
    (mail,) = world.sent_to(colleague.email)
    (temporary,) = TEMPORARY.findall(mail.text)
    assert world.sent_to(owner.email) == []
    browser = Browser()

    def enter(password: str) -> Any:
        browser.open(f"/{slug}/staff/sign-in")
        return browser.fill(username=colleague.email, password=password)

    assert enter(STAFF_PASSWORD).status == 400, "the old one is over"
    assert enter(temporary).path.endswith("/staff/sign-in/factor"), "and the factor is asked all the same"
    assert browser.fill(code=colleague.code()).path.endswith("/staff/sign-in/own-password")
    assert browser.cookie("staff") is None and browser.fill(password=temporary).status == 400
    assert "password-set" in browser.fill(password=OTHER_PASSWORD).path
    assert enter(temporary).status == 400
    world.clock.advance(minutes=2)
    assert enter(OTHER_PASSWORD).path.endswith("/factor") and browser.fill(code=colleague.code()).status == 200
    assert browser.cookie("staff")


def test_staff_choose_nobodys_password(world: World, hashes: Hashes) -> None:
    """No operation takes one: unknown fields are refused."""
    customer = make_customer(world)
    owner, colleague = make_colleague(customer.slug), make_colleague(customer.slug, "agent")
    browser, at = signed_in(owner), f"/api/v1/portals/{customer.slug}"
    before = (customer.user.password_hash, colleague.user.password_hash)
    for method, path, body in (
        ("POST", "staff", {"email": "x@company.example", "role": "agent"}),
        ("PATCH", f"staff/{colleague.id}", {}),
        ("PATCH", f"accounts/{customer.account.id}/credential", {"username": customer.username}),
        ("PATCH", f"accounts/{customer.account.id}", {}),
    ):
        for name in ("password", "password_hash", "temporary_password", "totp_seed", "recovery"):
            assert browser.call(method, f"{at}/{path}", {**body, name: OTHER_PASSWORD}).status == 400, (
                method,
                path,
                name,
            )
    for path in (f"staff/{colleague.id}/temporary-password", f"accounts/{customer.account.id}/credential/send-reset"):
        refused = browser.call("POST", f"{at}/{path}", {"password": OTHER_PASSWORD})
        assert refused.status in (200, 400), path
        world.drain()
    assert not hashes_match(customer, colleague, OTHER_PASSWORD)
    assert customer.user.password_hash == before[0]


def test_whoever_looks_after_an_office_chooses_nobodys_password_and_sees_it_once(world: World, hashes: Hashes) -> None:
    """The one exception, of adding a user: told in the first answer, and never again anywhere."""
    portal = password_portal(world)
    office, machine = make_office(portal), make_machine(portal)
    user = make_office_user(portal, office)
    adding = {"account_id": office.id, "role": "portal-user", "username": "ada.okafor", "first_name": "Ada",
              "last_name": "Okafor", "email": "ada@elmstreet.example"}  # fmt: skip
    for method, path, body in (
        ("POST", "users", adding),
        ("PATCH", f"users/{user.id}", {}),
        ("POST", f"users/{user.id}/lock", {"reason": "x"}),
        ("POST", f"users/{user.id}/reset-password", {}),
    ):
        for name in ("password", "password_hash", "temporary_password", "totp_seed", "recovery"):
            assert machine.ask(method, path, {**body, name: OTHER_PASSWORD}).status == 400, (path, name)
    assert user.user.password_hash and user.user.is_active
    made = machine.ask("POST", "users", adding)
    told = TEMPORARY.findall(made.text)
    assert made.status == 201 and len(told) == 1
    reset = machine.ask("POST", f"users/{user.id}/reset-password")
    world.drain()
    (mailed,) = TEMPORARY.findall("".join(sent.text for sent in world.inbox))
    seen = reset.text + "".join(
        machine.ask("GET", path).text
        for path in ("users", "users/export", f"users/{user.id}", "facts?limit=100", "messages?limit=100", "contacts")
    )
    assert user.username in seen
    assert [each for each in (*told, mailed) if each in seen + at_rest(world)] == []


def hashes_match(customer: Customer, colleague: Colleague, password: str) -> bool:
    from chalicelib.security import passwords

    return any(passwords.matches(each.user.password_hash, password) for each in (customer, colleague))


def test_a_reset_by_staff_leaves_password_and_factor_as_they_are(world: World, hashes: Hashes) -> None:
    home = Browser("192.0.2.1")
    customer = make_customer(world, browser=home)
    enter_password(home, customer)
    customer = with_app(home, customer)
    make_machine(customer.portal).ask("POST", f"accounts/{customer.account.id}/credential/send-reset")
    assert home.open(f"/{customer.slug}/security").status == 200
    world.clock.advance(minutes=2)
    other = Browser("192.0.2.2")
    assert enter_password(other, customer).path.endswith("/sign-in/factor")
    assert other.fill(code=customer.otp()).status == 200 and other.cookie("session")


def test_a_client_s_old_address_is_told_and_for_a_day_gets_the_resets(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    old, new = customer.email, "thief@northwind.example"
    machine = make_machine(customer.portal)
    machine.ask("POST", f"accounts/{customer.account.id}/credential/send-reset")
    world.drain()
    before = newest_link(world, old, "reset-password")
    change_account(customer.portal, customer.account.id, primary_emails=[new])
    world.drain()
    told = world.newest(old)
    assert "/not-me?t=" in told.text and world.sent_to(new) == []
    assert Browser().open(before).status == 410, "what was sent before opens nothing"

    for hours, to in ((1, old), (22, old), (1, new)):
        world.clock.advance(hours=hours)
        for ask in (
            lambda: machine.ask("POST", f"accounts/{customer.account.id}/credential/send-reset"),
            lambda: forgot(customer),
        ):
            counts = {each: len(world.sent_to(each)) for each in (old, new)}
            ask()
            world.drain()
            assert {each: len(world.sent_to(each)) - counts[each] for each in counts} == {old: 0, new: 0, to: 1}
            world.clock.advance(minutes=16 if hours == 22 and to == old else 0)
    owner = Browser()
    owner.open(link_to(told.text, "not-me"))
    owner.press("This was not me")
    assert not customer.user.is_active, "and its owner can stop it with one press"


def forgot(customer: Customer) -> None:
    browser = Browser("198.51.100.5")
    browser.open(f"/{customer.slug}/forgot-password")
    browser.fill(username=customer.username)


def link_to(text: str, path: str) -> str:
    return next(word for word in text.split() if f"/{path}?t=" in word).removeprefix("https://portal.example.com")


def test_a_colleague_s_old_address_is_told_and_for_a_day_gets_the_temporary_password(
    world: World, hashes: Hashes
) -> None:
    slug = password_portal(world).slug
    owner, colleague = make_colleague(slug), make_colleague(slug, "agent")
    by, new = By("owner", "Ana", owner.id), "thief@company.example"
    people.change(staff(slug), by, colleague.id, StaffInput(email=new, role="agent", first_name="Ana", last_name="S"))
    world.drain()
    assert "/not-me?t=" in world.newest(colleague.email).text and world.sent_to(new) == []
    people.send_temporary_password(staff(slug), by, colleague.id)
    world.drain()
    assert TEMPORARY.search(world.newest(colleague.email).text) and world.sent_to(new) == []
    world.clock.advance(hours=24)
    people.send_temporary_password(staff(slug), by, colleague.id)
    world.drain()
    assert TEMPORARY.search(world.newest(new).text)
