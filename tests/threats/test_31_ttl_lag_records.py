"""Threat 31, of self-service: the link to a password, deleted from its table or not, is over at its end."""

from __future__ import annotations

from chalicelib.people import record_users
from tests.browsing import Browser
from tests.self_service import make_record, password_shown
from tests.threats.test_31_ttl_lag import held
from tests.world import MovableClock, World


def test_the_link_to_a_password(world: World, moment: MovableClock) -> None:
    record = make_record(world)
    link, early = record.link, Browser("192.0.2.1")
    early.open(link)
    form = early.here.form_with("t")
    moment.advance(hours=72)
    late = Browser("192.0.2.2").open(link)
    assert late.status == 410 and "has run out" in late.shown
    assert early.copy().post(form.action, form.fields).status == 410, "nor from a page that was open before"
    assert len(list(held(world, "tokens", f"{record.slug}#link#self-service-password#"))) == 1
    moment.advance(-1)
    assert password_shown(early.send(form)) == record_users.password_of(record.user)
