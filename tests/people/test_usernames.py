"""Usernames: what can be one, and that folding is a fixed point. Which ones are the same: threat 33."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import Invalid
from chalicelib.people import usernames
from chalicelib.people.usernames import MOST_OF_EMAIL, checked, is_email, key

ANY = st.one_of(
    st.text(max_size=130),
    st.text(st.characters(), max_size=40),  # halves of characters too
    st.text(alphabet="maria.nunez@northwind-example_+'", max_size=110),
    st.text(alphabet="маріяΜΑΡΊΑმარიаԱ", max_size=20),
    st.text(alphabet="ab\u0301\u0345\u200b\u00adßİŉﬁǅϒᾳ\u1160\uac00\u09c7\u09be#\n ", max_size=120),
)
MIXED = "Use letters of one alphabet"
SHAPE = "Use 3 to 64 characters"


def refused(typed: str) -> str:
    """What is said of a name that cannot be one; nothing of one that can."""
    try:
        checked(typed)
    except Invalid as refusal:
        assert refusal.fields.keys() == {"username"}
        return refusal.fields["username"]
    return ""


@settings(max_examples=200)
@given(ANY)
def test_any_text_has_a_key_and_folding_it_again_changes_nothing(text: str) -> None:
    folded = key(text)
    assert key(folded) == folded and len(folded) <= MOST_OF_EMAIL
    folded.encode()
    assert not any(char.isspace() for char in folded)


@settings(max_examples=200)
@given(ANY)
def test_what_is_checked_is_refused_or_has_a_key_of_three_characters(text: str) -> None:
    try:
        name = checked(text)
    except Invalid:
        return
    assert len(key(name)) >= 3 and key(name) == key(text), "who claims a name signs in by what was typed"
    assert checked(name) == name == unicodedata.normalize("NFKC", name)
    assert name.isprintable() and not any(char.isspace() for char in name) and "#" not in key(name)


def test_every_letter_with_case_or_forms_has_one_fixed_key() -> None:
    blocks = (range(0x590), range(0x10A0, 0x1100), range(0x13A0, 0x1400), range(0x1C80, 0x2200), range(0x2C60, 0x2D30))
    for char in map(
        chr, (*(code for block in blocks for code in block), *range(0xA640, 0xA800), *range(0xAB30, 0xABC0))
    ):
        folded = key(f"ab{char}")
        spelled = {f"ab{char}".upper(), f"ab{char}".lower(), f"ab{char}".casefold()}
        spelled |= {unicodedata.normalize(form, f"ab{char}") for form in ("NFC", "NFD", "NFKC", "NFKD")}
        assert {key(each) for each in spelled} | {key(folded)} == {folded}, f"U+{ord(char):04X}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ab", SHAPE), ("abc", ""), ("a" * 64, ""), ("a" * 65, SHAPE), (f"{'a' * 88}@x.example.", ""),
        (f"{'a' * 90}@x.example", ""), (f"{'a' * 91}@x.example", SHAPE), ("a" * 60 + "@example", SHAPE),
        ("", SHAPE), ("   ", SHAPE), ("...", SHAPE), ("@@@", SHAPE), ("_-_", SHAPE), ("a.b", ""), ("1234", ""),
        ("  maria  ", ""), ("maria nunez", SHAPE), ("maria\nnunez", SHAPE), ("maria\n", ""), ("maria\x00", SHAPE),
        ("mar\u200bia", SHAPE), ("mar\u00adia", SHAPE), ("maria\u202e", SHAPE), ("maria#1", SHAPE), ("maria/1", SHAPE),
        ("maria&", SHAPE), ("<maria>", SHAPE), ("maria\"", SHAPE), ("mari\u0301a", ""), ("maria🙂", SHAPE),
        ("ｍａｒｉａ", ""), ("ﬁg", ""), ("\ud800abc", SHAPE), ("마리아\u1160", SHAPE),
        ("가나\u3164", SHAPE), ("a\u0301b", SHAPE), ("o'neil@x.example", ""),
        ("maria+1@x.example", ""), ("Maria_Nuñez-2", ""), ("straße", ""), ("łukasz", ""), ("ñ" * 64, ""),
    ],
)  # fmt: skip
def test_length_and_characters(typed: str, said: str) -> None:
    assert refused(typed).startswith(said) and bool(refused(typed)) == bool(said)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("мария", ""), ("μαρία", ""), ("Մարիա", ""), ("მარია", ""), ("ماريا", ""), ("מריה", ""), ("麻里亜", ""), ("マリア", ""),
        ("佐々木まりア", ""), ("마리아", ""), ("李마리", ""), ("мария@example.com", ""), ("maria.мария", ""), ("мария2", ""),
        ("mаria", MIXED), ("mαria", MIXED), ("Мaria", MIXED), ("maria.nunеz@x.example", MIXED), ("мαрия", MIXED),
        ("mari亜", MIXED), ("maria٣", MIXED), ("ꓟꓮꓣꓲꓮ", MIXED), ("ᎷᎪᎡᎥᎪ", MIXED), ("ⲙⲁⲣⲓⲁ", MIXED), ("𐐪𐐫𐐬", MIXED),
        ("ماريا٣", ""), ("mariaʹ", MIXED),
    ],
)  # fmt: skip
def test_a_word_is_of_one_alphabet_that_is_in_use(typed: str, said: str) -> None:
    assert refused(typed).startswith(said) and bool(refused(typed)) == bool(said)


def test_it_is_kept_as_it_was_typed_but_for_composition_and_width() -> None:
    assert checked("  Maria.Nun\u0303ez  ") == "Maria.Nuñez"
    assert checked("Ｍａｒｉａ＠ｘ．ｅｘａｍｐｌｅ") == "Maria@x.example"
    assert checked("Мария") == "Мария"


def test_capitals_that_look_like_other_letters_than_those_they_are_folded_to_are_kept_small() -> None:
    assert checked("ΝΙΝΑ") == "νινα" and key("ΝΙΝΑ") == key("νινα") == key("viva") != key("NINA")


def test_every_look_alike_in_the_table_is_reached() -> None:
    for code, latin in usernames._ALIKE.items():
        assert key(f"x{chr(code)}x") == f"x{latin}x", unicodedata.name(chr(code))


@pytest.mark.parametrize("text", ["a" + "\u0301\u0316" * 32_000, "\u200b" * 65_536, "ﷺ" * 65_536, "maria" * 13_000])
def test_long_input_takes_no_long_time(text: str) -> None:
    before = time.process_time()
    assert len(key(text)) <= MOST_OF_EMAIL and refused(text)
    assert time.process_time() - before < 0.1


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("maria@x.example", True), ("@x.example", False), ("maria@", False), ("maria@example", False), ("maria", False),
        ("maria@example.", False), ("maria@.example", False), ("", False),
    ],
)  # fmt: skip
def test_what_has_the_form_of_an_address(text: str, is_one: bool) -> None:
    assert is_email(text) is is_one
