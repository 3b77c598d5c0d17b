"""Accepting an invitation: the page its link opens, one button, one form."""

from __future__ import annotations

from typing import Any

from chalice import Response

from ..errors import Invalid
from ..registration import accepting, invitations
from ..registration.accepting import Invited, Withdrawn
from ..security.links import SETUP_SECONDS, LinkOver, Setup
from ..signin import questions
from ..web.page import View, page
from . import blueprint
from .password_form import password_form
from .signing_in import on_its_way

_TYPED = ("first_name", "middle_name", "last_name", "title", "phone", "username")
_OVER = {
    "expired": "This invitation has run out: its link works for a limited time only.",
    "opened": "This link was opened already, and works once. Nobody has chosen a password with it yet: have a fresh one sent.",
    "used": "This link was used already, and works once. Sign in with the username and the password you have chosen.",
    "replaced": "A newer one was sent, or the invitation was taken back. If you know of neither, ask whoever invited you.",
    "wrong": "This link is not complete. Open it from the message again, or copy all of it.",
}


@page(blueprint, "GET", "/join")
def look(view: View) -> Response:
    """Tell what the invitation is to; nothing is changed."""
    token = view.query.get("t", "")
    try:
        invited = accepting.seen(view.portal, token)
    except LinkOver as refusal:
        return _over_page(view, token, refusal)
    except Withdrawn as refusal:
        return _withdrawn_page(view, refusal)
    return view.show(
        "link.html",
        "You are invited",
        heading="You are invited",
        paragraphs=[
            f"You will be a user of {invited.office} at {view.portal.name}, in the role {invited.role}.",
            "Press the button, then choose a username and a password.",
        ],
        button="Continue",
        action=f"{view.base}/join",
        token=token,
    )


@page(blueprint, "POST", "/join")
def press(view: View) -> Response:
    """Spend the link; the form is next."""
    token = view.form.get("t", "")
    try:
        setup = accepting.press(view.act, view.portal, token)
    except LinkOver as refusal:
        return _over_page(view, token, refusal)
    except Withdrawn as refusal:
        return _withdrawn_page(view, refusal)
    view.keep_sealed("setup", setup, SETUP_SECONDS)
    return view.go("/join/account")


@page(blueprint, "GET", "/join/account")
def ask(view: View) -> Response:
    """Ask who they are, and for a username and a password."""
    setup = _setup(view)
    return _form_if_open(view, setup) if setup else _step_over(view)


@page(blueprint, "POST", "/join/account")
def take(view: View) -> Response:
    """Make the user, then lead to the door."""
    setup = _setup(view)
    if setup is None:
        return _step_over(view)
    try:
        chosen = accepting.accept(view.act, view.portal, setup, view.form, view.cookie("browser"))
    except Invalid as refusal:
        return _form_if_open(view, setup, errors=_in_order(refusal.fields), status=400)
    except LinkOver:
        return _step_over(view)
    except Withdrawn as refusal:
        return _withdrawn_page(view, refusal)
    if chosen.browser:
        view.keep("browser", chosen.browser, view.portal.policy.known_browser_days * 86400)
    view.drop("setup")
    return view.go("/sign-in/password?notice=password-set")


def send_again(view: View, token: str) -> Response:
    """Send a fresh link in place of one that ran out, to the address that was invited."""
    try:
        accepting.send_again(view.act, view.portal, token)
    except LinkOver as refusal:
        return _over_page(view, token, refusal, is_asked=True)
    except Withdrawn as refusal:
        return _withdrawn_page(view, refusal)
    return on_its_way(view, "the address that was invited")


def _setup(view: View) -> Setup | None:
    setup = view.sealed("setup", Setup)
    return setup if setup and setup.purpose == invitations.PURPOSE else None


def _form_if_open(view: View, setup: Setup, **more: Any) -> Response:
    try:
        invited = accepting.asked(view.portal, setup)
    except LinkOver:
        return _step_over(view)
    except Withdrawn as refusal:
        return _withdrawn_page(view, refusal)
    return _form(view, invited, **more)


def _form(view: View, invited: Invited, **more: Any) -> Response:
    known = {"first_name": invited.applicant.first_name, "last_name": invited.applicant.last_name}
    typed = {name: text for name, text in view.form.items() if name in _TYPED or name.startswith("question_")}
    return password_form(
        view,
        "Set up your sign-in",
        lead=[f"For {invited.office}, in the role {invited.role}."],
        action="/join/account",
        button="Save",
        username="",
        ask_username=True,
        email=invited.applicant.email,
        questions=_questions(view.portal.policy.security_questions),
        second_note="You will be asked for a second factor when you sign in." if invited.has_second_factor else None,
        values=known | typed,
        **more,
    )


def _questions(count: int) -> list[dict[str, Any]]:
    return [
        {"name": str(at), "label": "Question" if count == 1 else f"Question {at}", "options": list(questions.QUESTIONS)}
        for at in range(1, count + 1)
    ]


def _in_order(wrong: dict[str, str]) -> dict[str, str]:
    """The faults in the order in which the page asks."""
    return {name: wrong[name] for name in (*_TYPED, "password") if name in wrong} | wrong


def _over_page(view: View, token: str, refusal: LinkOver, *, is_asked: bool = False) -> Response:
    offered = {
        "action": f"{view.base}/links/again",
        "token": token,
        "purpose": invitations.PURPOSE,
        "label": "Send a fresh link to the address that was invited",
    }
    can_send = not is_asked and accepting.can_send_again(view.slug, refusal)
    text = _OVER["opened" if can_send and refusal.why == "used" else refusal.why]
    return view.show(
        "link_over.html",
        "This link no longer works",
        status=refusal.status,
        heading="This link no longer works",
        paragraphs=[text],
        again=offered if can_send else None,
        sign_in_url=f"{view.base}/sign-in/password",
    )


def _withdrawn_page(view: View, refusal: Withdrawn) -> Response:
    view.drop("setup")
    return view.tell("This invitation cannot be accepted", refusal.text, status=refusal.status)


def _step_over(view: View) -> Response:
    view.drop("setup")
    return view.go("/sign-in/password?notice=link-over")
