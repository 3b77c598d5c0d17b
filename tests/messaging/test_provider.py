"""What the provider says, and what becomes of the message."""

from __future__ import annotations

import pytest

from chalicelib.messaging import reading
from tests.messaging.samples import MOBILE, TO, put, put_code, row
from tests.mishaps import Mishap, Mishaps
from tests.world import MovableClock, World


def test_threat_45_the_mail_sandbox_refuses_and_staff_see_why(world: World) -> None:
    portal = world.portal()
    world.cloud.provider.refuse = lambda _to: (400, "MessageRejected")
    identifier = put(portal)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("failed", "provider:MessageRejected")
    assert "verified addresses" in told.status_text
    assert world.cloud.bulk.waiting == []


@pytest.mark.parametrize("code", ["InvalidParameter", "OptedOut"])
def test_a_number_that_sns_refuses_for_good(world: World, code: str) -> None:
    portal = world.portal()
    world.cloud.provider.refuse = lambda _to: (400, code)
    identifier = put_code(portal, "sms")
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("failed", f"provider:{code}")


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "TooManyRequestsException"), (400, "SendingPausedException"), (403, "AccessDeniedException")],
)
def test_refused_for_the_time_being_is_tried_again(world: World, moment: MovableClock, status: int, code: str) -> None:
    portal = world.portal()
    world.cloud.provider.refuse = lambda _to: (status, code)
    identifier = put(portal)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason, told.attempts) == ("queued", f"provider:{code}", 1)
    assert len(world.cloud.bulk.waiting) == 1
    world.cloud.provider.refuse = lambda _to: None
    moment.advance(minutes=3, seconds=1)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason, told.attempts) == ("delivered", None, 2)
    assert len(world.sent_to(TO)) == 1


def test_a_code_that_is_refused_for_the_time_being_expires_rather_than_arriving_late(
    world: World, moment: MovableClock
) -> None:
    portal = world.portal()
    world.cloud.provider.refuse = lambda _to: (429, "Throttling")
    identifier = put_code(portal, "sms")
    world.drain()
    world.cloud.provider.refuse = lambda _to: None
    moment.advance(minutes=11)
    world.tick()
    world.drain()
    assert reading.get(portal.slug, identifier).status == "expired"
    assert world.inbox == []


def test_an_error_of_the_provider_itself_leaves_the_outcome_unknown(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    world.cloud.provider.refuse = lambda _to: (500, "InternalFailure")
    identifier = put(portal)
    world.drain()
    world.cloud.provider.refuse = lambda _to: None
    assert reading.get(portal.slug, identifier).status == "unknown"
    moment.advance(hours=2)
    world.tick()
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.needs_attention) == ("unknown", True)
    assert world.inbox == []


def test_silence_after_sending_is_resolved_by_feedback_and_never_by_sending_again(
    world: World, mishaps: Mishaps
) -> None:
    portal = world.portal()
    identifier = put(portal)
    world.relay()
    with mishaps.planned(Mishap("lost", "sesv2.SendEmail")):
        world.work(world.cloud.bulk)
    assert reading.get(portal.slug, identifier).status == "unknown"
    world.drain()
    assert reading.get(portal.slug, identifier).status == "delivered"
    assert len(world.sent_to(TO)) == 1


def test_every_send_tells_the_provider_which_message_it_is(world: World) -> None:
    portal = world.portal()
    mail, sms = put(portal), put_code(portal, "sms")
    world.drain()
    assert world.newest(TO).tags == {"message": mail, "portal": portal.slug}
    assert world.newest(MOBILE).tags == {"message": sms, "portal": portal.slug, "SMSType": "Transactional"}
    assert row(portal, sms).provider_id == world.newest(MOBILE).provider_id
