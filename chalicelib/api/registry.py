"""The one blueprint that every module of this package registers its operations on."""

from __future__ import annotations

from typing import Final

from ..web.endpoint import Api

PREFIX: Final = "/api/v1"
api: Final = Api(__name__, PREFIX)
operation = api.operation
AT: Final = "/portals/{portal}"


def path(slug: str, *parts: str) -> str:
    """The path of something below a portal, as links name it."""
    return "/".join((f"{PREFIX}/portals/{slug}", *parts))
