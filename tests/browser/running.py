"""The local runtime in a process of its own, a browser before it, and what people do with both."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Route, sync_playwright

from infra.local.demo import Api
from tests.pages.preview import ROOT, chromium

EXECUTABLE = chromium()
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-sync",
]  # fmt: skip
IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="NO CHROMIUM ON THE PATH: nothing was tried in a browser"),
]
LOGOS = "https://acme.example/"  # the company's own site: all that a page may show from elsewhere
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
LINES = [
    {
        "carrier": "Northstar Health", "plan": "PPO 1500", "coverage": "Employee and family", "employee_cost": "412.50",
        "employer_cost": "1237.50", "change_percent": "6.4",
    },
    {
        "carrier": "Brightsmile", "plan": "Dental Plus", "coverage": "Employee", "employee_cost": "38.20",
        "change_percent": "-2.5",
    },
]  # fmt: skip
_numbers = itertools.count(1)


def until(look: Callable[[], Any], seconds: float = 15, every: float = 0.03) -> Any:
    """What `look` gives as soon as it gives something. The runtime lives by the real clock."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"waited {seconds} seconds in vain"
        time.sleep(every)
    return found


class Local:
    """`python -m infra.local` on a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (folder.parent / f"{folder.name}.log").open("ab")

    def start(self) -> Local:
        """Start it, and come back when all is up."""
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("LATCHSTRING_", "AWS_"))}
        settings |= {"LOCAL_DIR": str(self.folder), "PORT": str(self.port)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.local"], cwd=ROOT, env=settings, stdout=self._log, stderr=self._log,
            start_new_session=True,
        )  # fmt: skip
        until(self._is_up, 60)
        return self

    def _is_up(self) -> bool:
        assert self._process and self._process.poll() is None, f"the runtime ended by itself: see {self._log.name}"
        with suppress(URLError, OSError), urlopen(f"{self.url}/healthz", timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ok")
        return False

    def kill(self) -> None:
        """As by the power cord: it and its database, at the same moment."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """As by Ctrl-C."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)
        self._log.close()

    @property
    def api(self) -> Api:
        """The JSON API, with the demo's key of the whole deployment."""
        return Api(self.url, json.loads((self.folder / "demo.json").read_text())["api_key"])

    def inbox(self, to: str = "") -> list[dict[str, Any]]:
        """What was sent, newest first."""
        with urlopen(f"{self.url}/inbox/messages.json?to={quote(to)}", timeout=10) as answer:
            return list(json.load(answer))

    def newest_code(self, to: str, seen: int = 0) -> str:
        """The code in the newest message to an address, once there are more of them than were seen."""

        def look() -> str | None:
            codes = [code for each in self.inbox(to) if (code := _code(each))]
            return codes[0] if len(codes) > seen else None

        return str(until(look))

    def newest_link(self, to: str, path: str, but: str = "") -> str:
        """The newest link to a page that reached an address, once there is one, and another than `but`."""

        def look() -> str | None:
            words = (word for each in self.inbox(to) for word in each["text"].split())
            newest = next((word for word in words if f"/{path}?t=" in word), but)
            return newest if newest != but else None

        return str(until(look))

    def codes_to(self, to: str) -> int:
        """How many codes went to an address so far."""
        return sum(_code(each) is not None for each in self.inbox(to))


def _code(message: dict[str, Any]) -> str | None:
    found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", message["subject"] or message["text"])
    return found[0] if found and (message["channel"] == "sms" or "code" in message["subject"]) else None


