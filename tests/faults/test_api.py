"""Every journey of the api, disturbed at every AWS call: see `matrix`."""

from __future__ import annotations

import pytest

from chalicelib.web.guard import GUARDS
from tests.faults import (
    of_api,
    of_campaigns,
    of_invitations,
    of_records,
    of_registrations,
    of_rehearsals,
    of_self_service,
    of_staff,
    of_support,
    of_users,
    of_views,
    of_wording,
    of_work,
    of_workflows,
)
from tests.faults.journey import Journey
from tests.faults.matrix import make_stage, play
from tests.mishaps import Mishaps
from tests.world import World

JOURNEYS = [
    *of_api.JOURNEYS, *of_staff.JOURNEYS, *of_users.JOURNEYS, *of_invitations.OF_API, *of_registrations.JOURNEYS,
    *of_wording.JOURNEYS,
    *of_self_service.OF_API,
    *of_records.OF_API,
    *of_campaigns.JOURNEYS,
    *of_work.JOURNEYS,
    *of_workflows.JOURNEYS,
    *of_rehearsals.JOURNEYS,
    *of_views.OF_API,
    *of_support.JOURNEYS,
]  # fmt: skip


@pytest.mark.parametrize("kind", JOURNEYS, ids=[each.__name__ for each in JOURNEYS])
def test_threats_43_and_44(world: World, mishaps: Mishaps, kind: type[Journey]) -> None:
    assert play(make_stage(world, mishaps, kind), kind, 1 if kind.route[0] == "GET" else 4) >= 1


def test_every_operation_has_a_journey() -> None:
    operations = {route for route, guard in GUARDS.items() if guard.audience == "key"}
    assert operations == {kind.route for kind in JOURNEYS}
