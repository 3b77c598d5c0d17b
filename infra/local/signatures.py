"""Whether a request to S3 was signed with our key: AWS Signature Version 4, in headers, in a link or over a policy.

Written after AWS' public description of the algorithm, and not by calling botocore's signer: a gate that checks with
the code that signed would pass whatever that code does.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_plus

_ALGORITHM = "AWS4-HMAC-SHA256"
_LONGEST = 7 * 24 * 3600
_SKEW = dt.timedelta(minutes=15)


class Denied(Exception):
    """S3 refuses: its error code, the text, the HTTP status."""

    def __init__(self, code: str, text: str, status: int = 403) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one pair of keys that the gate knows."""

    access_key: str
    secret_key: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What of a request a signature covers. `path` and `query` as sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters, decoded."""
        return dict(_pairs(self.query))


def check(request: SignedRequest, keys: Credentials, now: dt.datetime) -> None:
    """Raise Denied unless the request carries a valid signature that is not over."""
    if "X-Amz-Signature" in request.parameters:
        _check_link(request, keys, now)
    elif request.headers.get("authorization", "").startswith(_ALGORITHM):
        _check_headers(request, keys, now)
    else:
        raise Denied("AccessDenied", "Access Denied")


def check_policy(policy: str, fields: Mapping[str, str], keys: Credentials) -> None:
    """Raise Denied unless the form's signature is ours over this very policy (in base64)."""
    if fields.get("x-amz-algorithm") != _ALGORITHM:
        raise Denied("InvalidArgument", "Only signature version 4 is taken", 400)
    key = _signing_key(fields.get("x-amz-credential", ""), keys)
    _same(_sign(key, policy), fields.get("x-amz-signature", ""))


def _check_link(request: SignedRequest, keys: Credentials, now: dt.datetime) -> None:
    given = request.parameters
    try:
        signed_at, seconds = _moment(given["X-Amz-Date"]), int(given["X-Amz-Expires"])
        names, credential = given["X-Amz-SignedHeaders"], given["X-Amz-Credential"]
    except (KeyError, ValueError):
        raise Denied("AuthorizationQueryParametersError", "Query-string authentication is incomplete", 400) from None
    if not 0 < seconds <= _LONGEST or given.get("X-Amz-Algorithm") != _ALGORITHM:
        raise Denied("AuthorizationQueryParametersError", "Query-string authentication is not usable", 400)
    if now < signed_at - _SKEW or now >= signed_at + dt.timedelta(seconds=seconds):
        raise Denied("AccessDenied", "Request has expired")
    text = _text_to_sign(request, names, "UNSIGNED-PAYLOAD", given["X-Amz-Date"], credential)
    _same(_sign(_signing_key(credential, keys), text), given["X-Amz-Signature"])


def _check_headers(request: SignedRequest, keys: Credentials, now: dt.datetime) -> None:
    listed = request.headers["authorization"].removeprefix(_ALGORITHM).split(",")
    parts = dict(part.strip().split("=", 1) for part in listed if "=" in part)
    try:
        credential, names, signature = parts["Credential"], parts["SignedHeaders"], parts["Signature"]
        date, payload = request.headers["x-amz-date"], request.headers["x-amz-content-sha256"]
        signed_at = _moment(date)
    except (KeyError, ValueError):
        raise Denied("AuthorizationHeaderMalformed", "The authorization header is malformed", 400) from None
    if abs(now - signed_at) > _SKEW:
        raise Denied(
            "RequestTimeTooSkewed", "The difference between the request time and the current time is too large"
        )
    text = _text_to_sign(request, names, payload, date, credential)
    _same(_sign(_signing_key(credential, keys), text), signature)


def _text_to_sign(request: SignedRequest, names: str, payload: str, date: str, credential: str) -> str:
    if "host" not in names.split(";"):
        raise Denied("AccessDenied", "The host header must be signed")
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names.split(";"))
    pairs = sorted((_encoded(n), _encoded(v)) for n, v in _pairs(request.query) if n != "X-Amz-Signature")
    query = "&".join(f"{name}={value}" for name, value in pairs)
    path = quote(unquote(request.path), safe="/-_.~")
    canonical = f"{request.method}\n{path}\n{query}\n{headers}\n{names}\n{payload}"
    scope = credential.partition("/")[2]
    return f"{_ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def _signing_key(credential: str, keys: Credentials) -> bytes:
    access_key, *scope = credential.split("/")
    if access_key != keys.access_key:
        raise Denied("InvalidAccessKeyId", "The AWS access key Id you provided does not exist in our records.")
    if len(scope) != 4 or scope[2:] != ["s3", "aws4_request"]:
        raise Denied("AuthorizationHeaderMalformed", "The credential is malformed", 400)
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _sign(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def _same(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise Denied(
            "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
        )


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in query.split("&") if part]
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
