"""The whole life of credentials, for the tests of what is left behind: a customer's and a staff user's, with every secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyotp

from chalicelib import clock
from chalicelib.portals import Portal
from tests.browsing import Browser, Machine, Seen, request
from tests.customers import newest_link, password_portal, recovery_codes, seed_shown
from tests.factories import make_machine
from tests.world import World

EMAIL, NEW_EMAIL, STAFF_EMAIL = "wanda@wombatworks.example", "wilma@wombatworks.example", "priya@ptarmigan.example"
RECORD_EMAIL = "olwen@ocelot.example"
PERSONAL = {
    "account name": "Wombatworks", "client number": "WB-70417", "email": EMAIL, "new email": NEW_EMAIL,
    "mobile": "+14155559731", "username": "wombat.wanda", "other username": "wombat.wilma",
    "typed username": "umbrageous.oriole", "staff email": STAFF_EMAIL, "staff first name": "Priyamvada",
    "staff last name": "Ptarmigansen", "record email": RECORD_EMAIL,
}  # fmt: skip
PASSWORDS = {
    "password typed too weak": "wombat123456", "password": "harbour-lantern-42-otter",
    "password typed wrong": "gannet-gannet-gannet-9", "password changed": "quiet-meadow-77-violin",
    "password reset": "amber-trolley-19-fjord",
    "password after disavowal": "copper-daisy-63-yodel", "staff password": "velvet-anchor-28-plum",
    "staff's own password": "marble-kiosk-51-tundra",
    "record's own password": "saddle-comet-84-quince",
}  # fmt: skip
ANSWERS = {"answer": "Bandersnatch the Third", "answer typed wrong": "Jabberwock Junior"}
QUESTION = "What was the name of your first pet?"


@dataclass
class Story:
    """What happened, and every secret that was in it. `note` sees every answer that a browser followed to."""

    world: World
    note: Callable[[Seen], Seen]
    portal: Portal
    machine: Machine
    secrets: dict[str, str] = field(default_factory=lambda: {**PASSWORDS, **ANSWERS})

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    def open(self, browser: Browser, rest: str) -> Seen:
        """Open a page below the portal."""
        return self.note(browser.open(f"/{self.slug}{rest}"))

    def fill(self, browser: Browser, **typed: str) -> Seen:
        """Fill in the open page's form."""
        return self.note(browser.fill(**typed))

    def keep(self, browser: Browser, *kinds: str, under: str) -> None:
        """Remember the browser's cookies of these kinds as secrets."""
        for kind in kinds:
            self.secrets[f"{kind} cookie, {under}"] = browser.cookie(kind) or "?"

    def link(self, to: str, path: str) -> str:
        """The newest link to an address, its token a secret."""
        self.world.drain()
        found = newest_link(self.world, to, path)
        self.secrets[f"link {path} to {to} ({len(self.secrets)})"] = found.rpartition("=")[2]
        return found

    def press(self, browser: Browser, link: str, button: str = "Continue") -> Seen:
        """Open a link and press its button."""
        self.note(browser.open(link))
        return self.note(browser.press(button))

    def sign_in(self, browser: Browser, username: str, password: str, *, staff: bool = False) -> Seen:
        """Type username and password."""
        self.open(browser, "/staff/sign-in" if staff else "/sign-in/password")
        return self.fill(browser, username=username, password=password)

    def add_app(self, browser: Browser, path: str, whose: str) -> str:
        """Set up an authenticator app; its seed."""
        seed = seed_shown(self.open(browser, path))
        self.secrets[f"seed of {whose}"] = seed
        self.keep(browser, "draft", under=whose)
        code = pyotp.TOTP(seed).at(clock.timestamp())
        self.secrets[f"code of {whose}'s app"] = code
        seen = self.fill(browser, name="Phone", code=code)
        for at, each in enumerate(recovery_codes(seen)):
            self.secrets[f"recovery code {at} of {whose}"] = each
        return seed


def live(world: World, note: Callable[[Seen], Seen] = lambda seen: seen) -> Story:
    """All of it."""
    portal = password_portal(world, policy={"security_questions": 1})
    story = Story(world, note, portal, make_machine(portal))
    story.secrets["API key"] = story.machine.key.split("_", 3)[3]
    account = create(story)
    phone = second_factors(story)
    look_after(story, phone)
    lose_and_disavow(story)
    of_staff(story)
    by_staff(story, account)
    of_record(story)
    world.drain()
    assert "?" not in story.secrets.values()
    return story


