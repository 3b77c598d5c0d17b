"""The people table: accounts, contacts, and under each client number its claim with the sign-in cards.

The partition of a client number holds everything a sign-in must know, so that it costs one read: the claim (whose number
it is, whether that account is open) and a card per contact (names, addresses, what is open to it). Cards are rewritten
in the transaction that changes a contact or a batch.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import MapAttribute

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import AccountInput, ContactInput, Preferences, QuestionAnswered, UserDetails


class PersonRow(Row):
    """What account and contact rows have in common: the attributes that lists are sorted and filtered by."""

    table = "people"

    class Meta:
        table_name = table_name("people")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute(null=True)
    created_key = UnicodeAttribute(null=True)
    name_key = UnicodeAttribute(null=True)
    number_key = UnicodeAttribute(null=True)
    account_key = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    created_at = NumberAttribute(null=True)
    updated_at = NumberAttribute(null=True)


class AccountRow(PersonRow):
    """pk `{portal}#account#{id}`, sk `account`. `cards` is the key of the partition with its claim and cards.

    `invited_at` is when a new customer was sent the link to create a credential by itself: once in its life. Of an office
    `providers` is how many it has. `arrivals` counts up whenever a user comes to it, so that a change which has looked for
    its users already does not leave one behind. `access_at` and `access_by` tell who switched its self-service on or off.
    """

    details: Packed[AccountInput] = Packed(AccountInput)
    cards = UnicodeAttribute()
    status = UnicodeAttribute()
    record_type = UnicodeAttribute()
    tags: Packed[tuple[str, ...]] = Packed(tuple[str, ...])
    invited_at = NumberAttribute(null=True)
    providers = NumberAttribute(null=True)
    arrivals = NumberAttribute(null=True)
    access_at = NumberAttribute(null=True)
    access_by = UnicodeAttribute(null=True)


class ContactRow(PersonRow):
    """pk `{portal}#contact#{id}`, sk `contact`."""

    details: Packed[ContactInput] = Packed(ContactInput)
    account_id = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    emails_text = UnicodeAttribute(null=True)


class CardRow(Row):
    """pk `{portal}#number#{number key}`. sk `account` is the claim, `card#{contact id}` a contact's card."""

    table = "people"

    class Meta:
        table_name = table_name("people")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    account_id = UnicodeAttribute()
    account_name = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    agent = UnicodeAttribute(null=True)
    record_type = UnicodeAttribute(null=True)
    shared = NumberAttribute(null=True)
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    emails: Packed[tuple[str, ...]] = Packed(tuple[str, ...], null=True)
    mobile = UnicodeAttribute(null=True)
    batches: Any = MapAttribute(null=True)
    signed_in_at = NumberAttribute(null=True)
    signed_in_before = NumberAttribute(null=True)
    viewed_at = NumberAttribute(null=True)
    terms = UnicodeAttribute(null=True)
    revision = NumberAttribute(default=0)

    def open_batches(self) -> dict[str, str]:
        """What is open to the contact: batch id to its JSON."""
        return dict(self.batches.attribute_values) if self.batches else {}


class UserRow(PersonRow):
    """A user, under its username, so that it is taken once and read in one call: pk `{portal}#user#{username key}`.

    `version` counts every change but sign-ins. `cards` is the partition of the account's client number, `emails` are the
    addresses notices go to: of a customer both follow the account. `emails_before` were so until `emails_at`.
    `sessions` and `devices` hold what is signed in and remembered: the SHA-256 of the cookie to a JSON note. A session or
    device that is not in there is over, whatever else exists of it. `lock_reason` is a word of ours, `lock_note` what an
    administrator said; `generated` is what the password is worked out from, if it was generated for a record. `first_key`,
    `last_key`, `username_text` and `search_text` are what lists are searched by.
    """

    kind = UnicodeAttribute()
    state = UnicodeAttribute()
    role = UnicodeAttribute(null=True)
    username = UnicodeAttribute()
    account_id = UnicodeAttribute(null=True)
    office_id = UnicodeAttribute(null=True)
    contact_id = UnicodeAttribute(null=True)
    cards = UnicodeAttribute(null=True)
    details: Packed[UserDetails] = Packed(UserDetails)
    emails: Packed[tuple[str, ...]] = Packed(tuple[str, ...])
    emails_before: Packed[tuple[str, ...]] = Packed(tuple[str, ...], null=True)
    emails_at = NumberAttribute(null=True)
    lock_reason = UnicodeAttribute(null=True)
    lock_note = UnicodeAttribute(null=True)
    locked_at = NumberAttribute(null=True)
    password_hash = UnicodeAttribute(null=True)
    password_at = NumberAttribute(null=True)
    generated = UnicodeAttribute(null=True)
    temporary_until = NumberAttribute(null=True)
    totp_seed = UnicodeAttribute(null=True)
    totp_name = UnicodeAttribute(null=True)
    totp_at = NumberAttribute(null=True)
    totp_step = NumberAttribute(null=True)
    sms_number = UnicodeAttribute(null=True)
    sms_at = NumberAttribute(null=True)
    recovery: Packed[tuple[str, ...]] = Packed(tuple[str, ...], null=True)
    factors_reset_at = NumberAttribute(null=True)
    answers: Packed[tuple[QuestionAnswered, ...]] = Packed(tuple[QuestionAnswered, ...], null=True)
    sessions: Any = MapAttribute()
    devices: Any = MapAttribute()
    terms = UnicodeAttribute(null=True)
    signed_in_at = NumberAttribute(null=True)
    signed_in_before = NumberAttribute(null=True)
    first_key = UnicodeAttribute(null=True)
    last_key = UnicodeAttribute(null=True)
    username_text = UnicodeAttribute(null=True)
    search_text = UnicodeAttribute(null=True)
    preferences: Packed[Preferences] = Packed(Preferences, null=True)


class IdentifierRow(Row):
    """An identifier of an office or provider: pk `{portal}#identifier#{folded value}`, sk the account's id.

    It finds, and claims nothing: an office and its provider may well have the same. Qualifiers are the account's to tell.
    """

    table = "people"

    class Meta:
        table_name = table_name("people")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class UserIdRow(Row):
    """Where a user stands: pk `{portal}#user-id#{user id}`, sk `user`. The id of a customer's user is its account's."""

    table = "people"

    class Meta:
        table_name = table_name("people")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    username_key = UnicodeAttribute()
