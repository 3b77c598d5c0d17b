"""Reminders: who gets them when, and what stops them; and what a closed account stops."""

from __future__ import annotations

import pytest

from chalicelib import agenda
from chalicelib.errors import Conflict, Invalid
from chalicelib.people import contacts
from chalicelib.people.models import ContactRow
from chalicelib.people.shapes import ContactInput
from chalicelib.selfservice import batches
from chalicelib.selfservice.models import BatchRow
from chalicelib.storage import Transaction, raw
from tests.factories import (
    Client,
    change_account,
    change_batch,
    change_portal,
    facts_of,
    make_account,
    make_batch,
    make_client,
    make_contact,
    make_portal,
    staff,
)
from tests.world import MovableClock, World

SOON, LATER = "2030-06-10", "2030-06-12"  # reminded of on 7 and 9 June at nine


def make_waiting(world: World, answer_by: str = SOON) -> Client:
    client = make_client(world)
    change_batch(client.portal, client.batch.id, answer_by=answer_by)
    world.drain()
    return client


def reminded(world: World, client: Client) -> int:
    world.tick()
    world.drain()
    return len(facts_of(client.slug, "system:batch:reminded"))


def mails(world: World, client: Client) -> int:
    return len(world.sent_to(client.email))


def without_address(client: Client) -> None:
    held = contacts.get(client.slug, client.contact.id)
    plain = {name: getattr(held, name) for name in ContactInput.__struct_fields__}
    contacts.change(
        staff(client.portal), "US", client.contact.id, ContactInput(**{**plain, "emails": (), "mobile": None})
    )


def due_at(client: Client) -> object:
    return batches.read(client.slug, client.batch.id).due_at


def test_a_reminder_goes_out_once_and_the_batch_keeps_its_version(world: World, moment: MovableClock) -> None:
    client = make_waiting(world)
    change_portal(client.portal, notifications={"reminder_days": [3, 1]})
    before, version = mails(world, client), batches.get(client.slug, client.batch.id).version
    moment.advance(days=4)
    assert reminded(world, client) == reminded(world, client) == 1
    assert mails(world, client) == before + 1
    assert batches.get(client.slug, client.batch.id).version == version
    moment.advance(days=2)
    assert reminded(world, client) == 2 and due_at(client) is None


def test_a_closed_account_is_not_reminded(world: World, moment: MovableClock) -> None:
    client = make_waiting(world)
    change_account(client.portal, client.account.id, status="closed")
    moment.advance(days=5)
    assert reminded(world, client) == 0 and due_at(client) is None


@pytest.mark.parametrize("settings", [{"notifications": {"reminder_days": []}}, {"status": "closed"}])
def test_a_reminder_that_the_portal_no_longer_wants_is_not_sent(
    world: World, moment: MovableClock, settings: dict[str, object]
) -> None:
    client = make_waiting(world)
    change_portal(client.portal, **settings)
    moment.advance(days=6, hours=1)
    assert reminded(world, client) == 0 and due_at(client) is None


def test_a_reminder_moved_to_another_day_is_sent_on_that(world: World, moment: MovableClock) -> None:
    client = make_waiting(world)
    change_portal(client.portal, notifications={"reminder_days": [1]})
    moment.advance(days=4)
    assert reminded(world, client) == 0
    moment.advance(days=2)
    assert reminded(world, client) == 1


def test_a_change_just_before_the_tick_does_not_lose_the_reminder(world: World, moment: MovableClock) -> None:
    client = make_waiting(world)
    moment.advance(days=4)
    change_batch(client.portal, client.batch.id, summary="A word more")
    assert reminded(world, client) == 1


def test_a_new_date_or_an_end_of_the_review_drops_what_was_due(world: World, moment: MovableClock) -> None:
    moved, ended = make_waiting(world), make_waiting(world)
    moment.advance(days=4)
    change_batch(moved.portal, moved.batch.id, answer_by=LATER)
    change_batch(ended.portal, ended.batch.id, status="in_progress")
    assert reminded(world, moved) == reminded(world, ended) == 0
    moment.advance(days=2)
    assert (reminded(world, moved), reminded(world, ended)) == (1, 0)


def test_what_cannot_be_sent_any_more_makes_room_for_the_others(
    world: World, moment: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "BATCHES", agenda.Agenda("batches", shards=1, a_tick=1))
    nowhere, removed, good = make_waiting(world), make_waiting(world), make_waiting(world, LATER)
    without_address(nowhere)
    ContactRow(f"{removed.slug}#contact#{removed.contact.id}", "contact").delete()
    moment.advance(days=7)
    for _ in range(3):
        reminded(world, good)
    assert [reminded(world, client) for client in (nowhere, removed, good)] == [0, 0, 1]
    assert due_at(nowhere) is due_at(removed) is None


def test_one_that_cannot_be_read_does_not_stop_the_others(world: World, moment: MovableClock) -> None:
    broken, good = make_waiting(world), make_waiting(world)
    row = batches.read(broken.slug, broken.batch.id)
    tx = Transaction()
    tx.update(BatchRow(row.pk, row.sk), raw("details").set("{}"))
    tx.commit()
    moment.advance(days=4)
    assert reminded(world, good) == 1
    BatchRow(row.pk, row.sk).delete()


def test_nothing_is_placed_or_announced_at_a_closed_account(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    contact = make_contact(portal, account)
    draft, placed = make_batch(portal, contact, status="draft"), make_batch(portal, contact)
    world.drain()
    change_account(portal, account.id, status="closed")
    for refused in (
        lambda: make_batch(portal, contact),
        lambda: change_batch(portal, draft.id, status="client_review"),
    ):
        with pytest.raises(Invalid) as told:
            refused()
        assert told.value.fields == {"account_id": "This account is closed. Open it first."}
    with pytest.raises(Conflict) as also:
        batches.notify_again(staff(portal), placed.id)
    assert also.value.text == "This account is closed. Open it first."
    assert change_batch(portal, placed.id, summary="Still to be changed").summary
    world.drain()
    assert len(world.sent_to(contact.emails[0])) == 1


def test_a_move_tells_what_else_changed_and_no_words_of_it(world: World) -> None:
    client = make_client(world)
    change_batch(client.portal, client.batch.id, status="in_progress", lines=[], open_to_portal=False)
    fact, *_ = facts_of(client.slug, "staff:batch:moved")
    assert fact.changes == {
        "status": ["client_review", "in_progress"], "open_to_portal": [True, False], "lines": "changed",
    }  # fmt: skip
    change_batch(client.portal, client.batch.id, status="client_review", open_to_portal=True, title="Second try")
    placings = [fact.changes for fact in facts_of(client.slug, "staff:batch:placed-in-review")]
    assert {
        "placing": 2, "status": ["in_progress", "client_review"], "open_to_portal": [False, True], "title": "changed",
    } in placings  # fmt: skip
