"""Self-service of a record (S2, S3): switched on, the two mails, the password shown once, in by the record's own link."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial

import pyotp
import pytest

from chalicelib import clock
from chalicelib.errors import Refusal, Stale
from chalicelib.people import accounts, user_changes
from chalicelib.selfservice import access
from tests.browsing import Browser, at_once
from tests.customers import OTHER_PASSWORD, newest_link, seed_shown
from tests.factories import change_account, facts_of, make_account, make_batch, make_contact, make_portal, staff
from tests.meanwhile import after
from tests.offices import PASSWORD, hash_of
from tests.self_service import PASSWORD_LINK, Record, enter, make_record, password_shown, sign_in
from tests.staffing import make_colleague
from tests.tracing import traced, writes
from tests.world import World

AGENT = "ada@company.example"


def refusal_of(record: Record, action: str) -> str:
    """Why an action is refused; "" if it is not."""
    try:
        getattr(access, action)(staff(record.portal), record.portal, record.account.id)
    except Refusal as refusal:
        return refusal.text
    return ""


def make_agent(portal: str, **details: str) -> None:
    card = {
        "title": "Broker",
        "phone": "+14155550100",
        "photo_url": "https://img.example/ada.png",
        "about": "At work since 2001.",
    }
    make_colleague(portal, "agent", email=AGENT, **{"first_name": "Ada", "last_name": "Brook", **card, **details})


def test_from_two_mails_to_the_agents_card(world: World) -> None:
    portal = make_portal(world)
    make_agent(portal.slug)
    record = make_record(world, portal, assigned_agent="Ada@company.example", record_type="lead")
    make_batch(portal, make_contact(portal, record.account), title="Renewal for all")
    world.drain()
    link_mail, password_mail = world.sent_to(record.email)
    assert (
        "Your agent is Ada Brook." in link_mail.text and "Broker" in link_mail.text and "+14155550100" in link_mail.text
    )
    assert PASSWORD_LINK not in link_mail.text and "/my/" not in password_mail.text, "each mail opens nothing alone"

    browser = Browser()
    page = re.search(rf"/{portal.slug}/my/rec-[a-z2-9]{{12}}", link_mail.text)
    assert page
    assert "Enter the password to your page" in browser.open(page[0]).shown
    assert browser.open(newest_link(world, record.email, PASSWORD_LINK)).heading == "Your password"
    password = password_shown(browser.press("Show my password"))
    assert browser.press("Go to my page").path == page[0]
    shown = browser.fill(password=password).shown

    assert "Renewal for all" in shown
    for part in ("Your agent", "Ada Brook", "Broker", "+14155550100", "At work since 2001."):
        assert part in shown
    assert browser.here.page.only("img").get("src") == "https://img.example/ada.png"
    assert AGENT not in browser.here.text, "staff sign in with their address"
    world.drain()
    assert len(world.sent_to(record.email)) == 2, "the browser that was shown the password is a known one"
    standing = access.of_account(portal, record.account.id)
    assert (standing.state, standing.password, standing.actions) == (
        "enabled",
        "generated",
        ("disable", "send-password"),
    )
    assert standing.portal_link and standing.portal_link.endswith(page[0]) and standing.last_sign_in
    assert standing.password_link and standing.password_link.state == "used"
    assert standing.by == "api-key:tests" and standing.since == "2030-06-03T09:00:00Z"


def test_an_agent_who_is_nobody_here_has_no_card(world: World) -> None:
    record = make_record(world, assigned_agent=AGENT)
    assert "Your agent" not in sign_in(Browser(), record).shown
    world.drain()
    assert "Your agent" not in world.sent_to(record.email)[0].text


def test_every_client_of_the_account_sees_the_agent_who_is_assigned_now(world: World) -> None:
    record = make_record(world, assigned_agent=AGENT)
    browser = Browser()
    sign_in(browser, record)
    make_agent(record.slug, first_name="Grace", last_name="Moss")
    assert "Grace Moss" in browser.open(f"/{record.slug}").shown
    change_account(record.portal, record.account.id, number="NW-9-NEW")
    assert "Grace Moss" in browser.open(f"/{record.slug}").shown
    change_account(record.portal, record.account.id, assigned_agent=None)
    assert "Grace Moss" not in browser.open(f"/{record.slug}").shown


def test_the_password_is_shown_once_and_scanners_change_nothing(world: World) -> None:
    record = make_record(world)
    scanner, browser, link = Browser("198.51.100.7"), Browser(), record.link
    with traced() as calls:
        assert {scanner.ask(method, link).status for method in ("GET", "HEAD", "GET")} <= {200, 403, 405}
    assert writes(calls) == [] and not facts_of(record.slug, "client:self-service:password-shown")
    browser.open(link)
    token = link.rpartition("=")[2]
    presses = [partial(browser.post, f"/{record.slug}/{PASSWORD_LINK}", {"csrf": browser.here.csrf, "t": token})] * 64
    answers = at_once(presses, threads=16)
    assert Counter(seen.status for seen in answers) == {200: 1, 410: 63}
    password = next(password_shown(seen) for seen in answers if seen.status == 200)
    assert len(facts_of(record.slug, "client:self-service:password-shown")) == 1
    late = Browser().open(link)
    assert late.status == 410 and "it shows the password once" in late.shown
    assert enter(Browser(), record, password).status == 200


def test_an_old_link_offers_a_fresh_one_to_the_address_on_file(world: World) -> None:
    record = make_record(world)
    old, browser = record.link, Browser()
    world.clock.advance(hours=72)
    assert browser.open(old).status == 410
    assert browser.press("Send a fresh link").heading == "A fresh link is on its way"
    assert record.link != old
    assert sign_in(Browser(), record).status == 200
    assert browser.open(old).status == 410 and "A newer one was sent" in browser.here.shown


def test_whoever_lost_the_password_gets_a_link_to_the_same_one(world: World) -> None:
    record, browser = make_record(world), Browser()
    password = record.password()
    browser.open(record.page)
    browser.press("Lost your password?")
    assert browser.press("Send me a link").heading == "Check your inbox"
    assert record.password() == password
    assert refusal_of(record, "send_password") == ""
    assert record.password() == password


def test_the_client_may_choose_another_and_then_links_lead_to_choosing(world: World) -> None:
    record, browser = make_record(world), Browser()
    first = record.password()
    access.send_password(staff(record.portal), record.portal, record.account.id)
    unused = record.link
    enter(browser, record, first)
    browser.open(f"/{record.slug}/security/password")
    browser.fill(current_password=first, password=OTHER_PASSWORD)
    assert browser.here.path.endswith("notice=password"), browser.here.errors
    assert enter(Browser(), record, first).status == 400, "the generated one is over"
    assert Browser().open(unused).status == 410, "so is its link"
    assert access.of_account(record.portal, record.account.id).password == "chosen"

    access.send_password(staff(record.portal), record.portal, record.account.id)
    world.drain()
    other = Browser()
    other.open(newest_link(world, record.email, "reset-password"))
    other.press("Continue")
    seen = other.fill(password="another-lantern-55-heron")
    assert seen.path.startswith(record.page) and "Your password is set" in seen.shown
    assert other.fill(password="another-lantern-55-heron").status == 200 and other.cookie("session")


def test_disabling_ends_sessions_links_and_password_for_good(world: World) -> None:
    record, browser = make_record(world), Browser()
    password, page = record.password(), record.page
    enter(browser, record, password)
    access.send_password(staff(record.portal), record.portal, record.account.id)
    link = record.link

    access.disable(staff(record.portal), record.portal, record.account.id)

    assert browser.open(f"/{record.slug}").path.startswith(page), "back at the record's own door"
    assert not browser.cookie("session")
    assert browser.fill(password=password).status == 400
    assert Browser().open(link).status == 410
    assert refusal_of(record, "disable") == "Self-service is off already."
    assert refusal_of(record, "send_password").startswith("Self-service is off")
    assert access.of_account(record.portal, record.account.id).state == "disabled"

    world.clock.advance(minutes=1)
    access.enable(staff(record.portal), record.portal, record.account.id)
    old = Browser().open(link)
    assert old.status == 410 and record.user.username not in old.text, "nor does an old link tell of the new page"
    new = record.password()
    assert record.page != page and new != password
    for typed in (password, new):
        browser.open(page)
        assert browser.fill(password=typed).status == 400, "the old page never opens again"
    assert Browser().open(link).status == 410


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"status": "closed"}, "This account is closed."),
        ({"primary_emails": []}, "This account has no primary email"),
        ({"record_type": "office"}, "Only leads and clients"),
    ],
)
def test_what_stands_in_the_way(world: World, details: dict[str, object], why: str) -> None:
    portal = make_portal(world)
    account = make_account(portal, **{"primary_emails": ["who@northwind.example"], **details})
    record = Record(world, portal, account)
    assert refusal_of(record, "enable").startswith(why)
    assert access.of_account(portal, account.id).refused["enable"].startswith(why)
    world.drain()
    assert not world.inbox and not facts_of(portal.slug, "staff:self-service:enabled")


def test_enabled_twice_at_once_it_is_on_once(world: World) -> None:
    portal = make_portal(world)
    record = Record(world, portal, make_account(portal, primary_emails=["who@northwind.example"]))
    told = at_once([partial(refusal_of, record, "enable")] * 8, threads=8)
    assert sum(not why for why in told) == 1
    world.drain()
    assert len(world.inbox) == 2 and len(facts_of(portal.slug, "staff:self-service:enabled")) == 1
    assert refusal_of(record, "enable").startswith("Self-service is on already.")


def test_a_closed_account_lets_nobody_in(world: World) -> None:
    record, browser = make_record(world), Browser()
    password = record.password()
    access.send_password(staff(record.portal), record.portal, record.account.id)
    link = record.link
    enter(browser, record, password)
    change_account(record.portal, record.account.id, status="closed")
    assert browser.open(f"/{record.slug}").path.startswith(record.page)
    assert browser.fill(password=password).status == 400
    other = Browser()
    other.open(link)
    assert other.press("Show my password").status == 410
    assert refusal_of(record, "send_password").startswith("This account is closed.")
    assert refusal_of(record, "disable") == ""


def test_a_record_that_becomes_an_office_has_no_self_service(world: World) -> None:
    record, browser = make_record(world), Browser()
    sign_in(browser, record)
    change_account(record.portal, record.account.id, record_type="office")
    assert access.of_account(record.portal, record.account.id).state == "disabled"
    browser.open(f"/{record.slug}")
    assert not browser.cookie("session")
    assert len(facts_of(record.slug, "system:self-service:ended")) == 1


def test_another_number_and_another_address_are_followed(world: World) -> None:
    record, browser = make_record(world), Browser()
    first, unopened = record.email, record.link
    moved = change_account(
        record.portal, record.account.id, number="NW-4-MOVED", primary_emails=["new@northwind.example"]
    )
    assert Browser().open(unopened).status == 410, "what lies in the old mailbox opens nothing"
    record = Record(world, record.portal, moved)
    access.send_password(staff(record.portal), record.portal, moved.id)
    assert sign_in(browser, record).status == 200, "nobody has signed in yet, so there is no owner to wait for"
    assert accounts.get(record.slug, moved.id).number == "NW-4-MOVED"

    moved = change_account(record.portal, record.account.id, primary_emails=["thief@northwind.example"])
    access.send_password(staff(record.portal), record.portal, moved.id)
    world.drain()
    assert not [sent for sent in world.sent_to("thief@northwind.example") if PASSWORD_LINK in sent.text]
    assert any("was changed" in sent.subject for sent in world.sent_to("new@northwind.example"))
    links = [sent for sent in world.sent_to("new@northwind.example") if PASSWORD_LINK in sent.text]
    assert len(links) == 2, "for a day, to the address of before"
    assert [sent.subject for sent in world.sent_to(first) if "was changed" in sent.subject] == []


def test_the_second_factor_is_the_portals_policy(world: World) -> None:
    record, browser = make_record(world, make_portal(world, policy={"second_factor": "required"})), Browser()
    seen = enter(browser, record, record.password(browser))
    assert seen.path.endswith("/sign-in/set-up") and not browser.cookie("session")
    world.clock.advance(minutes=16)
    seen = browser.fill(method="totp")
    assert seen.path.startswith(f"{record.page}?notice=step-over"), "the step is over: back to the record's own door"


def test_the_portals_other_doors_do_not_know_the_record(world: World) -> None:
    record = make_record(world, make_portal(world, policy={"sign_in_ways": ["password"]}))
    password = record.password()
    browser = Browser()
    browser.open(f"/{record.slug}/sign-in/password")
    assert browser.fill(username=record.user.username, password=password).status == 400
    tx, customer = staff(record.portal).transaction(), make_account(record.portal, record_type="customer")
    like_a_code = "rec-aaaaaaaaaaaa"
    accounts.add_user(
        tx, record.slug, customer, username=like_a_code, username_key=like_a_code, password_hash=hash_of(PASSWORD)
    )
    tx.commit()
    browser.open(f"/{record.slug}/my/{like_a_code}")
    assert browser.fill(password=PASSWORD).status == 400, "nor does the record's door know a customer"
    assert enter(Browser(), record, password).status == 200


def test_who_signs_out_or_is_idle_comes_back_to_the_own_page(world: World) -> None:
    record, browser = make_record(world), Browser()
    sign_in(browser, record)
    assert browser.press("Sign out").path == f"{record.page}?notice=signed-out"
    assert not record.user.sessions
    access.send_password(staff(record.portal), record.portal, record.account.id)
    sign_in(browser, record)
    world.clock.advance(minutes=16)
    assert browser.open(f"/{record.slug}/security").path.startswith(record.page)


def test_a_link_to_the_password_does_not_stand_in_for_the_second_factor(world: World) -> None:
    record, browser = make_record(world), Browser()
    sign_in(browser, record)
    seed = seed_shown(browser.open(f"/{record.slug}/security/app"))
    browser.fill(name="My phone", code=pyotp.TOTP(seed).at(clock.timestamp()))
    assert record.user.factors == ("totp",)
    world.clock.advance(minutes=2)
    other = Browser()
    other.open(f"{record.page}/lost")
    other.press("Send me a link")
    seen = enter(other, record, record.password(other))
    assert seen.path.endswith("/sign-in/factor") and not other.cookie("session")
    assert other.fill(code=pyotp.TOTP(seed).at(clock.timestamp())).status == 200 and other.cookie("session")


def test_a_session_that_somebody_planted_is_not_the_one_that_is_opened(world: World) -> None:
    record, browser = make_record(world), Browser()
    password = record.password()
    browser.set_cookie("session", record.slug, "planted")
    browser.set_cookie("record", record.slug, "rec-planted")
    enter(browser, record, password)
    first = browser.cookie("session")
    assert first and first != "planted" and browser.cookie("record") == record.user.username
    enter(browser, record, password)
    assert browser.cookie("session") != first


def test_ten_wrong_tries_lock_the_page_and_not_the_browser_that_is_known(world: World) -> None:
    record, stranger, browser = make_record(world), Browser("198.51.100.9"), Browser()
    password = record.password(browser)
    for _ in range(10):
        assert enter(stranger, record, "wrong").status == 400
    assert enter(stranger, record, password).status == 429
    assert enter(browser, record, password).status == 200
    assert "Ask us for help" in stranger.here.shown


def test_a_password_whose_key_is_kept_no_longer_is_made_anew(world: World) -> None:
    record = make_record(world)
    tx = staff(record.portal).transaction()
    user_changes.set_password(tx, record.user, "of a key that is gone", generated=f"7.{'0' * 32}")
    tx.commit()
    assert enter(Browser(), record, record.password()).status == 200
    assert access.of_account(record.portal, record.account.id).password == "generated"


def test_not_me_locks_the_record_and_a_new_password_opens_it(world: World) -> None:
    record, thief = make_record(world), Browser("198.51.100.9")
    password = record.password()
    enter(thief, record, password)
    access.send_password(staff(record.portal), record.portal, record.account.id)
    unused, owner = record.link, Browser()
    owner.open(newest_link(world, record.email, "not-me"))
    owner.press("This was not me")
    assert thief.open(f"/{record.slug}").path.startswith(record.page)
    assert access.of_account(record.portal, record.account.id).locked
    assert enter(thief, record, password).status == 403
    owner.open(unused)
    assert owner.press("Show my password").status == 410, "what a thief may know opens nothing again"
    world.drain()
    owner.open(newest_link(world, record.email, "reset-password"))
    owner.press("Continue")
    owner.fill(password=OTHER_PASSWORD)
    assert owner.fill(password=OTHER_PASSWORD).status == 200 and owner.cookie("session")
    assert enter(Browser(), record, password).status == 400


def test_the_client_may_replace_the_address_on_file(world: World) -> None:
    record, browser = make_record(world), Browser()
    password = record.password(browser)
    enter(browser, record, password)
    browser.open(f"/{record.slug}/security/address")
    browser.fill(email="moved@northwind.example")
    world.drain()
    browser.open(newest_link(world, "moved@northwind.example", "confirm-address"))
    assert browser.press("Confirm").heading == "Your new address is confirmed"
    assert accounts.get(record.slug, record.account.id).primary_emails == ("moved@northwind.example",)
    assert record.user.emails == ("moved@northwind.example",)


def test_a_number_that_moves_while_it_is_enabled_leaves_nobody_behind(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal, primary_emails=["who@northwind.example"])
    record = Record(world, portal, account)
    with after("dynamodb.GetItem", lambda: change_account(portal, account.id, number="NW-5-MOVED"), nth=2):
        assert refusal_of(record, "enable") == ""
    assert sign_in(Browser(), record).status == 200


def test_it_is_enabled_while_the_number_moves(world: World) -> None:
    portal = make_portal(world)
    record = make_record(world, portal)
    access.disable(staff(portal), portal, record.account.id)
    again = partial(access.enable, staff(portal), portal, record.account.id)
    with after("dynamodb.GetItem", again, nth=3), pytest.raises(Stale):
        change_account(portal, record.account.id, number="NW-6-MOVED")
    change_account(portal, record.account.id, number="NW-6-MOVED")
    assert sign_in(Browser(), record).status == 200
