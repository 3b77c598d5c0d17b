"""Threat 36. Bombs at the pages: huge bodies, ten thousand fields, deep encodings, NUL → 4xx, in under 200 ms of CPU.

JSON bombs are in tests/api/test_hostile.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest

from chalicelib.people import credentials
from tests import staffing
from tests.browsing import FORM, PUBLIC_URL, Browser, Seen
from tests.customers import make_customer_account, newest_link, password_portal
from tests.factories import Client, ask_code, begin, make_client, make_machine, sign_in, staff
from tests.world import World

pytestmark = pytest.mark.usefixtures("real_hashes")  # what is sent must not cost one
MOST_SECONDS = 0.2


def deep(text: str, times: int = 200) -> str:
    for _ in range(times):
        text = quote(text, safe="")[:4000]
    return text


BOMBS: dict[str, bytes] = {
    "65 KB": b"comment=" + b"x" * 65_600,
    "6 MB": b"comment=" + b"x" * 6_000_000,
    "6 MB of escapes": b"comment=" + b"%41" * 2_000_000,
    "10,000 fields": b"&".join(b"f%d=1" % number for number in range(10_000)),
    "10,000 fields, short": b"a&" * 10_000,
    "separators only": b"&" * 60_000,
    "equals only": b"=" * 60_000,
    "not UTF-8": b"comment=%ff%fe%80",
    "half a character": b"comment=%e2%82",
    "a surrogate": b"comment=%ed%a0%80",
    "binary": bytes(range(256)) * 200,
}
HARMLESS: dict[str, bytes] = {
    "NUL": b"comment=%00%00&answer=%00",
    "deep escapes": b"comment=" + deep("<x>").encode(),
    "no value": b"comment&answer",
    "broken escapes": b"comment=%zz%1&answer=%",
    "empty": b"",
    "a long name": b"x" * 60_000 + b"=1",
    "many accents": b"comment=" + quote("a" + "\u0301" * 9000).encode()[:60_000].rpartition(b"%CC")[0],
    "wide letters": b"last_name="
    + quote("\ufdfa" * 6000).encode()
    + b"&client_number="
    + quote("\ufdfa" * 200).encode(),
}
Step = Callable[[World, Client, Browser], str]


def at_start(world: World, client: Client, browser: Browser) -> str:
    browser.open(f"/{client.slug}/sign-in")
    return f"/{client.slug}/sign-in"


def at_confirm(world: World, client: Client, browser: Browser) -> str:
    begin(browser, client)
    return f"/{client.slug}/sign-in/confirm"


def at_code(world: World, client: Client, browser: Browser) -> str:
    ask_code(browser, client)
    return f"/{client.slug}/sign-in/code"


def at_answer(world: World, client: Client, browser: Browser) -> str:
    sign_in(world, browser, client)
    browser.open(client.batch_path)
    return f"{client.batch_path}/answer"


def at_upload(world: World, client: Client, browser: Browser) -> str:
    sign_in(world, browser, client)
    browser.open(f"{client.batch_path}/upload")
    return f"{client.batch_path}/upload"


def at_page(path: str) -> Step:
    """At a page that anybody may open."""

    def open_it(world: World, client: Client, browser: Browser) -> str:
        browser.open(f"/{client.slug}{path}")
        return f"/{client.slug}{path}"

    return open_it


def at_set_password(world: World, client: Client, browser: Browser) -> str:
    account, _ = make_customer_account(client.portal)
    credentials.send_create(staff(client.portal), client.portal, account.id)
    world.drain()
    browser.open(newest_link(world, account.primary_emails[0], "create-credential"))
    browser.press("Continue")
    return f"/{client.slug}/set-password"


def at_factor(world: World, client: Client, browser: Browser) -> str:
    browser.open(f"/{client.slug}/staff/sign-in")
    browser.fill(username=staffing.make_colleague(client.slug).email, password=staffing.PASSWORD)
    return f"/{client.slug}/staff/sign-in/factor"


def at_security(rest: str) -> Step:
    """At a form of a staff user's security page, the same as a client's."""

    def open_it(world: World, client: Client, browser: Browser) -> str:
        browser.set_cookie("staff", client.slug, staffing.make_session(client.slug).secret)
        browser.open(f"/{client.slug}/staff/security{rest}")
        return f"/{client.slug}/staff/security{rest}"

    return open_it


# Where nobody is found under so long a name, which is told to nobody; and what is not read beyond what is a choice of.
HARMLESS_IF_LONG = {(200, "username"), (200, "client_number"), (303, "next"), (303, "remember")}
STEPS: dict[str, Step] = {
    "start": at_start, "confirm": at_confirm, "code": at_code, "answer": at_answer, "upload": at_upload,
    "password": at_page("/sign-in/password"), "staff": at_page("/staff/sign-in"), "set-password": at_set_password,
    "forgot": at_page("/forgot-password"), "first": at_page("/first-time"), "factor": at_factor,
    "again": at_security("/confirm"), "change": at_security("/password"), "app": at_security("/app"),
    "mobile": at_security("/mobile"), "address": at_security("/address"),
}  # fmt: skip


@pytest.fixture
def client(world: World) -> Client:
    return make_client(world, password_portal(world, policy={"sign_in_ways": ["code", "password"]}))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_form_refuses_a_bomb_quickly(world: World, client: Client, step: Step) -> None:
    browser = Browser()
    path = step(world, client, browser)
    token = next(form.fields["csrf"] for form in browser.here.forms if "csrf" in form.fields)
    post(browser, path, b"")  # whatever is loaded at first use is loaded
    for name, bomb in BOMBS.items():
        for body in (bomb, f"csrf={token}&".encode() + bomb):
            seen, seconds = post(browser, path, body)
            assert 400 <= seen.status < 500, (name, seen.status)
            assert seconds < MOST_SECONDS * (3 if "6 MB" in name else 1), (name, seconds)  # its own way through JSON
            assert len(seen.body) < 20_000
    for name, bomb in HARMLESS.items():
        seen, seconds = post(browser, path, f"csrf={token}&".encode() + bomb)
        assert seen.status < 500, (name, seen.status)
        assert seconds < MOST_SECONDS, (name, seconds)
        assert len(seen.body) < 40_000, name


RIGHT = {"username": "northwind.tests", "password": "quiet-meadow-77-violin", "current_password": staffing.PASSWORD}
LONG = {
    "letters": "a" * 10_000, "digits": "1" * 10_000, "punctuation": "@$(!" * 2_500, "wide": "\ufdfa" * 1_500,
    "accents": "a\u0301" * 1_500, "a link's": "1.0." + "A" * 9_996,
    "words": "harbour-lantern-42-otter " * 400,
}  # fmt: skip


@pytest.mark.parametrize("what", LONG)
@pytest.mark.parametrize(
    "step", [name for name in STEPS if name not in ("answer", "upload", "start", "confirm", "code")]
)
def test_ten_thousand_characters_are_refused_by_every_field_of_a_credential(
    world: World, client: Client, step: str, what: str
) -> None:
    """Passwords, codes, usernames, numbers: no argon2, no zxcvbn and no normal form of all that."""
    browser = Browser()
    path = STEPS[step](world, client, browser)
    form = max(browser.here.forms, key=lambda form: len(form.names) + 10 * bool({"csrf"} & form.names))
    right = {**form.fields, **{name: text for name, text in RIGHT.items() if name in form.names}}
    post(browser, path, urlencode({**right, "password": "x", "code": "1"}).encode())  # whatever is loaded is loaded
    for name in (
        form.names - {"csrf"} - ({"username"} if step == "change" else set())
    ):  # that one is for password managers
        seen, seconds = post(browser, path, urlencode({**right, name: LONG[what]}).encode())
        assert 400 <= seen.status < 500 or (seen.status, name) in HARMLESS_IF_LONG, (name, seen.status)
        assert seconds < MOST_SECONDS, (name, seconds)
        assert len(seen.body) < 40_000


@pytest.mark.parametrize(
    "password", ["@$(!" * 30, "4@1!" * 18, "p4$$w0rd" * 9, "aA1!" * 32, "\ufdfa" * 6, "a\u0301" * 60]
)
def test_the_worst_password_that_is_short_enough_is_judged_quickly(world: World, client: Client, password: str) -> None:
    browser = Browser()
    path = at_set_password(world, client, browser)
    form = browser.here.form_with("username", "password")
    post(browser, path, urlencode({**form.fields, "username": "somebody", "password": "too short"}).encode())
    typed = {**form.fields, "username": "northwind", "password": password}
    seen, seconds = post(browser, path, urlencode(typed).encode())
    assert seen.status in (303, 400) and seconds < 2 * MOST_SECONDS, (
        seen.status,
        seconds,
    )  # zxcvbn's work, and argon2's


@pytest.mark.parametrize("what", LONG)
def test_ten_thousand_characters_are_refused_by_the_api_of_credentials(world: World, client: Client, what: str) -> None:
    machine, browser = make_machine(client.portal), staffing.make_session(client.slug)
    someone = staffing.make_colleague(client.slug).id
    calls = [
        lambda: machine.ask("PATCH", f"accounts/{client.account.id}/credential", {"username": LONG[what]}).status,
        lambda: machine.ask("POST", "staff", {"email": LONG[what], "role": "agent"}).status,
        lambda: (
            machine.ask("POST", "staff", {"email": "a@b.example", "first_name": LONG[what], "role": "agent"}).status
        ),
        lambda: machine.ask("PATCH", f"staff/{someone}", {"email": f"{LONG[what]}@b.example"}).status,
        lambda: browser.post(f"/portals/{client.slug}/me/step-up", {"code": LONG[what]}).status,
    ]
    for number, call in enumerate(calls):
        started = time.process_time()
        assert call() == 400, number
        assert time.process_time() - started < MOST_SECONDS, number


def test_fields_beyond_any_form_are_refused_even_beside_the_right_ones(world: World) -> None:
    client, browser = make_client(world), Browser()
    browser.open(f"/{client.slug}/sign-in")
    right = urlencode(
        {**browser.here.form_with("last_name").fields, "client_number": client.number, "last_name": "Nunez"}
    )
    for number, status in ((20, 303), (60, 400), (10_000, 400)):
        body = f"{right}&{'&'.join(f'f{n}=' for n in range(number))}".encode()[:65_000]
        assert post(browser, f"/{client.slug}/sign-in", body)[0].status == status


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=x", "application/json", "text/plain", "", "a/b" * 900]
)
def test_a_body_of_another_kind_is_not_even_read(world: World, content_type: str) -> None:
    client = make_client(world)
    browser = Browser()
    browser.open(f"/{client.slug}/sign-in")
    seen, seconds = post(browser, f"/{client.slug}/sign-in", b"--x\r\n" * 10_000, content_type)
    assert 400 <= seen.status < 500 and seconds < MOST_SECONDS


PATHS = [
    "/" + "a" * 8000, "/{slug}/" + "a/" * 4000, "/{slug}/" + "%2e%2e%2f" * 800, "/{slug}/batches/" + "0" * 8000,
    "/{slug}/%00", "/{slug}/sign-in?" + "next=/x&" * 900, "/{slug}/sign-in?next=" + "%25" * 2500,
    "/{slug}/sign-in?notice=%00%ff%fe", "/{slug}?" + "&" * 8000, "/{slug}/sign-in?" + "a" * 9000, "/%ff%fe/sign-in",
    "/{slug}/batches/%ed%a0%80", "//" * 2000, "/{slug}/sign-in/../../../etc/passwd", "/{slug}/sign-in%0d%0aX: y",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=[path[:40] for path in PATHS])
def test_no_address_breaks_a_page(world: World, path: str) -> None:
    client = make_client(world)
    browser = Browser()
    browser.open(f"/{client.slug}/sign-in")
    started = time.process_time()
    seen = browser.ask("GET", path.format(slug=client.slug))
    assert seen.status < 500
    assert time.process_time() - started < MOST_SECONDS
    assert "X" not in seen.headers


def post(browser: Browser, path: str, body: bytes, content_type: str = FORM) -> tuple[Seen, float]:
    started = time.process_time()
    seen = browser.copy().ask("POST", path, body, headers={"Origin": PUBLIC_URL, "Content-Type": content_type})
    return seen, time.process_time() - started
