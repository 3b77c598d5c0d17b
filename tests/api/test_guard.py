"""Threat 15: every route of the API × {no key, a key of another portal, a key without the permission} is refused.

Generated from the guard table, so that a new route is tried without anyone thinking of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import portals
from chalicelib.portals.permissions import PERMISSIONS
from chalicelib.web.guard import GUARDS, Guard
from tests.factories import make_help_request
from tests.registrations import make_office, make_request
from tests.staffing import make_colleague
from tests.world import World

from .client import ApiClient, application
from .conftest import Office, good, make_key

ROWS = [(method, route, guard) for (method, route), guard in GUARDS.items() if guard.audience == "key"]
AT = "/api/v1/portals/{portal}"


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app, _ = application()
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}
    assert sorted(routes - GUARDS.keys()) == []
    assert sorted(GUARDS.keys() - routes) == []


def test_every_guard_asks_for_a_permission_that_exists() -> None:
    """But who calls, and whether they can prove it, is told to whoever calls."""
    assert {guard.permission for _, _, guard in ROWS} <= {None, *PERMISSIONS}
    assert {route for _, route, guard in ROWS if not guard.permission} == {f"{AT}/me", f"{AT}/me/step-up"}


def test_only_the_product_itself_is_public() -> None:
    public = {route for (_, route), guard in GUARDS.items() if guard.audience == "public"}
    assert public == {
        "/healthz", "/api/v1/openapi.json", "/api/v1/docs", "/api", "/api/{proxy+}", "/api/v1", "/api/v1/{proxy+}",
        "/.well-known/change-password",
    }  # fmt: skip


def everything(world: World) -> list[str]:
    """All that is stored, whoever's it is."""
    return sorted(json.dumps(item, sort_keys=True) for table in _tables() for item in world.scan(table))


def _tables() -> Iterator[str]:
    from chalicelib.tables import TABLES

    yield from TABLES


@pytest.fixture
def owner(office: Office) -> dict[str, str]:
    """Ids of things that exist in the portal, for each name in a path."""
    batch = office.batch()
    key = office.api.get(f"{office.at}/api-keys").items[0]["id"]
    document = office.api.post(
        f"{office.at}/batches/{batch.id}/documents", {"name": "a.pdf", "content_type": "application/pdf"}
    ).json["document"]["id"]
    return {
        "portal": office.slug,
        "account": batch.json["account_id"],
        "contact": batch.json["renewal_contact_id"],
        "batch": batch.id,
        "document": document,
        "message": "0" * 32,
        "key": key,
        "user": make_colleague(office.slug).id,
        "request": make_help_request(portals.get(office.slug)).id,
        "sending": "0" * 32,
        "registration": _registration(office),
        "item": "0" * 32,
        "tagging": "0" * 32,
        "task": good(office.api.post(f"{office.at}/tasks", {"title": "Call them"})).id,
        "call": good(office.api.post(f"{office.at}/calls", _call(batch.json["account_id"]))).id,
        "campaign": good(office.api.post(f"{office.at}/campaigns", CAMPAIGN)).id,
        "workflow": good(office.api.post(f"{office.at}/workflows", WORKFLOW)).id,
        "enrolment": "0" * 32,
        "verification": "0" * 32,
    }


CAMPAIGN = {
    "name": "Review", "filter": {}, "do": {"action": "add-tags", "tags": ["asked"]}, "when": {"when": "now"},
}  # fmt: skip


def _call(account_id: str) -> dict[str, str]:
    return {"account_id": account_id, "number": "+1 415 555 0100", "reason": "Has not answered"}


def _registration(office: Office) -> str:
    portal = portals.get(office.slug)
    return make_request(portal, make_office(portal)).id


BODIES: dict[str, dict[str, Any]] = {"POST": {}, "PATCH": {}, "PUT": {}}
WORKFLOW = {"name": "Annual review", "trigger": {"tags": ["review"]}}


def test_nobody_gets_in_who_should_not(office: Office, other: Office, owner: dict[str, str], world: World) -> None:
    stranger = ApiClient(make_key(other.slug))
    before = everything(world)
    tried = 0
    for method, route, guard in ROWS:
        path = route.format(**owner)
        for caller, expected in (
            (ApiClient(None), 401),
            (ApiClient(office.api.key[:-1] + "x" if office.api.key else ""), 401),
            (stranger, _for_strangers(guard, route)),
        ):
            if expected is None:
                continue
            reply = caller.call(method, path, BODIES.get(method))
            assert (reply.status, reply.headers["Content-Type"]) == (expected, "application/problem+json"), (
                method,
                route,
            )
            tried += 1
    assert everything(world) == before
    assert tried >= 3 * len(ROWS) - 2


def test_a_key_without_the_permission_is_told_which_one(office: Office, owner: dict[str, str], world: World) -> None:
    keys = {name: make_key(office.slug, set(PERMISSIONS) - {name}) for name in PERMISSIONS}
    before = everything(world)
    for method, route, guard in ROWS:
        if guard.permission is None:
            continue
        reply = ApiClient(keys[guard.permission]).call(method, route.format(**owner), BODIES.get(method))
        assert (reply.status, reply.code) == (403, "forbidden"), (method, route)
        assert guard.permission in reply.json["detail"]
    assert everything(world) == before


def test_a_foreign_portal_and_one_that_does_not_exist_look_alike(
    office: Office, other: Office, owner: dict[str, str]
) -> None:
    for method, route, _ in ROWS:
        if "{portal}" not in route:
            continue
        replies = [
            office.api.call(method, route.format(**{**owner, "portal": slug}), BODIES.get(method))
            for slug in (other.slug, "no-such-portal", "X", "a%23b", "api-keys", f"{office.slug}%23")
        ]
        assert {reply.status for reply in replies} == {404}
        assert len({(reply.json["code"], reply.json["detail"], reply.json["title"]) for reply in replies}) == 1


def test_ids_of_one_portal_lead_nowhere_in_another(
    office: Office, other: Office, owner: dict[str, str], world: World
) -> None:
    """The stranger is at home in its own portal, and asks there for what is another's."""
    before = everything(world)
    for method, route, _ in ROWS:
        if route.count("{") < 2:
            continue
        path = route.format(**{**owner, "portal": other.slug})
        reply = other.api.call(method, path, BODIES.get(method))
        is_shaped_wrong = method == "PUT" or route.endswith(
            ("/switch-on", "/switch-off", "/resume", "/reach", "/take-along", "/stop", "/{account}/tags")
        )
        is_shaped_wrong |= method == "POST" and route.endswith(
            (
                "/documents",
                "/step-up",
                "/lock",
                "/deny",
                "/outcome",
                "/products",
                "/prescriptions",
                "/providers",
                "/links",
                "/code",
                "/answer",
            )
        )  # the body is looked at first
        if route == f"{AT}/me":
            continue  # it names nothing of anybody's
        assert reply.status == (400 if is_shaped_wrong else 404), (method, route, reply.text)
    assert everything(world) == before


def test_a_key_of_the_deployment_finds_no_portal_that_is_not_there(deployment: ApiClient) -> None:
    for path in ("", "/accounts", "/contacts", "/batches", "/facts", "/messages", "/api-keys"):
        reply = deployment.get(f"/portals/no-such-portal{path}")
        assert (reply.status, reply.json["detail"]) == (404, "There is no portal of this name.")


def _for_strangers(guard: Guard, route: str) -> int | None:
    """404 below a portal, 403 for creating one; listing portals is theirs, and shows their own (see test_portals)."""
    if "{portal}" in route:
        return 404
    return 403 if guard.every_portal else None
