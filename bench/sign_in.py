"""A whole passwordless sign-in, first page to welcome: calls, units, and CPU against the floor of the same run.

The floor is what no code on these libraries can avoid: the CPU spent inside PynamoDB for the very same calls, and as
many requests to a Chalice application that does nothing.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import Any

from chalice import Chalice, Response
from infra.local.gateway import LARGEST_BODY  # noqa: F401 - importing the gateway makes Chalice safe for threads

from bench.trace import Trace, install, tracing
from tests.browsing import Browser
from tests.factories import make_batch

ROUNDS, WARM_UP = 40, 8


@dataclass(slots=True)
class Step:
    """One request of the journey, over all rounds."""

    name: str
    trace: Trace


def run(world: Any) -> None:
    """Print the table."""
    install()
    journeys = [_journey(world, place) for place in range(WARM_UP + ROUNDS)][WARM_UP:]
    first = journeys[-1][0]
    print("Passwordless sign-in, from the first page to the welcome page (portal settings warm, as in a running Lambda)")
    print(f"  {'request':26}{'calls':>7}{'in a row':>10}{'read units':>12}{'write units':>13}")
    for step in first:
        trace = step.trace
        print(f"  {step.name:26}{len(trace.calls):7}{trace.in_a_row:10}{trace.reads:12.1f}{trace.writes:13.1f}")
    total = [call for step in first for call in step.trace.calls]
    reads, writes = sum(step.trace.reads for step in first), sum(step.trace.writes for step in first)
    row = max(step.trace.in_a_row for step in first)
    print(f"  {'whole sign-in':26}{len(total):7}{row:10}{reads:12.1f}{writes:13.1f}   target: at most 8 calls, 2 in a row")
    ours = statistics.median(journey[1] for journey in journeys) * 1000
    inside = statistics.median(journey[2] for journey in journeys) * 1000
    empty = _empty_requests(len(first)) * 1000
    print(f"  CPU of one sign-in: {ours:.2f} ms; floor {inside + empty:.2f} ms (PynamoDB {inside:.2f}, Chalice {empty:.2f})")
    print(f"  ratio {ours / (inside + empty):.2f}   target: at most 1.3\n")


def _journey(world: Any, place: int) -> tuple[list[Step], float, float]:
    """One sign-in: its steps, the CPU seconds of the process, the part of it inside PynamoDB."""
    made = make_batch(world, status="client_review")
    world.drain()
    browser = Browser(world, address=f"203.0.{place // 250}.{place % 250 + 1}")
    steps: list[Step] = []
    spent = inside = 0.0

    def step(name: str, act: Any) -> Any:
        nonlocal spent, inside
        gc.collect()
        with tracing() as trace:
            before = time.process_time()
            answer = act()
            spent += time.process_time() - before
        steps.append(Step(name, trace))
        inside += trace.cpu_inside
        return answer

    base = f"/{made.portal.slug}"
    browser.get(f"{base}/sign-in", follow=False)  # settings of the portal and the form cookie are warm from here on
    step("GET  sign-in", lambda: browser.get(f"{base}/sign-in", follow=False))
    typed = {"client_number": made.account.number, "last_name": made.contact.last_name}
    step("POST sign-in", lambda: browser.submit(typed, follow=False))
    step("GET  sign-in/confirm", lambda: browser.get(f"{base}/sign-in/confirm", follow=False))
    address = {"method": "email", "destination": made.contact.emails[0]}
    step("POST sign-in/confirm", lambda: browser.submit(address, follow=False))
    step("GET  sign-in/code", lambda: browser.get(f"{base}/sign-in/code", follow=False))
    world.drain()
    code = world.newest(made.contact.emails[0]).code
    step("POST sign-in/code", lambda: browser.submit({"code": code}, follow=False))
    step("GET  welcome", lambda: browser.get(f"{base}/", follow=False))
    return steps, spent, inside


def _empty_requests(count: int) -> float:
    """CPU seconds of `count` requests to an application that does nothing."""
    app = Chalice(app_name="empty", configure_logs=False)
    app.route("/{portal}/sign-in")(lambda portal: Response("", status_code=200))
    event = {
        "resource": "/{portal}/sign-in", "path": "/acme/sign-in", "httpMethod": "GET", "headers": {}, "body": None,
        "multiValueQueryStringParameters": None, "pathParameters": {"portal": "acme"}, "stageVariables": None,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/{portal}/sign-in"}, "isBase64Encoded": False,
    }  # fmt: skip
    rounds = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(count):
            app(event, None)
        rounds.append(time.process_time() - before)
    return statistics.median(rounds)
