"""One-time links: a token is taken whole, for what it was made for, and for nothing else."""

from __future__ import annotations

import base64
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.facts import Act
from chalicelib.security import links
from chalicelib.security.links import Link, LinkOver, Purpose, Standing
from tests.security import rotating
from tests.world import PUBLIC_URL, START, MovableClock, World

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def issued(
    slug: str, purpose: Purpose = "password-reset", holder: str = "", *, seconds: int = 1800, **detail: str
) -> Link:
    act = Act(slug, "system:tests")
    tx = act.transaction()
    made = links.issue(tx, slug, purpose, holder or ids.new(), seconds=seconds, detail=detail or None)
    tx.commit()
    return made


def token(slug: str, link: Link, place: int = 0) -> str:
    return links.token(slug, link.purpose, link.holder, link.id, link.version, place)


def why(slug: str, given: str, purpose: Purpose = "password-reset") -> str:
    """Why the token opens nothing; "live" if it does."""
    try:
        links.peek(slug, purpose, given)
    except LinkOver as refusal:
        assert (refusal.link is None) == (refusal.why == "wrong"), "what is not ours tells nothing"
        return refusal.why
    return "live"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_tells_the_link_it_was_made_for(world: World, purpose: Purpose) -> None:
    made = issued("acme", purpose, seconds=600, email="maria@northwind.example")
    found = links.peek("acme", purpose, token("acme", made, 2))
    assert found == Link(purpose, made.holder, made.id, 1, int(START) + 600, 2, {"email": "maria@northwind.example"})


def test_its_address_is_at_the_public_url_and_every_purpose_has_a_path_of_its_own(world: World) -> None:
    made = issued("acme", "staff-invitation")
    given = links.url("acme", "staff-invitation", made.holder, made.id, made.version, 0)
    assert given == f"{PUBLIC_URL}/acme/staff/join?t={token('acme', made)}"
    assert links.PATHS.keys() == set(PURPOSES) and len(set(links.PATHS.values())) == len(PURPOSES)


def test_a_message_can_write_the_address_from_its_context(world: World) -> None:
    made = issued("acme")
    told = links.context(made, 3)
    again = links.token(
        "acme", told["link_purpose"], told["link_holder"], told["link_id"], int(told["link_version"]),
        int(told["link_place"]),
    )  # fmt: skip
    assert again == token("acme", made, 3) and again not in told.values()


def test_a_token_changed_in_any_position_is_wrong(world: World) -> None:
    given = token("acme", issued("acme"))
    assert why("acme", given) == "live"
    for place, char in enumerate(given):
        at = BASE64.find(char)
        others = {
            BASE64[at - 1],
            BASE64[(at + 1) % 64],
            BASE64[at ^ 32],
            "A",
            "1",
            ".",
            "=",
            "+",
            "/",
            "٣",
            "\x00",
            "é",
        }
        for other in others - {char}:
            assert why("acme", given[:place] + other + given[place + 1 :]) == "wrong", (place, other)
        assert why("acme", given[:place] + given[place + 1 :]) == "wrong"
        assert why("acme", given[:place] + char + given[place:]) == "wrong"
        assert why("acme", given[:place]) == "wrong"


def test_other_spellings_of_the_same_bytes_are_wrong(world: World) -> None:
    given = token("acme", issued("acme"))
    version, place, body = given.split(".")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    spellings = [
        f"0{given}", f"+{given}", f" {given}", f"{given} ", f"{given}\n", f"{given}=", f"{given}==", f"{given}.", f".{given}",
        f"{version}.00.{body}", f"{version}.-0.{body}", f"１.{place}.{body}", f"{version}.０.{body}", f"1_0.{place}.{body}",
        f"{version}.{place}.{base64.b64encode(raw).decode()}", f"{version}.{place}.{body}AAAA", f"{version}.{place}.AAAA{body}",
        f"{version}.{place}.{raw.hex()}", given.upper(), given.lower(), given[::-1], given + "\ud800",
        given + "A" * 400, given + "A" * 100_000, given + "." * 500 + "\ud800",
    ]  # fmt: skip
    assert [each for each in spellings if why("acme", each) != "wrong"] == []


