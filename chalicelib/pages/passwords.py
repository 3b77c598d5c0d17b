"""Signing in with username and password: clients and staff, each at a door of their own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from chalice import Response

from ..errors import Invalid, Refusal, TooMany
from ..security.identities import Locked
from ..signin import by_password
from ..signin.doors import AccountLocked, AwaitingReview, PasswordWrong
from ..web.page import View, paragraphs
from . import switching
from .doors import both, door, go_on, password_path, visitor
from .signing_in import NOTICES, later, register_url, safe_next, with_wait


@both("GET", "/sign-in/password", "/staff/sign-in")
def ask(view: View) -> Response:
    """Ask for username and password. Office users sign in here also where clients do so by code alone."""
    kind, text = NOTICES.get(view.query.get("notice", ""), ("", ""))
    notice = {"kind": kind, "text": text} if kind else None
    return _page(view, {}, safe_next(view, view.query.get("next", "")), notice=notice)


@both("POST", "/sign-in/password", "/staff/sign-in")
def enter(view: View) -> Response:
    """Try them; the right ones sign in, or lead to the second factor."""
    username = view.form.get("username", "")
    next_path = safe_next(view, view.form.get("next", ""))
    try:
        entered = by_password.enter(
            view.act, view.portal, door(view), username, view.form.get("password", ""), visitor(view), next_path
        )
    except Invalid as refusal:
        return _page(view, {"username": username}, next_path, errors=refusal.fields, status=400)
    except (PasswordWrong, AccountLocked) as refusal:
        errors = {"password": refusal.text}
        return _page(
            view,
            {"username": username},
            next_path,
            errors=errors,
            status=refusal.status,
            ask_url=_ask_url(view, refusal),
        )
    except AwaitingReview as refusal:
        return view.tell(
            "Your registration awaits review",
            refusal.text,
            "Your username and password are kept: you sign in with them once it is approved.",
            status=refusal.status,
            action=("Back to sign in", f"{view.base}{password_path(view)}"),
        )
    except TooMany as refusal:
        errors, ask_url = {"password": with_wait(refusal)}, _ask_url(view, refusal)
        return later(
            _page(view, {"username": username}, next_path, errors=errors, status=429, ask_url=ask_url), refusal
        )
    if view.cookie("record"):
        view.drop("record")
    return go_on(view, entered)


def _ask_url(view: View, refusal: Refusal) -> str | None:
    """Where clients ask to be let in again who are locked out."""
    is_locked = isinstance(refusal, AccountLocked | Locked) and not view.is_staff_side
    return f"{view.base}/help?kind=cannot-sign-in" if is_locked else None


def _page(view: View, values: dict[str, str], next_path: str, *, ask_url: str | None = None, **more: Any) -> Response:
    words, policy = view.portal.wording, view.portal.policy
    heading = f"Staff of {view.portal.name}" if view.is_staff_side else words.password_heading
    prefix = f"{view.base}/staff" if view.is_staff_side else view.base
    by_code = not view.is_staff_side and "code" in policy.sign_in_ways
    asks_customers = not view.is_staff_side and policy.asks_password
    back = switching.way_back(view)
    show = view.show if values or back or more.get("errors") or more.get("notice") else view.show_alike
    return show(
        "password.html",
        heading,
        wording={
            "heading": heading,
            "instructions": [] if view.is_staff_side else paragraphs(words.password_instructions),
            "additional_notes": [],  # those of the other page tell about client numbers
            "username_label": words.username_label,
            "password_label": words.password_label,
            "next_label": "Sign in",
        },
        values=values,
        next_path=next_path,
        action=f"{view.base}{password_path(view)}",
        code_url=_code_url(view, next_path) if by_code else None,
        forgot_url=f"{prefix}/forgot-password",
        ask_url=ask_url,
        forgot_username_url=f"{view.base}/forgot-username" if asks_customers else None,
        first_time_url=f"{view.base}/first-time" if asks_customers else None,
        register_url=None if view.is_staff_side else register_url(view),
        staff=view.is_staff_side,
        back=back,
        **more,
    )


def _code_url(view: View, next_path: str) -> str:
    """Where the same is asked without a password."""
    return f"{view.base}/sign-in?{urlencode({'by': 'code', **({'next': next_path} if next_path else {})})}"