def create(story: Story) -> str:
    """From the mail to the portal; the account's id."""
    machine, browser = story.machine, Browser("198.51.100.1")
    named = {"name": PERSONAL["account name"], "number": PERSONAL["client number"], "primary_emails": [EMAIL]}
    account: dict[str, Any] = machine.post("accounts", {**named, "record_type": "customer"})
    machine.post(f"accounts/{account['id']}/credential/send-create")
    story.press(browser, story.link(EMAIL, "create-credential"))
    story.keep(browser, "setup", "form", under="create")
    typed = {"username": PERSONAL["username"], "question_1": QUESTION, "answer_1": ANSWERS["answer"]}
    for password in ("password typed too weak", "password"):
        form = browser.here.form_with("username", "password", "answer_1")
        story.note(browser.send(form, **typed, password=PASSWORDS[password]))
    for username, password in (("typed username", "password"), ("username", "password typed wrong"), ("username",) * 2):
        story.sign_in(browser, PERSONAL[username], PASSWORDS.get(password, PASSWORDS["password"]))
    story.keep(browser, "session", "browser", under="created")
    story.secrets["form token"] = browser.here.csrf
    story.secrets["seed"] = story.add_app(browser, "/security/app", "customer")
    return str(account["id"])


def second_factors(story: Story) -> Browser:
    """By the app in a browser that is remembered, by a recovery code, by text."""
    clocked, seed = story.world.clock, story.secrets["seed"]
    clocked.advance(minutes=2)
    phone = Browser("198.51.100.2")
    story.sign_in(phone, PERSONAL["username"], PASSWORDS["password"])
    story.keep(phone, "pending", under="phone")
    story.fill(phone, code="000000")
    story.secrets["code typed"] = pyotp.TOTP(seed).at(clock.timestamp())
    story.fill(phone, code=story.secrets["code typed"], remember="yes")
    story.keep(phone, "session", "device", under="phone")
    lost = Browser("198.51.100.3")
    story.sign_in(lost, PERSONAL["username"], PASSWORDS["password"])
    story.note(lost.press("Use a recovery code"))
    story.fill(lost, code=story.secrets["recovery code 3 of customer"])
    story.open(phone, "/security/mobile")
    story.fill(phone, mobile=PERSONAL["mobile"])
    story.world.drain()
    story.secrets["code by text"] = story.world.newest(PERSONAL["mobile"]).code
    story.fill(phone, code=story.secrets["code by text"])
    clocked.advance(minutes=16)
    texted = Browser("198.51.100.4")
    story.sign_in(texted, PERSONAL["username"], PASSWORDS["password"])
    story.note(texted.press("Send a text"))
    story.world.drain()
    story.secrets["code by text at sign-in"] = story.world.newest(PERSONAL["mobile"]).code
    story.fill(texted, code=story.secrets["code by text at sign-in"])
    return phone


def look_after(story: Story, phone: Browser) -> None:
    """On the security page: password, address, new recovery codes."""
    story.sign_in(phone, PERSONAL["username"], PASSWORDS["password"])  # a new factor ended what was remembered
    story.fill(phone, code=pyotp.TOTP(story.secrets["seed"]).at(clock.timestamp()))
    story.open(phone, "/security/confirm")
    story.fill(phone, password=PASSWORDS["password typed wrong"])
    story.fill(phone, password=PASSWORDS["password"])
    story.open(phone, "/security/password")
    story.fill(phone, current_password=PASSWORDS["password"], password=PASSWORDS["password changed"])
    story.keep(phone, "session", under="changed")
    for at, each in enumerate(recovery_codes(story.note(phone.press("Make new")))):
        story.secrets[f"recovery code {at}, made anew"] = each
    story.open(phone, "/security/address")
    story.fill(phone, email=NEW_EMAIL)
    story.press(Browser("198.51.100.5"), story.link(NEW_EMAIL, "confirm-address"), "Confirm")


def lose_and_disavow(story: Story) -> None:
    """A forgotten username and password, then a sign-in that was somebody else's."""
    browser = Browser("198.51.100.6")
    story.world.clock.advance(days=2)
    story.open(browser, "/forgot-username")
    story.fill(browser, client_number=PERSONAL["client number"])
    story.open(browser, "/forgot-password")
    story.fill(browser, username=PERSONAL["username"])
    story.press(browser, story.link(NEW_EMAIL, "reset-password"))
    for answer in ("answer typed wrong", "answer"):
        story.fill(browser, password=PASSWORDS["password reset"], answer_1=ANSWERS[answer])
    story.press(Browser("198.51.100.7"), story.link(NEW_EMAIL, "not-me"), "This was not me")
    story.press(browser, story.link(NEW_EMAIL, "reset-password"))
    story.fill(browser, password=PASSWORDS["password after disavowal"], answer_1=ANSWERS["answer"])


