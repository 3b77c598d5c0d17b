"""Users of offices, looked after by managers of offices and of providers: within their reach and level, never themselves.

Threat 16: whatever is above, outside, or oneself is refused and on record; whoever is outside is not there at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
import pytest

from chalicelib import ids
from chalicelib.errors import Conflict, Forbidden, Invalid, NotFound
from chalicelib.facts import Act
from chalicelib.people import employees, office_adding, office_desk, office_lists, telling
from chalicelib.people.authority import Authority
from chalicelib.people.employees import NewEmployee
from chalicelib.people.office_adding import NewOfficeUser
from chalicelib.people.office_lists import OfficeUserInput, UserFilters
from chalicelib.people.shapes import Account, Preferences
from chalicelib.portals import Portal
from tests.factories import facts_of, make_contact, make_portal
from tests.offices import MANAGER, OfficeUser, make_office, make_office_user, make_provider
from tests.world import World

REFUSED = "staff:office-user:change-refused"
EVERYWHERE = Authority()
_names = count(1)


@dataclass
class Town:
    """An office with two providers, another office, and somebody everywhere."""

    portal: Portal
    office: Account
    provider: Account
    sister: Account
    elsewhere: Account
    manager: OfficeUser
    deputy: OfficeUser
    below: OfficeUser

    @property
    def slug(self) -> str:
        return self.portal.slug

    def by(self, user: OfficeUser) -> tuple[Act, Portal, Authority]:
        """What a manager's call begins with."""
        held = user.user
        role = self.portal.role(held.role)
        assert role and held.account_id and held.office_id
        own = Authority("Frances", user.id, held.account_id, held.office_id, frozenset(role.permissions))
        return Act(self.slug, f"user:{user.id}"), self.portal, own

    def make(self, account: Account, role: str = "portal-user", **details: Any) -> OfficeUser:
        return make_office_user(self.portal, account, role, **details)

    def refusals(self) -> int:
        return len(facts_of(self.slug, REFUSED))


@pytest.fixture
def town(world: World) -> Town:
    roles = [
        {"key": MANAGER, "name": "Provider Administrator", "permissions": ["claims:read", "users:manage:own-office"]},
        {"key": "portal-user", "name": "Portal User", "permissions": ["claims:read"]},
        {"key": "clerk", "name": "Clerk"},
        {"key": "chief", "name": "Chief", "permissions": ["claims:read", "roster:read", "users:manage:own-office"]},
        {"key": "reader", "name": "Roster reader", "permissions": ["roster:read"]},
    ]
    portal = make_portal(world, roles=roles)
    office, elsewhere = make_office(portal), make_office(portal, name="Oak Street Clinic")
    provider, sister = (make_provider(portal, office, name=name) for name in ("Dr. Hale", "Dr. Moss"))
    made = [make_office_user(portal, at, MANAGER) for at in (office, office, provider)]
    return Town(portal, office, provider, sister, elsewhere, *made)


def edited(user: OfficeUser, **changed: Any) -> OfficeUserInput:
    held = user.user
    said = {
        name: getattr(held.details, name)
        for name in ("first_name", "middle_name", "last_name", "title", "phone", "email")
    }
    return OfficeUserInput(**{**said, "role": held.role, "preferences": held.preferences, **changed})


def added(account: Account, **fields: Any) -> NewOfficeUser:
    number = next(_names)
    own = {"first_name": "Ada", "last_name": "Okafor", "email": f"ada{number}@x.example", "username": f"ada.{number}"}
    return NewOfficeUser(**{"account_id": account.id, "role": "portal-user", **own, **fields})


# Everything that is done to one user, each by its name.
ACTS: dict[str, Callable[[tuple[Act, Portal, Authority], OfficeUser], object]] = {
    "reset": lambda by, user: office_desk.reset_password(*by, user.id),
    "lock": lambda by, user: office_desk.lock(*by, user.id, "Why not"),
    "unlock": lambda by, user: office_desk.unlock(*by, user.id),
    "delete": lambda by, user: office_desk.delete(*by, user.id),
    "restore": lambda by, user: office_desk.restore(*by, user.id),
    "edit": lambda by, user: office_desk.change(*by, user.id, edited(user, first_name="Mallory")),
    "role": lambda by, user: office_desk.change(*by, user.id, edited(user, role="clerk")),
}


# Reach


