"""Threat 30. Open redirect: after signing in, and everywhere else, a browser is only ever sent on within our own pages."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest

from chalicelib.security.sealed import unseal
from chalicelib.signin.by_client_number import Visit
from tests.browsing import Browser, request
from tests.factories import make_client, newest_code, sign_in
from tests.world import PUBLIC_URL, World

EVIL = (
    "//evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example", "https:evil.example",
    "https:/evil.example", "https://evil.example", "HTTPS://EVIL.EXAMPLE",
    "http://portal.example.com@evil.example/", "//portal.example.com@evil.example",
    "https://portal.example.com.evil.example/", "///evil.example", "////evil.example", "/%2f%2fevil.example",
    "/%5cevil.example", "%2f%2fevil.example", "/{slug}//evil.example", "/{slug}/../../evil.example",
    "/{slug}/..//evil.example", "/{slug}/%2e%2e/x", "/{slug}@evil.example", "/{slug}.evil.example",
    "/{slug}/\t//evil.example", "/\t/evil.example", "/\n/evil.example", "\x01//evil.example",
    " //evil.example", "/{slug}/\r\nSet-Cookie: a=b", "/{slug}/\r\nLocation: https://evil.example",
    "javascript:alert(1)", "data:text/html,x", "/{slug}/batches/https://evil.example",
    "/{slug}/batches/{id}?x=//evil.example", "/{slug}/batches/{id}#//evil.example", "/{slug}/sign-out",
    "/{other}/batches/{id}", "/{other}", "/api/v1/portals", "/{slug}/batches/{id}/answer",
    "/{slug}/batches/{upper}", "/{slug}/batches/\u0660{id}", "evil.example", "?", "#", "/", "", "//",
    "/{slug}/batches/" + "a" * 5000, "／／evil.example", "/{slug}/batches/{id}\u2028", "/{slug}/batches/{id}\n",
)  # fmt: skip


def leads_outside(location: str, inside: str) -> bool:
    """Whether a browser that is sent there leaves the portal's own pages."""
    at = urlsplit(urljoin(f"{PUBLIC_URL}/x", location.replace("\\", "/")))
    return f"{at.scheme}://{at.netloc}" != PUBLIC_URL or not f"{at.path}/".startswith(f"/{inside}/")


@pytest.fixture
def payloads(world: World) -> tuple[str, list[str]]:
    client, other = make_client(world), make_client(world)
    values = {"slug": client.slug, "other": other.slug, "id": client.batch.id, "upper": client.batch.id.upper()}
    return client.slug, [text.format(**values) for text in EVIL]


def test_no_address_from_outside_survives_into_the_form_or_the_step(payloads: tuple[str, list[str]]) -> None:
    slug, evil = payloads
    assert len(evil) >= 50
    for text in evil:
        browser = Browser()
        seen = browser.open(f"/{slug}/sign-in?next={quote(text.encode(), safe='')}")
        assert seen.status == 200
        offered = [form.fields["next"] for form in seen.forms if "next" in form.names]
        assert not [each for each in offered if each and leads_outside(each, slug)], text
        # And as a forger of the form would send it.
        form = seen.form_with("client_number")
        answer = browser.post(form.action, {**form.fields, "client_number": "1", "last_name": "x", "next": text})
        assert answer.status == 303 and answer.location == f"/{slug}/sign-in/confirm"
        visit = unseal("step", f"{slug}#{browser.cookie('form')}", browser.cookie("step") or "", Visit)
        assert visit is not None
        assert visit.next_path in ("", f"/{slug}"), text
        assert not leads_outside(visit.next_path or f"/{slug}/", slug)


@pytest.mark.parametrize("text", ["//evil.example", "/\\evil.example", "https:evil.example", "/{slug}//evil.example"])
def test_a_whole_sign_in_with_a_hostile_next_lands_on_the_welcome_page(world: World, text: str) -> None:
    client = make_client(world)
    browser = Browser()
    browser.open(f"/{client.slug}/sign-in")
    form = browser.here.form_with("client_number")
    typed = {"client_number": client.number, "last_name": client.last_name, "next": text.format(slug=client.slug)}
    browser.send(form, **typed)
    browser.fill(method="email", destination=client.email)
    world.drain()
    seen = browser.fill(code=newest_code(world, client.email))
    assert [each.location for each in seen.trail] == [f"/{client.slug}/"] and seen.heading == "Welcome"


def test_no_path_makes_any_page_redirect_outside(world: World) -> None:
    client = make_client(world)
    browser = Browser()
    sign_in(world, browser, client)
    paths = [
        "//evil.example", "//evil.example/%2e%2e", "/%2fevil.example", "/%5cevil.example/",
        "/evil.example/sign-in", "/\\evil.example", f"/{client.slug}//evil.example",
        f"/{client.slug}/%2f%2fevil.example", f"/{client.slug}/batches//evil.example",
        f"/{client.slug}/batches/%0d%0aLocation:%20https:%2f%2fevil.example",
        f"/{client.slug}?next=//evil.example", f"/{client.slug}/batches/{client.batch.id}?next=//evil.example",
        f"//{client.slug}/batches/x",
    ]  # fmt: skip
    for path in paths:
        for seen in (browser.ask("GET", path), request("GET", path)):
            location = seen.headers.get("Location")
            assert location is None or not leads_outside(location, client.slug), path
            assert len(seen.headers.getlist("Location")) <= 1
