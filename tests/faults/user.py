"""Journeys of somebody with a username: a client of a portal, or one of its staff, on the side that is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import pyotp

from chalicelib import clock, ids
from chalicelib.errors import Conflict
from chalicelib.facts import Act, Kind
from chalicelib.people import accounts, user_changes, user_factors, user_sessions, usernames, users
from chalicelib.people.shapes import Noted, UserDetails
from chalicelib.people.users import User
from chalicelib.portals import Portal
from chalicelib.security import links, passwords, recovery, sessions, totp
from chalicelib.security.links import Purpose
from chalicelib.security.models import SessionRow
from tests.browsing import PUBLIC_URL, Browser, Seen
from tests.customers import OTHER_PASSWORD, PASSWORD
from tests.factories import Client, make_account, make_batch, make_contact
from tests.faults.journey import ByBrowser, Journey

TEMPORARY = "k7mq-3fdx-9wtr-h2cn"
_people = count(1)
_hashes: dict[str, str] = {}


class ByUser(ByBrowser):
    """A journey of a user in front of a browser. `side` is theirs: "" of a client, "/staff" of staff."""

    side: ClassVar[str] = ""
    factors: ClassVar[tuple[str, ...]] = ()
    policy: ClassVar[dict[str, Any]] = {
        "sign_in_ways": ["password", "code"], "sms_a_day": 100_000, "sms_a_day_per_prefix": 10_000,
    }  # fmt: skip
    has_user: ClassVar[bool] = True

    def prepare(self) -> None:
        """The user, with these factors, and a browser."""
        self.number = next(_people)
        self.email, self.mobile = f"person{self.number}@company.example", f"+1415556{self.number % 10_000:04}"
        self.browser, self.tries = self.new_browser(), 0
        self.seed, self.recovery = totp.new_seed(), recovery.new_codes()
        if not self.side:
            account = make_account(self.portal, record_type="customer", primary_emails=[self.email])
            contact = make_contact(self.portal, account)
            self.client = Client(self.portal, account, contact, make_batch(self.portal, contact))
        self.username = self.email if self.side else f"person.{self.number}"
        self.user_id = ids.new() if self.side else self.client.account.id
        if self.has_user:
            self.make_user(PASSWORD)
            self.set_factors()

    def make_user(self, password: str | None) -> None:
        """The username, with a password if there is one already."""
        tx = self.act_of_tests().transaction()
        key, made = usernames.key(self.username), hash_of(password) if password else None
        if self.side:
            details = UserDetails(first_name="Ana", last_name=f"Silva {self.number}", email=self.email)
            users.add(
                tx, self.slug, user_id=self.user_id, kind="staff", username=self.username, username_key=key,
                role="support", details=details, emails=(self.email,), password_hash=made,
            )  # fmt: skip
        else:
            account = self.client.account
            accounts.add_user(tx, self.slug, account, username=self.username, username_key=key, password_hash=made)
        tx.commit()

    def set_factors(self) -> None:
        """The second factors, with recovery codes."""
        digests = recovery.digests(self.slug, self.user_id, self.recovery)
        for factor in self.factors:
            tx = self.act_of_tests().transaction()
            if factor == "totp":
                seed = totp.kept(self.slug, self.user_id, self.seed)
                user_factors.set_totp(tx, self.user, seed=seed, name="Phone", step=0, recovery=digests)
            else:
                user_factors.set_sms(tx, self.user, self.mobile, recovery=digests)
            tx.commit()

    def new_browser(self) -> Browser:
        """A browser that nobody knows, at an address of its own."""
        number = next(_people)
        return Browser(f"198.18.{number // 250 % 250}.{1 + number % 250}")

    def enter(self) -> None:
        """Be signed in."""
        self.session = self.begin_session(self.browser)

    def begin_session(self, browser: Browser) -> str:
        """A session with everything shown in this browser; its id."""
        lasting = sessions.STAFF if self.side else self.portal.policy
        user, tx, now = self.user, self.act_of_tests().transaction(), clock.timestamp()
        secret = sessions.begin(
            tx, self.slug, lasting, holder=user.id, number_key=(user.cards or "").rpartition("#")[2],
            username_key=user.username_key, proved_at=clock.timestamp(),
        )  # fmt: skip
        noted = Noted(at=now, until=now + lasting.session_hours * 3600, browser="Firefox")
        user_sessions.note_session(tx, user, sessions.id_of(secret), noted, refusal=Conflict())
        tx.commit()
        browser.set_cookie(self.cookie_kind, self.slug, secret)
        return sessions.id_of(secret)

    def make_temporary(self) -> None:
        """Their password is a temporary one."""
        tx = self.act_of_tests().transaction()
        until = clock.timestamp() + passwords.TEMPORARY_SECONDS
        user_changes.set_password(tx, self.user, hash_of(TEMPORARY), temporary_until=until)
        tx.commit()

    def open(self, rest: str) -> Seen:
        """Open a page of their side."""
        return self.browser.open(f"/{self.slug}{self.side}{rest}")

    def type_password(self, password: str = PASSWORD, browser: Browser | None = None) -> Seen:
        """Username and password, at the door of their side."""
        browser = browser or self.browser
        browser.open(f"/{self.slug}{'/staff/sign-in' if self.side else '/sign-in/password'}")
        return browser.fill(username=self.username, password=password)

    def get_in(self, password: str = PASSWORD) -> Browser:
        """Come in, in a browser that nobody knows, by all that is asked: nobody is shut out for good."""
        self.world.clock.advance(minutes=16)  # the app's next code, and texts may be sent again
        browser = self.new_browser()
        seen = self.type_password(password, browser)
        if seen.path.endswith("/factor"):
            assert not browser.cookie(self.cookie_kind)
            self.world.drain()
            seen = browser.fill(code=self.otp() if self.user.totp_seed else self.world.newest(self.mobile).code)
        assert self.is_in(browser), f"shut out: {seen.status} {seen.path} {seen.shown[:300]}"
        return browser

    def is_in(self, browser: Browser | None = None) -> bool:
        """Whether the browser is signed in, as its next page tells."""
        browser = browser or self.browser
        if not browser.cookie(self.cookie_kind):
            return False
        return browser.copy().ask("GET", f"/{self.slug}{self.side}/security").status == 200

    def otp(self) -> str:
        """What the app shows."""
        return pyotp.TOTP(self.seed).at(clock.timestamp())

    def issue(self, purpose: Purpose, seconds: int = 1800) -> str:
        """A link's path and token."""
        tx = self.act_of_tests().transaction()
        link = links.issue(tx, self.slug, purpose, self.user_id, seconds=seconds)
        tx.commit()
        whole = links.url(self.slug, purpose, self.user_id, link.id, link.version, 0)
        return whole.removeprefix(PUBLIC_URL)

    @property
    def user(self) -> User:
        """The user as it now is."""
        return users.get(self.slug, self.user_id)

    @property
    def about(self) -> str:
        """The user as facts name it."""
        return f"user:{self.user_id}"

    @property
    def cookie_kind(self) -> str:
        """Which cookie holds their session."""
        return "staff" if self.side else "session"

    def signed_in_facts(self) -> int:
        """How many sign-ins were recorded."""
        return self.facts_about(self.about, Kind.STAFF_SIGNED_IN if self.side else Kind.SIGNED_IN)

    def act_of_tests(self) -> Act:
        """Us."""
        return Act(self.slug, "system:tests")

    def midway(self) -> None:
        """No half account, no half session, nobody in without what they must show."""
        user = users.by_id(self.slug, self.user_id)
        found = users.find(self.slug, usernames.key(self.username))
        assert (user is None) == (found is None), "half an account"
        if user is None:
            return
        assert bool(user.recovery) == bool(user.factors)
        for name in user.sessions:
            row = SessionRow.find(f"{self.slug}#session#{name}")
            assert row is not None and row.holder == user.id, "a session that is none"
            assert row.proved_at or not user.factors, "signed in without the second factor"


def hash_of(password: str) -> str:
    """One hash for all users: making one is dear on purpose."""
    if password not in _hashes:
        _hashes[password] = passwords.hashed(password)
    return _hashes[password]


def on_both_sides(*kinds: type[ByUser], sample: int = 2) -> Iterator[type[Journey]]:
    """The journeys, and the same ones of staff: by the same handlers, so `make test` tries fewer of those."""
    for kind in kinds:
        yield kind
        method, route = kind.route
        twin = {"side": "/staff", "route": (method, route.replace("/{portal}", "/{portal}/staff", 1)), "sample": sample}
        yield type(f"{kind.__name__}OfStaff", (kind,), twin)


__all__ = ["OTHER_PASSWORD", "PASSWORD", "TEMPORARY", "ByUser", "Portal", "hash_of", "on_both_sides"]
