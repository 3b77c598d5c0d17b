"""The product about itself: whether it is up, and what its API can do."""

from __future__ import annotations

from functools import cache

import msgspec

from ..errors import NotFound
from ..web.guard import GUARDS
from ..web.headers import page_headers
from ..web.operation import Answer, Call, Operation
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


def find_nothing(_call: Call[None, None]) -> Answer:
    """Answer for a path that this API does not have: a problem document like any other, not a page."""
    raise NotFound("This API has no such path. See the documentation for those that it has.")


def lead_to_docs(_call: Call[None, None]) -> Answer:
    """Lead whoever opens the API's address in a browser to its documentation."""
    return Answer(status=303, headers={"Location": f"{PREFIX}/docs"})


for _root in ("/api", PREFIX):
    for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        operation(_method, _root, _GROUP, at_root=True)(lead_to_docs if _method == "GET" else find_nothing)
        operation(_method, f"{_root}/{{proxy+}}", _GROUP, at_root=True)(find_nothing)


@cache
def document() -> str:
    """The OpenAPI document as JSON text, made when first asked for."""
    from ..web import openapi

    return msgspec.json.encode(openapi.document(_operations(), PREFIX)).decode()


def _operations() -> list[Operation]:
    """Every operation there is something to say of, in the order of the guard table."""
    places = {row: place for place, row in enumerate(GUARDS)}
    shown = (operation for operation in api.operations if operation.handler not in (find_nothing, lead_to_docs))
    return sorted(shown, key=lambda operation: places[operation.method, operation.path])


@cache
def _page() -> tuple[str, str]:
    from . import manual

    return manual.page(_operations(), PREFIX), manual.STYLE
