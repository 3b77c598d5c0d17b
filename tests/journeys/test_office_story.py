"""An office from end to end, as its administrator lives it: links are sent, requests are decided, users are looked after.

Everything is done by the administrator's own browser: the pages to sign in, and the API as the console calls it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from tests.browsing import Browser
from tests.factories import change_portal
from tests.invitees import link_of
from tests.offices import MANAGER, PASSWORD, OfficeClient, enter_password, make_office_user, sign_in
from tests.offices import OfficeUser as Somebody
from tests.registering import make_applicant, make_office, make_provider, open_portal
from tests.world import World

REASON = "Not known at this office"


class Desk:
    """The administrator at work: signed in by the pages, calling the API as the console does."""

    def __init__(self, portal: Portal, account: Account) -> None:
        self.portal, self.account, self.browser = portal, account, Browser()
        self.user = sign_in(self.browser, make_office_user(portal, account, MANAGER))
        self.client = OfficeClient(portal.slug, self.browser.cookie("session") or "")
        self.client.form = self.browser.cookie("form") or ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The whole answer."""
        return self.client.call(method, f"/api/v1/portals/{self.portal.slug}/{path}", body, **headers)

    def get(self, path: str) -> Any:
        """What is there."""
        reply = self.ask("GET", path)
        assert reply.status == 200, reply.text
        return reply.json

    def do(self, path: str, body: Any = None, *, method: str = "POST", status: int = 200) -> Any:
        """What came of it."""
        reply = self.ask(method, path, {} if body is None and method != "DELETE" else body)
        assert reply.status == status, reply.text
        return reply.json if reply.text else None

    def statuses(self, **having: str) -> list[str]:
        """The states of the registrations that the list shows, newest first."""
        query = "&".join(f"{name}={value}" for name, value in having.items())
        return [each["status"] for each in self.get(f"registrations?{query}")["items"]]


@pytest.fixture
def desk(world: World) -> Desk:
    portal = open_portal(world)
    return Desk(portal, make_office(portal))


def test_one_links_are_sent_to_colleagues_at_both_levels(world: World, desk: Desk) -> None:
    provider = make_provider(desk.portal, desk.account)
    choices = desk.get("registration-offices")
    assert {(each["id"], each["level"]) for each in choices["items"]} == {
        (desk.account.id, "office"), (provider.id, "provider"),
    }  # fmt: skip
    assert [role["name"] for role in choices["roles"]] == ["Provider Administrator", "Portal User", "Clerical User"]
    sent = desk.do(
        "registration-links",
        {
            "emails": "ada@elm.example,bo@elm.example,ada@ELM.example, nobody", "role": "portal-user",
            "account_id": desk.account.id,
        },
        status=201,
    )  # fmt: skip
    assert [(each["email"], each["answer"]) for each in sent["answers"]] == [
        ("ada@elm.example", "sent"), ("bo@elm.example", "sent"), ("nobody", "invalid"),
    ]  # fmt: skip
    assert desk.statuses() == ["EMAIL-INT", "EMAIL-INT"]
    own = {"emails": "cy@elm.example", "role": "clerical-user", "account_id": provider.id}
    assert desk.do("registration-links", own, status=201)["answers"][0]["answer"] == "sent"
    assert desk.get("registrations?q=cy@elm")["items"][0]["level"] == "provider"

    ada = Browser()
    form = ada.open(link_of(world, "ada@elm.example")).form_with("t")
    assert form and ada.press("Continue").path.endswith("/join/account"), (
        "no question, no role: straight to the account"
    )
    told = ada.fill(first_name="Ada", last_name="Okafor", username="ada.okafor", password=PASSWORD)
    assert "Your password is set" in told.shown
    user = Somebody(desk.portal, desk.account, "", "ada.okafor", PASSWORD, "ada@elm.example")
    assert "Ada Okafor" in enter_password(ada, user).shown and ada.cookie("session")
    assert sorted(desk.statuses()) == ["EMAIL-INT", "EMAIL-INT", "EMAIL-SUCCESS"]
    again = desk.do(
        "registration-links",
        {"emails": "ada@elm.example,bo@elm.example", "role": "portal-user", "account_id": desk.account.id}, status=201,
    )  # fmt: skip
    assert [each["answer"] for each in again["answers"]] == ["already-user", "resent"]

    world.drain()
    world.clock.advance(hours=25)
    late = Browser()
    assert "run out" in late.open(link_of(world, "bo@elm.example")).shown
    assert "on its way" in late.press("Send a fresh link").shown
    world.drain()
    assert len(world.sent_to("bo@elm.example")) == 3, "sent, sent again, and asked for"


