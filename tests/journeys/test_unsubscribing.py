"""From a marketing mail to its end, and back: by a person, by their mail program, by staff; and by nobody else."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from chalicelib.facts import Act
from chalicelib.messaging import consent, suppression
from chalicelib.portals import Portal
from tests.browsing import FORM, Browser, Seen
from tests.factories import change_portal, facts_of, make_machine
from tests.messaging.samples import TO, put
from tests.security import rotating
from tests.threats.test_08_prefetch import everything
from tests.tracing import traced, writes
from tests.world import World

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = (
    b'--x1\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x1--\r\n',
    "multipart/form-data; boundary=x1",
)


def _portal(world: World) -> Portal:
    found: Portal = world.portal(support={"postal_address": "1 Main Street"})
    return found


def _link(world: World, portal: Portal) -> str:
    """The path in a marketing mail to one of its clients."""
    put(portal, purpose="marketing")
    world.drain()
    found = urlsplit(str(world.newest(TO).mail["List-Unsubscribe"]).strip("<>"))
    return f"{found.path}?{found.query}"


def _is_ended(portal: Portal) -> bool:
    return consent.is_withdrawn(portal.slug, consent.whose(portal.slug, "email", TO).key)


def test_a_person_ends_it_with_one_press_and_takes_it_back_with_another(world: World) -> None:
    portal, browser = _portal(world), Browser()
    seen = browser.open(_link(world, portal))
    assert (seen.status, seen.heading) == (200, "Unsubscribe")
    assert "j•••@client.example" in seen.shown and TO not in seen.text
    assert not _is_ended(portal)
    assert browser.press("Unsubscribe").heading == "You are unsubscribed"
    assert _is_ended(portal)
    assert browser.open(_link_again(world, portal)).heading == "You are unsubscribed"
    assert browser.press("Subscribe again").heading == "You are subscribed again"
    assert not _is_ended(portal)
    assert {fact.kind for fact in facts_of(portal.slug) if ":consent:" in fact.kind} == {
        "client:consent:withdrawn", "client:consent:given",
    }  # fmt: skip


def _link_again(world: World, portal: Portal) -> str:
    found = urlsplit(str(world.newest(TO).mail["List-Unsubscribe"]).strip("<>"))
    return f"{found.path}?{found.query}"


def _pressed(link: str, body: bytes = ONE_CLICK, kind: str = FORM) -> Seen:
    """A mail program's button: no page before it, no cookie, an origin of its own or none."""
    return Browser().ask("POST", link, body, headers={"Content-Type": kind})


@pytest.mark.parametrize(("body", "kind"), [(ONE_CLICK, FORM), MULTIPART])
def test_a_mail_program_ends_it_without_a_page(world: World, body: bytes, kind: str) -> None:
    portal = _portal(world)
    link = _link(world, portal)
    seen = _pressed(link, body, kind)
    assert seen.status == 200, "and never a redirect, which mail programs do not follow"
    assert _is_ended(portal)
    assert _pressed(link, body, kind).status == 200
    assert len(facts_of(portal.slug, "client:consent:withdrawn")) == 1


def test_that_button_can_only_end_it(world: World) -> None:
    portal = _portal(world)
    link = _link(world, portal)
    _pressed(link)
    assert _pressed(link, ONE_CLICK + b"&undo=yes").status == 200
    assert _is_ended(portal)
    for body in (b"undo=yes", b"List-Unsubscribe=one-click&undo=yes", b"", b"csrf=&t=x&undo=yes"):
        assert _pressed(link, body).status == 403, body
    assert _is_ended(portal)


@pytest.mark.parametrize("path", ["/sign-out", "/help", "/not-me", "/sign-in"])
def test_no_other_form_is_taken_for_it(world: World, path: str) -> None:
    portal = _portal(world)
    with traced() as calls:
        assert _pressed(f"/{portal.slug}{path}").status == 403
    assert writes(calls) == []


def test_a_scanner_that_follows_the_link_does_nothing(world: World) -> None:
    portal = _portal(world)
    link = _link(world, portal)
    before = everything(world)
    for _ in range(3):
        assert Browser().open(link).status == 200
        assert Browser().ask("HEAD", link).status == 405
    assert everything(world) == before


def _wrong(link: str, other: str) -> Iterator[str]:
    path, _, token = link.partition("?t=")
    version, body, signature = token.split(".")
    plain = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    forged = base64.urlsafe_b64encode(plain.replace(b"client.example", b"victim.example")).decode().rstrip("=")
    yield from (path, f"{path}?t=", f"{path}?t={token[:-1]}", f"{path}?t={token}0", f"{path}?t=2.{body}.{signature}")
    yield f"{path}?t={version}.{forged}.{signature}"
    yield f"{path}?t={version}.{body}.{'0' * 40}"
    yield f"{path}?t=99999999999.{body}.{signature}"
    yield f"/{other}/unsubscribe?t={token}"


def test_a_link_that_is_forged_cut_or_another_portals_opens_nothing(world: World) -> None:
    portal, other = _portal(world), _portal(world)
    link = _link(world, portal)
    before = everything(world)
    for wrong in _wrong(link, other.slug):
        assert Browser().open(wrong).heading == "This link does not work", wrong
        assert _pressed(wrong).status == 404
    assert everything(world) == before


def test_a_link_outlives_a_rotation_of_the_keys(world: World) -> None:
    portal = _portal(world)
    link = _link(world, portal)
    with rotating.kept(world, 2, "1", "2"):
        assert _pressed(link).status == 200
    assert _is_ended(portal)


def test_it_works_while_the_portal_is_closed(world: World) -> None:
    portal = _portal(world)
    link = _link(world, portal)
    change_portal(portal, status="closed")
    assert Browser().open(f"/{portal.slug}/help").status == 404
    assert Browser().open(link).heading == "Unsubscribe"
    assert _pressed(link).status == 200
    assert _is_ended(portal)


def test_staff_read_and_note_it_by_api(world: World) -> None:
    portal = _portal(world)
    machine, asked = make_machine(portal), {"channel": "email", "recipient": TO}
    assert machine.get("consent", **asked)["state"] == "unknown"
    told = machine.post("consent", {**asked, "state": "withdrawn"})
    assert (told["state"], told["how"], told["recipient"]) == ("withdrawn", "staff", "j•••@client.example")
    assert told["by"].startswith("api-key:") and told["said_at"] == "2030-06-03T09:00:00Z"
    assert machine.post("consent", {**asked, "state": "withdrawn"})["state"] == "withdrawn"
    assert len(facts_of(portal.slug, "staff:consent:withdrawn")) == 1
    assert machine.post("consent", {**asked, "state": "given"})["state"] == "given"
    sms = {"channel": "sms", "recipient": "+12025550123"}
    assert machine.get("consent", **sms)["state"] == "unknown", "each channel by itself"
    assert (
        machine.ask("POST", "consent", {"channel": "sms", "recipient": "555", "state": "given"}).json["code"]
        == "not-an-address"
    )


def test_staff_see_what_somebody_said_and_what_stands_against_an_address(world: World) -> None:
    portal = _portal(world)
    _pressed(_link(world, portal))
    suppression.suppress(Act(portal.slug, "system:feedback"), "email", TO, "complained")
    told = make_machine(portal).get("consent", channel="email", recipient=TO)
    assert (told["state"], told["how"], told["by"], told["suppressed"]) == (
        "withdrawn",
        "one-click",
        "visitor",
        "complained",
    )
