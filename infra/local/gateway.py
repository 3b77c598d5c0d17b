"""API Gateway's part: a WSGI request becomes a REST proxy event, and the application's answer becomes HTTP again.

Both ways through JSON, so that nothing passes here which Lambda would not carry; the application is the real one.
Refusals follow the deployed template: no such resource is 404 (problem JSON below /api, else a small page), a body over
10 MB is 413. A method that a resource does not have is 405 and never runs a route: that goes for HEAD as well.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import threading
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from chalice.app import Chalice
from chalice.local import LocalChalice
from werkzeug.wrappers import Response

from .environment import ACCOUNT
from .lambda_events import LAMBDA_SECONDS, LambdaContext
from .notices import refusal
from .routing import Match, Resources

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LARGEST_BODY = 10 * 1024 * 1024
LARGEST_LAMBDA_PAYLOAD = 6 * 1024 * 1024
LARGEST_HEAD = 10_240  # bytes of request line and headers together

# Headers of an answer that API Gateway renames, since it sets them itself.
_REMAPPED = {"connection", "date", "server", "transfer-encoding", "upgrade", "www-authenticate"}
_log = logging.getLogger("latchstring.local")


class ThreadedChalice(LocalChalice):  # type: ignore[misc]
    """Chalice keeps the request of a Lambda, which has one at a time, on the application; here each thread has its own."""

    _own = threading.local()

    @property
    def lambda_context(self) -> Any:
        """The context of this thread's request."""
        return getattr(self._own, "context", None)

    @lambda_context.setter
    def lambda_context(self, value: Any) -> None:
        self._own.context = value


class Gateway:
    """A WSGI application in front of a Chalice one."""

    def __init__(self, app: Chalice) -> None:
        app.__dict__.pop("lambda_context", None)
        app.__class__ = ThreadedChalice
        self._app = app
        self._resources = Resources(app.routes)
        self._binary_types = list(app.api.binary_types)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.answer(environ)(environ, start_response)

    def answer(self, environ: WSGIEnvironment) -> Response:
        """The answer to one request."""
        path, method = raw_path(environ), environ["REQUEST_METHOD"]
        match = self._resources.match(path)
        if match is None:
            return refusal(404, path)
        allowed = sorted(self._app.routes[match.resource])
        if method not in allowed:
            return refusal(405, path, {"Allow": ", ".join(allowed)})
        if _head_size(environ) > LARGEST_HEAD:
            return refusal(431, path)
        body = _body(environ)
        if body is None:
            return refusal(413, path)
        return self._ask(proxy_event(environ, match, body, self._binary_types), path)

    def _ask(self, event: dict[str, Any], path: str) -> Response:
        sent = json.dumps(event)
        if len(sent) > LARGEST_LAMBDA_PAYLOAD:
            return refusal(413, path)
        started = time.monotonic()
        try:
            answer = json.dumps(self._app(json.loads(sent), LambdaContext("api_handler")))
            if len(answer) > LARGEST_LAMBDA_PAYLOAD:
                raise ValueError("the answer is larger than Lambda returns")
            response = http_response(json.loads(answer))
        except Exception:  # noqa: BLE001 - API Gateway answers 502 whatever it was
            _log.exception("the application failed on %s", event["resource"])
            return refusal(502, path)
        if time.monotonic() - started > LAMBDA_SECONDS:
            _log.error("%s took longer than API Gateway waits (29 seconds)", event["resource"])
            return refusal(504, path)
        response.headers.setdefault("x-amzn-RequestId", event["requestContext"]["requestId"])
        return response


def raw_path(environ: WSGIEnvironment) -> str:
    """The path as the client sent it, still percent-encoded, without the query."""
    uri = str(environ.get("REQUEST_URI") or environ["PATH_INFO"])
    path = uri.split("?", 1)[0]
    if path.startswith(("http://", "https://")):  # the absolute form of a proxy request
        path = "/" + path.split("//", 1)[1].partition("/")[2]
    return path or "/"


