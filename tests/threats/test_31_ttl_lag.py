"""Threat 31. TTL lag: DynamoDB may delete what expired days later. Present or not, it is worth nothing from its expiry on.

Each test finds the expired item still in its table, sees that it worked a second before its end, and not at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.errors import NotFound, TooMany
from chalicelib.facts import Act
from chalicelib.messaging import reading
from chalicelib.security import limits, once
from chalicelib.security.limits import Limit
from chalicelib.security.models import IdentityRow
from chalicelib.security.once import Done
from chalicelib.security.sealed import seal, unseal
from tests.browsing import Browser
from tests.factories import ask_code, make_client, make_machine, make_portal, newest_code, sign_in
from tests.world import MovableClock, World


def held(world: World, table: str, part: str) -> Iterator[dict[str, Any]]:
    """The items of which this is part of the key: none was deleted."""
    return (item for item in world.scan(table) if part in item["pk"]["S"])


def test_a_code(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    in_time = browser.copy()
    code, form = newest_code(world, client.email), browser.here.form_with("code")
    moment.advance(600)
    (challenge,) = held(world, "tokens", f"{client.slug}#challenge#")
    assert int(challenge["valid_until"]["N"]) == moment()
    assert browser.post(form.action, {**form.fields, "code": code}).status == 410
    moment.advance(-1)
    assert in_time.post(form.action, {**form.fields, "code": code}).status == 303


@pytest.mark.parametrize(("policy", "seconds"), [({"session_idle_minutes": 60, "session_hours": 1}, 3600), ({}, 900)])
def test_a_session_at_its_absolute_and_at_its_idle_end(
    world: World, moment: MovableClock, policy: dict[str, int], seconds: int
) -> None:
    client = make_client(world, make_portal(world, policy=policy))
    browser = Browser()
    sign_in(world, browser, client)
    moment.advance(seconds)
    assert browser.copy().open(client.batch_path).heading == "Sign in"
    assert len(list(held(world, "tokens", f"{client.slug}#session#"))) == 1
    moment.advance(-1)
    assert browser.open(client.batch_path).heading == client.batch.title


def test_an_api_key(world: World, moment: MovableClock) -> None:
    portal = make_portal(world)
    machine = make_machine(portal, days=1)
    moment.advance(days=1)
    assert machine.ask("GET", "accounts").status == 401
    assert len(list(held(world, "portals", f"{portal.slug}#api-keys"))) == 1
    moment.advance(-1)
    assert machine.ask("GET", "accounts").status == 200


def test_a_step_and_a_known_browser_which_are_sealed_and_not_stored(world: World, moment: MovableClock) -> None:
    for seconds in (600, 30 * 86400):
        text = seal("step", "acme#form", {"a": "b"}, seconds)
        moment.advance(seconds)
        assert unseal("step", "acme#form", text, dict[str, str]) is None
        moment.advance(-1)
        assert unseal("step", "acme#form", text, dict[str, str]) == {"a": "b"}


def test_a_counter_of_a_past_window(world: World, moment: MovableClock) -> None:
    portal, limit = make_portal(world), Limit(2, 300)
    moment.advance(300 - moment() % 300)
    for _ in range(2):
        limits.take(portal.slug, "tests", "one", limit)
    moment.advance(299)
    with pytest.raises(TooMany) as refused:
        limits.take(portal.slug, "tests", "one", limit)
    assert refused.value.retry_after == 1
    moment.advance(1)
    assert limits.take(portal.slug, "tests", "one", limit) == 1
    assert len(list(held(world, "tokens", f"{portal.slug}#limit#tests#one"))) == 2


def test_the_record_of_an_idempotency_key(world: World, moment: MovableClock) -> None:
    portal = make_portal(world)
    act = Act(portal.slug, "system:tests")
    for result in ("1" * 32, "2" * 32):
        tx = act.transaction()
        once.note(tx, portal.slug, "f" * 64, Done("h", result))
        tx.commit()
        moment.advance(once.KEPT_SECONDS - 1)
        assert once.find(portal.slug, "f" * 64) == Done("h", result)
        moment.advance(1)
        assert once.find(portal.slug, "f" * 64) is None
        assert len(list(held(world, "tokens", f"{portal.slug}#once#"))) == 1


def test_a_line_of_the_delivery_log(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    (line,) = reading.listed(client.slug).items
    moment.advance(days=90)
    with pytest.raises(NotFound):
        reading.get(client.slug, line.id)
    assert reading.listed(client.slug, about=line.about).items == []
    assert len(list(held(world, "messages", client.slug))) == 1
    moment.advance(-1)
    assert reading.get(client.slug, line.id) == line


def test_a_lock_ends_when_it_ends(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    for _ in range(2):
        ask_code(browser, client)
        for wrong in range(5):
            browser.fill(code=f"{wrong:06}")
    last = moment()
    moment.advance(899)
    assert ask_code(browser, client).status == 429 and moment() == last + 899
    moment.advance(1)
    assert ask_code(browser, client).heading == "Enter your code"


def test_a_lock_that_staff_must_lift_is_forgotten_after_thirty_quiet_days(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    browser = Browser()
    ask_code(browser, client)
    for wrong in range(5):
        browser.fill(code=f"{wrong:06}")
    (row,) = [IdentityRow.get(each["pk"]["S"]) for each in held(world, "tokens", f"{client.slug}#identity#")]
    row.update(actions=[IdentityRow.failures.set(limits.LOCK_FOR_GOOD)])
    moment.advance(days=30, seconds=-1)
    assert ask_code(browser, client).status == 429
    moment.advance(1)
    assert len(list(held(world, "tokens", f"{client.slug}#identity#"))) == 1
    for _ in range(limits.CODE_SENDS.count):
        assert ask_code(Browser(), client).heading == "Enter your code"
    used_up = ask_code(Browser(), client)
    assert "wrong codes" not in used_up.text, "what stops it now are the codes sent, and that is what it says"
    world.drain()
    moment.advance(minutes=15)
    ask_code(browser, client)
    world.drain()
    assert browser.fill(code=newest_code(world, client.email)).heading == "Welcome"
    assert IdentityRow.get(row.pk).failures == 0
