"""Threat 47. One warm process, two people at the same time: 0 bytes of the one in the other's pages; nothing is kept on
the way (`Cache-Control: no-store` on every answer of every route).
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from chalicelib.web.guard import GUARDS
from tests import viewing
from tests.browsing import FORM, Browser, Seen, at_once, request
from tests.customers import enter_password, make_customer, password_portal
from tests.factories import (
    Client,
    make_account,
    make_batch,
    make_client,
    make_contact,
    make_machine,
    make_portal,
    newest_code,
    sign_in,
)
from tests.staffing import PASSWORD, make_colleague, signed_in
from tests.world import World

ROUNDS = 12


def test_two_people_interleaved_never_see_a_byte_of_each_other(world: World) -> None:
    shared = make_portal(world, name="Shared Benefits")
    people = [person(world, shared, word) for word in ("Albatross", "Bumblebee", "Capercaillie", "Dragonfly")]
    people += [person(world, None, word) for word in ("Echidna", "Flamingo")]
    words = {word for _, word in people}
    strayed: list[tuple[str, str, str]] = []
    pages: Counter[str] = Counter()
    lock = threading.Lock()

    def check(word: str, seen: Seen) -> Seen:
        text = seen.text + str(seen.headers)
        with lock:
            pages[word] += 1
            strayed.extend((word, other, seen.path) for other in words - {word} if other in text)
        assert seen.headers["Cache-Control"] == "no-store"
        return seen

    def live(client: Client, word: str, number: int) -> None:
        browser = Browser(f"198.18.{number}.7")
        check(word, browser.open(f"/{client.slug}/sign-in?next={client.batch_path}"))
        check(word, browser.fill(client_number="", last_name=word))
        check(word, browser.fill(client_number=client.number, last_name=client.last_name))
        check(word, browser.fill(method="email", destination=word))
        check(word, browser.fill(method="email", destination=client.email))
        with lock:
            world.drain()
        check(word, browser.fill(code="12"))
        seen = check(word, browser.fill(code=newest_code(world, client.email)))
        assert f"{word} renewal" in seen.shown
        for _ in range(ROUNDS):
            assert word in check(word, browser.open(f"/{client.slug}")).shown
            assert f"{word} PPO" in check(word, browser.open(client.batch_path)).shown
            check(word, browser.fill(comment=f"{word} {number}"))
            assert word in check(word, browser.open(f"/{client.slug}/nowhere/{word}")).path
        check(word, browser.open(client.batch_path))
        check(word, browser.press("Sign out"))

    at_once(
        [lambda c=client, w=word, n=n: live(c, w, n) for n, (client, word) in enumerate(people)],  # type: ignore[misc]
        threads=6,
    )
    assert strayed == []
    assert set(pages) == words and min(pages.values()) >= 4 * ROUNDS


def test_users_and_staff_interleaved_never_see_a_byte_of_each_other(world: World) -> None:
    """Customers and staff of one portal; one of them is both, in one browser, and each side shows that side's user."""
    shared = password_portal(world)
    words = ("Albatross", "Bumblebee", "Capercaillie")
    customers = {word: make_customer(world, shared, name=f"{word} Traders", number=f"{word}-2") for word in words}
    colleagues = {word: make_colleague(shared.slug, first_name=word, email=f"{word}@staff.example") for word in words}
    strayed: list[tuple[str, str, str]] = []
    pages: Counter[str] = Counter()
    lock = threading.Lock()

    def check(word: str, own: tuple[str, ...], seen: Seen) -> Seen:
        text = seen.text + str(seen.headers)
        others = [each.username for name, each in customers.items() if name != word]
        others += [each.email for name, each in colleagues.items() if name != word]
        others += [*words, *(each.email for each in customers.values())]
        foreign = [other for other in others if not any(other in mine for mine in own)]
        with lock:
            pages[word] += 1
            strayed.extend((word, other, seen.path) for other in foreign if other in text)
        assert seen.headers["Cache-Control"] == "no-store"
        return seen

    def live(word: str, number: int) -> None:
        customer, colleague = customers[word], colleagues[word]
        browser, client_own = Browser(f"198.18.{number}.8"), (word, customer.username, customer.email)
        staff_own = (word, colleague.email)
        for _ in range(2):
            check(word, client_own, enter_password(browser, customer, "not-it-not-it-not-it"))
        check(word, client_own, enter_password(browser, customer))
        check(word, staff_own, browser.open(f"/{shared.slug}/staff/sign-in"))
        check(word, staff_own, browser.fill(username=colleague.email, password=PASSWORD))
        check(word, staff_own, browser.fill(code=colleague.code()))
        assert browser.cookie("session") and browser.cookie("staff")
        for _ in range(ROUNDS):
            mine = check(word, client_own, browser.open(f"/{shared.slug}/security"))
            assert customer.username in mine.shown and colleague.email not in mine.text
            theirs = check(word, staff_own, browser.open(f"/{shared.slug}/staff/security"))
            assert colleague.email in theirs.shown and customer.username not in theirs.text
            check(word, client_own, browser.open(f"/{shared.slug}"))
        check(word, client_own, browser.press("Sign out"))

    at_once([lambda w=word, n=n: live(w, n) for n, word in enumerate(words)], threads=3)  # type: ignore[misc]
    assert strayed == []
    assert set(pages) == set(words) and min(pages.values()) >= 3 * ROUNDS


