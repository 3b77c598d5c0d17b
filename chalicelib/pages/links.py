"""What one-time links open: a page with one button, then what the link is for."""

from __future__ import annotations

from typing import Any

from chalice import Response

from ..errors import Conflict, Invalid, NotFound, TooMany
from ..people.users import UsernameTaken
from ..security import links
from ..security.links import SETUP_SECONDS, LinkOver, Purpose, Setup
from ..signin import by_link, disavow, own_address, own_password, questions
from ..web.page import View, page
from . import blueprint, joining, my
from .password_form import password_form
from .signing_in import later, on_its_way, with_wait

_SPENDABLE: tuple[Purpose, ...] = ("credential-create", "password-reset", "staff-invitation")
_HEADINGS = {
    "credential-create": "Set up your sign-in",
    "password-reset": "Choose a new password",
    "staff-invitation": "Join the team",
}
_LEADS = {
    "credential-create": "You are about to choose a username and a password for {portal}.",
    "password-reset": "You are about to choose a new password for {portal}. The old one works until you have.",
    "staff-invitation": "You are about to choose a password for your staff account at {portal}.",
}
_OVER = {
    "expired": "This link has run out: links work for a limited time only.",
    "used": "This link was used already, and works once. If you have chosen a password, sign in with it.",
    "replaced": "A newer one was sent, or it is not needed any more.",
    "wrong": "This link is not complete. Open it from the message again, or copy all of it.",
}


def _opening(purpose: Purpose) -> None:
    """The two routes of a purpose: the page a link opens, and the press on its button."""
    path = f"/{links.PATHS[purpose]}"

    def look(view: View) -> Response:
        token = view.query.get("t", "")
        try:
            links.peek(view.slug, purpose, token)
        except LinkOver as refusal:
            return _over_page(view, purpose, token, refusal)
        return view.show(
            "link.html",
            _HEADINGS[purpose],
            heading=_HEADINGS[purpose],
            paragraphs=[_LEADS[purpose].format(portal=view.portal.name)],
            button="Continue",
            action=f"{view.base}{path}",
            token=token,
        )

    def press(view: View) -> Response:
        token = view.form.get("t", "")
        try:
            setup = by_link.press(view.act, purpose, token)
        except LinkOver as refusal:
            return _over_page(view, purpose, token, refusal)
        view.keep_sealed("setup", setup, SETUP_SECONDS)
        return view.go("/set-password")

    look.__name__, press.__name__ = f"look_{purpose}".replace("-", "_"), f"press_{purpose}".replace("-", "_")
    page(blueprint, "GET", path)(look)
    page(blueprint, "POST", path)(press)


for _purpose in _SPENDABLE:
    _opening(_purpose)


@page(blueprint, "POST", "/links/again")
def send_again(view: View) -> Response:
    """Send a fresh link in place of one that ran out, to the addresses on file."""
    try:
        return _sent_again(view, view.form.get("purpose", ""), view.form.get("t", ""))
    except TooMany as refusal:
        return later(view.tell("Please wait a little", with_wait(refusal), status=429), refusal)


def _sent_again(view: View, purpose: str, token: str) -> Response:
    if purpose == "invitation":
        return joining.send_again(view, token)
    if purpose == my.PURPOSE:
        return my.send_again(view, token)
    if purpose not in ("credential-create", "password-reset"):
        raise NotFound
    try:
        by_link.send_again(view.act, view.portal, purpose, token)  # type: ignore[arg-type]
    except LinkOver as refusal:
        return _over_page(view, purpose, token, refusal)  # type: ignore[arg-type]
    return on_its_way(view, f"the addresses that {view.portal.name} has on file for you")


@page(blueprint, "GET", "/set-password")
def ask_password(view: View) -> Response:
    """Ask for what the opened link lets choose."""
    setup = view.sealed("setup", Setup)
    if setup is None:
        return _step_over(view)
    return _password_page_if_open(view, setup)


@page(blueprint, "POST", "/set-password")
def take_password(view: View) -> Response:
    """Set it, then lead to the door it opens."""
    setup = view.sealed("setup", Setup)
    if setup is None:
        return _step_over(view)
    username = view.form.get("username", "")
    try:
        chosen = own_password.choose(
            view.act,
            view.portal,
            setup,
            username=username,
            password=view.form.get("password", ""),
            given=view.form,
            browser_cookie=view.cookie("browser"),
        )
    except Invalid as refusal:
        return _password_page_if_open(view, setup, errors=refusal.fields, status=400)
    except UsernameTaken as refusal:
        return _password_page_if_open(view, setup, errors={"username": refusal.text}, status=refusal.status)
    except LinkOver:
        return _step_over(view)
    except Conflict as refusal:
        return _password_page_if_open(view, setup, errors={"form": refusal.text}, status=refusal.status)
    if chosen.browser:
        view.keep("browser", chosen.browser, view.portal.policy.known_browser_days * 86400)
    view.drop("setup")
    door = {"staff": "/staff/sign-in", "record": f"/my/{chosen.username}"}.get(chosen.kind, "/sign-in/password")
    return view.go(f"{door}?notice=password-set")


