"""Threat 9. Referer: no address of ours reaches anybody else, no page asks anybody else for anything.

The one link that mails carry holds no token: a batch's address, which opens nothing without signing in. Pages send
`same-origin` instead of `no-referrer`, with which Chromium would post our own forms with a null origin.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from tests.browsing import Browser, Seen
from tests.factories import ask_code, begin, make_client, newest_code
from tests.world import PUBLIC_URL, World

_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}


def asked_of_others(seen: Seen) -> list[str]:
    """Addresses of other hosts that a browser would fetch by itself, from a page or its headers."""
    loaded = [each.get(_LOADED[each.tag]) for each in seen.page.all(*_LOADED)]
    styled = seen.text.split("url(")[1:]
    linked = seen.headers.getlist("Link")
    return [address for address in (*loaded, *styled, *linked) if not address.startswith("/static/")]


def test_no_page_of_the_journey_asks_a_third_party_or_sends_a_referrer(world: World) -> None:
    client = make_client(world)
    world.drain()
    link = world.newest(client.email).link
    assert urlsplit(link).query == "" == urlsplit(link).fragment
    browser, pages = Browser(), []
    pages.append(browser.open(link))
    pages.append(begin(browser, client, next_path=client.batch_path))
    pages.append(ask_code(browser, client))
    pages.append(browser.fill(code="000000"))
    world.drain()
    pages.append(browser.fill(code=newest_code(world, client.email)))
    pages += [browser.open(client.batch_path), browser.open(f"{client.batch_path}/upload"), browser.open("/nowhere/")]
    answers = [each for seen in pages for each in (*seen.trail, seen)]
    assert len(pages) == 8 and len(answers) > 10
    assert [seen.headers["Referrer-Policy"] for seen in answers] == ["same-origin"] * len(answers)
    assert [address for seen in pages for address in asked_of_others(seen)] == []
    for seen in answers:
        for name in ("code", "token", "csrf", "session", "client_number", "last_name", "destination"):
            assert name not in dict(parse_qsl(urlsplit(seen.path).query)), seen.path
    for seen in pages:
        outside = [each for each in seen.page.all("a", "form") if each.get("href").startswith("http")]
        assert all("noopener" in each.get("rel") or each.get("href").startswith(PUBLIC_URL) for each in outside)
