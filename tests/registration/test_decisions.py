"""Approve, deny, modify: who may, what it changes all at once, and what happens when two come at the same time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from chalicelib import facts
from chalicelib.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Stale
from chalicelib.people import users
from chalicelib.people.authority import Authority
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.registration import console, decisions, entries
from chalicelib.registration.entries import Decided
from chalicelib.registration.models import RegistrationRow
from chalicelib.registration.shapes import Registration
from chalicelib.registration.statuses import LISTED, Event, Level, Status
from tests import meanwhile
from tests.api.conftest import at_once
from tests.factories import change_account, change_portal
from tests.registrations import (
    EVENTS,
    LEADS,
    LEVELS,
    REASON,
    STAFF,
    act_of,
    contacts_of,
    counted,
    counts_are_right,
    make_entry,
    make_manager,
    make_office,
    make_provider,
    make_request,
    make_user,
    office_portal,
    shown,
    stored,
)
from tests.world import World

STANDS: list[tuple[str, Level]] = [
    (status.value, level)
    for status in Status
    for level in LEVELS
    if "-ADMIN-" not in status.value or ("-PROV-ADMIN-" in status.value) == (level == "office")
]


@pytest.fixture
def portal(world: World) -> Portal:
    return office_portal(world)


@pytest.fixture
def office(portal: Portal) -> Account:
    return make_office(portal)


def approve(portal: Portal, request: Registration, by: Authority = STAFF, **said: object) -> Registration:
    return decisions.approve(act_of(portal, by), by, request.id, **said)  # type: ignore[arg-type]


def deny(portal: Portal, request: Registration, by: Authority = STAFF, **said: object) -> Registration:
    return decisions.deny(act_of(portal, by), by, request.id, **{"reason": REASON, **said})  # type: ignore[arg-type]


def kinds(portal: Portal, entry_id: str) -> list[str]:
    return sorted(fact.kind for fact in facts.about(portal.slug, f"registration:{entry_id}").items)


def untouched(portal: Portal, request: Registration) -> bool:
    """Nothing half done: it waits as it did, and so does its user."""
    user = users.by_id(portal.slug, request.id)
    return shown(portal, request.id) == request and user is not None and user.state == "pending"


# What leads from one state to the next


@pytest.mark.parametrize(("status", "level", "event"), [(*stand, event) for stand in STANDS for event in EVENTS])
def test_every_state_and_every_event(portal: Portal, office: Account, status: str, level: Level, event: Event) -> None:
    account = office if level == "office" else make_provider(portal, office)
    made = make_request(portal, account) if status.startswith("PENDING") else None
    entry_id = made.id if made else str(make_entry(portal, account, status=Status(status)).created_key)
    before, expected = stored(portal, entry_id).version, LEADS.get((status, event, level))
    if expected is None:
        with pytest.raises((Conflict, NotFound)):  # what has only been started is not there for who decides
            bring_about(portal, entry_id, event)
        assert (shown(portal, entry_id).status, stored(portal, entry_id).version) == (status, before)
    else:
        bring_about(portal, entry_id, event)
        assert (shown(portal, entry_id).status, stored(portal, entry_id).version) == (expected, before + 1)
    assert counts_are_right(portal)


def bring_about(portal: Portal, entry_id: str, event: Event) -> None:
    """By the product's own functions: what people decide by `decisions`, all else by a move."""
    if event == "approve":
        decisions.approve(act_of(portal), STAFF, entry_id)
    elif event == "deny":
        decisions.deny(act_of(portal), STAFF, entry_id, reason=REASON)
    else:
        tx = act_of(portal).transaction()
        entries.move(tx, portal.slug, stored(portal, entry_id), event)
        tx.commit()


# Approving


