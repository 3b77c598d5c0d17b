"""U4: whoever cannot get in asks for help on a page; it reaches staff by mail, and the person keeps a number."""

from __future__ import annotations

import re

import pytest

from tests.browsing import Browser, Seen
from tests.customers import enter_password, make_customer
from tests.factories import HELP, ask_code, change_portal, facts_of, make_client, make_machine, make_portal
from tests.mishaps import Mishap, Mishaps
from tests.world import MovableClock, World

STAFF = ["ana@acme.example", "ben@acme.example"]
SUPPORT = {"email": "help@acme.example", "phone": "+1 212 555 0100"}


def fill(browser: Browser, slug: str, **typed: str) -> Seen:
    """Open the form, and send it."""
    browser.open(f"/{slug}/help")
    return browser.fill(**{**HELP, **typed})


def number(seen: Seen) -> str:
    """The number that the page tells."""
    assert seen.status == 200 and seen.path.endswith("/help/sent"), (seen.path, seen.shown)
    return re.search(r"H-\w{4}-\w{2}", seen.shown)[0]  # type: ignore[index]


def test_a_request_reaches_staff_and_the_person_keeps_a_number(world: World, moment: MovableClock) -> None:
    portal = make_portal(world, support=SUPPORT, notifications={"staff_emails": STAFF})
    browser = Browser()
    browser.open(f"/{portal.slug}/trouble")
    browser.press("Ask us for help")
    seen = browser.fill(**HELP)
    assert [each.status for each in seen.trail] == [303], "a reload sends nothing again"
    reference = number(seen)
    assert "What happens next" in seen.shown and "Acme Benefits" in seen.shown
    moment.advance(hours=23)
    assert number(browser.open(seen.path)) == reference
    world.drain()
    assert sorted(sent.to for sent in world.inbox) == STAFF, "and nothing to whoever asked"
    mail = world.newest(STAFF[0])
    assert mail.subject == f"Help request {reference}: Gets no code"
    for part in (mail.text, mail.html):
        for words in (
            reference,
            HELP["name"],
            HELP["reached_by"],
            HELP["signs_in_as"],
            "I waited an hour.",
            "Still no code.",
        ):
            assert words in part
        assert "http" not in part.replace("http-equiv", ""), "a mail of what strangers type holds no link of ours"
    assert mail.mail["Reply-To"] == SUPPORT["email"]
    (fact,) = facts_of(portal.slug, "client:help:requested")
    assert (fact.actor, fact.changes) == ("visitor", {"kind": "no-code"})


def test_without_staff_addresses_it_goes_to_support_and_without_either_it_waits(world: World) -> None:
    portal = make_portal(world, support=SUPPORT)
    fill(Browser(), portal.slug)
    world.drain()
    assert [sent.to for sent in world.inbox] == [SUPPORT["email"]]
    alone = make_portal(world)
    reference = number(fill(Browser(), alone.slug))
    world.drain()
    assert len(world.inbox) == 1
    assert [each["reference"] for each in make_machine(alone).get("help-requests")["items"]] == [reference]


def test_no_mail_ever_goes_to_an_address_that_was_typed(world: World) -> None:
    portal = make_portal(world, support=SUPPORT, notifications={"staff_emails": STAFF})
    number(fill(Browser(), portal.slug, reached_by="victim@elsewhere.example", signs_in_as="victim@elsewhere.example"))
    world.drain()
    assert world.sent_to("victim@elsewhere.example") == []
    assert "victim@elsewhere.example" in world.newest(STAFF[0]).text
    assert "victim" not in "".join(f"{name}: {value}\n" for name, value in world.newest(STAFF[0]).mail.items())


def test_faults_stand_beside_their_fields_and_what_was_typed_stays(world: World) -> None:
    portal = make_portal(world)
    browser = Browser()
    browser.open(f"/{portal.slug}/help")
    seen = browser.fill(name="Maria", reached_by="nowhere", signs_in_as="NW-1", message="")
    assert seen.status == 400 and list(seen.errors) == ["kind", "reached_by", "message"]
    assert [seen.value_of(name) for name in ("name", "reached_by", "signs_in_as")] == ["Maria", "nowhere", "NW-1"]
    number(browser.fill(kind="other", reached_by="maria@northwind.example", message="It does not work."))
    assert len(make_machine(portal).get("help-requests")["items"]) == 1


def test_the_same_form_sent_twice_is_one_request_and_other_words_are_another(world: World) -> None:
    portal = make_portal(world, support=SUPPORT)
    browser = Browser()
    form = browser.open(f"/{portal.slug}/help").form_with("message")
    first = number(browser.send(form, **HELP))
    assert number(browser.send(form, **HELP)) == first
    again = number(browser.send(form, **{**HELP, "message": "I was too short: it is the app that fails."}))
    fresh = number(fill(browser, portal.slug))
    assert len({first, again, fresh}) == 3
    world.drain()
    assert len(world.sent_to(SUPPORT["email"])) == 3


def test_a_form_got_hold_of_tells_nobody_else_its_number(world: World) -> None:
    portal = make_portal(world)
    owner, thief = Browser(), Browser("203.0.113.99")
    form = owner.open(f"/{portal.slug}/help").form_with("message")
    held = number(owner.send(form, **HELP))
    thief.open(f"/{portal.slug}/help")
    assert number(thief.fill(**HELP, draft=form.fields["draft"])) != held


