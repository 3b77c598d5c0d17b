"""A few requests after a deployment, as a visitor would make them: the front door must open, and no other."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message

_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: str


Get = Callable[[str], Answer]


def get(url: str) -> Answer:
    """Fetch a page; an error status is an answer like any other."""
    request = urllib.request.Request(url, headers={"Accept": "text/html", "User-Agent": "latchstring-smoke"})
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return Answer(response.status, response.headers, response.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read().decode("utf-8", "replace"))


def faults(public_url: str, api_url: str, portal: str, ask: Get = get) -> list[str]:
    """What is wrong with the deployed stage, in words; empty if nothing. `portal` may be empty before there is one."""
    return [fault for check in _checks(public_url, api_url.rstrip("/"), portal, ask) for fault in check]


def _checks(public_url: str, api_url: str, portal: str, ask: Get) -> Iterator[list[str]]:
    yield _expect(ask(f"{public_url}/healthz"), 200, "/healthz")
    missing = ask(f"{public_url}/no-such-portal/sign-in")
    yield _expect(missing, 404, "the page of a portal that does not exist") + _secure(missing)
    if portal:
        page = ask(f"{public_url}/{portal}/sign-in")
        yield _expect(page, 200, "the sign-in page") + _secure(page) + _mentions(page, "client_number")
    direct = ask(f"{api_url}/healthz")
    yield _expect(direct, 403, "the API asked directly, around the edge")


def _expect(answer: Answer, status: int, what: str) -> list[str]:
    return [] if answer.status == status else [f"{what} answered {answer.status} instead of {status}"]


def _secure(answer: Answer) -> list[str]:
    wanted = ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
    return [f"the header {name} is missing" for name in wanted if not answer.headers.get(name)]


def _mentions(answer: Answer, text: str) -> list[str]:
    return [] if text in answer.body else [f"the sign-in page does not hold {text}"]
