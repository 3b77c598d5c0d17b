"""Offices, providers, and their users, made by the product's own flows; signed in by the pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pyotp

from chalicelib import clock, ids
from chalicelib.errors import Conflict
from chalicelib.facts import Act
from chalicelib.people import accounts, office_users, user_factors, user_sessions, usernames, users
from chalicelib.people.shapes import Account, Noted, UserDetails
from chalicelib.people.users import State, User
from chalicelib.portals import Portal
from chalicelib.security import passwords, sessions, totp
from chalicelib.storage import Transaction
from chalicelib.web import cookies
from tests.browsing import Browser, Seen
from tests.customers import seed_shown
from tests.factories import make_account
from tests.staffing import StaffClient

PASSWORD = "harbour-lantern-42-otter"
MANAGER = "provider-administrator"
_numbers = count(1)
_hashes: dict[str, str] = {}


@dataclass(frozen=True)
class OfficeUser:
    """A user of an office or provider, with all that takes to sign in."""

    portal: Portal
    account: Account
    id: str
    username: str
    password: str
    email: str
    seed: str = ""

    @property
    def slug(self) -> str:
        """The portal's slug."""
        return self.portal.slug

    @property
    def user(self) -> User:
        """The user as it now is."""
        return users.get(self.slug, self.id)

    def otp(self, steps: int = 0) -> str:
        """What the authenticator app shows, so many steps from now."""
        return pyotp.TOTP(self.seed).at(clock.timestamp() + 30 * steps)


def make_office(portal: Portal, name: str = "Elm Street Clinic", **details: Any) -> Account:
    """Elm Street Clinic: an open office, at tax-id level, with a TIN of its own."""
    tin = {"qualifier": "TIN", "value": f"11-{3_430_000 + next(_numbers)}"}
    own = {"name": name, "record_type": "office", "identifiers": [tin]}
    return accounts.get(portal.slug, make_account(portal, **{**own, **details}).id)


def make_provider(portal: Portal, office: Account, name: str = "Dr. Iris Hale", **details: Any) -> Account:
    """An open provider of the office, at individual level, with an NPI of its own."""
    npi = {"qualifier": "NPI", "value": str(1_245_319_500 + next(_numbers))}
    own = {"name": name, "record_type": "provider", "parent_id": office.id, "identifiers": [npi]}
    return accounts.get(portal.slug, make_account(portal, **{**own, **details}).id)


def make_office_user(
    portal: Portal,
    account: Account,
    role: str = "portal-user",
    username: str | None = None,
    password: str = PASSWORD,
    *,
    state: State = "active",
    temporary_until: int | None = None,
    **details: Any,
) -> OfficeUser:
    """Somebody of the office or provider, with a password and a contact of their own."""
    number, user_id = next(_numbers), ids.new()
    username = username or f"frances.{number}"
    email = details.pop("email", f"frances{number}@elmstreet.example")
    act = Act(portal.slug, "system:tests")
    tx = act.transaction()
    office_users.add(
        tx, act, account, user_id=user_id, username=username, username_key=usernames.key(username), role=role,
        details=UserDetails(**{"first_name": "Frances", "last_name": f"Okafor {number}", "email": email, **details}),
        password_hash=hash_of(password), state=state, temporary_until=temporary_until,
    )  # fmt: skip
    tx.commit()
    return OfficeUser(portal, account, user_id, username, password, email)


def enter_password(browser: Browser, user: OfficeUser, password: str | None = None) -> Seen:
    """Type username and password."""
    browser.open(f"/{user.slug}/sign-in/password")
    return browser.fill(username=user.username, password=password or user.password)


def sign_in(browser: Browser, user: OfficeUser) -> OfficeUser:
    """Sign in; whoever is asked for a second factor for the first time sets up an app. The user, with its seed."""
    seen = enter_password(browser, user)
    if seen.path.endswith("/sign-in/factor"):
        browser.fill(code=user.otp())
    elif seen.path.endswith("/sign-in/set-up"):
        browser.fill(method="totp")
        user = replace(user, seed=seed_shown(browser.here))
        browser.fill(name="Phone", code=user.otp())
    assert browser.cookie("session"), browser.here.errors or browser.here.shown
    return user


def hash_of(password: str) -> str:
    """One hash for all who have this password: making one is dear on purpose."""
    if password not in _hashes:
        _hashes[password] = passwords.hashed(password)
    return _hashes[password]


class OfficeClient(StaffClient):
    """A page in the browser of an office user that calls the API: with the client session's cookie, and its token."""

    @property
    def cookies(self) -> str:
        """What the browser sends along."""
        held = {cookies.name("form", self.portal): self.form, cookies.name("session", self.portal): self.secret}
        return "; ".join(f"{name}={value}" for name, value in held.items())


def signed_in(user: OfficeUser, *, proved: bool = True) -> OfficeClient:
    """A browser in which they are signed in, with a second factor shown just now, or (not `proved`) never."""
    held, policy, tx, now = user.user, user.portal.policy, Transaction(), clock.timestamp()
    secret = sessions.begin(
        tx, user.slug, policy, holder=user.id, number_key=(held.cards or "").rpartition("#")[2],
        username_key=held.username_key, contact_id=held.contact_id or "", proved_at=now if proved else 0,
    )  # fmt: skip
    noted = Noted(at=now, until=now + policy.session_hours * 3600, browser="Firefox, Linux")
    user_sessions.note_session(tx, held, sessions.id_of(secret), noted, refusal=Conflict())
    tx.commit()
    return OfficeClient(user.slug, secret)


def with_app(user: OfficeUser) -> OfficeUser:
    """The same user with an authenticator app, set up without the pages."""
    seed, tx = totp.new_seed(), Transaction()
    user_factors.set_totp(tx, user.user, seed=totp.kept(user.slug, user.id, seed), name="Phone", step=0)
    tx.commit()
    return replace(user, seed=seed)
