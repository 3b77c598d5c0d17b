"""Registrations as they are kept and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from ..people.shapes import Email, Phone

Outcome = Literal["not-given", "matched", "not-matched"]


class Applicant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who asks, or is invited: of an invitation only what is known."""

    first_name: fields.Line = ""
    middle_name: fields.Line = ""
    last_name: fields.Line = ""
    title: fields.Line = ""
    email: Email = ""
    phone: Phone | None = None


class ChecksGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How each check came out. What was typed is not kept."""

    claim_number: Outcome = "not-given"
    birth_date: Outcome = "not-given"


Moment = Annotated[str, Meta(description="ISO 8601, in UTC.")]


class Registration(Struct, frozen=True, kw_only=True):
    """An entry of the registration console. Nobody sees what was answered to a check, only how it came out.

    `is_expired` and `is_revoked` mark an invitation that opens nothing any more; `delivery` says how its mail fared.
    """

    id: str
    version: int
    kind: Literal["invitation", "request"]
    status: str
    level: Literal["office", "provider"]
    account_id: str
    account_name: str
    account_number: str | None
    office_id: str
    identifier: str | None
    qualifier: str | None
    role: str
    role_name: str
    asked_role: str
    applicant: Applicant
    username: str | None
    checks: ChecksGiven
    submitted_at: Moment
    age_days: Annotated[int, Meta(description="Whole days since it was submitted, or the invitation first sent.")]
    valid_until: Moment | None
    is_expired: bool
    is_revoked: bool
    delivery: Annotated[
        Literal["queued", "sent", "delivered", "bounced", "opened", ""],
        Meta(description="Of an invitation: the furthest its newest mail has come."),
    ]
    inviter: str | None
    decided_at: Moment | None
    decided_by: str | None
    reason: str | None
    note: str | None
    created_at: Moment
    updated_at: Moment
