"""When two spellings are the same, and when they are not."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.people.matching import email_key, may_be_phone, name_key, number_key, phone_key

NAMES = st.text(st.characters(whitelist_categories=("Lu", "Ll", "Lo"), max_codepoint=0x24F), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("typed", "on_file"),
    [
        ("LOPEZ DIAZ", "López-Díaz"), ("o'connor", "O’Connor"), ("oconnor", "O'Connor"), ("De la Cruz", "delacruz"),
        ("Muller", "Müller"), ("Strasse", "Straße"), ("Soren", "Søren"), ("Lodz", "Łódź"), ("St. John", "StJohn"),
        ("Núñez", "Núñez"), ("Ｎｕｎｅｚ", "Nuñez"), ("nu\u200bñez", "Nuñez"), ("  Rivera ", "rivera"),
    ],
)  # fmt: skip
def test_a_name_is_the_same_however_it_is_typed(typed: str, on_file: str) -> None:
    assert name_key(typed) == name_key(on_file)


@pytest.mark.parametrize(
    ("one", "other"), [("Rivera", "Riverа"), ("Smith", "Smyth"), ("Lee", "Li"), ("Anna", "Ana"), ("Park", "Ρark")]
)
def test_other_names_stay_other_names_look_alikes_too(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@given(NAMES)
def test_folding_a_name_again_changes_nothing(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(NAMES, st.sampled_from([" ", "-", "'", ".", "\u2019", "\u00a0"]))
def test_separators_and_forms_of_unicode_make_no_difference(name: str, separator: str) -> None:
    apart = separator.join(unicodedata.normalize("NFD", name.upper()))
    assert name_key(apart.lower()) == name_key(name.upper().lower())


@given(st.text(max_size=60))
def test_no_input_breaks_a_key_apart(text: str) -> None:
    for key in (name_key(text), number_key(text)):
        assert "#" not in key and not any(char.isspace() for char in key)


@pytest.mark.parametrize("typed", ["ac 1001", "AC-1001", "Ac.1001", " AC_10/01 ", "ＡＣ１００１"])
def test_a_client_number_forgives_case_and_separators(typed: str) -> None:
    assert number_key(typed) == "ac1001"


def test_leading_zeros_of_a_number_count() -> None:
    assert number_key("0012") != number_key("12")


def test_an_address_is_compared_without_case_and_nothing_else_is_guessed() -> None:
    assert email_key(" Maria@Example.COM ") == "maria@example.com"
    assert email_key("maria+work@example.com") != email_key("maria@example.com")


@pytest.mark.parametrize("typed", ["1", "0", "x", "call me", "+", "+1"])
def test_what_no_country_takes_for_a_phone_number(typed: str) -> None:
    assert not may_be_phone(typed)
    assert {phone_key(typed, country) for country in phonenumbers.SUPPORTED_REGIONS} == {None}


@given(st.text(alphabet="+0123456789 ()-.xABF", max_size=9), st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_what_some_country_takes_for_a_phone_number_may_be_one(typed: str, country: str) -> None:
    assert may_be_phone(typed) or phone_key(typed, country) is None
