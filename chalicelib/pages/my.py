"""A record's own page: the door its link leads to, and the link that shows its password once."""

from __future__ import annotations

from typing import Any, Final

from chalice import Response

from ..errors import Invalid, NotFound, Refusal, TooMany
from ..security.identities import Locked
from ..security.links import LinkOver
from ..signin import asked_links, by_link, by_password, doors, record_password
from ..signin.doors import AccountLocked, PasswordWrong
from ..web.page import View, page
from . import blueprint, switching
from .doors import go_on, visitor
from .signing_in import NOTICES, later, on_its_way, safe_next, with_wait

PURPOSE: Final = record_password.PURPOSE
_WRONG = "This password is not right, or this page is not in use any more."
_OVER = {
    "expired": "This link has run out: it shows the password for a limited time only.",
    "used": "This link was used already: it shows the password once.",
    "replaced": "A newer one was sent, or it is not needed any more.",
    "wrong": "This link is not complete. Open it from the message again, or copy all of it.",
}


@page(blueprint, "GET", "/my/{code}")
def ask(view: View, code: str) -> Response:
    """Ask for the password. Nothing is looked up: of every code there is the same page."""
    kind, text = NOTICES.get(view.query.get("notice", ""), ("", ""))
    notice = {"kind": kind, "text": text} if kind else None
    return _page(view, code, safe_next(view, view.query.get("next", "")), notice=notice)


@page(blueprint, "POST", "/my/{code}")
def enter(view: View, code: str) -> Response:
    """Try it; the right one signs in, or leads to the second factor."""
    next_path = safe_next(view, view.form.get("next", ""))
    door = doors.for_records(view.portal)
    try:
        entered = by_password.enter(
            view.act, view.portal, door, code, view.form.get("password", ""), visitor(view), next_path
        )
    except Invalid as refusal:
        return _page(view, code, next_path, errors=refusal.fields, status=400)
    except PasswordWrong as refusal:
        return _page(view, code, next_path, errors={"password": _WRONG}, status=refusal.status)
    except AccountLocked as refusal:
        ask_url = _ask_url(view, refusal)
        return _page(view, code, next_path, errors={"password": refusal.text}, status=refusal.status, ask_url=ask_url)
    except TooMany as refusal:
        errors, ask_url = {"password": with_wait(refusal)}, _ask_url(view, refusal)
        return later(_page(view, code, next_path, errors=errors, status=429, ask_url=ask_url), refusal)
    view.keep("record", code)
    return go_on(view, entered)


@page(blueprint, "GET", "/my/{code}/lost")
def ask_lost(view: View, code: str) -> Response:
    """Offer a new link to the password."""
    return view.show(
        "link.html",
        "Lost your password?",
        heading="Lost your password?",
        paragraphs=[
            "We send a link to the email address we have on file for this page. The password itself is not mailed."
        ],
        button="Send me a link",
        action=f"{view.base}/my/{code}/lost",
        token="",
    )


@page(blueprint, "POST", "/my/{code}/lost")
def send_lost(view: View, code: str) -> Response:
    """Send it, if there is somebody to send it to. The answer does not tell."""
    try:
        asked_links.forgot_password(view.act, view.portal, doors.for_records(view.portal), code, visitor(view))
    except TooMany as refusal:
        return later(view.tell("Please wait a little", with_wait(refusal), status=429), refusal)
    return view.tell(
        "Check your inbox",
        "If this page is in use, a link is on its way to the email address we have on file for it. It can take a minute or "
        "two. Look in your spam or junk folder as well.",
        "The link works once. If you have chosen a password of your own, it lets you choose another one.",
        action=("Back to my page", f"{view.base}/my/{code}"),
    )


@page(blueprint, "GET", "/my-password")
def look(view: View) -> Response:
    """The page a password link opens: one button."""
    token = view.query.get("t", "")
    try:
        record_password.seen(view.slug, token)
    except LinkOver as refusal:
        return over_page(view, token, refusal)
    return view.show(
        "link.html",
        "Your password",
        heading="Your password",
        paragraphs=[
            f"The button shows the password to your page at {view.portal.name}.",
            "It shows it once, so have a place ready to keep it.",
        ],
        button="Show my password",
        action=f"{view.base}/my-password",
        token=token,
    )


@page(blueprint, "POST", "/my-password")
def show(view: View) -> Response:
    """Show it, once."""
    token = view.form.get("t", "")
    try:
        shown = record_password.press(view.act, view.portal, token, view.cookie("browser"))
    except LinkOver as refusal:
        return over_page(view, token, refusal)
    if shown.browser:
        view.keep("browser", shown.browser, view.portal.policy.known_browser_days * 86400)
    page_url = f"{view.base}/my/{shown.code}"
    return view.show("my_password.html", "Your password", password=shown.password, page_url=page_url)


def send_again(view: View, token: str) -> Response:
    """Send a fresh password link in place of one that ran out, to the address on file."""
    try:
        by_link.send_again(view.act, view.portal, PURPOSE, token)
    except LinkOver as refusal:
        return over_page(view, token, refusal)
    except NotFound:
        return over_page(view, token, LinkOver("replaced"))
    return on_its_way(view, f"the addresses that {view.portal.name} has on file for you")


def over_page(view: View, token: str, refusal: LinkOver) -> Response:
    """Why the link shows nothing, and what to do: a fresh one, or the page it was for."""
    code = record_password.code_of(view.slug, refusal)
    can_send = refusal.why == "expired" and code is not None
    return view.show(
        "link_over.html",
        "This link no longer works",
        status=refusal.status,
        heading="This link no longer works",
        paragraphs=[_OVER[refusal.why]],
        again={
            "action": f"{view.base}/links/again",
            "token": token,
            "purpose": PURPOSE,
            "label": "Send a fresh link to the address on file",
        }
        if can_send
        else None,
        sign_in_url=f"{view.base}/my/{code}" if code else f"{view.base}/sign-in",
        lost_url=f"{view.base}/my/{code}/lost" if code else None,
    )


def _ask_url(view: View, refusal: Refusal) -> str | None:
    """Where whoever is locked out asks to be let in again."""
    return f"{view.base}/help?kind=cannot-sign-in" if isinstance(refusal, AccountLocked | Locked) else None


def _page(view: View, code: str, next_path: str, *, ask_url: str | None = None, **more: Any) -> Response:
    heading = f"Your page at {view.portal.name}"
    return view.show(
        "my.html",
        heading,
        heading=heading,
        code=code,
        password_label=view.portal.wording.password_label,
        next_path=next_path,
        action=f"{view.base}/my/{code}",
        lost_url=f"{view.base}/my/{code}/lost",
        ask_url=ask_url,
        back=switching.way_back(view),
        **more,
    )
