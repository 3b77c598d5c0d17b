"""Staff call the API with their session: as who they are at this very request, from our own pages, and freshly proved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.facts import Act
from chalicelib.people import staff, user_changes, user_factors, user_sessions
from chalicelib.portals.permissions import LEVELS, ROLES
from chalicelib.security import sessions
from chalicelib.storage import Transaction
from chalicelib.web import cookies
from chalicelib.web.guard import GUARDS, Guard
from tests.customers import make_customer, password_portal
from tests.staffing import Colleague, StaffClient, make_colleague, make_session, session_of, signed_in
from tests.tracing import traced, writes
from tests.world import MovableClock, World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good

ROWS = [(method, route, guard) for (method, route), guard in GUARDS.items() if guard.audience == "key"]
CHANGES = [(method, route) for method, route, _ in ROWS if method != "GET"]
IDS = dict.fromkeys(
    (
        "account", "contact", "batch", "document", "message", "key", "user", "request", "registration", "sending", "tagging",
        "verification",
        "task", "call", "item", "campaign", "workflow", "enrolment",
    ),
    "0" * 32,
)  # fmt: skip
CARD = {"title": "Adviser", "phone": "+14155550132", "photo_url": "https://acme.example/a.png", "about": "Two\nlines"}
BODIES: dict[str, Any] = {"POST": {}, "PATCH": {"nonsense": 1}}
FOREIGN = ("https://evil.example", "null", "http://portal.example.com", "https://portal.example.com.evil.example", "")


def at(route: str, slug: str) -> str:
    """The path of a route, of things that are not there."""
    return route.format(**IDS, portal=slug)


def whole(slug: str) -> str:
    return f"/api/v1/portals/{slug}"


def in_a_row(portal: str, role: str, **options: Any) -> tuple[Colleague, StaffClient]:
    colleague = make_colleague(portal, role)
    return colleague, signed_in(colleague, **options)


# Who may what


@pytest.mark.parametrize("role", LEVELS)
def test_every_route_lets_in_who_may_and_nobody_else(office: Office, role: str) -> None:
    """What is let in stumbles over the empty body or the id that is not there: but it was let in."""
    caller = make_session(office.slug, role)
    let_in = 0
    for method, route, guard in ROWS:
        reply = caller.call(method, at(route, office.slug), BODIES.get(method))
        may = not guard.every_portal and guard.permission in {None, *ROLES[role]}
        assert (reply.status not in (401, 403)) == may, (role, method, route, reply.text)
        if not may:
            assert reply.code == "forbidden"
            assert guard.every_portal or str(guard.permission) in reply.json["detail"]
        let_in += may
    assert let_in == {"owner": len(ROWS) - 1, "administrator": len(ROWS) - 1}.get(role, let_in)
    assert 5 < let_in < len(ROWS)


@pytest.mark.parametrize("role", LEVELS)
def test_every_dangerous_route_asks_for_a_fresh_factor(office: Office, role: str) -> None:
    caller = make_session(office.slug, role, proved=False)
    for method, route, guard in ROWS:
        reply = caller.call(method, at(route, office.slug), BODIES.get(method))
        may = not guard.every_portal and guard.permission in {None, *ROLES[role]}
        assert (reply.status == 403 and reply.code == "step-up-needed") == (guard.fresh and may), (method, route)


def test_what_is_dangerous_is_marked_so() -> None:
    fresh = {(method, route.partition("{portal}")[2]) for method, route, guard in ROWS if guard.fresh}
    managing = {(m, r.partition("{portal}")[2]) for m, r, guard in ROWS if guard.permission == "staff:manage"}
    assert len(managing) == 8
    of_users = {(m, r.partition("{portal}")[2]) for m, r, guard in ROWS if guard.permission == "users:manage"}
    reading = {("GET", "/users/employees"), ("POST", "/users/employees")}  # names of colleagues, and one more of them
    assert reading < of_users
    assert fresh == managing | (of_users - reading) | {
        ("PATCH", ""), ("POST", "/api-keys"), ("DELETE", "/api-keys/{key}"),
        ("PATCH", "/accounts/{account}/credential"), ("DELETE", "/accounts/{account}/credential"),
        ("POST", "/templates"), ("POST", "/templates/change"), ("POST", "/templates/delete"), ("POST", "/templates/wording"),
        ("POST", "/templates/restore"),
        *(("POST", f"/support/users/{{user}}/{does}") for does in ("unlock", "reset-factors", "send-link")),
    }  # fmt: skip
    assert not any(guard.fresh for method, _, guard in ROWS if method == "GET")


def test_another_portal_looks_like_none(office: Office, other: Office, world: World) -> None:
    caller = make_session(office.slug)
    for method, route, _ in ROWS:
        if "{portal}" not in route:
            continue
        replies = [
            caller.call(method, at(route, slug), BODIES.get(method)) for slug in (other.slug, "no-such-portal", "X")
        ]
        assert {(reply.status, reply.code) for reply in replies} == {(404, "not-found")}, (method, route)
        assert len({reply.json["detail"] for reply in replies}) == 1


def test_the_list_of_portals_holds_their_own_alone(office: Office, other: Office) -> None:
    caller = make_session(office.slug, "agent")
    assert [portal["slug"] for portal in good(caller.get("/portals")).items] == [office.slug]
    assert caller.post("/portals", {"slug": "mine-too", "name": "Mine"}).status == 403


def test_a_browser_signed_in_to_two_portals_acts_in_each_as_who_it_is_there(office: Office, other: Office) -> None:
    here, there = make_session(office.slug, "agent"), make_session(other.slug, "owner")
    both = f"{here.cookies}; {there.cookies}"
    assert good(here.get(f"{office.at}/me", Cookie=both)).json["role"] == "agent"
    assert good(here.get(f"{other.at}/me", Cookie=both)).json["role"] == "owner"
    wrong_token = here.patch(other.at, {"name": "Taken"}, Cookie=both)
    assert (wrong_token.status, wrong_token.code) == (403, "csrf-token")


# As of this very request


def test_a_role_counts_from_the_next_request_on(office: Office) -> None:
    boss, (colleague, caller) = make_session(office.slug), in_a_row(office.slug, "administrator")
    assert caller.get(f"{office.at}/api-keys").status == 200
    good(boss.patch(f"{office.at}/staff/{colleague.id}", {"role": "agent"}))
    assert caller.get(f"{office.at}/api-keys").code == "forbidden"
    assert caller.get(f"{office.at}/accounts").status == 200
    tx = Transaction()
    user_changes.change_details(tx, colleague.user, colleague.user.details, role="nothing-known")
    tx.commit()
    assert {caller.get(f"{office.at}{path}").status for path in ("", "/accounts", "/staff")} == {403}


def test_who_is_deactivated_is_nobody_with_the_next_request_and_reactivated_not_signed_in(office: Office) -> None:
    boss, (colleague, caller) = make_session(office.slug), in_a_row(office.slug, "owner")
    assert caller.get(f"{office.at}/me").status == 200
    good(boss.post(f"{office.at}/staff/{colleague.id}/deactivate"))
    for path in ("/me", "/accounts", "/staff", ""):
        reply = caller.get(f"{office.at}{path}")
        assert (reply.status, reply.code) == (401, "not-signed-in")
    good(boss.post(f"{office.at}/staff/{colleague.id}/reactivate"))
    assert caller.get(f"{office.at}/me").status == 401
    assert signed_in(colleague).get(f"{office.at}/me").status == 200


def _ends(colleague: Colleague, change: Callable[[Transaction], None]) -> None:
    tx = Act(colleague.portal, "system:tests").transaction()
    change(tx)
    tx.commit()


def test_an_ended_session_is_nobodys(office: Office, moment: MovableClock) -> None:
    ways: list[Callable[[Colleague, StaffClient], None]] = [
        lambda c, s: _ends(c, lambda tx: user_sessions.end_session(tx, c.user, sessions.id_of(s.secret))),
        lambda c, s: _ends(c, lambda tx: user_changes.set_password(tx, c.user, "hash")),
        lambda c, s: _ends(c, lambda tx: user_changes.set_state(tx, c.user, "locked", "disavowed")),
        lambda c, s: _ends(c, lambda tx: sessions.end(tx, c.portal, sessions.id_of(s.secret))),
        lambda c, s: moment.advance(minutes=30),
    ]
    for place, end in enumerate(ways):
        colleague, caller = in_a_row(office.slug, "agent")
        assert caller.get(f"{office.at}/me").status == 200
        end(colleague, caller)
        assert caller.get(f"{office.at}/me").status == 401, place


def test_a_session_lasts_while_it_is_used_and_eight_hours_at_most(office: Office, moment: MovableClock) -> None:
    caller = make_session(office.slug)
    for _ in range(23):
        moment.advance(minutes=20)
        assert caller.get(f"{office.at}/me").status == 200
    moment.advance(minutes=20)
    assert caller.get(f"{office.at}/me").status == 401


def test_what_is_no_staff_session_opens_nothing(office: Office, other: Office, world: World) -> None:
    customer = make_customer(world, password_portal(world))
    as_staff, real = session_of(customer.user), make_session(office.slug)
    wrong = [
        (as_staff, whole(customer.slug)),
        (StaffClient(office.slug, "x" * 43), whole(office.slug)),
        (StaffClient(office.slug, ""), whole(office.slug)),
        (StaffClient(other.slug, real.secret), whole(other.slug)),
        (StaffClient(office.slug, sessions.id_of(real.secret)), whole(office.slug)),
    ]
    for caller, path in wrong:
        assert caller.get(f"{path}/me").status == 401
    as_client = f"{cookies.name('session', office.slug)}={real.secret}"
    assert ApiClient(None).get(whole(office.slug), Cookie=as_client).status == 401


# Cookies come along by themselves (threat 19)


def refused(send: Callable[[], Reply]) -> None:
    """It is answered by 403, and nothing is written."""
    with traced() as calls:
        reply = send()
    assert (reply.status, reply.code) == (403, "csrf-token"), reply.text
    assert writes(calls) == []


@pytest.mark.parametrize(("method", "route"), CHANGES)
def test_a_change_without_the_sessions_token_or_from_elsewhere_is_refused(
    office: Office, method: str, route: str
) -> None:
    caller, stranger = make_session(office.slug), make_session(office.slug)
    office.clock.advance(minutes=2)  # so that a session that is read is noted as used
    send = partial(caller.call, method, at(route, office.slug), BODIES.get(method))
    for origin in FOREIGN:
        refused(partial(send, Origin=origin))
    for token in ("", "0" * 40, caller.token[:-1], caller.token.upper() + "x", stranger.token, "é"):
        refused(partial(send, X_CSRF_Token=token))
    refused(partial(send, Cookie=caller.cookies.partition("; ")[2]))  # no form cookie
    refused(partial(send, Cookie=caller.cookies.replace("f" * 24, "g" * 24)))
    assert send(Origin="https://portal.example.com").code not in ("csrf-token", "unexpected")
    assert send().code not in ("csrf-token", "unexpected")


def test_reading_needs_no_token(office: Office) -> None:
    assert make_session(office.slug).get(f"{office.at}/accounts", Origin="https://evil.example").status == 200


def test_a_key_beside_the_cookie_counts(office: Office) -> None:
    caller = make_session(office.slug, "agent")
    key = f"Bearer {office.api.key}"
    assert good(caller.get(f"{office.at}/me", Authorization=key)).json["kind"] == "api-key"
    assert good(caller.get(f"{office.at}/me", X_Api_Key=office.api.key or "")).json["kind"] == "api-key"
    made = caller.post(f"{office.at}/accounts", {"name": "By key"}, Authorization=key, X_CSRF_Token="")
    assert made.status == 201
    for wrong in ({"Authorization": "Bearer ls_x"}, {"Authorization": "Basic eA=="}, {"X_Api_Key": "ls_x"}):
        assert caller.get(f"{office.at}/me", **wrong).status == 401


# What is recorded


def test_facts_and_keys_name_the_user(office: Office) -> None:
    colleague, caller = in_a_row(office.slug, "owner")
    account = good(caller.post(f"{office.at}/accounts", {"name": "Northwind"})).id
    (fact,) = good(caller.get(f"{office.at}/facts?subject=account:{account}")).items
    assert fact["actor"] == f"user:{colleague.id}"
    key = good(caller.post(f"{office.at}/api-keys", {"name": "K", "scopes": ["staff:manage"]})).json
    assert key["created_by"] == f"user:{colleague.id}"


def test_idempotency_keys_of_two_users_are_two_keys(office: Office) -> None:
    one, two = make_session(office.slug), make_session(office.slug)
    made = [caller.post(f"{office.at}/accounts", {"name": "A"}, Idempotency_Key="k") for caller in (one, two, one)]
    assert [reply.headers.get("Idempotency-Replayed") for reply in made] == [None, None, "true"]
    assert made[0].id == made[2].id != made[1].id


# Who am I


def test_me_of_a_session(office: Office) -> None:
    colleague, caller = in_a_row(office.slug, "support")
    me = good(caller.get(f"{office.at}/me")).json
    assert me == {
        "kind": "user", "id": colleague.id, "name": colleague.user.name, "portal": office.slug, "role": "support",
        "role_name": "support", "account_id": None, "account_name": None, "office_id": None, "opens": [],
        "title": "", "phone": None, "photo_url": None, "about": "",
        "permissions": sorted(ROLES["support"]), "csrf_token": caller.token,
        "session_ends_at": clock.text(clock.timestamp() + 1800), "proved_until": clock.text(clock.timestamp() + 600),
    }  # fmt: skip
    assert good(make_session(office.slug, proved=False).get(f"{office.at}/me")).json["proved_until"] is None


def test_me_gives_a_browser_without_a_form_cookie_one(office: Office) -> None:
    caller = make_session(office.slug)
    reply = good(caller.get(f"{office.at}/me", Cookie=f"{cookies.name('staff', office.slug)}={caller.secret}"))
    given = reply.headers["Set-Cookie"]
    assert given.startswith(f"__Host-form-{office.slug}=") and "HttpOnly" in given and "Secure" in given
    caller.form = given.partition("=")[2].partition(";")[0]
    assert caller.token == reply.json["csrf_token"]
    assert caller.post(f"{office.at}/accounts", {"name": "A"}).status == 201
    assert "Set-Cookie" not in caller.get(f"{office.at}/me").headers


def test_me_of_a_key(office: Office, deployment: ApiClient) -> None:
    for caller in (office.api, deployment):
        me = good(caller.get(f"{office.at}/me")).json
        assert (me["kind"], me["name"], me["portal"], me["role"]) == ("api-key", "Test", office.slug, None)
        assert {me["csrf_token"], me["session_ends_at"], me["proved_until"]} == {None}
        assert {me["title"], me["phone"], me["photo_url"], me["about"]} == {None}
    for reply in (
        office.api.post(f"{office.at}/me/step-up", {"code": "123456"}),
        office.api.patch(f"{office.at}/me", {"title": "Robot"}),
    ):
        assert (reply.status, reply.code) == (409, "conflict")


@pytest.mark.parametrize("role", LEVELS)
def test_everybody_changes_their_own_card_and_nothing_else_of_themselves(office: Office, role: str) -> None:
    colleague, caller = in_a_row(office.slug, role, proved=False)
    before, mine = colleague.user, f"{office.at}/me"
    changed = good(caller.patch(mine, {**CARD, "phone": "(415) 555-0132"}))
    assert changed.json == good(caller.get(mine)).json
    assert {name: changed.json[name] for name in CARD} == CARD
    assert changed.headers["ETag"] == good(caller.get(mine)).headers["ETag"]
    good(caller.patch(mine, {"title": "Adviser"}))  # nothing to do
    after = colleague.user
    assert (after.version, after.role) == (before.version + 1, role)
    assert (after.name, after.emails) == (before.name, before.emails)
    (fact,) = good(office.api.get(f"{office.at}/facts?subject=user:{colleague.id}")).items
    assert (fact["kind"], fact["actor"]) == ("staff:user:changed", f"user:{colleague.id}")
    assert fact["changes"] == dict.fromkeys(CARD, "changed")
    for name, wrong in {"phone": "12", "photo_url": "javascript:x", "role": "owner", "email": "x@x.example"}.items():
        refused = caller.patch(mine, {name: wrong})
        assert (refused.status, list(refused.errors)) == (400, [name])
    assert caller.patch(mine, {"title": "Old"}, If_Match='"1"').status == 412
    assert colleague.user == after


def test_of_parallel_changes_of_a_card_none_is_lost(office: Office) -> None:
    colleague, caller = in_a_row(office.slug, "agent")
    patches = [{"title": "Adviser"}, {"about": "Words"}] * 2
    replies = at_once([partial(caller.patch, f"{office.at}/me", patch) for patch in patches])
    assert {reply.status for reply in replies} == {200}
    assert (colleague.user.details.title, colleague.user.details.about) == ("Adviser", "Words")


# Step-up


def step_up(caller: StaffClient, code: str, **headers: str) -> Reply:
    return caller.post(f"{whole(caller.portal)}/me/step-up", {"code": code}, **headers)


def dangerous(caller: StaffClient) -> Reply:
    return caller.post(f"{whole(caller.portal)}/api-keys", {"name": "K", "scopes": ["facts:read"]})


def test_a_code_of_the_app_opens_what_is_dangerous_for_ten_minutes(office: Office, moment: MovableClock) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    assert dangerous(caller).code == "step-up-needed"
    me = good(step_up(caller, f" {colleague.code()[:3]} {colleague.code()[3:]}")).json
    assert me["proved_until"] == clock.text(clock.timestamp() + 600)
    assert dangerous(caller).status == 201
    moment.advance(seconds=599)
    assert dangerous(caller).status == 201
    moment.advance(seconds=1)
    assert dangerous(caller).code == "step-up-needed"
    assert good(caller.get(f"{office.at}/accounts"))
    kinds = {fact["kind"] for fact in good(caller.get(f"{office.at}/facts?subject=user:{colleague.id}")).items}
    assert "staff:sign-in:stepped-up" in kinds


def test_another_session_of_the_same_user_is_not_proved_by_it(office: Office) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    second = signed_in(colleague, proved=False)
    good(step_up(caller, colleague.code()))
    assert dangerous(second).code == "step-up-needed"


def test_a_code_that_was_used_is_refused_and_so_is_an_older_one(office: Office, moment: MovableClock) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    code, older = colleague.code(), colleague.code(-1)
    good(step_up(caller, code))
    second = signed_in(colleague, proved=False)
    for used in (code, older):
        reply = step_up(second, used)
        assert (reply.status, list(reply.errors)) == (400, ["code"])
    assert dangerous(second).code == "step-up-needed"
    moment.advance(seconds=30)
    good(step_up(second, colleague.code()))


def test_of_16_parallel_uses_of_one_code_one_proves(office: Office) -> None:
    """Five are tried at most; whichever of them comes first uses the code up."""
    colleague = make_colleague(office.slug)
    callers = [signed_in(colleague, proved=False) for _ in range(16)]
    replies = at_once([partial(step_up, caller, colleague.code()) for caller in callers])
    assert sorted(reply.status for reply in replies).count(200) == 1
    assert {reply.status for reply in replies} <= {200, 400, 429}
    assert sum(dangerous(caller).status == 201 for caller in callers) == 1


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_time_is_wrong(office: Office, steps: int) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    assert step_up(caller, colleague.code(steps)).status == 400


def test_five_wrong_ones_and_not_even_the_right_one_helps(office: Office, moment: MovableClock) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    wrong = f"{(int(colleague.code()) + 1) % 1_000_000:06}"
    for typed in (wrong, "000000", "nonsense", "٠١٢٣٤٥", wrong):
        assert step_up(caller, typed).status == 400
    for typed in (wrong, colleague.code()):
        reply = step_up(caller, typed)
        assert (reply.status, reply.code) == (429, "too-many-requests")
        assert int(reply.headers["Retry-After"]) > 0
    assert dangerous(caller).code == "step-up-needed"
    moment.advance(minutes=15)
    good(step_up(caller, colleague.code()))


def test_wrong_ones_in_a_row_lock_for_longer_and_longer_until_unlocked(office: Office, moment: MovableClock) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    for _ in range(3):
        for _ in range(5):
            assert step_up(caller, "nonsense").status == 400
        moment.advance(minutes=15)
        assert caller.get(f"{office.at}/me").status == 200
    assert step_up(caller, colleague.code()).code == "locked"
    good(make_session(office.slug).post(f"{office.at}/staff/{colleague.id}/unlock"))
    good(step_up(caller, colleague.code()))


def test_right_ones_are_not_counted(office: Office, moment: MovableClock) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    for _ in range(8):
        moment.advance(seconds=30)
        good(step_up(caller, colleague.code()))


def test_a_recovery_code_works_once_and_its_owner_is_told(office: Office, world: World) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    good(step_up(caller, colleague.recovery[3].upper()))
    assert dangerous(caller).status == 201
    assert len(colleague.user.recovery) == 9
    assert step_up(signed_in(colleague, proved=False), colleague.recovery[3]).status == 400
    world.drain()
    assert "recovery code was used" in world.newest(colleague.email).subject


def test_a_refused_code_uses_up_no_idempotency_key(office: Office) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    assert step_up(caller, "nonsense", Idempotency_Key="k").status == 400
    assert step_up(caller, "nonsense", Idempotency_Key="k").status == 400
    good(step_up(caller, colleague.code(), Idempotency_Key="k"))
    again = good(step_up(caller, colleague.code(), Idempotency_Key="k"))
    assert again.headers["Idempotency-Replayed"] == "true"


def test_who_has_neither_app_nor_codes_is_told_to_sign_in_again(office: Office) -> None:
    colleague, caller = in_a_row(office.slug, "owner", proved=False)
    tx = Transaction()
    user_factors.drop_factors(tx, colleague.user, ["totp"])
    tx.commit()
    assert step_up(caller, "123456").code == "conflict"


def test_every_role_is_one_that_can_be_given() -> None:
    from typing import get_args

    assert get_args(staff.Role) == LEVELS == tuple(ROLES)
    assert isinstance(ROWS[0][2], Guard)
