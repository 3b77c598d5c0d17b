"""Threat 15. IDOR: every page × {owner, colleague, another account, another portal, nobody} → 0 leaks, 0 foreign writes.

The same for the API is in tests/api/test_guard.py, generated from the guard table; here it is made sure that the two
together walk every route there is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count

import pytest

from chalicelib.facts import Act
from chalicelib.people import matching
from chalicelib.portals import Portal
from chalicelib.security import sessions
from chalicelib.selfservice import documents, records
from chalicelib.selfservice.record_documents import OfRecord
from chalicelib.web.guard import GUARDS
from tests import staffing
from tests.api.test_guard import ROWS
from tests.browsing import Browser, Seen, gateway
from tests.customers import Customer, enter_password, make_customer, password_portal, with_app
from tests.factories import (
    HELP,
    Client,
    change_batch,
    make_account,
    make_client,
    make_contact,
    make_machine,
    make_portal,
)
from tests.faults.journey import document_of
from tests.records import MODULES, make_care_provider, make_document, make_prescription
from tests.world import World

Route = tuple[str, str]
_addresses = count(1)
CANARY = "Heron"  # in everything that is only the victim's
_BATCH = "/{portal}/batches/{batch}"


@dataclass(frozen=True)
class Row:
    """What a route answers: to the owner, to others who are signed in at the portal, and to those who are not.

    `typed` is what is posted, with a number of its own for `{n}`. Of pages without an id in their address everybody gets
    an own one.
    """

    owner: int
    others: int
    strangers: int
    typed: tuple[tuple[str, str], ...] = ()
    colleague: int = 0
    """What somebody else of the same account is answered, where that is not what others are."""


def of_users(rest: str, side: str = "") -> list[Route]:
    """The routes of the security page of one side: all that need no set-up, or those of one."""
    at = f"/{{portal}}{side}/security"
    if rest:
        return [("GET", f"{at}{rest}"), ("POST", f"{at}{rest}")]
    return [
        ("GET", at), *((method, f"{at}/{path}") for method in ("GET", "POST") for path in ("confirm", "password", "address")),
        *(("POST", f"{at}/{path}") for path in ("remove", "recovery-codes", "sessions/end")),
    ]  # fmt: skip


STAFF_PAGES: list[Route] = [
    ("GET", "/{portal}/staff"), ("POST", "/{portal}/staff/sign-out"), ("POST", "/{portal}/staff/session/extend"),
    ("GET", "/{portal}/staff/view-as"), ("POST", "/{portal}/staff/view-as"), ("POST", "/{portal}/staff/view-as/leave"),
    *(route for rest in ("", "/app", "/mobile", "/mobile/code") for route in of_users(rest, "/staff")),
    ("POST", "/{portal}/staff/security/mobile/code/resend"),
]  # fmt: skip
PAGES: dict[Route, Row] = {
    ("GET", "/{portal}"): Row(200, 200, 303),
    ("GET", "/{portal}/{proxy+}"): Row(404, 404, 404),
    ("GET", "/{portal}/trouble"): Row(200, 200, 200),
    ("GET", "/{portal}/help"): Row(200, 200, 200),
    ("POST", "/{portal}/help"): Row(303, 303, 303, tuple({**HELP, "name": "Somebody {n}"}.items())),
    ("GET", "/{portal}/help/sent"): Row(303, 303, 303),  # the number is shown to the browser that asked
    ("GET", "/{portal}/sign-in"): Row(200, 200, 200),
    ("POST", "/{portal}/sign-in"): Row(303, 303, 303, (("client_number", "X-1"), ("last_name", "Nobody"))),
    ("GET", "/{portal}/sign-in/confirm"): Row(303, 303, 303),
    ("POST", "/{portal}/sign-in/confirm"): Row(303, 303, 303, (("method", "email"), ("destination", "x@x.example"))),
    ("GET", "/{portal}/sign-in/code"): Row(303, 303, 303),
    ("POST", "/{portal}/sign-in/code"): Row(303, 303, 303, (("code", "123456"),)),
    ("POST", "/{portal}/sign-in/resend"): Row(303, 303, 303),
    ("GET", "/{portal}/views"): Row(200, 200, 303),
    ("GET", _BATCH): Row(200, 404, 303),
    ("GET", f"{_BATCH}/documents/{{document}}"): Row(303, 404, 303),
    ("GET", f"{_BATCH}/upload"): Row(200, 404, 303),
    ("POST", f"{_BATCH}/upload"): Row(200, 404, 303, (("name", "A form"),)),
    ("GET", f"{_BATCH}/upload/{{document}}"): Row(200, 404, 303),
    ("POST", f"{_BATCH}/upload/{{document}}"): Row(303, 404, 303),
    ("POST", f"{_BATCH}/answer"): Row(303, 404, 303, (("answer", "approve"),)),
    # A record is the account's: everybody signed in there keeps it, nobody else. What names no version changes nothing.
    ("GET", "/{portal}/records"): Row(200, 200, 303),
    ("GET", "/{portal}/records/documents/{document}"): Row(303, 404, 303, colleague=303),
    **{
        key: row
        for at in ("/{portal}/records/prescriptions", "/{portal}/records/providers")
        for key, row in {
            ("GET", f"{at}/new"): Row(200, 200, 303),
            ("POST", f"{at}/new"): Row(400, 400, 303),
            ("GET", f"{at}/{{item}}"): Row(200, 404, 303, colleague=200),
            ("POST", f"{at}/{{item}}"): Row(409, 404, 303, (("name", "Taken over"),), colleague=409),
            ("GET", f"{at}/{{item}}/remove"): Row(200, 404, 303, colleague=200),
            ("POST", f"{at}/{{item}}/remove"): Row(409, 404, 303, colleague=409),
        }.items()
    },
    ("POST", "/{portal}/session/extend"): Row(204, 204, 303),
    # Whoever is signed in to one account sees that one, and nothing to switch to.
    ("GET", "/{portal}/switch"): Row(200, 200, 303),
    ("POST", "/{portal}/switch"): Row(303, 303, 303, (("n", "0"),)),
    ("POST", "/{portal}/switch/add"): Row(303, 303, 303),
    ("POST", "/{portal}/switch/back"): Row(303, 303, 303),
    ("GET", "/{portal}/terms"): Row(303, 303, 303),
    ("POST", "/{portal}/terms"): Row(303, 303, 303),
    # Before anybody is anybody: the same for all.
    ("GET", "/{portal}/sign-in/password"): Row(200, 200, 200),
    ("POST", "/{portal}/sign-in/password"): Row(400, 400, 400, (("username", "nobody{n}"), ("password", "x"))),
    ("GET", "/{portal}/staff/sign-in"): Row(200, 200, 200),
    ("POST", "/{portal}/staff/sign-in"): Row(400, 400, 400, (("username", "nobody{n}"), ("password", "x"))),
    ("GET", "/{portal}/forgot-username"): Row(200, 200, 200),
    ("POST", "/{portal}/forgot-username"): Row(200, 200, 200, (("client_number", "X-{n}"),)),
    ("GET", "/{portal}/first-time"): Row(200, 200, 200),
    ("POST", "/{portal}/first-time"): Row(200, 200, 200, (("client_number", "X-{n}"),)),
    # A link opens for whoever holds it, and for nobody else.
    **{
        (method, f"/{{portal}}/{path}"): Row(410, 410, 410)
        for method in ("GET", "POST")
        for path in (
            "create-credential",
            "reset-password",
            "staff/join",
            "not-me",
            "confirm-address",
            "join",
            "my-password",
        )
    },
    # So does the link of a marketing mail, for good.
    ("GET", "/{portal}/unsubscribe"): Row(404, 404, 404),
    ("POST", "/{portal}/unsubscribe"): Row(404, 404, 404, (("t", "x"),)),
    # A record's own page is the same for every code.
    ("GET", "/{portal}/my/{code}"): Row(200, 200, 200),
    ("POST", "/{portal}/my/{code}"): Row(400, 400, 400, (("password", "x"),)),
    ("GET", "/{portal}/my/{code}/lost"): Row(200, 200, 200),
    ("POST", "/{portal}/my/{code}/lost"): Row(200, 200, 200),
    ("POST", "/{portal}/links/again"): Row(410, 410, 410, (("purpose", "password-reset"), ("t", "x"))),
    ("GET", "/{portal}/set-password"): Row(303, 303, 303),
    ("GET", "/{portal}/join/account"): Row(303, 303, 303),
    ("POST", "/{portal}/join/account"): Row(303, 303, 303, (("username", "x"), ("password", "x"))),
    ("POST", "/{portal}/set-password"): Row(303, 303, 303, (("username", "x"), ("password", "x"))),
    # A registration is known to the browser that began it, and to no other.
    ("GET", "/{portal}/register"): Row(200, 200, 200),
    ("POST", "/{portal}/register"): Row(400, 400, 400, (("identifier", "X-{n}"),)),
    **{
        (method, f"/{{portal}}/register/{path}"): Row(303, 303, 303)
        for methods, path in (
            *((("GET", "POST"), step) for step in ("checks", "role", "you", "code", "account")),
            (("POST",), "code/resend"),
            (("GET",), "done"),
        )
        for method in methods
    },
    # The steps of a sign-in lead back to its start without what the step before left in this browser.
    **{
        (method, f"/{{portal}}{side}/sign-in/{path}"): Row(303, 303, 303)
        for side in ("", "/staff")
        for methods, path in (
            (("GET", "POST"), "factor"),
            (("POST",), "factor/use"),
            (("GET", "POST"), "own-password"),
            (("GET", "POST"), "set-up"),
            (("GET", "POST"), "set-up/app"),
            (("GET", "POST"), "set-up/mobile"),
            (("GET", "POST"), "set-up/mobile/code"),
            (("POST",), "set-up/mobile/code/resend"),
        )
        for method in methods
    },
    **{
        key: row
        for side in ("", "/staff")
        for key, row in {
            ("GET", f"/{{portal}}{side}/forgot-password"): Row(200, 200, 200),
            ("POST", f"/{{portal}}{side}/forgot-password"): Row(200, 200, 200, (("username", "nobody{n}"),)),
        }.items()
    },
    # Those of users only: whoever came by a code has nothing there. More of users is below.
    **{route: Row(404, 404, 303) for route in (*of_users(""), ("POST", "/{portal}/security/devices/forget"))},
    **{route: Row(303, 303, 303) for route in (*of_users("/app"), *of_users("/mobile"), *of_users("/mobile/code"))},
    ("POST", "/{portal}/security/mobile/code/resend"): Row(303, 303, 303),
    **{route: Row(303, 303, 303) for route in STAFF_PAGES},
    ("POST", "/{portal}/sign-out"): Row(303, 303, 303),  # the last: it ends the session
}


@pytest.fixture
def victim(world: World) -> Client:
    portal = make_portal(
        world, policy={"sign_in_ways": ["code", "password"]}, registration={"is_open": True}, modules=MODULES
    )
    account = make_account(portal, name=f"{CANARY} Traders", number=f"{CANARY}-77")
    contact = make_contact(portal, account, first_name=f"{CANARY}ina", last_name=f"{CANARY}sen",
                           emails=[f"{CANARY}@x.example"])  # fmt: skip
    make_document(portal, account)
    for make in (make_prescription, make_care_provider):  # named after the account, which colleagues may read
        make(portal, account, name=f"{account.name} says")
    made = make_client(world, portal)
    line = {"carrier": f"{CANARY} Health", "plan": f"{CANARY} PPO", "coverage": CANARY}
    batch = change_batch(portal, made.batch.id, status="in_progress")
    del batch
    from tests.factories import make_batch

    return Client(
        portal, account, contact,
        make_batch(portal, contact, title=f"{CANARY} renewal", summary=f"{CANARY} says", lines=[line]),
    )  # fmt: skip


def test_every_page_of_the_application_has_a_row_here_and_every_operation_one_in_the_api_matrix() -> None:
    app = gateway()._app
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}
    asking_a_key = {(method, route) for method, route, _ in ROWS}
    public = {route for route, guard in GUARDS.items() if guard.audience == "public"}
    assert routes == PAGES.keys() | asking_a_key | public
    assert not PAGES.keys() & asking_a_key
    assert {route for _, route in public} == {
        "/healthz", "/api/v1/openapi.json", "/api/v1/docs", "/api", "/api/{proxy+}", "/api/v1", "/api/v1/{proxy+}",
        "/.well-known/change-password",
    }  # fmt: skip


def test_nobody_but_the_owner_sees_or_changes_what_is_the_owners(world: World, victim: Client) -> None:
    machine = make_machine(victim.portal)
    document = document_of(victim.slug, machine, victim.batch.id, check=True)
    waiting = document_of(victim.slug, machine, victim.batch.id)
    neighbour, foreigner = make_client(world, victim.portal), make_client(world)
    colleague = Client(victim.portal, victim.account, make_contact(victim.portal, victim.account), neighbour.batch)
    callers = {
        "neighbour": signed_in(neighbour), "colleague": signed_in(colleague), "foreigner": signed_in(foreigner),
        "smuggler": smuggled(foreigner, victim), "nobody": Browser(), "guesser": guessing(victim),
    }  # fmt: skip
    before, asked, leaks = held(world, victim), 0, []
    for (method, route), row in PAGES.items():
        for name, browser in callers.items():
            for found in (document, waiting):
                expected = (
                    row.colleague
                    if row.colleague and name == "colleague"
                    else row.others
                    if name in ("neighbour", "colleague")
                    else row.strangers
                )
                seen = ask(browser.copy(), victim, method, route, row, found)
                asked += 1
                text = (
                    seen.text.replace(victim.account.name, "") if name == "colleague" else seen.text
                )  # theirs as well
                if seen.status != expected or CANARY in text or CANARY in str(seen.headers):
                    leaks.append((name, method, route, seen.status))
    assert leaks == []
    assert asked == len(PAGES) * 6 * 2
    assert held(world, victim) == before, "somebody else changed the victim's data"


def test_the_owner_gets_it_all(world: World, victim: Client) -> None:
    document = document_of(victim.slug, make_machine(victim.portal), victim.batch.id, check=True)
    browser = signed_in(victim)
    for (method, route), row in PAGES.items():
        assert ask(browser.copy(), victim, method, route, row, document).status == row.owner, (method, route)


def test_a_batch_that_was_taken_back_is_nobodys(world: World, victim: Client) -> None:
    browser = signed_in(victim)
    assert browser.open(victim.batch_path).status == 200
    change_batch(victim.portal, victim.batch.id, open_to_portal=False)
    for (method, route), row in PAGES.items():
        if "{batch}" in route:
            seen = ask(browser.copy(), victim, method, route, row, "0" * 32)
            assert seen.status == 404 and f"{CANARY} renewal" not in seen.text, (method, route)


def test_users_reach_nothing_of_each_other(world: World) -> None:
    """Two customers of a portal, one of another, and staff of both: sessions, devices and factors of none but oneself."""
    portal = password_portal(world)
    owner = Browser(agent=f"Mozilla/5.0 ({CANARY})")
    victim = remembered(world, owner, with_app(owner, entered(world, owner, portal)))
    callers = {"neighbour": Browser(), "foreigner": Browser(), "staff": Browser(), "staff of another": Browser()}
    entered(world, callers["neighbour"], portal)
    foreign = entered(world, callers["foreigner"], password_portal(world))
    callers["foreigner"].set_cookie("session", portal.slug, callers["foreigner"].cookie("session") or "?")
    for name, slug in (("staff", portal.slug), ("staff of another", foreign.slug)):
        callers[name].set_cookie("staff", portal.slug, staffing.signed_in(staffing.make_colleague(slug)).secret)
        callers[name].set_cookie("session", portal.slug, callers[name].cookie("staff") or "?")
    callers["guesser"] = Browser()
    callers["guesser"].set_cookie("session", portal.slug, next(iter(victim.user.sessions)))
    before, tried = victim.user, 0
    for name, browser in callers.items():
        for side in ("", "/staff"):
            for session in (*before.sessions, "0" * 64, "others", ""):
                post(browser, f"/{portal.slug}{side}/security/sessions/end", session=session)
            for device in (*before.devices, "0" * 64):
                post(browser, f"/{portal.slug}{side}/security/devices/forget", device=device)
            for factor in ("totp", "sms"):
                post(browser, f"/{portal.slug}{side}/security/remove", factor=factor)
            post(browser, f"/{portal.slug}{side}/security/recovery-codes")
            for rest in ("", "/confirm", "/password", "/address", "/app", "/mobile", "/mobile/code"):
                seen = browser.ask("GET", f"/{portal.slug}{side}/security{rest}")
                assert victim.username not in seen.text and victim.email not in seen.text, (name, seen.path)
                tried += 1
    assert tried == len(callers) * 2 * 7
    assert victim.user == before
    assert owner.open(f"/{portal.slug}/security").status == 200
    assert victim.username in owner.here.text, "the owner sees it all: what was looked for is there"


def entered(world: World, browser: Browser, portal: Portal) -> Customer:
    """A customer, signed in by the password."""
    customer = make_customer(world, portal)
    assert enter_password(browser, customer).status == 200 and browser.cookie("session")
    return customer


def remembered(world: World, browser: Browser, customer: Customer) -> Customer:
    """The same, in a browser that is remembered."""
    world.clock.advance(minutes=2)
    browser.open(f"/{customer.slug}/security")
    browser.press("Sign out")
    enter_password(browser, customer)
    browser.fill(code=customer.otp(), remember="yes")
    assert browser.cookie("device") and customer.user.devices and customer.user.sessions
    return customer


def post(browser: Browser, path: str, **typed: str) -> Seen:
    """A post with a token of the browser's own."""
    side = "/staff" if "/staff/" in path else ""
    seen = browser.open(f"/{path.split('/')[1]}{side}/security")
    token = next((form.fields["csrf"] for form in seen.forms if "csrf" in form.fields), "")
    answer = browser.post(path, {"csrf": token, **typed})
    assert answer.status != 403 or not browser.cookie("session" if not side else "staff"), "it was not even looked at"
    return answer


