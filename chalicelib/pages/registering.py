"""Registering by oneself, where the portal is open for it: one question a page, back and on again for a day."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from chalice import Response

from .. import clock
from ..errors import Conflict, Invalid, Stale, TooMany
from ..people import offices
from ..registration import attempts, proving, requests
from ..registration.attempts import KEPT_SECONDS, Attempt, Step
from ..registration.proving import AttemptOver
from ..registration.statuses import APPROVED, PENDING, Status
from ..security.codes import CodeOver, CodeWrong
from ..web.page import Handler, View, page
from . import blueprint
from .register_forms import (
    PATHS,
    YOU,
    account_page,
    checks_page,
    choice_page,
    code_page,
    office_page,
    resend_in,
    role_page,
    you_page,
)  # fmt: skip
from .signing_in import later, masked, with_wait

_OVER = {
    "kind": "info",
    "text": "Please start here. What you began before has run out, or is not open any more, or this browser keeps no cookies.",
}
_NOT_FOUND = "We know no office or provider by this identifier. Check its digits, or ask your office for an invitation."


def _step(method: str, step: Step, rest: str = "") -> Callable[[Handler], Handler]:
    """Register a handler `(view, attempt)` for a step. Whoever is not there yet is led to the step that comes first."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(view: View) -> Response:
            if not view.portal.registration.is_open:
                return _closed(view)
            attempt = view.sealed("register", Attempt)
            if attempt is None:
                return view.go("/register?notice=over")
            if attempt.is_submitted or not attempt.reaches(step):
                return view.go(PATHS[attempt.next_step])
            try:
                return handler(view, attempt)
            except AttemptOver:
                view.drop("register")
                return view.go("/register?notice=over")

        page(blueprint, method, PATHS[step] + rest)(answer)
        return answer

    return decorate


@page(blueprint, "GET", "/register")
def ask_office(view: View) -> Response:
    """Ask for the identifier; or, where it is that of several, which one is meant."""
    if not view.portal.registration.is_open:
        return _closed(view)
    attempt = view.sealed("register", Attempt)
    notice = _OVER if view.query.get("notice") == "over" and attempt is None else None
    if attempt is None or attempt.is_submitted:
        return office_page(view, {}, notice=notice)
    if "choose" in view.query:
        places = offices.found(view.slug, attempt.identifier, attempt.qualifier)
        if len(places) > 1:
            return choice_page(view, attempt, places)
    on = view.base + PATHS[attempt.next_step] if attempt.account_id else None
    return office_page(view, {"identifier": attempt.identifier, "qualifier": attempt.qualifier}, on_url=on)


@page(blueprint, "POST", "/register")
def take_office(view: View) -> Response:
    """Look for it: one is taken, of several one is asked for."""
    if not view.portal.registration.is_open:
        return _closed(view)
    typed = {name: view.form.get(name, "") for name in ("identifier", "qualifier", "account")}
    try:
        attempt = attempts.seek(view.sealed("register", Attempt), typed["identifier"], typed["qualifier"])
        places = requests.find_offices(view.slug, view.counted_address, attempt.identifier, attempt.qualifier)
    except Invalid as refusal:
        return office_page(view, typed, errors=refusal.fields, status=400)
    except TooMany as refusal:
        return later(office_page(view, typed, errors={"identifier": with_wait(refusal)}, status=429), refusal)
    if not places:
        return office_page(view, typed, errors={"identifier": _NOT_FOUND}, status=400)
    if len(places) > 1 and "choosing" not in view.form:
        _keep(view, attempt)
        return view.go("/register?choose=1")
    chosen = places if len(places) == 1 else [each for each in places if each.id == typed["account"]]
    if not chosen:
        return choice_page(view, attempt, places, errors={"account": "Choose one of these."}, status=400)
    return _on(view, attempts.choose(attempt, chosen[0]), "checks")


@_step("GET", "checks")
def ask_checks(view: View, attempt: Attempt) -> Response:
    """Ask for what may be known of the office or provider."""
    return checks_page(view, attempt, {"claim_number": attempt.claim_number, "birth_date": attempt.birth_date})


@_step("POST", "checks")
def take_checks(view: View, attempt: Attempt) -> Response:
    """Keep it, sealed. It is looked at when the request is submitted, and not before."""
    typed = {name: view.form.get(name, "") for name in ("claim_number", "birth_date")}
    try:
        return _on(view, attempts.give_checks(attempt, **typed), "role")
    except Invalid as refusal:
        return checks_page(view, attempt, typed, errors=refusal.fields, status=400)


@_step("GET", "role")
def ask_role(view: View, attempt: Attempt) -> Response:
    """Ask for the role."""
    return role_page(view, attempt.role)


@_step("POST", "role")
def take_role(view: View, attempt: Attempt) -> Response:
    """Take it."""
    try:
        return _on(view, attempts.choose_role(attempt, view.portal, view.form.get("role", "")), "you")
    except Invalid as refusal:
        return role_page(view, "", errors=refusal.fields, status=400)


@_step("GET", "you")
def ask_you(view: View, attempt: Attempt) -> Response:
    """Ask who it is that registers."""
    return you_page(view, {name: getattr(attempt, name) for name in YOU})


