"""Office users call the API with the session of their browser: managers within their office, others for themselves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.people import user_changes
from chalicelib.people.authority import Authority
from chalicelib.portals import Portal
from chalicelib.portals.roles import MANAGE, OF_MANAGERS
from chalicelib.storage import Transaction
from chalicelib.web import callers, cookies
from chalicelib.web.guard import GUARDS
from tests.browsing import Browser
from tests.customers import enter_password, make_customer
from tests.factories import change_account, change_portal, facts_of, make_portal
from tests.offices import (
    MANAGER,
    OfficeClient,
    OfficeUser,
    make_office,
    make_office_user,
    make_provider,
    sign_in,
    signed_in,
    with_app,
)
from tests.staffing import make_colleague, make_session
from tests.staffing import signed_in as staff_signed_in
from tests.tracing import traced, writes
from tests.world import World

from .client import application
from .conftest import good

SERVED = {(method, route) for route, methods in application()[0].routes.items() for method in methods}
ROWS = [
    (method, route, guard)
    for (method, route), guard in GUARDS.items()
    if guard.audience == "key" and (method, route) in SERVED
]
IDS = dict.fromkeys(
    (
        "account", "contact", "batch", "document", "message", "key", "user", "request", "registration", "sending", "item",
        "tagging", "task", "call", "campaign", "workflow", "enrolment", "verification",
    ),
    "0" * 32,
)  # fmt: skip
BODIES: dict[str, Any] = {"POST": {}, "PATCH": {"nonsense": 1}}


@pytest.fixture
def portal(world: World) -> Portal:
    return make_portal(world)


@pytest.fixture
def manager(portal: Portal) -> Iterator[OfficeUser]:
    yield make_office_user(portal, make_office(portal), MANAGER)


def me(client: OfficeClient) -> Any:
    """The answer of `me`."""
    return client.get(f"/portals/{client.portal}/me")


def caller_of(client: OfficeClient) -> callers.Caller:
    """The caller as handlers see it."""
    return callers.of("GET", {"cookie": client.cookies}, client.portal)


def give_role(user: OfficeUser, role: str) -> None:
    """Somebody else gives the user another role."""
    tx = Transaction()
    user_changes.change_details(tx, user.user, user.user.details, role=role)
    tx.commit()


# Who may what


@pytest.mark.parametrize("role", [MANAGER, "portal-user", "clerical-user", "gone"])
def test_every_route_lets_in_who_may_and_nobody_else(portal: Portal, role: str) -> None:
    client = signed_in(make_office_user(portal, make_office(portal), role))
    held = OF_MANAGERS if role == MANAGER else frozenset[str]()
    for method, route, guard in ROWS:
        reply = client.call(method, route.format(**IDS, portal=portal.slug), BODIES.get(method))
        if "{portal}" not in route:
            assert reply.status in (401, 403), "a client's session counts where the path names its portal"
            continue
        may = not guard.every_portal and guard.permission in {None, *held}
        assert (reply.status not in (401, 403)) == may, (role, method, route, reply.text)
        assert may or reply.code == "forbidden"


def test_another_portal_and_no_portal_know_them_not(world: World, portal: Portal, manager: OfficeUser) -> None:
    client, other = signed_in(manager), make_portal(world)
    for slug in (other.slug, "no-such-portal"):
        assert client.get(f"/portals/{slug}/me").status == 401
    jar = f"{cookies.name('session', other.slug)}={client.secret}"
    assert client.get(f"/portals/{other.slug}/me", Cookie=jar).status == 401, "a session is of one portal"
    change_portal(portal, status="closed")
    assert me(client).status == 401


def test_customers_and_contacts_are_no_callers(world: World) -> None:
    customer, browser = make_customer(world), Browser()
    enter_password(browser, customer)
    assert browser.ask("GET", f"/api/v1/portals/{customer.slug}/me").status == 401


def test_me_tells_name_role_office_and_token(portal: Portal) -> None:
    office = make_office(portal)
    provider = make_provider(portal, office)
    user = make_office_user(portal, provider, MANAGER, title="Practice lead")
    client = signed_in(user)
    told = good(me(client)).json
    assert (told["kind"], told["id"], told["name"], told["title"]) == ("user", user.id, user.user.name, "Practice lead")
    assert (told["role"], told["role_name"]) == (MANAGER, "Provider Administrator")
    assert (told["account_id"], told["account_name"]) == (provider.id, "Dr. Iris Hale")
    assert told["office_id"] == office.id and MANAGE in told["opens"]
    assert set(told["permissions"]) == OF_MANAGERS and told["csrf_token"] == client.token
    other = good(me(signed_in(make_office_user(portal, office)))).json
    assert other["permissions"] == [] and MANAGE not in other["opens"] and other["account_id"] == office.id


def test_how_far_a_caller_reaches(portal: Portal) -> None:
    office = make_office(portal)
    provider = make_provider(portal, office)
    of_office = caller_of(signed_in(make_office_user(portal, office, MANAGER))).authority
    of_provider = caller_of(signed_in(make_office_user(portal, provider, MANAGER))).authority
    assert of_office.is_office_level and not of_provider.is_office_level
    assert of_office.reaches(provider.id, office.id) and not of_provider.reaches(office.id, office.id)
    assert not of_office.reaches("0" * 32, "0" * 32) and MANAGE in of_office.permissions
    colleague = make_colleague(portal.slug, "support")
    everywhere = caller_of(staff_signed_in(colleague)).authority  # type: ignore[arg-type]
    assert everywhere == Authority(name=colleague.user.name, user_id=colleague.id) and everywhere.is_everywhere


def test_a_portal_may_call_its_role_owner_and_gives_no_staff_level_by_it(world: World) -> None:
    roles = [{"key": "owner", "name": "owner", "permissions": [MANAGE]}]
    portal = make_portal(world, roles=roles)
    client = signed_in(make_office_user(portal, make_office(portal), "owner"))
    assert caller_of(client).role == "" and caller_of(client).scopes == OF_MANAGERS
    assert client.get(f"/portals/{portal.slug}/staff").status == 403


# Threat 17: as of this very request


def test_a_role_that_was_taken_away_counts_from_the_next_request_on(portal: Portal, manager: OfficeUser) -> None:
    client = signed_in(manager)
    assert set(me(client).json["permissions"]) == OF_MANAGERS
    give_role(manager, "portal-user")
    assert me(client).json["permissions"] == [] and MANAGE not in caller_of(client).authority.permissions
    give_role(manager, MANAGER)
    assert set(me(client).json["permissions"]) == OF_MANAGERS


def test_a_role_that_the_portal_redefines_counts_from_the_next_request_on(portal: Portal, manager: OfficeUser) -> None:
    client = signed_in(manager)
    assert me(client).json["permissions"]
    kept = callers.portals.known(portal.slug)
    change_portal(portal, roles=[{"key": MANAGER, "name": "Provider Administrator", "permissions": ["claims:read"]}])
    callers.portals.registry._kept[portal.slug] = (float("inf"), kept)  # a process that was not told
    assert me(client).json["permissions"] == [] and me(client).json["opens"] == ["claims:read"]
    change_portal(portal, roles=[{"key": "other", "name": "Other"}])
    told = me(client).json
    assert (told["permissions"], told["opens"], told["role"], told["role_name"]) == ([], [], MANAGER, "")


@pytest.mark.parametrize("state", ["locked", "deleted", "deactivated", "pending"])
def test_whoever_is_shut_out_calls_no_more(portal: Portal, manager: OfficeUser, state: Any) -> None:
    client = signed_in(manager)
    tx = Transaction()
    user_changes.set_state(tx, manager.user, state, "left")
    tx.commit()
    assert me(client).status == 401


def test_the_users_of_a_closed_office_call_no_more(portal: Portal, manager: OfficeUser) -> None:
    client = signed_in(manager)
    change_account(portal, manager.account.id, status="closed")
    assert me(client).status == 401
    change_account(portal, manager.account.id, status="open")
    assert me(client).status == 200


def test_a_session_in_which_no_second_factor_was_shown_is_no_managers(portal: Portal, manager: OfficeUser) -> None:
    """It was begun before they were made a manager, say."""
    user = make_office_user(portal, manager.account)
    client = signed_in(user, proved=False)
    assert me(client).status == 200
    give_role(user, MANAGER)
    assert me(client).status == 401
    assert "/sign-in" in Browser().open(f"/{portal.slug}/").path


def test_an_idle_session_is_over_when_the_portals_policy_says(
    world: World, portal: Portal, manager: OfficeUser
) -> None:
    client = signed_in(manager)
    world.clock.advance(minutes=portal.policy.session_idle_minutes)
    assert me(client).status == 401


# Threat 19: from our own pages


def test_a_change_carries_the_sessions_token(portal: Portal, manager: OfficeUser) -> None:
    client, path = signed_in(manager), f"/portals/{portal.slug}/me"
    other = signed_in(make_office_user(portal, manager.account))
    for sent in ({"X_CSRF_Token": ""}, {"X_CSRF_Token": other.token}, {"Origin": "https://evil.example"}):
        with traced() as calls:
            reply = client.patch(path, {"title": "Mallory"}, **sent)
        assert (reply.status, reply.code) == (403, "csrf-token") and writes(calls) == []
    assert good(client.patch(path, {"title": "Office lead"})).json["title"] == "Office lead"


def test_a_browser_that_is_both_acts_as_the_one_whose_token_it_sends(portal: Portal, manager: OfficeUser) -> None:
    of_staff, of_office = make_session(portal.slug, "support"), signed_in(manager)
    both, path = f"{of_staff.cookies}; {of_office.cookies}", f"/portals/{portal.slug}/me"
    assert good(of_staff.get(path, Cookie=both)).json["role"] == "support"
    changed = of_office.patch(path, {"title": "Office lead"}, Cookie=both)
    assert good(changed).json["id"] == manager.id
    assert good(of_staff.patch(path, {"title": "Adviser"}, Cookie=both)).json["role"] == "support"
    over = f"{cookies.name('staff', portal.slug)}=over; {of_office.cookies}"
    assert good(of_office.get(path, Cookie=over)).json["id"] == manager.id


# Their own card, and a second factor shown again


def test_the_own_card_is_changed_and_nothing_above_it(portal: Portal) -> None:
    user = make_office_user(portal, make_office(portal))
    client, path = signed_in(user), f"/portals/{portal.slug}/me"
    told = good(client.patch(path, {"title": "Biller", "phone": "+1 415 555 0132"})).json
    assert (told["title"], told["phone"], told["role"]) == ("Biller", "+14155550132", "portal-user")
    for field, wanted in (("role", MANAGER), ("email", "x@y.example"), ("permissions", [MANAGE]), ("account_id", "0")):
        reply = client.patch(path, {field: wanted})
        assert reply.status == 400 and field in reply.errors, "threat 16: nobody edits their own role or scope"
    assert user.user.role == "portal-user" and user.user.emails == (user.email,)
    [fact] = facts_of(portal.slug, "staff:office-user:changed")
    assert fact.changes == {"title": "changed", "phone": "changed"} and fact.actor == f"user:{user.id}"


def test_a_second_factor_is_shown_again(world: World, portal: Portal, manager: OfficeUser) -> None:
    manager = with_app(manager)
    client = signed_in(manager)
    assert caller_of(client).is_fresh
    world.clock.advance(minutes=11)
    assert not caller_of(client).is_fresh
    wrong = client.post(f"/portals/{portal.slug}/me/step-up", {"code": "000000"})
    assert wrong.status == 400 and not caller_of(client).is_fresh
    good(client.post(f"/portals/{portal.slug}/me/step-up", {"code": manager.otp()}))
    assert caller_of(client).is_fresh
    assert [fact.subject for fact in facts_of(portal.slug, "client:sign-in:stepped-up")] == [f"user:{manager.id}"]


# Threats 20 and 22: whatever was planted or left behind


def test_a_planted_session_is_replaced_at_sign_in_and_over_at_sign_out(portal: Portal, manager: OfficeUser) -> None:
    browser, path = Browser(), f"/api/v1/portals/{portal.slug}/me"
    planted = signed_in(make_office_user(portal, manager.account)).secret
    browser.set_cookie("session", portal.slug, planted)
    sign_in(browser, manager)
    secret = browser.cookie("session")
    assert secret != planted and browser.ask("GET", path).json["id"] == manager.id
    browser.open(f"/{portal.slug}/")
    browser.press("Sign out")
    assert browser.cookie("session") is None
    browser.set_cookie("session", portal.slug, secret or "")
    assert browser.ask("GET", path).status == 401
