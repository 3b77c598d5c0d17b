"""Threats 25, 26 and 27 in the wording that staff write: nothing runs, nothing reaches a header, nothing becomes HTML.

((name)) and ((name|words)) are all there is. Whatever else is written stays as it was written or is refused in clear words;
no attribute of a value is ever asked for but whether it is blank; and the work grows with the length of a text, no faster.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.messaging import overrides, own_messages, templates
from tests.factories import make_client, make_machine, make_portal
from tests.messaging.samples import RECORD, TO, put
from tests.threats.test_26_mail_headers import BREAKS, ENCODED, INJECTED
from tests.world import PUBLIC_URL, World

LITERAL = [
    "{{7*7}}", "{{ config }}", "{% for x in range(9) %}x{% endfor %}", "{0.__class__}", "{portal_name}", "%(link)s", "%s",
    "${7*7}", "#{7*7}", "<%= 7*7 %>", "$(id)", "`id`", "__class__", "\\1", "\\g<0>", "[[link]]", "( (link) )", "{{=7*7}}",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title><svg onload=alert(1)>", "&lt;b&gt;", "=1+1",
    "javascript:alert(1)", "<a href='https://evil.example'>x</a>",
]  # fmt: skip
REFUSED = [
    "((__class__))", "((portal_name.__class__))", "((portal_name.upper()))", "((7*7))", "((portal_name[0]))", "(())", "((",
    "((((portal_name))))x((", "((portal_name|((link))))", "((portal_name|a|b))", "((portal_name|", "((PORTAL_NAME))",
    "(( portal_name ))", "((portal_name!r))", "((portal_name:>999999999))", "((for x in y))", "((nobody))", "((challenge))",
    "((link_id))", "((portal_name|))", "((portal\u0430_name))",
]  # fmt: skip
BUTTON = {"kind": "button", "text": "Open it", "link": "link"}


def body(text: str = "Hello", subject: str = "Ours", preheader: str = "") -> dict[str, Any]:
    """A mail about a batch, with a paragraph."""
    blocks = [{"kind": "paragraph", "text": text}, BUTTON]
    return {"name": "batch-in-review", "email": {"subject": subject, "preheader": preheader, "blocks": blocks}}


def own_body(text: str = "Hello", subject: str = "Ours", preheader: str = "") -> dict[str, Any]:
    """A message of the portal's own, of a mail with a paragraph."""
    blocks = [{"kind": "paragraph", "text": text}, {**BUTTON, "link": "portal_link"}]
    email = {"subject": subject, "preheader": preheader, "blocks": blocks}
    return {"name": "spring-note", "title": "Spring note", "email": email}


@pytest.mark.parametrize("text", LITERAL)
def test_what_is_no_placeholder_is_sent_as_it_was_written(world: World, text: str) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    machine.post("templates/wording", body(text, subject=text, preheader=text))
    world.forget_unsent()
    machine.post(f"batches/{client.batch.id}/notify")
    world.drain()
    sent = world.newest(client.email)
    assert sent.subject == text
    assert sent.text.startswith(text)
    assert "<script" not in sent.html and "<svg" not in sent.html and "<img" not in sent.html
    assert not re.search(r"<[a-z]+[^>]*\son\w+=", sent.html)
    page = f"{PUBLIC_URL}/{client.slug}/batches/{client.batch.id}"
    assert set(re.findall(r'href="([^"]*)"', sent.html)) == {page}


@pytest.mark.parametrize("text", REFUSED)
def test_what_looks_like_one_and_is_none_is_refused_in_clear_words(world: World, text: str) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    for field, wanted in (
        ("email.blocks.0.text", body(text)),
        ("email.subject", body(subject=text)),
        ("email.preheader", body(preheader=text)),
        ("sms.texts.0", {"name": "batch-in-review", "sms": {"texts": [f"{text} ((link))"]}}),
    ):
        for path in ("wording", "preview"):
            channel = {"channel": field.partition(".")[0]} if path == "preview" else {}
            seen = machine.ask("POST", f"templates/{path}", {**wanted, **channel})
            assert seen.status == 400, (field, seen.text)
            told = {error["field"]: error["message"] for error in seen.json["errors"]}
            assert set(told) == {field}
            assert "Between (( and ))" in told[field] or "This message has no ((" in told[field]
    assert machine.get("templates/versions", name="batch-in-review", channel="email")["items"] == []


