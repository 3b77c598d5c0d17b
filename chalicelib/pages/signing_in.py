"""The sign-in pages: client number and name, where to send the code, the code."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from chalice import Response

from .. import clock
from ..errors import Invalid, Refusal, TooMany
from ..security import limits
from ..security.codes import CodeOver, CodeWrong
from ..signin import by_client_number as journey
from ..signin.by_client_number import StillOpen, Visit, Visitor
from ..web.page import View, page, paragraphs
from . import blueprint, switching

NOTICES = {
    "link-over": (
        "info",
        "That link was opened already, or its time ran out. Sign in here; if you have no password yet, ask for a new link.",
    ),
    "tries-over": ("warning", "That code was not right, and it was the last try. Please sign in again."),
    "password-set": ("success", "Your password is set. Sign in with it now."),
    "session-over": (
        "info",
        "You were signed out because you had not done anything here for a while. Sign in to go on.",
    ),
    "step-over": (
        "info",
        "Please start here. The steps before this one have run out, or this browser keeps no cookies.",
    ),
    "ended": ("info", "You were signed out. Sign in to go on."),
    "signed-out": ("success", "You have signed out."),
    "another": ("info", "Sign in to the other account. The one you came from stays signed in."),
}


@page(blueprint, "GET", "/sign-in")
def start(view: View) -> Response:
    """Ask for client number and last name."""
    visit = _visit(view)
    if _asks_password_first(view) and not (_offers_code(view) and (visit or view.query.get("by") == "code")):
        kept = urlencode([(name, view.query[name]) for name in ("next", "notice") if name in view.query])
        return view.go(f"/sign-in/password{'?' if kept else ''}{kept}")
    kind, text = NOTICES.get(view.query.get("notice", ""), ("", ""))
    values = {"client_number": visit.number, "last_name": visit.last_name} if visit else {}
    return _start_page(
        view, values, safe_next(view, view.query.get("next", "")), notice={"kind": kind, "text": text} if kind else None
    )


@page(blueprint, "POST", "/sign-in")
def begin(view: View) -> Response:
    """Take them; nothing is looked up yet."""
    if not _offers_code(view):
        return view.go("/sign-in/password")
    typed = {name: view.form.get(name, "") for name in ("client_number", "last_name")}
    next_path = safe_next(view, view.form.get("next", ""))
    try:
        visit = journey.begin(typed["client_number"], typed["last_name"], next_path, before=_visit(view))
    except Invalid as refusal:
        return _start_page(view, typed, next_path, errors=refusal.fields, status=400)
    _keep(view, visit)
    return view.go("/sign-in/confirm")


@page(blueprint, "GET", "/sign-in/confirm")
def confirm(view: View) -> Response:
    """Ask for the address on file: Account Access Confirmation."""
    visit = _visit(view)
    return _confirm_page(view, {"method": visit.method}) if visit else view.go("/sign-in?notice=step-over")


@page(blueprint, "POST", "/sign-in/confirm")
def send_code(view: View) -> Response:
    """Send a code, if what was typed is on file. The answer does not tell."""
    visit = _visit(view)
    if visit is None:
        return view.go("/sign-in?notice=step-over")
    typed = {name: view.form.get(name, "") for name in ("method", "destination")}
    try:
        asked = journey.request_code(
            view.act, view.portal, visit, _visitor(view), typed["method"], typed["destination"]
        )
    except StillOpen as refusal:
        asked = refusal.visit
    except Invalid as refusal:
        offered = len(view.portal.policy.sign_in_methods) > 1  # with one method there is no field to point at
        errors = refusal.fields if offered else dict.fromkeys(["destination"], *refusal.fields.values())
        return _confirm_page(view, typed, errors=errors, status=400)
    except TooMany as refusal:
        return later(_confirm_page(view, typed, errors={"destination": with_wait(refusal)}, status=429), refusal)
    _keep(view, asked)
    return view.go("/sign-in/code")


@page(blueprint, "GET", "/sign-in/code")
def ask_code(view: View) -> Response:
    """Ask for the six digits."""
    visit = _visit(view)
    if visit is None or not visit.has_asked:
        return view.go("/sign-in?notice=step-over")
    if view.query.get("notice") != "resent":
        return _code_page(view, visit)
    text = f"If what you typed matches, a new code is on its way to {masked(visit.destination)}. Older codes no longer work."
    return _code_page(view, visit, notice={"kind": "success", "text": text})


@page(blueprint, "POST", "/sign-in/code")
def enter_code(view: View) -> Response:
    """Try the digits; the right ones sign in."""
    visit = _visit(view)
    if visit is None or not visit.has_asked:
        return view.go("/sign-in?notice=step-over")
    try:
        entered = journey.enter_code(view.act, view.portal, visit, _visitor(view), view.form.get("code", ""))
    except CodeWrong as refusal:
        left = refusal.tries_left
        if not left:
            text = "That code is not right, and it was the last try. Send another code to go on."
            return _code_page(view, visit, errors={"code": text}, status=refusal.status, used_up=True)
        more = f" You can try {left} more time{'s' if left > 1 else ''}."
        return _code_page(view, visit, errors={"code": refusal.text + more}, status=refusal.status)
    except CodeOver as refusal:
        has_run_out = visit.code_until <= clock.timestamp()
        text = "This code has run out. Send another one to go on." if has_run_out else refusal.text
        return _code_page(view, visit, errors={"code": text}, status=refusal.status, used_up=True)
    except Invalid as refusal:
        return _code_page(view, visit, errors=refusal.fields, status=refusal.status)
    except TooMany as refusal:
        return later(_code_page(view, visit, errors={"code": with_wait(refusal)}, status=429), refusal)
    view.keep("session", entered.session)
    if entered.browser:
        view.keep("browser", entered.browser, view.portal.policy.known_browser_days * 86400)
    view.drop("step")
    if view.cookie("record"):
        view.drop("record")
    return view.go(entered.next_path.removeprefix(view.base) or "/")


@page(blueprint, "POST", "/sign-in/resend")
def resend(view: View) -> Response:
    """Send a new code to the same address."""
    visit = _visit(view)
    if visit is None or not visit.has_asked:
        return view.go("/sign-in?notice=step-over")
    wait = _resend_in(visit)
    if wait:
        return _code_page(view, visit, errors={"code": f"You can ask for another code in {wait} seconds."}, status=429)
    try:
        visit = journey.resend(view.act, view.portal, visit, _visitor(view))
    except StillOpen as refusal:
        _keep(view, refusal.visit)
        return later(_code_page(view, refusal.visit, errors={"code": with_wait(refusal)}, status=429), refusal)
    except TooMany as refusal:
        return later(_code_page(view, visit, errors={"code": with_wait(refusal)}, status=429), refusal)
    _keep(view, visit)
    return view.go("/sign-in/code?notice=resent")


@page(blueprint, "GET", "/trouble")
def trouble(view: View) -> Response:
    """Help for who cannot sign in: the portal's own words, then ours."""
    return view.show("trouble.html", "Trouble signing in?", trouble_text=paragraphs(view.portal.wording.trouble_text))


