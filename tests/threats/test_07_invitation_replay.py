"""Threats 7, 8 and 14, of invitations: pressed by many, fetched by scanners, asked for a hundred times."""

from __future__ import annotations

from contextlib import suppress

from chalicelib.errors import TooMany
from chalicelib.facts import Act, Kind
from chalicelib.registration import accepting, entries, invitations
from chalicelib.registration.statuses import Status
from chalicelib.security.links import LinkOver
from tests.browsing import Browser, at_once
from tests.factories import facts_of, staff
from tests.invitees import PERSON, STAFF, again, invite, link_of, make_office, office_portal, send
from tests.threats.conftest import Hashes
from tests.tracing import traced, writes
from tests.world import World

JANE = "jane@elm.example"
TABS = 64


def test_7_of_64_presses_one_opens(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    link = link_of(world, JANE)
    tabs = [Browser(f"198.51.100.{n + 1}") for n in range(TABS)]
    forms = [tab.open(link).form_with("t") for tab in tabs]
    seen = at_once([lambda t=t, f=f: t.post(f.action, f.fields) for t, f in zip(tabs, forms, strict=True)])  # type: ignore[misc]
    assert sorted(each.status for each in seen) == [303] + [410] * (TABS - 1)
    assert len(facts_of(portal.slug, Kind.LINK_OPENED)) == 1 and again(portal, row).opened_at


def test_7_of_64_forms_one_makes_a_user(world: World, hashes: Hashes) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    invite(portal, office, JANE)
    browser = Browser()
    browser.open(link_of(world, JANE))
    browser.press("Continue")
    form = browser.here.form_with("username")
    names = [PERSON["username"], "jane.other"]
    typed = [{**form.fields, **PERSON, "username": names[n % 2]} for n in range(TABS)]
    tabs = [browser.copy() for _ in range(TABS)]
    seen = at_once([lambda t=t, f=f: t.post(form.action, f) for t, f in zip(tabs, typed, strict=True)])  # type: ignore[misc]
    assert {each.status for each in seen} == {303}
    assert (
        len(facts_of(portal.slug, Kind.INVITATION_ACCEPTED)) == len(facts_of(portal.slug, Kind.CREDENTIAL_CREATED)) == 1
    )
    assert len(facts_of(portal.slug, Kind.CONTACT_CREATED)) == 1
    told = {each.location.partition("notice=")[2] for each in seen}
    assert told == {"password-set", "link-over"}, "who typed the other name is not told that it is theirs"
    held = entries.counts(portal.slug, STAFF)
    assert (held[Status.EMAIL_INT], held[Status.EMAIL_SUCCESS]) == (0, 1)


def test_8_a_scanner_changes_nothing(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    link = link_of(world, JANE)
    scanner = Browser("198.51.100.9", agent="LinkScanner/1.0")
    with traced() as calls:
        for _ in range(3):
            scanner.ask("HEAD", link)
        for _ in range(10):
            assert scanner.open(link).status == 200
    assert writes(calls) == [] and again(portal, row).version == row.version
    person = Browser()
    person.open(link)
    person.press("Continue")
    assert "Your password is set" in person.fill(**PERSON).shown


def test_14_at_most_8_mails_a_day_by_every_way_there_is(world: World) -> None:
    portal = office_portal(world)
    offices = [make_office(portal) for _ in range(4)]
    row = invite(portal, offices[0], JANE)
    token = link_of(world, JANE).partition("?t=")[2]
    act = Act(portal.slug, "visitor")
    world.clock.advance(hours=25)
    start = len(world.sent_to(JANE))
    for n in range(100):
        with suppress(TooMany, LinkOver):
            accepting.send_again(act, portal, token)
        with suppress(TooMany):
            invitations.resend(staff(portal), STAFF, portal, str(row.created_key))
        send(portal, offices[n % 4], JANE)
        world.clock.advance(minutes=14)
    world.drain()
    assert len(world.sent_to(JANE)) - start == 8