@pytest.mark.parametrize("act", ACTS)
def test_whoever_is_outside_is_not_there(town: Town, act: str) -> None:
    beside = town.make(town.sister)
    above, far = town.make(town.office), town.make(town.elsewhere)
    for by, user in ((town.manager, far), (town.below, beside), (town.below, above), (town.below, far)):
        before = user.user
        with pytest.raises(NotFound):
            ACTS[act](town.by(by), user)
        with pytest.raises(NotFound):
            office_desk.get(town.portal, town.by(by)[2], user.id)
        assert user.user == before


@pytest.mark.parametrize("act", ACTS)
def test_an_offices_manager_acts_on_it_and_its_providers_and_a_providers_on_that_one(town: Town, act: str) -> None:
    for by, at in ((town.manager, town.office), (town.manager, town.sister), (town.below, town.provider)):
        user = town.make(at)
        if act == "restore":
            office_desk.delete(*town.by(by), user.id)
        before = user.user
        ACTS[act](town.by(by), user)
        assert user.user != before or act == "unlock"
    assert town.refusals() == 0


def test_lists_show_what_is_within_reach(town: Town) -> None:
    seen = {
        "manager": town.by(town.manager)[2],
        "below": town.by(town.below)[2],
        "everywhere": EVERYWHERE,
    }
    town.make(town.office, username="at.office")
    town.make(town.sister, username="at.sister")
    town.make(town.elsewhere, username="at.elsewhere")
    managers = {town.manager.username, town.deputy.username}
    below = {town.below.username}

    def names(who: str, **wanted: Any) -> set[str]:
        return {each.username for each in office_desk.listed(town.portal, seen[who], UserFilters(**wanted)).items}

    for sort in ("name", "-created_at"):
        assert names("below", sort=sort) == below
        assert names("manager", sort=sort) == managers | below | {"at.office", "at.sister"}
        assert names("everywhere", sort=sort) == names("manager") | {"at.elsewhere"}
        for other in (town.office, town.sister, town.elsewhere):
            assert names("below", account_id=other.id, sort=sort) == set()
        assert names("manager", account_id=town.sister.id, sort=sort) == {"at.sister"}
        assert names("manager", account_id=town.elsewhere.id, sort=sort) == set()
        assert names("manager", office_id=town.elsewhere.id, sort=sort) == set()
        assert names("below", office_id=town.office.id, sort=sort) == below
    act, portal, by = town.by(town.manager)
    rows = office_desk.exported(act, portal, by, UserFilters())
    assert "at.elsewhere" not in {row.username for row in rows} and len(rows) == 5
    (fact,) = facts_of(town.slug, "staff:office-user:exported")
    assert (fact.subject, fact.actor) == (f"account:{town.office.id}", f"user:{town.manager.id}")


# Level


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", ["chief", "reader"])
def test_nobody_acts_on_who_holds_what_they_do_not(town: Town, act: str, role: str) -> None:
    user = town.make(town.office, role)
    if act == "restore":
        office_desk.delete(Act(town.slug, "api-key:x"), town.portal, EVERYWHERE, user.id)
    before = user.user
    with pytest.raises(Forbidden) as refused:
        ACTS[act](town.by(town.manager), user)
    assert "above your own level" in refused.value.text
    assert user.user == before and town.refusals() == 1


def test_nobody_gives_what_they_do_not_hold(town: Town) -> None:
    user = town.make(town.office)
    for role in ("chief", "reader"):
        with pytest.raises(Forbidden):
            office_desk.change(*town.by(town.manager), user.id, edited(user, role=role))
        with pytest.raises(Forbidden):
            office_adding.add(*town.by(town.manager), added(town.office, role=role), user_id=ids.new())
    assert (user.user.role, town.refusals()) == ("portal-user", 4)
    assert all(fact.actor == f"user:{town.manager.id}" for fact in facts_of(town.slug, REFUSED))
    office_desk.change(*town.by(town.manager), user.id, edited(user, role=MANAGER))
    assert user.user.role == MANAGER
    with pytest.raises(Invalid):
        office_desk.change(*town.by(town.manager), user.id, edited(user, role="gone"))


def test_a_role_that_the_portal_has_no_more_can_be_changed(town: Town) -> None:
    user = town.make(town.office, "of-before")
    assert office_desk.get(town.portal, EVERYWHERE, user.id).role_name == "of-before"
    office_desk.change(*town.by(town.manager), user.id, edited(user, role="clerk"))
    assert user.user.role == "clerk"


# Oneself


