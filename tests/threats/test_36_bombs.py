"""Threat 36. Bombs at the pages: huge bodies, ten thousand fields, deep encodings, NUL → 4xx, in under 200 ms of CPU.

JSON bombs are in tests/api/test_hostile.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest

from tests.browsing import FORM, PUBLIC_URL, Browser, Seen
from tests.factories import Client, ask_code, begin, make_client, sign_in
from tests.world import World

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


@pytest.mark.parametrize("step", [at_start, at_confirm, at_code, at_answer, at_upload])
def test_every_form_refuses_a_bomb_quickly(world: World, step: Step) -> None:
    client, browser = make_client(world), Browser()
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
