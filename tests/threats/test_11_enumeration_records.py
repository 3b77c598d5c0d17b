"""Threat 11, of self-service: whichever record a code is of, or none, the same answer, the same hashes, the same calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.people import user_changes, users
from chalicelib.portals import Portal
from chalicelib.security import passwords
from chalicelib.selfservice import access
from tests.browsing import Browser
from tests.factories import change_account, make_portal, staff
from tests.offices import hash_of
from tests.self_service import make_record
from tests.threats.conftest import Hashes
from tests.threats.test_11_enumeration import comparable
from tests.threats.test_11_enumeration_password import in_order
from tests.tracing import traced
from tests.world import World

RECORDS = (
    "known", "unknown", "disabled", "closed", "chosen", "locked by staff", "disavowed", "two emails", "no email",
    "an office now",
)  # fmt: skip
GET_A_LINK = {"known", "closed", "chosen", "disavowed", "two emails"}


@dataclass
class Case:
    """The code of a page, and what came of it."""

    code: str
    emails: tuple[str, ...] = ()
    answer: tuple[Any, ...] = ()
    calls: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hashed: int = 0


def records(world: World, portal: Portal) -> dict[str, Case]:
    """One record of each kind."""
    made = {"unknown": Case("rec-aaaaaaaaaaaa")}
    for place, name in enumerate(RECORDS):
        if name == "unknown":
            continue
        emails = tuple(f"{'ab'[n]}{place}@nw.example" for n in range(2 if name == "two emails" else 1))
        record = make_record(world, portal, primary_emails=emails)
        made[name] = Case(record.user.username, emails)
        if name == "disabled":
            access.disable(staff(portal), portal, record.account.id)
        elif name == "closed":
            change_account(portal, record.account.id, status="closed")
        elif name == "no email":
            change_account(portal, record.account.id, primary_emails=[])
        elif name == "an office now":
            change_account(portal, record.account.id, record_type="office")
        elif name != "two emails" and name != "known":
            tx = staff(portal).transaction()
            if name == "chosen":
                user_changes.set_password(tx, record.user, hash_of("harbour-lantern-42-otter"))
            else:
                reason = users.DISAVOWED if name == "disavowed" else "by staff"
                user_changes.set_state(tx, record.user, "locked", reason)
            tx.commit()
    world.clock.advance(days=2)  # so that nothing of this is fresh: held addresses, sent links
    world.drain()
    return made


def walk(portal: Portal, made: dict[str, Case], hashes: Hashes, rest: str = "", times: int = 1, **typed: str) -> None:
    """Open the page of each code, and send its form, each from an address of its own."""
    for place, case in enumerate(made.values()):
        browser = Browser(f"198.51.100.{place + 1}")
        for _ in range(times):
            with traced() as looked:
                browser.open(f"/{portal.slug}/my/{case.code}{rest}")
            assert looked == [] or {each.name for each in looked} <= {"dynamodb.GetItem"}
            before = hashes.compared
            with traced() as calls:
                seen = browser.send(browser.here.forms[0], **typed)
            case.answer = tuple(
                tuple(each.replace(case.code, "") if isinstance(each, str) else each for each in part)
                for part in comparable(seen)
            )
            case.hashed, case.calls = hashes.compared - before, in_order(calls)


def must_be_alike(made: dict[str, Case]) -> None:
    known = made["known"]
    for name, case in made.items():
        assert case.answer == known.answer, name
        assert case.hashed == known.hashed, name
        assert case.calls == known.calls, (name, case.calls, known.calls)


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


def test_wrong_passwords_are_refused_alike_whoever_it_is(world: World, portal: Portal, hashes: Hashes) -> None:
    made = records(world, portal)
    walk(portal, made, hashes, password="not-the-password-77")
    must_be_alike(made)
    known = made["known"]
    assert known.answer[0][0] == 400 and known.hashed == 1 and len(known.calls) == 4


def test_locked_pages_are_refused_alike_whether_there_is_anybody(world: World, portal: Portal, hashes: Hashes) -> None:
    made = {name: case for name, case in records(world, portal).items() if name in ("known", "unknown", "disabled")}
    walk(portal, made, hashes, times=11, password="not-the-password-77")
    must_be_alike(made)
    assert made["known"].answer[0][0] == 429 and made["known"].hashed == 0


def test_who_asks_for_a_new_link_is_answered_alike_whoever_it_is(world: World, portal: Portal, hashes: Hashes) -> None:
    made = records(world, portal)
    start = len(world.inbox)
    walk(portal, made, hashes, "/lost")
    must_be_alike(made)
    known = made["known"]
    assert known.answer[-1][0] == 200 and sum(name.endswith("TransactWriteItems") for name, _ in known.calls) == 1
    world.drain()
    reached = {sent.to for sent in world.inbox[start:]}
    assert reached == {email for name in GET_A_LINK for email in made[name].emails}


def test_a_page_that_was_closed_holds_the_password_against_nothing(
    world: World, portal: Portal, hashes: Hashes
) -> None:
    """The right password of a record whose self-service was disabled is as wrong as any: by the hash that nobody has."""
    record = make_record(world, portal)
    page, right = record.page, record.password()
    assert passwords.matches(record.user.password_hash, right)
    access.disable(staff(portal), portal, record.account.id)
    browser = Browser()
    browser.open(page)
    assert "not in use any more" in browser.fill(password=right).shown