def test_ten_thousand_placeholders_are_refused_before_anything_is_made_of_them(world: World) -> None:
    machine = make_machine(make_portal(world))
    for many in (
        body("((portal_name))" * 10_000),
        {
            "name": "batch-in-review",
            "email": {"subject": "x", "blocks": [{"kind": "small", "text": "((link))" * 101}, BUTTON]},
        },
        {"name": "batch-in-review", "sms": {"texts": ["((link))" * 10_000]}},
    ):
        seen = machine.ask("POST", "templates/wording", many)
        assert seen.status in (400, 413)
        assert re.search("at most|too large", seen.text), seen.text


class Watched(str):
    """A value that tells what is asked of it."""

    asked: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name != "asked":
            object.__getattribute__(self, "asked").append(name)
        return str.__getattribute__(self, name)


def test_nothing_of_a_value_is_asked_but_whether_it_is_blank() -> None:
    value = Watched("((link)){{7*7}}")
    value.asked = []
    text = "((portal_name)) ((portal_name|us)) {{portal_name.__class__}} ((link))"
    filled = templates.fill(text, {"portal_name": value, "link": "L"})
    assert filled == "((link)){{7*7}} ((link)){{7*7}} {{portal_name.__class__}} L"
    assert templates.has_all(text, {"portal_name": value, "link": "L"})
    assert set(value.asked) <= {"strip"}


