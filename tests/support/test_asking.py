"""What may be typed by who asks for help, and the number they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid
from chalicelib.messaging.wording import HELP_KINDS, TEMPLATES
from chalicelib.pages import help_requests as pages
from chalicelib.support import asking, references
from chalicelib.support.shapes import Asked
from tests.factories import HELP

REACHED = [
    "maria@northwind.example", "Maria.Nunez+help@northwind.example", "+1 415 555 0132", "(415) 555-0132", "415.555.0132 x12",
    "555 0132", "030/1234567", "+44 20 7946 0958 ext. 3", "０１２３４５６７８９",
]  # fmt: skip
NOT_REACHED = [
    "maria", "maria@", "@northwind.example", "maria@northwind", "a@x.example, b@x.example", "call me", "0132", "1" * 16,
    "+1 415 555 0132 <b>", "javascript:alert(1)", "555-0132; drop", "maria@x.example\x00",
]  # fmt: skip


def asked(**typed: str) -> Asked:
    return Asked(**{**HELP, **typed})


def faults(**typed: str) -> dict[str, str]:
    try:
        asking.checked(asked(**typed))
    except Invalid as refusal:
        return refusal.fields
    return {}


def test_every_kind_has_words_on_the_page_and_in_the_mail() -> None:
    assert set(asking.KINDS) == pages._LABELS.keys() == HELP_KINDS.keys()


@pytest.mark.parametrize("way", REACHED)
def test_an_email_address_or_a_phone_number_is_kept_as_typed(way: str) -> None:
    assert asking.checked(asked(reached_by=f"  {way} ")).reached_by == way


@pytest.mark.parametrize("way", NOT_REACHED)
def test_what_is_neither_is_refused_beside_its_field(way: str) -> None:
    assert list(faults(reached_by=way)) == ["reached_by"]


def test_every_fault_is_named_at_once() -> None:
    wrong = {"kind": "x", "name": " ", "reached_by": "x", "signs_in_as": "9" * 201, "message": "\n \n"}
    assert list(faults(**wrong)) == ["kind", "name", "reached_by", "signs_in_as", "message"]
    assert faults(message="x" * 4001) == {"message": "Use at most 4,000 characters."}
    assert faults(signs_in_as="") == {}


def test_breaks_and_unseen_marks_do_not_come_along() -> None:
    kept = asking.checked(asked(
        name="Maria\r\nBcc: x@evil.example\u2028Nuñez", reached_by="\u202a+1 415 555 0132\u202c",
        message="one \r\ntwo\u2029three\n",
    ))  # fmt: skip
    assert kept.name == "Maria Bcc: x@evil.example Nuñez"
    assert kept.reached_by == "+1 415 555 0132"
    assert kept.message == "one\ntwo\nthree"


@given(st.fixed_dictionaries({name: st.text(max_size=300) for name in ("name", "signs_in_as", "message")}))
def test_whatever_is_taken_suits_the_mail(typed: dict[str, str]) -> None:
    try:
        kept = asking.checked(asked(**typed))
    except Invalid as refusal:
        assert refusal.fields.keys() <= typed.keys()
        return
    said = {name: getattr(kept, name) for name in Asked.__struct_fields__}
    TEMPLATES["help-request"].check({"reference": references.draw(), **said})
    assert asking.checked(kept) == kept, "and cleaning it again changes nothing"


def test_a_number_is_read_however_it_was_heard() -> None:
    for _ in range(200):
        number = references.draw()
        assert len(number) == len("H-7K4M-9C") and not set(number) & set("01258BILOQSUVZAE")
        held = references.letters(number)
        assert held and len(held) == 6
        for heard in (number.lower(), number.replace("-", " "), number[2:], f" {number}.", number.replace("-", "–")):
            assert references.letters(heard) == held, heard
    for other in ("", "H-", "H-7K4M", "H-7K4M-9CC", "H-0O1I-LL", "#", "x" * 5000):
        assert references.letters(other) is None
