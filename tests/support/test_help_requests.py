"""A request and its number: whatever collides, each request has one of its own."""

from __future__ import annotations

import pytest

from chalicelib.errors import Stale, Unavailable
from chalicelib.support import help_requests, references
from chalicelib.support.shapes import HelpChange
from tests.factories import facts_of, make_help_request, make_machine, make_portal, staff
from tests.world import MovableClock, World


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers that will be drawn, the first one again and again once the others are used up."""
    numbers = ["H-7777-77"]
    monkeypatch.setattr(references, "draw", lambda: numbers.pop() if len(numbers) > 1 else numbers[0])
    return numbers


def test_a_number_that_is_taken_is_drawn_again(world: World, drawn: list[str]) -> None:
    portal, other = make_portal(world, support={"email": "help@acme.example"}), make_portal(world)
    assert make_help_request(portal).reference == "H-7777-77"
    assert make_help_request(other).reference == "H-7777-77", "in another portal it is free"
    drawn += ["H-9999-99", "H-7777-77"]
    assert make_help_request(portal).reference == "H-9999-99"
    assert len(make_machine(portal).get("help-requests")["items"]) == 2
    world.drain()
    assert len(world.inbox) == 2


def test_when_none_is_free_nothing_is_made_or_counted(world: World, drawn: list[str]) -> None:
    portal = make_portal(world)
    make_help_request(portal)
    for _ in range(9):
        with pytest.raises(Unavailable):
            make_help_request(portal, address="one")
    assert len(facts_of(portal.slug, "client:help:requested")) == 1
    drawn.append("H-9999-99")
    assert make_help_request(portal, address="one").reference == "H-9999-99"


def test_a_number_is_free_again_when_its_request_is_over(world: World, moment: MovableClock, drawn: list[str]) -> None:
    portal = make_portal(world)
    first = make_help_request(portal)
    moment.advance(seconds=help_requests.RETENTION_SECONDS)  # nobody has cleaned up yet
    assert make_help_request(portal).reference == first.reference
    (held,) = help_requests.listed(portal.slug, reference=first.reference).items
    assert held.id != first.id


def test_a_change_of_what_was_read_before_another_one_is_refused(world: World) -> None:
    portal = make_portal(world)
    made = make_help_request(portal)
    help_requests.change(staff(portal), made.id, HelpChange(note="Called back."), version=1)
    with pytest.raises(Stale):
        help_requests.change(staff(portal), made.id, HelpChange(state="closed"), version=1)
    assert help_requests.get(portal.slug, made.id).note == "Called back."
