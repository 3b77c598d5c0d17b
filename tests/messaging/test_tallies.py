"""How many of the messages that belong together have come how far."""

from __future__ import annotations

import pytest

from chalicelib.facts import Act
from chalicelib.messaging import progress, suppression, tallies
from chalicelib.messaging.queue import queue
from chalicelib.messaging.statuses import Status
from chalicelib.portals import Portal
from tests.cloud import event
from tests.factories import make_portal
from tests.messaging.samples import row
from tests.mishaps import Killed, Mishap, Mishaps
from tests.world import World

TALLY = "campaign/7/1"


def put(portal: Portal, to: str, tally: str | None = TALLY) -> str:
    act = Act(portal.slug, "system:tests")
    tx = act.transaction()
    context = {"batch_id": "0" * 32, "batch_title": "Renewal"}
    about = "batch:" + "0" * 32
    message = queue(
        tx, act, template="batch-in-review", channel="email", to=to, about=about, context=context, tally=tally
    )  # fmt: skip
    tx.commit()
    return message


def counted(portal: Portal, tally: str = TALLY) -> dict[str, int]:
    return {status.value: number for status, number in tallies.read(portal.slug, tally).items() if number}


def test_every_status_that_messages_come_to_is_counted_once(world: World) -> None:
    portal = make_portal(world)
    told = {"ana@x.example": ("Send", "Delivery", "Delivery"), "bo@x.example": ("Send", "Bounce", "Bounce")}
    world.cloud.provider.tells = lambda to: told.get(to, ("Delivery", "Complaint"))
    suppression.suppress(Act(portal.slug, "system:tests"), "email", "di@x.example", "bounced")
    for to in (*told, "cy@x.example", "di@x.example"):
        put(portal, to)
    put(portal, "ana@x.example", tally=None)
    put(portal, "ana@x.example", tally="campaign/7/2")
    world.drain()
    assert counted(portal) == {"sent": 3, "delivered": 2, "bounced": 1, "complained": 1, "suppressed": 1}
    assert counted(portal, "campaign/7/2") == {"sent": 1, "delivered": 1}
    assert counted(make_portal(world)) == {}


def test_what_is_refused_or_too_late_is_counted_too(world: World) -> None:
    portal = make_portal(world)
    one, other = row(portal, put(portal, "ana@x.example")), row(portal, put(portal, "bo@x.example"))
    assert progress.claim(one)
    progress.refused(one, "provider:MessageRejected")
    progress.refused(one, "provider:MessageRejected")
    progress.settle(other, Status.EXPIRED)
    progress.settle(other, Status.EXPIRED)
    assert counted(portal) == {"failed": 1, "expired": 1}


@pytest.mark.parametrize("kind", ["kill", "killed"])
def test_a_worker_that_dies_while_counting_leaves_at_most_one_out(world: World, mishaps: Mishaps, kind: str) -> None:
    portal = make_portal(world)
    message = put(portal, "ana@x.example")
    told = event("Delivery", "provider-1", {"message": message, "portal": portal.slug})
    with pytest.raises(Killed), mishaps.planned(Mishap(kind, 1)):
        world.feedback(told)
    world.feedback(told)
    assert row(portal, message).status == "delivered"
    assert counted(portal) == ({} if kind == "kill" else {"delivered": 1})


def test_what_cannot_be_counted_stops_nothing(world: World, mishaps: Mishaps) -> None:
    portal = make_portal(world)
    message = put(portal, "ana@x.example")
    with mishaps.planned(Mishap("fail", 1, sticky=True)):
        world.feedback(event("Delivery", "provider-1", {"message": message, "portal": portal.slug}))
    assert row(portal, message).status == "delivered" and counted(portal) == {}
