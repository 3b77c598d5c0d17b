"""Passwords: what is taken, what a try costs, and the generated ones."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.errors import Invalid
from chalicelib.security import keys, passwords
from tests.browsing import at_once
from tests.security import rotating
from tests.world import World

pytestmark = pytest.mark.usefixtures("real_hashes")
GOOD = "copper umbrella at noon"
ALPHABET = set("abcdefghjkmnpqrstuvwxyz23456789")
MARKS = "a" + "\u0301\u0316" * 16_000  # what takes Python long to compose
TYPED = st.one_of(
    st.text(max_size=140),
    st.text(alphabet="4@8({[<369!1|7+$5%20 maria", max_size=140),
    st.text(alphabet="0123456789-/. ", max_size=140),
    st.text(alphabet="\x00\n\u200b\u0301\ud800🙂\ufeff ", max_size=140),
)


class Counting:
    """argon2's hasher, and how often it has really worked: a hash that it cannot read costs it nothing."""

    def __init__(self) -> None:
        self._real, self.worked = passwords._hasher(), 0

    def hash(self, password: str) -> str:
        """Work."""
        self.worked += 1
        return str(self._real.hash(password))

    def verify(self, stored: str, password: str) -> bool:
        """Work."""
        from argon2.exceptions import VerifyMismatchError

        try:
            right = bool(self._real.verify(stored, password))
        except VerifyMismatchError:
            self.worked += 1
            raise
        self.worked += 1
        return right


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(passwords, "_hasher", lambda: counting)
    return counting


@pytest.fixture(scope="module")
def stored(real_hashes: None) -> str:
    return passwords.hashed(GOOD)


def refused(password: str, *, least: int = 12, words: tuple[str, ...] = ()) -> str:
    """What is said of a password that is not taken; nothing of one that is."""
    try:
        passwords.check(password, least=least, words=words)
    except Invalid as refusal:
        assert refusal.fields.keys() == {"password"}
        return refusal.fields["password"]
    return ""


def mixed(length: int) -> str:
    """A strong password of this length."""
    return ("kV9-wq.Zt7 umbra/Pox3;" * 50)[:length]


@pytest.mark.parametrize(
    ("password", "said"),
    [
        (mixed(11), "at least 12"), (mixed(12), ""), (mixed(128), ""), (mixed(129), "at most 128"), ("", "at least 12"),
        (mixed(11) + "e\u0301", ""),  # twelve once composed
        (mixed(10) + "e\u0301", "at least 12"),  # eleven once composed, though twelve were typed
        (mixed(10) + "ﬁ", ""),  # a ligature is two letters
        (mixed(127) + "ﬁ", "at most 128"),
        (unicodedata.normalize("NFD", mixed(64) + "\u1f82" * 64), ""),  # 320 typed, 128 once composed
        (unicodedata.normalize("NFD", "\u1f82" * 129), "at most 128"),
        (mixed(7) + "🙂🦊🪁🧵🎈", ""), ("🙂" * 11, "at least 12"), (mixed(11) + "\x00", ""),
        (" " * 12, "of spaces alone"), ("\u3000\u2003\t\n" * 4, "of spaces alone"), (" " * 128, "of spaces alone"),
        (" " * 129, "at most 128"),
    ],
)  # fmt: skip
def test_the_bounds_count_characters_as_they_are_composed(password: str, said: str) -> None:
    assert said in refused(password) and bool(said) == bool(refused(password))


def test_the_least_length_is_the_policy_s() -> None:
    assert "at least 8" in refused(mixed(7), least=8)
    assert refused(mixed(9), least=8) == "" and "too easy" in refused(mixed(8), least=8), "eight never reach the score"


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword", "p4$$w0rdp4$$w0rd", "123456789012", "qwertyuiopas", "aaaaaaaaaaaa", "letmeinletmein",
        "iloveyou12345", "\u200b" * 12, "\u0301" * 12, "🙂" * 12, "P@$$w0rd1234",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_too_easy(password: str) -> None:
    assert "too easy to guess" in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "acme benefits 2030", "Acme-Benefits!", "maria.nunez@northwind.example", "xmaria.nunez@northwind.example1",
        "northwind traders", "NORTHWINDTRADERS1", "maria-northwind", "mariamarianorthwind", "acmebenefitsnw1000",
        "ｎｏｒｔｈｗｉｎｄ　ｔｒａｄｅｒｓ", "nuñez nuñez nuñez",
    ],
)  # fmt: skip
def test_the_own_words_of_a_person_and_a_portal_do_not_count(password: str) -> None:
    own = ("Acme Benefits", "acme-benefits", "maria.nunez@northwind.example", "Northwind Traders", "NW-1000", "Nuñez")
    assert "too easy to guess" in refused(password, words=own)
    assert refused(f"{password} copper umbrella at noon", words=own) == "", "with words of their own it is taken"