def test_the_page_is_reached_from_wherever_people_get_stuck(world: World) -> None:
    portal = make_portal(world, policy={"sign_in_ways": ["code", "password"]}, notifications={"password_reset": False})
    client, customer = make_client(world, portal), make_customer(world, portal)
    help_page = f"/{portal.slug}/help"

    def ways(seen: Seen) -> set[str]:
        return {
            each.get("href").partition("?")[0]
            for each in seen.page.all("a")
            if each.within("main") or each.within("footer")
        }

    browser = Browser()
    assert help_page in ways(browser.open(f"/{portal.slug}/trouble"))
    assert browser.open(f"/{portal.slug}/forgot-password").link("Ask us for help").partition("?")[0] == help_page
    assert browser.press("Back to sign in").path == f"/{portal.slug}/sign-in/password"
    ask_code(browser, client)
    assert f"{help_page}?kind=no-code" in browser.here.text
    assert browser.open(f"{help_page}?kind=no-code").value_of("kind") == "no-code"
    assert "kind" not in browser.open(f"{help_page}?kind=evil").form_with("message").fields
    locked = Browser()
    for _ in range(11):
        seen = enter_password(locked, customer, "wrong")
    assert seen.status == 429 and f"{help_page}?kind=cannot-sign-in" in seen.text
    for path in ("sign-in", "sign-in/password", "first-time", "nowhere"):
        assert help_page in ways(browser.open(f"/{portal.slug}/{path}")), path


def test_five_an_hour_from_one_address_and_a_sixth_is_told_another_way(world: World, moment: MovableClock) -> None:
    portal = make_portal(world, support=SUPPORT)
    browser = Browser()
    for _ in range(5):
        number(fill(browser, portal.slug))
    seen = fill(browser, portal.slug)
    assert seen.status == 429 and int(seen.headers["Retry-After"]) == 3600
    assert "call +1 212 555 0100 or write to help@acme.example" in seen.shown
    assert seen.value_of("name") == HELP["name"] and HELP["message"] in seen.value_of("message")
    number(fill(Browser("198.51.100.9"), portal.slug))
    moment.advance(hours=1)
    number(browser.fill(**HELP))
    assert len(make_machine(portal).get("help-requests")["items"]) == 7


def test_a_portal_takes_two_hundred_a_day(world: World, moment: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.security import limits

    assert (limits.HELP_A_DAY.count, limits.HELP_A_DAY.seconds) == (200, 86400)
    monkeypatch.setattr(limits, "HELP_A_DAY", limits.Limit(3, 86400))
    portal, other = make_portal(world, support=SUPPORT), make_portal(world)
    for n in range(3):
        number(fill(Browser(f"198.51.100.{n}"), portal.slug))
    seen = fill(Browser("198.51.100.77"), portal.slug)
    assert seen.status == 429
    assert "We cannot take more requests on this page today. Please call +1 212 555 0100" in seen.shown
    number(fill(Browser("198.51.100.77"), other.slug))
    moment.advance(days=1)
    number(fill(Browser("198.51.100.78"), portal.slug))


def test_what_is_refused_is_not_counted(world: World) -> None:
    portal = make_portal(world)
    browser = Browser()
    for _ in range(9):
        assert fill(browser, portal.slug, message="").status == 400
    form = browser.open(f"/{portal.slug}/help").form_with("message")
    for _ in range(9):
        number(browser.send(form, **HELP))
    for _ in range(4):
        number(fill(browser, portal.slug))
    assert fill(browser, portal.slug).status == 429


@pytest.mark.parametrize("kind", ["fail", "throttle", "lost"])
def test_when_the_database_does_not_answer_nothing_typed_is_lost_and_nothing_done_twice(
    world: World, mishaps: Mishaps, kind: str
) -> None:
    portal = make_portal(world, support=SUPPORT)
    browser = Browser()
    browser.open(f"/{portal.slug}/help")
    with mishaps.planned(Mishap(kind, "dynamodb.TransactWriteItems", sticky=True)):
        seen = browser.fill(**HELP)
    assert seen.status == 503 and "send it again in a moment" in seen.shown
    assert seen.value_of("message") == HELP["message"] and seen.value_of("kind") == HELP["kind"]
    held = make_machine(portal).get("help-requests")["items"]
    assert len(held) == (1 if kind == "lost" else 0), "without a count there is no request"
    number(browser.fill(name=HELP["name"]))
    assert len(make_machine(portal).get("help-requests")["items"]) == 1
    world.drain()
    assert len(world.inbox) == 1


def test_a_closed_portal_takes_none_and_a_browser_that_asked_nothing_sees_no_number(world: World) -> None:
    portal = make_portal(world)
    assert Browser().open(f"/{portal.slug}/help/sent").path == f"/{portal.slug}/help"
    stranger = Browser()
    number(fill(stranger, portal.slug))
    thief = Browser()
    thief.set_cookie("help", portal.slug, stranger.cookie("help") or "?")
    assert thief.open(f"/{portal.slug}/help/sent").path == f"/{portal.slug}/help"
    change_portal(portal, status="closed")
    world.reset()
    assert stranger.open(f"/{portal.slug}/help").status == 404
