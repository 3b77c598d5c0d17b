"""A tiny browser, and a tiny machine, before the real application: every request passes the local API Gateway.

    browser = Browser()
    browser.open(f"/{portal.slug}/")
    browser.fill(client_number="NW-1001", last_name="Nuñez")   # the form that has these fields, hidden ones as they are
    browser.press("Sign out")                                  # the form, or else the link, that is labelled so

A browser keeps cookies by the product's clock and follows 303 as browsers do. `ask` sends one bare request.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property
from threading import Barrier
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import unquote_to_bytes, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from werkzeug.datastructures import Headers

from infra.local.gateway import Gateway
from tests.pages.reading import Element, Page
from tests.world import PUBLIC_URL

FORM = "application/x-www-form-urlencoded"
HOST = urlsplit(PUBLIC_URL).netloc
_MOST_REDIRECTS = 5
T = TypeVar("T")


@cache
def gateway() -> Gateway:
    """The application behind API Gateway, once a process."""
    import app

    return Gateway(app.app)


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and what it would send if nobody typed anything."""

    action: str
    fields: dict[str, str]
    names: frozenset[str]
    buttons: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """An answer. `trail` holds the answers on the way here, redirects, oldest first."""

    status: int
    headers: Headers
    body: bytes
    path: str
    trail: tuple[Seen, ...] = ()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @cached_property
    def page(self) -> Page:
        """The body as a page."""
        return Page(self.text)

    @property
    def shown(self) -> str:
        """What a reader sees of the page, spaces made single."""
        return " ".join(self.page.only("body").text.split())

    @property
    def heading(self) -> str:
        """The page's main heading."""
        return " ".join(self.page.only("h1").text.split())

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers["Location"]

    @cached_property
    def forms(self) -> list[Form]:
        """The forms of the page, in order."""
        return [_form(self.page, each) for each in self.page.all("form")]

    @property
    def errors(self) -> dict[str, str]:
        """Field → what is wrong with it, as the page says it beside the field."""
        told = [each for each in self.page.all("p") if "error" in each.classes]
        return {each.get("id").removesuffix("-error"): each.text.removeprefix("Error: ") for each in told}

    def form_with(self, *names: str) -> Form:
        """The one form that has all these fields."""
        found = [form for form in self.forms if form.names.issuperset(names)]
        assert len(found) == 1, f"{len(found)} forms with {names} at {self.path} ({self.status}): {self.body[:400]!r}"
        return found[0]

    def value_of(self, name: str) -> str:
        """What the field of this name holds already."""
        return self.form_with(name).fields[name]

    @property
    def csrf(self) -> str:
        """The page's form token."""
        tokens = {form.fields["csrf"] for form in self.forms}
        assert len(tokens) == 1, tokens
        return tokens.pop()

    def link(self, label: str) -> str:
        """Where the link labelled so leads."""
        found = [each.get("href") for each in self.page.all("a") if label in " ".join(each.text.split())]
        assert found, f"no link {label!r} at {self.path} ({self.status})"
        return found[0]


def _form(page: Page, form: Element) -> Form:
    fields, names, buttons = {}, set(), []
    for each in page.all("input", "textarea", "button"):
        if each.within("form") is not form:
            continue
        name, kind = each.get("name"), each.get("type")
        if each.tag == "button":
            buttons.append(" ".join(each.text.split()))
        elif name:
            names.add(name)
            if kind in ("radio", "checkbox"):
                if "checked" in each.attributes:
                    fields[name] = each.get("value")
            elif kind != "file":
                fields[name] = each.text if each.tag == "textarea" else each.get("value")
    return Form(form.get("action"), fields, frozenset(names), tuple(buttons))


@dataclass
class _Cookie:
    value: str
    until: int | None