def safe_next(view: View, path: str) -> str:
    """Where to go after sign-in: a page of this very portal, or "" for anything else."""
    one = "[0-9a-f]{32}"
    inside = re.fullmatch(rf"/{re.escape(view.slug)}(/batches/{one}(/upload(/{one})?|/documents/{one})?)?/?", path)
    return path.rstrip("/") if inside else ""


def masked(destination: str) -> str:
    """What was typed, with its middle hidden: m•••@example.com, •••• 0132."""
    name, at, host = destination.rpartition("@")
    if at:
        return f"{name[:1]}•••@{host}"
    digits = re.sub(r"\D", "", destination)
    return f"•••• {digits[-4:]}" if len(digits) > 6 else "••••"


def register_url(view: View) -> str | None:
    """Where people of an office register by themselves, if the portal lets them."""
    return f"{view.base}/register" if view.portal.registration.is_open else None


def _offers_code(view: View) -> bool:
    """Whether clients of this portal may sign in without a password."""
    return "code" in view.portal.policy.sign_in_ways


def _asks_password_first(view: View) -> bool:
    return view.portal.policy.sign_in_ways[0] == "password"


def _start_page(view: View, values: dict[str, str], next_path: str, **more: Any) -> Response:
    back = switching.way_back(view)
    show = view.show if values or back or "errors" in more else view.show_alike
    return show(
        "sign_in.html",
        view.portal.wording.sign_in_heading,
        wording=_wording(view),
        values=values,
        next_path=next_path,
        password_url=_password_url(view, next_path),
        first_time_url=None,
        register_url=register_url(view),
        back=back,
        **more,
    )


