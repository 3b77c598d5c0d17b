"""What offices and providers are checked by: matched however it is spelled, counted, and told to nobody."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from chalicelib.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.facts import Act, Kind
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.registration import checks
from chalicelib.registration.shapes import Checks, ChecksGiven, ChecksInput
from chalicelib.tables import TABLES
from tests.factories import facts_of, make_account, make_portal, staff
from tests.mishaps import Mishap, Mishaps
from tests.offices import make_office, make_provider
from tests.world import World


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


def put(portal: Portal, account: Account, **wanted: Any) -> Checks:
    return checks.change(staff(portal), account.id, msgspec.convert(wanted, ChecksInput))


def tried(account: Account, portal: Portal, claim_number: str = "", birth_date: str = "") -> tuple[str, str]:
    came_out = checks.outcome(portal.slug, account, claim_number, birth_date)
    assert isinstance(came_out, ChecksGiven)
    return came_out.claim_number, came_out.birth_date


def test_each_check_comes_out_by_itself(portal: Portal) -> None:
    office = make_office(portal)
    provider = make_provider(portal, office)
    assert put(portal, provider, add_claim_numbers=["2026-004711", "CLM 88"], birth_date="1970-01-31") == Checks(
        claim_numbers=2, birth_date=True
    )
    for spelled in ("2026-004711", "2026004711", " 2026 004711 ", "clm-88", "ＣＬＭ88"):
        assert tried(provider, portal, spelled) == ("matched", "not-given"), spelled
    for spelled in ("2026-004712", "004711", "CLM 8", "CLM 888"):
        assert tried(provider, portal, spelled, "1970-01-31") == ("not-matched", "matched"), spelled
    assert tried(provider, portal) == tried(provider, portal, " - ", "  ") == ("not-given", "not-given")
    for date in ("1970-01-30", "1970-1-31", "31.01.1970", "never"):
        assert tried(provider, portal, "clm88", date) == ("matched", "not-matched"), date


def test_nobody_is_checked_by_what_is_anothers(world: World, portal: Portal) -> None:
    office = make_office(portal)
    provider, elsewhere = make_provider(portal, office), make_office(make_portal(world))
    put(portal, provider, add_claim_numbers=["4711"], birth_date="1970-01-31")
    for account in (office, make_provider(portal, office), elsewhere):
        assert tried(account, portal, "4711", "1970-01-31") == ("not-matched", "not-matched")
    put(portal, office, add_claim_numbers=["4711"], birth_date="1970-01-31")
    rows = [item for item in world.scan("registrations") if item["pk"]["S"].startswith(f"{portal.slug}#checks#")]
    kept = {item.get("fingerprint", item["sk"])["S"] for item in rows}
    assert len(kept) == len(rows) == 4, "nor does a row tell that two have the same"


def test_claim_numbers_are_added_removed_and_replaced(portal: Portal) -> None:
    office = make_office(portal)
    assert put(portal, office, add_claim_numbers=["1", "2", "2-", "3"]).claim_numbers == 3
    assert put(portal, office, add_claim_numbers=["3", "4"], remove_claim_numbers=["1", "9", "4"]).claim_numbers == 3
    assert [tried(office, portal, number)[0] for number in "1234"] == ["not-matched", *["matched"] * 3]
    put(portal, office, birth_date="1980-02-29")
    assert put(portal, office, add_claim_numbers=["4", "5"], remove_other_claim_numbers=True) == Checks(
        claim_numbers=2, birth_date=True
    )
    assert [tried(office, portal, number)[0] for number in "2345"] == [*["not-matched"] * 2, *["matched"] * 2]
    assert put(portal, office, birth_date=None) == Checks(claim_numbers=2, birth_date=False)
    assert put(portal, office, remove_other_claim_numbers=True) == Checks(claim_numbers=0, birth_date=False)
    assert tried(office, portal, "5", "1980-02-29") == ("not-matched", "not-matched")


def test_five_hundred_go_in_one_call_and_facts_only_count(portal: Portal) -> None:
    office = make_office(portal)
    numbers = [f"2026-{number:06}" for number in range(500)]
    assert put(portal, office, add_claim_numbers=numbers, birth_date="1970-01-31").claim_numbers == 500
    put(portal, office, add_claim_numbers=numbers, birth_date="1970-01-31")  # all of it is so already
    put(portal, office, remove_claim_numbers=numbers[:30], birth_date=None)
    said = [fact.changes for fact in facts_of(portal.slug, Kind.CHECKS_CHANGED)]
    assert sum(each.get("claim_numbers_added", 0) for each in said) == 500
    rest = sorted(str(each) for each in said if "claim_numbers_added" not in each)
    assert rest == ["{'birth_date': 'removed'}", "{'birth_date': 'set'}", "{'claim_numbers_removed': 30}"]
    with pytest.raises(msgspec.ValidationError):
        put(portal, office, add_claim_numbers=[*numbers, "one more"])


def test_a_call_that_was_cut_off_ends_as_a_whole_when_it_is_repeated(portal: Portal, mishaps: Mishaps) -> None:
    office = make_office(portal)
    numbers = [f"{number}" for number in range(200)]
    put(portal, office, add_claim_numbers=["old"])
    whole = {"add_claim_numbers": numbers, "remove_other_claim_numbers": True}
    with (
        mishaps.planned(Mishap("fail", 3, sticky=True)),
        pytest.raises(Unavailable),
    ):  # after the first of three transactions
        put(portal, office, **whole)
    assert checks.read(portal.slug, office.id).claim_numbers == 91
    assert put(portal, office, **whole).claim_numbers == 200
    assert tried(office, portal, "old")[0] == "not-matched"


def test_only_offices_and_providers_are_checked(world: World, portal: Portal) -> None:
    for kind in ("lead", "client", "customer"):
        account = make_account(portal, record_type=kind)
        with pytest.raises(Conflict):
            put(portal, account, add_claim_numbers=["1"])
        with pytest.raises(Conflict):
            checks.read(portal.slug, account.id)
    with pytest.raises(NotFound):
        checks.change(Act(make_portal(world).slug, "x"), make_office(portal).id, ChecksInput(add_claim_numbers=("1",)))


def test_refusals_name_places_and_never_what_was_typed(portal: Portal) -> None:
    office = make_office(portal)
    with pytest.raises(Invalid) as refused:
        put(portal, office, add_claim_numbers=["1", "--"], remove_claim_numbers=["…"], birth_date="1971-02-30")
    assert refused.value.fields == {
        "add_claim_numbers.1": "A claim number needs at least one letter or digit.",
        "remove_claim_numbers.0": "A claim number needs at least one letter or digit.",
        "birth_date": "There is no such date. Write it as 2027-01-31.",
    }
    with pytest.raises(Invalid) as refused:
        put(portal, office, birth_date="2030-06-03")
    assert refused.value.fields == {"birth_date": "A date of birth lies in the past."}
    assert checks.read(portal.slug, office.id) == Checks(claim_numbers=0, birth_date=False)


def test_a_check_costs_the_same_whatever_is_typed(portal: Portal, mishaps: Mishaps) -> None:
    office, bare = make_office(portal), make_office(portal)
    put(portal, office, add_claim_numbers=["4711"], birth_date="1970-01-31")
    seen = set()
    for account in (office, bare):
        for given in (("4711", "1970-01-31"), ("4712", "1971-01-31"), ("", ""), ("4711", "")):
            with mishaps.recording() as recorded:
                tried(account, portal, *given)
            seen.add(tuple(recorded))
    assert seen == {("dynamodb.BatchGetItem",)}


def test_no_table_holds_a_claim_number_or_a_date_of_birth(world: World, portal: Portal) -> None:
    office = make_office(portal)
    put(portal, office, add_claim_numbers=["WOLF-7700770077007700", "XY-8800880088008800"], birth_date="1967-11-23")
    tried(office, portal, "moonlit-9900990099009900", "1966-06-06")
    dump = json.dumps([item for table in TABLES for item in world.scan(table)]).lower()
    assert office.id in dump
    typed = ("wolf-77", "770077007700", "xy-88", "880088008800", "1967-11-23", "1966-06-06", "moonlit", "990099009900")
    assert [text for text in typed if text in dump] == []
