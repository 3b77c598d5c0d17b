"""Who calls the JSON API: the holder of an API key, or staff and the users of offices by the session of their browser.

A request with a key counts by its key, whatever cookies come along. A session counts as what its user is at this very
moment: another role, or none any more, takes effect with the next request. Since a browser sends its cookies by itself,
whatever changes something must also carry the session's CSRF token, and may not come from another site. A browser that has
both sessions of a portal acts as staff, unless the token is that of the other one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from msgspec import Struct

from .. import clock, portals
from ..errors import NotFound, NotSignedIn
from ..people.authority import Authority
from ..people.users import User
from ..portals import api_keys
from ..portals.api_keys import EVERY_PORTAL
from ..portals.permissions import ROLES, may_hand_on
from ..portals.roles import OF_MANAGERS, PortalRole
from ..security import sessions
from ..security.sessions import STAFF, Session
from ..signin import standing
from ..signin.own_security import FRESH_SECONDS
from ..storage import beside
from . import cookies, csrf
from .problems import TokenNotOurs

CSRF_HEADER = "X-CSRF-Token"
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
_MOST_PORTALS = 5  # of a browser that has staff sessions in many, where the path names none
_NO_KEY = "Send your API key in the header Authorization, as: Bearer ls_..."
_NOBODY = f"Sign in as staff of this portal, or as a user of an office, or be a system with an API key. {_NO_KEY}"


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """The signed-in browser behind a request. `new_form` is the form cookie that it must be given, if it had none."""

    user: User
    session: Session
    csrf_token: str = field(repr=False)
    new_form: str | None = field(repr=False)
    account_name: str = ""

    @property
    def proved_until(self) -> int:
        """Until when the second factor that was shown last counts as fresh, in seconds since 1970."""
        return self.session.proved_at + FRESH_SECONDS


class Caller(Struct, frozen=True):
    """Whoever calls: which portal they are for (`*`: all), what they may do, and on which level they act on staff.

    `role` is that of staff. Of an office user it is empty, whatever a portal calls its roles; `office_role` is theirs,
    None where the portal has it no more.
    """

    kind: Literal["api-key", "user"]
    id: str
    portal: str
    scopes: frozenset[str]
    name: str = ""
    role: str = ""
    office_role: PortalRole | None = None
    browser: SignedInBrowser | None = None

    @property
    def actor(self) -> str:
        """Who this is, as facts name it."""
        return f"{self.kind}:{self.id}"

    @property
    def is_of_office(self) -> bool:
        """Whether this is a user of an office, and not staff or a system."""
        return self.browser is not None and self.browser.user.kind == "office"

    @property
    def role_name(self) -> str:
        """The role as people read it."""
        return self.office_role.name if self.office_role else self.role

    @property
    def authority(self) -> Authority:
        """How far this caller's word reaches among the users of offices: staff and systems reach all of them."""
        if self.browser is None:
            return Authority(name=self.name)
        user = self.browser.user
        if user.kind == "staff":
            return Authority(name=self.name, user_id=user.id)
        if not (user.account_id and user.office_id):
            raise LookupError("a user without an office reaches nothing")
        opened = frozenset(self.office_role.permissions) if self.office_role else frozenset[str]()
        return Authority(self.name, user.id, user.account_id, user.office_id, opened)

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


@dataclass(frozen=True, slots=True)
class _Cookie:
    """A session in the browser's cookies: of staff, or of the clients' side."""

    kind: Literal["staff", "session"]
    portal: str
    secret: str = field(repr=False)


def is_slug(text: str) -> bool:
    """Whether `text` could be a portal's slug. Checked before it becomes part of a key."""
    return _SLUG.fullmatch(text) is not None


def of(method: str, headers: Mapping[str, str], slug: str | None) -> Caller:
    """Whoever makes this request. Raises NotSignedIn, or TokenNotOurs before anything is read."""
    if headers.get("authorization") or headers.get("x-api-key"):
        return _by_key(headers)
    jar = cookies.parsed(headers.get("cookie") or "")
    held = _held(jar, slug)
    if held and method != "GET":
        held = _meant(held, jar, headers)
    for each in held:
        if found := _by_session(each, jar):
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


def _held(jar: Mapping[str, str], slug: str | None) -> list[_Cookie]:
    """The sessions that may be meant: those of the path's portal, staff first; else any of staff that this browser has."""
    prefix = cookies.name("staff", "")
    staffed = [name.removeprefix(prefix) for name in jar if name.startswith(prefix)]
    held = [_Cookie("staff", each, jar[cookies.name("staff", each)]) for each in staffed if is_slug(each)]
    here = [each for each in held if each.portal == slug]
    if slug is not None and is_slug(slug) and (secret := jar.get(cookies.name("session", slug))):
        here.append(_Cookie("session", slug, secret))
    return here or held[:_MOST_PORTALS]


def _meant(held: list[_Cookie], jar: Mapping[str, str], headers: Mapping[str, str]) -> list[_Cookie]:
    """Those whose token the request carries: one, if it is a page of ours. Raises TokenNotOurs."""
    token, origin = headers.get(CSRF_HEADER.lower()) or "", headers.get("origin")
    meant = []
    for each in held:
        with suppress(csrf.FormNotOurs):
            csrf.check(each.portal, jar.get(cookies.name("form", each.portal)), each.secret, token, origin)
            meant.append(each)
    if not meant:
        raise TokenNotOurs
    return meant


def _by_session(cookie: _Cookie, jar: Mapping[str, str]) -> Caller | None:
    """Whose session it is, as of now; None if it is over, or its user may not be here."""
    form, is_new = csrf.form_id(jar.get(cookies.name("form", cookie.portal)))
    token = csrf.token(cookie.portal, form, cookie.secret)
    behind = partial(SignedInBrowser, csrf_token=token, new_form=form if is_new else None)
    return (_staff if cookie.kind == "staff" else _office_user)(cookie, behind)


def _staff(cookie: _Cookie, behind: Callable[..., SignedInBrowser]) -> Caller | None:
    session = sessions.read(cookie.portal, cookie.secret, STAFF)
    user = standing.of_staff(cookie.portal, session) if session else None
    if session is None or user is None:
        return None
    scopes, browser = ROLES.get(user.role, frozenset()), behind(user, session)
    return Caller("user", user.id, cookie.portal, scopes, user.name, user.role, browser=browser)


def _office_user(cookie: _Cookie, behind: Callable[..., SignedInBrowser]) -> Caller | None:
    """The user of an office; customers do not call. The portal is read too: what their role opens counts as of now."""
    try:
        portal, session = beside(
            lambda: portals.get(cookie.portal),
            lambda: sessions.read(cookie.portal, cookie.secret, portals.known(cookie.portal).policy),
        )
    except NotFound:
        return None
    is_user = portal.status == "open" and session is not None and session.username_key
    found = standing.of_client(portal, session) if session and is_user else None
    if session is None or found is None or found.user.kind != "office":
        return None
    user, role = found.user, portal.role(found.user.role)
    scopes = OF_MANAGERS if role and role.is_manager else frozenset[str]()
    browser = behind(user, session, account_name=found.card.account_name)
    return Caller("user", user.id, portal.slug, scopes, user.name, office_role=role, browser=browser)
