"""Registrations as they are kept and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from .. import fields
from ..people import matching
from ..people.shapes import Email, Phone

NO_CLAIM_NUMBER = "A claim number needs at least one letter or digit."
ClaimNumber = Annotated[fields.Required, fields.content(matching.number_key, NO_CLAIM_NUMBER)]
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


class ChecksInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an office or provider is checked by, as far as it changes. What is both removed and added stays."""

    add_claim_numbers: Annotated[
        tuple[ClaimNumber, ...],
        Meta(max_length=500, description="At most 500 a call; one that is there already stays."),
    ] = ()
    remove_claim_numbers: Annotated[
        tuple[ClaimNumber, ...], Meta(max_length=500, description="At most 500 a call.")
    ] = ()
    remove_other_claim_numbers: Annotated[
        bool,
        Meta(
            description="Remove every claim number but those added here: with none, all of them. 5,000 go in a call; repeat it "
            "while the answer counts more than you added."
        ),
    ] = False
    birth_date: Annotated[
        fields.Date | UnsetType | None, Meta(description="A provider's date of birth; null takes it away.")
    ] = UNSET


class Checks(Struct, frozen=True, kw_only=True):
    """What an office or provider is checked by: how many claim numbers, and whether a date of birth. Never which."""

    claim_numbers: int
    birth_date: bool


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