def signed_in(client: Client) -> Browser:
    browser = Browser()
    browser.set_cookie("session", client.slug, session_of(client))
    return browser


def session_of(client: Client) -> str:
    tx = Act(client.slug, "system:tests").transaction()
    key = matching.number_key(client.number)
    secret = sessions.begin(tx, client.slug, client.portal.policy, holder=client.contact.id, number_key=key)
    tx.commit()
    return secret


def smuggled(foreigner: Client, victim: Client) -> Browser:
    """A session of another portal under the name of this one's cookie."""
    browser = Browser()
    browser.set_cookie("session", victim.slug, session_of(foreigner))
    return browser


def guessing(victim: Client) -> Browser:
    """The holder's id where the secret should be."""
    browser = Browser()
    browser.set_cookie("session", victim.slug, victim.contact.id)
    return browser


def ask(browser: Browser, victim: Client, method: str, route: str, row: Row, document: str) -> Seen:
    """One request with all that a browser of ours would send along: the form cookie and a token of its own."""
    browser.address = f"198.18.{next(_addresses) % 250}.{next(_addresses) % 250}"  # no limit of an address is met
    code = f"rec-{next(_addresses) % 4096:012b}".translate({ord("0"): "a", ord("1"): "b"})
    if route.startswith("/{portal}/records/documents"):
        (document,) = (each.id for each in documents.of_home(OfRecord(victim.slug, victim.account.id)))
    parts = {"portal": victim.slug, "batch": victim.batch.id, "document": document, "code": code}
    path = route.replace("{proxy+}", "nowhere").format(**parts, item=item_of(victim, route))
    if method == "GET":
        return browser.ask("GET", path)
    side = "/staff" if route.startswith("/{portal}/staff") else ""
    token = next(form.fields["csrf"] for form in browser.open(f"/{victim.slug}{side}/sign-in").forms)
    typed = {name: text.replace("{n}", str(next(_addresses))) for name, text in row.typed}
    return browser.post(path, {"csrf": token, **typed})


def item_of(victim: Client, route: str) -> str:
    """The id of what the victim's record holds of the route's kind."""
    kind = records.PROVIDERS if "/providers/" in route else records.PRESCRIPTIONS
    return records.listed(victim.portal, victim.account.id, kind)[0].id if "{item}" in route else ""  # type: ignore[arg-type]


def held(world: World, victim: Client) -> list[str]:
    """What is stored of the victim's, but for counters, and for decoys in place of mails to nobody."""
    items = [
        item
        for table in ("batches", "people", "messages", "records")
        for item in world.scan(table)
        if "decoy" not in item
    ]
    return sorted(text for text in (json.dumps(item, sort_keys=True) for item in items) if victim.slug in text)