class Browser:
    """One person's browser at one address."""

    def __init__(self, address: str = "203.0.113.10", agent: str = "Mozilla/5.0 (tests)") -> None:
        self.address, self.agent = address, agent
        self.headers: dict[str, str] = {}  # sent with every request, in place of what a browser would send
        self.cookies: dict[str, _Cookie] = {}
        self.seen: Seen | None = None

    @property
    def here(self) -> Seen:
        """The page that is open."""
        assert self.seen is not None, "nothing is open"
        return self.seen

    def open(self, url: str, **headers: str) -> Seen:
        """Go to an address, on to wherever it sends us, and stay there."""
        return self._follow(self.ask("GET", url, headers=headers))

    def fill(self, *, at: str | None = None, **typed: str) -> Seen:
        """Send the form of the open page that has these fields (`at`: and whose action ends so)."""
        form = self.here.form_with(*typed)
        assert at is None or form.action.endswith(at), form.action
        return self.send(form, **typed)

    def press(self, label: str) -> Seen:
        """Press the button, or else the link, whose label starts so."""
        found = [form for form in self.here.forms if any(button.startswith(label) for button in form.buttons)]
        if found:
            return self.send(found[0])
        return self.open(self.here.link(label))

    def send(self, form: Form, **typed: str) -> Seen:
        """Send a form as it stands, but for what is typed."""
        return self._follow(self.post(form.action or self.here.path, {**form.fields, **typed}))

    def post(self, url: str, fields: Mapping[str, str], *, origin: str | None = PUBLIC_URL, **headers: str) -> Seen:
        """One bare form post, by default from our own pages; the redirect it answers is not followed."""
        sent = {**({"Origin": origin} if origin is not None else {}), "Content-Type": FORM, **headers}
        return self.ask("POST", url, urlencode(fields).encode(), headers=sent)

    def ask(self, method: str, url: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None) -> Seen:
        """One request with this browser's cookies, one answer."""
        target = urljoin(self.seen.path if self.seen else "/", url) if not url.startswith("/") else url
        target = target.removeprefix(PUBLIC_URL).partition("#")[0]
        assert not target.startswith("http"), f"{target} is not ours"
        sent = {"User-Agent": self.agent, **_shaped(headers or {}), **self.headers}
        if held := self.cookie_header():
            sent.setdefault("Cookie", held)
        answer = request(method, target, body, headers=sent, address=self.address)
        for line in answer.headers.getlist("Set-Cookie"):
            self._keep(line)
        return answer

    def cookie_header(self) -> str:
        """The cookies as this browser sends them now."""
        return "; ".join(f"{name}={kept.value}" for name, kept in self.cookies.items() if _lives(kept))

    def cookie(self, kind: str) -> str | None:
        """The value of the cookie of this kind (session, step, form, browser), if there is one."""
        prefix = f"__Host-{kind}-"
        return next(
            (kept.value for name, kept in self.cookies.items() if name.startswith(prefix) and _lives(kept)), None
        )

    def set_cookie(self, kind: str, portal: str, value: str) -> None:
        """Put a cookie in by force, as an attacker beside us might."""
        self.cookies[f"__Host-{kind}-{portal}"] = _Cookie(value, None)

    def copy(self, address: str | None = None) -> Browser:
        """Another browser with the same cookies: another tab, or a thief."""
        twin = Browser(address or self.address, self.agent)
        twin.cookies, twin.seen, twin.headers = dict(self.cookies), self.seen, dict(self.headers)
        return twin

    def _follow(self, answer: Seen) -> Seen:
        trail: list[Seen] = []
        while answer.status in (302, 303) and answer.location.startswith((PUBLIC_URL, "/")):
            trail.append(answer)
            assert len(trail) <= _MOST_REDIRECTS, [each.location for each in trail]
            answer = self.ask("GET", answer.location)
        self.seen = Seen(answer.status, answer.headers, answer.body, answer.path, tuple(trail))
        return self.seen

    def _keep(self, line: str) -> None:
        """Keep a cookie as browsers do, which take `__Host-` at its word."""
        pair, *rest = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        flags = {flag.partition("=")[0].lower(): flag.partition("=")[2] for flag in rest}
        if name.startswith("__Host-"):
            assert "secure" in flags and flags.get("path") == "/" and "domain" not in flags, line
        if flags.get("max-age") == "0" or not value:
            self.cookies.pop(name, None)
            return
        self.cookies[name] = _Cookie(value, _now() + int(flags["max-age"]) if "max-age" in flags else None)


@dataclass
class Machine:
    """A company's system: calls the JSON API with a key."""

    key: str
    slug: str = ""
    address: str = "198.51.100.7"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: str) -> Any:
        """What stands at a path, which starts at the portal unless it starts with a slash. Fails unless it is 200."""
        return self._good(self.ask("GET", f"{path}?{urlencode(query)}" if query else path))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Create. An Idempotency-Key is sent along."""
        return self._good(self.ask("POST", path, body, **{"Idempotency_Key": uuid.uuid4().hex, **headers}))

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Change."""
        return self._good(self.ask("PATCH", path, body, **headers))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Seen:
        """One request, whatever it answers."""
        target = f"/api/v1{path}" if path.startswith("/") else f"/api/v1/portals/{self.slug}/{path}".rstrip("/")
        sent = {"Authorization": f"Bearer {self.key}", **self.headers, **_shaped(headers)}
        raw = b"" if body is None else json.dumps(body).encode()
        if raw:
            sent.setdefault("Content-Type", "application/json")
        return request(method, target, raw, headers=sent, address=self.address)

    def _good(self, answer: Seen) -> Any:
        assert answer.status in (200, 201), f"{answer.status} {answer.path}: {answer.text}"
        return answer.json


def request(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    headers: Mapping[str, str] | None = None,
    address: str = "203.0.113.10",
) -> Seen:
    """One HTTP request to the application as API Gateway hands it on: nothing added but what HTTP itself needs."""
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "REMOTE_ADDR": address,
        "HTTP_HOST": HOST,
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    answer = gateway().answer(environ)
    return Seen(answer.status_code, answer.headers, answer.get_data(), target)


def send_file(url: str, fields: Mapping[str, str], content: bytes, name: str = "file") -> Seen:
    """Post a presigned form to the object store, over HTTP; the redirect it answers is not followed."""
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{fields[key]}\r\n' for key in fields]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
    body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return _over_http(Request(url, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}))


def fetch(url: str) -> Seen:
    """Get a presigned address from the object store, over HTTP."""
    return _over_http(Request(url))


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Redirects are for the test to look at."""


def _over_http(asked: Request) -> Seen:
    try:
        with build_opener(_Stay).open(asked, timeout=10) as answer:
            return Seen(answer.status, Headers(list(answer.headers.items())), answer.read(), asked.full_url)
    except HTTPError as error:
        return Seen(error.code, Headers(list(error.headers.items())), error.read(), asked.full_url)


def at_once(calls: Sequence[Callable[[], T]] | Iterable[Callable[[], T]], *, threads: int = 32) -> list[T]:
    """Make all calls with real threads that start together, `threads` at a time; their answers in order."""
    waiting = list(calls)
    size = min(threads, len(waiting))
    gate = Barrier(size)
    with ThreadPoolExecutor(size, initializer=lambda: _wait_at(gate)) as pool:
        return [each.result() for each in [pool.submit(call) for call in waiting]]


def _wait_at(gate: Barrier) -> None:
    gate.wait(timeout=30)


def _shaped(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names as Python spells them (`If_Match`) or as HTTP does."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _now() -> int:
    from chalicelib import clock

    return clock.timestamp()


def _lives(kept: _Cookie) -> bool:
    return kept.until is None or kept.until > _now()
