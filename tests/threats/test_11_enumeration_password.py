"""Threat 11, of credentials: whoever a username or client number is of, the same answer, the same hashes, the same calls.

Each case is typed with the same number of characters, so that nothing needs to be removed from a page but its form token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.people import credentials, user_changes, users
from chalicelib.people import staff as people
from chalicelib.people.staff import By
from chalicelib.portals import Portal
from tests.browsing import Browser
from tests.customers import PASSWORD, make_customer_account, newest_link, password_portal
from tests.factories import change_account, staff
from tests.staffing import make_colleague
from tests.threats.conftest import Hashes
from tests.threats.test_11_enumeration import comparable
from tests.tracing import Asked, traced
from tests.world import World

WRONG = "not-the-password-77"
CUSTOMERS = (
    "known", "unknown", "no username", "username only", "locked by staff", "disavowed", "closed", "two emails", "no email",
)  # fmt: skip
STAFF = ("known", "unknown", "invited", "deactivated", "locked by staff")


@dataclass
class Case:
    """What is typed at a form, and what came of it."""

    username: str
    number: str
    answer: tuple[Any, ...] = ()
    calls: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hashed: int = 0


def customers(world: World, portal: Portal) -> dict[str, Case]:
    """One account of each kind; usernames and client numbers of one length."""
    made = {}
    for place, name in enumerate(CUSTOMERS):
        case = made[name] = Case(f"northwind.{place}", f"NW-770{place}")
        if name == "unknown":
            continue
        emails = [f"{'ab'[n]}{place}@nw.example" for n in range(2 if name == "two emails" else 1)]
        account, _ = make_customer_account(portal, number=case.number, primary_emails=emails)
        if name == "no username":
            continue
        if name == "username only":
            credentials.set_username(staff(portal), portal, account.id, case.username)
            continue
        credentials.send_create(staff(portal), portal, account.id)
        world.drain()
        browser = Browser()
        browser.open(newest_link(world, emails[0], "create-credential"))
        browser.press("Continue")
        browser.fill(username=case.username, password=PASSWORD)
        if name in ("locked by staff", "disavowed"):
            tx = staff(portal).transaction()
            reason = users.DISAVOWED if name == "disavowed" else "by staff"
            user_changes.set_state(tx, users.get(portal.slug, account.id), "locked", reason)
            tx.commit()
        elif name == "closed":
            change_account(portal, account.id, status="closed")
        elif name == "no email":
            change_account(portal, account.id, primary_emails=[])
    world.clock.advance(days=2)  # so that nothing of this is fresh: held addresses, sent links
    return made


def colleagues(portal: Portal) -> dict[str, Case]:
    """One of each kind of staff, all with addresses of one length."""
    made = {}
    for place, name in enumerate(STAFF):
        case = made[name] = Case(f"ana{place}@company.example", "")
        if name == "unknown":
            continue
        colleague = make_colleague(portal.slug, "agent", has_password=name != "invited", email=case.username)
        if name == "deactivated":
            people.deactivate(staff(portal), By("owner"), colleague.id)
        elif name == "locked by staff":
            tx = staff(portal).transaction()
            user_changes.set_state(tx, colleague.user, "locked", "by staff")
            tx.commit()
    return made


def walk(portal: Portal, case: Case, path: str, hashes: Hashes, address: str) -> Browser:
    """Fill the form at a path in a browser of its own."""
    browser = Browser(address)
    browser.open(f"/{portal.slug}{path}")
    typed = {"client_number": case.number}
    if "sign-in" in path:
        typed = {"username": case.username, "password": WRONG}
    elif "forgot-password" in path:
        typed = {"username": case.username}
    before = hashes.compared
    with traced() as calls:
        seen = browser.fill(**typed)
    case.answer, case.hashed = without(comparable(seen), typed.get("username") or case.number), hashes.compared - before
    case.calls = in_order(calls)
    return browser


def without(answer: tuple[Any, ...], typed: str) -> tuple[Any, ...]:
    """The answer but for what was typed, which a form repeats."""
    return tuple((*part[:-1], part[-1].replace(f'value="{typed}"', "")) for part in answer)


def in_order(calls: list[Asked]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Operations and tables in their order; those that go out beside each other are sorted. What is long is counted once."""
    found = [(each.name, tuple(dict.fromkeys(each.tables))) for each in calls]
    reads = [each for each in found if not each[0].endswith("TransactWriteItems")]
    return (*sorted(reads), *[each for each in found if each[0].endswith("TransactWriteItems")])