def _password_url(view: View, next_path: str) -> str | None:
    """Where the same is asked by username and password, if the portal offers it: where people register, too."""
    if not (view.portal.policy.asks_password or view.portal.registration.is_open):
        return None
    kept = urlencode({"next": next_path}) if next_path else ""
    return f"{view.base}/sign-in/password{'?' if kept else ''}{kept}"


def _confirm_page(view: View, values: dict[str, str], **more: Any) -> Response:
    methods = list(view.portal.policy.sign_in_methods)
    show = view.show if any(values.values()) or "errors" in more else view.show_alike
    return show(
        "confirm.html",
        view.portal.wording.confirm_heading,
        wording=_wording(view),
        values=values,
        methods=methods,
        **more,
    )


def _code_page(view: View, visit: Visit, *, used_up: bool = False, **more: Any) -> Response:
    return view.show(
        "code.html",
        view.portal.wording.code_heading,
        wording=_wording(view),
        used_up=used_up,
        method=visit.method,
        destination_masked=masked(visit.destination),
        resend_in=_resend_in(visit),
        expires_in=max(visit.code_until - clock.timestamp(), 0),
        sends_left=max(limits.CODE_SENDS.count - visit.sends, 0),
        **more,
    )


def _wording(view: View) -> dict[str, Any]:
    words = view.portal.wording
    return {
        "heading": words.sign_in_heading,
        "instructions": paragraphs(words.sign_in_instructions),
        "additional_notes": paragraphs(words.additional_notes),
        "client_number_label": words.client_number_label,
        "client_number_hint": words.client_number_hint,
        "last_name_label": words.last_name_label,
        "next_label": words.next_label,
        "confirm_heading": words.confirm_heading,
        "confirm_instructions": paragraphs(words.confirm_instructions),
        "send_label": words.send_code_label,
        "code_heading": words.code_heading,
        "code_label": words.code_label,
    }


def _visit(view: View) -> Visit | None:
    return view.sealed("step", Visit)


def _keep(view: View, visit: Visit) -> None:
    """Ten minutes for the next step; while a code is open, ten more, so that its page can say that it has run out."""
    seconds = journey.STEP_SECONDS + max(visit.code_until - clock.timestamp(), 0)
    view.keep_sealed("step", visit, seconds)


def _visitor(view: View) -> Visitor:
    return Visitor(view.counted_address, view.cookie("browser"))


def _resend_in(visit: Visit) -> int:
    return max(visit.sent_at + limits.CODE_RESEND.seconds - clock.timestamp(), 0)


def later(response: Response, refusal: Refusal) -> Response:
    """The same answer, with the header that tells machines how long to wait."""
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def with_wait(refusal: Refusal) -> str:
    """A refusal's text, and from when on it may be tried again."""
    if not refusal.retry_after:
        return refusal.text
    minutes = -(-refusal.retry_after // 60)
    if minutes > 90:
        return f"{refusal.text} You can go on in about {-(-minutes // 60)} hours."
    return f"{refusal.text} You can go on in about {minutes} minute{'s' if minutes > 1 else ''}."


def on_its_way(view: View, where: str) -> Response:
    """Say that a fresh link was sent, and where to."""
    look = "Look in your inbox, and in your spam or junk folder as well."
    return view.tell("A fresh link is on its way", f"We have sent it to {where}. {look}")
