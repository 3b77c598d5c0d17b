"""Staff ask to look at a client's pages."""

from __future__ import annotations

from typing import Any

from ..errors import Forbidden
from ..people.users import User
from ..support import view_as
from ..support.view_as import ViewLink, Wanted
from ..web.operation import Answer, Call, one
from ..web.problems import StepUpNeeded
from .registry import AT, operation


def asked_before(call: Call[None, Any]) -> Answer:
    """The link that this call made, as long as it is the newest."""
    return one(view_as.asked_before(call.portal, _staff(call), call.new_id), status=201)


@operation(
    "POST", f"{AT}/view-as", "Viewing as a client", body=Wanted, gives=ViewLink, status=201, replay=asked_before,
    refusals=("conflict", "step-up-needed", "too-many-requests"),
    example={"contact_id": "0193c0de5a5a7b3c9d1e2f3a4b5c6d7e", "reason": "They cannot find their renewal."},
)  # fmt: skip
def view_as_client(call: Call[None, Wanted]) -> Answer:
    """Look at a client's pages.

    For staff, in their browser: a link that opens once, within a minute, in the session that asked. It shows the pages of a
    contact, or of an account as its own user sees them, for half an hour at most, to read only. That it was asked for, each
    page that is seen and the end are on record with both identities and the reason; the client is told on their own page
    unless the portal's policy says otherwise. Agents look at accounts that are assigned to them. An API key has no pages.
    """
    staff = _staff(call)
    if call.caller.browser is None or not call.caller.browser.session.proved_at:
        raise StepUpNeeded
    return one(view_as.ask(call.act, call.portal, staff, call.body, call.new_id), status=201)


def _staff(call: Call[Any, Any]) -> User:
    browser = call.caller.browser
    if browser is None or browser.user.kind != "staff":
        raise Forbidden("Only staff look at a client's pages, in their browser. An API key has none.")
    return browser.user
