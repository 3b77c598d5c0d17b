"""Threat 11. Enumeration: whatever was typed, the same status, headers, page, and the same calls of AWS.

Each case is typed with the same number of characters, so that nothing needs to be removed from a page but its form
token, and even the sealed cookie must have the same length. Timings are printed and never asserted.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browsing import Browser, Seen
from tests.factories import (
    Client,
    change_account,
    make_account,
    make_batch,
    make_contact,
    make_portal,
)
from tests.tracing import Asked, counted, traced
from tests.world import World

CASES = (
    "all right", "unknown number", "wrong name", "wrong address", "nothing open", "several match", "account closed",
)  # fmt: skip
STEPS = ("sign-in", "confirm", "code", "resend")
_RANDOM = re.compile(r"(?<=csrf\" value=\")[0-9a-f]{40}")


@dataclass
class Case:
    """What is typed, and what came of it by step."""

    portal: str
    number: str
    last_name: str
    email: str
    mobile: str
    answers: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    calls: dict[str, Counter[Asked]] = field(default_factory=dict)
    order: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def comparable(seen: Seen) -> tuple[Any, ...]:
    """Everything a visitor could tell apart, but for what is random for everybody."""
    parts = []
    for each in (*seen.trail, seen):
        headers = [(name, value) for name, value in each.headers if name not in ("x-amzn-RequestId", "Set-Cookie")]
        cookies = [
            (line.partition("=")[0], len(line), line.partition(";")[2]) for line in each.headers.getlist("Set-Cookie")
        ]
        parts.append((each.status, each.path, sorted(headers), sorted(cookies), _RANDOM.sub("", each.text)))
    return tuple(parts)


def cases(world: World) -> dict[str, Case]:
    """One portal with one of each kind, every typed value as long as the others."""
    portal = make_portal(world)

    def client(number: str, who: str, mobile: str, **details: Any) -> Client:
        account = make_account(portal, number=number)
        contact = make_contact(portal, account, emails=[f"{who}@northwind.example"], mobile=mobile, **details)
        return Client(portal, account, contact, make_batch(portal, contact))

    client("NW-4001", "maria1", "+14155550101")
    client("NW-4002", "maria2", "+14155550102")
    client("NW-4003", "maria3", "+14155550103")
    closed = client("NW-4007", "maria7", "+14155550107")
    change_account(portal, closed.account.id, status="closed")
    empty = make_account(portal, number="NW-4004")
    make_contact(portal, empty, emails=["maria4@northwind.example"], mobile="+14155550104")
    twins = client("NW-4005", "maria5", "+14155550105")
    make_batch(portal, make_contact(
        portal, twins.account, first_name="Mario", emails=["maria5@northwind.example"], mobile="+14155550105"))  # fmt: skip

    def typed(number: str, who: str, mobile: str, last_name: str = "Nuñez") -> Case:
        return Case(portal.slug, number, last_name, f"{who}@northwind.example", mobile)

    return {
        "all right": typed("NW-4001", "maria1", "+14155550101"),
        "unknown number": typed("NW-4999", "maria9", "+14155550109"),
        "wrong name": typed("NW-4002", "maria2", "+14155550102", "Muñez"),
        "wrong address": typed("NW-4003", "maria8", "+14155550108"),
        "nothing open": typed("NW-4004", "maria4", "+14155550104"),
        "several match": typed("NW-4005", "maria5", "+14155550105"),
        "account closed": typed("NW-4007", "maria7", "+14155550107"),
    }


def walk(world: World, case: Case, by: str, wrong: str) -> Browser:
    """Through all four steps, noting what each answers and asks of AWS."""
    browser = Browser(f"198.51.100.{case.number[-1]}")
    browser.open(f"/{case.portal}/sign-in")
    typed = {
        "sign-in": lambda: browser.fill(client_number=case.number, last_name=case.last_name),
        "confirm": lambda: browser.fill(method=by, destination=case.email if by == "email" else case.mobile),
        "code": lambda: browser.fill(code=wrong),
        "resend": lambda: browser.press("Send another code"),
    }
    for step in STEPS:
        if step == "resend":
            world.clock.advance(31)
        with traced() as calls:
            started = time.perf_counter()
            seen = typed[step]()
            case.seconds[step] = time.perf_counter() - started
        masked = f"•••• {case.mobile[-4:]}"
        case.answers[step] = tuple((*part[:4], part[4].replace(masked, "")) for part in comparable(seen))
        case.calls[step], case.order[step] = counted(calls), calls[-1].name if calls else ""
    return browser


@pytest.mark.parametrize("by", ["email", "sms"])
def test_all_cases_look_the_same_at_every_step_and_ask_the_same_of_aws(world: World, by: str) -> None:
    found = cases(world)
    assert tuple(found) == CASES
    started = world.clock.seconds
    for case in found.values():
        world.clock.seconds = started  # each sees the same clock on its pages
        walk(world, case, by, "000000")
    right = found["all right"]
    for name, case in found.items():
        for step in STEPS:
            assert case.answers[step] == right.answers[step], f"{name} at {step}"
            assert case.calls[step] == right.calls[step], f"{name} at {step}: {case.calls[step] - right.calls[step]}"
            assert case.order[step] == right.order[step], f"{name} at {step}"
    assert {step: sum(right.calls[step].values()) for step in STEPS} == {
        "sign-in": 0,
        "confirm": 3,
        "code": 3,
        "resend": 3,
    }
    assert right.answers["code"][0][0] == 400 and right.answers["resend"][-1][0] == 200
    world.drain()
    codes = [sent.to for sent in world.inbox if sent.sms or sent.subject[:6].isdigit()]
    assert codes == [right.email if by == "email" else right.mobile] * 2, "and only one of them got codes"


def test_at_the_limits_all_cases_are_refused_alike(world: World) -> None:
    found = cases(world)
    told: dict[str, list[Any]] = {}
    started = world.clock.seconds
    for name, case in found.items():
        world.clock.seconds = started
        browser = walk(world, case, "email", "000000")
        told[name] = []
        for _ in range(5):  # the tries of this challenge are used up on the way
            told[name].append(comparable(browser.fill(code="000000")))
        for _ in range(3):  # and so are the codes of this quarter of an hour
            world.clock.advance(31)
            resend = f"/{case.portal}/sign-in/resend"
            told[name].append(comparable(browser.post(resend, {"csrf": browser.here.csrf})))
            browser.open(f"/{case.portal}/sign-in/confirm")
            told[name].append(comparable(browser.fill(method="email", destination=case.email)))
    assert len({status for parts in told["all right"] for status, *_ in parts}) >= 3, "some were refused"
    for name in CASES:
        assert told[name] == told["all right"], name


def test_no_code_opens_a_decoy_not_even_the_one_it_would_have_been_sent(world: World) -> None:
    from chalicelib.security import codes
    from chalicelib.security.sealed import unseal
    from chalicelib.signin.by_client_number import Visit

    case = cases(world)["unknown number"]
    browser = walk(world, case, "email", "000000")
    step, form = browser.cookie("step"), browser.cookie("form")
    visit = unseal("step", f"{case.portal}#{form}", step or "", Visit)
    assert visit is not None
    digits = codes.digits(case.portal, visit.challenge, visit.counter, visit.version)
    assert browser.fill(code=digits).status == 400 and not browser.cookie("session")
