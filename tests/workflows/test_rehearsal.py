"""A rehearsal says what then happens: messages, moments, skips; and it writes nothing."""

from __future__ import annotations

from chalicelib.workflows import rehearsal
from chalicelib.workflows.rehearsal_shapes import Rehearse
from tests.factories import make_contact, make_portal
from tests.workflows import flows
from tests.workflows.flows import ENABLE, MAIL, SMS, step
from tests.world import World


def test_smoke(world: World) -> None:
    portal = make_portal(world, time_zone="America/New_York")
    account = flows.client(portal, tags=["review"])
    make_contact(portal, account)
    flows.client(portal, tags=["other"])
    made = flows.off(
        portal, step("a", 0, "minutes", MAIL), step("b", 2, "days", SMS, at="09:30"), step("c", 3, "days", ENABLE),
        step("d", 4, "days", {"action": "remove-tags", "tags": ["review"]}), step("e", 5, "days", MAIL)
    )
    import msgspec
    told = rehearsal.of_stored(portal, made.id, Rehearse())
    print(msgspec.json.format(msgspec.json.encode(told), indent=1).decode())
    assert 0
