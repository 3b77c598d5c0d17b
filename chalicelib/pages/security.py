"""The security page of whoever has a username, client or staff: password, factors, recovery codes, devices, sessions."""

from __future__ import annotations

from typing import Any

from chalice import Response

from .. import facts
from ..errors import Conflict, Invalid, NotFound, Stale, TooMany
from ..facts import Fact, Kind
from ..people import step_up
from ..people.users import User
from ..signin import own_address
from ..signin import own_security as acts
from ..signin.doors import about
from ..web.page import View, page
from . import blueprint, viewing
from .doors import both, door, offers_factors, side
from .factor_setup import show_recovery_codes
from .password_form import password_form
from .signing_in import later, masked, with_wait
from .welcome import extend_session, local_day, moment, stamp

_DONE = {
    "password": "Your password is changed. Every other browser was signed out.",
    "removed": "The second factor was removed.",
    "forgotten": "That browser is not remembered any more.",
    "ended": "Signed out there.",
}
_ACTIVITY = {
    Kind.SIGNED_IN: "Signed in",
    Kind.STAFF_SIGNED_IN: "Signed in",
    Kind.SIGNED_OUT: "Signed out",
    Kind.STEPPED_UP: "Second factor shown again",
    Kind.STAFF_SIGNED_OUT: "Signed out",
    Kind.CREDENTIAL_CREATED: "Username and password created",
    Kind.PASSWORD_RESET: "Password reset by mail",
    Kind.PASSWORD_CHANGED: "Password changed",
    Kind.PASSWORD_RIGHT: "Password entered",
    Kind.FACTOR_WRONG: "Wrong second factor",
    Kind.ADDRESS_ASKED_FOR: "Link to confirm a new address sent",
    Kind.ADDRESS_CHANGED: "Email address changed",
    Kind.FACTOR_ADDED: "Second factor added",
    Kind.FACTOR_REMOVED: "Second factor removed",
    Kind.FACTOR_SENT: "Code sent by text message",
    Kind.RECOVERY_CODES_MADE: "New recovery codes made",
    Kind.RECOVERY_CODE_USED: "Recovery code used",
    Kind.DEVICE_FORGOTTEN: "Remembered browser removed",
    Kind.SESSION_ENDED: "Signed out elsewhere",
    Kind.DISAVOWED: 'Locked by "This was not me"',
    Kind.RESET_ASKED_FOR: "Link to reset the password sent",
    Kind.RESET_SENT: "Link to reset the password sent by staff",
    Kind.STAFF_FACTOR_RESET: "Second factor reset by staff",
    Kind.CREDENTIAL_UNLOCKED: "Unlocked by staff",
}
_AFTER_CONFIRMING = frozenset({"app", "mobile"})  # where somebody was who is asked to confirm
_SHOWN = 15  # facts on the page


@both("GET", "/security", "/staff/security")
def show(view: View) -> Response:
    """All of it on one page."""
    user = _user(view)
    text = _DONE.get(view.query.get("notice", ""))
    return _page(view, user, notice={"kind": "success", "text": text} if text else None)


@both("GET", "/security/confirm", "/staff/security/confirm")
def ask_password(view: View) -> Response:
    """Ask for the password again, of staff for a second factor, before anything is changed."""
    _user(view)
    return _confirm_page(view)


@both("POST", "/security/confirm", "/staff/security/confirm")
def confirm(view: View) -> Response:
    """Take it: changes are possible for ten minutes."""
    user, session = _user(view), view.session
    assert session is not None  # noqa: S101 - a user has come with a session
    try:
        if user.kind == "staff":
            step_up.prove(view.act, user, session, view.form.get("code", ""))
        else:
            acts.confirm_password(view.act, user, session, view.form.get("password", ""))
    except Invalid as refusal:
        return _confirm_page(view, errors=refusal.fields, status=400)
    except Conflict as refusal:
        return _confirm_page(view, errors={"code": refusal.text}, status=refusal.status)
    except TooMany as refusal:
        field = "code" if user.kind == "staff" else "password"
        return later(_confirm_page(view, errors={field: with_wait(refusal)}, status=429), refusal)
    then = view.query.get("then", "")
    return view.go(f"{side(view)}/security{'/' + then if then in _AFTER_CONFIRMING else ''}")


@both("GET", "/security/password", "/staff/security/password")
def ask_new_password(view: View) -> Response:
    """Ask for the present password and a new one."""
    return _new_password_page(view, _user(view))


