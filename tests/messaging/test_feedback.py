"""Feedback comes late, twice and in any order. A message only ever moves forwards."""

from __future__ import annotations

import itertools

import pytest

from chalicelib import facts
from chalicelib.facts import Act
from chalicelib.messaging import progress, reading, suppression
from tests.cloud import event
from tests.messaging.samples import TO, put, row
from tests.world import World

_TELLS = {"Send": "sent", "Delivery": "delivered", "Bounce": "bounced", "Complaint": "complained"}


@pytest.mark.parametrize("order", list(itertools.permutations(("Send", "Delivery", "Complaint"))))
def test_in_any_order_and_twice_over_the_last_word_wins(world: World, order: tuple[str, ...]) -> None:
    portal = world.portal()
    world.cloud.provider.tells = lambda _to: (*order, *order)
    identifier = put(portal)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("complained", "abuse")
    assert told.provider_id == world.newest(TO).provider_id


@pytest.mark.parametrize("kind", _TELLS)
def test_feedback_that_comes_before_we_noted_the_send(world: World, kind: str) -> None:
    portal = world.portal()
    identifier = put(portal)
    message = row(portal, identifier)
    assert progress.claim(message)
    world.feedback(event(kind, "provider-1", {"message": identifier, "portal": portal.slug}))
    progress.accepted(message, "provider-1")
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.provider_id, told.sent_at) == (_TELLS[kind], "provider-1", "2030-06-03T09:00:00Z")
    assert row(portal, identifier).unsent_shard is None


def test_feedback_on_a_released_message_stops_it_from_going_out_again(world: World) -> None:
    portal = world.portal()
    identifier = put(portal)
    world.lose_stream()
    world.feedback(event("Send", "provider-1", {"message": identifier, "portal": portal.slug}))
    world.tick()
    world.drain()
    assert reading.get(portal.slug, identifier).status == "sent"
    assert world.inbox == []


def test_threat_45_a_hard_bounce_blocks_the_address_and_shows(world: World) -> None:
    portal = world.portal()
    world.cloud.provider.tells = lambda _to: ("Send", "Bounce", "Bounce")
    first = put(portal)
    world.drain()
    assert reading.get(portal.slug, first).status == "bounced"
    assert suppression.is_suppressed(portal.slug, "email", TO.upper()) == "bounced"
    second = put(portal)
    world.drain()
    told = reading.get(portal.slug, second)
    assert (told.status, told.reason) == ("suppressed", "bounced")
    assert len(world.inbox) == 1
    kinds = [fact.kind for fact in facts.recent(portal.slug).items]
    assert kinds.count("system:address:suppressed") == 1
    assert kinds.count("system:message:suppressed") == 1
    assert TO not in str(facts.recent(portal.slug).items)


def test_a_lifted_block_lets_mail_through_again(world: World) -> None:
    portal = world.portal()
    act = Act(portal.slug, "api-key:1")
    assert suppression.suppress(act, "email", TO, "complained")
    assert not suppression.suppress(act, "email", TO, "complained")
    assert suppression.lift(act, "email", TO)
    assert not suppression.lift(act, "email", TO)
    put(portal)
    world.drain()
    assert len(world.inbox) == 1


def test_another_portal_may_still_write_to_a_blocked_address(world: World) -> None:
    one, other = world.portal(), world.portal()
    suppression.suppress(Act(one.slug, "api-key:1"), "email", TO, "bounced")
    put(other)
    world.drain()
    assert len(world.inbox) == 1


def test_a_soft_bounce_shows_and_blocks_nothing(world: World) -> None:
    portal = world.portal()
    world.cloud.provider.tells = lambda _to: ("Send", "SoftBounce")
    identifier = put(portal)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("bounced", "soft: MailboxFull")
    assert suppression.is_suppressed(portal.slug, "email", TO) is None


@pytest.mark.parametrize("kind", ["Reject", "Rendering Failure"])
def test_what_ses_throws_away_after_taking_it_has_failed(world: World, kind: str) -> None:
    portal = world.portal()
    world.cloud.provider.tells = lambda _to: (kind, "Send")
    identifier = put(portal)
    world.drain()
    assert reading.get(portal.slug, identifier).status == "failed"


def test_a_delay_is_noted_until_the_mail_arrives(world: World) -> None:
    portal = world.portal()
    world.cloud.provider.tells = lambda _to: ("Send", "DeliveryDelay")
    identifier = put(portal)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("sent", "delayed: MailboxFull")
    world.feedback(event("Delivery", told.provider_id or "", {"message": identifier, "portal": portal.slug}))
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("delivered", None)


@pytest.mark.parametrize("tags", [{}, {"portal": "acme"}, {"portal": "acme", "message": "../1"}])
def test_feedback_on_what_is_not_ours_changes_nothing(world: World, tags: dict[str, str]) -> None:
    world.feedback(event("Bounce", "provider-1", tags))


def test_feedback_on_a_message_that_is_gone_makes_none(world: World) -> None:
    portal = world.portal()
    world.feedback(event("Bounce", "provider-1", {"portal": portal.slug, "message": "0" * 32}))
    assert reading.listed(portal.slug).items == []
    assert not [item for item in world.scan("messages") if portal.slug in item["pk"]["S"]]
