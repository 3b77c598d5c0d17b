"""Recovery codes: each opens once, for its owner, however it is typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.security import recovery
from tests.security import rotating
from tests.world import World


def test_ten_fresh_codes_that_nobody_misreads() -> None:
    made = [code for _ in range(100) for code in recovery.new_codes()]
    assert len(recovery.new_codes()) == 10 and len(set(made)) == 1000
    assert all(re.fullmatch("[a-hjkmnp-z2-9]{7}-[a-hjkmnp-z2-9]{7}", code) for code in made)
    letters = "".join(made).replace("-", "")
    assert len(set(letters)) == 31 and max(letters.count(each) for each in set(letters)) < 1.4 * len(letters) / 31


def test_each_opens_once_and_the_others_stay(world: World) -> None:
    owner, codes = ids.new(), recovery.new_codes()
    left = recovery.digests("acme", owner, codes)
    assert len(set(left)) == 10
    for used, code in enumerate(codes, start=1):
        before = left
        taken = recovery.without("acme", owner, before, code)
        assert taken is not None and len(taken) == 10 - used and set(taken) < set(before)
        left = taken
        assert recovery.without("acme", owner, left, code) is None, "not twice"
    assert left == ()


def test_they_are_their_owner_s_in_one_portal(world: World) -> None:
    owner, codes = ids.new(), recovery.new_codes()
    stored = recovery.digests("acme", owner, codes)
    assert recovery.without("acme", ids.new(), stored, codes[0]) is None
    assert recovery.without("other", owner, stored, codes[0]) is None
    assert not set(stored) & set(recovery.digests("acme", ids.new(), codes))


def test_only_digests_are_stored_and_they_outlive_a_rotation_of_the_keys(world: World) -> None:
    owner, codes = ids.new(), recovery.new_codes()
    stored = recovery.digests("acme", owner, codes)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in stored)
    with rotating.kept(world, 2, "1", "2"):
        assert recovery.without("acme", owner, stored, codes[3]) is not None


@pytest.mark.parametrize(
    "spelled",
    [
        str.upper, str.title, lambda code: code.replace("-", ""), lambda code: code.replace("-", " "),
        lambda code: f"  {code}\r\n", lambda code: " ".join(code), lambda code: "-".join(code),
        lambda code: code.replace("-", "–"), lambda code: code.replace("-", "\u2011"),
        lambda code: code.replace("-", "\u00a0—\t"), lambda code: "\u2003".join(code),
    ],
)  # fmt: skip
def test_case_spaces_and_hyphens_are_forgiven(world: World, spelled: object) -> None:
    assert callable(spelled)
    owner, codes = ids.new(), recovery.new_codes()
    stored = recovery.digests("acme", owner, codes)
    assert recovery.without("acme", owner, stored, spelled(codes[0])) == stored[1:]


def test_nothing_else_is(world: World) -> None:
    owner, (code, *_) = ids.new(), recovery.new_codes()
    stored = recovery.digests("acme", owner, (code,))
    wrong = [
        code[:place] + ("a" if char != "a" else "b") + code[place + 1 :]
        for place, char in enumerate(code)
        if char != "-"
    ]
    wrong += ["", "-", code[:-1], code[1:], code + "a", "a" + code, code + code, code + " " * 100 + "a", code + "\x00"]
    assert [each for each in wrong if recovery.without("acme", owner, stored, each) is not None] == []
    assert recovery.without("acme", owner, (), code) is None


def test_oversized_input_is_none_of_them_and_cheap(world: World) -> None:
    owner, codes = ids.new(), recovery.new_codes()
    stored = recovery.digests("acme", owner, codes)
    for text in ("a" * 65_536, codes[0] * 5_000, codes[0] + "a" * 65_536, "-" * 65_536, "\u0301" * 65_536):
        assert recovery.without("acme", owner, stored, text) is None
        assert len(recovery.cleaned(text)) <= 40


@given(st.text(max_size=80))
def test_any_text_is_none_of_them_and_cleaned_once(text: str) -> None:
    assert recovery.cleaned(recovery.cleaned(text)) == recovery.cleaned(text)
    assert recovery.without("acme", "u", recovery.digests("acme", "u", ("aaaaaaa-aaaaaaa",)), text) is None
