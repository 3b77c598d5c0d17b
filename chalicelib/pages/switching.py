"""Several accounts of one person in one browser: each is signed in to by itself, and those not in use wait in a cookie.

The cookie holds their sessions, sealed for this browser. Whether one still lives is looked at when it is used, as ever.
"""

from __future__ import annotations

from chalice import Response
from msgspec import Struct

from ..errors import Conflict
from ..security import sessions
from ..web.page import View, page
from . import blueprint

MOST = 5  # accounts that wait
_SECONDS = 12 * 3600
_LONGEST = 60  # letters of a name: a cookie has room for 4,096 bytes
_TOO_MANY = f"One browser can be signed in to {MOST + 1} accounts. Sign out, then sign in to those you need."


class Held(Struct, frozen=True):
    """An account that waits: its session's secret, and what it is called on the page."""

    secret: str
    name: str


class Others(Struct, frozen=True):
    """What the cookie holds, the one used last at the end."""

    held: tuple[Held, ...]


@page(blueprint, "GET", "/switch")
def show(view: View) -> Response:
    """Which accounts this browser is signed in to, and the way to one more."""
    waiting = held(view)
    return view.show(
        "switch.html",
        "Switch account",
        name=_name(view),
        others=[{"id": sessions.id_of(each.secret), "name": each.name} for each in waiting],
        switch_action=f"{view.base}/switch",
        add_action=f"{view.base}/switch/add" if len(waiting) < MOST else None,
        most=MOST + 1,
    )


@page(blueprint, "POST", "/switch/add")
def add(view: View) -> Response:
    """Put the present session aside, and go where another one begins. Raises Conflict."""
    waiting = held(view)
    if len(waiting) >= MOST:
        raise Conflict(_TOO_MANY)
    _keep(view, (*waiting, _present(view)))
    view.drop("session")
    return view.go("/sign-in?notice=another")


@page(blueprint, "POST", "/switch")
def switch(view: View) -> Response:
    """Go on in another account; the present one waits."""
    waiting, wanted = held(view), view.form.get("n", "")
    chosen = next((each for each in waiting if sessions.id_of(each.secret) == wanted), None)
    if chosen is None:
        return view.go("/switch")
    _keep(view, (*(each for each in waiting if each is not chosen), _present(view)))
    view.keep("session", chosen.secret)
    return view.go("/")


@page(blueprint, "POST", "/switch/back")
def go_back(view: View) -> Response:
    """From the sign-in pages: go on in the account that was used last."""
    waiting = held(view)
    if waiting and not view.cookie("session"):
        _keep(view, waiting[:-1])
        view.keep("session", waiting[-1].secret)
    return view.go("/")


def held(view: View) -> tuple[Held, ...]:
    """The accounts that wait in this browser."""
    others = view.sealed("others", Others)
    return others.held if others else ()


def way_back(view: View) -> dict[str, str] | None:
    """What a sign-in page offers to a browser in which nobody is signed in now, but an account waits."""
    waiting = held(view)
    if view.is_staff_side or view.cookie("session") or not waiting:
        return None
    return {"name": waiting[-1].name, "action": f"{view.base}/switch/back"}


def _keep(view: View, waiting: tuple[Held, ...]) -> None:
    if waiting:
        view.keep_sealed("others", Others(waiting), _SECONDS)
    else:
        view.drop("others")


def _present(view: View) -> Held:
    name = _name(view)
    return Held(view.cookie("session") or "", name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _name(view: View) -> str:
    """What the account in use is called."""
    assert view.card is not None  # the client audience guarantees it  # noqa: S101
    return view.card.account_name or view.card.name
