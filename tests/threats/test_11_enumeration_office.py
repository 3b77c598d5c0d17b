"""Threat 11, of the users of offices: whoever a username is of, the same answer, the same hashes, the same calls."""

from __future__ import annotations

import pytest

from chalicelib.people import user_changes, users
from chalicelib.portals import Portal
from tests.browsing import Browser
from tests.factories import make_portal, staff
from tests.offices import MANAGER, make_office, make_office_user, sign_in
from tests.threats.conftest import Hashes
from tests.threats.test_11_enumeration_password import Case, must_be_alike, walk
from tests.tracing import traced
from tests.world import World

STATES = ("known", "unknown", "manager", "pending", "locked", "disavowed", "deleted")


def everybody(portal: Portal) -> dict[str, Case]:
    """One user of each kind; usernames of one length."""
    made, office = {}, make_office(portal)
    for place, name in enumerate(STATES):
        case = made[name] = Case(f"frances.{place}", "")
        if name == "unknown":
            continue
        role, state = MANAGER if name == "manager" else "portal-user", "pending" if name == "pending" else "active"
        user = make_office_user(portal, office, role, case.username, state=state, email=f"f{place}@elm.example")
        if name in ("locked", "disavowed", "deleted"):
            tx = staff(portal).transaction()
            reason = users.DISAVOWED if name == "disavowed" else "by staff"
            user_changes.set_state(tx, user.user, "deleted" if name == "deleted" else "locked", reason)
            tx.commit()
    return made


@pytest.mark.parametrize("ways", [("code",), ("password", "code")])
def test_wrong_passwords_are_refused_alike_whoever_it_is(world: World, hashes: Hashes, ways: tuple[str, ...]) -> None:
    portal = make_portal(world, policy={"sign_in_ways": ways})
    made = everybody(portal)
    for place, case in enumerate(made.values()):
        walk(portal, case, "/sign-in/password", hashes, f"198.51.100.{place + 1}")
    must_be_alike(made)
    known = made["known"]
    assert known.answer[0][0] == 400 and known.hashed == 1 and len(known.calls) == 4


def test_who_forgot_a_password_is_answered_alike_and_only_those_get_a_mail_whom_it_lets_in(
    world: World, hashes: Hashes
) -> None:
    portal = make_portal(world)
    made = everybody(portal)
    for place, case in enumerate(made.values()):
        walk(portal, case, "/forgot-password", hashes, f"198.51.100.{place + 1}")
    must_be_alike(made)
    assert made["known"].answer[-1][0] == 200
    world.drain()
    reached = {sent.to for sent in world.inbox if sent.to.endswith("@elm.example")}
    assert reached == {f"f{STATES.index(name)}@elm.example" for name in ("known", "manager", "disavowed")}


def test_a_page_of_an_office_user_costs_three_reads(world: World) -> None:
    """The session; then the user, and beside it the card of their contact, however many contacts the office has."""
    portal, browser = make_portal(world), Browser()
    sign_in(browser, make_office_user(portal, make_office(portal)))
    with traced() as calls:
        assert browser.open(f"/{portal.slug}/").status == 200
    assert sorted(each.name for each in calls) == ["dynamodb.BatchGetItem", "dynamodb.GetItem", "dynamodb.GetItem"]
