"""What the journeys by password share: whom a door lets in, the browser in front of it, what lies between two steps."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from .. import facts
from ..errors import Refusal
from ..people.users import Kind, Side, User, tried_as
from ..portals import Portal
from ..security import browsers, sessions
from ..security.sessions import Lasting
from .tries import Tries

STEP_SECONDS = 15 * 60  # from the right password to the end of what it opened
Stage = Literal["factor", "change", "set-up"]
Method = Literal["totp", "sms", "email", "recovery"]


class PasswordWrong(Refusal):
    """Username and password do not fit together, or nobody may enter with them."""

    code = "password-wrong"
    status = 400
    text = "The username or the password is not right."


class AccountLocked(Refusal):
    """The password is right, but this user is locked until staff, or the owner's mail, open it again."""

    code = "account-locked"
    status = 403
    text = "This account is locked. Contact support to be let in again."


class AwaitingReview(Refusal):
    """The password is right, but whoever decides about this registration has not done so yet."""

    code = "awaiting-review"
    status = 403
    text = "Your registration is being looked at. You get an email as soon as it is decided."


class StepOver(Refusal):
    """The time between password and code is over, or the user was changed meanwhile: start again."""

    code = "step-over"
    status = 410
    text = "This step has run out. Please sign in again."


class Door(Struct, frozen=True):
    """Whom a sign-in page lets in, and on what terms."""

    side: Side
    admits: frozenset[Kind]
    lasting: Lasting
    must_have_factor: bool
    device_days: int


def for_clients(portal: Portal) -> Door:
    """The door of a portal's clients, on the terms of its policy. Office users enter here, whatever clients sign in by."""
    policy = portal.policy
    admits: frozenset[Kind] = frozenset({"customer", "office"} if policy.asks_password else {"office"})
    return Door("customer", admits, policy, policy.second_factor == "required", policy.remembered_device_days)


def for_records(portal: Portal) -> Door:
    """The door of records: each enters by its own link, and a password, whatever clients sign in by."""
    policy = portal.policy
    must = policy.second_factor == "required"
    return Door("customer", frozenset({"record"}), policy, must, policy.remembered_device_days)


def for_user(door: Door, portal: Portal, user: User) -> Door:
    """The same door on the terms of this user: whoever manages an office shows a second factor every time."""
    if is_manager(portal, user):
        return replace(door, must_have_factor=True, device_days=0)
    return door


def is_manager(portal: Portal, user: User) -> bool:
    """Whether this user looks after the users of an office, by what the portal says now of their role."""
    role = portal.role(user.role) if user.kind == "office" else None
    return role is not None and role.is_manager


FOR_STAFF: Final = Door("staff", frozenset({"staff"}), sessions.STAFF, must_have_factor=True, device_days=0)


class Visitor(Struct, frozen=True):
    """The browser in front of us: its address (IPv6 as /64), what it calls itself, its known-browser and device cookies."""

    address: str
    browser: str
    browser_cookie: str | None = None
    device_cookie: str | None = None


class Pending(Struct, frozen=True, kw_only=True):
    """Who has given the right password, and what is still asked. Travels sealed, bound to portal and browser.

    `side` is that of the door, where the rest is asked too. `plain` and `known_as` name whose tries are counted; `proved`
    tells that a second factor was shown already.
    """

    side: Side
    user_id: str
    username_key: str
    version: int
    plain: str
    known_as: str
    stage: Stage
    next_path: str = ""
    proved: bool = False
    remember: bool = False
    method: Method | Literal[""] = ""
    challenge: str = ""
    counter: int = 0
    key_version: int = 0
    code_until: int = 0
    sent_at: int = 0


class SignedIn(Struct, frozen=True):
    """The secrets for the cookies: the session's, the known browser's, the remembered device's."""

    session: str
    browser: str | None
    device: str | None
    next_path: str


def tries(portal: str, side: Side, username_key: str, visitor: Visitor) -> Tries:
    """The names for a username typed in this browser."""
    plain = tried_as(side, username_key)
    return Tries(plain, browsers.known(portal, visitor.browser_cookie, plain), visitor.address)


def tries_of(pending: Pending, visitor: Visitor) -> Tries:
    """The same names in a later step."""
    return Tries(pending.plain, pending.known_as, visitor.address)


def about(user: User) -> str:
    """A user as facts and the delivery log name it."""
    return facts.subject("user", user.id)
