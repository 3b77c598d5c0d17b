"""Threat 45. Bounces and complaints: 0 further sends to such an address, whatever their purpose, and staff see why."""

from __future__ import annotations

import pytest

from chalicelib.messaging import reach, reading
from chalicelib.messaging.reach import Lately
from tests.factories import make_portal
from tests.messaging.samples import TO, put, put_code
from tests.world import World


@pytest.mark.parametrize(("told", "reason"), [("Bounce", "bounced"), ("Complaint", "complained")])
def test_after_it_0_messages_of_any_purpose_are_sent(world: World, told: str, reason: str) -> None:
    portal = make_portal(world, support={"postal_address": "1 Main Street"})
    world.cloud.provider.tells = lambda _to: ("Send", told)
    first = put(portal, purpose="marketing")
    world.drain()
    assert reading.get(portal.slug, first).needs_attention
    later = [put(portal), put(portal, purpose="marketing"), put_code(portal)]
    world.drain()
    assert {(reading.get(portal.slug, each).status, reading.get(portal.slug, each).reason) for each in later} == {
        ("suppressed", reason)
    }
    assert len(world.sent_to(TO)) == 1
    for purpose in ("service", "marketing"):
        verdict = reach.verdict(
            portal, channel="email", to=TO, purpose=purpose, at=0, zone=None, sent_lately=Lately()  # type: ignore[arg-type]
        )  # fmt: skip
        assert (verdict.answer, verdict.reason) == ("never", reason)
    assert reach.REASONS[reason]


def test_a_mailbox_that_is_full_is_written_to_again(world: World) -> None:
    portal = make_portal(world)
    world.cloud.provider.tells = lambda _to: ("Send", "SoftBounce")
    put(portal)
    world.drain()
    put(portal)
    world.drain()
    assert len(world.sent_to(TO)) == 2
