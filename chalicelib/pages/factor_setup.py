"""Setting up a second factor: at a first sign-in that must have one, and from the security page. The same pages for both."""

from __future__ import annotations

from typing import Any

from chalice import Response
from msgspec import Struct

from .. import clock
from ..errors import Invalid, Stale, TooMany
from ..people import users
from ..people.users import User
from ..security import limits, totp
from ..security.codes import CodeOver, CodeWrong
from ..signin import factor_setup as journey
from ..signin.doors import Pending, StepOver, tries_of
from ..signin.factor_setup import SETUP_SECONDS, Draft
from ..signin.letting_in import Proof, let_in
from ..signin.own_security import is_fresh
from ..web.page import View
from .doors import both, door, home, keep_session, offers_factors, pending, side, start_again, visitor
from .signing_in import later, masked, with_wait


class Place(Struct, frozen=True):
    """Where a factor is being set up: the user, the path of these pages, and the sign-in that waits for it, if one does."""

    user: User
    path: str
    held: Pending | None

    @property
    def back(self) -> str:
        """Where "Cancel" leads, on this side."""
        return self.path if self.held else "/security"


def _routes(method: str, rest: str) -> Any:
    """A page of the set-up on both sides of the portal, at sign-in and on the security page."""

    def decorate(handler: Any) -> Any:
        both(method, f"/sign-in/set-up{rest}", f"/staff/sign-in/set-up{rest}")(_named(handler, "at_sign_in", handler))
        if rest:
            both(method, f"/security{rest}", f"/staff/security{rest}")(_named(handler, "at_security", handler))
        return handler

    return decorate


def _named(handler: Any, where: str, inner: Any) -> Any:
    def view_of(view: View) -> Response:
        found = _place(view, at_sign_in=where == "at_sign_in")
        return found if isinstance(found, Response) else inner(view, found)

    view_of.__name__, view_of.__doc__, view_of.__module__ = (
        f"{handler.__name__}_{where}",
        handler.__doc__,
        handler.__module__,
    )
    return view_of


def _place(view: View, *, at_sign_in: bool) -> Place | Response:
    """Who sets up a factor here; or where to go instead."""
    if at_sign_in:
        held = pending(view, "set-up")
        user = users.find(view.slug, held.username_key) if held else None
        if held is None or user is None or user.id != held.user_id or user.version != held.version:
            return start_again(view)
        return Place(user, "/sign-in/set-up", held)
    if view.user is None or view.session is None:
        return view.go("/")  # a contact who signed in by code has no factors
    if not offers_factors(view):
        return view.go("/security")
    if not is_fresh(view.session, view.user):
        return view.go(f"{side(view)}/security/confirm?then={view.here.rpartition('/security/')[2]}")
    return Place(view.user, "/security", None)


@_routes("GET", "")
def choose(view: View, place: Place) -> Response:
    """Ask which factor to set up."""
    return view.show(
        "choose_factor.html",
        "Set up a second factor",
        action=f"{view.base}{side(view)}{place.path}",
        required=True,
        skip_url=None,
        methods=["totp", "sms"],
    )


@_routes("POST", "")
def chosen(view: View, place: Place) -> Response:
    """Lead to the chosen one."""
    rest = {"totp": "/app", "sms": "/mobile"}.get(view.form.get("method", ""))
    if rest is None:
        return choose(view, place)
    return view.go(f"{side(view)}{place.path}{rest}")


@_routes("GET", "/app")
def show_app(view: View, place: Place) -> Response:
    """Show the picture that an authenticator app reads."""
    draft = _draft(view, place)
    if draft is None or not draft.seed:
        draft = journey.begin_totp(place.user)
        view.keep_sealed("draft", draft, SETUP_SECONDS)
    return _app_page(view, place, draft)


@_routes("POST", "/app")
def confirm_app(view: View, place: Place) -> Response:
    """Take the app, if its code is right."""
    draft = _draft(view, place)
    if draft is None or not draft.seed:
        return view.go(f"{side(view)}{place.path}/app")
    values = {"name": view.form.get("name", "")}
    try:
        codes = journey.confirm_totp(view.act, place.user, draft, values["name"], view.form.get("code", ""))
    except Invalid as refusal:
        return _app_page(view, place, draft, values=values, errors=refusal.fields, status=400)
    except Stale:
        return _app_page(view, place, draft, values=values, errors={"code": _CHANGED}, status=409)
    return _done(view, place, codes)


@_routes("GET", "/mobile")
def ask_mobile(view: View, place: Place) -> Response:
    """Ask for the mobile number."""
    return _mobile_page(view, place)