@settings(max_examples=200)
@given(
    st.one_of(
        st.text(max_size=300),
        st.text(alphabet=BASE64 + ".=", max_size=120),
        st.builds(
            lambda version, place, raw: f"{version}.{place}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}",
            st.integers(-1, 10**9), st.integers(-1, 10**9), st.binary(max_size=80),
        ),
    )
)  # fmt: skip
def test_any_text_is_wrong_and_breaks_nothing(text: str) -> None:
    assert why("acme", text) == "wrong"


def test_a_token_counts_for_its_own_portal_purpose_holder_link_and_place_alone(world: World) -> None:
    held = issued("acme")
    other = issued("acme")
    same_holder = [issued("acme", purpose, held.holder) for purpose in PURPOSES if purpose != "password-reset"]
    theirs = issued("other", holder=held.holder)
    for purpose in PURPOSES:
        assert why("acme", token("acme", held), purpose) == ("live" if purpose == "password-reset" else "wrong")
    for each in same_holder:
        assert why("acme", token("acme", each)) == "wrong" and why("acme", token("acme", each), each.purpose) == "live"
    assert why("other", token("acme", held)) == "wrong" and why("acme", token("other", theirs)) == "wrong"

    mine, yours = bytes_of(token("acme", held)), bytes_of(token("acme", other))
    mixed = [
        yours[:16] + mine[16:], mine[:16] + yours[16:32] + mine[32:], mine[:32] + yours[32:],
        mine[16:32] + mine[:16] + mine[32:],
    ]  # fmt: skip
    for raw in mixed:
        assert why("acme", f"1.0.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}") == "wrong"
    assert why("acme", token("acme", held).replace("1.0.", "1.1.")) == "wrong"
    assert len({token("acme", held, place) for place in range(20)}) == 20


def test_a_token_made_for_another_version_of_the_key_is_wrong(world: World) -> None:
    held = issued("acme")
    for version in ("0", "2", "7", "10", "99999", "999999"):
        assert why("acme", token("acme", held).replace("1.", f"{version}.", 1)) == "wrong"
    with rotating.kept(world, 2, "1", "2"):
        forged = links.token("acme", held.purpose, held.holder, held.id, 2, 0)
        assert why("acme", forged[:-27] + token("acme", held)[-27:]) == "wrong"
        assert why("acme", token("acme", held).replace("1.", "2.", 1)) == "wrong"


def test_a_link_outlives_a_rotation_of_the_keys_while_its_key_is_kept(world: World) -> None:
    held = issued("acme")
    old = token("acme", held)
    with rotating.kept(world, 2, "1", "2"):
        assert why("acme", old) == "live"
        newer = issued("acme")
        assert newer.version == 2 and why("acme", token("acme", newer)) == "live"
        act = Act("acme", "system:tests")
        tx = act.transaction()
        setup = links.spend(tx, "acme", links.peek("acme", "password-reset", old))
        tx.commit()
        assert links.opened("acme", setup).id == held.id
    with rotating.kept(world, 2, "2"):
        assert why("acme", token("acme", newer)) == "live"
        assert why("acme", old) == "wrong", "a key that is kept no longer"


def test_how_a_link_stands_is_told_to_staff(world: World, moment: MovableClock) -> None:
    holder = ids.new()
    assert links.standing("acme", "password-reset", holder) is None
    made = issued("acme", holder=holder, seconds=60)
    at = int(moment())
    assert links.standing("acme", "password-reset", holder) == Standing(at, at + 60, "live")
    moment.advance(60)
    assert links.standing("acme", "password-reset", holder) == Standing(at, at + 60, "expired")
    moment.advance(-60)
    tx = Act("acme", "system:tests").transaction()
    setup = links.spend(tx, "acme", made)
    tx.commit()
    assert links.standing("acme", "password-reset", holder) == Standing(at, at + 60, "opened")
    tx = Act("acme", "system:tests").transaction()
    links.finish(tx, "acme", setup)
    tx.commit()
    assert links.standing("acme", "password-reset", holder) == Standing(at, at + 60, "used")


def bytes_of(given: str) -> bytes:
    body = given.rpartition(".")[2]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
