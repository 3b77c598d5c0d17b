"""Keys of the whole deployment: made, listed and revoked like those of one portal, and never mixed up with them."""

from __future__ import annotations

import pytest

from chalicelib import facts
from chalicelib.errors import NotFound, NotSignedIn
from chalicelib.facts import Act, Kind
from chalicelib.portals import api_keys
from chalicelib.portals.api_keys import EVERY_PORTAL, KeyCreated, NewKey
from chalicelib.portals.permissions import PERMISSIONS
from tests.world import MovableClock, World

_ALL = frozenset(PERMISSIONS)


def _made(portal: str, name: str = "Operations") -> KeyCreated:
    return api_keys.create(Act(portal, "system:tests"), NewKey(name=name, scopes=tuple(_ALL)), maker=_ALL)


def _ids(portal: str) -> list[str]:
    found, cursor = list[str](), None
    while True:
        page = api_keys.listed(portal, cursor=cursor)
        found += [key.id for key in page.items]
        cursor = page.cursor
        if not cursor:
            return found


def test_a_key_of_the_deployment_is_listed_and_revoked(world: World, moment: MovableClock) -> None:
    made, other = _made(EVERY_PORTAL), _made(EVERY_PORTAL, "Kept")
    assert made.key.startswith(f"ls_all_{made.id}_")
    assert api_keys.holder(made.key).portal == EVERY_PORTAL
    assert {made.id, other.id} <= set(_ids(EVERY_PORTAL))

    moment.advance(1)
    act = Act(EVERY_PORTAL, "system:tests")
    revoked = api_keys.revoke(act, made.id)
    assert revoked.revoked_at is not None
    with pytest.raises(NotSignedIn):
        api_keys.holder(made.key)
    assert api_keys.holder(other.key).key_id == other.id
    assert api_keys.revoke(act, made.id) == revoked, "again changes nothing"
    told = facts.about(EVERY_PORTAL, f"api-key:{made.id}").items  # of its own: every test has keys of the deployment
    assert [fact.kind for fact in told] == [Kind.API_KEY_REVOKED, Kind.API_KEY_CREATED]
    assert made.id in _ids(EVERY_PORTAL), "a revoked key stays listed"


def test_a_portal_neither_lists_nor_revokes_a_key_of_the_deployment_and_the_other_way_round(world: World) -> None:
    portal = world.portal()
    everywhere, here = _made(EVERY_PORTAL), _made(portal.slug)
    assert _ids(portal.slug) == [here.id]
    assert here.id not in _ids(EVERY_PORTAL)
    for owner, foreign in ((portal.slug, everywhere), (EVERY_PORTAL, here)):
        with pytest.raises(NotFound):
            api_keys.revoke(Act(owner, "system:tests"), foreign.id)
        assert api_keys.holder(foreign.key).key_id == foreign.id