def test_an_own_word_counts_however_it_is_composed_and_however_long() -> None:
    long = f"{mixed(64)}@{mixed(30)}.example".replace(" ", "")
    assert "too easy" in refused(long, words=(long,))
    for form in ("NFC", "NFD", "NFKD"):
        word = unicodedata.normalize(form, "Çağrışım Ltd")
        assert "too easy" in refused("ÇağrışımÇağrışım1", words=(word,)), form


@settings(max_examples=150)
@given(TYPED, st.lists(st.text(max_size=90), max_size=4))
def test_any_text_is_judged_with_any_words(password: str, words: list[str]) -> None:
    assert passwords.strength(password, words) in range(5)
    assert isinstance(refused(password, words=tuple(words)), str)


@pytest.mark.parametrize("letter", ["ß", "ŉ", "ﷺ", "İ"])
def test_letters_that_grow_when_folded_are_judged(letter: str) -> None:
    assert passwords.strength(letter * 128, ["maria"]) in range(5)


def test_the_order_of_words_makes_no_difference() -> None:
    words = [f"word{number} other{number}" for number in range(30)]
    judged = {passwords.strength("word7 other21 zq", some) for some in (words, words[::-1], words[7:] + words[:7])}
    assert len(judged) == 1


def test_words_of_one_do_not_count_for_another_who_is_judged_at_the_same_time() -> None:
    password = "zanthorpe quillfeather"
    calls = [lambda w=w: passwords.strength(password, w) for w in ([], ["Zanthorpe", "Quillfeather"]) * 60]  # type: ignore[misc]
    told = at_once(calls, threads=8)
    assert set(told[::2]) == {4} and set(told[1::2]) == {0}


@pytest.mark.parametrize(
    "password",
    [
        "4@8({[<369!1|7+$5%20" * 4, "4@8({[<369!1|7+$5%20maria" * 3, "p4$$w0rd" * 16, "a1" * 64, "qwertyuiop" * 12,
        "1991-1-1" * 16,
    ],
)  # fmt: skip
def test_judging_takes_no_longer_for_what_is_made_to_take_long(password: str) -> None:
    assert cpu(lambda: passwords.strength(password, ["Maria", "4@8({[<369!1|7+$5%20"])) < 1


