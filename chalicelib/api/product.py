"""The product about itself: whether it is up, and what its API can do."""

from __future__ import annotations

from functools import cache

import msgspec

from ..web.headers import page_headers
from ..web.operation import Answer, Call
from .registry import PREFIX, api, operation

_GROUP = "About the API"


@operation("GET", "/healthz", _GROUP, at_root=True)
def tell_health(_call: Call[None, None]) -> Answer:
    """Tell whether the API is up.

    It answers without asking any other service.
    """
    return Answer({"status": "ok"})


@operation("GET", "/openapi.json", _GROUP)
def give_openapi(_call: Call[None, None]) -> Answer:
    """Get this API as an OpenAPI 3.1 document."""
    return Answer(text=document())


@operation("GET", "/docs", _GROUP)
def give_docs(_call: Call[None, None]) -> Answer:
    """Read this API's documentation as a page."""
    html, style = _page()
    return Answer(text=html, headers=page_headers(style))


@cache
def document() -> str:
    """The OpenAPI document as JSON text, made when first asked for."""
    from ..web import openapi

    return msgspec.json.format(msgspec.json.encode(openapi.document(api.operations, PREFIX)), indent=2).decode()


@cache
def _page() -> tuple[str, str]:
    from . import manual

    return manual.page(api.operations, PREFIX), manual.STYLE
