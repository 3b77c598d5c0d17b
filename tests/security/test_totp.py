"""Authenticator apps: seeds, the address an app reads, and its picture. The codes themselves: threat 39."""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.security import totp
from tests.security import rotating
from tests.world import World

HOSTILE = (
    "Acme", "Acme & Sons", "a:b", "a?secret=AAAA&issuer=b#c", "a/../b", "Ä%41 %", "<script>alert(1)</script>", "\"'><svg/>",
    "a\r\nb\x00c", "漢字🙂", "a+b@c.example", "🙂" * 200, "漢" * 100, "",
)  # fmt: skip


def test_a_seed_is_fresh_and_has_160_bits() -> None:
    made = {totp.new_seed() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch("[A-Z2-7]{32}", seed) and len(base64.b32decode(seed)) == 20 for seed in made)


def test_a_seed_is_read_as_a_person_types_it() -> None:
    assert totp.grouped("ABCDEFGH234567") == "ABCD EFGH 2345 67"
    seed = totp.new_seed()
    assert totp.grouped(seed).replace(" ", "") == seed


def test_a_kept_seed_is_its_owner_s_alone(world: World) -> None:
    seed, owner = totp.new_seed(), ids.new()
    stored, code = totp.kept("acme", owner, seed), pyotp.TOTP(seed).at(int(world.clock()))
    assert seed not in stored and totp.kept("acme", owner, seed) != stored
    assert totp.step_of("acme", owner, stored, code) == int(world.clock()) // 30
    assert totp.step_of("acme", ids.new(), stored, code) is None
    assert totp.step_of("other", owner, stored, code) is None
    with rotating.kept(world, 2, "1", "2"):
        assert totp.step_of("acme", owner, stored, code) == int(world.clock()) // 30, "a rotation ends no app"
        assert totp.kept("acme", owner, seed).startswith("2.")


@pytest.mark.parametrize("issuer", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("account", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_breaks_the_address_apart(issuer: str, account: str) -> None:
    seed = totp.new_seed()
    given = totp.address(seed, issuer=issuer, account=account)
    assert re.fullmatch(r"[\x21-\x7e]+", given) and len(given) < 600
    parts = urlsplit(given)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert query.keys() == {"secret", "issuer"} and query["secret"] == [seed]
    by, _, whose = parts.path.removeprefix("/").partition(":")
    assert "/" not in by + whose and ":" not in by + whose
    assert query["issuer"] == [unquote(by)] and issuer.replace(":", " ").startswith(unquote(by))
    assert account.startswith(unquote(whose))
    if len(issuer.encode()) <= 40 and len(account.encode()) <= 40:
        assert (unquote(by), unquote(whose)) == (issuer.replace(":", " "), account), "short names are told whole"


def test_another_implementation_reads_the_same_from_the_address() -> None:
    seed = totp.new_seed()
    read = pyotp.parse_uri(totp.address(seed, issuer="Acme & Söhne", account="maria+1@northwind.example"))
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer, read.name, read.digits, read.interval) == (
        seed, "Acme & Söhne", "maria+1@northwind.example", 6, 30,
    )  # fmt: skip


@settings(max_examples=30)
@given(st.text(max_size=200), st.text(max_size=100))
def test_any_names_make_a_picture(issuer: str, account: str) -> None:
    assert totp.picture(totp.address(totp.new_seed(), issuer=issuer, account=account)).startswith("data:image/svg+xml")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_the_picture_is_an_image_that_can_do_nothing(name: str) -> None:
    """And one that a phone can read from a screen: not above version 20 (97 modules)."""
    head, _, body = totp.picture(totp.address(totp.new_seed(), issuer=name, account=name)).partition(",")
    assert head.split(";")[0] == "data:image/svg+xml" and not re.search("[\"'<>\\s]", body)
    drawing = ET.fromstring(unquote(body))
    named = [element.tag.rpartition("}")[2] for element in drawing.iter()]
    assert set(named) == {"svg", "g", "path"}
    told = {attribute for element in drawing.iter() for attribute in element.attrib}
    assert told <= {"viewBox", "class", "transform", "stroke", "fill", "d", "version", "width", "height"}
    assert not any((element.text or "").strip() for element in drawing.iter())
    size = float(drawing.attrib["viewBox"].split()[2])
    assert size / 5 - 8 <= 97