@both("POST", "/security/password", "/staff/security/password")
def change_password(view: View) -> Response:
    """Change it: this browser goes on with a new session, every other one is signed out."""
    user, session = _user(view), view.session
    assert session is not None  # noqa: S101 - a user has come with a session
    typed = {name: view.form.get(name, "") for name in ("current_password", "password")}
    try:
        secret = acts.change_password(
            view.act, view.portal, door(view), user, session, typed["current_password"], typed["password"], view.browser
        )
    except Invalid as refusal:
        return _new_password_page(view, user, errors=refusal.fields, status=400)
    except TooMany as refusal:
        page = _new_password_page(view, user, errors={"current_password": with_wait(refusal)}, status=429)
        return later(page, refusal)
    except Stale as refusal:
        return _new_password_page(view, user, errors={"form": refusal.text}, status=409)
    view.keep(view.session_kind, secret)
    view.drop("device")
    return view.go(f"{side(view)}/security?notice=password")


@both("GET", "/security/address", "/staff/security/address")
def ask_address(view: View) -> Response:
    """Ask for the address that shall take the place of one on file."""
    user, session = _user(view), view.session
    if session is None or not acts.is_fresh(session, user):
        return view.go(f"{side(view)}/security/confirm")
    return _address_page(view, _address(view, user))


@both("POST", "/security/address", "/staff/security/address")
def send_to_address(view: View) -> Response:
    """Send the link that confirms it; nothing is changed before."""
    user, session = _user(view), view.session
    assert session is not None  # noqa: S101 - a user has come with a session
    old, typed = _address(view, user), view.form.get("email", "")
    try:
        own_address.ask(view.act, user, session, old, typed)
    except acts.NotFresh:
        return view.go(f"{side(view)}/security/confirm")
    except Invalid as refusal:
        return _address_page(view, old, values={"email": typed}, errors=refusal.fields, status=400)
    except TooMany as refusal:
        page = _address_page(view, old, values={"email": typed}, errors={"email": with_wait(refusal)}, status=429)
        return later(page, refusal)
    return view.tell(
        "Confirm the new address",
        "We have sent a link to it. The new address counts once you press the button there; until then nothing changes.",
        action=("Back to Security", f"{view.base}{side(view)}/security"),
    )


@both("POST", "/security/remove", "/staff/security/remove")
def remove_factor(view: View) -> Response:
    """Remove a second factor."""
    user = _user(view)
    return _acted(
        view,
        lambda session: acts.remove_factor(view.act, door(view), user, session, view.form.get("factor", "")),
        "removed",
    )


@both("POST", "/security/recovery-codes", "/staff/security/recovery-codes")
def new_codes(view: View) -> Response:
    """Make ten new recovery codes and show them once."""
    user, session = _user(view), view.session
    assert session is not None  # noqa: S101 - a user has come with a session
    try:
        codes = acts.new_recovery_codes(view.act, user, session)
    except acts.NotFresh:
        return view.go(f"{side(view)}/security/confirm")
    except Conflict as refusal:
        return _page(view, user, notice={"kind": "warning", "text": refusal.text}, status=409)
    return show_recovery_codes(view, codes, f"{view.base}{side(view)}/security")


@page(blueprint, "POST", "/security/devices/forget")
def forget_device(view: View) -> Response:
    """Forget a remembered browser."""
    user = _user(view)
    return _acted(view, lambda _session: acts.forget_device(view.act, user, view.form.get("device", "")), "forgotten")


@both("POST", "/security/sessions/end", "/staff/security/sessions/end")
def end_session(view: View) -> Response:
    """Sign a browser out, or all but this one."""
    user = _user(view)
    which = view.form.get("session", "")
    if which == "others":
        return _acted(view, lambda session: acts.end_other_sessions(view.act, user, session), "ended")
    return _acted(view, lambda _session: acts.end_session(view.act, user, which), "ended")


@page(blueprint, "GET", "/staff")
def staff_home(view: View) -> Response:
    """Where staff arrive."""
    user = _user(view)
    return view.tell(
        f"Welcome, {user.name}",
        f"You are signed in to {view.portal.name} as {user.role}.",
        action=("Your security settings", f"{view.base}/staff/security"),
    )


@page(blueprint, "POST", "/staff/sign-out")
def staff_sign_out(view: View) -> Response:
    """End the session at once."""
    if view.session:
        acts.sign_out(view.act, view.slug, view.user, view.session, Kind.STAFF_SIGNED_OUT)
    view.drop("staff")
    viewing.end(view)
    return view.go("/staff/sign-in?notice=signed-out")


@page(blueprint, "POST", "/staff/session/extend")
def staff_extend(view: View) -> Response:
    """Stay signed in."""
    return extend_session(view)


def _user(view: View) -> User:
    """The user who is here. A contact who signed in by code has no credentials to look after: NotFound."""
    if view.user is None:
        raise NotFound("This page is for people who sign in with a username and a password.")
    return view.user


def _address(view: View, user: User) -> str:
    """The address on file that the query names by its place. Raises NotFound."""
    place = view.query.get("n", "0")
    if not (place.isascii() and place.isdigit() and len(place) < 3 and int(place) < len(user.emails)):
        raise NotFound("There is no such address on file.")
    return user.emails[int(place)]


