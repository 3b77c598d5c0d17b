"""The story of a benefits batch: a company's system prepares it, its client reads and answers it, staff see the answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from tests.browsing import Browser, Machine, at_once, fetch, send_file
from tests.factories import (
    LINES,
    ask_code,
    begin,
    change_account,
    change_batch,
    make_batch,
    make_client,
    make_contact,
    make_machine,
    make_portal,
    newest_code,
    sign_in,
)  # fmt: skip
from tests.world import PUBLIC_URL, MovableClock, World

EMAIL, MOBILE, STAFF = "maria@northwind.example", "+14155550132", "renewals@acme.example"
PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"
SCOPES = (
    "accounts:read", "accounts:write", "batches:read", "batches:write", "contacts:read", "contacts:write", "facts:read",
    "messages:read", "portals:read",
)  # fmt: skip
_stories = count(1)


def open_shop(**settings: Any) -> Machine:
    """A company's system makes itself a portal with the deployment's key, and goes on with a key of that portal."""
    deployment, slug = make_machine(), f"story-{os.getpid()}-{next(_stories)}"
    portal = {
        "slug": slug, "name": "Acme Benefits", "time_zone": "America/New_York",
        "notifications": {"staff_emails": [STAFF]}, **settings,
    }  # fmt: skip
    deployment.post("/portals", portal)
    key = deployment.post(f"/portals/{slug}/api-keys", {"name": "System", "scopes": SCOPES})
    return Machine(key["key"], slug)


def kinds(machine: Machine, **query: str) -> list[str]:
    """The kinds of the facts that the API tells."""
    return [fact["kind"] for fact in machine.get("facts", **query)["items"]]


def test_the_whole_story(world: World, moment: MovableClock) -> None:
    acme = open_shop()
    account = acme.post("accounts", {"name": "Northwind Traders", "number": "NW-1001"})
    maria = acme.post(
        "contacts",
        {
            "account_id": account["id"], "first_name": "María", "last_name": "Nuñez", "emails": [EMAIL],
            "mobile": "(415) 555-0132",
        },
    )  # fmt: skip
    assert maria["mobile"] == MOBILE
    batch = acme.post(
        "batches",
        {
            "account_id": account["id"], "renewal_contact_id": maria["id"], "title": "Benefits renewal 2031",
            "plan_year": "2031", "effective_date": "2031-01-01", "answer_by": "2030-06-28", "lines": LINES,
            "summary": "Medical stays with the same carrier. Dental is new.",
        },
    )  # fmt: skip
    at_batch = f"batches/{batch['id']}"

    upload = acme.post(f"{at_batch}/documents", {"name": "Plan comparison.pdf", "content_type": "application/pdf"})
    assert send_file(upload["url"], upload["fields"], PDF).status == 204
    checked = acme.post(f"{at_batch}/documents/{upload['document']['id']}/check")
    assert (checked["status"], checked["size"]) == ("ready", len(PDF))
    world.drain()
    assert world.inbox == [], "a draft tells nobody"

    placed = acme.patch(at_batch, {"status": "client_review", "open_to_portal": True})
    assert (placed["status"], placed["placed_in_review"]) == ("client_review", 1)
    world.drain()
    (mail,) = world.inbox
    assert mail.to == EMAIL and "Benefits renewal 2031" in mail.subject and "28 June 2030" in mail.text
    assert mail.link == f"{PUBLIC_URL}/{acme.slug}/batches/{batch['id']}"
    for part in (mail.subject, mail.text, mail.html, mail.mime.decode()):
        assert "NW-1001" not in part and "nw1001" not in part.lower()
    log = acme.get("messages", about=f"batch:{batch['id']}")["items"]
    assert [(line["template"], line["recipient"], line["status"]) for line in log] == [
        ("batch-in-review", EMAIL, "delivered")
    ]

    # The contact presses the link, says who she is, and lands on the batch.
    moment.advance(hours=2)
    browser = Browser()
    seen = browser.open(mail.link)
    assert seen.path == f"/{acme.slug}/sign-in?next=/{acme.slug}/{at_batch}" and seen.status == 200
    assert "Benefits renewal" not in seen.text
    seen = browser.fill(client_number="nw 1001", last_name="NUNEZ")
    assert seen.heading == "Account Access Confirmation" and seen.status == 200
    seen = browser.fill(method="email", destination="Maria@Northwind.example")
    assert seen.path == f"/{acme.slug}/sign-in/code" and "M•••@Northwind.example" in seen.shown
    world.drain()
    code = world.newest(EMAIL)
    assert code.subject.startswith(code.code) and code.code in code.text and "NW-1001" not in code.mime.decode()
    seen = browser.fill(code=f" {code.code[:3]} {code.code[3:]} ")
    assert seen.path == f"/{acme.slug}/{at_batch}" and seen.heading == "Benefits renewal 2031"
    for shown in (
        "Northwind Traders", "1 January 2031", "28 June 2030", "Medical stays with", "PPO 1500", "$480.00", "$600.00",
        "+3.5 %", "$655.50", "Ready for your review", "Plan comparison.pdf", "María Nuñez",
    ):  # fmt: skip
        assert shown in seen.shown, shown

    # She downloads the document: to be saved, not shown.
    answer = browser.ask("GET", browser.here.link("Plan comparison.pdf"))
    assert answer.status == 303
    file = fetch(answer.location)
    assert (file.status, file.body, file.headers["Content-Type"]) == (200, PDF, "application/pdf")
    assert file.headers["Content-Disposition"].startswith('attachment; filename="Plan comparison.pdf"')

    # She asks for changes, without saying which at first.
    moment.advance(minutes=5)
    seen = browser.fill(answer="changes", comment=" ")
    assert seen.status == 400 and seen.errors == {"comment": "Tell us what should change."}
    seen = browser.fill(answer="changes", comment="Please drop the dental plan.\r\n<b>Thanks</b>")
    assert "Thank you. Your request has been sent." in seen.shown and "Changes requested" in seen.shown
    assert "Please drop the dental plan. <b>Thanks</b>" in seen.shown and not seen.page.all("textarea")

    # Staff are told, and see it all.
    world.drain()
    told = world.newest(STAFF)
    assert told.subject == "Northwind Traders asked for changes to Benefits renewal 2031"
    assert "Please drop the dental plan." in told.text and "María Nuñez" in told.text
    now = acme.get(at_batch)
    assert now["status"] == "changes_requested"
    assert [(a["answer"], a["comment"], a["contact_name"], a["at"]) for a in now["answers"]] == [
        ("changes", "Please drop the dental plan.\n<b>Thanks</b>", "María Nuñez", "2030-06-03T11:05:00Z")
    ]
    assert sorted(kinds(acme, subject=f"batch:{batch['id']}")) == [
        "client:batch:changes-requested", "staff:batch:created", "staff:batch:placed-in-review", "staff:document:added",
        "staff:document:ready",
    ]  # fmt: skip
    assert sorted(kinds(acme, subject=f"contact:{maria['id']}")) == [
        "client:sign-in:code-requested", "client:sign-in:succeeded", "staff:contact:created",
    ]  # fmt: skip
    (fact,) = acme.get("facts", subject=f"batch:{batch['id']}", kind="client:batch:changes-requested")["items"]
    assert (fact["actor"], fact["ip"]) == (f"contact:{maria['id']}", browser.address)
    log = acme.get("messages")["items"]
    assert [line["template"] for line in log] == ["client-answered", "verification-code", "batch-in-review"]
    assert {line["status"] for line in log} == {"delivered"}

    seen = browser.press("Sign out")
    assert "You have signed out." in seen.shown and not browser.cookie("session")
    assert browser.open(mail.link).path.startswith(f"/{acme.slug}/sign-in?next=")

    # Staff change the batch and place it in review again; she comes back by SMS and approves.
    moment.advance(days=1)
    acme.patch(at_batch, {"lines": LINES[:1], "status": "in_progress"})
    placed = acme.patch(at_batch, {"status": "client_review"})
    assert placed["placed_in_review"] == 2
    world.drain()
    assert [sent.subject for sent in world.sent_to(EMAIL)].count(mail.subject) == 2
    browser.open(world.newest(EMAIL).link)
    browser.fill(client_number="NW1001", last_name="Nuñez")
    browser.fill(method="sms", destination="415-555-0132")
    world.drain()
    text = world.newest(MOBILE)
    assert text.channel == "sms" and text.text.splitlines()[-1] == f"@portal.example.com #{text.code}"
    seen = browser.fill(code=text.code)
    assert seen.path == f"/{acme.slug}/{at_batch}" and "Bright Smile" not in seen.shown
    seen = browser.fill(answer="approve")
    assert "Thank you. Your approval has been sent." in seen.shown and "Approved" in seen.shown
    seen = browser.press("All that is shared with you")
    assert "Benefits renewal 2031" in seen.shown and "Approved" in seen.shown
    assert "You last signed in on 3 June 2030 at 07:00 EDT" in seen.shown
    world.drain()
    assert world.newest(STAFF).subject == "Northwind Traders approved Benefits renewal 2031"
    assert [a["answer"] for a in acme.get(at_batch)["answers"]] == ["changes", "approve"]
    log = acme.get("messages", channel="sms")["items"]
    assert [(line["template"], line["recipient"], line["status"]) for line in log] == [
        ("verification-code", MOBILE, "sent")
    ]


# B1, wording and branding


def test_every_word_and_colour_of_the_portal_shows(world: World) -> None:
    wording = {
        "sign_in_heading": "Come in", "sign_in_instructions": "Type both.\n\nThen press on.",
        "additional_notes": "Closed on Sundays.", "client_number_label": "Group number",
        "client_number_hint": "On your card", "last_name_label": "Family name", "next_label": "Go on",
        "confirm_heading": "Is it you?", "confirm_instructions": "Tell us where to write.", "send_code_label": "Send it",
        "welcome_heading": "Good to see you", "welcome_text": "Here it all is.", "trouble_text": "Ring the bell.",
    }  # fmt: skip
    portal = make_portal(
        world,
        name="Brönte & Söhne",
        wording=wording,
        branding={"brand_colour": "#7a1fa2", "logo_url": "https://cdn.example.com/logo.svg"},
        support={"email": "help@acme.example", "phone": "+1 415 555 0100", "hours": "9 to 5"},
        incident_banner="Texts are slow today.",
        privacy_url="https://acme.example/privacy",
    )
    client = make_client(world, portal)
    browser = Browser()
    start = browser.open(f"/{portal.slug}/")
    assert start.heading == "Come in"
    for word in (
        "Brönte & Söhne", "Type both.", "Then press on.", "Closed on Sundays.", "Group number", "On your card",
        "Family name", "Go on", "help@acme.example", "+1 415 555 0100", "9 to 5", "Texts are slow today.", "Privacy",
    ):  # fmt: skip
        assert word in start.shown, word
    assert "--brand:#7a1fa2" in start.text and "https://cdn.example.com/logo.svg" in start.text
    assert "Ring the bell." in browser.press("Trouble signing in?").shown
    confirm = begin(browser, client)
    assert confirm.heading == "Is it you?" and "Tell us where to write." in confirm.shown and "Send it" in confirm.shown
    welcome = sign_in(world, browser, client)
    assert welcome.heading == "Good to see you" and "Here it all is." in welcome.shown
    assert "Brönte & Söhne" in world.newest(client.email).html.replace("&amp;", "&")


def test_a_portal_shows_its_own_words_only(world: World) -> None:
    one, other = make_portal(world, incident_banner="One is down."), make_portal(world, name="Other Benefits")
    assert "One is down." in Browser().open(f"/{one.slug}/").shown
    seen = Browser().open(f"/{other.slug}/")
    assert "One is down." not in seen.text and "Other Benefits" in seen.shown and "Acme" not in seen.text


# B2 and B3, who gets a code


@pytest.mark.parametrize(
    ("on_file", "typed"),
    [
        ("Nuñez", "nunez"), ("Nuñez", "NUÑEZ"), ("Nuñez", "  Nun\u0303ez "), ("O'Brien", "obrien"), ("O’Brien", "O'BRIEN"),
        ("De la Cruz", "delacruz"), ("De la Cruz", "De-La-Cruz"), ("Smith-Jones", "Smith Jones"), ("Łukasz", "lukasz"),
        ("Strauß", "STRAUSS"), ("Sørensen", "sorensen"), ("Æbelø", "aebelo"), ("St. John", "st john"),
        ("Ångström", "ANGSTROM"), ("Đặng", "dang"), ("İnan", "inan"), ("Nguyễn", "nguyen"), ("山田", "山田"),
        ("ﬁeld", "field"), ("Müller", "Ｍｕｌｌｅｒ"),
    ],
)  # fmt: skip
def test_a_last_name_is_known_however_it_is_typed(world: World, on_file: str, typed: str) -> None:
    client = make_client(world, last_name=on_file)
    browser = Browser()
    browser.open(f"/{client.slug}/")
    browser.fill(client_number=client.number, last_name=typed)
    browser.fill(method="email", destination=client.email)
    world.drain()
    assert newest_code(world, client.email)


@pytest.mark.parametrize(
    ("on_file", "typed"),
    [
        ("Nuñez", "Nuniez"),
        ("Muller", "Mueller"),
        ("Smith", "Smit"),
        ("Lee", "Leе"),
        ("Jones", "Smith-Jones"),
        ("Ng", "N"),
    ],
)
def test_another_last_name_is_another_name(world: World, on_file: str, typed: str) -> None:
    client = make_client(world, last_name=on_file)
    browser = Browser()
    browser.open(f"/{client.slug}/")
    browser.fill(client_number=client.number, last_name=typed)
    seen = browser.fill(method="email", destination=client.email)
    assert seen.heading == "Enter your code"
    world.drain()
    assert [sent.subject for sent in world.inbox if sent.subject[:6].isdigit()] == []


def test_empty_and_impossible_fields_are_said_beside_the_field_and_kept(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    browser.open(f"/{client.slug}/")
    seen = browser.fill(client_number=" -- ", last_name="")
    assert seen.status == 400 and set(seen.errors) == {"client_number", "last_name"}
    assert seen.page.only("title").text.startswith("Error: ")
    seen = browser.fill(client_number="NW-77", last_name="")
    assert (seen.value_of("client_number"), set(seen.errors)) == ("NW-77", {"last_name"})
    browser.fill(client_number="NW-77", last_name="Nobody")
    seen = browser.fill(method="email", destination="maria")
    assert seen.status == 400 and seen.errors == {"destination": "Enter an email address, such as name@example.com."}
    assert seen.value_of("destination") == "maria"
    seen = browser.fill(method="sms", destination="12")
    assert seen.status == 400 and "mobile number" in seen.errors["destination"]
    seen = browser.fill(method="email", destination="nobody@northwind.example")
    for wrong in ("", "12345", "1234567", "12345a", "١٢٣٤٥٦"):
        seen = browser.fill(code=wrong)
        assert seen.status == 400 and seen.errors == {"code": "Enter the six digits of the code we sent."}
    world.drain()
    assert [sent.to for sent in world.inbox] == [client.email], "only the batch's own notification"


def test_when_what_was_typed_fits_several_contacts_nothing_is_sent(world: World) -> None:
    client = make_client(world, emails=[EMAIL])
    twin = make_contact(client.portal, client.account, first_name="Mario", emails=["own@northwind.example", EMAIL])
    make_batch(client.portal, twin)
    browser = Browser()
    assert ask_code(browser, client).heading == "Enter your code"
    world.drain()
    assert [sent.template for sent in log_of(client.slug) if sent.template == "verification-code"] == []
    (fact,) = [fact for fact in facts_of(client.slug) if fact.kind == "client:sign-in:code-not-sent"]
    assert (fact.subject, fact.changes["check"]) == (f"account:{client.account.id}", "several")
    begin(browser, client)
    browser.fill(method="email", destination="own@northwind.example")
    world.drain()
    assert newest_code(world, "own@northwind.example"), "her own address still tells who she is"


def log_of(slug: str) -> list[Any]:
    from chalicelib.messaging import reading

    return list(reading.listed(slug).items)


def facts_of(slug: str) -> list[Any]:
    from chalicelib import facts

    return list(facts.recent(slug, limit=100).items)


def test_use_a_different_method_goes_back_and_comes_by_text(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    mailed = newest_code(world, client.email)
    seen = browser.press("Use a different method")
    assert seen.heading == "Account Access Confirmation" and "client_number" not in seen.text
    assert seen.value_of("method") == "email"
    seen = browser.fill(method="sms", destination=client.mobile)
    assert seen.heading == "Enter your code" and f"•••• {client.mobile[-4:]}" in seen.shown
    world.drain()
    assert browser.fill(code=mailed).status == 400, "the code of the mail is another challenge's"
    assert browser.fill(code=newest_code(world, client.mobile)).heading == "Welcome"


def test_a_portal_with_one_method_offers_only_that(world: World) -> None:
    portal = make_portal(world, policy={"sign_in_methods": ["email"]})
    client = make_client(world, portal)
    browser = Browser()
    seen = begin(browser, client)
    assert "Text message" not in seen.shown and seen.value_of("method") == "email"
    refused = browser.fill(method="sms", destination=client.mobile)
    assert refused.status == 400 and "Choose how you want to get the code." in refused.shown
    world.drain()
    assert world.sent_to(client.mobile) == []


def test_a_resend_makes_the_old_code_worthless_and_keeps_the_tries(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    old = newest_code(world, client.email)
    wrong = f"{(int(old) + 1) % 1_000_000:06}"
    assert "4 more times" in browser.fill(code=wrong).errors["code"]
    assert "3 more times" in browser.fill(code=wrong).errors["code"]
    seen = browser.press("Send another code")
    assert seen.status == 429 and "in 30 seconds" in seen.errors["code"]
    moment.advance(31)
    seen = browser.press("Send another code")
    assert seen.status == 200 and "You can ask for one more code" in seen.shown
    world.drain()
    new = newest_code(world, client.email)
    assert new != old
    seen = browser.fill(code=old)
    assert seen.status == 400 and "2 more times" in seen.errors["code"]
    assert browser.fill(code=new).heading == "Welcome"


def test_after_five_wrong_codes_even_the_right_one_is_over(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    right = newest_code(world, client.email)
    for _ in range(5):
        seen = browser.fill(code=f"{(int(right) + 1) % 1_000_000:06}")
    assert "Send another code to go on." in seen.errors["code"]
    seen = browser.fill(code=right)
    assert seen.status == 410 and "can no longer be used" in seen.errors["code"] and not browser.cookie("session")
    moment.advance(31)
    assert browser.press("Send another code").status == 200
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).heading == "Welcome", (
        "a new challenge, with tries of its own"
    )


def test_a_code_that_has_expired_says_so_and_the_next_one_works(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    late = newest_code(world, client.email)
    moment.advance(minutes=9)
    assert "another 60 seconds" in browser.open(f"/{client.slug}/sign-in/code").shown
    moment.advance(minutes=1)
    seen = browser.fill(code=late)
    assert seen.status == 410 and "has run out" in seen.errors["code"] and not browser.cookie("session")
    assert browser.press("Send another code").status == 200, "without typing number and name again"
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).heading == "Welcome"


def test_a_page_left_open_for_twenty_minutes_starts_again_kindly(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    moment.advance(minutes=20)
    assert "Please start here" in browser.fill(code="123456").shown
    assert "Please start here" in browser.open(f"/{client.slug}/sign-in/code").shown


def test_a_step_of_more_than_ten_minutes_starts_again_kindly(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    begin(browser, client)
    moment.advance(minutes=10)
    seen = browser.fill(method="email", destination=client.email)
    assert seen.path == f"/{client.slug}/sign-in?notice=step-over" and "Please start here" in seen.shown
    for page in ("confirm", "code"):
        assert browser.open(f"/{client.slug}/sign-in/{page}").path.endswith("?notice=step-over")
    world.drain()
    assert [sent.subject[:6].isdigit() for sent in world.inbox] == [False]


def test_browser_back_is_safe_and_nothing_is_asked_twice(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    seen = browser.open(f"/{client.slug}/sign-in")
    assert (seen.value_of("client_number"), seen.value_of("last_name")) == (client.number, client.last_name)
    browser.open(f"/{client.slug}/sign-in/code")
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).heading == "Welcome"


# B4 and B5, the link, the welcome page, the batch


def test_the_link_survives_sign_in_whatever_happens_on_the_way(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    other = make_batch(client.portal, client.contact, title="Older renewal", status="approved")
    browser = Browser()
    browser.open(f"/{client.slug}/batches/{other.id}")
    browser.fill(client_number="", last_name="")
    browser.fill(client_number=client.number, last_name=client.last_name)
    browser.fill(method="email", destination="@")
    browser.fill(method="email", destination=client.email)
    moment.advance(31)
    browser.press("Send another code")
    world.drain()
    browser.fill(code="12")
    seen = browser.fill(code=newest_code(world, client.email))
    assert seen.heading == "Older renewal" and seen.path == f"/{client.slug}/batches/{other.id}"


def test_the_welcome_page_shows_a_card_for_each_batch_open_to_this_contact(world: World) -> None:
    client = make_client(world)
    portal, contact = client.portal, client.contact
    colleague = make_contact(portal, client.account, first_name="Bo", last_name="Berg")
    make_batch(portal, contact, title="Approved one", status="approved")
    make_batch(portal, contact, title="Draft one", status="draft")
    make_batch(portal, contact, title="Closed one", status="in_progress", open_to_portal=False)
    make_batch(portal, contact, title="Cancelled one", status="cancelled")
    make_batch(portal, colleague, title="Shared one", status="in_progress", contact_ids=[contact.id])
    make_batch(portal, colleague, title="Colleague's own", status="in_progress")
    seen = sign_in(world, Browser(), client)
    cards = [each.text for each in seen.page.all("h3")]
    assert sorted(cards) == ["Approved one", "Benefits renewal 2031", "Shared one"]
    assert cards[0] == "Benefits renewal 2031", "what waits for an answer comes first"


def test_the_contact_without_a_mail_address_is_told_by_text(world: World) -> None:
    client = make_client(world, emails=[])
    world.drain()
    (text,) = world.inbox
    assert text.to == client.mobile and f"{PUBLIC_URL}{client.batch_path}" in text.text
    browser = Browser()
    browser.open(text.link)
    browser.fill(client_number=client.number, last_name=client.last_name)
    browser.fill(method="sms", destination=client.mobile)
    world.drain()
    assert browser.fill(code=newest_code(world, client.mobile)).path == client.batch_path


def test_fifty_repeated_and_parallel_placings_send_one_mail(world: World) -> None:
    acme = open_shop()
    account = acme.post("accounts", {"name": "Northwind Traders", "number": "NW-1", "contacts": [
        {"first_name": "Maria", "last_name": "Nuñez", "emails": [EMAIL]}]})  # fmt: skip
    batch = acme.post("batches", {
        "account_id": account["id"], "renewal_contact_id": account["contacts"][0]["id"], "title": "Renewal",
        "status": "in_progress", "open_to_portal": True})  # fmt: skip
    place = {"status": "client_review"}
    parallel = at_once([lambda: acme.ask("PATCH", f"batches/{batch['id']}", place)] * 25, threads=25)
    repeated = [acme.ask("PATCH", f"batches/{batch['id']}", place) for _ in range(25)]
    assert {answer.status for answer in repeated} == {200}
    assert {answer.status for answer in parallel} <= {200, 409, 412} and any(a.status == 200 for a in parallel)
    world.drain()
    world.tick()
    world.drain()
    assert [sent.to for sent in world.inbox] == [EMAIL]
    now = acme.get(f"batches/{batch['id']}")
    assert (now["placed_in_review"], kinds(acme).count("staff:batch:placed-in-review")) == (1, 1)


def test_staff_send_the_notification_again(world: World) -> None:
    acme = open_shop()
    client = make_client(world, portal_of(acme), emails=[EMAIL])
    keyed = {"Idempotency_Key": "again-1"}
    answers = [acme.ask("POST", f"batches/{client.batch.id}/notify", **keyed) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    world.drain()
    assert len(world.sent_to(EMAIL)) == 2, "the first, and one more"
    acme.patch(f"batches/{client.batch.id}", {"status": "in_progress"})
    refused = acme.ask("POST", f"batches/{client.batch.id}/notify", Idempotency_Key="again-2")
    assert (refused.status, refused.json["code"]) == (409, "conflict")
    world.drain()
    assert len(world.sent_to(EMAIL)) == 2


def portal_of(machine: Machine) -> Any:
    from chalicelib import portals

    return portals.get(machine.slug)


def test_placing_in_review_while_closed_to_the_portal_is_refused(world: World) -> None:
    acme = open_shop()
    client = make_client(world, portal_of(acme))
    at_batch = f"batches/{client.batch.id}"
    acme.patch(at_batch, {"status": "in_progress", "open_to_portal": False})
    refused = acme.ask("PATCH", at_batch, {"status": "client_review"})
    assert refused.status == 400 and refused.json["errors"][0]["field"] == "open_to_portal"
    assert acme.patch(at_batch, {"status": "client_review", "open_to_portal": True})["placed_in_review"] == 2


def test_the_contact_is_reminded_of_the_answer_by_date_once_and_not_after_answering(
    world: World, moment: MovableClock
) -> None:
    portal = make_portal(world, time_zone="America/New_York", notifications={"reminder_days": [3, 1]})
    client = make_client(world, portal)
    change_batch(portal, client.batch.id, answer_by="2030-06-14")
    world.drain()
    for _ in range(3):
        world.tick()
    world.drain()
    assert len(world.inbox) == 1
    moment.advance(days=8, hours=4)  # 11 June, 13:00 UTC: nine in New York
    at_once([world.tick] * 4, threads=4)
    world.tick()
    world.drain()
    reminders = [sent for sent in world.sent_to(client.email) if sent.subject.startswith("Reminder: ")]
    assert len(reminders) == 1 and reminders[0].link == f"{PUBLIC_URL}{client.batch_path}"
    assert "14 June 2030" in reminders[0].text and client.number not in reminders[0].mime.decode()
    browser = Browser()
    sign_in(world, browser, client)
    browser.open(client.batch_path)
    browser.fill(answer="approve", comment="")
    moment.advance(days=2)
    world.tick()
    world.drain()
    assert sum(sent.subject.startswith("Reminder: ") for sent in world.inbox) == 1


def test_a_client_sends_a_file_without_any_script(world: World) -> None:
    acme = open_shop()
    client = make_client(world, portal_of(acme))
    browser = Browser()
    sign_in(world, browser, client)
    upload_path = f"{client.batch_path}/upload"
    browser.open(upload_path)
    assert browser.fill(name=" ").status == 400
    seen = browser.fill(name="Signed form")
    (form,) = [each for each in seen.forms if each.action.startswith("http")]
    target = form.action.rsplit("/", 1)[0]
    assert f"form-action 'self' {target}" in seen.headers["Content-Security-Policy"]
    assert "csrf" not in form.fields, "our token is not for S3"
    sent = send_file(form.action, form.fields, PDF)
    assert sent.status == 303 and sent.headers["Location"].startswith(f"{PUBLIC_URL}{upload_path}/")
    browser.open(sent.headers["Location"])
    assert browser.here.heading == "One more step: share your file"
    assert "Signed form" not in browser.copy().open(client.batch_path).shown
    assert browser.press("Check and share").heading == "Thank you, your file is shared"
    assert "Signed form.pdf" in browser.open(client.batch_path).shown
    (document,) = acme.get(f"batches/{client.batch.id}/documents")["items"]
    assert (document["name"], document["status"], document["added_by"]) == (
        "Signed form.pdf", "ready", f"contact:{client.contact.id}",
    )  # fmt: skip
    assert "client:document:added" in kinds(acme, subject=f"batch:{client.batch.id}")


# B4, the answer


@pytest.mark.parametrize("told", [[], [STAFF]], ids=["nobody told", "staff told"])
def test_of_two_tabs_that_answer_one_wins(world: World, told: list[str]) -> None:
    client = make_client(world, make_portal(world, notifications={"staff_emails": told}))
    browser = Browser()
    sign_in(world, browser, client)
    form = browser.open(client.batch_path).form_with("answer")
    typed = [{**form.fields, "answer": answer, "comment": "Please."} for answer in ("approve", "changes") * 8]
    answers = at_once([partial(browser.copy().post, form.action, fields) for fields in typed], threads=16)
    won = [seen for seen in answers if seen.status == 303]
    assert len(won) == 1 and {seen.status for seen in answers} <= {303, 409, 412}
    world.drain()
    assert len(world.sent_to(STAFF)) == len(told)
    late = browser.send(form, answer="approve")
    assert late.status == 409 and "already answered" in late.shown
    assert len(batch_of(client).answers) == 1


def batch_of(client: Any) -> Any:
    from chalicelib.selfservice import batches

    return batches.get(client.slug, client.batch.id)


def test_an_answer_to_what_was_taken_back_meanwhile_changes_nothing(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    form = browser.open(client.batch_path).form_with("answer")
    change_batch(client.portal, client.batch.id, status="in_progress")
    seen = browser.send(form, answer="approve", comment="")
    assert seen.status == 409 and "no longer waiting for an answer" in seen.shown
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    seen = browser.send(form, answer="approve", comment="")
    assert seen.status == 404 and client.batch.title not in seen.text
    assert batch_of(client).answers == () and batch_of(client).status == "in_progress"


@pytest.mark.parametrize("comment", ["x" * 4001, "a\x07b"])
def test_a_comment_that_cannot_be_kept_is_said_and_kept_in_the_form(world: World, comment: str) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    browser.open(client.batch_path)
    seen = browser.fill(answer="changes", comment=comment)
    assert seen.status == 400 and set(seen.errors) == {"comment"}
    assert browser.fill(answer="changes", comment="y" * 4000).status == 200


# B6, nobody in


def close_account(client: Any) -> None:
    change_account(client.portal, client.account.id, status="closed")


def close_batch(client: Any) -> None:
    change_batch(client.portal, client.batch.id, open_to_portal=False)


def take_back(client: Any) -> None:
    change_batch(client.portal, client.batch.id, status="cancelled")


@pytest.mark.parametrize("close", [close_account, close_batch, take_back])
def test_what_is_closed_lets_nobody_in_and_the_link_says_nothing(world: World, close: Callable[[Any], None]) -> None:
    client, open_one = make_client(world), make_client(world)
    world.drain()
    close(client)
    browser = Browser()
    seen = browser.open(f"{PUBLIC_URL}{client.batch_path}")
    like = Browser().open(f"/{client.slug}/batches/{'0' * 32}")
    also = Browser().open(f"{PUBLIC_URL}{open_one.batch_path}")
    assert plain(seen, client.batch.id) == plain(like, "0" * 32)
    assert (seen.status, seen.heading) == (also.status, also.heading) == (200, "Sign in")
    before = len(world.inbox)
    assert ask_code(browser, client).heading == "Enter your code"
    world.drain()
    assert len(world.inbox) == before
    assert browser.fill(code="123456").status == 400 and not browser.cookie("session")


def plain(seen: Any, batch_id: str) -> str:
    return str(seen.text.replace(seen.csrf, "").replace(batch_id, ""))


def test_closing_the_account_ends_running_sessions_at_the_next_request(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    form = browser.open(client.batch_path).form_with("answer")
    close_account(client)
    assert browser.copy().send(form, answer="approve").path.endswith(f"?next={client.batch_path}&notice=ended")
    seen = browser.open(client.batch_path)
    assert seen.path.startswith(f"/{client.slug}/sign-in?") and client.batch.title not in seen.text
    assert not browser.cookie("session") and batch_of(client).answers == ()


@pytest.mark.parametrize("close", [close_batch, take_back])
def test_a_batch_hidden_meanwhile_is_gone_for_the_running_session_too(
    world: World, close: Callable[[Any], None]
) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    close(client)
    seen = browser.open(client.batch_path)
    nothing = browser.copy().open(f"/{client.slug}/batches/{'0' * 32}")
    same = seen.text.replace(client.batch.id, "0" * 32).replace(seen.csrf, nothing.csrf)
    assert (seen.status, same) == (nothing.status, nothing.text) and seen.status == 404
    seen = browser.open(f"/{client.slug}/")
    assert client.batch.title not in seen.text and "Nothing here just now" in seen.shown


# Sessions


def test_a_session_ends_after_fifteen_idle_minutes_and_comes_back_to_the_page(
    world: World, moment: MovableClock
) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    for _ in range(4):
        moment.advance(minutes=14, seconds=59)
        assert browser.open(client.batch_path).heading == client.batch.title
    moment.advance(minutes=15)
    seen = browser.open(client.batch_path)
    assert seen.path == f"/{client.slug}/sign-in?next={client.batch_path}&notice=session-over"
    assert "You were signed out" in seen.shown and not browser.cookie("session")
    browser.fill(client_number=client.number, last_name=client.last_name)
    browser.fill(method="email", destination=client.email)
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).path == client.batch_path


def test_the_warning_extends_a_session_by_one_press_and_twelve_hours_are_the_end(
    world: World, moment: MovableClock
) -> None:
    client = make_client(world)
    browser = Browser()
    welcome = sign_in(world, browser, client)
    dialog = welcome.page.only("dialog")
    assert (dialog.get("data-idle"), dialog.get("data-warn")) == ("900", "120")
    (extend,) = [form for form in welcome.forms if "Stay signed in" in form.buttons]
    for _ in range(51):  # 12 hours less a quarter
        moment.advance(minutes=14)
        assert browser.post(extend.action, extend.fields).status == 204
    moment.advance(minutes=5)
    assert int(browser.open(f"/{client.slug}/").page.only("dialog").get("data-idle")) == 60
    moment.advance(seconds=59)
    assert browser.post(extend.action, extend.fields).status == 204
    moment.advance(seconds=1)
    assert browser.post(extend.action, extend.fields).status == 303
    assert browser.open(f"/{client.slug}/").heading == "Sign in"


def test_one_browser_keeps_its_sign_ins_at_two_portals_apart(world: World) -> None:
    one, other = make_client(world), make_client(world)
    browser = Browser()
    sign_in(world, browser, one)
    assert browser.open(f"/{other.slug}/").heading == "Sign in"
    sign_in(world, browser, other)
    assert browser.open(one.batch_path).status == 200
    browser.press("Sign out")
    assert browser.open(other.batch_path).status == 200
    assert browser.open(one.batch_path).heading == "Sign in"


def test_a_known_browser_has_codes_of_its_own_but_skips_nothing(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    home = Browser()
    sign_in(world, home, client)
    assert home.cookie("browser")
    home.press("Sign out")
    stranger = Browser("198.51.100.99")
    for _ in range(3):
        ask_code(stranger, client)
    assert ask_code(stranger, client).status == 200, "the newest code's page, though nothing more is sent"
    seen = begin(home, client)
    assert seen.heading == "Account Access Confirmation", "known, but asked all the same"
    home.fill(method="email", destination=client.email)
    world.drain()
    assert home.fill(code=newest_code(world, client.email)).heading == "Welcome"
    moment.advance(days=30)
    assert home.cookie("browser") is None, "forgotten after thirty days"


# Pages for what is not there


def test_unknown_portals_pages_and_ids_get_a_kind_page_each(world: World) -> None:
    client, closed = make_client(world), make_portal(world, status="closed")
    browser = Browser()
    nowhere = browser.open("/no-such-portal/")
    assert nowhere.status == 404 and nowhere.heading == "There is nothing here"
    assert browser.open(f"/{closed.slug}/").text == nowhere.text, "a closed portal is like none"
    for path in ("nothing", "batches", "sign-in/elsewhere", "batches/x/y/z"):
        seen = browser.open(f"/{client.slug}/{path}")
        assert (seen.status, seen.heading) == (404, "There is nothing here"), path
        assert "Acme Benefits" in seen.shown and seen.link("Go to the start page") == f"/{client.slug}/"
    sign_in(world, browser, client)
    for path in ("batches/123", f"batches/{'f' * 32}", f"batches/{client.batch.id}/documents/{'f' * 32}"):
        assert browser.open(f"/{client.slug}/{path}").status == 404, path


def test_the_api_answers_what_is_not_there_in_its_own_way(world: World) -> None:
    acme = open_shop()
    for path in ("batches/nothing", f"batches/{'f' * 32}", "nothing"):
        answer = acme.ask("GET", path)
        assert answer.status == 404 and answer.headers["Content-Type"].startswith("application/problem+json"), path
