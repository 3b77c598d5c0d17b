"""Asking for help: one form for whoever cannot get in, and a page with the number to mention."""

from __future__ import annotations

from typing import Any, Final

from chalice import Response
from msgspec import Struct

from .. import ids
from ..errors import Invalid, TooMany, Unavailable
from ..support import asking, help_requests
from ..support.shapes import Asked
from ..web.page import View, page
from . import blueprint
from .signing_in import later, with_wait

_SHOWN_SECONDS = 24 * 3600  # how long this browser can look up the number
_LABELS: Final = {
    "cannot-sign-in": "I cannot sign in",
    "changed-phone": "I have a new phone or number",
    "no-code": "No code arrives",
    "forgot-username": "I have forgotten my username",
    "other": "Something else",
}


class Sent(Struct, frozen=True):
    """The number of the request that was sent last, as the browser keeps it, sealed."""

    reference: str


@page(blueprint, "GET", "/help")
def ask(view: View) -> Response:
    """Ask what is wrong, and how to reach whoever asks."""
    return _page(view, {"kind": view.query.get("kind", "")}, ids.new())


@page(blueprint, "POST", "/help")
def send(view: View) -> Response:
    """Send it to staff. Nothing is looked up, so the answer is the same for everybody."""
    typed = {name: view.form.get(name, "") for name in Asked.__struct_fields__}
    draft = view.form.get("draft", "")
    draft = draft if ids.is_id(draft) else ids.new()
    try:
        made = help_requests.ask(
            view.act, view.portal, Asked(**typed), form=f"{view.form_id}/{draft}", address=view.counted_address
        )
    except Invalid as refusal:
        return _page(view, typed, draft, errors=refusal.fields, status=400)
    except TooMany as refusal:
        return later(_page(view, typed, draft, errors={"form": with_wait(refusal)}, status=429), refusal)
    except Unavailable as refusal:
        text = "We could not take this just now. What you typed is still here: please send it again in a moment."
        return later(_page(view, typed, draft, errors={"form": text}, status=refusal.status), refusal)
    view.keep_sealed("help", Sent(made.reference), _SHOWN_SECONDS)
    return view.go("/help/sent")


@page(blueprint, "GET", "/help/sent")
def sent(view: View) -> Response:
    """Tell the number, and what happens next."""
    held = view.sealed("help", Sent)
    if held is None:
        return view.go("/help")
    return view.show("help_sent.html", "We have your request", reference=held.reference)


def _page(view: View, values: dict[str, str], draft: str, **more: Any) -> Response:
    return view.show(
        "help.html",
        "Ask us for help",
        values=values,
        draft=draft,
        kinds=[{"value": kind, "label": _LABELS[kind]} for kind in asking.KINDS],
        most=asking.MOST,
        **more,
    )
