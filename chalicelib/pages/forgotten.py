"""Forgotten password, forgotten username, first time here: one question each, and the same answer for everybody."""

from __future__ import annotations

from typing import Any

from chalice import Response

from ..errors import Invalid, TooMany
from ..signin import asked_links
from ..web.page import View, page
from . import blueprint
from .doors import both, door, password_path, side, visitor
from .signing_in import later, with_wait

_LOOK = "It can take a minute or two. Look in your spam or junk folder as well."


@both("GET", "/forgot-password", "/staff/forgot-password")
def ask_reset(view: View) -> Response:
    """Ask for the username, where the portal resets passwords by mail; else lead to support."""
    return _reset_page(view) if _can_reset(view) else _only_support(view)


@both("POST", "/forgot-password", "/staff/forgot-password")
def send_reset(view: View) -> Response:
    """Send the link, if there is somebody to send it to. The answer does not tell."""
    if not _can_reset(view):
        return _only_support(view)
    username = view.form.get("username", "")
    try:
        asked_links.forgot_password(view.act, view.portal, door(view), username, visitor(view))
    except Invalid as refusal:
        return _reset_page(view, values={"username": username}, errors=refusal.fields, status=400)
    except TooMany as refusal:
        errors = {"username": with_wait(refusal)}
        return later(_reset_page(view, values={"username": username}, errors=errors, status=429), refusal)
    return view.tell(
        "Check your inbox",
        "If this is a username here, a link to choose a new password is on its way to the email address we have on file "
        f"for it. {_LOOK}",
        f"The link works once, for {_minutes(view.portal.policy.reset_link_minutes)}.",
        action=("Back to sign in", f"{view.base}{password_path(view)}"),
    )


@page(blueprint, "GET", "/forgot-username")
def ask_username(view: View) -> Response:
    """Ask for the client number."""
    return _number_page(view, "/forgot-username")


@page(blueprint, "POST", "/forgot-username")
def send_username(view: View) -> Response:
    """Send the username to the addresses on file. The answer does not tell whether there are any."""
    return _sent_by_number(view, "/forgot-username")


@page(blueprint, "GET", "/first-time")
def ask_first(view: View) -> Response:
    """Ask for the client number."""
    return _number_page(view, "/first-time")


@page(blueprint, "POST", "/first-time")
def send_first(view: View) -> Response:
    """Send the link to choose a username and password to the addresses on file. The answer does not tell."""
    return _sent_by_number(view, "/first-time")


def _can_reset(view: View) -> bool:
    return view.is_staff_side or view.portal.notifications.password_reset


def _only_support(view: View) -> Response:
    heading = "Ask us for a new password"
    return view.show(
        "message.html",
        heading,
        heading=heading,
        paragraphs=[f"{view.portal.name} resets passwords by hand. Contact support, and they will help you in."],
        action={"label": "Ask us for help", "href": f"{view.base}/help?kind=cannot-sign-in"},
        secondary={"label": "Back to sign in", "href": f"{view.base}{password_path(view)}"},
    )


def _reset_page(view: View, **more: Any) -> Response:
    return view.show(
        "ask_once.html",
        "Forgot your password?",
        heading="Forgot your password?",
        lead=[
            "Enter your username. We will send a link to choose a new password to the email address we have on file."
        ],
        field={
            "name": "username",
            "label": view.portal.wording.username_label,
            "hint": "",
            "autocomplete": "username",
            "is_secret": False,
        },
        action=f"{view.base}{side(view)}/forgot-password",
        button="Send link",
        back_url=f"{view.base}{password_path(view)}",
        **more,
    )


_BY_NUMBER = {
    "/forgot-username": (
        "Forgot your username?",
        "We will send your username to the email address we have on file for you.",
        "Send my username",
    ),
    "/first-time": (
        "First time here?",
        "We will send a link to choose a username and a password to the email address we have on file for you.",
        "Send link",
    ),
}


def _number_page(view: View, path: str, **more: Any) -> Response:
    if not view.portal.policy.asks_password:
        return view.go("/sign-in")
    heading, lead, button = _BY_NUMBER[path]
    label = view.portal.wording.client_number_label
    return view.show(
        "ask_once.html",
        heading,
        heading=heading,
        lead=[f"Enter your {label.lower()}. {lead}"],
        field={
            "name": "client_number",
            "label": label,
            "hint": view.portal.wording.client_number_hint,
            "autocomplete": "off",
            "is_secret": False,
        },
        action=f"{view.base}{path}",
        button=button,
        back_url=f"{view.base}/sign-in/password",
        **more,
    )


def _sent_by_number(view: View, path: str) -> Response:
    if not view.portal.policy.asks_password:
        return view.go("/sign-in")
    typed = view.form.get("client_number", "")
    values = {"client_number": typed}
    try:
        asked_links.by_number(view.act, view.portal, typed, visitor(view))
    except Invalid as refusal:
        return _number_page(view, path, values=values, errors=refusal.fields, status=400)
    except TooMany as refusal:
        errors = {"client_number": with_wait(refusal)}
        return later(_number_page(view, path, values=values, errors=errors, status=429), refusal)
    return view.tell(
        "Check your inbox",
        f"If we know this {view.portal.wording.client_number_label.lower()}, a message is on its way to the email addresses "
        f"we have on file for it: with your username, or, if you have none yet, with a link to choose one. {_LOOK}",
        action=("Back to sign in", f"{view.base}/sign-in/password"),
    )


def _minutes(minutes: int) -> str:
    """A time in words: 30 minutes, 2 hours, 3 days."""
    if minutes % 1440 == 0:
        return f"{minutes // 1440} day{'s' if minutes > 1440 else ''}"
    if minutes % 60 == 0:
        return f"{minutes // 60} hour{'s' if minutes > 60 else ''}"
    return f"{minutes} minutes"
