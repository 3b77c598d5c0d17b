"""Sealed values at rest: readable for their purpose and owner, over a rotation of the keys, and not when damaged."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.security import keys
from chalicelib.security.sealed import keep, kept, seal, unseal
from tests.security import rotating
from tests.world import MovableClock, World


@pytest.mark.parametrize("text", ["", "JBSWY3DPEHPK3PXP", "Nuñez 漢字🙂\x00\n", "x" * 10_000])
def test_what_is_kept_is_read_again(world: World, moment: MovableClock, text: str) -> None:
    stored = keep("totp", "acme#maria", text)
    moment.advance(days=3650)
    assert kept("totp", "acme#maria", stored) == text
    assert keep("totp", "acme#maria", text) != stored, "under a nonce of its own"


def test_it_is_bound_to_owner_and_purpose(world: World) -> None:
    stored = keep("totp", "acme#maria", "seed")
    for purpose, whose in [
        ("totp", "acme#jorge"), ("totp", "other#maria"), ("totp", "acme#mari"), ("totp", ""), ("totp", "acme#maria "),
        ("sms", "acme#maria"), ("", "acme#maria"), ("totp/", "acme#maria"),
    ]:  # fmt: skip
        assert kept(purpose, whose, stored) is None, (purpose, whose)


def test_what_travels_is_not_what_lies_and_the_other_way_round(world: World) -> None:
    assert kept("totp", "acme", seal("totp", "acme", "seed", 60)) is None
    assert unseal("totp", "acme", keep("totp", "acme", "seed"), str) is None


def test_it_outlives_a_rotation_while_its_key_is_kept(world: World) -> None:
    stored = keep("totp", "acme#maria", "seed")
    with rotating.kept(world, 2, "1", "2"):
        newer = keep("totp", "acme#maria", "seed")
        assert stored.startswith("1.") and newer.startswith("2.")
        assert kept("totp", "acme#maria", stored) == kept("totp", "acme#maria", newer) == "seed"
        assert kept("totp", "acme#maria", "2" + stored[1:]) is None
    with rotating.kept(world, 2, "2"), pytest.raises(keys.UnknownVersion):
        kept("totp", "acme#maria", stored)


def test_damage_in_any_position_makes_it_nothing(world: World) -> None:
    stored = keep("totp", "acme#maria", "seed")
    head, _, body = stored.partition(".")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert kept("totp", "acme#maria", f"{head}.{base64.urlsafe_b64encode(flipped).decode().rstrip('=')}") is None
    for end in range(2, len(stored)):
        assert kept("totp", "acme#maria", stored[:end]) is None
    for other in (
        "",
        ".",
        "1",
        "1.",
        "x." + body,
        "." + body,
        body,
        "é." + body,
        f"{head}.é{body}",
        f"{head}.!{body}A",
    ):
        assert kept("totp", "acme#maria", other) is None, other


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_none_or_of_an_unknown_key(body: str, whose: str) -> None:
    for stored in (body, f"1.{body}"):
        try:
            assert kept("totp", whose, stored) is None
        except keys.UnknownVersion:
            assert stored.partition(".")[0].strip().isdecimal()
