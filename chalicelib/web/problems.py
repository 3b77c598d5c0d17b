"""Refusals as problem details (RFC 9457), and the list of problems that the documentation explains."""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct

from ..config import settings
from ..errors import Refusal

CONTENT_TYPE: Final = "application/problem+json"
DOCS: Final = "/api/v1/docs"
_MOST_ERRORS = 100  # fields named in one answer


class TooLarge(Refusal):
    """The body is larger than we take."""

    code = "too-large"
    status = 413
    text = "The request body may be at most 64 KB. Send fewer rows at a time; files go by document upload."


class NotJson(Refusal):
    """The body is not declared to be JSON."""

    code = "unsupported-media-type"
    status = 415
    text = "Send JSON, with the header Content-Type: application/json."


class Malformed(Refusal):
    """The body is not JSON as we take it."""

    code = "malformed-json"
    status = 400
    text = "The request body is not valid JSON."


class KeyReused(Refusal):
    """The Idempotency-Key was used for another request."""

    code = "idempotency-key-reused"
    status = 422
    text = (
        "This Idempotency-Key was used for a different request in the last 24 hours. Use a new key for a new request."
    )


class TokenNotOurs(Refusal):
    """A browser's request that changes something came without the session's CSRF token, or from another site."""

    code = "csrf-token"
    status = 403
    text = (
        "From a browser this needs the header X-CSRF-Token, with the token that GET /api/v1/portals/{portal}/me tells, "
        "and a page of this site."
    )


class StepUpNeeded(Refusal):
    """A session has not shown a second factor for a while, and this is dangerous enough to ask for one again."""

    code = "step-up-needed"
    status = 403
    text = (
        "Show your second factor once more: send a code to POST /api/v1/portals/{portal}/me/step-up, then repeat this."
    )


class ShownOnce(Refusal):
    """The request was carried out already, and its answer held something that is shown only once."""

    code = "shown-once"
    status = 409
    text = "This was carried out already. Its answer held something that is shown only once."


class FieldError(Struct, frozen=True, kw_only=True):
    """What is wrong with one field. `field` is a dotted path, such as contacts.0.last_name."""

    field: str
    message: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457). Programs decide by `code`, people read `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: tuple[FieldError, ...] = ()


class Kind(NamedTuple):
    """A problem as the documentation lists it."""

    status: int
    title: str
    advice: str


KINDS: Final[dict[str, Kind]] = {
    "invalid": Kind(
        400, "Some fields are not valid", "Every field at fault is named in errors. Correct them, send again."
    ),
    "malformed-json": Kind(
        400, "The body is not valid JSON", "Names given twice, NaN and very deep nesting count too."
    ),
    "not-an-address": Kind(400, "Not an address", "A message cannot be sent to what is on file. Correct the contact."),
    "refused": Kind(400, "This cannot be done", "The detail says why."),
    "not-signed-in": Kind(
        401, "No valid API key", "The key is missing, mistyped, expired or revoked; or a session is over."
    ),
    "forbidden": Kind(
        403, "The caller may not do this", "The detail names the permission, or the rule. Ask somebody who may."
    ),
    "csrf-token": Kind(
        403,
        "No CSRF token of this session",
        "Browsers send X-CSRF-Token, as me tells it. Systems with a key need none.",
    ),
    "step-up-needed": Kind(
        403, "A fresh second factor is needed", "Send a code to me/step-up, then repeat this within ten minutes."
    ),
    "not-found": Kind(404, "Nothing here", "The id is wrong, it was removed, or the key does not reach this portal."),
    "method-not-allowed": Kind(
        405,
        "This path does not take that method",
        "Each path is listed here with its methods. API Gateway itself says not-found, 404.",
    ),
    "conflict": Kind(
        409, "The state does not allow it", "Read the resource again; the detail says what stands in the way."
    ),
    "already-decided": Kind(
        409, "The registration was decided meanwhile", "Somebody else was quicker. Read it again to see how it stands."
    ),
    "not-in-this-state": Kind(
        409, "Not in this state of the credential", "The detail says why not, and what to do instead."
    ),
    "username-taken": Kind(
        409, "The username is taken", "Somebody in this portal has it, in this or another spelling."
    ),
    "already-queued": Kind(409, "Announced already", "The message for this occasion exists. Nothing needs to be done."),
    "shown-once": Kind(
        409, "Done already, shown only once", "The first answer was lost. Remove what was made, make anew."
    ),
    "no-postal-address": Kind(
        409,
        "No postal address for marketing",
        "Enter the company's in the portal's support settings, then repeat this.",
    ),
    "cap-reached": Kind(409, "Enough messages this week", "The portal's caps are full. Wait, or raise them in reach."),
    "stale": Kind(412, "Changed since you read it", "If-Match named an older version. Read again, repeat the change."),
    "too-large": Kind(413, "The body is too large", "64 KB at most. Send bulk rows in several calls."),
    "unsupported-media-type": Kind(415, "Not JSON", "Send Content-Type: application/json."),
    "idempotency-key-reused": Kind(422, "Idempotency-Key used for something else", "A new request needs a new key."),
    "locked": Kind(
        429, "Locked after wrong codes", "Wait as many seconds as Retry-After says, or have staff unlock it."
    ),
    "too-many-requests": Kind(429, "Too many requests", "Wait as many seconds as Retry-After says."),
    "unexpected": Kind(
        500, "Something went wrong on our side", "Tell support the request_id. Repeat with the same key."
    ),
    "unavailable": Kind(503, "Briefly not available", "Nothing was changed. Repeat after Retry-After seconds."),
}


def of(refusal: Refusal, request_id: str) -> Problem:
    """The problem details of a refusal."""
    named = [FieldError(field=name, message=text) for name, text in refusal.fields.items()]
    return _problem(refusal.code, refusal.status, refusal.text, request_id, tuple(named[:_MOST_ERRORS]))


def unexpected(request_id: str) -> Problem:
    """The problem details of an error that nobody foresaw: nothing about it but where to ask."""
    detail = "Something went wrong on our side. Tell support the request_id, and we will find out what."
    return _problem("unexpected", 500, detail, request_id)


def headers(refusal: Refusal) -> dict[str, str]:
    """What a refusal adds to the answer's headers."""
    found = {}
    if refusal.retry_after is not None:
        found["Retry-After"] = str(max(1, refusal.retry_after))
    if refusal.status == 401:
        found["WWW-Authenticate"] = 'Bearer realm="latchstring"'
    return found


def _problem(code: str, status: int, detail: str, request_id: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    kind = KINDS.get(code)
    return Problem(
        type=f"{settings.public_url}{DOCS}#problem-{code}",
        title=kind.title if kind else code.replace("-", " ").capitalize(),
        status=status,
        code=code,
        detail=detail,
        request_id=request_id,
        errors=errors,
    )
