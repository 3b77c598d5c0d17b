"""Whatever happens at the same moment, the cards under a client number are those of its account's contacts."""

from __future__ import annotations

from contextlib import suppress

import pytest

from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.people import cards, contacts, matching
from chalicelib.people.models import CardRow
from chalicelib.people.shapes import Contact
from chalicelib.portals import Portal
from tests.factories import change_account, make_account, make_batch, make_contact, make_machine, make_portal, staff
from tests.meanwhile import after
from tests.world import World

READS = 3  # of a removal: the contact, its account, its card


def under(portal: Portal, number: str) -> list[str]:
    return sorted(card.contact_id for card in cards.under(portal.slug, matching.number_key(number)).cards)


@pytest.mark.parametrize("nth", range(1, READS + 1))
def test_a_contact_removed_while_the_number_moves_leaves_no_card_behind(world: World, nth: int) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    contact = make_contact(portal, account)
    with after("dynamodb.GetItem", lambda: change_account(portal, account.id, number="MOVED-1"), nth=nth):
        try:
            contacts.remove(staff(portal), contact.id)
        except Stale:
            contacts.remove(staff(portal), contact.id)
    assert under(portal, "MOVED-1") == under(portal, account.number or "") == []


@pytest.mark.parametrize("nth", range(1, READS + 1))
def test_a_contact_is_not_removed_while_a_batch_is_opened_to_it(world: World, nth: int) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    contact = make_contact(portal, account)

    def move_and_open() -> None:
        change_account(portal, account.id, number="MOVED-1")
        make_batch(portal, contact)

    with after("dynamodb.GetItem", move_and_open, nth=nth), suppress(Stale, Conflict):
        contacts.remove(staff(portal), contact.id)
    with pytest.raises(Conflict, match="conflict"):
        contacts.remove(staff(portal), contact.id)
    assert under(portal, "MOVED-1") == [contact.id]


def test_over_the_api_a_removal_that_met_a_move_is_tried_again(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    contact = make_contact(portal, account)
    machine = make_machine(portal)
    machine.get(f"contacts/{contact.id}")  # the portal and the key are at hand now
    with after("dynamodb.GetItem", lambda: change_account(portal, account.id, number="MOVED-1"), nth=3):
        assert machine.ask("DELETE", f"contacts/{contact.id}").status == 204
    with pytest.raises(NotFound):
        contacts.get(portal.slug, contact.id)
    assert under(portal, "MOVED-1") == []


def test_a_contact_made_while_the_number_moves_gets_its_card_there(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    made: list[Contact] = []
    with after("dynamodb.Query", lambda: made.append(make_contact(portal, account))), pytest.raises(Stale):
        change_account(portal, account.id, number="MOVED-2")
    change_account(portal, account.id, number="MOVED-2")
    assert under(portal, "MOVED-2") == [made[0].id] and not under(portal, account.number or "")


def test_a_contact_made_while_the_number_goes_to_another_account_is_not_under_that_one(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    number = account.number or ""

    def hand_on() -> None:
        change_account(portal, account.id, number="MOVED-3")
        make_account(portal, name="New owner", number=number)

    with after("dynamodb.GetItem", hand_on):
        contact = make_contact(portal, account)
    assert under(portal, "MOVED-3") == [contact.id] and not under(portal, number)


def test_under_a_number_every_contact_is_found_however_many_there_are(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    number_key = matching.number_key(account.number or "")
    tx = staff(portal).transaction()
    for place in range(1001):
        tx.put(
            CardRow(
                pk=cards.partition(portal.slug, number_key),
                sk=f"card#{place:032x}",
                account_id=account.id,
                last_name="X",
            )
        )
        if len(tx) == 100:
            tx.commit()
            tx = staff(portal).transaction()
    tx.commit()
    last = make_contact(portal, account)
    found = cards.under(portal.slug, number_key)
    assert found.account_id == account.id and len(found.cards) == 1002
    assert last.id in {card.contact_id for card in found.cards}
