"""One person who belongs to several accounts: signed in to each by itself, switching between them in one browser."""

from __future__ import annotations

from chalicelib.facts import Act, Kind
from chalicelib.pages.switching import MOST
from chalicelib.people import credentials, matching
from chalicelib.portals import Portal
from chalicelib.security import sessions
from tests.browsing import Browser, Seen
from tests.customers import Customer, enter_password, make_customer, password_portal
from tests.factories import (
    Client,
    change_account,
    facts_of,
    make_account,
    make_batch,
    make_client,
    make_contact,
    sign_in,
    staff,
)
from tests.world import World

FIRST, SECOND = "Northwind Traders", "Second Bakery"


def both(world: World, browser: Browser) -> tuple[Client, Customer]:
    """Signed in to one account by a code, then to another one by the password."""
    portal = password_portal(world, policy={"sign_in_ways": ["code", "password"]})
    first, second = make_client(world, portal), make_customer(world, portal, name=SECOND)
    sign_in(world, browser, first)
    add(browser, first.slug)
    enter_password(browser, second)
    return first, second


def add(browser: Browser, slug: str) -> Seen:
    """From any page, by the link in the footer, to where another account is signed in to."""
    browser.open(f"/{slug}/")
    browser.press("Switch account")
    return browser.press("Sign in to another account")


def switch(browser: Browser, slug: str) -> Seen:
    """To the first account of the list."""
    browser.open(f"/{slug}/switch")
    return browser.press("Switch to")


def waiting(browser: Browser, slug: str) -> list[str]:
    """The accounts that can be switched to, as the page names them."""
    return [each.text for each in browser.open(f"/{slug}/switch").page.all("b") if each.within("li")]


def enter(browser: Browser, portal: Portal, name: str) -> Client:
    """Signed in to one more account, the short way."""
    account = make_account(portal, name=name)
    contact = make_contact(portal, account)
    tx, key = Act(portal.slug, "system:tests").transaction(), matching.number_key(account.number or "")
    secret = sessions.begin(tx, portal.slug, portal.policy, holder=contact.id, number_key=key)
    tx.commit()
    browser.set_cookie("session", portal.slug, secret)
    return Client(portal, account, contact, make_batch(portal, contact))


def test_one_is_signed_in_to_both_and_switches_without_signing_in_again(world: World) -> None:
    browser = Browser()
    portal = password_portal(world, policy={"sign_in_ways": ["code", "password"]})
    first, second = make_client(world, portal), make_customer(world, portal, name=SECOND)
    sign_in(world, browser, first)
    assert waiting(browser, portal.slug) == []
    assert f"You are signed in as {FIRST}." in browser.here.shown
    held = browser.cookie("session")
    seen = add(browser, portal.slug)
    assert seen.path == f"/{portal.slug}/sign-in?notice=another" and browser.cookie("session") is None
    assert "stays signed in" in seen.shown and f"You came from {FIRST}." in seen.shown
    seen = enter_password(browser, second)
    assert second.batch.title in seen.shown and browser.cookie("session") != held
    assert waiting(browser, portal.slug) == [FIRST]
    assert f"You are signed in as {SECOND}." in browser.here.shown
    seen = switch(browser, portal.slug)
    assert seen.path == f"/{portal.slug}/" and first.batch.title in seen.shown
    assert browser.cookie("session") == held, "the very session of before"
    assert browser.open(f"/{portal.slug}/batches/{second.batch.id}").status == 404, "and nothing of the other account"
    assert browser.open(first.batch_path).status == 200
    assert waiting(browser, portal.slug) == [SECOND]
    assert second.batch.title in switch(browser, portal.slug).shown


def test_one_goes_back_from_the_sign_in_pages(world: World) -> None:
    browser = Browser()
    first, second = both(world, browser)
    for path in ("/sign-in", "/sign-in/password"):
        assert "You came from" not in browser.open(f"/{first.slug}{path}").shown, "somebody is signed in"
        add(browser, first.slug)
        assert f"You came from {SECOND}." in browser.open(f"/{first.slug}{path}").shown
        assert second.batch.title in browser.press("Go back").shown
        assert waiting(browser, first.slug) == [FIRST]
    assert "You came from" not in Browser().open(f"/{first.slug}/sign-in").shown, "a page for everybody names nobody"
    assert "You came from" not in browser.open(f"/{first.slug}/staff/sign-in").shown


def test_going_back_leaves_the_cookie_away_once_nothing_waits(world: World) -> None:
    browser, client = Browser(), make_client(world)
    sign_in(world, browser, client)
    add(browser, client.slug)
    assert browser.cookie("others")
    browser.press("Go back")
    assert browser.cookie("others") is None and browser.cookie("session")