def test_an_approval_lets_the_person_in_and_tells_them(world: World, portal: Portal, office: Account) -> None:
    manager = make_manager(portal, office)
    request = make_request(portal, office, username="jane.doe", email="jane@elm.example", phone="+14155550132")
    world.clock.advance(hours=50)
    done = approve(portal, request, manager, note="Met her.")
    assert (done.status, done.role, done.version) == ("MANUAL-PROV-ADMIN-APPROVED", "portal-user", request.version + 1)
    assert (done.decided_by, done.note, done.age_days) == (manager.name, "Met her.", 2)
    user = users.get(portal.slug, request.id)
    assert (user.state, user.role, user.username, user.account_id) == ("active", "portal-user", "jane.doe", office.id)
    (contact,) = [each for each in contacts_of(portal, office) if each.id == user.contact_id]  # type: ignore[attr-defined]
    assert (contact.first_name, contact.emails, contact.landline) == ("Jane", ("jane@elm.example",), "+14155550132")
    assert kinds(portal, request.id) == ["staff:registration:approved"]
    (fact,) = facts.about(portal.slug, f"registration:{request.id}").items
    assert fact.actor == f"user:{manager.user_id}"
    assert fact.changes["status"] == ["PENDING-PROV-ADMIN-REVIEW", "MANUAL-PROV-ADMIN-APPROVED"]
    world.drain()
    (sent,) = world.sent_to("jane@elm.example")
    assert sent.subject.startswith("You can sign in now")
    assert "Elm Street Clinic" in sent.text and "Portal User" in sent.text and "jane.doe" in sent.text
    assert "Met her." not in sent.text


def test_another_role_is_a_modification_and_an_approval(portal: Portal, office: Account, world: World) -> None:
    request = make_request(portal, office, "provider-administrator")
    done = approve(portal, request, role="clerical-user")
    assert (done.role, done.role_name, done.asked_role) == ("clerical-user", "Clerical User", "provider-administrator")
    assert users.get(portal.slug, request.id).role == "clerical-user"
    assert kinds(portal, request.id) == ["staff:registration:approved", "staff:registration:role-modified"]
    assert [each.what for each in console.details(portal, STAFF, request.id).history] == [
        "staff:registration:role-modified", "staff:registration:approved",
    ]  # fmt: skip
    world.drain()
    assert "Clerical User" in world.newest(request.applicant.email).text
    same = make_request(portal, office)
    approve(portal, same, role="portal-user")
    assert kinds(portal, same.id) == ["staff:registration:approved"]


# Denying


def test_a_denial_frees_the_username_and_says_why(world: World, portal: Portal, office: Account) -> None:
    request = make_request(portal, office, username="jane.doe", email="jane@elm.example")
    done = deny(portal, request, note="Nobody knows her.")
    assert (done.status, done.reason, done.note) == ("DECLINED", REASON, "Nobody knows her.")
    assert users.by_id(portal.slug, request.id) is None and users.find(portal.slug, "jane.doe") is None
    assert kinds(portal, request.id) == ["staff:registration:denied"]
    world.drain()
    (sent,) = world.sent_to("jane@elm.example")
    assert REASON in sent.text and "Nobody knows her." not in sent.text
    again = make_request(portal, office, username="jane.doe", email="jane@elm.example")
    assert approve(portal, again).status == "MANUAL-PROV-ADMIN-APPROVED"
    assert shown(portal, request.id) == done, "a denial is final"


def test_the_reason_is_one_of_the_portals(portal: Portal, office: Account) -> None:
    request = make_request(portal, office)
    for reason in ("", "Because", REASON.upper()):
        with pytest.raises(Invalid) as refused:
            deny(portal, request, reason=reason)
        assert REASON in refused.value.fields["reason"]
    assert untouched(portal, request)
    portal = change_portal(portal, registration={"denial_reasons": ["Because"]})
    assert deny(portal, request, reason="Because").status == "DECLINED"


# Who may


def test_an_office_decides_its_own_and_not_its_providers(portal: Portal, office: Account) -> None:
    provider = make_provider(portal, office)
    manager, single = make_manager(portal, office), make_manager(portal, provider)
    request = make_request(portal, provider)
    for by in (manager, single):
        for decide in (approve, deny):
            with pytest.raises(Forbidden) as refused:
                decide(portal, request, by)
            assert refused.value.text == (
                "Requests for a single provider are decided by Acme Benefits, not by the office."
            )
        assert console.details(portal, by, request.id).why_not == refused.value.text
    assert untouched(portal, request)
    assert kinds(portal, request.id) == ["staff:registration:decision-refused"] * 4
    assert approve(portal, request).status == "MANUAL-ADMIN-APPROVED"


