"""Which mobile numbers may be texted: attackers make money by having codes sent to numbers that cost the caller dearly.

The country tables are large, so they are loaded only when there is a text message to send.
"""

from __future__ import annotations

from collections.abc import Collection

_BLOCK_DIGITS = 4  # numbers are handed to carriers in blocks of ten thousand, and fraud rents them so


def objection(number: str, countries: Collection[str]) -> str | None:
    """Why this E.164 number may not be texted, or None: only ordinary mobile numbers of allowed countries may."""
    import phonenumbers
    from phonenumbers import PhoneNumberType as Type

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "number-not-mobile"
    country = phonenumbers.region_code_for_number(parsed)
    if country and country not in countries:
        return "country-not-allowed"
    # North America does not tell mobiles from landlines by their number.
    ordinary = (Type.MOBILE, Type.FIXED_LINE_OR_MOBILE)
    return None if country and phonenumbers.number_type(parsed) in ordinary else "number-not-mobile"


def block(number: str) -> str:
    """The block of ten thousand neighbours a number belongs to."""
    return number[:-_BLOCK_DIGITS]