@_step("POST", "you")
def take_you(view: View, attempt: Attempt) -> Response:
    """Take it, and send a code to the address, unless it is confirmed or its code still works."""
    typed = {name: view.form.get(name, "") for name in YOU}
    try:
        attempt = attempts.introduce(attempt, view.portal, typed)
        if not attempt.is_confirmed and not attempts.has_open_code(attempt):
            attempt = proving.send(view.act, view.portal, attempt, view.counted_address)
    except Invalid as refusal:
        return you_page(view, typed, errors=refusal.fields, status=400)
    except TooMany as refusal:
        return later(you_page(view, typed, errors={"email": with_wait(refusal)}, status=429), refusal)
    return _on(view, attempt, attempt.next_step)


@_step("GET", "code")
def ask_code(view: View, attempt: Attempt) -> Response:
    """Ask for the six digits."""
    if attempt.is_confirmed:
        return view.go("/register/account")
    if view.query.get("notice") != "resent":
        return code_page(view, attempt)
    text = f"A new code is on its way to {masked(attempt.email)}. Older codes no longer work."
    return code_page(view, attempt, notice={"kind": "success", "text": text})


@_step("POST", "code")
def enter_code(view: View, attempt: Attempt) -> Response:
    """Try the digits; the right ones confirm the address."""
    if attempt.is_confirmed:
        return view.go("/register/account")
    try:
        typed = view.form.get("code", "")
        return _on(view, proving.enter(view.act, view.portal, attempt, view.counted_address, typed), "account")
    except CodeWrong as refusal:
        left = refusal.tries_left
        if not left:
            text = "That code is not right, and it was the last try. Send another code to go on."
            return code_page(view, attempt, errors={"code": text}, status=refusal.status, used_up=True)
        more = f" You can try {left} more time{'s' if left > 1 else ''}."
        return code_page(view, attempt, errors={"code": refusal.text + more}, status=refusal.status)
    except CodeOver as refusal:
        has_run_out = attempt.code_until <= clock.timestamp()
        text = "This code has run out. Send another one to go on." if has_run_out else refusal.text
        return code_page(view, attempt, errors={"code": text}, status=refusal.status, used_up=True)
    except Invalid as refusal:
        return code_page(view, attempt, errors=refusal.fields, status=refusal.status)
    except TooMany as refusal:
        return later(code_page(view, attempt, errors={"code": with_wait(refusal)}, status=429), refusal)


@_step("POST", "code", "/resend")
def resend(view: View, attempt: Attempt) -> Response:
    """Send a new code to the same address."""
    if attempt.is_confirmed:
        return view.go("/register/account")
    wait = resend_in(attempt)
    if wait:
        text = f"You can ask for another code in {wait} seconds."
        return code_page(view, attempt, errors={"code": text}, status=429)
    try:
        _keep(view, proving.resend(view.act, view.portal, attempt, view.counted_address))
    except TooMany as refusal:
        return later(code_page(view, attempt, errors={"code": with_wait(refusal)}, status=429), refusal)
    return view.go("/register/code?notice=resent")


@_step("GET", "account")
def ask_account(view: View, attempt: Attempt) -> Response:
    """Ask for username and password."""
    return account_page(view, attempt)


@_step("POST", "account")
def submit(view: View, attempt: Attempt) -> Response:
    """Submit all of it."""
    try:
        requests.submit(
            view.act,
            view.portal,
            attempt,
            view.counted_address,
            username=view.form.get("username", ""),
            password=view.form.get("password", ""),
            given=view.form,
        )
    except Invalid as refusal:
        return account_page(view, attempt, errors=refusal.fields, status=400)
    except (Conflict, Stale) as refusal:
        return account_page(view, attempt, errors={"form": refusal.text}, status=refusal.status)
    return _on(view, attempts.submitted(attempt), "done")


@page(blueprint, "GET", "/register/done")
def done(view: View) -> Response:
    """Say what happens next, as things stand now."""
    attempt = view.sealed("register", Attempt)
    if attempt is None or not attempt.is_submitted:
        return view.go(f"/register{'?notice=over' if attempt is None else ''}")
    status = requests.standing(view.slug, attempt)
    sign_in = ("Sign in", f"{view.base}/sign-in/password")
    if status in (Status.AUTO_APPROVED, *APPROVED.values()):
        text = "Your registration was approved. Sign in with the username and the password you have chosen."
        return view.tell("You can sign in now", f"You are a user of {attempt.account_name}. {text}", action=sign_in)
    if status not in PENDING.values():
        return view.tell(
            "Your registration was decided", "We have written to you about it. Look in your inbox.", action=sign_in
        )
    who = (
        f"An administrator of {attempt.account_name}, or {view.portal.name},"
        if attempt.level == "office"
        else view.portal.name
    )
    return view.tell(
        "We have your registration",
        f"{who} will look at it. There is nothing more to do now.",
        "We have sent you a mail that says so, and will write again as soon as it is decided. Your username is kept for you "
        "until then.",
        action=sign_in,
    )


def _closed(view: View) -> Response:
    return view.tell(
        "Ask your office for an invitation",
        f"You cannot register at {view.portal.name} by yourself. Ask an administrator of your office to invite you: they can "
        "send you a registration link.",
        action=("Back to sign in", f"{view.base}/sign-in"),
    )


def _keep(view: View, attempt: Attempt) -> None:
    view.keep_sealed("register", attempt, KEPT_SECONDS)


def _on(view: View, attempt: Attempt, step: Step) -> Response:
    """Keep what was said, and go on."""
    _keep(view, attempt)
    return view.go(PATHS[step])
