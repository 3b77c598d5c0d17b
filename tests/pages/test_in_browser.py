"""The pages in a real browser, under the policy they are served with: what runs, what moves, what stays quiet."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, expect, sync_playwright

from tests.browser import axe
from tests.pages.preview import STATIC, chromium, environment, render
from tests.pages.samples import (
    CSRF,
    RECOVERY_CODES,
    Sample,
    batch,
    code,
    confirm,
    every,
    factor,
    hostile,
    link,
    new_password,
    password,
    recovery_codes,
    security,
    sign_in,
    totp,
)

EXECUTABLE = chromium()
ORIGIN = "https://portal.example"
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
JINJA = environment()
OF_CREDENTIALS = {
    "password.html", "link.html", "link_over.html", "new_password.html", "factor.html", "choose_factor.html", "totp.html",
    "mobile.html", "factor_code.html", "recovery_codes.html", "security.html", "ask_once.html", "switch.html",
}  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="NO CHROMIUM ON THE PATH: pages not tried in a browser"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=EXECUTABLE)
        yield opened
        opened.close()


class Served:
    """One tab on a made-up origin; answers with the page set, records what is posted and what goes wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sample: Sample | None = None
        self.posted: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        page.route("**/*", self._answer)
        page.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", self._refuse)

    def show(self, template: str, context: dict[str, Any]) -> Page:
        return self.show_sample(Sample("one", template, context))

    def show_sample(self, sample: Sample) -> Page:
        self.sample = sample
        self.page.goto(f"{ORIGIN}/acme/page")
        return self.page

    def _refuse(self, dialog: Dialog) -> None:
        self.wrong.append(dialog.message)
        dialog.dismiss()

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if route.request.method == "POST":
            self.posted.append((path, route.request.post_data or ""))
            route.fulfill(status=204)
        elif path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            route.fulfill(body=file.read_text(encoding="utf-8"), content_type=TYPES[file.suffix[1:]])
        else:
            assert self.sample is not None
            headers = {"content-security-policy": _policy(str(self.sample.context["brand_style"]))}
            body = render(self.sample, JINJA)
            route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=headers)


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Served]]:
    contexts = []

    def opened(width: int = 1280, **options: Any) -> Served:
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, **options))
        return Served(contexts[-1].new_page())

    yield opened
    for context in contexts:
        context.close()


