"""The documents bucket: a small S3 of our own that refuses what S3 would refuse.

Our own and not a gate before moto: moto takes bad signatures and policies and forgets its objects, so it would only
hold bytes, and both the checks and the durability would be ours anyway. What the application needs is small: a
presigned POST, a presigned GET with an overridden disposition, and HEAD, GET with ranges, PUT, copy and DELETE of the
SDK, all path-style.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode
from xml.sax.saxutils import escape

from werkzeug.http import http_date, parse_options_header, parse_range_header
from werkzeug.wrappers import Request, Response

from .gateway import raw_path
from .object_store import ObjectStore, StoredObject
from .signatures import Credentials, Denied, SignedRequest, check, check_policy
from .upload_form import UploadForm
from .upload_policy import UploadPolicy, read_policy

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_OVERRIDES = {
    "response-content-disposition": "Content-Disposition",
    "response-content-type": "Content-Type",
    "response-cache-control": "Cache-Control",
}
_UNNAMED = "binary/octet-stream"


class Objects:
    """A WSGI application, the endpoint of S3."""

    def __init__(self, store: ObjectStore, keys: Credentials) -> None:
        self._store = store
        self._keys = keys

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self._answer(request, raw_path(environ))
        except Denied as denied:
            response = _error(denied, request.path)
        response.headers["x-amz-request-id"] = uuid.uuid4().hex[:16].upper()
        response.headers["Access-Control-Allow-Origin"] = "*"  # the bucket's CORS rule
        return response(environ, start_response)

    def _answer(self, request: Request, path: str) -> Response:
        bucket, _, raw_key = path.lstrip("/").partition("/")
        if request.method == "OPTIONS":
            return Response(
                headers={"Access-Control-Allow-Methods": "GET, HEAD, POST", "Access-Control-Allow-Headers": "*"}
            )
        if request.method == "POST" and bucket and not raw_key:
            return self._upload(request, bucket)
        check(_signed(request, path), self._keys, _now())
        key = unquote(raw_key)
        if not bucket or not key:
            raise Denied("NotImplemented", "Only objects are served, not buckets", 501)
        if request.method in ("GET", "HEAD"):
            return self._download(request, bucket, key)
        if request.method == "PUT":
            return self._put(request, bucket, key)
        if request.method == "DELETE":
            self._store.delete(bucket, key)
            return Response(status=204)
        raise Denied("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)

    def _upload(self, request: Request, bucket: str) -> Response:
        form = UploadForm(request.stream, parse_options_header(request.headers.get("Content-Type"))[1].get("boundary"))
        fields = form.read_fields()
        encoded = fields.get("policy")
        if not encoded:
            raise Denied("AccessDenied", "Access Denied")
        check_policy(encoded, fields, self._keys)
        policy = read_policy(encoded)
        policy.check(bucket, fields, _now())
        kept = self._store.put(
            bucket,
            fields["key"],
            _within(form.content(), policy),
            fields.get("content-type", _UNNAMED),
            fields.get("content-disposition"),
        )
        return _uploaded(bucket, kept, fields)

    def _download(self, request: Request, bucket: str, key: str) -> Response:
        kept = self._store.find(bucket, key)
        if kept is None:
            raise Denied("NoSuchKey", "The specified key does not exist.", 404)
        response = Response(headers=_described(kept))
        for parameter, header in _OVERRIDES.items():
            if parameter in request.args:
                response.headers[header] = request.args[parameter]
        start, end = _asked_range(request, kept.size)
        if (start, end) != (0, kept.size):
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{kept.size}"
        response.data = self._store.read(bucket, kept, start, end)
        return response

    def _put(self, request: Request, bucket: str, key: str) -> Response:
        headers = request.headers
        if "x-amz-copy-source" in headers:
            return self._copy(request, bucket, key)
        content = request.get_data()
        declared = headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        if declared != "UNSIGNED-PAYLOAD" and declared != hashlib.sha256(content).hexdigest():
            raise Denied("XAmzContentSHA256Mismatch", "The provided x-amz-content-sha256 does not match", 400)
        kind, disposition = headers.get("Content-Type", _UNNAMED), headers.get("Content-Disposition")
        kept = self._store.put(bucket, key, [content], kind, disposition)
        return Response(headers={"ETag": kept.etag})

    def _copy(self, request: Request, bucket: str, key: str) -> Response:
        from_bucket, _, from_key = unquote(request.headers["x-amz-copy-source"]).lstrip("/").partition("/")
        kept = self._store.find(from_bucket, from_key)
        if kept is None:
            raise Denied("NoSuchKey", "The specified key does not exist.", 404)
        kind, disposition = kept.content_type, kept.disposition
        if request.headers.get("x-amz-metadata-directive") == "REPLACE":
            kind, disposition = (
                request.headers.get("Content-Type", _UNNAMED),
                request.headers.get("Content-Disposition"),
            )
        copied = self._store.put(bucket, key, [self._store.read(from_bucket, kept)], kind, disposition)
        modified = dt.datetime.fromtimestamp(copied.modified_at, dt.UTC).isoformat()
        body = f"<LastModified>{modified}</LastModified><ETag>{escape(copied.etag)}</ETag>"
        return Response(f"<CopyObjectResult>{body}</CopyObjectResult>", mimetype="application/xml")


def _uploaded(bucket: str, kept: StoredObject, fields: Mapping[str, str]) -> Response:
    """The answer to a browser's upload: back to where the form says, or the status it asks for."""
    if then := fields.get("success_action_redirect"):
        told = urlencode({"bucket": bucket, "key": kept.key, "etag": kept.etag})
        return Response(status=303, headers={"Location": f"{then}{'&' if '?' in then else '?'}{told}"})
    wanted = fields.get("success_action_status", "204")
    return Response(status=int(wanted) if wanted in ("200", "201", "204") else 204, headers={"ETag": kept.etag})


def _within(content: Iterator[bytes], policy: UploadPolicy) -> Iterator[bytes]:
    size = 0
    for part in content:
        size += len(part)
        policy.check_size(size)
        yield part
    policy.check_smallest(size)


def _signed(request: Request, path: str) -> SignedRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return SignedRequest(request.method, path, request.query_string.decode("ascii", "replace"), headers)


def _described(kept: StoredObject) -> dict[str, str]:
    described = {
        "Content-Type": kept.content_type,
        "ETag": kept.etag,
        "Last-Modified": http_date(kept.modified_at),
        "Accept-Ranges": "bytes",
    }
    return described | ({"Content-Disposition": kept.disposition} if kept.disposition else {})


def _asked_range(request: Request, size: int) -> tuple[int, int]:
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return 0, size
    found = asked.range_for_length(size)
    if found is None:
        raise Denied("InvalidRange", "The requested range is not satisfiable", 416)
    return found


def _error(denied: Denied, resource: str) -> Response:
    inner = f"<Code>{denied.code}</Code><Message>{escape(denied.text)}</Message><Resource>{escape(resource)}</Resource>"
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return Response(document, status=denied.status, mimetype="application/xml")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
