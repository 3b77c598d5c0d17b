"""A runtime around the stand-in application, and requests to it with nothing added."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.runtime import Runtime
from tests.local.standin import StandIn


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def fetch(
    base_url: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request: no redirects, no normalised path."""
    connection = http.client.HTTPConnection(base_url.removeprefix("http://"), timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    found = Answer(answer.status, answer.headers, answer.read())
    connection.close()
    return found


@dataclass
class Running:
    """A runtime, and the application in it."""

    runtime: Runtime
    standin: StandIn

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Any request. Header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return fetch(self.runtime.base_url, method, path, body, sent)


def start(folder: Path, **options: Any) -> Running:
    """A started runtime; the caller stops it."""
    standin = StandIn()
    runtime = Runtime(0, folder, wiring=standin.wiring(), **options)
    runtime.start()
    return Running(runtime, standin)
