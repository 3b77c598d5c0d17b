"""Staff users, and browsers in which they are signed in, made without the pages: by the flows that the pages call."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import pyotp

from chalicelib import clock, ids
from chalicelib.errors import Conflict
from chalicelib.facts import Act
from chalicelib.people import user_factors, user_sessions, usernames, users
from chalicelib.people.shapes import Noted, UserDetails
from chalicelib.people.users import User
from chalicelib.security import passwords, recovery, sessions, totp
from chalicelib.storage import Transaction
from chalicelib.web import cookies, csrf
from tests.api.client import ApiClient, Reply

PASSWORD = "harbour-lantern-42-otter"
_numbers = count(1)


@dataclass(frozen=True)
class Colleague:
    """A staff user with a password, an authenticator app and recovery codes."""

    portal: str
    id: str
    email: str
    seed: str
    recovery: tuple[str, ...]

    @property
    def user(self) -> User:
        """The user as it now is."""
        return users.get(self.portal, self.id)

    def code(self, steps: int = 0) -> str:
        """The app's code now, or so many steps from now."""
        return pyotp.TOTP(self.seed).at(clock.timestamp() + 30 * steps)


def make_colleague(portal: str, role: str = "owner", *, has_password: bool = True, **details: Any) -> Colleague:
    """Somebody of the staff, who has accepted their invitation unless told otherwise."""
    number = next(_numbers)
    email = details.pop("email", f"ana{number}@company.example")
    user_id, seed, codes = ids.new(), totp.new_seed(), recovery.new_codes()
    tx = Act(portal, "system:tests").transaction()
    users.add(
        tx, portal, user_id=user_id, kind="staff", username=email, username_key=usernames.key(email), role=role,
        details=UserDetails(**{"first_name": "Ana", "last_name": f"Silva {number}", "email": email, **details}),
        emails=(email,), password_hash=_hash() if has_password else None,
    )  # fmt: skip
    tx.commit()
    if has_password:
        tx = Transaction()
        user_factors.set_totp(
            tx, users.get(portal, user_id), seed=totp.kept(portal, user_id, seed), name="Phone", step=0,
            recovery=recovery.digests(portal, user_id, codes),
        )  # fmt: skip
        tx.commit()
    return Colleague(portal, user_id, email, seed, codes)


class StaffClient(ApiClient):
    """A browser's page that calls the API: with the session's cookie and, where something changes, its token."""

    def __init__(self, portal: str, secret: str, *, form: str = "f" * 24) -> None:
        super().__init__(None)
        self.portal, self.secret, self.form = portal, secret, form

    @property
    def token(self) -> str:
        """The session's CSRF token."""
        return csrf.token(self.portal, self.form, self.secret)

    @property
    def cookies(self) -> str:
        """What the browser sends along."""
        held = {cookies.name("form", self.portal): self.form, cookies.name("staff", self.portal): self.secret}
        return "; ".join(f"{name}={value}" for name, value in held.items())

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """`X_CSRF_Token=""` and `Cookie=...` replace what would be sent."""
        sent = {"Cookie": self.cookies, **({} if method == "GET" else {"X_CSRF_Token": self.token}), **headers}
        return super().call(method, path, body, **sent)


def signed_in(colleague: Colleague, *, proved: bool = True) -> StaffClient:
    """A browser in which they are signed in, with a second factor shown just now, or (not `proved`) long ago."""
    return session_of(colleague.user, proved=proved)


def session_of(user: User, *, proved: bool = True) -> StaffClient:
    """A browser with a session of any user in the place of a staff user's."""
    tx, now = Transaction(), clock.timestamp()
    secret = sessions.begin(
        tx, user.portal, sessions.STAFF, holder=user.id, username_key=user.username_key, proved_at=now if proved else 0
    )  # fmt: skip
    noted = Noted(at=now, until=now + sessions.STAFF.session_hours * 3600, browser="Firefox, Linux")
    user_sessions.note_session(tx, user, sessions.id_of(secret), noted, refusal=Conflict())
    tx.commit()
    return StaffClient(user.portal, secret)


def make_session(portal: str, role: str = "owner", *, proved: bool = True, **details: Any) -> StaffClient:
    """A new colleague, signed in."""
    return signed_in(make_colleague(portal, role, **details), proved=proved)


_hashes: dict[str, str] = {}


def _hash() -> str:
    """One hash for all: making one is dear on purpose."""
    return _hashes.setdefault("one", passwords.hashed(PASSWORD))
