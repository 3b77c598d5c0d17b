"""What is said when AWS did not answer: nothing that may be untrue, since the answer may have been lost after the act."""

from __future__ import annotations

import pytest

from chalicelib.errors import Unavailable
from chalicelib.facts import Act
from chalicelib.portals import api_keys
from chalicelib.portals.api_keys import NewKey
from chalicelib.security.keys import UnknownVersion
from tests.mishaps import Mishap, Mishaps
from tests.world import World


def test_a_change_whose_answer_was_lost_is_not_said_to_have_changed_nothing(world: World, mishaps: Mishaps) -> None:
    portal = world.portal()
    wanted = NewKey(name="Lost", scopes=("portals:read",))
    with mishaps.planned(Mishap("lost", 0, sticky=True)), pytest.raises(Unavailable) as told:
        api_keys.create(Act(portal.slug, "system:tests"), wanted, maker=frozenset(wanted.scopes))
    assert [key.name for key in api_keys.listed(portal.slug).items] == ["Lost"], "it was done"
    assert "nothing was changed" not in told.value.text
    assert "may not have been saved" in told.value.text and "look, then try again" in told.value.text.lower()


def test_a_key_that_is_not_known_yet_is_not_blamed_on_the_database() -> None:
    assert "database" not in UnknownVersion().text
