"""Where the link of a marketing mail leads: one button that ends such mails, and one that takes it back.

Looking changes nothing, for scanners of mail follow every link. Mail programs press their own button by a post without a page
(RFC 8058, see `web.csrf`); that one can only end them.
"""

from __future__ import annotations

from chalice import Response

from ..messaging import consent
from ..messaging.consent import UnsubscribeLinkWrong, Whose
from ..web import csrf
from ..web.page import View, page
from . import blueprint

_PATH = "/unsubscribe"


@page(blueprint, "GET", _PATH)
def look(view: View) -> Response:
    """Ask, in one press; or tell that it is so already."""
    token = view.query.get("t", "")
    try:
        whose = consent.opened(view.slug, token)
    except UnsubscribeLinkWrong as refusal:
        return _wrong(view, refusal)
    if consent.is_withdrawn(view.slug, whose.key):
        return _ended(view, whose, token)
    return view.show(
        "link.html",
        "Unsubscribe",
        heading="Unsubscribe",
        paragraphs=[
            f"Press the button, and {view.portal.name} sends no more marketing to {whose.masked}.",
            "What concerns your business with us, such as documents and codes, is sent all the same.",
        ],
        button="Unsubscribe",
        action=f"{view.base}{_PATH}",
        token=token,
    )


@page(blueprint, "POST", _PATH)
def press(view: View) -> Response:
    """End it, or take that back. A mail program's own button sends the token in the address."""
    is_one_click = csrf.is_one_click(_PATH, view.form)
    token = view.query.get("t", "") if is_one_click else view.form.get("t", "")
    try:
        whose = consent.opened(view.slug, token)
    except UnsubscribeLinkWrong as refusal:
        return _wrong(view, refusal)
    if not is_one_click and view.form.get("undo"):
        consent.give(view.act, whose, how="page")
        return view.tell("You are subscribed again", f"{view.portal.name} may send marketing to {whose.masked} again.")
    consent.withdraw(view.act, whose, how="one-click" if is_one_click else "page")
    return _ended(view, whose, token)


def _ended(view: View, whose: Whose, token: str) -> Response:
    return view.show(
        "link.html",
        "You are unsubscribed",
        heading="You are unsubscribed",
        paragraphs=[
            f"{view.portal.name} sends no more marketing to {whose.masked}.",
            "Was that a mistake? You can take it back.",
        ],
        button="Subscribe again",
        action=f"{view.base}{_PATH}",
        token=token,
        undo=True,
    )


def _wrong(view: View, refusal: UnsubscribeLinkWrong) -> Response:
    return view.tell("This link does not work", refusal.text, status=refusal.status)
