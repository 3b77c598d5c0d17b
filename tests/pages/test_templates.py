"""Every page in every state: strict, escaped, labelled, and light enough."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from chalicelib.selfservice import filetypes
from chalicelib.web import templates
from tests.pages.preview import STATIC, environment, render
from tests.pages.reading import Element, Page
from tests.pages.samples import (
    CSRF,
    HOSTILE,
    MOBILE,
    PHONE,
    RECOVERY_CODES,
    SESSIONS,
    WITH_PASSWORD,
    Sample,
    ask_once,
    batch,
    choose_factor,
    code,
    confirm,
    every,
    factor,
    hostile,
    link,
    link_over,
    message,
    new_password,
    password,
    recovery_codes,
    security,
    sign_in,
    staff_password,
    totp,
    welcome,
)

TIDY = environment()
HEAVIEST = 30_000  # bytes of a page with its style sheet and script, before compression
STATES = list(every())
ALL = [*STATES, *hostile()]

states = pytest.mark.parametrize("sample", STATES, ids=lambda sample: sample.name)
everything = pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)


def read(sample: Sample) -> Page:
    return Page(render(sample, TIDY))


def show(template: str, context: dict[str, object]) -> Page:
    return read(Sample("one", template, context))


@everything
def test_is_one_whole_page(sample: Sample) -> None:
    page = read(sample)
    assert page.source.startswith("<!doctype html>")
    assert page.only("html").get("lang") == "en"
    assert page.only("h1").text.strip()
    assert page.only("main").get("id") == "main"
    assert page.only("title").text.startswith("Error: ") == sample.has_errors
    assert len(page.ids) == len(set(page.ids))


@states
def test_is_the_same_without_trimming(sample: Sample) -> None:
    loose = Page(render(sample, environment(tidy=False)))
    assert [_told(one) for one in loose.elements] == [_told(one) for one in read(sample).elements]


@pytest.mark.parametrize("name", ["sign-in", "batch"])
def test_is_the_same_where_it_is_served(name: str) -> None:
    [sample] = [one for one in STATES if one.name == name]
    served = templates.render(sample.template, **sample.context)
    for file in ("site.css", "site.js", "favicon.svg"):
        served = served.replace(templates.static(file), f"/static/{file}")
    assert served == render(sample, TIDY)


@everything
def test_names_every_control_once(sample: Sample) -> None:
    page = read(sample)
    labelled = [label.get("for") for label in page.all("label") if label.get("for")]
    for control in _controls(page):
        wrapped = control.within("label")
        assert wrapped is not None or labelled.count(control.get("id")) == 1, control.attributes


@everything
def test_points_only_at_what_is_there(sample: Sample) -> None:
    page = read(sample)
    for element in page.elements:
        for attribute in ("for", "aria-describedby", "aria-labelledby"):
            assert set(element.get(attribute).split()) <= set(page.ids), (attribute, element.attributes)
        if element.get("href").startswith("#"):
            assert element.get("href")[1:] in page.ids, element.get("href")


@everything
def test_obeys_the_content_security_policy(sample: Sample) -> None:
    page = read(sample)
    for element in page.elements:
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]
        assert not element.get("href").lower().startswith(("javascript:", "data:"))
    assert [script.get("src") for script in page.all("script")] == ["/static/site.js"]
    assert not page.only("script").text
    style = str(sample.context["brand_style"])
    assert [one.text for one in page.all("style")] == ([style] if style else [])


@everything
def test_carries_the_token_in_every_form(sample: Sample) -> None:
    page = read(sample)
    for form in page.all("form"):
        assert form.get("method") == "post"
        hidden = [one for one in page.all("input") if one.within("form") is form and one.get("name") == "csrf"]
        leaves_us = form.get("action").startswith("https://")  # straight to S3: our token is none of its business
        assert [one.get("value") for one in hidden] == ([] if leaves_us else [CSRF])


@pytest.mark.parametrize("sample", list(hostile()), ids=lambda sample: sample.name)
def test_shows_an_attack_as_text(sample: Sample) -> None:
    page = read(sample)
    assert HOSTILE not in page.source
    assert HOSTILE in page.only("html").text
    assert all(image.get("src").startswith("data:image/svg") for image in page.all("img"))


@states
def test_lists_every_error_first_and_beside_its_field(sample: Sample) -> None:
    page = read(sample)
    summaries = [one for one in page.elements if "summary" in one.classes]
    assert len(summaries) == (1 if sample.has_errors else 0)
    for name, text in sample.context["errors"].items():
        if name == "form":
            assert text in summaries[0].text
            continue
        [link] = [one for one in page.all("a") if one.get("href") == f"#{name}"]
        assert link.text == text
        [beside] = [one for one in page.elements if one.get("id") == f"{name}-error"]
        assert beside.text == f"Error: {text}"


@everything
def test_has_one_main_thing_to_do(sample: Sample) -> None:
    page = read(sample)
    main = page.only("main")
    primary = [one for one in page.elements if "button" in one.classes and "quiet" not in one.classes]
    assert len([one for one in primary if main in one.above]) <= 1


@states
def test_steps_through_headings_without_a_gap(sample: Sample) -> None:
    page = read(sample)
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3") if one.within("main") and not _summary(one)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


LIGHT = [
    "sign-in", "confirm", "code", "welcome", "batch-errors", "trouble", "went-wrong", "password-wrong", "security-both",
    "new-password-pick", "factor-sms", "totp-inside", "recovery-codes-inside",
]  # fmt: skip


@pytest.mark.parametrize("name", LIGHT)
def test_weighs_little(name: str) -> None:
    [sample] = [one for one in STATES if one.name == name]
    style, script = (STATIC / "site.css").stat().st_size, (STATIC / "site.js").stat().st_size
    assert style <= 14.5 * 1024
    assert script <= 6.5 * 1024
    assert len(render(sample, TIDY).encode()) + style + script < HEAVIEST


def test_keeps_what_was_typed() -> None:
    typed = {"client_number": "10482", "last_name": 'O"Neill'}
    page = show("sign_in.html", sign_in(values=typed, errors={"last_name": "Check your last name"}))
    assert {one.get("name"): one.get("value") for one in _controls(page)} == typed


def test_takes_the_deep_link_along() -> None:
    page = show("sign_in.html", sign_in(next_path="/acme/batches/01"))
    assert [one.get("value") for one in page.all("input") if one.get("name") == "next"] == ["/acme/batches/01"]


def test_offers_only_the_methods_of_the_portal() -> None:
    for methods in (["email"], ["sms"], ["email", "sms"]):
        page = show("confirm.html", confirm(methods=methods))
        assert [one.get("value") for one in page.all("input") if one.get("name") == "method"] == methods
        assert ("STOP" in page.source) == ("sms" in methods)


def test_takes_the_code_in_one_field_that_phones_understand() -> None:
    [field] = _controls(show("code.html", code()))
    assert (field.get("inputmode"), field.get("autocomplete")) == ("numeric", "one-time-code")
    assert int(field.get("maxlength")) > len("1 2 3 - 4 5 6")


def test_never_says_whether_a_code_was_sent() -> None:
    text = show("code.html", code()).only("main").text
    assert "If what you typed matches" in text
    assert "m•••@example.com" in text


def test_offers_no_further_code_when_none_is_left() -> None:
    assert "resend" in show("code.html", code()).ids
    assert "resend" not in show("code.html", code(sends_left=0)).ids


def test_leads_with_the_first_batch_that_waits() -> None:
    page = show("welcome.html", welcome())
    [primary] = [one for one in page.elements if "button" in one.classes and one.within("main")]
    card = primary.within("a")
    assert card is not None and card.get("href") == "/acme/batches/01"
    assert "Nothing here just now" in show("welcome.html", welcome(batches=[])).source


def test_shows_the_form_only_to_those_who_can_answer() -> None:
    assert "answer" in show("batch.html", batch()).ids
    closed = show("batch.html", batch(can_answer=False, read_only_reason="This is complete."))
    assert "answer" not in closed.ids
    assert "This is complete." in closed.source


def test_sends_a_file_with_the_fields_of_the_store_first() -> None:
    [sample] = [one for one in STATES if one.name == "upload-file"]
    page = read(sample)
    [form] = [one for one in page.all("form") if one.get("enctype") == "multipart/form-data"]
    names = [one.get("name") for one in page.all("input") if one.within("form") is form]
    assert names == [*sample.context["upload"]["fields"], "file"]
    [file] = [one for one in page.all("input") if one.get("type") == "file"]
    endings = {ending for several in filetypes.EXTENSIONS.values() for ending in several}
    assert set(file.get("accept").split(",")) == endings


def test_compares_with_last_year_only_where_there_is_one() -> None:
    [first_year] = [one for one in STATES if one.name == "batch-first-year"]
    assert "Change on last year" not in read(first_year).source
    assert "Change on last year" in show("batch.html", batch()).source


def test_shows_a_neutral_page_where_no_portal_is_known() -> None:
    [unknown] = [one for one in STATES if one.name == "unknown-portal"]
    page = read(unknown)
    assert not page.all("header", "footer", "form", "dialog", "style")
    assert page.only("title").text == unknown.context["page_title"]


def test_mentions_a_reference_only_where_there_is_one() -> None:
    assert "mention the reference" in show("message.html", message("Oh", "Sorry", reference="8f14")).source
    assert "mention the reference" not in show("message.html", message("Oh", "Sorry", reference=None)).source


@states
def test_never_fills_in_a_secret(sample: Sample) -> None:
    typed = dict.fromkeys(["password", "current_password"], "correct horse battery")
    page = read(replace(sample, context=sample.context | {"values": sample.context["values"] | typed}))
    secrets = [one for one in page.all("input") if one.get("type") == "password"]
    assert {one.get("name") for one in page.all("input")} & set(typed) == {one.get("name") for one in secrets}
    assert all(not one.get("value") and one.get("autocomplete").endswith("-password") for one in secrets)
    assert "correct horse" not in page.source


def test_offers_the_ways_in_that_there_are() -> None:
    both = sign_in(password_url="/acme/sign-in/password", first_time_url="/acme/first-time")
    assert {"/acme/sign-in/password", "/acme/first-time"} <= _ways(show("sign_in.html", both))
    assert _ways(show("sign_in.html", sign_in())) == {"/acme/trouble"}
    assert _ways(show("password.html", password())) == {
        "/acme/sign-in", "/acme/forgot-password", "/acme/forgot-username", "/acme/first-time", "/acme/trouble",
    }  # fmt: skip
    assert _ways(show("password.html", staff_password())) == {"/acme/sign-in", "/acme/staff/forgot-password"}


@pytest.mark.parametrize("name", ["link", "link-not-me", "link-unsubscribe", "link-unsubscribed"])
def test_an_opened_link_has_one_button_and_nothing_to_follow(name: str) -> None:
    [sample] = [one for one in STATES if one.name == name]
    page = read(sample)
    pressed = [one for one in page.all("a", "button", "summary") if one.within("main")]
    assert [one.tag for one in pressed] == ["button"]
    assert not _controls(page)
    assert _hidden(page)["t"] == link()["token"]


def test_a_link_that_is_over_offers_a_fresh_one_only_where_it_may() -> None:
    assert _hidden(show("link_over.html", link_over())) == {
        "csrf": CSRF, "t": "a1.b2.c3", "purpose": "password-reset",
    }  # fmt: skip
    over = show("link_over.html", link_over(again=None))
    assert not over.all("form")
    assert _ways(over) == {"/acme/sign-in"}


def test_a_password_manager_finds_the_username_of_a_new_password() -> None:
    [asked, _] = _controls(show("new_password.html", new_password()))
    assert (asked.get("autocomplete"), asked.get("tabindex")) == ("username", "")
    page = show("new_password.html", new_password(ask_username=False, username="maria.lopez"))
    [told, _] = _controls(page)
    assert (told.get("autocomplete"), told.get("value"), told.get("tabindex")) == ("username", "maria.lopez", "-1")
    assert "maria.lopez" in page.only("main").text


def test_asks_for_security_questions_or_only_for_their_answers() -> None:
    asked = {one.name: _names(read(one)) for one in STATES if one.template == "new_password.html"}
    assert asked["new-password"] == ["username", "password"]
    assert asked["new-password-questions"] == [
        "username", "password", "question_1", "answer_1", "question_2", "answer_2",
    ]  # fmt: skip
    assert asked["new-password-answers"] == ["username", "password", "answer_1", "answer_2"]
    assert asked["change-password"] == ["username", "current_password", "password"]


def test_keeps_the_question_that_was_chosen() -> None:
    [sample] = [one for one in STATES if one.name == "new-password-pick"]
    chosen = [one.text for one in read(sample).all("option") if "selected" in one.attributes]
    assert chosen == [sample.context["values"]["question_2"]]


def test_warns_before_a_browser_is_remembered_and_never_offers_it_to_staff() -> None:
    page = show("factor.html", factor(remember_days=30))
    [box] = [one for one in page.all("input") if one.get("type") == "checkbox"]
    label = box.within("label")
    assert label is not None
    assert "30 days" in label.text and "computer that other people use" in label.text
    assert "remember" not in _names(show("factor.html", factor(remember_days=0)))


@pytest.mark.parametrize(("method", "fill"), [("totp", "one-time-code"), ("sms", "one-time-code"), ("recovery", "off")])
def test_asks_for_the_code_of_the_chosen_factor(method: str, fill: str) -> None:
    page = show("factor.html", factor(method, remember_days=0))
    [field] = _controls(page)
    assert (field.get("autocomplete"), field.get("inputmode") == "numeric") == (fill, method != "recovery")
    assert ("resend" in page.ids) == (method == "sms")
    others = [one.get("value") for one in page.all("input") if one.get("name") == "method" and one.within("li")]
    assert others == [each for each in ("totp", "sms", "recovery") if each != method]


def test_says_so_when_no_text_went_out() -> None:
    page = show("factor.html", factor("sms", is_sent=False))
    assert "on its way" not in page.source
    assert not [one for one in page.elements if "data-running" in one.attributes]


def test_offers_the_factors_there_are() -> None:
    for methods in (["totp"], ["sms"], ["totp", "sms"]):
        page = show("choose_factor.html", choose_factor(methods=methods))
        assert [one.get("value") for one in page.all("input") if one.get("name") == "method"] == methods
    assert _ways(show("choose_factor.html", choose_factor(skip_url="/acme/"))) == {"/acme/"}


def test_shows_the_key_of_an_app_as_picture_and_as_text() -> None:
    page = show("totp.html", totp())
    assert page.only("img").get("alt")
    assert page.only("code").text == totp()["key"]
    [copier] = [one for one in page.all("button") if "data-copy" in one.attributes]
    assert copier.get("value") == "JBSWY3DPEHPK3PXP" * 2
    assert "hidden" in copier.attributes


def test_shows_recovery_codes_to_copy_and_to_print() -> None:
    page = show("recovery_codes.html", recovery_codes())
    assert [one.text for one in page.all("li") if one.within("main")] == RECOVERY_CODES
    [copier, printer] = [one for one in page.all("button") if one.within("main")]
    assert copier.get("value").split() == RECOVERY_CODES
    assert "data-print" in printer.attributes


def test_the_last_factor_stays_where_one_is_required() -> None:
    for factors, required, removable in (
        ([PHONE], False, ["totp"]),
        ([PHONE], True, []),
        ([PHONE, MOBILE], True, ["totp", "sms"]),
    ):
        page = show("security.html", security(factors=factors, required=required))
        assert [one.get("value") for one in page.all("input") if one.get("name") == "factor"] == removable


def test_every_button_of_the_security_page_says_what_it_is_about() -> None:
    page = show("security.html", security(factors=[PHONE, MOBILE]))
    labels = [one.text for one in page.all("button") if one.within("main")]
    assert len(labels) == len(set(labels)) == 7
    assert "Sign out Safari on iPhone" in labels


def test_signs_out_everywhere_else_only_where_there_is_an_elsewhere() -> None:
    assert "everywhere else" in show("security.html", security()).source
    assert "everywhere else" not in show("security.html", security(sessions=SESSIONS[:1])).source


def test_staff_have_no_remembered_browsers() -> None:
    assert "devices" in show("security.html", security(devices=[])).ids
    assert "devices" not in show("security.html", security(devices=None)).ids


def test_leads_to_the_security_page_only_who_has_one() -> None:
    assert "Security" in show("welcome.html", welcome(signed_in=WITH_PASSWORD)).only("header").text
    assert "Security" not in show("welcome.html", welcome()).only("header").text


def test_asks_one_thing_in_the_open_or_as_a_secret() -> None:
    [plain] = _controls(show("ask_once.html", ask_once()))
    assert (plain.get("type"), plain.get("autocomplete")) == ("text", "username")
    [sample] = [one for one in STATES if one.name == "confirm-password"]
    [secret] = _controls(read(sample))
    assert (secret.get("type"), secret.get("autocomplete")) == ("password", "current-password")


def _ways(page: Page) -> set[str]:
    return {one.get("href") for one in page.all("a") if one.within("main") and one.get("href").startswith("/")}


def _hidden(page: Page) -> dict[str, str]:
    return {one.get("name"): one.get("value") for one in page.all("input") if one.get("type") == "hidden"}


def _names(page: Page) -> list[str]:
    return [one.get("name") for one in _controls(page)]


def _controls(page: Page) -> list[Element]:
    return [one for one in page.all("input", "textarea", "select") if one.get("type") != "hidden"]


def _told(element: Element) -> tuple[str, dict[str, str], str]:
    return element.tag, element.attributes, "".join(element.text.split())


def _summary(heading: Element) -> bool:
    return any("summary" in one.classes for one in heading.above)
