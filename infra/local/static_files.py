"""`/static/*`, which CloudFront serves from a bucket when deployed."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import unquote

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from .notices import refusal

_KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2",
          ".webmanifest": "application/manifest+json", ".ico": "image/x-icon"}  # fmt: skip
_A_YEAR = "public, max-age=31536000, immutable"


class StaticFiles:
    """Serves the files of one folder. A link with `?v=...` names a version and may be kept; others are asked for anew."""

    def __init__(self, folder: Path, prefix: str = "/static/") -> None:
        self._folder = folder.resolve()
        self._prefix = prefix

    def answer(self, request: Request, path: str) -> Response:
        """The file for a raw path that starts with the prefix."""
        if request.method not in ("GET", "HEAD"):
            return refusal(405, path, {"Allow": "GET, HEAD"})
        file = self.find(unquote(path.removeprefix(self._prefix)))
        return self._served(request, file) if file else refusal(404, path)

    def find(self, name: str) -> Path | None:
        """The file of this name, if it is a plain file within the folder and not hidden."""
        if "\0" in name or any(part.startswith(".") for part in name.split("/")):
            return None
        file = (self._folder / name.lstrip("/")).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None

    def _served(self, request: Request, file: Path) -> Response:
        facts = file.stat()
        response = Response(mimetype=_KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0])
        response.set_etag(f"{facts.st_mtime_ns:x}-{facts.st_size:x}")
        response.headers["Last-Modified"] = http_date(facts.st_mtime)
        response.headers["Cache-Control"] = _A_YEAR if "v" in request.args else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.data = file.read_bytes()
        response.make_conditional(request)
        return response
