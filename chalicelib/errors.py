"""Refusals: the one exception with which the product says no.

Pages render a refusal as a kind page, the JSON API as problem details (RFC 9457). A refusal never carries a secret or
a person's data: its text is written for whoever made the request.
"""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """Something was asked that cannot be done, and why.

    `code` is stable and machine-readable, `status` the HTTP status, `text` one or two plain sentences that say what to
    do, `fields` the same per field of the input.
    """

    code = "refused"
    status = 400
    text = "This cannot be done."

    def __init__(
        self,
        text: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.text = text or type(self).text
        self.fields = dict(fields or {})
        self.retry_after = retry_after
        super().__init__(self.code)


class Invalid(Refusal):
    """The input is not acceptable; `fields` says where and why."""

    code = "invalid"
    status = 400
    text = "Some of what was sent is not valid. Each field that needs a change is named below."


class NotSignedIn(Refusal):
    """No session, or no API key."""

    code = "not-signed-in"
    status = 401
    text = "Sign in first."


class Forbidden(Refusal):
    """Known, but not allowed to do this."""

    code = "forbidden"
    status = 403
    text = "You do not have the permission this needs."


class NotFound(Refusal):
    """Nothing here, or nothing that the asker may know of."""

    code = "not-found"
    status = 404
    text = "There is nothing here, or it is not yours to see."


class Conflict(Refusal):
    """Somebody else changed it first, or it is not in a state that allows this."""

    code = "conflict"
    status = 409
    text = "This changed while you were working on it. Read it again and repeat your change."


class Stale(Refusal):
    """`If-Match` named another version than the present one."""

    code = "stale"
    status = 412
    text = "This was changed by someone else since you read it. Read it again and repeat your change."


class TooMany(Refusal):
    """A limit is reached; `retry_after` is in seconds."""

    code = "too-many-requests"
    status = 429
    text = "Too many requests. Wait a little and try again."


class Unavailable(Refusal):
    """AWS is briefly not able to answer. What was asked was not done, or it was and the answer was lost."""

    code = "unavailable"
    status = 503
    text = (
        "We could not reach our database just now. If you were changing something, it may not have been saved: look, "
        "then try again."
    )

    def __init__(self, text: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(text, retry_after=retry_after)