def of_staff(story: Story) -> None:
    """Invited, in, proved again, and let in anew by a temporary password."""
    machine, browser, world = story.machine, Browser("198.51.100.8"), story.world
    who = {"first_name": PERSONAL["staff first name"], "last_name": PERSONAL["staff last name"], "email": STAFF_EMAIL}
    made = machine.post("staff", {**who, "role": "support"})
    story.press(browser, story.link(STAFF_EMAIL, "staff/join"))
    form = browser.here.form_with("password")
    story.note(
        browser.send(form, password=PASSWORDS["staff password"], question_1=QUESTION, answer_1=ANSWERS["answer"])
    )
    story.sign_in(browser, STAFF_EMAIL, PASSWORDS["staff password"], staff=True)
    story.keep(browser, "pending", under="staff")
    seed = story.add_app(browser, "/staff/sign-in/set-up/app", "staff")
    story.keep(browser, "staff", under="staff")
    world.clock.advance(minutes=2)
    story.secrets["code of a step-up"] = pyotp.TOTP(seed).at(clock.timestamp())
    path, headers = f"/api/v1/portals/{story.slug}/me", {"Cookie": browser.cookie_header()}
    headers["X-CSRF-Token"] = story.secrets["staff's token"] = request("GET", path, headers=headers).json["csrf_token"]
    body = json.dumps({"code": story.secrets["code of a step-up"]}).encode()
    proved = request("POST", f"{path}/step-up", body, headers={**headers, "Content-Type": "application/json"})
    assert proved.status == 200, proved.text
    machine.post(f"staff/{made['id']}/temporary-password")
    world.drain()
    found = re.search(r"\b[a-z0-9]{4}(-[a-z0-9]{4}){3}\b", world.newest(STAFF_EMAIL).text)
    assert found
    story.secrets["temporary password"] = found[0]
    story.sign_in(browser, STAFF_EMAIL, found[0], staff=True)
    world.clock.advance(minutes=2)
    story.fill(browser, code=pyotp.TOTP(seed).at(clock.timestamp()))
    story.fill(browser, password=PASSWORDS["staff's own password"])
    for act in ("unlock", "reset-factors", "deactivate", "reactivate"):
        machine.post(f"staff/{made['id']}/{act}")


def of_record(story: Story) -> None:
    """Self-service of a lead: on, the password shown, lost, changed by its owner, off again."""
    machine, browser = story.machine, Browser("198.51.100.11")
    lead = {"name": PERSONAL["account name"], "record_type": "lead", "primary_emails": [RECORD_EMAIL]}
    at = f"accounts/{machine.post('accounts', lead)['id']}/self-service"
    page = machine.post(f"{at}/enable")["portal_link"].partition(f"/{story.slug}")[2]
    story.press(browser, story.link(RECORD_EMAIL, "my-password"), "Show my password")
    story.secrets["generated password"] = browser.here.page.only("code").text
    story.open(browser, page)
    story.fill(browser, password=PASSWORDS["password typed wrong"])
    story.fill(browser, password=story.secrets["generated password"])
    story.keep(browser, "session", "browser", under="record")
    story.open(browser, f"{page}/lost")
    story.note(browser.press("Send me a link"))
    story.press(Browser("198.51.100.12"), story.link(RECORD_EMAIL, "my-password"), "Show my password")
    story.open(browser, "/security/password")
    given = {"current_password": story.secrets["generated password"], "password": PASSWORDS["record's own password"]}
    story.fill(browser, **given)
    machine.post(f"{at}/send-password")
    story.link(RECORD_EMAIL, "reset-password")
    machine.get(at)
    machine.post(f"{at}/disable")


def by_staff(story: Story, account: str) -> None:
    """What staff do about the credential of an account, at last deleting it."""
    machine, at = story.machine, f"accounts/{account}/credential"
    machine.post(f"{at}/send-reset")
    story.link(NEW_EMAIL, "reset-password")
    machine.patch(at, {"username": PERSONAL["other username"]})
    machine.get(at)
    assert machine.ask("POST", f"{at}/send-create").status == 409
    assert machine.ask("PATCH", at, {"username": f"{PERSONAL['username']} !"}).status == 400
    machine.get("staff")
