"""Help requests as visitors type them, and as the API shows and changes them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields

Kind = Literal["cannot-sign-in", "changed-phone", "no-code", "forgot-username", "other"]
State = Literal["open", "in-progress", "resolved", "closed"]


class Asked(Struct, frozen=True, kw_only=True):
    """What somebody typed at the door. Nobody has checked that any of it is true."""

    kind: str = ""
    name: str = ""
    reached_by: str = ""
    signs_in_as: str = ""
    message: str = ""


class HelpLogged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff write down for a caller. Nobody has checked that any of it is true."""

    kind: Kind
    name: fields.Required
    reached_by: Annotated[fields.Required, Meta(description="An email address or a phone number.")]
    signs_in_as: fields.Line = ""
    message: Annotated[fields.Text, Meta(min_length=1)]
    account_id: fields.Identifier | None = None
    assignee: Annotated[fields.Identifier | None, Meta(description="The staff user who sees to it.")] = None


class AnswerInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer, by mail to the address that was left."""

    text: Annotated[fields.Text, Meta(min_length=1, description="As it is sent; never a password or a code.")]
    resolves: Annotated[bool, Meta(description="Whether the request is resolved by it; else it is in progress.")] = (
        False
    )


class HelpAnswer(Struct, frozen=True, kw_only=True):
    """An answer that was sent."""

    at: str
    by: Annotated[str, Meta(description="Who answered, as facts name them.")]
    text: str


class HelpChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff can say of a help request."""

    state: State = "open"
    note: Annotated[fields.Text, Meta(description="For staff only.")] = ""
    assignee: Annotated[fields.Identifier | None, Meta(description="The staff user who sees to it.")] = None
    account_id: Annotated[
        fields.Identifier | None, Meta(description="The account it is about, once that is known.")
    ] = None


class HelpRequest(HelpChange, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What somebody at the door asked for. Name, `reached_by` and `signs_in_as` are as typed, and not checked."""

    id: str
    reference: Annotated[str, Meta(description="What the person was told, such as H-7K4M-9C.")]
    kind: Kind
    name: str
    reached_by: Annotated[str, Meta(description="An email address or a phone number.")]
    signs_in_as: Annotated[str, Meta(description="A client number or a username, if any was typed.")]
    message: str
    logged_by: Annotated[str | None, Meta(description="Who wrote it down for a caller; null: it came by the page.")]
    answers: tuple[HelpAnswer, ...]
    version: int
    created_at: str
    updated_at: str
