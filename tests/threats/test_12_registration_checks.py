"""Threat 12, of registering: a claim number guessed at fifty times is looked at five times, and every answer is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.registration import checks, entries
from chalicelib.registration.shapes import ChecksGiven
from chalicelib.registration.statuses import Status
from tests.browsing import at_once
from tests.registering import (
    BIRTH_DATE,
    CLAIM,
    begun,
    make_applicant,
    make_office,
    make_provider,
    open_portal,
    submitted,
)
from tests.threats.conftest import Hashes
from tests.threats.test_11_enumeration import comparable
from tests.tracing import counted, traced
from tests.world import World

Evaluated = list[str]


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluated]:
    """The ids of the accounts whose checks were held against something typed."""
    seen, real = Evaluated(), checks.outcome

    def outcome(portal: str, account: Account, claim_number: str, birth_date: str) -> ChecksGiven:
        seen.append(account.id)
        return real(portal, account, claim_number, birth_date)

    monkeypatch.setattr(checks, "outcome", outcome)
    yield seen


def guess(portal: Portal, account: Account, claim: str, n: int) -> Status:
    """Somebody registers from an address of their own."""
    address = f"198.51.{n // 250}.{1 + n % 250}"
    return submitted(portal, begun(portal, account, claim, address=address), address=address)


def test_of_50_attempts_on_one_record_5_are_evaluated_and_the_right_number_is_then_as_good_as_a_wrong_one(
    world: World, hashes: Hashes, evaluated: Evaluated
) -> None:
    portal = open_portal(world)
    office, other = make_office(portal), make_office(portal)
    told = Counter(guess(portal, office, f"CLM 2019-{n:05}", n) for n in range(50))
    assert told == {Status.PENDING_PROV_ADMIN_REVIEW: 50} and evaluated == [office.id] * 5
    assert guess(portal, office, CLAIM, 50) is Status.PENDING_PROV_ADMIN_REVIEW
    assert guess(portal, other, CLAIM, 51) is Status.AUTO_APPROVED, "other records are none the worse"
    world.clock.advance(days=1)
    assert guess(portal, office, CLAIM, 52) is Status.AUTO_APPROVED, "nor this one a day later"


def test_of_50_attempts_at_once_5_are_evaluated(world: World, hashes: Hashes, evaluated: Evaluated) -> None:
    portal = open_portal(world)
    office = make_office(portal)
    begun_ones = [begun(portal, office, "CLM 1", address=f"198.51.100.{n + 1}") for n in range(50)]
    told = at_once(
        [lambda n=n, a=a: submitted(portal, a, address=f"198.51.100.{n + 1}") for n, a in enumerate(begun_ones)],  # type: ignore[misc]
        threads=50,
    )
    assert len(evaluated) == 5 and set(told) == {Status.PENDING_PROV_ADMIN_REVIEW}


def test_of_50_attempts_from_one_address_on_many_records_5_are_evaluated(
    world: World, hashes: Hashes, evaluated: Evaluated
) -> None:
    portal = open_portal(world)
    for n in range(50):
        attempt = begun(portal, make_office(portal), CLAIM, address=f"198.51.100.{n + 1}")
        submitted(portal, attempt, address="203.0.113.9")
    assert len(evaluated) == 5


def test_whoever_says_nothing_uses_nothing_up(world: World, hashes: Hashes, evaluated: Evaluated) -> None:
    portal = open_portal(world)
    office = make_office(portal)
    for n in range(6):
        guess(portal, office, "", n)
    assert guess(portal, office, CLAIM, 6) is Status.AUTO_APPROVED and len(evaluated) == 1


@pytest.mark.parametrize("auto_approve", [False, True])
def test_right_and_wrong_look_alike_up_to_the_very_end(world: World, hashes: Hashes, *, auto_approve: bool) -> None:
    """Where nobody is let in by a claim number, to the end of it; where somebody is, to the last press."""
    portal = open_portal(world, auto_approve=auto_approve)
    ada = make_provider(portal, make_office(portal))
    answers, calls, statuses = [], [], []
    for claim, date in ((CLAIM, BIRTH_DATE), (CLAIM, "1971-01-31"), ("CLM 2019-00418", BIRTH_DATE)):
        rosa = make_applicant(world, portal, ada)
        rosa.email, rosa.username = f"r{len(answers)}@elm.example", f"rosa.qu{len(answers)}"
        rosa.find()
        with traced() as asked:
            seen = [rosa.browser.fill(claim_number=claim, birth_date=date), rosa.browser.fill(role="clerical-user")]
            said = {"first_name": "Rosa", "last_name": "Quibble", "email": rosa.email}
            seen.append(rosa.browser.fill(**said))
        world.drain()
        with traced() as more:
            seen.append(rosa.browser.fill(code=world.newest(rosa.email).code))
            if not auto_approve:
                seen.append(rosa.submit())
        answers.append([comparable(each) for each in seen])
        calls.append(counted([*asked, *more]))
        statuses.append(rosa.entry.status)
    assert answers[0] == answers[1] == answers[2] and calls[0] == calls[1] == calls[2]
    assert set(statuses) == {"STARTED" if auto_approve else "PENDING-ADMIN-REVIEW"}


def test_what_was_typed_is_in_no_table_and_on_no_page_afterwards(world: World, hashes: Hashes) -> None:
    portal = open_portal(world)
    rosa = make_applicant(world, portal, make_provider(portal, make_office(portal)))
    seen = rosa.register("ZYXQ-77431-QXYZ", "1958-07-19")
    assert not any(each in seen.text for each in ("ZYXQ-77", "1958-07-19")) and "1958" not in seen.shown
    dump = str(
        [item for table in ("people", "registrations", "tokens", "facts", "messages") for item in world.scan(table)]
    )
    assert not any(text in dump.lower() for text in ("zyxq77431", "zyxq-77431", "1958-07-19"))
    assert (rosa.entry.checks.claim_number, rosa.entry.checks.birth_date) == ("not-matched", "not-matched")
    assert entries.shown(portal, rosa.entry).checks == rosa.entry.checks
