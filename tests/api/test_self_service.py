"""Self-service of a record over the API: HTTP's own rules. What it does: tests/journeys/test_self_service_access.py."""

from __future__ import annotations

from functools import partial

import pytest

from tests.world import World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

EMAILS = ["maria@northwind.example", "office@northwind.example"]


class Desk:
    """A client, and the calls about its self-service."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.account = office.account(primary_emails=EMAILS).id
        self.at = f"{office.at}/accounts/{self.account}/self-service"

    def read(self) -> Reply:
        return good(self.office.api.get(self.at))

    def press(self, what: str, **headers: str) -> Reply:
        return self.office.api.post(f"{self.at}/{what}", **headers)


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


def test_the_whole_story(desk: Desk, world: World) -> None:
    off = desk.read().json
    assert (off["state"], off["since"], off["by"], off["portal_link"], off["password_link"]) == (
        "disabled",
        *[None] * 4,
    )
    assert off["actions"] == ["enable"] and sorted(off["refused"]) == ["disable", "send-password"]
    on = good(desk.press("enable")).json
    assert (on["state"], on["since"], on["password"]) == ("enabled", "2030-06-03T09:00:01Z", "generated")
    assert on["by"].startswith("api-key:") and f"/{desk.office.slug}/my/rec-" in on["portal_link"]
    assert on["password_link"] == {
        "leads_to": "password", "sent_at": "2030-06-03T09:00:01Z", "valid_until": "2030-06-06T09:00:01Z", "state": "live",
    }  # fmt: skip
    world.drain()
    world.clock.advance(hours=72)
    assert desk.read().json["password_link"]["state"] == "expired"
    assert good(desk.press("send-password")).json["password_link"]["state"] == "live"
    world.drain()
    over = good(desk.press("disable")).json
    assert over | {"since": None, "by": None} == off and over["since"] == "2030-06-06T09:00:01Z"
    assert sorted(sent.to for sent in world.inbox) == sorted(EMAILS * 3), "two each, and a password link more"
    told = [
        fact["kind"]
        for fact in good(desk.office.api.get(f"{desk.office.at}/facts?subject=account:{desk.account}")).items
    ]
    assert sorted(told) == [
        "staff:account:created", "staff:self-service:disabled", "staff:self-service:enabled",
        "staff:self-service:password-sent", "staff:self-service:password-sent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "what", "why"),
    [
        ((), "disable", "Self-service is off already."),
        ((), "send-password", "Self-service is off, so there is no password to send. Enable it first."),
        (("enable",), "enable", "Self-service is on already."),
        (("enable", "disable"), "disable", "Self-service is off already."),
    ],
)
def test_what_the_state_does_not_offer_is_refused_with_a_sentence(
    desk: Desk, before: tuple[str, ...], what: str, why: str
) -> None:
    for each in before:
        good(desk.press(each))
    standing = desk.read().json
    refused = desk.press(what)
    assert (refused.status, refused.json["code"]) == (409, "not-in-this-state")
    assert refused.json["detail"].startswith(why) and standing["refused"][what] == refused.json["detail"]
    assert desk.read().json == standing


def test_a_call_repeated_with_its_key_is_carried_out_once(desk: Desk, world: World) -> None:
    key = {"Idempotency_Key": "once"}
    answers = [good(each) for each in at_once([partial(desk.press, "enable", **key)] * 6)]
    assert len({each.json["portal_link"] for each in answers}) == 1
    assert sum("Idempotency-Replayed" not in each.headers for each in answers) == 1
    again = good(desk.press("send-password", Idempotency_Key="again"))
    assert good(desk.press("send-password", Idempotency_Key="again")).json == again.json
    world.drain()
    assert len(world.inbox) == 6
    assert desk.press("enable").status == 409, "without the key it is another call"


def test_who_may_read_and_who_may_switch(desk: Desk) -> None:
    reader = ApiClient(make_key(desk.office.slug, ["selfservice:read"]))
    assert reader.get(desk.at).status == 200
    for what in ("enable", "disable", "send-password"):
        assert reader.post(f"{desk.at}/{what}").status == 403
    assert ApiClient(make_key(desk.office.slug, ["accounts:read"])).get(desk.at).status == 403
    assert desk.office.api.get(f"{desk.office.at}/accounts/{'0' * 32}/self-service").status == 404
    assert desk.office.api.post(f"{desk.office.at}/accounts/{'0' * 32}/self-service/enable").status == 404
