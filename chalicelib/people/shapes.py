"""Accounts and contacts as the API takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .. import fields
from . import matching

Name = Annotated[fields.Required, fields.content(matching.name_key, matching.NO_NAME)]
Email = Annotated[fields.Email, fields.content(matching.email_checked, matching.email_fault)]
Phone = Annotated[fields.Line, fields.content(matching.may_be_phone, matching.NO_PHONE)]
Channel = Literal["email"]
RecordType = Literal["lead", "client", "customer", "office", "provider"]


class NumberedAs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identifier of an account beside its number: a tax id, an NPI."""

    qualifier: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9 _-]{0,39}$", description="Such as TIN or NPI.")]
    value: fields.Required


class AccountInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff and systems can say of an account."""

    name: Name
    number: fields.Number | None = None
    record_type: RecordType = "client"
    status: Literal["open", "closed"] = "open"
    primary_emails: Annotated[tuple[Email, ...], Meta(max_length=20)] = ()
    identifiers: Annotated[tuple[NumberedAs, ...], Meta(max_length=20)] = ()
    tags: Annotated[tuple[fields.Tag, ...], Meta(max_length=50)] = ()
    assigned_agent: Email | None = None
    parent_id: Annotated[
        fields.Identifier | None,
        Meta(description="Of a provider: the office it belongs to. Nothing else has one."),
    ] = None
    time_zone: Annotated[
        fields.TimeZone | None,
        Meta(description="Where its people live, an IANA zone: decides their quiet hours. Null: the portal's zone."),
    ] = None


class ContactDetails(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff and systems can say of a person at an account."""

    first_name: fields.Required
    last_name: Annotated[fields.Required, fields.content(matching.name_key, matching.NO_LAST_NAME)]
    title: fields.Line = ""
    emails: Annotated[tuple[Email, ...], Meta(max_length=5)] = ()
    mobile: Phone | None = None
    landline: Phone | None = None
    fax: Phone | None = None
    employee_number: fields.Line = ""
    middle_name: fields.Line = ""
    provider_type: Annotated[fields.Line, Meta(description="Of an office's employee, such as Physician.")] = ""
    roles: Annotated[tuple[fields.Tag, ...], Meta(max_length=10)] = ()


class ContactInput(ContactDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact to create: the details, and the account it belongs to for good."""

    account_id: fields.Identifier


class NewAccount(AccountInput, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to create, with its contacts if they are known already."""

    contacts: Annotated[tuple[ContactDetails, ...], Meta(max_length=20)] = ()


class Contact(ContactInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A person at an account."""

    id: str
    version: int
    created_at: str
    updated_at: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class Account(AccountInput, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Whom a portal serves."""

    id: str
    version: int
    created_at: str
    updated_at: str


class AccountCreated(Account, frozen=True, kw_only=True):
    """A new account and the contacts that were created with it, in the order given."""

    contacts: tuple[Contact, ...] = ()


class ProfileCard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a staff user is presented to others."""

    title: fields.Line = ""
    phone: Phone | None = None
    photo_url: fields.Url | None = None
    about: fields.Text = ""


class UserDetails(ProfileCard, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a user is. A customer's user has its account's name and primary emails instead."""

    first_name: fields.Line = ""
    last_name: fields.Line = ""
    middle_name: fields.Line = ""
    email: Email | None = None


class Preferences(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By what ways somebody wants to hear of an event. What concerns the security of a sign-in is always mailed."""

    registration_waiting: Annotated[
        tuple[Channel, ...], Meta(max_length=1, description="A registration waits for you to decide it. Empty: never.")
    ] = ("email",)


class QuestionAnswered(Struct, frozen=True, kw_only=True):
    """A security question and the argon2 hash of its folded answer."""

    question: str
    answer_hash: str


class Noted(Struct, frozen=True, kw_only=True):
    """What is remembered of a session or a device: since when, until when, in which browser (such as Firefox, Linux)."""

    at: int
    until: int
    browser: str
