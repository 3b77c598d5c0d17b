"""A whole passwordless sign-in, first page to welcome: calls, units, and CPU against the floor of the same run.

The floor is what no code on these libraries can avoid: the CPU spent inside PynamoDB for the very same calls, and the
same requests to a Chalice application whose views do nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalice import Chalice, Response

from bench.trace import Trace, count_calls, tracing
from tests.browsing import Browser, gateway
from tests.factories import make_client, newest_code

ROUNDS, WARM_UP = 40, 10


@dataclass(slots=True)
class Step:
    """One request: its calls, the CPU seconds of handling it, and of a Chalice application that does nothing with it."""

    name: str
    trace: Trace
    cpu: float
    empty: float = 0.0


class Stopwatch:
    """Stands where API Gateway calls the application, and measures just that: not the browser, not the adapter."""

    def __init__(self) -> None:
        self._app = gateway()._app
        self.newest = Step("", Trace(), 0.0)
        self._empty = _empty()
        gateway()._app = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        with tracing() as trace:
            before = time.process_time()
            answer = self._app(event, context)
            self.newest = Step("", trace, time.process_time() - before)
        before = time.process_time()
        self._empty(event, context)
        self.newest.empty = time.process_time() - before
        return answer


def run(world: Any) -> None:
    """Print the table."""
    watch = Stopwatch()
    journeys = [_journey(world, watch, place) for place in range(WARM_UP + ROUNDS)][WARM_UP:]
    count_calls()
    counted = [_journey(world, watch, WARM_UP + ROUNDS + place) for place in range(5)]
    last = counted[-1]
    print(
        "Passwordless sign-in, from the first page to the welcome page (portal settings warm, as in a running Lambda)"
    )
    print(f"  {'request':24}{'calls':>7}{'in a row':>10}{'read units':>12}{'write units':>13}{'CPU ms':>9}")
    rows: list[int] = []
    for place, step in enumerate(last):
        cpu = statistics.median(journey[place].cpu for journey in journeys) * 1000
        trace = step.trace
        in_a_row = min(journey[place].trace.in_a_row for journey in counted)  # a busy machine may delay a parallel call
        rows.append(in_a_row)
        print(f"  {step.name:24}{len(trace.calls):7}{in_a_row:10}{trace.reads:12.1f}{trace.writes:13.1f}{cpu:9.2f}")
    calls = sum(len(step.trace.calls) for step in last)
    reads, writes = sum(step.trace.reads for step in last), sum(step.trace.writes for step in last)
    print(
        f"  {'whole sign-in':24}{calls:7}{max(rows):10}{reads:12.1f}{writes:13.1f}   target: at most 8 calls, 2 in a row"
    )
    ours = statistics.median(sum(step.cpu for step in journey) for journey in journeys) * 1000
    inside = statistics.median(sum(step.trace.cpu_inside for step in journey) for journey in journeys) * 1000
    empty = statistics.median(sum(step.empty for step in journey) for journey in journeys) * 1000
    print(
        f"  CPU {ours:.2f} ms; floor {inside + empty:.2f} ms (inside PynamoDB {inside:.2f}, empty Chalice {empty:.2f})"
    )
    print(f"  ratio {ours / (inside + empty):.2f}   target: at most 1.3\n")


def _journey(world: Any, watch: Stopwatch, place: int) -> list[Step]:
    """One sign-in, step by step. Redirects are followed by hand, so that each request is one row."""
    client = make_client(world)
    world.drain()
    browser = Browser(address=f"203.0.{place // 250}.{place % 250 + 1}")
    browser.open(f"/{client.slug}/sign-in")  # from here on the portal's settings and the form cookie are there
    steps: list[Step] = []

    def step(name: str, act: Callable[[], Any]) -> None:
        act()
        watch.newest.name = name
        steps.append(watch.newest)

    def get(path: str) -> None:
        browser.seen = browser.ask("GET", f"/{client.slug}{path}")

    def post(path: str, **typed: str) -> None:
        browser.post(f"/{client.slug}{path}", {"csrf": browser.here.csrf, **typed})

    step("GET  sign-in", lambda: get("/sign-in"))
    step("POST sign-in", lambda: post("/sign-in", client_number=client.number, last_name=client.last_name))
    step("GET  sign-in/confirm", lambda: get("/sign-in/confirm"))
    step("POST sign-in/confirm", lambda: post("/sign-in/confirm", method="email", destination=client.email))
    step("GET  sign-in/code", lambda: get("/sign-in/code"))
    world.drain()
    code = newest_code(world, client.email)
    step("POST sign-in/code", lambda: post("/sign-in/code", code=code))
    step("GET  welcome", lambda: get("/"))
    assert browser.here.status == 200, browser.here.shown
    return steps


def _empty() -> Chalice:
    """A Chalice application with the same routes, whose views do nothing."""
    app = Chalice(app_name="empty", configure_logs=False)
    for path, methods in gateway()._app.routes.items():
        for method, entry in methods.items():
            name = f"{method}{path}".replace("/", "_")
            app.route(path, methods=[method], content_types=entry.content_types, name=name)(_nothing)
    return app


def _nothing(*_: Any, **__: Any) -> Response:
    return Response("", status_code=200)
