"""When two spellings are the same: names, client numbers, addresses. Pure rules; storage never decides this."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode does not take apart into a base letter and an accent, as people type them without.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
_NOT_LETTERS = re.compile(r"[\W_]+")
_FEWEST_DIGITS = 2  # of what `phone_key` takes for a phone number in any country
NO_NAME = "A name needs at least one letter or digit."
NO_LAST_NAME = "A last name needs at least one letter."
NO_PHONE = "This is not a phone number. Write it with its country code, such as +1 415 555 0132."


def name_key(name: str) -> str:
    """A name without case, accents, spaces, hyphens, apostrophes and dots: `De la Cruz-Núñez` is `delacruznunez`."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return _NOT_LETTERS.sub("", bare.translate(_LETTERS).casefold())


def number_key(number: str) -> str:
    """A client number without case, spaces and separators, so that `ac 10-01` finds `AC-1001`."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", number).casefold())[:80]


def email_key(email: str) -> str:
    """An email address as it is compared: width and case folded, nothing else guessed."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def phone_key(typed: str, country: str) -> str | None:
    """A phone number in E.164 if it can be read as one, from a country's point of view for numbers without a +."""
    import phonenumbers

    text = unicodedata.normalize("NFKC", typed).strip()
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def may_be_phone(typed: str) -> bool:
    """Whether this may be a phone number of some country, for where the country is not known. An empty text is none."""
    return not typed or sum(char.isdigit() for char in typed) >= _FEWEST_DIGITS


def email_checked(email: str) -> str | None:
    """An email address in the form to keep, or None if it is not one that we can send to (no deliverability look-up).

    Letters beyond ASCII are taken in the domain only: before the @ they need SMTPUTF8, which SES does not speak.
    """
    import email_validator

    try:
        return email_validator.validate_email(
            email, check_deliverability=False, test_environment=True, allow_smtputf8=False
        ).normalized
    except email_validator.EmailNotValidError:
        return None


def email_fault(email: str) -> str:
    """Why `email_checked` does not take an address, for whoever typed it."""
    letter = next((char for char in email.rpartition("@")[0] if char.isalpha() and not char.isascii()), None)
    if letter:
        return f"We cannot send to addresses with letters such as {letter} before the @."
    return "This is not an email address."
