"""The registration console over the API: what waits, what it is about, and what is decided."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .. import fields
from ..facts import Act
from ..portals.permissions import allows
from ..registration import console, decisions, entries
from ..registration.console import Details
from ..registration.shapes import Registration
from ..registration.statuses import Status
from ..storage import Page
from ..web import parse
from ..web.operation import Answer, Call, Paging, one, page
from ..web.problems import FieldError
from . import bulk
from .registry import AT, operation, path

_GROUP = "Registrations"
_ONE = f"{AT}/registrations/{{registration}}"
_DECIDE = "registrations:decide"
_LACKING = f"You lack the permission {_DECIDE}."
_A_DENIAL: dict[str, Any] = {"reason": "Not known at this office", "note": "Nobody here has met them."}
_REFUSALS = ("conflict", "already-decided", "stale")

ListedStatus = Literal[
    "AUTO-APPROVED", "DECLINED", "EMAIL-INT", "EMAIL-SUCCESS", "INVALIDATED", "MANUAL-ADMIN-APPROVED",
    "MANUAL-PROV-ADMIN-APPROVED", "PENDING-ADMIN-REVIEW", "PENDING-PROV-ADMIN-REVIEW",
]  # fmt: skip
Version = Annotated[
    int, Meta(ge=1, description="The version that was looked at. If it is not the present one, the answer is 412.")
]


class RegistrationQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to find registrations."""

    status: ListedStatus | None = None
    q: Annotated[
        fields.Line,
        Meta(description="Words that are all in the name, address, username, office, number or identifier."),
    ] = ""
    sort: Annotated[
        Literal["submitted_at", "-submitted_at", "name", "-name"],
        Meta(description="By what to sort; a leading - turns it round."),
    ] = "-submitted_at"


def _by_status(name: str) -> str:
    return name.upper().replace("_", "-")


class Counts(Struct, frozen=True, kw_only=True, rename=_by_status):
    """How many registrations stand where."""

    auto_approved: int
    declined: int
    email_int: int
    email_success: int
    invalidated: int
    manual_admin_approved: int
    manual_prov_admin_approved: int
    pending_admin_review: int
    pending_prov_admin_review: int


class NextRegistration(Struct, frozen=True, kw_only=True):
    """The next one that waits to be decided; null if none is left."""

    registration: Registration | None


class Approval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said with an approval."""

    role: Annotated[
        fields.Slug | None, Meta(description="The key of another role than was asked for; left out: as asked.")
    ] = None
    note: Annotated[fields.Text, Meta(description="For colleagues: it is not sent.")] = ""
    version: Version | None = None


class Denial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody is turned away."""

    reason: Annotated[
        fields.Required, Meta(description="One of the portal's registration.denial_reasons. The person is told.")
    ]
    note: Annotated[fields.Text, Meta(description="For colleagues: it is not sent.")] = ""
    version: Version | None = None


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision of many. `role` goes with an approval, `reason` with a denial."""

    id: fields.Identifier
    decision: Literal["approve", "deny"]
    role: fields.Slug | None = None
    reason: fields.Line = ""
    note: fields.Text = ""
    version: Version | None = None


class Decisions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Up to 100 decisions."""

    decisions: Annotated[tuple[Decision, ...], Meta(min_length=1, max_length=bulk.MOST_ROWS)]


class _Rows(Struct, frozen=True, forbid_unknown_fields=True):
    decisions: Annotated[tuple[Any, ...], Meta(min_length=1, max_length=bulk.MOST_ROWS)]


class DecisionResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one decision. `code` and `detail` say why it was refused, as in problem details."""

    index: int
    status: Literal["approved", "denied", "refused", "replayed"]
    id: str | None = None
    code: str | None = None
    detail: str | None = None
    errors: tuple[FieldError, ...] = ()


class DecisionResults(Struct, frozen=True, kw_only=True):
    """What became of the decisions, in the order given, and how many of each."""

    decisions: tuple[DecisionResult, ...]
    approved: int
    denied: int
    replayed: int
    refused: int


@operation("GET", f"{AT}/registrations", _GROUP, query=RegistrationQuery, gives=Registration, many=True)
def list_registrations(call: Call[RegistrationQuery, None]) -> Answer:
    """List registrations.

    Invitations and requests of the offices that you look after. Filtered, a page may hold fewer than limit: go on as long
    as there is a cursor.
    """
    query = call.query
    found = entries.listed(
        call.slug,
        call.authority,
        status=Status(query.status) if query.status else None,
        text=query.q,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor or None,
    )
    shown = console.shown(call.portal, found.items)
    return page(Page(shown, found.cursor), path(call.slug, "registrations"), query)


@operation("GET", f"{AT}/registrations/counts", _GROUP, gives=Counts)
def count_registrations(call: Call[None, None]) -> Answer:
    """Count registrations by status."""
    found = entries.counts(call.slug, call.authority)
    return one(msgspec.convert({status.value: count for status, count in found.items()}, Counts))


@operation(
    "POST", f"{AT}/registrations/decide", _GROUP, body=Decisions, takes="rows", gives=DecisionResults,
    example={"decisions": [
        {"id": "019a9f6f3c7e7d10a2b4c6d8e0f20406", "decision": "approve", "role": "clerical-user"},
        {"id": "019a9f6f3c7e7d10a2b4c6d8e0f20407", "decision": "deny", **_A_DENIAL},
    ]},
)  # fmt: skip
def decide_registrations(call: Call[None, Any]) -> Answer:
    """Decide many registrations.

    Up to 100, each of them approved, denied or refused on its own; the answer tells which. Repeat the whole call with the
    same Idempotency-Key after a lost answer: what was decided by it is answered as replayed.
    """
    rows = parse.struct(call.body, _Rows).decisions

    def do(act: Act, wanted: Decision, _new_id: str) -> str:
        return _decided(call, act, wanted).id

    outcomes = bulk.carry_out(call, rows, Decision, do)
    results = [_result(place, row, outcome) for place, (row, outcome) in enumerate(zip(rows, outcomes, strict=True))]
    words = ("approved", "denied", "replayed", "refused")
    counts = {word: sum(result.status == word for result in results) for word in words}
    return Answer(DecisionResults(decisions=tuple(results), **counts))


@operation("GET", _ONE, _GROUP, gives=Details)
def read_registration(call: Call[None, None]) -> Answer:
    """Read a registration.

    With what happened to it, whom it may be a double of, and whether you may decide it. Of each check you see only how it
    came out.
    """
    return one(_details(call))


@operation("GET", f"{_ONE}/next", _GROUP, gives=NextRegistration)
def read_next_registration(call: Call[None, None]) -> Answer:
    """Read the next registration that waits.

    The oldest of those that were submitted after this one.
    """
    found = console.following(call.portal, call.authority, call.ids["registration"])
    return Answer(NextRegistration(registration=found))


def decided_before(call: Call[None, Any]) -> Answer:
    """The registration, as it now is, of a decision that was carried out before."""
    return one(entries.shown(call.portal, entries.get(call.slug, call.ids["registration"], call.authority)))


@operation(
    "POST", f"{_ONE}/approve", _GROUP, body=Approval, gives=Registration, replay=decided_before, refusals=_REFUSALS,
    example={"role": "clerical-user"},
)  # fmt: skip
def approve_registration(call: Call[None, Approval]) -> Answer:
    """Approve a registration.

    The person may sign in from now on, and is told by mail. With another role the request is modified first. Requests for
    a single provider are approved by staff only, and nobody gives a role above their own.
    """
    said = call.body
    registration = call.ids["registration"]
    return one(
        decisions.approve(call.act, call.authority, registration, role=said.role, note=said.note, version=said.version)
    )


@operation(
    "POST", f"{_ONE}/deny", _GROUP, body=Denial, gives=Registration, replay=decided_before, refusals=_REFUSALS,
    example=_A_DENIAL,
)  # fmt: skip
def deny_registration(call: Call[None, Denial]) -> Answer:
    """Deny a registration.

    For good: the person is told the reason by mail, and the username is free again. They may register anew.
    """
    said = call.body
    registration = call.ids["registration"]
    return one(
        decisions.deny(call.act, call.authority, registration, reason=said.reason, note=said.note, version=said.version)
    )


def _details(call: Call[None, None]) -> Details:
    hindrance = "" if allows(call.caller.scopes, _DECIDE) else _LACKING
    return console.details(call.portal, call.authority, call.ids["registration"], hindrance=hindrance)


def _decided(call: Call[None, Any], act: Act, wanted: Decision) -> Registration:
    by = call.authority
    if wanted.decision == "approve":
        return decisions.approve(act, by, wanted.id, role=wanted.role, note=wanted.note, version=wanted.version)
    return decisions.deny(act, by, wanted.id, reason=wanted.reason, note=wanted.note, version=wanted.version)


def _result(place: int, row: Any, outcome: bulk.Outcome) -> DecisionResult:
    if refusal := outcome.refusal:
        errors = bulk.field_errors(refusal)
        return DecisionResult(index=place, status="refused", code=refusal.code, detail=refusal.text, errors=errors)
    word: Literal["approved", "denied"] = "approved" if row["decision"] == "approve" else "denied"
    return DecisionResult(index=place, status="replayed" if outcome.is_repeated else word, id=row["id"])
