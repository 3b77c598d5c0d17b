"""People who register by themselves, page by page, at offices and providers that are made for it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from chalicelib.facts import Act
from chalicelib.people import users
from chalicelib.people.shapes import Account
from chalicelib.people.users import User
from chalicelib.portals import Portal
from chalicelib.registration import attempts, checks, entries, proving, requests
from chalicelib.registration.attempts import Attempt
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.shapes import ChecksInput
from chalicelib.registration.statuses import Status
from chalicelib.security import codes
from tests import offices
from tests.browsing import Browser, Seen
from tests.factories import facts_of, make_portal, newest_code, staff
from tests.world import World

CLAIM, BIRTH_DATE = "CLM 2019-00417", "1970-01-31"
PASSWORD = "harbour-lantern-42-otter"
_numbers = count(1)


def open_portal(world: World, *, auto_approve: bool = True, **settings: Any) -> Portal:
    """A portal where people may register by themselves."""
    registration = {"is_open": True, "auto_approve": auto_approve}
    return make_portal(
        world, **{"notifications": {"staff_emails": ["desk@acme.example"]}, **settings, "registration": registration}
    )


def make_office(portal: Portal, **details: Any) -> Account:
    """An office that is checked by CLAIM, with an address of its own."""
    made = offices.make_office(portal, **{"primary_emails": [f"front{next(_numbers)}@elm.example"], **details})
    know(portal, made, CLAIM)
    return made


def make_provider(portal: Portal, office: Account, **details: Any) -> Account:
    """A provider of an office that is checked by CLAIM and BIRTH_DATE, with an address of its own."""
    own = {"name": "Dr. Ada Brook", "primary_emails": [f"ada{next(_numbers)}@elm.example"], **details}
    made = offices.make_provider(portal, office, **own)
    know(portal, made, CLAIM, birth_date=BIRTH_DATE)
    return made


def know(portal: Portal, account: Account, *claim_numbers: str, birth_date: str = "") -> None:
    """Put in what an office or provider is checked by."""
    wanted = ChecksInput(add_claim_numbers=claim_numbers, birth_date=birth_date or msgspec.UNSET)
    checks.change(staff(portal), account.id, wanted)


@dataclass
class Applicant:
    """Somebody in front of a browser, who wants to become a user of an office or provider."""

    world: World
    portal: Portal
    account: Account
    browser: Browser
    email: str
    username: str

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    def open(self, step: str = "") -> Seen:
        """Go to a page of the way."""
        return self.browser.open(f"/{self.slug}/register{step}")

    def find(self) -> Seen:
        """Name the office or provider."""
        self.open()
        return self.browser.fill(identifier=self.account.identifiers[0].value)

    def come_to_role(self, claim: str = "", birth_date: str = "") -> Seen:
        """Come to the page that asks for the role."""
        self.find()
        dated = {"birth_date": birth_date} if self.account.parent_id else {}
        return self.browser.fill(claim_number=claim, **dated)

    def come_to_code(self, claim: str = "", birth_date: str = "", role: str = "portal-user", **own: str) -> Seen:
        """Come to the page that asks for the code."""
        self.come_to_role(claim, birth_date)
        self.browser.fill(role=role)
        said = {"first_name": "Rosa", "last_name": "Quibble", "phone": "+1 415 555 0188", "email": self.email, **own}
        return self.browser.fill(**said)

    def come_to_account(self, claim: str = "", birth_date: str = "", role: str = "portal-user", **own: str) -> Seen:
        """Come to the page that asks for username and password."""
        self.come_to_code(claim, birth_date, role, **own)
        self.world.drain()
        return self.browser.fill(code=newest_code(self.world, self.email))

    def submit(self, **other: str) -> Seen:
        """Choose username and password."""
        return self.browser.fill(**{"username": self.username, "password": PASSWORD, **other})

    def register(self, claim: str = "", birth_date: str = "", role: str = "portal-user", **own: str) -> Seen:
        """The whole way."""
        self.come_to_account(claim, birth_date, role, **own)
        return self.submit()

    @property
    def user(self) -> User | None:
        """The user that came of it, if one did."""
        found = users.find(self.slug, self.username)
        return found if found and found.details.email == self.email else None

    @property
    def entry(self) -> RegistrationRow:
        """The request as it is stored."""
        about = facts_of(self.slug, "client:registration:started", "client:registration:code-sent")
        ids = [fact.subject.partition(":")[2] for fact in about]
        rows = [row for each in ids if (row := entries.found(self.slug, each)) and row.email_key == self.email]
        return rows[0]


def make_applicant(world: World, portal: Portal, account: Account, address: str | None = None) -> Applicant:
    """Somebody new, at an address of their own."""
    number = next(_numbers)
    browser = Browser(address or f"198.18.{number // 250}.{1 + number % 250}")
    return Applicant(world, portal, account, browser, f"rosa{number}@elm.example", f"rosa.quibble{number}")


def begun(
    portal: Portal,
    account: Account,
    claim: str = "",
    birth_date: str = "",
    role: str = "portal-user",
    email: str = "",
    address: str = "192.0.2.1",
) -> Attempt:
    """An attempt whose address is confirmed, by the shortest way: nothing but username and password is missing."""
    act = Act(portal.slug, "visitor")
    attempt = asked(portal, account, claim, birth_date, role, email)
    attempt = proving.send(act, portal, attempt, address)
    code = codes.digits(portal.slug, attempt.challenge, attempt.counter, attempt.key_version)
    return proving.enter(act, portal, attempt, address, code)


def asked(
    portal: Portal, account: Account, claim: str = "", birth_date: str = "", role: str = "portal-user", email: str = ""
) -> Attempt:
    """An attempt that was answered up to the code."""
    attempt = attempts.choose(attempts.seek(None, account.identifiers[0].value, ""), account)
    attempt = attempts.choose_role(attempts.give_checks(attempt, claim, birth_date), portal, role)
    said = {"first_name": "Rosa", "last_name": "Quibble", "email": email or f"rosa{next(_numbers)}@elm.example"}
    return attempts.introduce(attempt, portal, said)


def submitted(portal: Portal, attempt: Attempt, username: str = "", address: str = "192.0.2.1") -> Status:
    """Submit it; how it stands then."""
    username = username or f"rosa.quibble{next(_numbers)}"
    return requests.submit(
        Act(portal.slug, "visitor"), portal, attempt, address, username=username, password=PASSWORD, given={}
    )