def test_no_page_breaks_the_policy_or_runs_an_attack(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    for sample in hostile():
        tab.show_sample(sample)
        assert tab.wrong == [], sample.name


def test_no_page_scrolls_sideways_on_the_smallest_phone(open_tab: Callable[..., Served]) -> None:
    tab = open_tab(320)
    wide = [
        sample.name
        for sample in every()
        if tab.show_sample(sample).evaluate("document.documentElement.scrollWidth") > 320
    ]
    assert wide == []


def test_errors_take_the_focus_and_lead_to_the_field(open_tab: Callable[..., Served]) -> None:
    page = open_tab().show("sign_in.html", sign_in(errors={"last_name": "Enter your last name"}))
    expect(page.locator("#problems")).to_be_focused()
    page.get_by_role("link", name="Enter your last name").click()
    expect(page.get_by_label("Last Name")).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_the_label_follows_the_method(open_tab: Callable[..., Served], script: bool) -> None:
    page = open_tab(java_script_enabled=script).show("confirm.html", confirm())
    expect(page.get_by_role("textbox", name="Email address", exact=True)).to_be_visible()
    expect(page.get_by_text("Reply STOP")).to_be_hidden()
    page.get_by_label("Text message").check()
    expect(page.get_by_role("textbox", name="Mobile number", exact=True)).to_be_visible()
    expect(page.get_by_text("Reply STOP")).to_be_visible()
    expect(page.locator("#destination")).to_have_attribute("autocomplete", "tel" if script else "email")


def test_another_code_waits_its_time(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    tab.page.clock.install()
    page = tab.show("code.html", code(resend_in=30))
    again = page.locator("#resend")
    again.click(force=True)
    assert tab.posted == []
    page.clock.run_for(31_000)
    expect(page.get_by_text("You can ask for another code now.")).to_be_attached()
    again.click()
    expect(again).to_have_attribute("aria-disabled", "true")
    assert [path for path, _ in tab.posted] == ["/acme/sign-in/resend"]


def test_a_code_that_runs_out_says_so(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    tab.page.clock.install()
    page = tab.show("code.html", code(expires_in=40))
    page.clock.run_for(10_500)
    expect(page.get_by_text("Your code works for thirty more seconds.")).to_be_attached()
    page.clock.run_for(31_000)
    expect(page.get_by_text("This code has run out. Send another one below.")).to_be_visible()


def test_a_second_press_sends_nothing(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    page = tab.show("code.html", code())
    page.get_by_label("Verification code").fill("123 456")
    with page.expect_response("**/sign-in/code"):
        page.get_by_role("button", name="Next").dblclick()
    expect(page.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")
    assert len(tab.posted) == 1


def test_one_press_keeps_the_session(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    tab.page.clock.install()
    page = tab.show("batch.html", batch())
    page.get_by_label("Your comment").fill("Half a thought")
    page.clock.run_for(782_000)
    stay = page.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    stay.click()
    expect(stay).to_be_hidden()
    assert tab.posted == [("/acme/session/extend", f"csrf={CSRF}")]
    expect(page.get_by_label("Your comment")).to_have_value("Half a thought")
    page.clock.run_for(700_000)
    expect(stay).to_be_hidden()


def test_an_unanswered_warning_ends_on_the_page_for_it(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    tab.page.clock.install()
    page = tab.show("batch.html", batch())
    page.clock.run_for(860_000)
    expect(page.get_by_text("One minute until you are signed out.")).to_be_attached()
    page.clock.run_for(45_000)
    page.wait_for_url(f"{ORIGIN}/acme/session/over")


def test_without_script_everything_can_be_pressed(open_tab: Callable[..., Served]) -> None:
    tab = open_tab(java_script_enabled=False)
    page = tab.show("code.html", code())
    expect(page.get_by_text("The code works for another 10 minutes.")).to_be_visible()
    page.get_by_role("button", name="Send another code", exact=True).click()
    page.get_by_text("No code?", exact=True).click()
    expect(page.get_by_text("Only the newest code works.")).to_be_visible()
    assert [path for path, _ in tab.posted] == ["/acme/sign-in/resend"]


def test_a_batch_prints_as_a_document(open_tab: Callable[..., Served]) -> None:
    page = open_tab(width=720).show("batch.html", batch())
    page.emulate_media(media="print")
    expect(page.get_by_text("Acme Benefits", exact=True)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Employee pays")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_have_count(0)
    for gone in ("Sign out", "Print", "Send my answer"):
        expect(page.get_by_role("button", name=gone)).to_have_count(0)


def test_axe_finds_nothing(open_tab: Callable[..., Served]) -> None:
    script = axe.script()
    if script is None:
        pytest.skip("AXE COULD NOT BE INSTALLED BY NPM: pages were not looked at by it")
    source, tab = script.read_text(encoding="utf-8"), open_tab(390)
    faults, seen_dark = list[str](), set[tuple[str, bool]]()
    for sample in every():
        if sample.template not in OF_CREDENTIALS or sample.name.endswith("long-names"):
            continue  # the others: tests/browser, in the running product
        tab.page.emulate_media(color_scheme="light")
        faults += [f"{sample.name}: {fault}" for fault in axe.violations(tab.show_sample(sample), source)]
        if (sample.template, sample.has_errors) not in seen_dark:  # dark differs in its colours alone
            seen_dark.add((sample.template, sample.has_errors))
            tab.page.emulate_media(color_scheme="dark")
            faults += [f"{sample.name}, dark: {fault}" for fault in axe.violations(tab.page, source)]
    assert faults == []


def test_a_password_can_be_looked_at_and_leaves_as_a_password(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    page = tab.show("password.html", password())
    field = page.get_by_label("Password", exact=True)
    field.fill("correct horse battery")
    page.get_by_role("button", name="Show Password").click()
    expect(field).to_have_attribute("type", "text")
    expect(page.get_by_role("button", name="Hide Password")).to_be_focused()
    page.get_by_role("button", name="Sign in").click()
    expect(field).to_have_attribute("type", "password")
    assert tab.posted == [("/acme/sign-in/password", f"csrf={CSRF}&username=&password=correct+horse+battery")]


def test_without_script_a_password_has_no_button_and_no_meter(open_tab: Callable[..., Served]) -> None:
    page = open_tab(java_script_enabled=False).show("new_password.html", new_password())
    expect(page.get_by_role("button", name="Show Password")).to_have_count(0)
    expect(page.locator(".meter")).to_be_hidden()


@pytest.mark.parametrize(
    ("typed", "bars", "words"),
    [
        ("", 0, ""),
        ("correct", 1, "5 more to go"),
        ("aaaaaaaaaaaaaaaaaaaa", 2, "Long, but little variety"),
        ("correct hors", 3, "Enough. Longer is better"),
        ("correct horse battery", 4, "Long and varied"),
        ("\U0001f40e" * 11, 1, "1 more to go"),
    ],
)
def test_the_meter_judges_length_and_variety(
    open_tab: Callable[..., Served], typed: str, bars: int, words: str
) -> None:
    page = open_tab().show("new_password.html", new_password(least=12))
    page.get_by_label("Password", exact=True).fill(typed)
    expect(page.locator(".meter .on")).to_have_count(bars)
    expect(page.locator(".meter [aria-hidden]")).to_have_text(words)


def test_the_meter_speaks_once_the_typing_rests(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    tab.page.clock.install()
    page = tab.show("new_password.html", new_password(least=12))
    said = page.locator(".meter [role=status]")
    page.get_by_label("Password", exact=True).press_sequentially("corr")
    expect(said).to_have_text("")
    page.clock.run_for(1_100)
    expect(said).to_have_text("8 more to go")


@pytest.mark.parametrize(
    ("template", "context", "name", "copied"),
    [
        ("totp.html", totp(), "Copy the key", "JBSWY3DPEHPK3PXP" * 2),
        ("recovery_codes.html", recovery_codes(), "Copy all", "\n".join(RECOVERY_CODES)),
    ],
)
def test_a_press_copies(
    open_tab: Callable[..., Served], template: str, context: dict[str, Any], name: str, copied: str
) -> None:
    page = open_tab(permissions=["clipboard-read", "clipboard-write"]).show(template, context)
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == copied


def test_recovery_codes_print_with_the_name_of_the_portal(open_tab: Callable[..., Served]) -> None:
    page = open_tab(width=720).show("recovery_codes.html", recovery_codes())
    page.emulate_media(media="print")
    name = page.get_by_text("Acme Benefits", exact=True)
    expect(name).to_be_visible()
    assert name.evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"  # not white on a ground left unprinted
    expect(page.get_by_text(RECOVERY_CODES[9])).to_be_visible()
    expect(page.get_by_text("Need a hand?")).to_be_hidden()
    for gone in ("Copy all", "Print"):
        expect(page.get_by_role("button", name=gone)).to_have_count(0)


def test_another_factor_takes_one_press_and_a_browser_is_remembered_on_purpose(open_tab: Callable[..., Served]) -> None:
    tab = open_tab(java_script_enabled=False)
    page = tab.show("factor.html", factor())
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_label("Verification code").fill("123456")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Remember this browser").check()
    page.get_by_role("button", name="Sign in").click()
    assert tab.posted == [
        ("/acme/sign-in/factor/use", f"csrf={CSRF}&method=recovery"),
        ("/acme/sign-in/factor", f"csrf={CSRF}&code=123456"),
        ("/acme/sign-in/factor", f"csrf={CSRF}&code=123456&remember=yes"),
    ]


def test_looking_at_a_link_sends_nothing_and_a_press_its_token(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    page = tab.show("link.html", link())
    page.wait_for_load_state("networkidle")
    assert tab.posted == []
    page.get_by_role("button", name="Continue").click()
    assert tab.posted == [("/acme/reset-password", f"csrf={CSRF}&t=a1.b2.c3")]


def test_the_security_page_names_the_browser_it_signs_out(open_tab: Callable[..., Served]) -> None:
    tab = open_tab()
    page = tab.show("security.html", security())
    page.get_by_role("button", name="Sign out Safari on iPhone").click()
    assert tab.posted == [("/acme/security/sessions/end", f"csrf={CSRF}&session=s2")]


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; script-src 'self'; img-src 'self' https: data:; "
        "form-action 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