def test_what_is_out_of_reach_looks_absent(portal: Portal, office: Account) -> None:
    request = make_request(portal, office)
    provider = make_provider(portal, office)
    for by in (make_manager(portal, make_office(portal)), make_manager(portal, provider)):
        for decide in (approve, deny):
            with pytest.raises(NotFound):
                decide(portal, request, by)
        with pytest.raises(NotFound):
            console.details(portal, by, request.id)
    assert untouched(portal, request) and kinds(portal, request.id) == []


def test_nobody_gives_a_role_above_their_own(portal: Portal, office: Account) -> None:
    roles = [
        {"key": "desk", "name": "Desk", "permissions": ["claims:read", "users:manage:own-office"]},
        {"key": "reader", "name": "Reader", "permissions": ["claims:read"]},
        {"key": "tools", "name": "Tools", "permissions": ["practice-tools:use"]},
    ]
    portal = change_portal(portal, roles=roles)
    manager = make_manager(portal, office, "desk")
    request = make_request(portal, office, "tools")
    for said in ({}, {"role": "tools"}):
        with pytest.raises(Forbidden):
            approve(portal, request, manager, **said)
    assert untouched(portal, request)
    assert kinds(portal, request.id) == ["staff:office-user:change-refused"] * 2
    assert approve(portal, request, manager, role="reader").role == "reader"


def test_nobody_decides_their_own_request(portal: Portal, office: Account) -> None:
    manager = make_manager(portal, office, email="olga@elm.example")
    request = make_request(portal, office, email="Olga@ELM.example")
    for decide in (approve, deny):
        with pytest.raises(Forbidden, match="forbidden"):
            decide(portal, request, manager)
    found = console.details(portal, manager, request.id)
    assert (found.can_decide, found.why_not[:40]) == (False, "This request has your own email address,")
    assert untouched(portal, request)
    assert approve(portal, request, make_manager(portal, office)).status == "MANUAL-PROV-ADMIN-APPROVED"


def test_invitations_are_not_decided(portal: Portal, office: Account) -> None:
    invitation = make_entry(portal, office, kind="invitation", status=Status.EMAIL_INT)
    for decide in (approve, deny):
        with pytest.raises(Conflict, match="conflict"):
            decide(portal, shown(portal, str(invitation.created_key)))
    assert "accepts it" in console.details(portal, STAFF, str(invitation.created_key)).why_not


# What came in between


def test_another_version_than_was_looked_at_is_refused(portal: Portal, office: Account) -> None:
    request = make_request(portal, office)
    tx = act_of(portal).transaction()
    entries.change(tx, portal.slug, stored(portal, request.id), RegistrationRow.note.set("Called."))
    tx.commit()
    for decide in (approve, deny):
        with pytest.raises(Stale):
            decide(portal, request, version=request.version)
    assert approve(portal, request, version=request.version + 1).status == "MANUAL-PROV-ADMIN-APPROVED"


@pytest.mark.parametrize("first", [approve, deny])
@pytest.mark.parametrize("second", [approve, deny])
def test_of_two_who_decide_the_second_is_told(
    portal: Portal, office: Account, first: Callable[..., Registration], second: Callable[..., Registration]
) -> None:
    """Before the second looks, and between its look and its deed."""
    for moment in (None, *range(1, 6)):
        request = make_request(portal, office)
        with pytest.raises(Decided) as refused:
            if moment is None:
                first(portal, request)
                second(portal, request, version=request.version)
            else:
                with meanwhile.after("dynamodb.GetItem", partial(first, portal, request), nth=moment):
                    second(portal, request)
        assert refused.value.code == "already-decided"
        assert len(kinds(portal, request.id)) == 1
    assert counts_are_right(portal)


