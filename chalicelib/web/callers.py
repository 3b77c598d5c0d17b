"""Who calls the JSON API: the holder of an API key, or a staff user by the session of their browser.

A request with a key counts by its key, whatever cookies come along. A session counts as what its user is at this very
moment: another role, or none any more, takes effect with the next request. Since a browser sends its cookies by itself,
whatever changes something must also carry the session's CSRF token, and may not come from another site.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .. import clock
from ..errors import NotSignedIn
from ..people import users
from ..people.users import User
from ..portals import api_keys
from ..portals.api_keys import EVERY_PORTAL
from ..portals.permissions import ROLES, may_hand_on
from ..security import sessions
from ..security.sessions import STAFF, Session
from ..signin.own_security import FRESH_SECONDS
from . import cookies, csrf
from .problems import TokenNotOurs

CSRF_HEADER = "X-CSRF-Token"
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_MOST_PORTALS = 5  # of a browser that has staff sessions in many, where the path names none
_NO_KEY = "Send your API key in the header Authorization, as: Bearer ls_..."
_NOBODY = f"Sign in as staff of this portal, or be a system with an API key. {_NO_KEY}"


@dataclass(frozen=True, slots=True)
class StaffBrowser:
    """The signed-in browser behind a request. `new_form` is the form cookie that it must be given, if it had none."""

    user: User
    session: Session
    csrf_token: str = field(repr=False)
    new_form: str | None = field(repr=False)

    @property
    def proved_until(self) -> int:
        """Until when the second factor that was shown last counts as fresh, in seconds since 1970."""
        return self.session.proved_at + FRESH_SECONDS


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls: which portal they are for (`*`: all), what they may do, and on which level they act on staff."""

    kind: Literal["api-key", "user"]
    id: str
    portal: str
    scopes: frozenset[str]
    name: str = ""
    role: str = ""
    browser: StaffBrowser | None = None

    @property
    def actor(self) -> str:
        """Who this is, as facts name it."""
        return f"{self.kind}:{self.id}"

    @property
    def is_fresh(self) -> bool:
        """Whether a second factor was shown a short while ago. A key has none to show."""
        return self.browser is None or self.browser.proved_until > clock.timestamp()

    @property
    def handed_on(self) -> frozenset[str]:
        """The permissions that this caller may give to an API key."""
        return may_hand_on(self.scopes, self.role)

    def reaches(self, portal: str) -> bool:
        """Whether this caller is one of that portal."""
        return self.portal in (portal, EVERY_PORTAL)


def is_slug(text: str) -> bool:
    """Whether `text` could be a portal's slug. Checked before it becomes part of a key."""
    return _SLUG.fullmatch(text) is not None


def of(method: str, headers: Mapping[str, str], slug: str | None) -> Caller:
    """Whoever makes this request. Raises NotSignedIn, or TokenNotOurs before anything is read."""
    if headers.get("authorization") or headers.get("x-api-key"):
        return _by_key(headers)
    jar = cookies.parsed(headers.get("cookie") or "")
    for portal in _portals(jar, slug):
        if found := _by_session(portal, jar, method, headers):
            return found
    raise NotSignedIn(_NOBODY)


def _by_key(headers: Mapping[str, str]) -> Caller:
    """The holder of the key in `Authorization: Bearer` or `X-Api-Key`. One that may manage staff acts as an owner."""
    scheme, _, key = (headers.get("authorization") or "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise NotSignedIn(_NO_KEY)
    key = key.strip() or (headers.get("x-api-key") or "").strip()
    if not key:
        raise NotSignedIn(_NO_KEY)
    if len(key) > 200 or not key.isascii():
        raise NotSignedIn("This API key is not valid.")
    held = api_keys.holder(key)
    role = "owner" if "staff:manage" in held.scopes else ""
    return Caller("api-key", held.key_id, held.portal, held.scopes, held.name, role)


def _portals(jar: Mapping[str, str], slug: str | None) -> list[str]:
    """The portals whose staff session may be meant: that of the path, else any that this browser has one of."""
    prefix = cookies.name("staff", "")
    held = [name.removeprefix(prefix) for name in jar if name.startswith(prefix)]
    return [slug] if slug in held and is_slug(slug) else [each for each in held if is_slug(each)][:_MOST_PORTALS]


def _by_session(portal: str, jar: Mapping[str, str], method: str, headers: Mapping[str, str]) -> Caller | None:
    """The staff user of this portal's session, as of now; None if the session is over, or its user may not be here."""
    secret = jar[cookies.name("staff", portal)]
    form = jar.get(cookies.name("form", portal))
    if method != "GET":
        _check_token(portal, form, secret, headers)
    session = sessions.read(portal, secret, STAFF)
    user = users.find(portal, session.username_key) if session else None
    if session is None or user is None or user.kind != "staff" or user.id != session.holder:
        return None
    if not user.holds_session(session.id):
        return None
    form_id, is_new = csrf.form_id(form)
    token = csrf.token(portal, form_id, secret)
    browser = StaffBrowser(user, session, token, form_id if is_new else None)
    return Caller("user", user.id, portal, ROLES.get(user.role, frozenset()), user.name, user.role, browser)


def _check_token(portal: str, form: str | None, secret: str, headers: Mapping[str, str]) -> None:
    try:
        csrf.check(portal, form, secret, headers.get(CSRF_HEADER.lower()) or "", headers.get("origin"))
    except csrf.FormNotOurs:
        raise TokenNotOurs from None
