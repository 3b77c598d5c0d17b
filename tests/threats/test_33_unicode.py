"""Threat 33. Unicode: however a client number is spelled, it is one number with one owner; look-alikes are other numbers.

A username is chosen by whoever comes first, so there look-alikes are the same: one owner for all of them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.errors import Invalid, Stale
from chalicelib.facts import Act
from chalicelib.people import accounts, matching, usernames, users
from tests.browsing import Browser, at_once
from tests.factories import change_account, make_account, make_client, make_machine, make_portal
from tests.world import World

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u200e\u202e"
TYPED = (
    "CAFÉ-1001", "café-1001", "Cafe\u0301 1001", "CAFE\u0301\u00a01001", "ＣＡＦÉ－１００１", "  café1001 ", "c.a.f.é/1001",
    "café—1001", "CA\u200bFÉ1001", "\ufeffcafé1001", "caf\u00ade\u03011001", "café_1001", "café 1\u200d001",
    "CAFÉ–10–01", "ｃａｆｅ\u03011001", "Café1001",
)  # fmt: skip
CLAIMED = (  # what may be put on file is plainer than what may be typed
    "CA-1001", "ca-1001", "Ca 1001", "CA1001", "CA.1001", "CA/1001", "CA_1001", "c-a-1-0-0-1", "CA--1001", "ca 10 01",
    "cA-1001 ", "CA- 1001", "CA10.01", "ca_10_01", "CA1001-", "Ca1001",
)  # fmt: skip
LOOK_ALIKES = {
    "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "K": "К", "M": "М", "O": "О", "P": "Р", "T": "Т", "X": "Х",
    "a": "а", "c": "с", "e": "е", "o": "о", "p": "р", "x": "х", "y": "у", "i": "і", "s": "ѕ", "I": "Ι", "N": "Ν", "Z": "Ζ",
}  # fmt: skip
SAME_USERNAMES = {
    "maria.nunez": (
        "Maria.Nunez", "MARIA.NUNEZ", "María.Núñez", "mari\u0301a.nun\u0303ez", "ｍａｒｉａ．ｎｕｎｅｚ",
        "ＭＡＲＩＡ．ＮＵＮＥＺ",
        "𝐦𝐚𝐫𝐢𝐚.𝓃𝓊𝓃ℯ𝓏", "ⓜⓐⓡⓘⓐ.nunez", "mаria.nunez", "mаriа.nunеz", "МАRIА.NUNEZ", "mαria.nunez", "marıa.nunez", "MARİA.nunez",
        "ᴍᴀʀɪᴀ.ɴᴜɴᴇᴢ", "mɑria.nunez", "maгia.nunez", "maria.ոunez", "maria.пunez", "mariа.ηυηez", "m\u200baria.nunez",
        "maria\u00ad.nunez", "\ufeffmaria.nunez", "maria.nunez\u202e", "maria.nu\u2060nez", "maria.\u3164nunez",
        "  maria.nunez\n",
        "maria .nunez", "maria.nunez\u0301", "m\u0308\u0308aria.nunez", "maria\ufe0f.nunez",
        "mari\u180ba.nun\U000e0100ez", "maria.nunez\x00", "maria.nunez\ud800",
    ),
    "paypal@x.example": ("PayPal@X.EXAMPLE", "раураl@x.example", "pаypal@x.example", "paypaӏ@x.example", "ραγραl@х.ехамрlе"),
    "strasse": ("straße", "STRASSE", "STRAẞE", "ѕtrasse", "ꜱtraſſe"),
    "office": ("oﬃce", "OFFICE", "оffice", "οffice", "օffice", "ofﬁce"),
    "мария": ("МАРИЯ", "Мария", "mария", "mapия"),
}  # fmt: skip
OTHER_USERNAMES = (
    ("maria1", "marial"), ("maria1", "maria"), ("maria", "mario"), ("0scar", "oscar"), ("rnaria", "maria"), ("vvill", "will"),
    ("maria.nunez", "marianunez"), ("maria.nunez", "maria_nunez"), ("maria-nunez", "maria_nunez"), ("maria", "maria."),
    ("maria+work@x.example", "maria@x.example"), ("maria@x.example", "maria@x.examples"), ("anna", "ana"), ("o'neil", "oneil"),
    ("maria", "мария"), ("maria", "µaria1"), ("łukasz", "lukasz"), ("søren", "soren"), ("æsop", "aesop"), ("ΝΙΝΑ", "NINA"),
    ("麻里", "真里"), ("マリア", "まりあ"), ("12345", "1234５6"),
)  # fmt: skip


def test_every_spelling_is_one_number() -> None:
    assert (len(set(TYPED)), len(set(CLAIMED))) == (16, 16)
    assert {matching.number_key(spelling) for spelling in TYPED} == {"café1001"}
    assert {matching.number_key(spelling) for spelling in CLAIMED} == {"ca1001"}


@given(
    st.text(alphabet=st.sampled_from("AbcÉñßøÅ19ǅﬁ"), min_size=1, max_size=12), st.sampled_from(ZERO_WIDTH), st.data()
)
def test_folding_is_blind_to_form_case_width_and_what_cannot_be_seen(
    text: str, unseen: str, data: st.DataObject
) -> None:
    key, place = matching.number_key(text), data.draw(st.integers(0, len(text)))
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert matching.number_key(unicodedata.normalize(form, text)) == key
    assert matching.number_key(text[:place] + unseen + text[place:]) == key
    assert matching.number_key(text[:place] + " - " + text[place:]) == key
    assert matching.number_key(text.lower()) == matching.number_key(text.upper().lower())
    assert matching.number_key(key) == key


def test_a_look_alike_of_another_alphabet_never_matches() -> None:
    for latin, other in LOOK_ALIKES.items():
        assert latin != other
        assert matching.number_key(f"{latin}-1") != matching.number_key(f"{other}-1"), unicodedata.name(other)
        assert matching.name_key(f"J{latin}") != matching.name_key(f"J{other}"), unicodedata.name(other)
        assert matching.email_key(f"{latin}@x.example") != matching.email_key(f"{other}@x.example")


def test_of_64_parallel_claims_in_16_spellings_exactly_one_is_granted(world: World) -> None:
    portal = make_portal(world)

    def claim(spelling: str) -> str:
        try:
            return make_account(portal, number=spelling).id
        except Invalid as refusal:
            assert refusal.fields == {"number": accounts.NUMBER_TAKEN}
            return "taken"

    answers = Counter(at_once([lambda s=spelling: claim(s) for spelling in CLAIMED * 4], threads=64))  # type: ignore[misc]
    assert answers.pop("taken") == 63
    (owner,) = answers
    assert [account.id for account in accounts.listed(portal.slug).items] == [owner]


def test_of_64_parallel_renames_to_one_number_exactly_one_is_granted(world: World) -> None:
    portal = make_portal(world)
    made = [make_account(portal) for _ in range(16)]

    def rename(account_id: str, spelling: str) -> bool:
        try:
            change_account(portal, account_id, number=spelling)
        except (Invalid, Stale):
            return False
        return True

    won = at_once(
        [lambda a=a, s=s: rename(a.id, s) for a, s in zip(made * 4, CLAIMED * 4, strict=True)],  # type: ignore[misc]
        threads=64,
    )
    owners = [a for a in accounts.listed(portal.slug).items if matching.number_key(a.number or "") == "ca1001"]
    assert any(won) and len(owners) == 1


def test_the_owner_signs_in_by_any_spelling_and_a_look_alike_finds_nobody(world: World) -> None:
    portal = make_portal(world)
    client = make_client(world, portal, last_name="Cox")
    change_account(portal, client.account.id, number="CAXE-1")
    world.drain()
    start = len(world.inbox)

    def asks(number: str, last_name: str, at: str) -> int:
        browser = Browser(at)
        browser.open(f"/{portal.slug}/sign-in")
        browser.fill(client_number=number, last_name=last_name)
        browser.fill(method="email", destination=client.email)
        world.drain()
        world.clock.advance(minutes=16)  # what is typed of others counts against this address as well
        return len(world.inbox) - start

    assert asks("САХЕ-1", "Cox", "198.51.100.1") == 0  # all Cyrillic but for the digit
    assert asks("CАXE-1", "Cox", "198.51.100.2") == 0  # one Cyrillic letter
    assert asks("CAXE-1", "Сох", "198.51.100.3") == 0  # the name in Cyrillic
    assert asks("ｃａ\u200bｘｅ １", "COX", "198.51.100.4") == 1


@pytest.mark.parametrize(
    "number",
    [
        "", " ", "--", ZERO_WIDTH, "\u0301", "🙂", "#", "//", "АСЕ-1", "CАXE-1", "ＣＡ－１", "CA\u200b1", "CAFÉ", "CA-1\n",
        "CA\r\n1", "CA#1",
    ],
)  # fmt: skip
def test_what_could_be_taken_for_another_number_cannot_be_put_on_file(world: World, number: str) -> None:
    machine = make_machine(make_portal(world))
    answer = machine.ask("POST", "accounts", {"name": "Northwind", "number": number})
    assert answer.status == 400 and [each["field"] for each in answer.json["errors"]] == ["number"]
    assert machine.get("accounts")["items"] == []


def test_a_last_line_break_slips_past_no_pattern(world: World) -> None:
    portal = make_portal(world)
    machine, deployment = make_machine(portal), make_machine()
    assert deployment.ask("POST", "/portals", {"slug": f"{portal.slug}x\n", "name": "x"}).status == 400
    assert deployment.ask("POST", "/portals", {"slug": "api\n", "name": "x"}).status == 400
    for body in ({"name": "Northwind\n"}, {"name": "x", "number": "N-1\n"}, {"name": "x", "tags": ["a\n"]}):
        assert machine.ask("POST", "accounts", body).status == 400, body
    assert machine.ask("PATCH", "", {"branding": {"brand_colour": "#112233\n"}}).status == 400
    assert machine.ask("PATCH", "", {"support": {"hours": "9 to 5\n"}}).status == 400


@pytest.mark.parametrize("plain", SAME_USERNAMES)
def test_usernames_that_look_alike_are_one(plain: str) -> None:
    spelled = SAME_USERNAMES[plain]
    assert len({plain, *spelled}) == 1 + len(spelled)
    assert {name: usernames.key(name) for name in spelled} == dict.fromkeys(spelled, usernames.key(plain))


@pytest.mark.parametrize(("one", "other"), OTHER_USERNAMES)
def test_usernames_that_do_not_look_alike_stay_two(one: str, other: str) -> None:
    assert usernames.key(one) != usernames.key(other)


def test_a_username_with_a_look_alike_of_another_alphabet_is_refused_or_the_same() -> None:
    for latin, other in LOOK_ALIKES.items():
        assert usernames.key(f"j{latin}ne") == usernames.key(f"j{other}ne") or other == "Ν"
        with pytest.raises(Invalid):
            usernames.checked(f"j{other}ne")


@given(
    st.text(alphabet=st.sampled_from("AbcÉñßøÅ19ǅﬁ"), min_size=1, max_size=12), st.sampled_from(ZERO_WIDTH), st.data()
)
def test_a_username_is_blind_to_form_case_width_and_what_cannot_be_seen(
    text: str, unseen: str, data: st.DataObject
) -> None:
    key, place = usernames.key(text), data.draw(st.integers(0, len(text)))
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert usernames.key(unicodedata.normalize(form, text)) == key
    assert usernames.key(text[:place] + unseen + text[place:]) == key
    assert usernames.key(text.upper()) == usernames.key(text.lower()) == key


def test_of_64_parallel_claims_of_a_username_in_16_spellings_exactly_one_is_granted(world: World) -> None:
    slug = make_portal(world).slug

    def claim(spelling: str) -> str:
        user_id, tx = ids.new(), Act(slug, "system:tests").transaction()
        users.add(
            tx, slug, user_id=user_id, kind="customer", username=spelling, username_key=usernames.key(spelling)
        )  # fmt: skip
        try:
            tx.commit()
        except users.UsernameTaken:
            return "taken"
        return user_id

    spellings = SAME_USERNAMES["maria.nunez"][:16]
    answers = Counter(at_once([lambda s=s: claim(s) for s in spellings * 4], threads=64))  # type: ignore[misc]

    assert answers.pop("taken") == 63
    (owner,) = answers
    assert [user.id for user in users.listed(slug, "customer").items] == [owner]
    assert {users.find(slug, usernames.key(spelling)).id for spelling in spellings} == {owner}  # type: ignore[union-attr]
