"""Threat 44. Throttling: whatever decides whether marketing goes out, if it cannot be asked or counted, nothing goes out.

Every call of the worker in turn is throttled for good, from the queue to the provider: 0 sends, and later exactly 1.
"""

from __future__ import annotations

import json

import pytest

from chalicelib import ids
from chalicelib.errors import Unavailable
from chalicelib.facts import Act
from chalicelib.messaging import reach
from chalicelib.messaging.deliver import worked
from chalicelib.portals import known
from tests.factories import make_portal
from tests.messaging.samples import code_context, put
from tests.mishaps import Mishap, Mishaps
from tests.world import World

_UNTIL_SENT = 9  # pace, message, suppression, consent, two limits, budget, claim; and the first of the provider
_CHANNELS = pytest.mark.parametrize("channel", ["email", "sms"])


@_CHANNELS
@pytest.mark.parametrize("kind", ["throttle", "fail"])
def test_0_sends_while_a_call_before_the_send_is_refused_and_1_afterwards(
    world: World, mishaps: Mishaps, channel: str, kind: str
) -> None:
    portal = make_portal(
        world, support={"postal_address": "1 Main Street"}, reach={"quiet_hours": {"for_sms": False}, "sms_budget": 9}
    )
    known(portal.slug)
    stopped = []
    for at in range(_UNTIL_SENT):
        to = f"client-{at}@example.com" if channel == "email" else f"+1202555{2000 + at}"
        identifier = put(
            portal, template="verification-code", channel=channel, to=to, context=code_context(), purpose="marketing"
        )
        record = {"messageId": "1", "body": json.dumps({"portal": portal.slug, "id": identifier})}
        with mishaps.planned(Mishap(kind, at, sticky=True)):
            failed = worked([record], rate=1000)
        provider = {"email": "sesv2.SendEmail", "sms": "sns.Publish"}[channel]
        if provider in mishaps.calls[: at + 1]:
            break
        assert (failed, world.sent_to(to)) == (["1"], []), mishaps.calls
        stopped.append(mishaps.calls[at])
        assert worked([record], rate=1000) == []
        assert worked([record], rate=1000) == []
        assert len(world.sent_to(to)) == 1
    assert len(stopped) >= {"email": 5, "sms": 8}[channel]


def test_a_cap_that_cannot_be_read_or_counted_lets_nothing_be_queued(world: World, mishaps: Mishaps) -> None:
    portal = make_portal(world)
    for at in range(2):
        tx, account = Act(portal.slug, "system:tests").transaction(), ids.new()
        with mishaps.planned(Mishap("throttle", at, sticky=True)), pytest.raises(Unavailable):
            reach.count(tx, portal, account, "email")
            tx.commit()
        assert reach.lately(portal.slug, account).moments == ()
