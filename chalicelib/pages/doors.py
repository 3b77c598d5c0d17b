"""What the pages of signing in by password share: both sides of a portal, the browser as the journeys see it, the way in."""

from __future__ import annotations

from collections.abc import Callable

from chalice import Response

from ..people.users import User
from ..signin import doors
from ..signin.doors import STEP_SECONDS, Door, Pending, SignedIn, Visitor
from ..web.page import Handler, View, page
from . import blueprint
from .signing_in import safe_next

_STAGES = {"factor": "/factor", "change": "/own-password", "set-up": "/set-up"}


def both(method: str, clients: str, staff: str) -> Callable[[Handler], Handler]:
    """Register a handler for a page of clients and for the same page of staff."""

    def decorate(handler: Handler) -> Handler:
        page(blueprint, method, clients)(handler)
        page(blueprint, method, staff)(handler)
        return handler

    return decorate


def step(method: str, rest: str) -> Callable[[Handler], Handler]:
    """Register a handler for a step after the password, on both sides."""
    return both(method, f"/sign-in{rest}", f"/staff/sign-in{rest}")


def door(view: View, user: User | None = None) -> Door:
    """The door that this side's sign-in page is: on the terms of `user`, or of whoever is signed in."""
    found = doors.FOR_STAFF if view.is_staff_side else doors.for_clients(view.portal)
    user = user or view.user
    return doors.for_user(found, view.portal, user) if user else found


def offers_factors(view: View) -> bool:
    """Whether a second factor can be set up here by whoever is signed in."""
    return view.portal.policy.second_factor != "off" or door(view).must_have_factor


def side(view: View) -> str:
    """What the paths of this side start with, after the portal."""
    return "/staff" if view.is_staff_side else ""


def password_path(view: View) -> str:
    """The path of this side's password page."""
    return "/staff/sign-in" if view.is_staff_side else "/sign-in/password"


def visitor(view: View) -> Visitor:
    """The browser, as the journeys see it."""
    return Visitor(view.counted_address, view.browser, view.cookie("browser"), view.cookie("device"))


def pending(view: View, *stages: str) -> Pending | None:
    """Who has given the right password in this browser at this side's door, if one of these steps is next."""
    held = view.sealed("pending", Pending)
    return held if held and held.stage in stages and held.side == door(view).side else None


def start_again(view: View) -> Response:
    """The step has run out: to the password page, with a word why."""
    view.drop("pending")
    path = view.door if view.door.startswith("/my/") else password_path(view)
    return view.go(f"{path}?notice=step-over")


def go_on(view: View, entered: SignedIn | Pending) -> Response:
    """Into the portal, or to the next step."""
    if isinstance(entered, Pending):
        view.keep_sealed("pending", entered, STEP_SECONDS)
        return view.go(f"{side(view)}/sign-in{_STAGES[entered.stage]}")
    keep_session(view, entered)
    return view.go(home(view, entered.next_path))


def keep_session(view: View, entered: SignedIn) -> None:
    """Give the browser its session, and what it is known and remembered by; everything of the steps before is dropped."""
    view.keep(view.session_kind, entered.session)
    if entered.browser:
        view.keep("browser", entered.browser, view.portal.policy.known_browser_days * 86400)
    if entered.device:
        view.keep("device", entered.device, door(view).device_days * 86400)
    view.drop("pending")
    view.drop("setup")
    view.drop("draft")
    view.drop("step")


def home(view: View, next_path: str = "") -> str:
    """Where somebody who has signed in wants to be, below the portal."""
    if view.is_staff_side:
        return "/staff"
    return safe_next(view, next_path).removeprefix(view.base) or "/"
