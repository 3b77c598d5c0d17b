"""Portals over the API."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from .. import portals
from ..portals import Portal, PortalInput, Settings
from ..portals.api_keys import EVERY_PORTAL
from ..storage import Page
from ..web.operation import Answer, Call, Paging, created, one, page
from .changing import changed
from .registry import AT, PREFIX, operation, path

_GROUP = "Portals"
_EXAMPLE = {
    "slug": "acme",
    "name": "Acme Benefits",
    "time_zone": "America/New_York",
    "branding": {"brand_colour": "#1f4fd8"},
    "support": {"email": "help@acme.example", "phone": "+1 415 555 0100", "hours": "Monday to Friday, 9 to 5"},
    "notifications": {"staff_emails": ["renewals@acme.example"]},
}


@operation("GET", "/portals", _GROUP, query=Paging, gives=Portal, many=True)
def list_portals(call: Call[Paging, None]) -> Answer:
    """List portals.

    Those that the API key reaches, by slug: all of them, or its own one.
    """
    if call.caller.portal == EVERY_PORTAL:
        found = portals.listed(limit=call.query.limit, cursor=call.query.cursor or None)
    else:
        found = Page([portals.get(call.caller.portal)])
    return page(found, f"{PREFIX}/portals", call.query)


def portal_again(call: Call[None, PortalInput]) -> Answer:
    """The portal of a creation that was carried out before."""
    return created(portals.get(call.body.slug), path(call.body.slug))


@operation(
    "POST", "/portals", _GROUP, body=PortalInput, gives=Portal, status=201, replay=portal_again, example=_EXAMPLE
)
def create_portal(call: Call[None, PortalInput]) -> Answer:
    """Create a portal.

    Needs an API key of the whole deployment. The slug is the first part of every address of the portal and never
    changes; everything else has a default.
    """
    made = portals.create(replace(call.act, portal=call.body.slug), call.body)
    return created(made, path(made.slug))


@operation("GET", AT, _GROUP, gives=Portal)
def read_portal(call: Call[None, None]) -> Answer:
    """Read a portal."""
    return one(portals.get(call.slug))


@operation(
    "PATCH", AT, _GROUP, body=Settings, takes="patch", gives=Portal, refusals=("stale",),
    example={"wording": {"welcome_text": "Your renewal for 2027 is here."}},
)  # fmt: skip
def change_portal(call: Call[None, Any]) -> Answer:
    """Change a portal's settings.

    Pages show the change within fifteen seconds.
    """
    return changed(
        call,
        Settings,
        read=lambda: portals.get(call.slug),
        change=lambda wanted, version: portals.change(call.act, call.slug, wanted, version=version),
    )
