"""One message from its transaction to the recipient, and what the log says of it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.facts import Act
from chalicelib.messaging import reading
from chalicelib.messaging.addresses import NotAnAddress
from chalicelib.messaging.models import MessageRow
from chalicelib.messaging.queue import AlreadyQueued, queue
from chalicelib.security import codes
from chalicelib.storage import query
from tests.messaging.samples import BATCH, MOBILE, TO, code_context, put, put_code, row
from tests.world import MovableClock, World


def test_a_mail_is_sent_and_followed_until_it_is_delivered(world: World) -> None:
    portal = world.portal()
    identifier = put(portal)
    assert reading.get(portal.slug, identifier).status == "queued"
    world.drain(feedback=False)
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.attempts, told.provider_id) == ("sent", 1, world.newest(TO).provider_id)
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.sent_at, told.delivered_at) == (
        "delivered",
        "2030-06-03T09:00:00Z",
        "2030-06-03T09:00:00Z",
    )
    assert row(portal, identifier).unsent_shard is None
    assert len(world.inbox) == 1


def test_a_code_goes_by_the_urgent_queue_and_is_the_one_that_opens(world: World) -> None:
    portal = world.portal()
    context = code_context()
    put(portal, template="verification-code", channel="sms", to=MOBILE, context=context, urgent=True)
    world.relay()
    assert (len(world.cloud.urgent.waiting), len(world.cloud.bulk.waiting)) == (1, 0)
    world.drain()
    assert world.newest(MOBILE).code == codes.digits(portal.slug, context["challenge"], 0, 1)


def test_no_row_queue_or_stream_holds_the_code(world: World) -> None:
    portal = world.portal()
    put_code(portal)
    world.relay()
    queued = "".join(message.body for message in world.cloud.urgent.waiting)
    world.drain()
    code = world.newest(TO).code
    assert code not in queued
    held = [item for item in world.scan("messages") if item["portal"]["S"] == portal.slug]
    values = [value for item in held for kind in item.values() for value in kind.values()]
    assert not [value for value in values if isinstance(value, str) and code in value and not value.isalnum()]


def test_the_same_occasion_is_told_of_once(world: World) -> None:
    portal = world.portal()
    put(portal, once="placed/1/1")
    with pytest.raises(AlreadyQueued):
        put(portal, once="placed/1/1")
    put(portal, once="placed/1/2")
    put(world.portal(), once="placed/1/1")
    world.drain()
    assert len(world.inbox) == 3


def test_nothing_is_sent_when_the_transaction_is_refused(world: World) -> None:
    portal = world.portal()
    act = Act(portal.slug, "system:tests")
    tx = act.transaction()
    queue(tx, act, template="batch-in-review", channel="email", to=TO, about="batch:1", context=BATCH)
    tx.check(MessageRow("nowhere"), MessageRow.pk.exists())
    with pytest.raises(Conflict):
        tx.commit()
    world.drain()
    assert world.inbox == []


def test_a_decoy_flows_like_a_message_and_ends_unsent_and_unlisted(world: World) -> None:
    portal = world.portal()
    real, decoy = put_code(portal), put_code(portal, to="f" * 32, decoy=True)
    one, other = (row(portal, each).serialize(null_check=False) for each in (real, decoy))
    assert one.keys() == other.keys()
    world.relay()
    assert len(world.cloud.urgent.waiting) == 2
    world.drain()
    assert len(world.inbox) == 1
    assert row(portal, decoy).status == "dropped"
    assert [message.id for message in reading.listed(portal.slug).items] == [real]
    assert [message.id for message in reading.listed(portal.slug, about="contact:1").items] == [real]
    with pytest.raises(NotFound):
        reading.get(portal.slug, decoy)


def test_what_was_typed_never_stands_in_a_decoy(world: World) -> None:
    with pytest.raises(NotAnAddress):
        put_code(world.portal(), to="typed@stranger.example", decoy=True)


def test_a_code_whose_time_is_over_is_not_sent(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    identifier = put_code(portal)
    moment.advance(minutes=10)
    world.drain()
    assert world.inbox == []
    assert reading.get(portal.slug, identifier).status == "expired"


def test_a_closed_portal_sends_nothing(world: World) -> None:
    portal = world.portal(status="closed")
    identifier = put(portal)
    world.drain()
    assert world.inbox == []
    assert reading.get(portal.slug, identifier).reason == "portal-closed"


@pytest.mark.parametrize("given", [{"context": {**BATCH, "batch_title": "a\r\nBcc: x@y.example"}}, {"context": {}}])
def test_a_context_that_does_not_suit_is_refused_before_anything_is_written(
    world: World, given: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        put(world.portal(), **given)


def test_the_log_pages_filters_and_walks_back_over_quiet_days(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    ids = []
    for day in range(5):
        for _ in range(3):
            moment.advance(1)
            ids.append(put(portal, about=f"batch:{day % 2}"))
        moment.advance(days=1)
    moment.advance(days=15)
    assert _walked(portal.slug, limit=4) == ids[::-1]
    assert _walked(portal.slug, status="queued", channel="email", template="batch-in-review") == ids[::-1]
    assert _walked(portal.slug, status="bounced") == []
    about = reading.listed(portal.slug, about="batch:1", limit=4)
    rest = reading.listed(portal.slug, about="batch:1", limit=4, cursor=about.cursor)
    assert [message.id for message in (*about.items, *rest.items)] == [*ids[9:12][::-1], *ids[3:6][::-1]]
    assert reading.listed(portal.slug, channel="sms", about="batch:1").items == []
    with pytest.raises(Invalid):
        reading.listed(portal.slug, status="lost")
    with pytest.raises(Invalid):
        reading.listed(portal.slug, cursor="elsewhere")


def test_another_portal_sees_nothing_of_it(world: World) -> None:
    one, other = world.portal(), world.portal()
    identifier = put(one)
    assert reading.listed(other.slug).items == []
    assert reading.listed(other.slug, about="batch:1").items == []
    with pytest.raises(NotFound):
        reading.get(other.slug, identifier)


def test_rows_do_not_outlive_the_log(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    put(portal, once="x")
    moment.advance(days=91)
    assert reading.listed(portal.slug, about="batch:1").items == []
    put(portal, once="x")
    assert len(query(MessageRow, f"{portal.slug}#batch:1", index="by_subject").items) == 1


def _walked(portal: str, **narrowed: Any) -> list[str]:
    """The whole list, page by page."""
    page = reading.listed(portal, **narrowed)
    found = list(page.items)
    while page.cursor:
        page = reading.listed(portal, cursor=page.cursor, **narrowed)
        found += page.items
    return [message.id for message in found]