def test_two_requests_are_approved_denied_and_modified(world: World, desk: Desk) -> None:
    people = [make_applicant(world, desk.portal, desk.account) for _ in range(3)]
    for person in people:
        assert person.register().heading == "We have your registration"
        world.clock.advance(seconds=1)
    world.drain()
    assert len(world.sent_to(desk.user.email)) >= 3, "the administrator hears of each"
    assert desk.get("registrations/counts")["PENDING-PROV-ADMIN-REVIEW"] == 3
    waiting = desk.get("registrations?status=PENDING-PROV-ADMIN-REVIEW&sort=submitted_at")["items"]
    approved, denied, modified = (each["id"] for each in waiting)
    shown = desk.get(f"registrations/{approved}")
    assert shown["can_decide"] and shown["checks"] == {"claim_number": "not-given", "birth_date": "not-given"}
    assert (shown["account_name"], shown["identifier"]) == (desk.account.name, desk.account.identifiers[0].value)
    assert desk.get(f"registrations/{approved}/next")["registration"]["id"] == denied
    assert "awaits review" in enter_password(Browser(), _as_user(people[0])).shown

    assert desk.do(f"registrations/{approved}/approve")["status"] == "MANUAL-PROV-ADMIN-APPROVED"
    assert desk.do(f"registrations/{denied}/deny", {"reason": REASON})["status"] == "DECLINED"
    changed = desk.do(f"registrations/{modified}/approve", {"role": "clerical-user"})
    assert (changed["status"], changed["role"], changed["asked_role"]) == (
        "MANUAL-PROV-ADMIN-APPROVED", "clerical-user", "portal-user",
    )  # fmt: skip
    assert desk.ask("POST", f"registrations/{denied}/approve", {}).code == "already-decided", "it cannot be undone"
    world.drain()
    heard = [world.sent_to(person.email)[-1].subject for person in people]
    assert [subject.partition(" - ")[0] for subject in heard] == [
        "You can sign in now", "Your registration was not approved", "You can sign in now",
    ]  # fmt: skip
    browsers = [Browser() for _ in people]
    for browser, person in zip(browsers, people, strict=True):
        enter_password(browser, _as_user(person))
    assert [bool(browser.cookie("session")) for browser in browsers] == [True, False, True]
    assert people[1].user is None, "the username is free again"


def test_two_at_the_level_of_a_provider_the_company_decides(world: World, desk: Desk) -> None:
    provider = make_provider(desk.portal, desk.account)
    make_applicant(world, desk.portal, provider).register()
    (waiting,) = desk.get("registrations?status=PENDING-ADMIN-REVIEW")["items"]
    shown = desk.get(f"registrations/{waiting['id']}")
    assert not shown["can_decide"] and shown["why_not"]
    assert desk.ask("POST", f"registrations/{waiting['id']}/approve", {}).status == 403


def test_three_users_are_added_reset_deleted_and_edited(world: World, desk: Desk) -> None:
    employee = {"account_id": desk.account.id, "first_name": "Dee", "last_name": "Test", "title": "Nurse"}
    assert desk.get(f"users/employees?account_id={desk.account.id}&last_name=test")["items"] == []
    made = desk.do("users/employees", employee, status=201)
    (found,) = desk.get(f"users/employees?account_id={desk.account.id}&last_name=test")["items"]
    assert found["id"] == made["id"] and not found["has_user"]
    world.drain()
    before = len(world.inbox)
    added = desk.do(
        "users",
        {
            "account_id": desk.account.id, "contact_id": made["id"], "role": "portal-user", "username": "dee.test",
            "first_name": "Dee", "last_name": "Test", "email": "dee@elm.example",
        },
        status=201,
    )  # fmt: skip
    world.drain()
    assert len(world.inbox) == before, "nothing is mailed: the administrator tells them"
    dee = Somebody(desk.portal, desk.account, added["id"], "dee.test", added["temporary_password"], "dee@elm.example")
    browser = Browser()
    assert enter_password(browser, dee).path.endswith("/sign-in/own-password")
    assert "Your password is set" in browser.fill(password=PASSWORD).shown
    dee = replace(dee, password=PASSWORD)
    enter_password(browser, dee)
    assert browser.cookie("session")

    world.clock.advance(minutes=1)
    desk.do(f"users/{dee.id}/reset-password")
    world.drain()
    mail = world.sent_to("dee@elm.example")[-1]
    assert mail.subject.startswith("Your temporary password")
    assert not desk.get(f"users/{dee.id}").get("temporary_password")
    assert browser.open(f"/{desk.portal.slug}").path.partition("?")[0].endswith("/sign-in"), "every session ended"

    edited = desk.do(f"users/{dee.id}", {"first_name": "Deirdre", "role": "clerical-user"}, method="PATCH")
    assert (edited["first_name"], edited["role_name"], edited["username"]) == ("Deirdre", "Clerical User", "dee.test")
    assert desk.ask("PATCH", f"users/{dee.id}", {"username": "other"}).status == 400
    assert "dee.test" in desk.ask("GET", "users/export?role=clerical-user").text

    assert desk.do(f"users/{dee.id}/lock", {"reason": "On leave"})["state"] == "locked"
    assert desk.do(f"users/{dee.id}/unlock")["state"] == "active"
    desk.do(f"users/{dee.id}", method="DELETE", status=204)
    assert "dee.test" not in [each["username"] for each in desk.get("users")["items"]]
    assert [each["username"] for each in desk.get("users?deleted=true")["items"]] == ["dee.test"]
    assert "is not right" in enter_password(Browser(), dee).shown
    taken = {**employee, "role": "portal-user", "username": "Dee.Test", "email": "x@elm.example"}
    assert desk.ask("POST", "users", taken).code == "username-taken", "it is never given to another"
    assert desk.do(f"users/{dee.id}/restore")["state"] == "active"


def test_roles_of_the_portals_own_decide_what_the_portal_shows(world: World, desk: Desk) -> None:
    tiles = [
        {"title": "Claims", "url": "https://claims.example/", "permission": "claims:read"},
        {"title": "Practice tools", "url": "https://tools.example/", "permission": "practice-tools:use"},
    ]
    portal = change_portal(desk.portal, tiles=tiles)
    clerk, browser = make_office_user(portal or desk.portal, desk.account, "clerical-user"), Browser()
    sign_in(browser, clerk)
    shown = browser.open(f"/{desk.portal.slug}").shown
    assert "Claims" in shown and "Practice tools" not in shown


def _as_user(person: Any) -> Somebody:
    return Somebody(person.portal, person.account, "", person.username, PASSWORD, person.email)