@_routes("POST", "/mobile")
def send_to_mobile(view: View, place: Place) -> Response:
    """Send a code to it."""
    typed = view.form.get("mobile", "")
    try:
        draft = journey.send_to_mobile(view.act, view.portal, place.user, typed)
    except Invalid as refusal:
        return _mobile_page(view, place, values={"mobile": typed}, errors=refusal.fields, status=400)
    except TooMany as refusal:
        page = _mobile_page(view, place, values={"mobile": typed}, errors={"mobile": with_wait(refusal)}, status=429)
        return later(page, refusal)
    view.keep_sealed("draft", draft, SETUP_SECONDS)
    return view.go(f"{side(view)}{place.path}/mobile/code")


@_routes("GET", "/mobile/code")
def ask_code(view: View, place: Place) -> Response:
    """Ask for the code that was sent."""
    draft = _draft(view, place)
    if draft is None or not draft.number:
        return view.go(f"{side(view)}{place.path}/mobile")
    return _code_page(view, place, draft)


@_routes("POST", "/mobile/code")
def confirm_mobile(view: View, place: Place) -> Response:
    """Take the number, if the code is right; or send another one."""
    draft = _draft(view, place)
    if draft is None or not draft.number:
        return view.go(f"{side(view)}{place.path}/mobile")
    try:
        codes = journey.confirm_mobile(view.act, place.user, draft, view.form.get("code", ""))
    except Invalid as refusal:
        return _code_page(view, place, draft, errors=refusal.fields, status=400)
    except CodeWrong as refusal:
        return _code_page(view, place, draft, errors={"code": refusal.text}, status=refusal.status)
    except CodeOver as refusal:
        return _code_page(view, place, draft, errors={"code": refusal.text}, status=refusal.status)
    except Stale:
        return _code_page(view, place, draft, errors={"code": _CHANGED}, status=409)
    return _done(view, place, codes)


@_routes("POST", "/mobile/code/resend")
def resend(view: View, place: Place) -> Response:
    """Send another code to the same number."""
    draft = _draft(view, place)
    if draft is None or not draft.number:
        return view.go(f"{side(view)}{place.path}/mobile")
    try:
        draft = journey.send_to_mobile(view.act, view.portal, place.user, draft.number, draft)
    except (TooMany, CodeOver) as refusal:
        page = _code_page(view, place, draft, errors={"code": with_wait(refusal)}, status=refusal.status)
        return later(page, refusal)
    view.keep_sealed("draft", draft, SETUP_SECONDS)
    return view.go(f"{side(view)}{place.path}/mobile/code")


_CHANGED = "Your account was changed at the same moment. Please try again."


def _draft(view: View, place: Place) -> Draft | None:
    held = view.sealed("draft", Draft)
    return held if held and held.user_id == place.user.id else None


def _done(view: View, place: Place, codes: tuple[str, ...]) -> Response:
    """The factor counts. Show the recovery codes once; a sign-in that waited for it is let in."""
    view.drop("draft")
    after = f"{view.base}{side(view)}/security"
    if place.held:
        user = users.find(view.slug, place.held.username_key)
        if user is None or user.version != place.user.version + 1:
            return start_again(view)
        try:
            entered = let_in(
                view.act,
                view.portal,
                door(view),
                user,
                visitor(view),
                tries_of(place.held, visitor(view)),
                place.held.next_path,
                proof=Proof(is_shown=True),
            )
        except StepOver:
            return start_again(view)
        keep_session(view, entered)
        after = f"{view.base}{home(view, entered.next_path)}"
    return show_recovery_codes(view, codes, after) if codes else view.go(after.removeprefix(view.base))


def show_recovery_codes(view: View, codes: tuple[str, ...], after: str) -> Response:
    """The only sight of them there will ever be."""
    return view.show("recovery_codes.html", "Save your recovery codes", codes=list(codes), continue_url=after)


def _app_page(view: View, place: Place, draft: Draft, **more: Any) -> Response:
    uri = totp.address(draft.seed, issuer=view.portal.name, account=place.user.username)
    return view.show(
        "totp.html",
        "Set up your authenticator app",
        qr=totp.picture(uri),
        key=totp.grouped(draft.seed),
        issuer=view.portal.name,
        account=place.user.username,
        action=f"{view.base}{side(view)}{place.path}/app",
        cancel_url=f"{view.base}{side(view)}{place.back}",
        **more,
    )


def _mobile_page(view: View, place: Place, **more: Any) -> Response:
    return view.show(
        "mobile.html",
        "Get codes by text message",
        action=f"{view.base}{side(view)}{place.path}/mobile",
        cancel_url=f"{view.base}{side(view)}{place.back}",
        **more,
    )


def _code_page(view: View, place: Place, draft: Draft, **more: Any) -> Response:
    base = f"{view.base}{side(view)}{place.path}/mobile"
    return view.show(
        "factor_code.html",
        "Enter the code we sent",
        action=f"{base}/code",
        resend_action=f"{base}/code/resend",
        destination_masked=masked(draft.number),
        expires_in=max(draft.code_until - clock.timestamp(), 0),
        resend_in=max(draft.sent_at + limits.CODE_RESEND.seconds - clock.timestamp(), 0),
        cancel_url=f"{base}",
        **more,
    )
