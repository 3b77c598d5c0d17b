"""The values of a message about an account's record: everything it may tell, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.campaigns import uses
from chalicelib.messaging import wordings
from chalicelib.messaging.record_messages import RECORD
from chalicelib.people.agent_cards import AgentCard
from chalicelib.workflows import record_context
from tests.factories import make_account, make_contact
from tests.messaging.samples import TO, put
from tests.records import make_product, record_portal
from tests.world import World

ADA = AgentCard(name="Ada Brook", title="Broker", phone="+14155550100")


def test_all_that_is_known_is_told(world: World) -> None:
    portal = record_portal(world)
    account = make_account(portal)
    contact, product = make_contact(portal, account), make_product(portal, account)
    context = record_context.context_of(portal, account, contact, ADA, product)
    assert context == {
        "account_name": "Northwind Traders", "first_name": "Maria", "last_name": "Nuñez", "agent_name": "Ada Brook",
        "agent_title": "Broker", "agent_phone": "+14155550100", "product_carrier": "Blue Harbor",
        "product_plan": "PPO 1500", "product_policy_number": "BH-204417", "product_coverage_type": "Medical",
        "product_premium": "$412.50", "product_effective_date": "2031-01-01", "product_status": "Active",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["quote-follow-up", "annual-review", "get-in-touch"])
def test_it_is_whole_whatever_there_is_none_of(world: World, name: str) -> None:
    portal = record_portal(world)
    account = make_account(portal)
    bare = make_product(portal, account, plan="", policy_number="", coverage_type="", premium=None, effective_date=None)
    for product in (None, bare):
        context = record_context.context_of(portal, account, None, None, product)
        assert context.keys() == {each.name for each in RECORD}
        wordings.template(portal.slug, name).check(context)
        put(portal, template=name, context=context)
    world.drain()
    for sent in world.sent_to(TO):
        assert "Hello there," in sent.text


@pytest.mark.parametrize(("currency", "shown"), [("USD", "$1,412.50"), ("EUR", "€1,412.50"), ("CHF", "1,412.50 CHF")])
def test_a_premium_is_in_the_portal_s_currency(world: World, currency: str, shown: str) -> None:
    portal = record_portal(world, currency=currency)
    product: Any = make_product(portal, make_account(portal), premium="1412.5")
    assert record_context.of_product(portal, product)["product_premium"] == shown


def test_nothing_uses_a_message_yet() -> None:
    assert uses.of_template("acme", "own-spring-note") == ()