def _address_page(view: View, old: str, **more: Any) -> Response:
    return view.show(
        "ask_once.html",
        "Change an email address",
        heading="Change an email address",
        lead=[f"Messages about your sign-in go to {old}. Enter the address that shall take its place."],
        field={"name": "email", "label": "New email address", "hint": "", "autocomplete": "email", "is_secret": False},
        action=f"{view.base}{side(view)}/security/address?n={view.query.get('n', '0')}",
        button="Send a link to it",
        back_url=f"{view.base}{side(view)}/security",
        **more,
    )


def _acted(view: View, act: Any, done: str) -> Response:
    """Do it, then show the page; or ask for the password first."""
    try:
        act(view.session)
    except acts.NotFresh:
        return view.go(f"{side(view)}/security/confirm")
    except (Conflict, Stale) as refusal:
        return _page(view, _user(view), notice={"kind": "warning", "text": refusal.text}, status=refusal.status)
    return view.go(f"{side(view)}/security?notice={done}")


def _confirm_page(view: View, **more: Any) -> Response:
    then = view.query.get("then", "")
    if view.is_staff_side:
        lead = "Enter a new code of your authenticator app, or a recovery code, before you change how you sign in."
        field = {"name": "code", "label": "Code", "autocomplete": "one-time-code", "is_secret": False}
    else:
        lead = "Enter your password again before you change how you sign in. We ask once every ten minutes."
        label = view.portal.wording.password_label
        field = {"name": "password", "label": label, "autocomplete": "current-password", "is_secret": True}
    return view.show(
        "ask_once.html",
        "Confirm it is you",
        heading="Confirm it is you",
        lead=[lead],
        field={"hint": "", **field},
        action=f"{view.base}{side(view)}/security/confirm{f'?then={then}' if then in _AFTER_CONFIRMING else ''}",
        button="Confirm",
        back_url=f"{view.base}{side(view)}/security",
        **more,
    )


def _new_password_page(view: View, user: User, **more: Any) -> Response:
    return password_form(
        view,
        "Change your password",
        lead=[
            "Every other browser will be signed out."
            if not door(view).device_days
            else "Every other browser will be signed out, and no browser will be remembered."
        ],
        action=f"{side(view)}/security/password",
        button="Change password",
        username=user.username,
        ask_current=True,
        back_url=f"{view.base}{side(view)}/security",
        **more,
    )


def _page(view: View, user: User, **more: Any) -> Response:
    base = f"{view.base}{side(view)}/security"
    return view.show(
        "security.html",
        "Security",
        username=user.username,
        back_url=f"{view.base}{side(view) or '/'}",
        password_changed=local_day(view, user.password_at) if user.password_at else None,
        change_password_url=f"{base}/password",
        emails=[{"address": each, "change_url": f"{base}/address?n={at}"} for at, each in enumerate(user.emails)],
        factors=_factors(view, user, base),
        add_totp_url=f"{base}/app" if offers_factors(view) else None,
        add_sms_url=f"{base}/mobile" if offers_factors(view) else None,
        required=door(view).must_have_factor,
        recovery={"left": len(user.recovery), "made_action": f"{base}/recovery-codes"} if user.factors else None,
        devices=[
            {
                "id": name,
                "browser": noted.browser,
                "at": local_day(view, noted.at),
                "until": local_day(view, noted.until),
                "forget_action": f"{base}/devices/forget",
            }
            for name, noted in sorted(user.devices.items(), key=lambda held: -held[1].at)
            if user.holds_device(name)
        ]
        if door(view).device_days
        else None,
        sessions=[
            {
                "id": name,
                "browser": noted.browser,
                "at": moment(view, noted.at),
                "is_this": view.session is not None and name == view.session.id,
                "end_action": f"{base}/sessions/end",
            }
            for name, noted in sorted(user.sessions.items(), key=lambda held: -held[1].at)
            if user.holds_session(name)
        ],
        end_others_action=f"{base}/sessions/end",
        activity=_activity(view, user),
        **more,
    )


def _factors(view: View, user: User, base: str) -> list[dict[str, Any]]:
    shown = []
    if user.totp_seed:
        shown.append({"kind": "totp", "label": "Authenticator app", "detail": user.totp_name, "added": user.totp_at})
    if user.sms_number:
        shown.append({"kind": "sms", "label": "Text message", "detail": masked(user.sms_number), "added": user.sms_at})
    return [
        {**each, "added": local_day(view, int(str(each["added"]))), "remove_action": f"{base}/remove"} for each in shown
    ]  # fmt: skip


def _activity(view: View, user: User) -> list[dict[str, str]]:
    found = facts.about(view.slug, about(user), limit=_SHOWN).items
    return [
        {
            "at": stamp(view, fact.at),
            "what": _ACTIVITY[Kind(fact.kind)],
            "detail": _detail(fact),
        }
        for fact in found
        if Kind(fact.kind) in _ACTIVITY
    ]


def _detail(fact: Fact) -> str:
    return str(fact.changes.get("browser", ""))