def proxy_event(environ: WSGIEnvironment, match: Match, body: bytes, binary_types: list[str]) -> dict[str, Any]:
    """The event of Lambda proxy integration (payload version 1.0)."""
    headers = _headers(environ)
    query = _query(environ)
    is_binary = _is_binary(headers.get("Content-Type", ""), binary_types)
    now = time.time()
    method, source = environ["REQUEST_METHOD"], environ.get("REMOTE_ADDR", "127.0.0.1")
    return {
        "resource": match.resource,
        "path": raw_path(environ),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": match.parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": headers.get("Host", ""),
            "domainPrefix": headers.get("Host", "").split(".")[0],
            "extendedRequestId": uuid.uuid4().hex[:16],
            "httpMethod": method,
            "identity": _identity(source, headers.get("User-Agent")),
            "path": raw_path(environ),
            "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "requestId": str(uuid.uuid4()),
            "requestTime": dt.datetime.fromtimestamp(now, dt.UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": "local",
            "resourcePath": match.resource,
            "stage": "local",
        },
        "body": _carried(body, is_binary),
        "isBase64Encoded": is_binary and bool(body),
    }


def _identity(source: str, agent: str | None) -> dict[str, Any]:
    absent = ("accessKey", "accountId", "caller", "cognitoIdentityId", "cognitoIdentityPoolId", "user", "userArn")
    return {**dict.fromkeys(absent), "sourceIp": source, "userAgent": agent}


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").title(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    for name, key in (("Content-Type", "CONTENT_TYPE"), ("Content-Length", "CONTENT_LENGTH")):
        if environ.get(key):
            headers[name] = str(environ[key])
    forwarded = headers.get("X-Forwarded-For")
    source = environ.get("REMOTE_ADDR", "127.0.0.1")
    headers["X-Forwarded-For"] = f"{forwarded}, {source}" if forwarded else source
    headers["X-Forwarded-Proto"] = environ.get("wsgi.url_scheme", "http")
    headers["X-Forwarded-Port"] = str(environ.get("SERVER_PORT", ""))
    headers["X-Amzn-Trace-Id"] = f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return headers


def _query(environ: WSGIEnvironment) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace"):
        query.setdefault(name, []).append(value)
    return query


def _body(environ: WSGIEnvironment) -> bytes | None:
    """The body, or None if API Gateway would not take one so large."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return None if length > LARGEST_BODY else environ["wsgi.input"].read(length) if length else b""


def _carried(body: bytes, is_binary: bool) -> str | None:
    if not body:
        return None
    # What is not declared binary is taken for text, and loses what is not UTF-8: so it does in AWS.
    return base64.b64encode(body).decode() if is_binary else body.decode("utf-8", "replace")


def _is_binary(content_type: str, binary_types: list[str]) -> bool:
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    return kind in binary_types or "*/*" in binary_types or f"{kind.split('/')[0]}/*" in binary_types


def _head_size(environ: WSGIEnvironment) -> int:
    headers = sum(len(name) - 5 + len(str(value)) + 4 for name, value in environ.items() if name.startswith("HTTP_"))
    return headers + len(str(environ.get("REQUEST_URI", ""))) + len(environ["REQUEST_METHOD"]) + 12


def http_response(answer: dict[str, Any]) -> Response:
    """The HTTP answer to a proxy integration's; raises if it is malformed, which API Gateway answers by 502."""
    status = int(answer["statusCode"])
    body = answer.get("body") or ""
    content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    response = Response(content, status=status)
    response.headers.clear()
    for name, value in _answer_headers(answer):
        if "\r" in value or "\n" in value:
            raise ValueError(f"a line break in the header {name}")
        response.headers.add(f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value)
    if status in (204, 304) or 100 <= status < 200:
        response.data = b""
        response.headers.pop("Content-Length", None)
        return response
    response.headers.setdefault("Content-Type", "application/json")
    response.headers["Content-Length"] = str(len(content))
    return response


def _answer_headers(answer: dict[str, Any]) -> list[tuple[str, str]]:
    several = {name.lower(): (name, values) for name, values in (answer.get("multiValueHeaders") or {}).items()}
    single = (answer.get("headers") or {}).items()
    pairs = [(name, str(value)) for name, value in single if name.lower() not in several]
    pairs += [(name, str(value)) for name, values in several.values() for value in values]
    return [(name, value) for name, value in pairs if name.lower() != "content-length"]
