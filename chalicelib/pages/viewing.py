"""Staff look at a client's pages: the way in, the way out, and where the client reads of it. See `support.view_as`."""

from __future__ import annotations

from chalice import Response

from ..errors import Forbidden, NotFound
from ..people.users import User
from ..security.links import LinkOver
from ..security.view_sessions import SECONDS
from ..support import view_as
from ..web.page import View, page
from . import blueprint, welcome

_OVER = "It opens once, within a minute, in the session of whoever asked for it. Ask for another one."


@page(blueprint, "GET", "/staff/view-as")
def ask(view: View) -> Response:
    """Whose pages the link leads to: one button."""
    token = view.query.get("t", "")
    try:
        shown, reason = view_as.look(view.portal, _staff(view), token)
    except LinkOver as refusal:
        return _over(view, refusal)
    name = shown.card.name or shown.account.name
    whose = name if name == shown.account.name else f"{name}, {shown.account.name}"
    told = "They can see that you looked." if view.portal.policy.tell_clients_of_views else ""
    return view.show(
        "link.html",
        "View as client",
        heading=f"See the pages of {whose}",
        paragraphs=[
            f"You see what they see, to read only, for {SECONDS // 60} minutes at most.",
            f"Each page you open is on record. {told}",
            f"Your reason: {reason}",
        ],
        button="View as client",
        action=f"{view.base}/staff/view-as",
        token=token,
    )


@page(blueprint, "POST", "/staff/view-as")
def enter(view: View) -> Response:
    """Open the view, in a cookie of its own."""
    assert view.session is not None  # the staff audience guarantees it  # noqa: S101
    token, former = view.form.get("t", ""), view.cookie("view")
    try:
        secret, path = view_as.enter(view.act, view.portal, _staff(view), view.session, token, former=former)
    except LinkOver as refusal:
        return _over(view, refusal)
    view.keep("view", secret, SECONDS)
    return view.go(path)


@page(blueprint, "POST", "/staff/view-as/leave")
def leave(view: View) -> Response:
    """End it."""
    end(view)
    return view.go("/staff")


@page(blueprint, "GET", "/views")
def told(view: View) -> Response:
    """When staff looked at these pages, and who. Raises NotFound where the portal does not tell."""
    if view.card is None or not view.portal.policy.tell_clients_of_views:
        raise NotFound
    return view.show(
        "views.html",
        "Our staff looked at your pages",
        back_url=f"{view.base}/",
        most=view_as.MOST_SHOWN,
        views=[
            {"at": welcome.stamp(view, each.at), "name": each.name or view.portal.name}
            for each in view_as.told(view.slug, view.card)
        ],
    )


def end(view: View) -> None:
    """End the view that this browser holds, if there is one."""
    if secret := view.cookie("view"):
        view_as.leave(view.act, secret)
        view.drop("view")


def _staff(view: View) -> User:
    if view.user is None:
        raise Forbidden
    return view.user


def _over(view: View, refusal: LinkOver) -> Response:
    heading = "This link no longer works"
    return view.tell(heading, _OVER, status=refusal.status, action=("Back to the staff pages", f"{view.base}/staff"))