@pytest.mark.parametrize("typed", ["x" * 10_000, MARKS, "ﷺ" * 10_000, GOOD + " " * 200])
def test_what_is_far_too_long_is_refused_before_it_is_judged_or_hashed(
    stored: str, hasher: Counting, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr(passwords, "_score", lambda *_: pytest.fail("it was judged"))
    assert cpu(lambda: refused(typed)) < 0.1 and "at most 128" in refused(typed)
    assert cpu(lambda: passwords.matches(stored, typed)) < 0.1
    assert not passwords.matches(stored, typed) and not passwords.matches(None, typed)
    assert hasher.worked == 0


def test_a_password_is_matched_whole_and_not_by_its_beginning() -> None:
    longest = mixed(128)
    stored = passwords.hashed(longest)
    assert passwords.matches(stored, longest)
    assert not passwords.matches(stored, longest + "x") and not passwords.matches(stored, longest[:-1])


@pytest.mark.parametrize("password", ["nul\x00 and more of it", "🙂🦊🪁🧵🎈 and so on", "Çağrışım und Straße"])
def test_any_character_counts_and_composition_does_not(password: str) -> None:
    stored = passwords.hashed(unicodedata.normalize("NFD", password))
    assert passwords.matches(stored, unicodedata.normalize("NFC", password))
    assert not passwords.matches(stored, password.partition(" ")[0].rstrip("\x00"))


def test_a_hash_is_argon2id_with_the_decided_numbers_and_a_salt_of_its_own(stored: str) -> None:
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and GOOD not in stored
    assert passwords.hashed(GOOD) != stored


def test_a_try_costs_one_hash_whether_there_is_a_user_or_not(stored: str, hasher: Counting) -> None:
    passwords._dummy()
    for held in (stored, None, ""):
        for typed in (GOOD, "another one altogether", ""):
            before = hasher.worked
            assert passwords.matches(held, typed) is (held == stored and typed == GOOD)
            assert hasher.worked == before + 1, (held, typed)


def test_without_a_hash_nothing_is_right_whatever_it_is_held_against(
    stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_dummy", lambda: stored)
    assert passwords.matches(stored, GOOD) and not passwords.matches(None, GOOD)


def test_what_nobody_has_is_held_against_the_same_parameters(stored: str) -> None:
    assert passwords._dummy().rsplit("$", 2)[0] == stored.rsplit("$", 2)[0]
    assert [len(part) for part in passwords._dummy().split("$")] == [len(part) for part in stored.split("$")]
    assert not passwords.is_outdated(passwords._dummy())


@pytest.mark.parametrize("held", ["x", "$argon2id$", "$2b$12$" + "a" * 53, "$argon2id$v=19$m=19456,t=2,p=1$$"])
def test_a_damaged_hash_opens_nothing(held: str) -> None:
    assert not passwords.matches(held, GOOD)


def test_a_hash_made_with_other_parameters_still_counts_and_is_outdated(stored: str) -> None:
    from argon2 import PasswordHasher, Type

    for other in ({"time_cost": 1}, {"memory_cost": 8 * 1024}, {"parallelism": 2}, {"type": Type.I}):
        numbers: dict[str, Any] = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1, "type": Type.ID} | other
        older = PasswordHasher(**numbers).hash(GOOD)
        assert passwords.is_outdated(older) and passwords.matches(older, GOOD), other
    assert not passwords.is_outdated(stored)


def test_a_generated_password_is_derived_and_differs_with_everything_it_is_derived_from(world: World) -> None:
    holder, nonce = ids.new(), ids.new()
    assert passwords.generated("acme", holder, nonce, 1) == passwords.generated("acme", holder, nonce, 1)
    with rotating.kept(world, 2, "1", "2"):
        assert keys.current() == 2
        made = [
            passwords.generated("acme", holder, nonce, 1), passwords.generated("acme", holder, nonce, 2),
            passwords.generated("other", holder, nonce, 1), passwords.generated("acme", ids.new(), nonce, 1),
            passwords.generated("acme", holder[:-1] + "g", nonce, 1), passwords.generated("acme", holder, nonce[:-1] + "g", 1),
            passwords.generated("acme", holder, ids.new(), 1), passwords.generated("acme", holder + nonce, "", 1),
            passwords.generated("acme", nonce, holder, 1),
        ]  # fmt: skip
    assert made[0] == passwords.generated("acme", holder, nonce, 1), "a rotation changes nothing of what is under way"
    assert len(set(made)) == len(made)


def test_generated_passwords_are_unique_readable_and_strong(world: World) -> None:
    made = [passwords.generated("acme", ids.new(), ids.new(), 1) for _ in range(2000)]
    assert len(set(made)) == 2000
    letters = "".join(made).replace("-", "")
    assert set(letters) == ALPHABET, "all of the alphabet, and nothing that is read as something else"
    assert max(letters.count(each) for each in ALPHABET) < 1.2 * len(letters) / len(ALPHABET)
    assert all([len(part) for part in each.split("-")] == [4, 4, 4, 4] for each in made)
    for each in made[:100]:
        assert refused(each, words=("Acme Benefits", "acme", "maria@northwind.example", "com", "Lee")) == ""


def cpu(call: Callable[[], object]) -> float:
    """Seconds of processor time."""
    before = time.process_time()
    call()
    return time.process_time() - before
