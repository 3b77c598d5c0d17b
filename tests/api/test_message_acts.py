"""What staff can do about messages: send one of unknown fate again, and lift the block on an address."""

from __future__ import annotations

from chalicelib.messaging import suppression
from chalicelib.messaging.progress import learned
from chalicelib.messaging.statuses import Status
from tests.factories import make_client, make_machine, staff
from tests.mishaps import Mishap, Mishaps
from tests.world import MovableClock, World


def test_a_message_of_unknown_fate_is_released_by_staff_once(
    world: World, moment: MovableClock, mishaps: Mishaps
) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    with mishaps.planned(Mishap("lost", "sesv2.SendEmail")):
        world.drain(feedback=False)
    world.cloud.provider.feedback.clear()  # the provider never tells
    moment.advance(minutes=61)
    world.tick()
    (message,) = machine.get("messages", status="needs_attention")["items"]
    before = len(world.sent_to(client.email))
    released = machine.post(f"messages/{message['id']}/release")
    assert released["status"] == "queued"
    world.tick()
    world.drain()
    assert machine.get(f"messages/{message['id']}")["status"] == "delivered"
    assert len(world.sent_to(client.email)) <= before + 1
    again = machine.ask("POST", f"messages/{message['id']}/release")
    assert again.status == 409
    kinds = [fact["kind"] for fact in machine.get("facts", subject=f"batch:{client.batch.id}")["items"]]
    assert kinds.count("staff:message:released") == 1


def test_the_block_on_an_address_is_lifted_and_that_is_on_record(world: World) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    suppression.suppress(staff(client.portal), "email", client.email, "bounced")
    world.drain()
    assert machine.get("messages", status="suppressed")["items"]
    wanted = {"channel": "email", "recipient": client.email}
    assert machine.post("suppressions/lift", wanted) == {"lifted": True}
    assert machine.post("suppressions/lift", wanted) == {"lifted": False}
    assert [fact["kind"] for fact in machine.get("facts")["items"]].count("staff:address:lifted") == 1


def test_what_staff_must_act_on_needs_attention(world: World) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    world.drain(feedback=False)
    (message,) = machine.get("messages")["items"]
    for status in (Status.BOUNCED, Status.COMPLAINED):
        assert learned(client.portal.slug, message["id"], status, provider_id=None, reason=None)
        (told,) = machine.get("messages", status="needs_attention")["items"]
        assert (told["status"], told["needs_attention"]) == (status, True)
        about = f"batch:{client.batch.id}"
        assert [found["id"] for found in machine.get("messages", status="needs_attention", about=about)["items"]] == [
            message["id"]
        ]
