"""The tokens table: whatever expires by design. One partition key, `{portal}#<kind>#<id>`; rows of several shapes."""

from __future__ import annotations

from ..storage import NumberAttribute, Packed, Row, UnicodeAttribute, table_name


class TokenRow(Row):
    """What all rows of this table have."""

    table = "tokens"

    class Meta:
        table_name = table_name("tokens")

    pk = UnicodeAttribute(hash_key=True)
    expires_at = NumberAttribute(null=True)


class CounterRow(TokenRow):
    """How often something was used in one window: `#limit#`."""

    used = NumberAttribute(null=True)


class IdentityRow(TokenRow):
    """What is remembered of one who tries to sign in, known or not: `#identity#` and, for destinations, `#sends#`.

    `sent_1` … `sent_8` are the moments of the last sends, newest first; `failures` the wrong codes in a row.
    """

    failures = NumberAttribute(null=True)
    failed_at = NumberAttribute(null=True)
    challenge = UnicodeAttribute(null=True)
    sent_1 = NumberAttribute(null=True)
    sent_2 = NumberAttribute(null=True)
    sent_3 = NumberAttribute(null=True)
    sent_4 = NumberAttribute(null=True)
    sent_5 = NumberAttribute(null=True)
    sent_6 = NumberAttribute(null=True)
    sent_7 = NumberAttribute(null=True)
    sent_8 = NumberAttribute(null=True)

    @classmethod
    def slots(cls) -> tuple[NumberAttribute, ...]:
        """The register, newest first."""
        return (cls.sent_1, cls.sent_2, cls.sent_3, cls.sent_4, cls.sent_5, cls.sent_6, cls.sent_7, cls.sent_8)


class ChallengeRow(TokenRow):
    """A verification code's state, never the code: `#challenge#`. `holder` is empty for a decoy that no code opens."""

    holder = UnicodeAttribute(null=True)
    purpose = UnicodeAttribute()
    channel = UnicodeAttribute()
    version = NumberAttribute()
    counter = NumberAttribute(default=0)
    tries = NumberAttribute(default=0)
    sent_at = NumberAttribute()
    valid_until = NumberAttribute()
    spent_at = NumberAttribute(null=True)


class SessionRow(TokenRow):
    """A signed-in browser: `#session#<SHA-256 of the cookie>`.

    Of a contact it has the `number_key` of the account's client number, of a user the `username_key`, and the `contact_id`
    of one who is a contact. `proved_at` is when a second factor was last shown, `confirmed_at` when the password was.
    """

    holder = UnicodeAttribute()
    number_key = UnicodeAttribute(null=True)
    username_key = UnicodeAttribute(null=True)
    contact_id = UnicodeAttribute(null=True)
    created_at = NumberAttribute()
    seen_at = NumberAttribute()
    proved_at = NumberAttribute(null=True)
    confirmed_at = NumberAttribute(null=True)


class ViewRow(TokenRow):
    """Staff who look at a client's pages: `#view#<SHA-256 of the cookie>`.

    `view` is its id in facts, `staff_session` the session of staff that it ends with. `cards` is the partition of what is
    shown: a contact's card there, or the whole account. Over at `until`, and kept a little longer so that this is noted.
    """

    view = UnicodeAttribute()
    staff_session = UnicodeAttribute()
    cards = UnicodeAttribute()
    account_id = UnicodeAttribute()
    contact_id = UnicodeAttribute(null=True)
    username_key = UnicodeAttribute(null=True)
    reason = UnicodeAttribute()
    until = NumberAttribute()


class LinkRow(TokenRow):
    """The newest one-time link of a purpose for a holder: `#link#<purpose>#<holder>`. Never its token.

    `id` is the generation: a new one over it ends the older. `spent_at` is when a person pressed the button, `done_at` when
    what the link was for was done.
    """

    id = UnicodeAttribute()
    version = NumberAttribute()
    issued_at = NumberAttribute()
    valid_until = NumberAttribute()
    spent_at = NumberAttribute(null=True)
    done_at = NumberAttribute(null=True)
    tries = NumberAttribute(default=0)
    detail: Packed[dict[str, str]] = Packed(dict[str, str], null=True)


class OnceRow(TokenRow):
    """That an API call with this Idempotency-Key was carried out: `#once#`."""

    request_hash = UnicodeAttribute()
    result = UnicodeAttribute()
