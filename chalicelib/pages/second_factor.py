"""The second factor at sign-in, and a password of one's own in place of a temporary one."""

from __future__ import annotations

from typing import Any

from chalice import Response

from .. import clock
from ..errors import Invalid, Refusal, TooMany
from ..people import users
from ..people.users import User
from ..security import limits
from ..security.codes import CodeOver, CodeWrong
from ..signin import own_password
from ..signin import second_factor as journey
from ..signin.doors import STEP_SECONDS, Method, Pending, StepOver
from ..web.page import View
from .doors import door, go_on, password_path, pending, side, start_again, step, visitor
from .password_form import password_form
from .signing_in import later, masked, with_wait

_TITLES = {
    "totp": "Enter the code from your app",
    "sms": "Enter the code we sent",
    "recovery": "Enter a recovery code",
    "email": "Enter the code we sent",
}


@step("GET", "/factor")
def ask(view: View) -> Response:
    """Ask for the code."""
    held = pending(view, "factor")
    user = _user(view, held)
    if held is None or user is None:
        return start_again(view)
    return _page(view, held, user)


@step("POST", "/factor")
def enter(view: View) -> Response:
    """Try it; the right one signs in."""
    held = pending(view, "factor")
    if held is None:
        return start_again(view)
    remember = view.form.get("remember") == "yes"
    try:
        entered = journey.enter_code(
            view.act, view.portal, door(view), held, view.form.get("code", ""), visitor(view), remember=remember
        )
    except StepOver:
        return start_again(view)
    except CodeWrong as refusal:
        left = refusal.tries_left
        if not left:
            view.drop("pending")
            return view.go(f"{password_path(view)}?notice=tries-over")
        text = f"That code is not right. You can try {left} more time{'s' if left > 1 else ''}."
        return _refused(view, held, text, refusal)
    except CodeOver as refusal:
        if held.code_until > clock.timestamp():
            return start_again(view)
        return _refused(view, held, "This code has run out. Ask for another one, or sign in again.", refusal)
    except Invalid as refusal:
        return _refused(view, held, refusal.fields["code"], refusal)
    except TooMany as refusal:
        return later(_refused(view, held, with_wait(refusal), refusal), refusal)
    return go_on(view, entered)


@step("POST", "/factor/use")
def use(view: View) -> Response:
    """Go on by another method, or have another text sent."""
    held = pending(view, "factor")
    if held is None:
        return start_again(view)
    method = view.form.get("method", "")
    try:
        chosen: Method = method if method in ("totp", "sms", "email", "recovery") else "recovery"  # type: ignore[assignment]
        held = journey.use(view.act, view.portal, held, chosen, visitor(view))
    except (StepOver, CodeOver):
        return start_again(view)
    except Invalid as refusal:
        return _refused(view, held, refusal.fields["method"], refusal)
    except TooMany as refusal:
        return later(_refused(view, held, with_wait(refusal), refusal), refusal)
    view.keep_sealed("pending", held, STEP_SECONDS)
    return view.go(f"{side(view)}/sign-in/factor")


@step("GET", "/own-password")
def ask_own_password(view: View) -> Response:
    """Ask for a password of one's own."""
    held = pending(view, "change")
    user = _user(view, held)
    return _own_page(view, user) if held and user else start_again(view)


@step("POST", "/own-password")
def take_own_password(view: View) -> Response:
    """Put it in place of the temporary one. The way in goes on from the start, with the new password."""
    held = pending(view, "change")
    user = _user(view, held)
    if held is None or user is None:
        return start_again(view)
    try:
        own_password.replace_temporary(view.act, view.portal, held, view.form.get("password", ""))
    except Invalid as refusal:
        return _own_page(view, user, errors=refusal.fields, status=400)
    except StepOver:
        return start_again(view)
    view.drop("pending")
    return view.go(f"{password_path(view)}?notice=password-set")


def _user(view: View, held: Pending | None) -> User | None:
    """The user of this step, if nothing of it has changed since."""
    user = users.find(view.slug, held.username_key) if held else None
    return user if user and held and user.id == held.user_id and user.version == held.version else None


def _refused(view: View, held: Pending, text: str, refusal: Refusal) -> Response:
    """The page again, with what was wrong beside the field."""
    user = _user(view, held)
    if user is None:
        return start_again(view)
    typed = {"remember": view.form.get("remember", "")}
    return _page(view, held, user, values=typed, errors={"code": text}, status=refusal.status)


def _own_page(view: View, user: User, **more: Any) -> Response:
    return password_form(
        view,
        "Choose your own password",
        lead=["You signed in with a temporary password. Choose one that only you know, then sign in with it."],
        action=f"{side(view)}/sign-in/own-password",
        button="Save password",
        username=user.username,
        **more,
    )


def _page(view: View, held: Pending, user: User, **more: Any) -> Response:
    method = held.method or "totp"
    base = f"{view.base}{side(view)}/sign-in/factor"
    words = {
        "totp": "Use your authenticator app",
        "sms": f"Send a text to {masked(user.sms_number or '')}",
        "recovery": "Use a recovery code",
    }
    return view.show(
        "factor.html",
        _TITLES[method],
        heading=_TITLES[method],
        method=method,
        action=base,
        resend_action=f"{base}/use",
        destination_masked=masked(user.reset_emails[0] if method == "email" else user.sms_number or ""),
        expires_in=max(held.code_until - clock.timestamp(), 0),
        resend_in=max(held.sent_at + limits.CODE_RESEND.seconds - clock.timestamp(), 0),
        is_sent=held.sent_at > 0,
        remember_days=0 if user.must_set_up else door(view, user).device_days,
        others=[
            {"label": words[each], "action": f"{base}/use", "method": each}
            for each in journey.available(user)
            if each != method
        ],
        help_url=f"{view.base}/trouble",
        **more,
    )