def test_signing_out_ends_them_all(world: World) -> None:
    browser = Browser()
    first, second = both(world, browser)
    thief = browser.copy()
    browser.press("Sign out")
    assert {browser.cookie(kind) for kind in ("session", "others")} == {None}
    assert "You came from" not in browser.open(f"/{first.slug}/sign-in").shown
    assert not second.user.sessions
    assert len(facts_of(first.slug, Kind.SIGNED_OUT)) == 2
    assert thief.open(f"/{first.slug}/").heading == "Sign in"
    assert thief.press("Go back").heading == "Sign in"
    assert {thief.cookie(kind) for kind in ("session", "others")} == {None}


def test_signing_out_while_nobody_is_in_ends_those_that_wait(world: World) -> None:
    browser, client = Browser(), make_client(world)
    sign_in(world, browser, client)
    secret = browser.cookie("session") or ""
    token = add(browser, client.slug).csrf
    assert browser.post(f"/{client.slug}/sign-out", {"csrf": token}).status == 303
    assert sessions.read(client.slug, secret, client.portal.policy) is None


def test_a_session_that_ended_elsewhere_leads_to_the_sign_in_page_and_back(world: World) -> None:
    browser = Browser()
    first, second = both(world, browser)
    assert first.batch.title in switch(browser, first.slug).shown
    credentials.delete_username(staff(second.portal), second.portal, second.account.id)
    seen = switch(browser, first.slug)
    assert seen.heading == "Sign in" and seen.path.endswith("notice=ended") and browser.cookie("session") is None
    assert first.batch.title in browser.press("Go back").shown
    assert waiting(browser, first.slug) == []
    change_account(first.portal, first.account.id, status="closed")
    assert browser.open(f"/{first.slug}/").heading == "Sign in"


def test_one_that_was_idle_for_too_long_is_over_though_another_was_used(world: World) -> None:
    browser = Browser()
    first, _ = both(world, browser)
    for _ in range(first.portal.policy.session_idle_minutes):
        world.clock.advance(minutes=1)
        assert browser.open(f"/{first.slug}/").status == 200
    assert switch(browser, first.slug).path.endswith("notice=session-over")


def test_the_cookie_is_worth_nothing_in_another_browser_or_portal(world: World) -> None:
    browser = Browser()
    first, second = both(world, browser)
    add(browser, first.slug)
    stolen, elsewhere = browser.cookie("others") or "", make_client(world)
    thief = Browser()
    thief.set_cookie("others", first.slug, stolen)
    assert "You came from" not in thief.open(f"/{first.slug}/sign-in").shown
    token = thief.here.csrf
    assert thief.post(f"/{first.slug}/switch/back", {"csrf": token}).status == 303 and thief.cookie("session") is None
    enter(thief, first.portal, "The thief's")
    assert waiting(thief, first.slug) == []
    browser.set_cookie("others", elsewhere.slug, stolen)
    assert "You came from" not in browser.open(f"/{elsewhere.slug}/sign-in").shown
    assert second.batch.title not in browser.open(f"/{elsewhere.slug}/").shown


def test_what_is_not_among_the_accounts_is_not_switched_to(world: World) -> None:
    browser = Browser()
    first, second = both(world, browser)
    browser.open(f"/{first.slug}/switch")
    form, held = browser.here.form_with("n"), browser.cookie("session")
    stranger = enter(Browser(), first.portal, "A stranger's")
    for wrong in ("", "0", "0" * 64, form.fields["n"][:-1], held or "", stranger.contact.id):
        assert browser.post(form.action, {**form.fields, "n": wrong}).status == 303
        assert browser.cookie("session") == held
    assert second.batch.title in browser.open(f"/{first.slug}/").shown


def test_going_back_where_somebody_is_signed_in_changes_nothing(world: World) -> None:
    browser = Browser()
    first, _ = both(world, browser)
    before = (browser.cookie("session"), browser.cookie("others"))
    token = browser.open(f"/{first.slug}/switch").csrf
    assert browser.post(f"/{first.slug}/switch/back", {"csrf": token}).status == 303
    assert (browser.cookie("session"), browser.cookie("others")) == before


def test_six_accounts_are_the_most(world: World) -> None:
    browser, portal = Browser(), make_client(world).portal
    names = [f"Account {number} {'é' * 190}" for number in range(MOST + 1)]  # as long as names may be
    for name in names[:-1]:
        enter(browser, portal, name)
        add(browser, portal.slug)
    enter(browser, portal, names[-1])
    token = browser.open(f"/{portal.slug}/switch").csrf
    assert [each[:9] for each in waiting(browser, portal.slug)] == [each[:9] for each in names[:-1]]
    assert (
        not [form for form in browser.here.forms if form.action.endswith("/add")] and "6 accounts" in browser.here.shown
    )
    assert len(browser.cookie("others") or "") < 3_500, "browsers keep 4,096 bytes"
    seen = browser.post(f"/{portal.slug}/switch/add", {"csrf": token})
    assert seen.status == 409 and browser.cookie("session") and "Sign out" in seen.shown
    switch(browser, portal.slug)
    assert len(waiting(browser, portal.slug)) == MOST and "Account 0" in browser.here.shown