@pytest.mark.parametrize("act", [act for act in ACTS if act != "edit"])
def test_nobody_does_this_to_themselves(town: Town, act: str) -> None:
    for who in (town.manager, town.below):
        before = who.user
        with pytest.raises(Forbidden) as refused:
            ACTS[act](town.by(who), who)
        assert "yourself" in refused.value.text and who.user == before
    assert town.refusals() == 2


def test_ones_own_name_and_preferences_are_ones_own(town: Town) -> None:
    quiet = Preferences(registration_waiting=())
    made = office_desk.change(
        *town.by(town.manager), town.manager.id, edited(town.manager, title="Head", preferences=quiet)
    )
    assert (made.title, made.preferences) == ("Head", quiet)
    assert not telling.wants(town.manager.user, "registration_waiting", "email")
    assert telling.wants(town.deputy.user, "registration_waiting", "email"), "unless they say otherwise"


# The last manager


def test_managers_cannot_leave_an_office_to_itself(town: Town) -> None:
    office_desk.lock(*town.by(town.deputy), town.manager.id, "On leave")
    office_desk.unlock(*town.by(town.deputy), town.manager.id)
    office_desk.delete(*town.by(town.manager), town.deputy.id)
    for act in ("lock", "delete", "role"):
        with pytest.raises(Conflict) as refused:
            ACTS[act]((Act(town.slug, "api-key:x"), town.portal, EVERYWHERE), town.manager)
        assert "Make somebody else an administrator there first" in refused.value.text
    office_desk.delete(*town.by(town.manager), town.below.id)
    assert town.below.user.state == "deleted", "of a provider the office looks after"


def test_a_provider_can_be_left_to_its_office(town: Town) -> None:
    provider = make_provider(town.portal, town.elsewhere)
    only = town.make(provider, MANAGER)
    office_desk.delete(Act(town.slug, "api-key:x"), town.portal, EVERYWHERE, only.id)
    assert only.user.state == "deleted"


def test_one_who_is_locked_is_nobody_to_rely_on(town: Town) -> None:
    office_desk.lock(*town.by(town.manager), town.deputy.id, "On leave")
    with pytest.raises(Conflict):
        office_desk.lock(Act(town.slug, "api-key:x"), town.portal, EVERYWHERE, town.manager.id, "Too")
    assert [each.id for each in office_lists.managers(town.portal, town.office.id, town.office.id)] == [town.manager.id]


# Adding


def test_users_are_added_at_ones_own_level(town: Town) -> None:
    for by, at in ((town.manager, town.office), (town.below, town.provider)):
        made = office_adding.add(*town.by(by), added(at), user_id=ids.new())
        assert (made.account_id, made.office_id) == (at.id, town.office.id) and made.temporary_password
    assert town.refusals() == 0
    for by, at in (
        (town.manager, town.provider), (town.manager, town.elsewhere), (town.below, town.office), (town.below, town.sister),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            office_adding.add(*town.by(by), added(at), user_id=ids.new())
    nowhere = msgspec.structs.replace(added(town.office), account_id="0" * 32)
    with pytest.raises(Forbidden):  # as if it were another's
        office_adding.add(*town.by(town.manager), nowhere, user_id=ids.new())
    assert town.refusals() == 5
    assert sum("registration link" in str(fact.changes) for fact in facts_of(town.slug, REFUSED)) == 1


def test_a_manager_cannot_make_a_user_of_anothers_employee(town: Town) -> None:
    for account in (town.elsewhere, town.provider):
        person = make_contact(town.portal, account)
        with pytest.raises(Invalid) as refused:
            office_adding.add(*town.by(town.manager), added(town.office, contact_id=person.id), user_id=ids.new())
        assert list(refused.value.fields) == ["contact_id"]


def test_employees_of_others_are_neither_shown_nor_added_to(town: Town) -> None:
    make_contact(town.portal, town.provider)
    act, portal, by = town.by(town.manager)
    assert len(employees.listed(act, portal, by, town.provider.id).items) == 2
    for account_id in (town.elsewhere.id, "0" * 32):
        with pytest.raises(Forbidden):
            employees.listed(act, portal, by, account_id)
        with pytest.raises(Forbidden):
            employees.add(act, portal, by, NewEmployee(account_id=account_id, first_name="Eve", last_name="Mallory"))
    assert town.refusals() == 4
    made = employees.add(act, portal, by, NewEmployee(account_id=town.sister.id, first_name="Bo", last_name="Reed"))
    assert not made.has_user
