"""The portal's terms, which its clients accept before they go on."""

from __future__ import annotations

from typing import Any

from chalice import Response

from .. import facts
from ..facts import Kind
from ..people import cards, user_changes
from ..signin.doors import about
from ..web.page import View, page
from . import blueprint
from .doors import home


@page(blueprint, "GET", "/terms")
def ask(view: View) -> Response:
    """Show where the terms are, and ask for a word."""
    if view.portal.terms is None:
        return view.go("/")
    return _page(view, view.query.get("next", ""))


@page(blueprint, "POST", "/terms")
def accept(view: View) -> Response:
    """Note the version that was shown as accepted, then go where the client wanted to be."""
    terms, session = view.portal.terms, view.session
    next_path = view.form.get("next", "")
    if terms is None or session is None:
        return view.go("/")
    if view.form.get("accept") != "yes" or view.form.get("version") != terms.version:
        errors = {"accept": "Tick the box to say that you accept the terms."}
        return _page(view, next_path, errors=errors, status=400)
    tx = view.act.transaction()
    if view.user:
        user_changes.accept_terms(tx, view.user, terms.version)
        subject = about(view.user)
    else:
        cards.accept_terms(tx, view.slug, session.number_key, session.holder, terms.version)
        subject = facts.subject("contact", session.holder)
    facts.record(tx, view.act, Kind.TERMS_ACCEPTED, subject, {"version": terms.version})
    tx.commit()
    return view.go(home(view, next_path))


def _page(view: View, next_path: str, **more: Any) -> Response:
    terms = view.portal.terms
    assert terms is not None  # noqa: S101 - both callers have looked
    return view.show(
        "terms.html",
        "Our terms",
        terms_url=terms.url,
        version=terms.version,
        action=f"{view.base}/terms",
        next_path=next_path,
        **more,
    )
