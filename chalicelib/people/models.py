"""The people table: accounts, contacts, and under each client number its claim with the sign-in cards.

The partition of a client number holds everything a sign-in must know, so that it costs one read: the claim (whose number
it is, whether that account is open) and a card per contact (names, addresses, what is open to it). Cards are rewritten
in the transaction that changes a contact or a batch.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import MapAttribute

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import AccountInput, ContactInput


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
    """pk `{portal}#account#{id}`, sk `account`. `cards` is the key of the partition with its claim and cards."""

    details: Packed[AccountInput] = Packed(AccountInput)
    cards = UnicodeAttribute()
    status = UnicodeAttribute()
    record_type = UnicodeAttribute()
    tags: Packed[tuple[str, ...]] = Packed(tuple[str, ...])


class ContactRow(PersonRow):
    """pk `{portal}#contact#{id}`, sk `contact`."""

    details: Packed[ContactInput] = Packed(ContactInput)
    account_id = UnicodeAttribute()
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
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    emails: Packed[tuple[str, ...]] = Packed(tuple[str, ...], null=True)
    mobile = UnicodeAttribute(null=True)
    batches: Any = MapAttribute(null=True)
    signed_in_at = NumberAttribute(null=True)
    signed_in_before = NumberAttribute(null=True)
    revision = NumberAttribute(default=0)

    def open_batches(self) -> dict[str, str]:
        """What is open to the contact: batch id to its JSON."""
        return dict(self.batches.attribute_values) if self.batches else {}
