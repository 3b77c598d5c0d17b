"""Threat 18. Impersonation: in a view of a client's pages every route × method changes nothing but the view's own facts; it
reaches no credential, cannot nest, outlive half an hour, its staff session or its permission; and not without permission.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import get_args

import pytest

from chalicelib.people import contacts, user_changes
from chalicelib.portals.permissions import ROLES
from chalicelib.security import links
from chalicelib.storage import Transaction
from chalicelib.web.guard import GUARDS
from tests import meanwhile, viewing
from tests.browsing import FORM, Browser, Seen
from tests.factories import (
    change_account,
    change_batch,
    change_portal,
    facts_of,
    make_client,
    make_machine,
    make_portal,
    sign_in,
    staff,
)
from tests.faults.journey import document_of
from tests.records import MODULES, make_document, make_prescription
from tests.staffing import make_colleague, make_session, signed_in
from tests.threats.test_19_csrf import TYPED
from tests.tracing import traced, writes
from tests.viewing import REASON, Viewer, make_viewer
from tests.world import World

METHODS = ("POST", "PUT", "PATCH", "DELETE")
PAGES = sorted({route for _, route in GUARDS if route.startswith("/{portal}") and "/staff" not in route})
SHOWN = {
    "/{portal}", "/{portal}/batches/{batch}", "/{portal}/batches/{batch}/upload", "/{portal}/records", "/{portal}/views",
    "/{portal}/batches/{batch}/upload/{document}", "/{portal}/help",
    *(
        f"/{{portal}}/records/{kind}{rest}"
        for kind in ("prescriptions", "providers")
        for rest in ("/new", "/{item}", "/{item}/remove")
    ),
    "/{portal}/{proxy+}",
}  # fmt: skip
FILES = {"/{portal}/batches/{batch}/documents/{document}", "/{portal}/records/documents/{document}"}


def test_the_table_names_what_is_shown_and_nothing_that_changes() -> None:
    viewed = {(method, route): guard.viewed for (method, route), guard in GUARDS.items() if guard.viewed != "no"}
    assert {method for method, _ in viewed} == {"GET"}
    assert {route for (_, route), how in viewed.items() if how == "yes"} == SHOWN
    assert {route for (_, route), how in viewed.items() if how == "policy"} == FILES


def test_every_route_by_every_method_changes_nothing(world: World) -> None:
    """Also in a browser in which the client themselves is signed in, with their own right token."""
    client = make_client(world, make_portal(world, modules=MODULES))
    change_account(client.portal, client.account.id, record_type="client")
    item = make_prescription(client.portal, client.account).id
    make_document(client.portal, client.account)
    document = document_of(client.slug, make_machine(client.portal), client.batch.id, check=True)
    viewer = make_viewer(world, client)
    browser = viewer.browser
    sign_in(world, browser, client)
    right = browser.open(client.batch_path).csrf
    viewer.enter()
    held = stored(world)
    answers: Counter[int] = Counter()
    for route in PAGES:
        path = at(route, portal=client.slug, batch=client.batch.id, document=document, item=item)
        for method in METHODS:
            for token in (right, ""):
                with traced() as calls:
                    body = "&".join(f"{name}={value}" for name, value in {**TYPED, "csrf": token}.items()).encode()
                    seen = browser.copy().ask(
                        method, path, body, headers={"Content-Type": FORM, "Origin": "https://portal.example.com"}
                    )
                assert writes(calls) == [], (method, route)
                assert seen.status in ((403,) if (method, route) in GUARDS else (403, 405)), (
                    method,
                    route,
                    seen.status,
                )
                answers[seen.status] += 1
    assert stored(world) == held
    assert answers[403] == 2 * sum((method, route) in GUARDS for route in PAGES for method in METHODS) >= 80

    world.clock.advance(minutes=2)
    browser.open(client.batch_path)  # the staff session's own last use, noted once a minute
    for route in PAGES:
        path = at(route, portal=client.slug, batch=client.batch.id, document=document, item=item)
        with traced() as calls:
            seen = browser.ask("GET", path)
        made = writes(calls)
        if seen.status == 200:
            assert route in SHOWN and [call.items for call in made] == [2], (
                "its fact, and the check that the view lives"
            )
            assert made[0].tables == ("latchstring-tests-tokens", "latchstring-tests-facts"), made
        else:
            assert made == [] and seen.status in (403, 404, 405), (route, seen.status)
        if seen.status == 200 or route not in SHOWN:
            assert "views as them until" in seen.shown or seen.status == 405, route
    kinds = {"staff:view:page-seen"}
    assert {fact.kind for fact in facts_of(client.slug)[:8]} == kinds
    assert untouched(world) == [each for each in held if is_client_s(each)]


def stored(world: World) -> list[str]:
    """Everything there is."""
    tables = ("people", "batches", "records", "messages", "tokens", "facts", "registrations", "support")
    return sorted(json.dumps(item, sort_keys=True) for table in tables for item in world.scan(table))


def is_client_s(item: str) -> bool:
    """Whether it is of the client, and not a fact or the staff session."""
    return "staff:view" not in item and "#session#" not in item


def untouched(world: World) -> list[str]:
    """What there is, but for what a view adds."""
    return [each for each in stored(world) if is_client_s(each)]


def at(route: str, **ids: str) -> str:
    """A real path."""
    return route.format_map({"code": "rec-aaaaaaaaaaaa", "proxy+": "any/thing", **ids})


@pytest.mark.parametrize(
    "path", ["/security", "/security/password", "/security/app", "/security/mobile", "/security/address", "/switch", "/terms",
             "/sign-in", "/sign-in/password", "/forgot-password", "/my-password?t=x", "/reset-password?t=x"]
)  # fmt: skip
def test_no_page_about_credentials_is_reached(world: World, path: str) -> None:
    viewer = viewing.begin(world)
    seen = viewer.browser.open(f"/{viewer.client.slug}{path}")
    assert (seen.status, seen.heading) == (403, "Not while you look at a client's pages")
    assert "views as them until" in seen.shown


def test_what_can_be_pressed_is_only_the_way_out(world: World) -> None:
    viewer = viewing.begin(world)
    for path in ("", f"/batches/{viewer.client.batch.id}", f"/batches/{viewer.client.batch.id}/upload", "/help"):
        page = viewer.browser.open(f"/{viewer.client.slug}{path}").page
        controls = page.all("button", "input", "select", "textarea")
        usable = [
            each
            for each in controls
            if not (each.within("fieldset") or "disabled" in each.attributes) and each.get("type") != "hidden"
        ]
        assert [" ".join(each.text.split()) for each in usable] == ["Leave"], path
        frozen = [each for each in page.all("fieldset") if "viewed" in each.classes]
        assert len(frozen) == 1 and "disabled" in frozen[0].attributes


def sign_out(viewer: Viewer, _world: World) -> None:
    viewer.browser.open(f"/{viewer.client.slug}/staff/security")
    viewer.browser.copy().press("Sign out")


def have_the_password_reset(viewer: Viewer, _world: World) -> None:
    machine = make_machine(viewer.client.portal)
    machine.post(f"staff/{viewer.colleague.id}/temporary-password")


def deactivate(viewer: Viewer, _world: World) -> None:
    make_machine(viewer.client.portal).post(f"staff/{viewer.colleague.id}/deactivate")


def half_an_hour(viewer: Viewer, world: World) -> None:
    secret = viewer.browser.cookie("view") or ""
    world.clock.advance(minutes=30)
    viewer.browser.set_cookie("view", viewer.client.slug, secret)  # by force: a browser has forgotten it


def make_an_agent(viewer: Viewer, _world: World) -> None:
    tx, user = Transaction(), viewer.colleague.user
    user_changes.change_details(tx, user, user.details, role="agent")
    tx.commit()


def close_account(viewer: Viewer, _world: World) -> None:
    change_account(viewer.client.portal, viewer.client.account.id, status="closed")


def remove_contact(viewer: Viewer, _world: World) -> None:
    change_batch(viewer.client.portal, viewer.client.batch.id, open_to_portal=False)
    contacts.remove(staff(viewer.client.portal), viewer.client.contact.id)


def lose_staff_cookie(viewer: Viewer, _world: World) -> None:
    viewer.browser.cookies.pop(f"__Host-staff-{viewer.client.slug}")


def other_staff(viewer: Viewer, _world: World) -> None:
    viewer.browser.set_cookie("staff", viewer.client.slug, make_session(viewer.client.slug).secret)


ENDS: list[tuple[Callable[[Viewer, World], None], str]] = [
    (sign_out, "left"), (have_the_password_reset, "staff"), (deactivate, "staff"), (half_an_hour, "time"),
    (make_an_agent, "staff"), (close_account, "client"), (remove_contact, "client"), (lose_staff_cookie, "staff"),
    (other_staff, "staff"),
]  # fmt: skip


@pytest.mark.parametrize(("end", "why"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_it_ends_within_one_request(world: World, end: Callable[[Viewer, World], None], why: str) -> None:
    viewer = viewing.begin(world)
    end(viewer, world)
    thief = viewer.browser.copy()
    seen = viewer.browser.open(viewer.client.batch_path)
    assert (seen.status, seen.heading) == (410, "This view is over") and viewer.client.batch.title not in seen.text
    assert viewer.browser.cookie("view") is None
    assert thief.open(viewer.client.batch_path).status == 410
    assert [fact.changes["why"] for fact in facts_of(viewer.client.slug, "staff:view:ended")] == [why]


def test_it_is_never_renewed(world: World) -> None:
    viewer = viewing.begin(world)
    for _ in range(6):
        world.clock.advance(minutes=4, seconds=59)
        assert viewer.browser.open(viewer.client.batch_path).status == 200
    world.clock.advance(seconds=6)
    assert viewer.browser.open(viewer.client.batch_path).heading == "Sign in", "the browser has dropped the cookie"
    viewer.browser.set_cookie("view", viewer.client.slug, "x" * 43)
    assert viewer.browser.open(viewer.client.batch_path).status == 410


def test_the_cookie_alone_is_worth_nothing(world: World) -> None:
    viewer = viewing.begin(world)
    thief = Browser("203.0.113.66")
    thief.set_cookie("view", viewer.client.slug, viewer.browser.cookie("view") or "")
    seen = thief.open(viewer.client.batch_path)
    assert seen.status == 410 and viewer.client.batch.title not in seen.text
    for path in ("/me", "/batches", f"/accounts/{viewer.client.account.id}"):
        assert thief.ask("GET", f"/api/v1/portals/{viewer.client.slug}{path}").status == 401


def test_a_second_view_takes_the_place_of_the_first(world: World) -> None:
    viewer = viewing.begin(world)
    first = viewer.browser.copy()
    other = make_client(world, viewer.client.portal)
    seen = viewer.enter(contact_id=other.contact.id)
    assert other.batch.id in seen.text and viewer.client.batch.id not in seen.text
    assert first.open(viewer.client.batch_path).status == 410
    assert len(facts_of(viewer.client.slug, "staff:view:ended")) == 1
    assert viewer.browser.open(viewer.client.batch_path).status == 404, "and shows nothing of the first client"


def test_the_link_is_for_one_person_one_press_and_one_minute(world: World) -> None:
    viewer = make_viewer(world)
    slug, path = viewer.client.slug, viewer.ask()
    somebody = Viewer(viewer.client, other := make_colleague(slug), signed_in(other))
    assert somebody.browser.open(path).status == 410
    for _ in range(3):
        assert viewer.browser.open(path).status == 200, "looking spends nothing"
    second = viewer.browser.copy()
    viewer.browser.press("View as client")
    assert over(second.press("View as client"))
    path = viewer.ask()
    world.clock.advance(61)
    assert over(viewer.browser.open(path))
    older, newer = viewer.ask(), viewer.ask()
    assert over(viewer.browser.open(older)) and viewer.browser.open(newer).status == 200
    assert len(facts_of(slug, "staff:view:started")) == 1


def test_a_token_of_another_purpose_opens_no_view(world: World) -> None:
    viewer = make_viewer(world)
    slug, tokens = viewer.client.slug, list[str]()
    for purpose in get_args(links.Purpose):
        tx = staff(slug).transaction()
        link = links.issue(tx, slug, purpose, viewer.colleague.id, seconds=600)
        tx.commit()
        if purpose != "view-as":
            tokens.append(links.token(slug, purpose, link.holder, link.id, link.version, 0))
    csrf = viewer.browser.open(f"/{slug}/staff/security").csrf
    for token in (*tokens, "", "1.0.x", "é"):
        assert over(viewer.browser.open(f"/{slug}/staff/view-as?t={token}"))
        assert viewer.browser.post(f"/{slug}/staff/view-as", {"csrf": csrf, "t": token}).status == 410
    assert viewer.browser.cookie("view") is None


def test_its_cookie_is_locked_and_empty_of_anything_personal(world: World) -> None:
    viewer = make_viewer(world)
    viewer.browser.open(viewer.ask())
    seen = viewer.browser.press("View as client")
    (line,) = [each for each in seen.trail[0].headers.getlist("Set-Cookie") if "view-" in each]
    flags = {part.strip().lower() for part in line.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/", "max-age=1800"} == flags
    secret = line.partition("=")[2].partition(";")[0]
    assert line.startswith(f"__Host-view-{viewer.client.slug}=") and len(secret) == 43
    assert not [item for item in stored(world) if secret in item], "only its hash is stored"


@pytest.mark.parametrize("end", [close_account, remove_contact])
def test_what_ends_at_the_very_moment(world: World, end: Callable[[Viewer, World], None]) -> None:
    """Between what the press reads and what it writes: no view begins."""
    viewer = make_viewer(world)
    viewer.browser.open(viewer.ask())
    change_batch(viewer.client.portal, viewer.client.batch.id, open_to_portal=False)
    with meanwhile.after("dynamodb.BatchGetItem", lambda: end(viewer, world)):
        seen = viewer.browser.press("View as client")
    assert seen.status == 404 and viewer.browser.cookie("view") is None
    assert not facts_of(viewer.client.slug, "staff:view:started")


def over(seen: Seen) -> bool:
    """Whether the link opened nothing."""
    return (seen.status, seen.heading) == (410, "This link no longer works")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_roles(world: World, role: str) -> None:
    client = make_client(world)
    viewer = make_viewer(world, client, role)
    body = {"reason": REASON, "contact_id": client.contact.id}
    wanted = 403 if role == "agent" else 201  # agents: of accounts that are assigned to them
    assert viewer.held.post(f"/portals/{client.slug}/view-as", body).status == wanted


def test_a_key_or_a_session_without_the_permission(world: World) -> None:
    client = make_client(world)
    body = {"reason": REASON, "contact_id": client.contact.id}
    weak = make_machine(client.portal, "accounts:read", "contacts:read", "batches:read")
    answer = weak.ask("POST", "view-as", body)
    assert answer.status == 403 and "clients:view-as" in answer.text
    assert not facts_of(client.slug, "staff:view:asked-for")


def test_a_view_does_not_cross_portals(world: World) -> None:
    viewer, other = viewing.begin(world), make_client(world)
    viewer.browser.set_cookie("view", other.slug, viewer.browser.cookie("view") or "")
    viewer.browser.set_cookie("staff", other.slug, viewer.held.secret)
    assert viewer.browser.open(f"/{other.slug}").status == 410
    change_portal(viewer.client.portal, status="closed")
    assert viewer.browser.open(viewer.client.batch_path).status == 404
