"""Data to test with, made by the product's own flows: a portal, an account, a contact, a batch, and a client of them all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from chalicelib import facts, portals
from chalicelib.facts import Act, Fact
from chalicelib.people import accounts, contacts
from chalicelib.people.shapes import Account, AccountInput, Contact, ContactInput, NewAccount
from chalicelib.portals import Portal, api_keys
from chalicelib.portals.permissions import PERMISSIONS
from chalicelib.selfservice import batches
from chalicelib.selfservice.shapes import Batch, BatchInput
from chalicelib.support import help_requests
from chalicelib.support.shapes import Asked, HelpRequest
from tests.browsing import Browser, Machine, Seen
from tests.world import World

COUNTRY = "US"
LINES = [
    {
        "carrier": "Blue Harbor", "plan": "PPO 1500", "coverage": "Employee", "employee_cost": "120.00",
        "employer_cost": "480.00", "change_percent": "3.5",
    },
    {"carrier": "Bright Smile", "plan": "Dental Plus", "coverage": "Family", "employee_cost": "20", "employer_cost": "35.5"},
]  # fmt: skip
_BEFORE: dict[str, list[str]] = {
    "approved": ["client_review"], "changes_requested": ["client_review"], "complete": ["client_review", "approved"],
    "cancelled": ["draft"],
}  # fmt: skip
_numbers = count(1)


def staff(portal: Portal | str) -> Act:
    """Somebody of the company at work."""
    return Act(portal if isinstance(portal, str) else portal.slug, "api-key:tests")


def make_portal(world: World, **settings: Any) -> Portal:
    """A portal of its own, open. Settings are plain values, as JSON has them."""
    made: Portal = world.portal(**settings)
    return made


def change_portal(portal: Portal, **settings: Any) -> Portal:
    """Replace some settings."""
    held = msgspec.to_builtins({name: getattr(portal, name) for name in portals.Settings.__struct_fields__})
    return portals.change(staff(portal), portal.slug, msgspec.convert({**held, **settings}, portals.Settings))


def make_account(portal: Portal, **details: Any) -> Account:
    """An account with a client number of its own."""
    plain = {"name": "Northwind Traders", "number": f"NW-{1000 + next(_numbers)}", **details}
    return accounts.create(staff(portal), portal, msgspec.convert(plain, NewAccount))


def change_account(portal: Portal, account_id: str, **details: Any) -> Account:
    """Replace some details."""
    held = accounts.get(portal.slug, account_id)
    plain = msgspec.to_builtins({name: getattr(held, name) for name in AccountInput.__struct_fields__})
    return accounts.change(staff(portal), portal, account_id, msgspec.convert({**plain, **details}, AccountInput))


def make_contact(portal: Portal, account: Account, **details: Any) -> Contact:
    """Maria Nuñez, with an address and a mobile number of her own."""
    number = next(_numbers)
    plain = {
        "account_id": account.id, "first_name": "Maria", "last_name": "Nuñez",
        "emails": [f"maria{number}@northwind.example"], "mobile": f"+1 415 555 {number % 10_000:04}", **details,
    }  # fmt: skip
    return contacts.create(staff(portal), COUNTRY, msgspec.convert(plain, ContactInput))


def make_batch(portal: Portal, contact: Contact, *, status: str = "client_review", **details: Any) -> Batch:
    """A batch of the contact's account, for its renewal; open to the portal, in review unless told otherwise."""
    first, *later = [*_BEFORE.get(status, []), status]
    plain = {
        "account_id": contact.account_id, "renewal_contact_id": contact.id, "title": "Benefits renewal 2031",
        "plan_year": "2031", "effective_date": "2031-01-01", "open_to_portal": True, "lines": LINES,
        "status": first, **details,
    }  # fmt: skip
    made = batches.create(staff(portal), portal, msgspec.convert(plain, BatchInput))
    for each in later:
        made = change_batch(portal, made.id, status=each)
    return made