def test_of_sixty_four_at_once_one_wins(world: World, portal: Portal, office: Account) -> None:
    request = make_request(portal, office)
    before = len(contacts_of(portal, office))

    def decide(place: int) -> Registration | Refusal:
        try:
            return (approve if place % 2 else deny)(portal, request)
        except Decided as refusal:
            return refusal

    answers = at_once([partial(decide, place) for place in range(64)])
    (winner,) = [answer for answer in answers if isinstance(answer, Registration)]
    assert sum(isinstance(answer, Decided) for answer in answers) == 63
    user = users.by_id(portal.slug, request.id)
    is_approved = winner.status == "MANUAL-PROV-ADMIN-APPROVED"
    assert (user is not None and user.state == "active") == is_approved
    assert len(contacts_of(portal, office)) == before + is_approved
    assert len(kinds(portal, request.id)) == 1
    world.drain()
    assert len(world.sent_to(request.applicant.email)) == 1
    assert counted(portal) == {winner.status: 1}


def test_an_account_that_closes_lets_nobody_in(portal: Portal, office: Account) -> None:
    for moment in (None, *range(1, 7)):
        account = make_office(portal)
        request = make_request(portal, account)
        close = partial(change_account, portal, account.id, status="closed")
        with pytest.raises(Conflict, match="conflict") as refused:
            if moment is None:
                close()
                approve(portal, request)
            else:
                with meanwhile.after("dynamodb.GetItem", close, nth=moment):
                    approve(portal, request)
        assert "is closed" in refused.value.text
        assert untouched(portal, request) and contacts_of(portal, account) == []
        assert deny(portal, request).status == "DECLINED", "denying needs no open account"
    assert counts_are_right(portal)


def test_a_role_that_the_portal_has_no_more_is_given_to_nobody(portal: Portal, office: Account) -> None:
    request = make_request(portal, office)
    left = change_portal(portal, roles=[{"key": "reader", "name": "Reader", "permissions": ["claims:read"]}])
    for said in ({}, {"role": "portal-user"}, {"role": "no-such"}):
        with pytest.raises(Invalid) as refused:
            approve(portal, request, **said)
        assert list(refused.value.fields) == ["role"]
    assert untouched(portal, request)
    assert approve(left, request, role="reader").role == "reader"


def test_without_the_reserved_username_it_can_only_be_denied(portal: Portal, office: Account) -> None:
    request = str(make_entry(portal, office, status=Status.PENDING_PROV_ADMIN_REVIEW).created_key)
    with pytest.raises(Conflict, match="conflict") as refused:
        decisions.approve(act_of(portal), STAFF, request)
    assert "Deny it" in refused.value.text
    assert decisions.deny(act_of(portal), STAFF, request, reason=REASON).status == "DECLINED"


# Looking


def test_doubles_are_hinted_at_within_reach(portal: Portal, office: Account) -> None:
    person = {"first_name": "José", "last_name": "Núñez", "email": "jose@elm.example", "phone": "+1 415 555 0132"}
    provider = make_provider(portal, office)
    request = make_request(portal, office, **person)
    named = make_request(portal, office, first_name="Jose", last_name="Nunez")
    mailed = make_request(portal, provider, email="JOSE@elm.example")
    called = make_user(portal, office, "portal-user", phone="(415) 555-0132")
    make_user(portal, office, "portal-user")
    make_request(portal, make_office(portal), **person)
    make_entry(portal, office, **person)
    manager = make_manager(portal, office)
    for by in (STAFF, manager):
        found = {each.id: (each.kind, each.why) for each in console.details(portal, by, request.id).possible_duplicates}
        assert found == {
            named.id: ("registration", ("name",)), mailed.id: ("registration", ("email",)), called.id: ("user", ("phone",)),
        }  # fmt: skip
    single = make_manager(portal, provider)
    assert console.details(portal, single, mailed.id).possible_duplicates == (), (
        "what is the office's is not theirs to see"
    )
    approve(portal, named)
    kept = [each.kind for each in console.details(portal, STAFF, request.id).possible_duplicates if each.id == named.id]
    assert kept == ["registration"], "once, though there is a user now too"
    for _ in range(6):
        make_request(portal, office, **person)
    assert len(console.details(portal, STAFF, request.id).possible_duplicates) == 5