class Shop:
    """A portal with one client to whom a batch is open, made over the API."""

    def __init__(self, local: Local, **settings: Any) -> None:
        self.local, self.api, number = local, local.api, next(_numbers)
        self.slug = f"shop-{os.getpid()}-{number}"
        self.number, self.last_name = f"SH-{number:03}", "O'Connor-Núñez"
        self.email, self.mobile = f"maria{number}@{self.slug}.example", f"+1415555{1000 + number % 9000}"
        self.staff = f"renewals@{self.slug}.example"
        support = {"email": "help@acme.example", "phone": "+1 212 555 0100", "hours": "9 to 5"}
        self.call("POST", "", {
            "slug": self.slug, "name": "Acme Benefits", "support": support, "time_zone": "America/New_York",
            "notifications": {"staff_emails": [self.staff]}, **settings,
        })  # fmt: skip
        person = {
            "first_name": "Maria", "last_name": self.last_name, "emails": [self.email], "mobile": self.mobile,
        }  # fmt: skip
        self.account = self.call(
            "POST", "accounts", {"name": "Rivera Bakery", "number": self.number, "contacts": [person]}
        )
        self.contact = self.account["contacts"][0]
        self.batch = self.call("POST", "batches", {
            "account_id": self.account["id"], "renewal_contact_id": self.contact["id"], "title": "2031 benefits renewal",
            "plan_year": "2031", "effective_date": "2031-01-01", "answer_by": "2030-12-11", "lines": LINES,
            "summary": "Medical rises a little.\n\nDental comes down.", "open_to_portal": True,
        })  # fmt: skip
        self.at_batch = f"batches/{self.batch['id']}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the API below the portal; "" with POST makes the portal itself."""
        whole = (
            "/api/v1/portals" if (method, path) == ("POST", "") else f"/api/v1/portals/{self.slug}/{path}".rstrip("/")
        )
        return self.api.call(method, whole, body)

    def place_in_review(self) -> None:
        """Tell the contact."""
        self.call("PATCH", self.at_batch, {"status": "client_review"})

    def url(self, path: str = "") -> str:
        """An address of the portal."""
        return f"{self.local.url}/{self.slug}{path}"


class Tab:
    """A page of a browser that notes what goes wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.context.route(re.compile(r"^(?!http://127\.0\.0\.1[:/])http"), self._went_elsewhere)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrong.append(f"error in a script: {error}"))
        page.on("dialog", lambda dialog: (self.wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))

    def _went_elsewhere(self, route: Route) -> None:
        if not route.request.url.startswith(LOGOS):
            self.wrong.append(f"asked another host: {route.request.url} at {self.page.url}")
        route.fulfill(status=204)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.wrong.append(f"{message.text} at {self.page.url}")

    def press(self, name: str) -> None:
        """Press a button; where that leads stands when this returns."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()

    def type(self, **typed: str) -> None:
        """Type into fields by the name they are sent under."""
        for name, text in typed.items():
            self.page.locator(f"[name={name}]:not([type=hidden])").fill(text)

    def sign_in(self, shop: Shop, *, by: str = "email") -> None:
        """From the first page on, wherever that leads."""
        to = shop.email if by == "email" else shop.mobile
        self.type(client_number=shop.number, last_name=shop.last_name.upper())
        self.press("Next")
        self.page.get_by_label("Text message" if by == "sms" else "Email", exact=True).check()
        self.type(destination=to)
        seen = shop.local.codes_to(to)
        self.press("Send Verification Code")
        self.type(code=shop.local.newest_code(to, seen))
        self.press("Next")


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """The runtime, once for all tests of this process."""
    runtime = Local(tmp_path_factory.mktemp("local") / "data").start()
    yield runtime
    runtime.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright: a module at a time, since two cannot be open in one thread."""
    with sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium."""
    opened = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
    yield opened
    opened.close()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, each in a context of its own; whatever went wrong in one fails the test."""
    tabs: list[Tab] = []

    def opened(width: int = 1280, height: int = 900, **options: Any) -> Tab:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(15_000)
        tabs.append(Tab(context.new_page()))
        return tabs[-1]

    yield opened
    for tab in tabs:
        tab.page.context.close()
    assert [each for tab in tabs for each in tab.wrong] == []


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    """One tab at desktop width."""
    return open_tab()


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
