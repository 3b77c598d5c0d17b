"""Threat 25. Stored XSS: 50 payloads wherever somebody else's words are shown → 0 executions, 0 elements, in a real
browser: the hosted pages, the mails as the inbox renders them, the documentation page.

The pages' own policy would stop a script as well. So that escaping alone is tested, the browser is told to ignore it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from infra.local import demo_files
from tests.browser.running import IN_BROWSER, PDF, Local, Shop, Tab, browser, local, open_tab, playwright, until
from tests.records import MODULES

__all__ = ["browser", "local", "open_tab", "playwright"]
pytestmark = IN_BROWSER

RUN = "hit(1)"
PAYLOADS = [
    f"<script>{RUN}</script>", f"<ScRiPt>{RUN}</sCrIpT>", f"</title><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>", f"<svg onload={RUN}>", f"<svg/onload={RUN}>", f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>", f"<iframe src=javascript:{RUN}>",
    f"<a href=javascript:{RUN} id=pwn>x</a>", f'"><script>{RUN}</script>', f"'><script>{RUN}</script>",
    f'" onmouseover={RUN} x="', f"' onfocus={RUN} autofocus '", f'" autofocus onfocus={RUN} "', f"`onload={RUN}`",
    f"</textarea><script>{RUN}</script>", f"</style><script>{RUN}</script>", f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>", f"<details open ontoggle={RUN}>", f"<video><source onerror={RUN}>",
    f"<input autofocus onfocus={RUN}>", f"<select autofocus onfocus={RUN}>", f"<marquee onstart={RUN}>",
    f"<object data=javascript:{RUN}>", f"<embed src=javascript:{RUN}>", f"<math><mi xlink:href=javascript:{RUN}>",
    f"<base href=javascript:{RUN}//>", f"<link rel=import href=data:text/html,{RUN}>",
    f"<meta http-equiv=refresh content='0;javascript:{RUN}'>", f"<form action=javascript:{RUN}><button id=pwn>",
    "<pwn-x>", f"<template><script>{RUN}</script></template>", f"<style>@import'javascript:{RUN}'</style>",
    f"<x onclick={RUN} id=pwn>", f"&lt;script&gt;{RUN}&lt;/script&gt;", f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{RUN}", f"%3Cscript%3E{RUN}%3C/script%3E", f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"{{% set x={RUN} %}}", f"${{{RUN}}}", f"https://x.example/'onmouseover={RUN}//",
    f'https://x.example/"onmouseover={RUN}//', f"javascript:{RUN}", f"data:text/html,<script>{RUN}</script>",
    f"www.x.example/<script>{RUN}</script>", f"mailto:a@b.example?x=<script>{RUN}</script>",
    f"<noscript><p title='</noscript><script>{RUN}</script>'>",
]  # fmt: skip
SHORT = 3  # payloads that one field of 200 characters holds for sure
WATCH = "window.hit = () => document.documentElement.setAttribute('data-hit', location.href);"


class Watched:
    """A tab that ignores the pages' policy and notes every execution and every element that a payload made."""

    def __init__(self, tab: Tab) -> None:
        self.page, self.tab = tab.page, tab
        self.looked = 0
        self.page.context.add_init_script(WATCH)

    def open(self, url: str) -> None:
        """Go there, and look."""
        self.page.goto(url)
        self.look()

    def press(self, name: str) -> None:
        """Press a button, and look at the page that it leads to."""
        with self.page.expect_navigation():
            self.tab.press(name)
        self.look()

    def look(self) -> None:
        """Move over everything and focus everything, then see what has run and what is there that should not be."""
        self.page.wait_for_function("() => document.body && document.readyState === 'complete'")
        found: list[str] = self.page.evaluate(
            """() => {
              for (const each of document.querySelectorAll('body *')) {
                each.dispatchEvent(new MouseEvent('mouseover')); each.dispatchEvent(new FocusEvent('focus'));
              }
              const strange = [...document.querySelectorAll('#pwn, pwn-x, svg, iframe:not([title]), marquee, math, object, '
                + 'embed, base[href], video, body script, [onerror], [onload], [onfocus], [onmouseover], [onclick], '
                + '[ontoggle], [href^="javascript:"], [src^="javascript:"], [action^="javascript:"], [href^="data:text"]')];
              const hit = document.documentElement.getAttribute('data-hit');
              return [...strange.map((each) => each.outerHTML.slice(0, 200)), ...(hit ? ['RAN at ' + hit] : [])];
            }"""
        )
        assert found == [], (self.page.url, found)
        self.looked += 1


