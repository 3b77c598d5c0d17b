"""Many addresses in one field, as people paste them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import fields
from chalicelib.people import matching
from chalicelib.registration.addresses import names_in, parsed

ANA, BO, CY = "ana@elm.example", "bo@elm.example", "cy@elm.example"


def emails(text: str | list[str]) -> list[str]:
    return [each.email for each in parsed(text)]


@pytest.mark.parametrize(
    "text",
    [
        f"{ANA},{BO},{CY}",
        f"{ANA}, {BO} ;{CY}",
        f"{ANA} {BO}\t{CY}",
        f"{ANA}\r\n{BO}\n\n{CY}\n",
        f"{ANA},,;{BO},\n;,{CY},",
        f"Ana Ash <{ANA}>, <{BO}> {CY}",
        f'"Ash, Ana" <{ANA}>; "Bo; of Elm" <{BO}>; {CY}',
        f"Ash, Ana <{ANA}>; Birch, Bo <{BO}>; Cy <{CY}>",
        f"'{ANA}'; \"{BO}\", ({CY})",
        f"mailto:{ANA}, {BO}. {CY}.",
        f"{ANA}\u200b,\ufeff{BO}\u00a0{CY}",
        f"{ANA}，{BO}；{CY}",
        f"Ana <{ANA}> Bo <{BO}> Cy <{CY}>",
    ],
)
def test_whatever_separates_them(text: str) -> None:
    assert emails(text) == [ANA, BO, CY]


def test_a_list_may_hold_many_in_one_entry() -> None:
    assert emails([f"{ANA}, {BO}", CY]) == [ANA, BO, CY]


def test_one_twice_is_one_whatever_its_case() -> None:
    assert emails(f"{ANA}, Ana@ELM.example, Ana <ANA@elm.example>, {BO}") == [ANA, BO]


def test_what_is_no_address_is_named_as_it_was_typed() -> None:
    found = parsed(f"{ANA}, jane at elm.example; bo@@elm.example\nDr. Who <nobody>, josé@elm.example")
    wrong = {each.typed: each.fault for each in found if not each.email}
    assert wrong == {
        "jane at elm.example": fields.NO_EMAIL,
        "bo@@elm.example": fields.NO_EMAIL,
        "Dr. Who <nobody>": fields.NO_EMAIL,
        "josé@elm.example": "We cannot send to addresses with letters such as é before the @.",
    }
    assert [each.email for each in found if each.email] == [ANA]


def test_a_mistyped_address_is_never_taken_for_a_name() -> None:
    assert [each.typed for each in parsed(f"ana.elm.example, Bo <{BO}>")] == ["ana.elm.example", f"Bo <{BO}>"]
    assert [each.typed for each in parsed(f"ana.elm.example {BO}")] == ["ana.elm.example", BO]


@pytest.mark.parametrize(
    ("text", "name", "first", "last"),
    [
        (f"Ana Maria Ash <{ANA}>", "Ana Maria Ash", "Ana Maria", "Ash"),
        (f'"Ash, Ana" <{ANA}>', "Ash, Ana", "Ana", "Ash"),
        (f"Ash, Ana <{ANA}>", "Ash, Ana", "Ana", "Ash"),
        (f"Ana <{ANA}>", "Ana", "Ana", ""),
        (ANA, "", "", ""),
    ],
)
def test_a_name_beside_an_address_is_kept(text: str, name: str, first: str, last: str) -> None:
    (only,) = parsed(text)
    assert (only.email, only.name) == (ANA, name)
    assert names_in(only.name) == (first, last)


_address = st.builds(
    lambda name, host: f"{name}@{host}.example",
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12),
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12),
)
_dressed = st.sampled_from(["{}", "<{}>", "Jane Doe <{}>", '"Doe, Jane" <{}>', "'{}'", "Doe, Jane <{}>"])
_between = st.sampled_from([",", ";", "\n", ", ", " ; ", "\r\n", ",\n", " ,, "])


@given(st.lists(st.tuples(_address, _dressed, _between), min_size=1, max_size=20))
def test_every_address_is_found_once_and_in_order(parts: list[tuple[str, str, str]]) -> None:
    text = "".join(f"{dress.format(address)}{between}" for address, dress, between in parts)
    assert emails(text) == list(dict.fromkeys(address for address, _, _ in parts))


@given(st.text(max_size=300))
def test_any_text_is_answered_for_and_nothing_of_it_can_break_a_line(text: str) -> None:
    found = parsed(text)
    keys = [matching.email_key(each.email or each.typed) for each in found]
    assert len(keys) == len(set(keys))
    for each in found:
        assert bool(each.email) != bool(each.fault)
        assert not each.email or fields.is_one_address(each.email)
        for said in (each.typed, each.name):
            assert not [char for char in said if unicodedata.category(char)[0] == "C"]
    if not found:
        assert not [char for char in text if char.isalnum()], "what was typed went missing"


@given(st.text(max_size=120))
def test_names_lose_nothing_but_spaces_and_a_comma(name: str) -> None:
    first, last = names_in(name)
    assert len(first) + len(last) <= len(name)
