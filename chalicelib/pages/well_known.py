"""Where password managers look for the page that changes a password (W3C, well-known change-password)."""

from __future__ import annotations

import re

from chalice import Response

from ..web import cookies, headers
from ..web.guard import is_slug
from ..web.page import bare
from . import blueprint

_OURS = re.compile(r"(?:__Host-)?(?:session|browser|form)-(.+)")


@blueprint.route("/.well-known/change-password", methods=["GET"])
def change_password() -> Response:
    """Lead to the portal that this browser knows; one deployment serves many."""
    jar = cookies.parsed(blueprint.current_request.headers.get("cookie", ""))
    found = [match[1] for name in jar if (match := _OURS.fullmatch(name)) and is_slug(match[1])]
    if not found:
        return bare(
            "Which portal?", ["Open your portal's address and sign in: your password is changed under Security."], 404
        )
    location = f"/{found[0]}/security/password"
    return Response("", status_code=303, headers=dict(headers.page_headers()) | {"Location": location})
