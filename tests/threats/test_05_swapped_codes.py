"""Threat 5. Swapped codes: a code opens the challenge it was made for, and no other."""

from __future__ import annotations

from itertools import permutations

import pytest

from chalicelib.facts import Act
from chalicelib.security import codes
from chalicelib.security.codes import CodeOver
from tests.browsing import Browser
from tests.factories import (
    Client,
    ask_code,
    make_account,
    make_batch,
    make_client,
    make_contact,
    make_portal,
    newest_code,
)
from tests.world import World


def test_no_code_opens_another_account_challenge_channel_or_portal(world: World) -> None:
    one = make_client(world)
    account = make_account(one.portal)
    contact = make_contact(one.portal, account)
    other = Client(one.portal, account, contact, make_batch(one.portal, contact))
    elsewhere = make_client(world)
    waiting: list[tuple[Browser, str]] = []
    for number, (client, by) in enumerate((c, by) for c in (one, other, elsewhere) for by in ("email", "sms")):
        browser = Browser(f"198.51.100.{number + 1}")
        ask_code(browser, client, by=by)
        world.drain()
        waiting.append((browser, newest_code(world, client.email if by == "email" else client.mobile)))
    assert len({code for _, code in waiting}) == 6
    pairs = list(permutations(waiting, 2))
    assert len(pairs) == 30
    for (browser, _), (_, code) in pairs:
        seen = browser.fill(code=code)
        assert seen.status == 400 and "That code is not right" in seen.text
        assert not browser.cookie("session")


def test_a_code_for_one_purpose_opens_no_other(world: World) -> None:
    portal = make_portal(world)
    for made_for, tried_for in permutations(("sign-in", "password-reset", "contact-change"), 2):
        tx = Act(portal.slug, "visitor").transaction()
        made = codes.issue(tx, portal.slug, purpose=made_for, channel="email", holder="1" * 32, minutes=10)
        tx.commit()
        digits = codes.digits(portal.slug, made.id, 0, 1)
        with pytest.raises(CodeOver):
            codes.attempt(portal.slug, made.id, digits, purpose=tried_for)
        assert codes.attempt(portal.slug, made.id, digits, purpose=made_for) == "1" * 32


def test_a_step_of_one_portal_is_nothing_at_another(world: World) -> None:
    one, other = make_client(world), make_client(world)
    browser = Browser()
    ask_code(browser, one)
    step = browser.cookie("step")
    assert step
    visitor = Browser()
    visitor.open(f"/{other.slug}/sign-in")
    form_cookie = visitor.cookie("form")
    assert form_cookie
    browser.set_cookie("step", other.slug, step)
    browser.set_cookie("form", other.slug, browser.cookies[f"__Host-form-{one.slug}"].value)
    assert browser.open(f"/{other.slug}/sign-in/code").path.endswith("?notice=step-over")
