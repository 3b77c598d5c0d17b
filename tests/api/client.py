"""A caller of the JSON API: requests as API Gateway's events, straight into the application, from any number of threads."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.local.gateway import ThreadedChalice
from infra.local.lambda_events import LambdaContext
from infra.local.routing import Resources


@cache
def application() -> tuple[Any, Resources]:
    """The real application, made fit for threads as the local runtime does."""
    from app import app

    app.__dict__.pop("lambda_context", None)
    app.__class__ = ThreadedChalice
    return app, Resources(app.routes)


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: dict[str, str]
    text: str

    @cached_property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def id(self) -> str:
        return str(self.json["id"])

    @property
    def code(self) -> str:
        return str(self.json["code"]) if self.status >= 400 else ""

    @property
    def errors(self) -> dict[str, str]:
        """Per-field messages of a problem."""
        return {error["field"]: error["message"] for error in self.json.get("errors", [])}

    @property
    def items(self) -> list[Any]:
        return list(self.json["items"])

    @property
    def cursor(self) -> str | None:
        return self.json["cursor"]


class ApiClient:
    """Calls with one key (None: without). Paths are below /api/v1 unless they start elsewhere."""

    def __init__(self, key: str | None, *, header: str = "Authorization") -> None:
        self.key, self._header = key, header

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Reply:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Reply:
        return self.call("DELETE", path, **headers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """`body`: a value to send as JSON, or text to send as it is. `If_Match="..."` becomes a header."""
        app, resources = application()
        url = urlsplit(path if path == "/api" or path.startswith(("/api/", "/healthz")) else f"/api/v1{path}")
        match = resources.match(url.path)
        if match is None:
            return Reply(404, {}, '{"code": "no-such-route"}')
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key is not None:
            sent[self._header] = f"Bearer {self.key}" if self._header == "Authorization" else self.key
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        if text is not None:
            sent.setdefault("Content-Type", "application/json")
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(url.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        event = {
            "resource": match.resource,
            "path": url.path,
            "httpMethod": method,
            "headers": sent,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": match.parameters or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": match.resource,
                "httpMethod": method,
                "requestId": str(uuid.uuid4()),
                "identity": {"sourceIp": "192.0.2.10"},
            },
            "body": text,
            "isBase64Encoded": False,
        }
        answer = app(json.loads(json.dumps(event)), LambdaContext("api_handler"))
        return Reply(answer["statusCode"], answer["headers"], answer["body"])
