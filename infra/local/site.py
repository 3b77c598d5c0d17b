"""The address people open: the runtime's own pages first, everything else is the application's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from .gateway import Gateway, raw_path
from .inbox import Inbox
from .notices import refusal
from .static_files import StaticFiles

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

HealthCheck = Callable[[], dict[str, bool]]


class Site:
    """Before the application is loaded (`gateway` None), only health and the inbox answer."""

    def __init__(self, inbox: Inbox, static: StaticFiles, health: HealthCheck, front: str) -> None:
        self.gateway: Gateway | None = None
        self.front = front
        self._inbox = inbox
        self._static = static
        self._health = health

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(environ, raw_path(environ))(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, path: str) -> Response:
        if path == "/healthz":
            return self._health_answer(path, environ["REQUEST_METHOD"])
        if path.startswith("/static/"):
            return self._static.answer(Request(environ), path)
        if path == "/inbox" or path.startswith("/inbox/"):
            return self._inbox.answer(Request(environ), path)
        if path == "/":
            return Response(status=302, headers={"Location": self.front, "Cache-Control": "no-store"})
        return self.gateway.answer(environ) if self.gateway else refusal(503, path, {"Retry-After": "1"})

    def _health_answer(self, path: str, method: str) -> Response:
        if method != "GET":
            return refusal(405, path, {"Allow": "GET"})
        checks = self._health()
        is_well = all(checks.values())
        body = json.dumps({"status": "ok" if is_well else "starting", "checks": checks})
        headers = {"Cache-Control": "no-store"}
        return Response(body, status=200 if is_well else 503, mimetype="application/json", headers=headers)
