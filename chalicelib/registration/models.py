"""The registrations table: invitations and requests, what offices are checked by, the sending of many links."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name
from .shapes import Applicant, ChecksGiven


class RegistrationRow(Row):
    """An invitation or a request: pk `{portal}#registration#{id}`, sk `entry`.

    `office_id` is the office that the account is or belongs to. An invitation has `valid_until`, perhaps `revoked_at`, and
    its link's holder is the entry's id. A request has a user from the moment it is submitted, whose id is the entry's.
    `due_at` is when the tick must look at it: an invitation to be reminded of, an attempt to be given up.
    """

    table = "registrations"

    class Meta:
        table_name = table_name("registrations")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    list_key = UnicodeAttribute(null=True)
    status_key = UnicodeAttribute(null=True)
    office_key = UnicodeAttribute(null=True)
    created_key = UnicodeAttribute()
    submitted_key = UnicodeAttribute(null=True)
    name_key = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    level = UnicodeAttribute()
    account_id = UnicodeAttribute()
    office_id = UnicodeAttribute()
    account_name = UnicodeAttribute()
    account_number = UnicodeAttribute(null=True)
    identifier = UnicodeAttribute(null=True)
    qualifier = UnicodeAttribute(null=True)
    role = UnicodeAttribute()
    asked_role = UnicodeAttribute()
    applicant: Packed[Applicant] = Packed(Applicant)
    checks: Packed[ChecksGiven] = Packed(ChecksGiven)
    search_text = UnicodeAttribute(null=True)
    email_key = UnicodeAttribute()
    username = UnicodeAttribute(null=True)
    username_key = UnicodeAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    inviter = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    valid_until = NumberAttribute(null=True)
    sent_at = NumberAttribute(null=True)
    reminded_at = NumberAttribute(null=True)
    revoked_at = NumberAttribute(null=True)
    opened_at = NumberAttribute(null=True)
    submitted_at = NumberAttribute(null=True)
    decided_at = NumberAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    decided_by_name = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    version = NumberAttribute(default=1)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()


class CountRow(Row):
    """How many registrations stand where: pk `{portal}#registration-counts#{shard}`, an attribute a status, by its key."""

    table = "registrations"

    class Meta:
        table_name = table_name("registrations")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    auto_approved = NumberAttribute(null=True)
    declined = NumberAttribute(null=True)
    email_int = NumberAttribute(null=True)
    email_success = NumberAttribute(null=True)
    invalidated = NumberAttribute(null=True)
    manual_admin_approved = NumberAttribute(null=True)
    manual_prov_admin_approved = NumberAttribute(null=True)
    pending_admin_review = NumberAttribute(null=True)
    pending_prov_admin_review = NumberAttribute(null=True)
    started = NumberAttribute(null=True)


class InvitedRow(Row):
    """The newest invitation of an address to an account: pk `{portal}#invited#{account id}`, sk the folded address."""

    table = "registrations"

    class Meta:
        table_name = table_name("registrations")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    entry_id = UnicodeAttribute()


class CheckRow(Row):
    """What an office or provider is checked by: pk `{portal}#checks#{account id}`, sk `claim#{fingerprint}` or `birth-date`.

    Keyed fingerprints only: nobody can list back what was put in.
    """

    table = "registrations"

    class Meta:
        table_name = table_name("registrations")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    fingerprint = UnicodeAttribute(null=True)


class SendingRow(Row):
    """Many links in one go: pk `{portal}#sending#{id}`, sk `job`. `lease_until` is while somebody is at work on it."""

    table = "registrations"

    class Meta:
        table_name = table_name("registrations")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    account_id = UnicodeAttribute()
    office_id = UnicodeAttribute()
    role = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    inviter = UnicodeAttribute(null=True)
    total = NumberAttribute()
    done = NumberAttribute(default=0)
    lease_until = NumberAttribute(null=True)
    created_at = NumberAttribute()
    expires_at = NumberAttribute()


class AddressRow(Row):
    """One address of a sending: same pk, sk `address#{place}`. `answer` is set in the transaction that invites."""

    table = "registrations"

    class Meta:
        table_name = table_name("registrations")

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    typed = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    answer = UnicodeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()
