"""Threats 19, 43, 44 and 47 at the API: trouble with AWS at every call, cookies, and callers side by side."""

from __future__ import annotations

import random
from functools import partial

import pytest

from tests.mishaps import Killed, Mishap, Mishaps
from tests.world import World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

BODY = {"name": "Northwind", "number": "N-1", "contacts": [{"first_name": "Maria", "last_name": "Nuñez"}]}
KINDS = ["fail", "lost", "throttle", "kill", "killed", "conflict"]


def attempt(office: Office) -> Reply | None:
    try:
        return office.api.post(f"{office.at}/accounts", BODY, Idempotency_Key="one")
    except Killed:
        return None


@pytest.mark.parametrize("sticky", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_breaks_a_repeated_creation_makes_one_account(
    world: World, mishaps: Mishaps, kind: str, sticky: bool
) -> None:
    calls = _calls_of_a_creation(Office(world.portal().slug, world.clock), mishaps)
    assert calls >= 3
    for at in range(calls):
        office = Office(world.portal().slug, world.clock)
        office.api.get(office.at)
        with mishaps.planned(Mishap(kind, at, sticky=sticky)):
            first = attempt(office)
        assert first is None or first.status in (201, 503), (at, first.text)
        if first is not None and first.status == 503:
            assert (first.code, first.headers["Retry-After"]) == ("unavailable", "5")
        second = attempt(office)
        assert second is not None
        assert second.status == 201, (at, second.text)
        if first is not None and first.status == 201:
            assert second.id == first.id
        assert office.names() == ["Northwind"], at
        facts = good(office.api.get(f"{office.at}/facts?kind=staff:account:created")).items
        assert [fact["subject"] for fact in facts] == [f"account:{second.id}"]


def _calls_of_a_creation(office: Office, mishaps: Mishaps) -> int:
    office.api.get(office.at)
    with mishaps.recording() as calls:
        assert attempt(office)
    return len(calls)


def test_throttled_three_times_a_call_is_right_or_503(office: Office, mishaps: Mishaps) -> None:
    account = office.account()
    for path in ("", "/accounts", f"/accounts/{account.id}", "/contacts", "/facts", "/messages", "/api-keys"):
        for at in range(3):
            with mishaps.planned(Mishap("throttle", at, times=3)):
                reply = office.api.get(f"{office.at}{path}")
            assert reply.status in (200, 503), (path, at, reply.text)


def test_a_key_that_cannot_be_checked_opens_nothing(office: Office, mishaps: Mishaps) -> None:
    with mishaps.planned(Mishap("throttle", 0, sticky=True)):
        assert office.api.get(f"{office.at}/accounts").status == 503


def test_cookies_open_nothing(office: Office) -> None:
    """What is no session's secret opens nothing, and whatever a browser sends by itself needs the session's token."""
    for name in ("session", f"session-{office.slug}", f"__Host-session-{office.slug}"):
        caller = ApiClient(None)
        reply = caller.post(
            f"{office.at}/accounts", {"name": "X"}, Cookie=f"{name}={office.api.key}", Origin="https://x.example"
        )
        assert (reply.status, reply.code) in {(401, "not-signed-in"), (403, "csrf-token")}
    assert office.names() == []


def test_callers_side_by_side_see_only_their_own(world: World) -> None:
    offices = [Office(world.portal().slug, world.clock) for _ in range(4)]
    for place, office in enumerate(offices):
        for number in range(3):
            office.account(f"Own-{place}-{number}", tags=[f"tag-{place}"])
    readers = [(place, ApiClient(make_key(office.slug)), office.at) for place, office in enumerate(offices)]
    paths = ["", "/accounts", "/contacts", "/facts", "/api-keys", "/accounts?name=own", "/nothing", "/accounts/0"]
    asked = [(place, caller, f"{at}{path}") for place, caller, at in readers for path in paths] * 8
    random.Random(47).shuffle(asked)

    def ask(place: int, caller: ApiClient, path: str) -> tuple[int, Reply]:
        return place, caller.get(path)

    for start in range(0, len(asked), 16):
        for place, reply in at_once([partial(ask, *each) for each in asked[start : start + 16]]):
            foreign = [other for other in range(4) if other != place]
            assert not any(f"Own-{other}-" in reply.text or f"tag-{other}" in reply.text for other in foreign)
            assert not any(offices[other].slug in reply.text for other in foreign)
            assert reply.headers["Cache-Control"] == "no-store"
