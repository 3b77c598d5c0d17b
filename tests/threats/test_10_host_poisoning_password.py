"""Threat 10, of credentials: whatever host a request claims, every link that is mailed leads to the configured one."""

from __future__ import annotations

import re

import pytest

from chalicelib.portals import Portal
from chalicelib.security import links
from tests.browsing import Browser
from tests.customers import (
    OTHER_PASSWORD,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
)
from tests.factories import make_account, make_machine, make_portal
from tests.offices import make_office
from tests.staffing import make_session
from tests.threats.conftest import Hashes
from tests.threats.test_10_host_poisoning import EVIL, HOSTILE, is_clean
from tests.world import PUBLIC_URL, World

_LINK = re.compile(r"""https?://[^\s"'<>)]+""")


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_every_mail_of_credentials_keeps_to_the_public_host(
    world: World, hashes: Hashes, headers: dict[str, str]
) -> None:
    portal: Portal = password_portal(world, notifications={"credential_create": False})
    customer = make_customer(world, portal)
    first, _ = make_customer_account(portal)
    world.drain()
    start, answers = len(world.inbox), []
    browser = Browser()
    browser.headers = headers

    # By the pages: forgotten password (and its link sent again), username, first time, a new browser, "not me", a change.
    for path, typed in (
        ("/forgot-password", {"username": customer.username}),
        ("/forgot-username", {"client_number": customer.account.number}),
        ("/first-time", {"client_number": first.number}),
    ):
        browser.open(f"/{portal.slug}{path}")
        answers.append(browser.fill(**typed))
    world.drain()
    link = newest_link(world, customer.email, "reset-password")
    world.clock.advance(hours=2)
    browser.open(link)
    answers.append(browser.press("Send a fresh link"))
    world.drain()
    answers.append(enter_password(browser, customer))
    browser.open(f"/{portal.slug}/security/password")
    answers.append(browser.fill(current_password=customer.password, password=OTHER_PASSWORD))
    world.drain()
    browser.open(newest_link(world, customer.email, "not-me"))
    answers.append(browser.press("This was not me"))

    # By the API: the panel's links, an invitation, a temporary password.
    machine = make_machine(portal)
    machine.headers = headers
    answers.append(machine.ask("POST", f"accounts/{first.id}/credential/send-create"))
    answers.append(machine.ask("POST", f"accounts/{customer.account.id}/credential/send-reset"))
    owner = make_session(portal.slug)
    invited = owner.call(
        "POST", f"/api/v1/portals/{portal.slug}/staff", {"email": "new@company.example", "role": "agent"}, **headers
    )
    assert invited.status == 201, invited.text
    wanted = {"emails": "new@elm.example", "role": "portal-user", "account_id": make_office(portal).id}
    answers.append(machine.ask("POST", "registration-links", wanted))
    world.drain()

    assert all(is_clean(each) for seen in answers for each in (*seen.trail, seen))
    assert [seen.status for seen in answers if seen.status not in (200, 201, 204)] == []
    sent = world.inbox[start:]
    found = [link for mail in sent for part in (mail.text, mail.html) for link in _LINK.findall(part)]
    assert {link for link in found if not link.startswith(f"{PUBLIC_URL}/")} == set() and len(found) >= 16
    assert all(EVIL not in mail.mime.decode() for mail in sent)
    paths = {purpose for purpose, path in links.PATHS.items() for link in found if f"/{path}?t=" in link}
    assert paths == {"credential-create", "password-reset", "not-me", "staff-invitation", "invitation"}


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_every_mail_of_self_service_keeps_to_the_public_host(world: World, headers: dict[str, str]) -> None:
    portal = make_portal(world)
    account = make_account(portal, primary_emails=["olwen@ocelot.example"])
    machine, browser, at = make_machine(portal), Browser(), f"accounts/{account.id}/self-service"
    machine.headers = browser.headers = headers
    enabled = machine.ask("POST", f"{at}/enable")
    assert enabled.json["portal_link"].startswith(f"{PUBLIC_URL}/{portal.slug}/my/")
    answers = [enabled, machine.ask("POST", f"{at}/send-password")]
    browser.open(f"{enabled.json['portal_link'].removeprefix(PUBLIC_URL)}/lost")
    answers.append(browser.press("Send me a link"))
    world.drain()
    found = [link for mail in world.inbox for part in (mail.text, mail.html) for link in _LINK.findall(part)]
    assert all(is_clean(seen) and seen.status == 200 for seen in answers)
    assert {link for link in found if not link.startswith(f"{PUBLIC_URL}/")} == set() and len(found) >= 8