def test_views_of_several_clients_interleaved_with_the_clients_themselves(world: World) -> None:
    """Each of the staff sees their own client, and each client themselves: no word of another, and no banner with a client."""
    portal = make_portal(world)
    words = ("Albatross", "Bumblebee", "Capercaillie")
    people = {word: person(world, portal, word)[0] for word in words}
    viewers = {word: viewing.make_viewer(world, client) for word, client in people.items()}
    own = {word: Browser(f"198.18.77.{number}") for number, word in enumerate(words, 1)}
    for word, client in people.items():
        sign_in(world, own[word], client)
        viewers[word].enter(reason=f"{word} called.")
    strayed: list[tuple[str, str]] = []
    pages: Counter[str] = Counter()
    lock = threading.Lock()

    def live(word: str, browser: Browser, *, is_view: bool) -> None:
        for _ in range(ROUNDS):
            for path in (f"/{portal.slug}", people[word].batch_path, f"/{portal.slug}/help", f"/{portal.slug}/nowhere"):
                seen = browser.ask("GET", path)
                others = [other for other in words if other != word and other in seen.text]
                if not is_view and "views as them" in seen.text:
                    others.append("the banner")
                assert is_view == (f"{word} called." in seen.text), path
                with lock:
                    pages[word] += 1
                    strayed.extend((word, other) for other in others)

    turns = [lambda w=word: live(w, own[w], is_view=False) for word in words]  # type: ignore[misc]
    turns += [lambda w=word: live(w, viewers[w].browser, is_view=True) for word in words]  # type: ignore[misc]
    at_once(turns, threads=6)
    assert strayed == [] and set(pages.values()) == {2 * 4 * ROUNDS}


def test_signing_out_of_one_side_leaves_the_other(world: World) -> None:
    customer = make_customer(world)
    browser = Browser()
    enter_password(browser, customer)
    browser.set_cookie("staff", customer.slug, signed_in(make_colleague(customer.slug)).secret)
    browser.open(f"/{customer.slug}/staff/security")
    browser.press("Sign out")
    assert browser.cookie("staff") is None
    assert customer.username in browser.open(f"/{customer.slug}/security").shown
    browser.set_cookie("staff", customer.slug, (colleague := signed_in(make_colleague(customer.slug))).secret)
    browser.press("Sign out")
    assert browser.cookie("session") is None and browser.cookie("staff") == colleague.secret
    assert browser.open(f"/{customer.slug}/staff/security").heading == "Security"


def test_two_callers_of_the_api_interleaved(world: World) -> None:
    calls: list[Any] = []
    for word in ("Albatross", "Bumblebee"):
        client, _ = person(world, None, word)
        machine = make_machine(client.portal)
        for path in (
            "",
            "accounts",
            "contacts",
            "batches",
            f"batches/{client.batch.id}",
            "messages",
            "facts",
            "api-keys",
        ):
            calls += [(word, machine, path)] * 6

    def ask(word: str, machine: Any, path: str) -> list[str]:
        seen = machine.ask("GET", path)
        assert seen.status == 200 and seen.headers["Cache-Control"] == "no-store"
        return [other for other in ("Albatross", "Bumblebee") if other != word and other in seen.text]

    answers = at_once([lambda each=each: ask(*each) for each in calls], threads=8)  # type: ignore[misc]
    assert answers == [[]] * len(calls)


def test_no_answer_of_any_route_may_be_kept_by_anybody(world: World) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    ids = {
        "portal": client.slug, "batch": client.batch.id, "account": client.account.id, "contact": client.contact.id,
        "document": "0" * 32, "message": "0" * 32, "key": "0" * 32, "user": "0" * 32, "request": "0" * 32,
        "registration": "0" * 32, "sending": "0" * 32, "tagging": "0" * 32, "task": "0" * 32, "call": "0" * 32,
        "workflow": "0" * 32, "enrolment": "0" * 32, "item": "0" * 32, "campaign": "0" * 32, "code": "rec-aaaaaaaaaaaa",
        "proxy+": "nowhere", "verification": "0" * 32,
    }  # fmt: skip
    for method, route in GUARDS:
        path = route.format_map(ids)
        for headers in ({}, {"Authorization": f"Bearer {machine.key}"}):
            kind = "application/json" if route.startswith("/api/") else FORM
            typed = {} if method == "GET" else {"Content-Type": kind}
            seen = request(method, path, headers={**headers, **typed})
            kept = seen.headers.get("Cache-Control")
            assert kept == "no-store", (method, route, seen.status, kept)


def person(world: World, portal: Any, word: str) -> tuple[Client, str]:
    """A client everything of whose holds one word."""
    portal = portal or make_portal(world, name=f"{word} Benefits", wording={"welcome_text": f"{word}, welcome."})
    account = make_account(portal, name=f"{word} Traders", number=f"{word}-1")
    contact = make_contact(portal, account, first_name=word, last_name=word, emails=[f"{word}@x.example"])
    line = {"carrier": word, "plan": f"{word} PPO", "coverage": word}
    batch = make_batch(portal, contact, title=f"{word} renewal", summary=word, lines=[line])
    return Client(portal, account, contact, batch), word