@pytest.fixture
def watched(open_tab: Callable[..., Tab]) -> Watched:
    return Watched(open_tab(bypass_csp=True))


@pytest.mark.parametrize("payload", [PAYLOADS[3], PAYLOADS[4], PAYLOADS[32]])
def test_the_watch_sees_what_runs(local: Local, watched: Watched, payload: str) -> None:
    """The tests below can fail."""
    watched.page.goto(f"{local.url}/no-such-portal/")
    watched.page.evaluate("html => { document.querySelector('main').innerHTML = html }", payload)
    watched.page.wait_for_timeout(50)
    with pytest.raises(AssertionError):
        watched.look()


def test_fifty_payloads_in_all_that_staff_can_write_on_the_pages_for_visitors(local: Local, watched: Watched) -> None:
    assert len(PAYLOADS) == 50
    url = "https://acme.example/%22onmouseover=hit(1)"
    for start in range(0, len(PAYLOADS), SHORT):
        some = PAYLOADS[start : start + SHORT]
        line, long = fitting(some, 200), "\n\n".join(some if start else PAYLOADS)[:3900]
        names = dict.fromkeys(LINE_WORDS, line) | dict.fromkeys(LONG_WORDS, long)
        shop = Shop(
            local, name=line, wording=names, incident_banner=line, privacy_url=url, branding={"logo_url": url},
            support={"email": "help@acme.example", "phone": f"{line[:180]} 555 0100", "hours": line},
        )  # fmt: skip
        for path in ("/sign-in", "/trouble"):
            watched.open(shop.url(path))
    assert watched.looked == 2 * -(-len(PAYLOADS) // SHORT)


LINE_WORDS = (
    "sign_in_heading", "client_number_label", "client_number_hint", "last_name_label", "next_label", "confirm_heading",
    "send_code_label", "welcome_heading",
)  # fmt: skip
LONG_WORDS = ("sign_in_instructions", "additional_notes", "confirm_instructions", "welcome_text", "trouble_text")


def test_fifty_payloads_in_all_that_a_client_sees_and_in_the_mails(local: Local, watched: Watched) -> None:
    shop = Shop(local, wording={"welcome_text": "\n\n".join(PAYLOADS)[:3900]})
    page, tab = watched.page, watched.tab
    lines = [{"carrier": each, "plan": each, "coverage": each} for each in PAYLOADS]
    shop.call("PATCH", shop.at_batch, {"lines": lines, "summary": "\n\n".join(PAYLOADS)[:3900]})
    for each in PAYLOADS[:12]:
        share(shop, f"{each.replace('/', '_').replace(chr(92), '_')}.pdf")
    shop.place_in_review()
    page.goto(shop.url(f"/{shop.at_batch}"))
    type_payloads(watched, shop)
    tab.sign_in(shop)
    page.wait_for_url("**/batches/**")
    watched.look()
    shop.call("PATCH", shop.at_batch, {"lines": lines[:1], "summary": ""})
    for start in range(0, len(PAYLOADS), SHORT):
        words = fitting(PAYLOADS[start : start + SHORT], 200)
        shop.call("PATCH", f"contacts/{shop.contact['id']}", {"first_name": words})
        shop.call("PATCH", f"accounts/{shop.account['id']}", {"name": words})
        shop.call("PATCH", shop.at_batch, {"title": words, "plan_year": words})
        shop.call("POST", f"{shop.at_batch}/notify")
        watched.open(shop.url("/"))
        watched.open(shop.url(f"/{shop.at_batch}"))
    comment = "\n".join(PAYLOADS)[:3900]
    page.get_by_label("Your comment").fill(comment)
    watched.press("Send my answer")  # without an answer: the comment comes back in its field
    page.get_by_label("I ask for changes").check()
    watched.press("Send my answer")
    assert page.locator("blockquote").inner_text().startswith(PAYLOADS[0])
    look_at_the_mails(local, watched, shop)


def test_fifty_payloads_on_a_client_s_record(local: Local, watched: Watched) -> None:
    """Whoever of staff and client wrote them, the other one reads them."""
    shop = Shop(local, modules=MODULES)
    shop.call("PATCH", "", {"product_statuses": ["Active", *PAYLOADS[:12]]})
    at = f"accounts/{shop.account['id']}"
    named = [each for each in PAYLOADS if not {"/", "\\"} & set(each)]  # what may be the name of a file
    for number, each in enumerate(PAYLOADS):
        status = each if number < 12 else "Active"
        words = dict.fromkeys(("carrier", "plan", "policy_number", "coverage_type"), each)
        shop.call("POST", f"{at}/products", {**words, "status": status, "allow_client_access": True})
        shop.call("POST", f"{at}/links", {"title": each, "url": "https://x.example/", "allow_client_access": True})
        made = shop.call("POST", f"{at}/prescriptions", dict.fromkeys(("name", "dosage", "pharmacy", "notes"), each))
        shop.call("POST", f"{at}/providers", dict.fromkeys(("name", "specialty", "practice", "address"), each))
        if each in named:
            share(shop, f"{each}.pdf", f"{at}/documents", allow_client_access=True)
    shop.place_in_review()
    watched.page.goto(shop.url(f"/{shop.at_batch}"))
    watched.tab.sign_in(shop)
    watched.page.wait_for_url("**/batches/**")
    watched.open(shop.url("/records"))
    shown = watched.page.locator("main").inner_text()
    assert all(each in shown for each in PAYLOADS[:12])
    assert watched.page.locator(".files li").count() == len(named) > 10
    held = [each["id"] for each in shop.call("GET", f"{at}/prescriptions?limit=100")["items"]]
    assert made["id"] in held and len(held) == len(PAYLOADS)
    for each in held[::7]:
        watched.open(shop.url(f"/records/prescriptions/{each}"))
        watched.open(shop.url(f"/records/prescriptions/{each}/remove"))
    watched.page.goto(shop.url("/records/providers/new"))
    watched.tab.type(specialty=PAYLOADS[10], address=PAYLOADS[16])
    watched.press("Add")  # refused: what was typed comes back
    watched.tab.type(name=PAYLOADS[0])
    watched.press("Add")


def look_at_the_mails(local: Local, watched: Watched, shop: Shop) -> None:
    until(lambda: local.inbox(shop.staff))
    rounds = -(-len(PAYLOADS) // SHORT)
    mails = until(lambda: found if len(found := local.inbox(shop.email)) >= rounds + 2 else None)
    watched.open(f"{local.url}/inbox/?to={shop.slug}")
    for mail in [*mails, *local.inbox(shop.staff)]:
        watched.open(f"{local.url}/inbox/messages/{mail['id']}/html")
    watched.open(f"{local.url}/inbox/messages/{mails[0]['id']}")
    watched.open(f"{local.url}/inbox/?to={quote(PAYLOADS[10])}")


def test_the_documentation_and_what_only_comes_back(local: Local, watched: Watched) -> None:
    watched.open(f"{local.url}/api/v1/docs")
    shop = Shop(local)
    for payload in PAYLOADS[:12]:
        spelled = quote(payload, safe="")
        watched.page.goto(shop.url(f"/sign-in?next={spelled}&notice={spelled}"))
        watched.look()
        watched.page.goto(shop.url(f"/{spelled}"))
        watched.look()
    watched.page.goto(shop.url("/sign-in"))
    type_payloads(watched, shop)


def type_payloads(watched: Watched, shop: Shop) -> None:
    """What a visitor types comes back: in its field, and masked on the code's page."""
    tab = watched.tab
    start = watched.page.url
    tab.type(client_number=PAYLOADS[10][:90], last_name="")
    watched.press("Next")
    tab.type(client_number=PAYLOADS[10][:90], last_name=PAYLOADS[3])
    watched.press("Next")
    tab.type(destination=f"x{PAYLOADS[12]}@")
    watched.press("Send Verification Code")
    tab.type(destination=f"x@{PAYLOADS[3]}")
    watched.press("Send Verification Code")
    watched.page.goto(start)


def share(shop: Shop, name: str, at: str = "", **more: Any) -> None:
    at = at or f"{shop.at_batch}/documents"
    form: Any = shop.call("POST", at, {"name": name, "content_type": "application/pdf", **more})
    demo_files.post(form["url"], form["fields"], "a.pdf", PDF)
    shop.call("POST", f"{at}/{form['document']['id']}/check")


def fitting(some: list[str], most: int) -> str:
    words = " ".join(some)
    return words if len(words) <= most else " ".join(some)[:most]