def _calls(work: Callable[[], object]) -> int:
    """How many Python and C functions are called: a count that no busy machine changes."""
    counted = 0

    def note(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def _long_texts(times: int) -> Iterator[str]:
    yield "((portal_name))" * times
    yield "((portal_name|us))" * times
    yield "((" * times
    yield "((portal_name|" * times
    yield "((a|b" * times
    yield "((" + "a" * times * 10
    yield "((portal_name|" + "x" * times * 10
    yield "))" * times + "((" * times


def test_ten_times_the_text_is_at_most_ten_times_the_work() -> None:
    values = {"portal_name": "Acme"}
    for short, long in zip(_long_texts(1_000), _long_texts(10_000), strict=True):
        for work in (templates.is_broken, templates.used, lambda text: templates.fill(text, values)):
            once, ten_times = _calls(lambda w=work, t=short: w(t)), _calls(lambda w=work, t=long: w(t))  # type: ignore[misc]
            assert ten_times <= 10 * once + 20, (short[:20], once, ten_times)
            assert ten_times <= 4 * 10_000 + 20


def test_the_pattern_holds_nothing_that_can_be_tried_in_many_ways() -> None:
    """No repeat within a repeat, and what is repeated can never be what comes after it: so it never goes back twice."""
    assert templates._PLACEHOLDER.pattern == r"\(\(([a-z_]+)(?:\|([^()|\x00-\x1f]{1,100}))?\)\)"


@pytest.mark.parametrize("broken", BREAKS)
def test_threat_26_no_line_of_a_wording_takes_a_line_break(world: World, broken: str) -> None:
    machine = make_machine(make_portal(world))
    evil = f"Ours{broken}{INJECTED}"
    for wanted in (
        body(subject=evil),
        body(preheader=evil),
        body(subject=f"((portal_name|{evil}))"),
        body(preheader=f"((contact_first_name|{evil}))"),
    ):
        for path, more in (("wording", {}), ("preview", {"channel": "email"})):
            seen = machine.ask("POST", f"templates/{path}", {**wanted, **more})
            assert seen.status == 400, seen.text
    assert machine.get("templates/versions", name="batch-in-review", channel="email")["items"] == []


@pytest.mark.parametrize("encoded", ENCODED)
def test_threat_26_a_wording_makes_no_header_and_no_recipient(world: World, encoded: str) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    machine.post("templates/wording", body(f"{INJECTED}\r\n\r\n.\r\nQUIT", subject=f"{encoded} ((batch_title))"))
    world.forget_unsent()
    machine.post(f"batches/{client.batch.id}/notify")
    world.drain()
    sent = world.newest(client.email)
    assert [address.addr_spec for address in sent.mail["To"].addresses] == [client.email]
    assert [sent.mail.get_all(name) for name in ("Cc", "Bcc", "Resent-To")] == [None] * 3
    assert len(sent.mail.get_all("Subject") or []) == 1
    head = sent.mime.partition(b"\r\n\r\n")[0]
    assert all(b":" in line or line[:1] in b" \t" for line in head.split(b"\r\n"))
    assert b"\nBcc" not in head


def test_a_button_opens_nothing_but_the_message_s_own_link(world: World) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    for link in (
        "https://evil.example",
        "javascript:alert(1)",
        "batch_title",
        "portal_name",
        "unsubscribe",
        "LINK",
        "link ",
    ):
        wanted = body()
        wanted["email"]["blocks"].append({**BUTTON, "link": link})
        seen = machine.ask("POST", "templates/wording", wanted)
        assert seen.status == 400, (link, seen.text)
        assert [error["field"] for error in seen.json["errors"]] == ["email.blocks.2.link"]
    assert overrides.listed(portal.slug) == {}


@pytest.mark.parametrize("text", LITERAL)
def test_nor_does_anything_run_in_a_message_of_ones_own_or_in_what_it_tells(world: World, text: str) -> None:
    portal = make_portal(world)
    make_machine(portal).post("templates", {**own_body(f"{text} ((product_plan))", text, text), "title": text})
    put(portal, template="own-spring-note", context={**RECORD, "product_plan": text})
    world.drain()
    sent = world.newest(TO)
    assert sent.subject == text
    assert sent.text.startswith(f"{text} {text}")
    assert not re.search(r"<(script|svg|img)|<[a-z]+[^>]*\son\w+=", sent.html)
    assert set(re.findall(r'href="([^"]*)"', sent.html)) == {f"{PUBLIC_URL}/{portal.slug}"}


@pytest.mark.parametrize("text", [*REFUSED, "((link))", "((code))", "((password))", "((unsubscribe))"])
def test_what_looks_like_a_placeholder_is_refused_in_a_message_of_ones_own_too(world: World, text: str) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    machine.post("templates", {**own_body(), "name": "held"})
    for field, wanted in (
        ("email.blocks.0.text", own_body(text)),
        ("email.subject", own_body(subject=text)),
        ("email.preheader", own_body(preheader=text)),
        ("sms.texts.0", {"name": "spring-note", "title": "Spring note", "sms": {"texts": [text]}}),
    ):
        said = {"email": wanted["email"]} if "email" in wanted else {"sms": wanted["sms"]}
        for path, asked in (
            ("templates", wanted),
            ("templates/change", {"name": "own-held", **said}),
            ("templates/wording", {"name": "own-held", **said}),
            ("templates/preview", {"name": "own-held", "channel": field.partition(".")[0], **said}),
        ):
            seen = machine.ask("POST", path, asked)
            assert seen.status == 400, (path, field, seen.text)
            told = {error["field"]: error["message"] for error in seen.json["errors"]}
            assert set(told) == {field}
            assert "Between (( and ))" in told[field] or "This message has no ((" in told[field]
    assert [(each.name, each.version) for each in own_messages.every(portal.slug)] == [("own-held", 1)]


@pytest.mark.parametrize("broken", BREAKS)
def test_threat_26_no_line_of_ones_own_message_takes_a_line_break(world: World, broken: str) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    evil = f"Ours{broken}{INJECTED}"
    for wanted in (
        own_body(subject=evil),
        own_body(preheader=evil),
        own_body(subject=f"((agent_name|{evil}))"),
        {**own_body(), "title": evil},
        {**own_body(), "name": f"note{broken}x"},
    ):
        seen = machine.ask("POST", "templates", wanted)
        assert seen.status == 400, seen.text
    assert own_messages.every(portal.slug) == []


@pytest.mark.parametrize("encoded", ENCODED)
def test_threat_26_ones_own_subject_makes_no_header_and_no_recipient(world: World, encoded: str) -> None:
    portal = make_portal(world)
    make_machine(portal).post("templates", own_body(f"{INJECTED}\r\n\r\n.\r\nQUIT", f"{encoded} ((agent_name|us))"))
    put(portal, template="own-spring-note", context={**RECORD, "agent_name": encoded})
    world.drain()
    sent = world.newest(TO)
    assert [address.addr_spec for address in sent.mail["To"].addresses] == [TO]
    assert [sent.mail.get_all(name) for name in ("Cc", "Bcc", "Resent-To")] == [None] * 3
    assert len(sent.mail.get_all("Subject") or []) == 1
    head = sent.mime.partition(b"\r\n\r\n")[0]
    assert all(b":" in line or line[:1] in b" \t" for line in head.split(b"\r\n"))
    assert b"\nBcc" not in head


def test_a_button_of_ones_own_message_opens_the_portal_and_nothing_else(world: World) -> None:
    portal = make_portal(world)
    machine = make_machine(portal)
    for link in ("https://evil.example", "javascript:alert(1)", "link", "unsubscribe", "account_name", "portal_link "):
        wanted = own_body()
        wanted["email"]["blocks"].append({**BUTTON, "link": link})
        seen = machine.ask("POST", "templates", wanted)
        assert seen.status == 400, (link, seen.text)
        assert [error["field"] for error in seen.json["errors"]] == ["email.blocks.2.link"]
    assert own_messages.every(portal.slug) == []