@page(blueprint, "GET", "/not-me")
def look_not_me(view: View) -> Response:
    """Ask whether somebody else signed in; a press says so."""
    token = view.query.get("t", "")
    try:
        disavow.seen(view.slug, token)
    except LinkOver as refusal:
        return _over_page(view, "not-me", token, refusal)
    return view.show(
        "link.html",
        "Was this not you?",
        heading="Was this not you?",
        paragraphs=[
            "Press the button if you did not do what our message told you about.",
            "We will sign every browser out and lock the account. A link to choose a new password goes to the address on file.",
        ],
        button="This was not me",
        action=f"{view.base}/not-me",
        token=token,
    )


@page(blueprint, "POST", "/not-me")
def press_not_me(view: View) -> Response:
    """Lock, and tell what happens next."""
    token = view.form.get("t", "")
    try:
        disavow.press(view.act, view.portal, token)
    except LinkOver as refusal:
        return _over_page(view, "not-me", token, refusal)
    return view.tell(
        "Your account is locked",
        "Every browser was signed out. We have sent a link to choose a new password to the addresses on file. Your account "
        "opens again with it.",
        f"If you think that somebody reads your email, tell {view.portal.name} first.",
    )


@page(blueprint, "GET", "/confirm-address")
def look_confirm(view: View) -> Response:
    """Ask to confirm a new address; a press does."""
    token = view.query.get("t", "")
    try:
        links.peek(view.slug, own_address.PURPOSE, token)
    except LinkOver as refusal:
        return _over_page(view, own_address.PURPOSE, token, refusal)
    return view.show(
        "link.html",
        "Confirm your new address",
        heading="Confirm your new address",
        paragraphs=[f"From now on, {view.portal.name} sends messages about your sign-in to this address."],
        button="Confirm",
        action=f"{view.base}/confirm-address",
        token=token,
    )


@page(blueprint, "POST", "/confirm-address")
def press_confirm(view: View) -> Response:
    """Put it in the old one's place."""
    token = view.form.get("t", "")
    try:
        own_address.confirm(view.act, view.portal, token)
    except LinkOver as refusal:
        return _over_page(view, own_address.PURPOSE, token, refusal)
    return view.tell(
        "Your new address is confirmed",
        "Messages about your sign-in go there from now on. We have told the old address. For a day, a link to reset your "
        "password still goes to the old one.",
        action=("Go to the start page", f"{view.base}/"),
    )


def _password_page_if_open(view: View, setup: Setup, **more: Any) -> Response:
    """The form; or the way out, when the link was over meanwhile: with the fifth wrong answer, say."""
    try:
        return _password_page(view, setup, **more)
    except LinkOver:
        return _step_over(view)


def _password_page(view: View, setup: Setup, **more: Any) -> Response:
    asked = own_password.asked(view.portal, setup)
    values = {name: text for name, text in view.form.items() if name == "username" or name.startswith("question_")}
    is_required = view.portal.policy.second_factor == "required"
    return password_form(
        view,
        "Choose your username and password" if asked.asks_username else "Choose your password",
        lead=[f"For {asked.title}."] if asked.title and asked.asks_username else [],
        action="/set-password",
        button="Save",
        username=asked.username,
        ask_username=asked.asks_username,
        questions=_questions(asked),
        answers_only=bool(asked.old_questions),
        second_note="You will be asked for a second factor when you sign in." if is_required else None,
        values=values,
        **more,
    )


def _questions(asked: own_password.Asked) -> list[dict[str, Any]]:
    if asked.old_questions:
        return [{"name": str(at), "label": text, "options": None} for at, text in enumerate(asked.old_questions, 1)]
    places = range(1, asked.new_questions + 1)
    return [
        {
            "name": str(at),
            "label": "Question" if asked.new_questions == 1 else f"Question {at}",
            "options": list(questions.QUESTIONS),
        }
        for at in places
    ]


def _over_page(view: View, purpose: Purpose, token: str, refusal: LinkOver) -> Response:
    can_send = refusal.why == "expired" and purpose in ("credential-create", "password-reset")
    return view.show(
        "link_over.html",
        "This link no longer works",
        status=refusal.status,
        heading="This link no longer works",
        paragraphs=[_OVER[refusal.why]],
        again={
            "action": f"{view.base}/links/again",
            "token": token,
            "purpose": purpose,
            "label": "Send a fresh link to the address on file",
        }
        if can_send
        else None,
        sign_in_url=f"{view.base}/staff/sign-in" if purpose == "staff-invitation" else f"{view.base}/sign-in",
    )


def _step_over(view: View) -> Response:
    view.drop("setup")
    return view.go("/sign-in?notice=link-over")
