"""Threat 12. Knowledge checks: security questions are asked besides a link, five tries a link, and are never enough."""

from __future__ import annotations

from collections import Counter

from tests.browsing import Browser, at_once
from tests.customers import (
    OTHER_PASSWORD,
    PASSWORD,
    Customer,
    make_customer_account,
    newest_link,
    password_portal,
)
from tests.factories import facts_of, staff
from tests.threats.conftest import Hashes
from tests.world import World

QUESTIONS = (
    "What was the name of your first pet?",
    "In which town did your parents meet?",
    "What was the first concert you went to?",
)
RIGHT = {"answer_1": "Rex the Dog", "answer_2": "Valparaíso", "answer_3": "Os Mutantes"}
WRONG = {"answer_1": "Bello", "answer_2": "Lisboa", "answer_3": "Queen"}


def with_questions(world: World) -> Customer:
    """A customer of a portal that insists on three questions, who has answered them."""
    from chalicelib.people import credentials

    portal = password_portal(world, policy={"security_questions": 3})
    account, batch = make_customer_account(portal)
    credentials.send_create(staff(portal), portal, account.id)
    world.drain()
    browser = Browser()
    browser.open(newest_link(world, account.primary_emails[0], "create-credential"))
    browser.press("Continue")
    asked = {f"question_{n}": text for n, text in enumerate(QUESTIONS, 1)}
    form = browser.here.form_with("username", "password", "answer_1")
    assert "password-set" in browser.send(form, username="rex.owner", password=PASSWORD, **asked, **RIGHT).path
    return Customer(portal, account, batch, "rex.owner", PASSWORD)


def opened_link(world: World, customer: Customer, n: int = 1) -> Browser:
    """Who has got hold of the owner's mail, and pressed the button of a fresh link."""
    browser = Browser(f"198.51.100.{n}")
    browser.open(f"/{customer.slug}/forgot-password")
    browser.fill(username=customer.username)
    world.drain()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    return browser


def test_of_50_attempts_on_one_user_at_most_5_a_link_are_evaluated_all_answered_alike(
    world: World, hashes: Hashes
) -> None:
    customer = with_questions(world)
    world.clock.advance(days=1)
    attempts = links = 0
    told = set()
    before = hashes.compared
    while attempts < 50:
        world.clock.advance(minutes=10)
        browser = opened_link(world, customer, links + 1)
        links += 1
        for n in range(10):
            if browser.here.path.endswith("/set-password"):
                nearly = {**RIGHT, f"answer_{n % 3 + 1}": WRONG[f"answer_{n % 3 + 1}"]} if n % 2 else WRONG
                seen = browser.fill(password=OTHER_PASSWORD, **nearly)
                told.add(
                    (seen.status, seen.errors.get("answer_1"), len(seen.errors)) if seen.status == 400 else ("over",)
                )
            attempts += 1
    assert links == 5 and (hashes.compared - before) // 3 == 5 * links == len(
        facts_of(customer.slug, "client:sign-in:answer-wrong")
    )
    assert told == {(400, "These answers are not the ones we have.", 1), ("over",)}
    assert customer.user.password_at < world.clock() - 86000, "the password is the one of before"


def test_of_50_attempts_at_once_5_are_evaluated(world: World, hashes: Hashes) -> None:
    customer = with_questions(world)
    browser = opened_link(world, customer)
    form = browser.here.form_with("password", "answer_1")
    tabs = [browser.copy(f"198.18.0.{n + 1}") for n in range(50)]
    before = hashes.compared
    answers = at_once(
        [lambda t=t: t.post(form.action, {**form.fields, "password": OTHER_PASSWORD, **WRONG}) for t in tabs],  # type: ignore[misc]
        threads=50,
    )
    assert (hashes.compared - before) == 5 * 3
    assert len(facts_of(customer.slug, "client:sign-in:answer-wrong")) == 5
    assert Counter(seen.status for seen in answers).keys() <= {400, 303}
    late = browser.copy().post(form.action, {**form.fields, "password": OTHER_PASSWORD, **RIGHT})
    assert late.status == 303 and "link-over" in late.location, "nor the right ones afterwards"


def test_right_answers_are_nothing_without_a_link_and_a_link_nothing_without_them(world: World, hashes: Hashes) -> None:
    customer = with_questions(world)
    bare = Browser("198.51.100.9")
    csrf = bare.open(f"/{customer.slug}/forgot-password").csrf
    before = hashes.compared
    answer = bare.post(f"/{customer.slug}/set-password", {"csrf": csrf, "password": OTHER_PASSWORD, **RIGHT})
    assert "link-over" in answer.location and hashes.compared == before
    for path in ("/forgot-password", "/forgot-username", "/first-time", "/sign-in/password"):
        assert "answer_1" not in {name for form in bare.open(f"/{customer.slug}{path}").forms for name in form.names}
    browser = opened_link(world, customer)
    assert not any(text in browser.here.text for text in ("Rex the", "Valpara", "Mutantes"))
    assert browser.fill(password=OTHER_PASSWORD).status == 400
    assert browser.fill(password=OTHER_PASSWORD, **{**RIGHT, "answer_3": ""}).status == 400
    assert "password-set" in browser.fill(password=OTHER_PASSWORD, **RIGHT).path
    assert browser.cookie("session") is None, "and both together sign nobody in"


def test_answers_are_on_no_page_and_in_no_table(world: World, hashes: Hashes) -> None:
    customer = with_questions(world)
    dump = str([item for table in ("people", "tokens", "facts", "messages") for item in world.scan(table)]).lower()
    assert not any(text in dump for text in ("rex the dog", "rexthedog", "valpara", "mutantes"))
    assert len(customer.user.answers) == 3