def change_batch(portal: Portal, batch_id: str, **details: Any) -> Batch:
    """Replace some details; the status among them moves it."""
    held = batches.get(portal.slug, batch_id)
    plain = msgspec.to_builtins({name: getattr(held, name) for name in BatchInput.__struct_fields__})
    return batches.change(staff(portal), portal, batch_id, msgspec.convert({**plain, **details}, BatchInput))


HELP = {
    "kind": "no-code", "name": "Maria Nuñez", "reached_by": "+1 415 555 0132", "signs_in_as": "NW-1001",
    "message": "I waited an hour.\nStill no code.",
}  # fmt: skip


def make_help_request(portal: Portal, *, address: str | None = None, **typed: str) -> HelpRequest:
    """Somebody at the door has asked for help, from an address of their own unless one is given."""
    form = f"form-{next(_numbers)}"
    asked = Asked(**{**HELP, **typed})
    return help_requests.ask(Act(portal.slug, "visitor"), portal, asked, form=form, address=address or form)


def make_machine(portal: Portal | None = None, *scopes: str, days: int | None = None) -> Machine:
    """A company's system with an API key: of one portal, or of the whole deployment; with all scopes unless named."""
    everything = frozenset(PERMISSIONS)
    wanted = api_keys.NewKey(name="tests", scopes=scopes or tuple(sorted(everything)), days=days)
    made = api_keys.create(staff(portal or api_keys.EVERY_PORTAL), wanted, maker=everything)
    return Machine(made.key, portal.slug if portal else "")


@dataclass(frozen=True)
class Client:
    """A contact to whom a batch is open, with all that takes to sign in."""

    portal: Portal
    account: Account
    contact: Contact
    batch: Batch

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    @property
    def number(self) -> str:
        """The client number."""
        assert self.account.number
        return self.account.number

    @property
    def last_name(self) -> str:
        """The contact's last name."""
        return self.contact.last_name

    @property
    def email(self) -> str:
        """The contact's first address."""
        return self.contact.emails[0]

    @property
    def mobile(self) -> str:
        """The contact's mobile number."""
        assert self.contact.mobile
        return self.contact.mobile

    @property
    def batch_path(self) -> str:
        """The path of the batch's page."""
        return f"/{self.slug}/batches/{self.batch.id}"


def make_client(world: World, portal: Portal | None = None, **details: Any) -> Client:
    """A portal (unless given), an account, a contact and a batch in review. `details` are the contact's."""
    portal = portal or make_portal(world)
    account = make_account(portal)
    contact = make_contact(portal, account, **details)
    return Client(portal, account, contact, make_batch(portal, contact))


def begin(browser: Browser, client: Client, *, next_path: str = "") -> Seen:
    """Type client number and last name."""
    browser.open(f"/{client.slug}/sign-in" + (f"?next={next_path}" if next_path else ""))
    return browser.fill(client_number=client.number, last_name=client.last_name)


def ask_code(browser: Browser, client: Client, *, by: str = "email") -> Seen:
    """Come to the code's page, by the contact's own details."""
    begin(browser, client)
    return browser.fill(method=by, destination=client.email if by == "email" else client.mobile)


def newest_code(world: World, to: str) -> str:
    """The digits of the newest code that reached an address; whatever else came there since is left aside."""
    sent = [each for each in world.sent_to(to) if each.channel == "sms" or each.subject[:6].isdigit()]
    assert sent, f"no code was sent to {to}"
    return sent[-1].code


def other_than(code: str, further: int = 1) -> str:
    """Six digits that are not these."""
    return f"{(int(code) + further) % 1_000_000:06}"


def facts_of(slug: str, *kinds: str) -> list[Fact]:
    """A portal's facts, newest first; of these kinds only if any are named."""
    return [fact for fact in facts.recent(slug, limit=500).items if not kinds or fact.kind in kinds]


def sign_in(world: World, browser: Browser, client: Client, *, by: str = "email") -> Seen:
    """Sign in with the code from the inbox: the welcome page."""
    ask_code(browser, client, by=by)
    world.drain()
    seen = browser.fill(code=newest_code(world, client.email if by == "email" else client.mobile))
    assert seen.status == 200 and browser.cookie("session"), seen.shown
    return seen