def must_be_alike(made: dict[str, Case]) -> None:
    known = made["known"]
    for name, case in made.items():
        assert case.answer == known.answer, name
        assert case.hashed == known.hashed, name
        assert case.calls == known.calls, (name, case.calls, known.calls)


def test_wrong_passwords_are_refused_alike_whoever_it_is(world: World, hashes: Hashes) -> None:
    portal = password_portal(world)
    made = customers(world, portal)
    made["staff at the clients' door"] = Case("staff.mem.1", "")
    make_colleague(portal.slug, email="staff.mem.1")
    for place, case in enumerate(made.values()):
        walk(portal, case, "/sign-in/password", hashes, f"198.51.100.{place + 1}")
    must_be_alike(made)
    known = made["known"]
    assert known.answer[0][0] == 400 and known.hashed == 1 and len(known.calls) == 4


def test_locked_usernames_are_refused_alike_whether_there_is_anybody(world: World, hashes: Hashes) -> None:
    portal = password_portal(world)
    made = {
        name: case
        for name, case in customers(world, portal).items()
        if name in ("known", "unknown", "username only", "closed")
    }
    for place, case in enumerate(made.values()):
        for _ in range(11):
            walk(portal, case, "/sign-in/password", hashes, f"198.51.100.{place + 1}")
    must_be_alike(made)
    assert made["known"].answer[0][0] == 429 and made["known"].hashed == 0


def test_staff_are_refused_alike(world: World, hashes: Hashes) -> None:
    portal = password_portal(world)
    made = colleagues(portal)
    for place, case in enumerate(made.values()):
        walk(portal, case, "/staff/sign-in", hashes, f"198.51.100.{place + 1}")
    must_be_alike(made)
    assert made["known"].answer[0][0] == 400 and made["known"].hashed == 1


@pytest.mark.parametrize("path", ["/forgot-password", "/forgot-username", "/first-time", "/staff/forgot-password"])
def test_who_asks_for_a_mail_is_answered_alike_whoever_it_is(world: World, hashes: Hashes, path: str) -> None:
    portal = password_portal(world)
    made = colleagues(portal) if path.startswith("/staff") else customers(world, portal)
    world.drain()
    start = len(world.inbox)
    for place, case in enumerate(made.values()):
        walk(portal, case, path, hashes, f"198.51.100.{place + 1}")
    must_be_alike(made)
    known = made["known"]
    assert known.answer[-1][0] == 200 and known.hashed == 0
    assert sum(name.endswith("TransactWriteItems") for name, _ in known.calls) == 1
    world.drain()
    reached = {sent.to for sent in world.inbox[start:]}
    assert reached == expected_for(path)


def expected_for(path: str) -> set[str]:
    """The addresses that a form's mails reach: of those who can do something with them."""
    if path == "/staff/forgot-password":
        return {"ana0@company.example"}
    names = set(CUSTOMERS) - {"unknown", "no email"}
    names -= {"no username", "locked by staff"} if path == "/forgot-password" else {"closed"}
    return {f"a{CUSTOMERS.index(name)}@nw.example" for name in names} | {f"b{CUSTOMERS.index('two emails')}@nw.example"}


def test_at_the_limits_who_asks_for_a_mail_is_refused_alike(world: World, hashes: Hashes) -> None:
    portal = password_portal(world)
    made = customers(world, portal)
    for name in ("no username", "locked by staff", "disavowed"):
        del made[name]
    told: dict[str, list[Any]] = {}
    for place, (name, case) in enumerate(made.items()):
        told[name] = []
        for n in range(5):
            for path in ("/forgot-password", "/first-time", "/forgot-username"):
                walk(portal, case, path, hashes, f"198.51.{place}.{n + 1}")
                told[name].append((case.answer, case.calls))
    statuses = [answer[-1][0] for answer, _ in told["known"]]
    assert statuses.count(429) >= 3 and statuses.count(200) >= 6
    for name in made:
        answers = [answer for answer, _ in told[name]]
        assert answers == [answer for answer, _ in told["known"]], (name, [each[-1][0] for each in answers], statuses)
