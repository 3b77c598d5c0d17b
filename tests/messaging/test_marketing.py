"""Marketing says who sends it and how to end it, and goes to nobody who has ended it."""

from __future__ import annotations

import re

import pytest

from chalicelib.facts import Act
from chalicelib.messaging import consent, preview, reading
from chalicelib.messaging.compose import text_message
from chalicelib.messaging.queue import NoPostalAddress
from chalicelib.messaging.templates import SmsWording
from chalicelib.portals import Portal
from tests.factories import facts_of
from tests.messaging.samples import MOBILE, TO, code_context, put
from tests.tracing import traced
from tests.world import World

ADDRESS = "Acme Benefits\n1 Main Street\nSpringfield"


def _portal(world: World, **settings: object) -> Portal:
    found: Portal = world.portal(support={"postal_address": ADDRESS}, **settings)
    return found


def _marketing(portal: Portal, **given: object) -> str:
    return put(portal, purpose="marketing", **given)


def test_a_marketing_mail_names_the_company_and_two_ways_to_end_it(world: World) -> None:
    portal = _portal(world)
    _marketing(portal)
    world.drain()
    sent = world.newest(TO)
    link = re.fullmatch(
        r"<(https://portal\.example\.com/[a-z0-9-]+/unsubscribe\?t=\S+)>", sent.mail["List-Unsubscribe"]
    )
    assert link and sent.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = sent.mime.decode()
    assert "=?utf-8" not in raw.partition("\r\n\r\n")[0].lower(), "no mail program unfolds an encoded address"
    for part in (sent.text, sent.html):
        assert "1 Main Street" in part and "Springfield" in part
        assert link[1] in part
    assert (
        TO not in link[1] and consent.opened(portal.slug, link[1].partition("?t=")[2]).masked == "j•••@client.example"
    )


def test_a_service_mail_has_none_of_it(world: World) -> None:
    put(_portal(world))
    world.drain()
    sent = world.newest(TO)
    assert sent.mail["List-Unsubscribe"] is None
    assert "nsubscribe" not in sent.text + sent.html and "Main Street" not in sent.text


def test_without_a_postal_address_no_marketing_mail_is_queued(world: World) -> None:
    portal = world.portal()
    with pytest.raises(NoPostalAddress, match="no-postal-address"):
        _marketing(portal)
    put(portal)  # service mail needs none


def test_whoever_has_unsubscribed_gets_no_marketing_and_all_else(world: World) -> None:
    portal, other = _portal(world), _portal(world)
    who = consent.whose(portal.slug, "email", TO.upper())
    assert consent.withdraw(Act(portal.slug, "visitor"), who, how="page")
    assert not consent.withdraw(Act(portal.slug, "visitor"), who, how="one-click"), "it is so already"
    refused, about_them, elsewhere = _marketing(portal), put(portal), _marketing(other)
    world.drain()
    told = reading.get(portal.slug, refused)
    assert (told.status, told.reason) == ("suppressed", "unsubscribed")
    assert "unsubscribed" in told.status_text
    assert reading.get(portal.slug, about_them).status == "delivered"
    assert reading.get(other.slug, elsewhere).status == "delivered", "said in one portal, it holds there"
    (fact,) = facts_of(portal.slug, "client:consent:withdrawn")
    assert fact.changes and TO not in str(fact.changes) and fact.changes["recipient"] == who.masked


def test_who_takes_it_back_gets_marketing_again(world: World) -> None:
    portal = _portal(world)
    who, act = consent.whose(portal.slug, "email", TO), Act(portal.slug, "visitor")
    consent.withdraw(act, who, how="page")
    assert consent.give(act, who, how="page")
    _marketing(portal)
    world.drain()
    assert len(world.sent_to(TO)) == 1


def test_threat_46_who_opts_out_while_a_run_is_under_way_gets_nothing_more_of_it(world: World) -> None:
    portal = _portal(world)
    people = [f"client-{number}@example.com" for number in range(6)]
    for person in people[:3]:
        _marketing(portal, to=person)
    world.drain()
    rest = [_marketing(portal, to=person) for person in people[3:]]  # queued before he says so
    consent.withdraw(Act(portal.slug, "visitor"), consent.whose(portal.slug, "email", people[4]), how="one-click")
    world.drain()
    assert [reading.get(portal.slug, each).status for each in rest] == ["delivered", "suppressed", "delivered"]
    assert world.sent_to(people[4]) == []


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_threat_45_marketing_follows_no_address_that_bounced_or_complained(world: World, kind: str) -> None:
    portal = _portal(world)
    world.cloud.provider.tells = lambda _to: ("Send", kind)
    _marketing(portal)
    world.drain()
    again = _marketing(portal)
    world.drain()
    told = reading.get(portal.slug, again)
    assert (told.status, told.reason) == ("suppressed", {"Bounce": "bounced", "Complaint": "complained"}[kind])
    assert len(world.sent_to(TO)) == 1


def test_service_messages_cost_no_read_of_consent(world: World) -> None:
    portal = _portal(world)
    counts = []
    for queue in (put, _marketing):
        queued = queue(portal)
        world.relay()
        with traced() as calls:
            world.work(world.cloud.bulk)
        assert reading.get(portal.slug, queued).status == "sent"
        counts.append(
            [call.tables for call in calls if call.name == "dynamodb.GetItem"].count(("latchstring-tests-tokens",))
        )
    assert counts == [1, 2]


def test_a_text_message_of_marketing_tells_how_to_end_it(world: World) -> None:
    portal = _portal(world, reach={"quiet_hours": {"for_sms": False}})
    put(portal, template="verification-code", channel="sms", to=MOBILE, context=code_context(), purpose="marketing")
    world.drain()
    assert "Reply STOP to end" in world.newest(MOBILE).text


@pytest.mark.parametrize(
    ("texts", "sent"),
    [
        (("a" * 142, "short"), "a" * 142 + " Reply STOP to end"),  # 160 places with it
        (("a" * 143, "short"), "short Reply STOP to end"),  # the fuller text leaves no room for it
        (("a" * 143,), "a" * 143),  # nor does any: one part stays one
        (("a" * 140 + "€",), "a" * 140 + "€ Reply STOP to end"),  # € takes two places: 142
        (("a" * 141 + "€",), "a" * 141 + "€"),
        (("Text STOP to be left alone",), "Text STOP to be left alone"),  # it says so itself
    ],
)
def test_the_way_to_end_it_stands_where_it_fits(texts: tuple[str, ...], sent: str) -> None:
    assert text_message(SmsWording(texts), {}, MOBILE, stop=True).text == sent


def test_a_wording_of_service_is_previewed_without(world: World) -> None:
    assert "nsubscribe" not in (preview.preview(_portal(world), "batch-in-review", "email").text)
