"""Every journey of the pages, disturbed at every AWS call: see `matrix`."""

from __future__ import annotations

import pytest

from chalicelib.web.guard import GUARDS
from tests.faults import (
    of_doors,
    of_invitations,
    of_links,
    of_pages,
    of_records,
    of_registering,
    of_security,
    of_self_service,
    of_views,
)
from tests.faults.journey import Journey
from tests.faults.matrix import make_stage, play
from tests.mishaps import Mishaps
from tests.world import World

JOURNEYS = [
    *of_pages.JOURNEYS, *of_doors.JOURNEYS, *of_links.JOURNEYS, *of_security.JOURNEYS, *of_registering.JOURNEYS,
    *of_invitations.OF_PAGES, *of_self_service.OF_PAGES, *of_records.OF_PAGES,
    *of_views.OF_PAGES,
]  # fmt: skip


@pytest.mark.parametrize("kind", JOURNEYS, ids=[each.__name__ for each in JOURNEYS])
def test_threats_43_and_44(world: World, mishaps: Mishaps, kind: type[Journey]) -> None:
    assert play(make_stage(world, mishaps, kind), kind, 2 if kind.route[0] == "GET" else 6) >= 1


def test_every_page_has_a_journey() -> None:
    pages = {route for route, guard in GUARDS.items() if guard.audience in ("visitor", "client", "staff")}
    assert pages - {kind.route for kind in JOURNEYS} == {("GET", "/{portal}/{proxy+}")}  # asks nothing of anybody