def test_the_next_one_waits_longest_of_those_that_came_later(world: World, portal: Portal, office: Account) -> None:
    provider = make_provider(portal, office)
    accounts = (office, provider, office, make_office(portal), provider)
    made = []
    for account in accounts:
        world.clock.advance(60)
        made.append(make_request(portal, account).id)
    approve(portal, shown(portal, made[2]))

    def way(by: Authority, entry_id: str) -> list[int]:
        found = console.following(portal, by, entry_id)
        return [made.index(found.id), *way(by, found.id)] if found else []

    assert way(STAFF, made[0]) == [1, 3, 4]
    assert way(make_manager(portal, office), made[0]) == [1, 4]
    assert way(make_manager(portal, provider), made[1]) == [4]


def test_lists_and_counts_are_of_what_is_within_reach(world: World, portal: Portal, office: Account) -> None:
    provider = make_provider(portal, office)
    people = (
        (office, "Zoe", "Adams"), (provider, "Amy", "Núñez"), (make_office(portal, "Oak Lane"), "Bob", "Miller"),
        (office, "Cal", "Bright"),
    )  # fmt: skip
    made = {}
    for account, first, last in people:
        world.clock.advance(60)
        made[make_request(portal, account, first_name=first, last_name=last).id] = first
    make_entry(portal, office)

    def names(by: Authority, **wanted: object) -> list[str]:
        return [made[str(row.created_key)] for row in entries.listed(portal.slug, by, **wanted).items]  # type: ignore[arg-type]

    manager, single = make_manager(portal, office), make_manager(portal, provider)
    assert names(STAFF) == ["Cal", "Bob", "Amy", "Zoe"] and names(STAFF, sort="submitted_at")[0] == "Zoe"
    assert names(STAFF, sort="name") == ["Zoe", "Cal", "Bob", "Amy"]
    assert names(manager) == ["Cal", "Amy", "Zoe"] and names(manager, sort="name") == ["Zoe", "Cal", "Amy"]
    assert names(manager, sort="-name") == ["Amy", "Cal", "Zoe"] and names(single) == ["Amy"]
    waiting = Status.PENDING_PROV_ADMIN_REVIEW
    for sort in ("name", "submitted_at"):
        assert sorted(names(STAFF, status=waiting, sort=sort)) == ["Bob", "Cal", "Zoe"]
        assert sorted(names(manager, status=waiting, sort=sort)) == ["Cal", "Zoe"]
        assert names(single, status=waiting, sort=sort) == []
    for text, expected in (("nunez", ["Amy"]), ("NÚÑEZ amy", ["Amy"]), ("oak", ["Bob"]), ("amy adams", [])):
        assert names(STAFF, text=text) == expected
    identifier = provider.identifiers[0].value
    assert names(STAFF, text=identifier[:6]) == names(manager, text=identifier) == ["Amy"]
    both = {"PENDING-PROV-ADMIN-REVIEW": 3, "PENDING-ADMIN-REVIEW": 1}
    assert (counted(portal), counted(portal, manager)) == (both, {**both, "PENDING-PROV-ADMIN-REVIEW": 2})
    assert counted(portal, single) == {"PENDING-ADMIN-REVIEW": 1}
    assert set(entries.counts(portal.slug, single)) == set(LISTED)


def test_requests_are_listed_by_when_they_were_submitted(world: World, portal: Portal, office: Account) -> None:
    early = make_entry(portal, office)
    world.clock.advance(60)
    late = make_request(portal, office)
    world.clock.advance(60)
    tx = act_of(portal).transaction()
    submitted = RegistrationRow.submitted_at.set(int(world.clock.seconds))
    entries.move(tx, portal.slug, early, "submit", submitted)
    tx.commit()
    found = [str(row.created_key) for row in entries.listed(portal.slug, STAFF, sort="submitted_at").items]
    assert found == [late.id, early.created_key]
    assert console.following(portal, STAFF, late.id).id == early.created_key  # type: ignore[union-attr]
