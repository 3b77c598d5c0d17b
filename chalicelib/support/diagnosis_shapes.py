"""What staff say of a caller who cannot get in, and what a diagnosis answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .. import fields

Way = Literal["code", "password", "self-service"]
Outcome = Literal["passed", "failed", "not-reached"]


class Told(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller says they typed, as they say it. All of it may be left out but for something to begin with."""

    way: Annotated[
        Way | None,
        Meta(description="How they sign in. Null: by password if a username was typed, else by a code."),
    ] = None
    client_number: fields.Line = ""
    last_name: fields.Line = ""
    destination: Annotated[fields.Line, Meta(description="The email address or mobile number they typed.")] = ""
    username: fields.Line = ""
    account_id: Annotated[fields.Identifier | None, Meta(description="The account, where staff know it.")] = None
    help_request_id: Annotated[
        fields.Identifier | None,
        Meta(description="A help request: what was typed there stands in for what is left out here."),
    ] = None


class Remedy(Struct, frozen=True, kw_only=True):
    """The act that puts something right. Without a path it is not one of the API: it is said to the caller."""

    act: str
    text: str
    method: str
    path: str
    permission: str | None
    may: Annotated[bool, Meta(description="Whether you have the permission.")]
    body: Annotated[dict[str, Any], Meta(description="What to send; empty where that is for you to say.")] = {}


class Check(Struct, frozen=True, kw_only=True):
    """One check, and what came of it. What depends on a check that failed is not reached."""

    name: str
    question: str
    outcome: Outcome
    text: str
    remedy: Remedy | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """Something that really happened as the person tried, or a message that was sent to them. It never holds a code."""

    at: str
    kind: Annotated[str, Meta(description="The kind of the fact; of a message, message:<template>.")]
    text: str
    message_id: str | None = None
    channel: str | None = None
    recipient: Annotated[str | None, Meta(description="Masked.")] = None
    status: str | None = None


class Diagnosis(Struct, frozen=True, kw_only=True):
    """Why somebody cannot sign in. `first_failed` is the check to see to first; null: nothing stands in the way."""

    way: Way
    first_failed: str | None
    summary: str
    checks: tuple[Check, ...]
    attempts: Annotated[tuple[Attempt, ...], Meta(description="Of the last seven days, newest first, at most 50.")]
    account_id: str | None
    contact_id: str | None
    user_id: str | None
    help_request_id: str | None
