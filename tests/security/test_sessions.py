"""Sessions: what one remembers, and when it is over. At rest and in cookies: threats 31, 38, 20 and 22."""

from __future__ import annotations

import pytest

from chalicelib import clock, ids
from chalicelib.errors import Conflict
from chalicelib.facts import Act
from chalicelib.security import sessions
from chalicelib.security.sessions import STAFF, Session
from tests.factories import make_portal
from tests.world import MovableClock, World


def begun(slug: str, **details: object) -> str:
    tx = Act(slug, "system:tests").transaction()
    secret = sessions.begin(tx, slug, STAFF, holder=ids.new(), **details)  # type: ignore[arg-type]
    tx.commit()
    return secret


def live(slug: str, secret: str) -> Session:
    found = sessions.read(slug, secret, STAFF)
    assert found is not None
    return found


def test_a_session_knows_whether_it_is_a_contact_s_or_a_user_s(world: World) -> None:
    slug = make_portal(world).slug
    contact, user = live(slug, begun(slug, number_key="nw1000")), live(slug, begun(slug, username_key="maria"))
    assert (contact.number_key, contact.username_key) == ("nw1000", "")
    assert (user.number_key, user.username_key) == ("", "maria")


def test_a_secret_opens_its_own_session_in_its_own_portal(world: World) -> None:
    slug, other = make_portal(world).slug, make_portal(world).slug
    one, two = begun(slug), begun(slug)
    assert live(slug, one).id == sessions.id_of(one) != sessions.id_of(two) == live(slug, two).id
    for wrong in (one[:-1], one + "A", one.swapcase(), sessions.id_of(one), "", "#"):
        assert sessions.read(slug, wrong, STAFF) is None
    assert sessions.read(other, one, STAFF) is None


def test_when_a_second_factor_was_shown_is_remembered(world: World, moment: MovableClock) -> None:
    slug, start = make_portal(world).slug, int(moment())
    plain, proved = begun(slug), begun(slug, proved_at=clock.timestamp())
    assert (live(slug, plain).proved_at, live(slug, proved).proved_at) == (0, start)
    moment.advance(minutes=10)
    tx = Act(slug, "system:tests").transaction()
    sessions.prove(tx, slug, live(slug, plain))
    tx.commit()
    assert (live(slug, plain).proved_at, live(slug, proved).proved_at) == (start + 600, start)


def test_staff_idle_half_an_hour_and_stay_eight_hours_at_most(world: World, moment: MovableClock) -> None:
    slug, start = make_portal(world).slug, int(moment())
    secret = begun(slug)
    moment.advance(minutes=30)
    assert sessions.read(slug, secret, STAFF) is None
    moment.advance(-1)
    assert live(slug, secret).idle_at == start + 2 * 1800 - 1
    while moment() + 1700 < start + 8 * 3600:
        moment.advance(1700)
        assert live(slug, secret).idle_at == min(moment() + 1800, start + 8 * 3600)
    moment.seconds = start + 8 * 3600 - 1
    assert live(slug, secret).idle_at == start + 8 * 3600
    moment.advance(1)
    assert sessions.read(slug, secret, STAFF) is None


def test_a_session_that_was_ended_is_neither_read_nor_extended_nor_proved(world: World) -> None:
    slug = make_portal(world).slug
    secret = begun(slug)
    held = live(slug, secret)
    tx = Act(slug, "system:tests").transaction()
    sessions.end(tx, slug, held.id)
    tx.commit()
    assert sessions.read(slug, secret, STAFF) is None and not sessions.extend(slug, held)
    tx = Act(slug, "system:tests").transaction()
    sessions.prove(tx, slug, held)
    with pytest.raises(Conflict):
        tx.commit()
    assert sessions.read(slug, secret, STAFF) is None, "nothing brings it back"
