"""What API Gateway says by itself, without asking the application: in JSON to the API's callers, else as a small page."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from http import HTTPStatus

from werkzeug.wrappers import Response

_TEXTS = {
    404: "There is nothing at this address. Please check it, or go back to the page you came from.",
    405: "This address does not take that kind of request.",
    413: "What you sent is too large.",
    431: "Your browser sent too much along with this request. Clearing this site's cookies may help.",
    502: "Something went wrong on our side. Please try again in a moment.",
    503: "Not quite ready yet. Please try again in a moment.",
    504: "This took too long. Please try again in a moment.",
}

# As the application's own problems are called.
_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 431: "too-large", 503: "unavailable"}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 1.0625rem/1.6 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center }}
main {{ max-width: 32rem; padding: 2rem }} h1 {{ font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem }}
p {{ margin: 0; opacity: .8 }}
</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


def refusal(status: int, path: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for a request to `path` that never reaches the application."""
    title, text = HTTPStatus(status).phrase.capitalize(), _TEXTS[status]
    request_id = str(uuid.uuid4())
    if path.startswith("/api"):
        code = _CODES.get(status, "unexpected")
        problem = {
            "type": f"/api/v1/docs#problem-{code}", "title": title, "status": status, "code": code, "detail": text,
            "request_id": request_id, "message": title,
        }  # fmt: skip
        response = Response(json.dumps(problem), status=status, mimetype="application/problem+json")
    else:
        title = "Page not found" if status == 404 else title
        response = Response(_PAGE.format(title=title, text=text), status=status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["x-amzn-RequestId"] = request_id
    response.headers.extend(headers or {})
    return response
