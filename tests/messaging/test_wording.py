"""What the messages say, and what nobody can make them say."""

from __future__ import annotations

import itertools
from email.headerregistry import Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.errors import Invalid
from chalicelib.messaging import addresses, gsm, reading, templates
from chalicelib.messaging.compose import Email, Sms, compose
from chalicelib.messaging.models import MessageRow
from chalicelib.messaging.templates import Block, EmailWording, Placeholder, SmsWording, Template, UnknownPlaceholder
from chalicelib.messaging.wording import TEMPLATES
from chalicelib.portals import Portal
from chalicelib.storage import Action
from tests.messaging.samples import ANSWER, BATCH, FULL, MOBILE, TO, code_context, put, put_code, row
from tests.world import MovableClock, World

_BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x00", "\x0b", "\x85"]


def _row(template: str, channel: str, context: dict[str, str], to: str | None = None) -> MessageRow:
    to = to or (TO if channel == "email" else MOBILE)
    soon = clock.timestamp() + 600
    return MessageRow(
        portal="acme", template=template, channel=channel, recipient=to, context=context, not_after=soon
    )  # fmt: skip


def _mail(portal: Portal, template: str, context: dict[str, str], to: str | None = None) -> Email:
    mail = compose(_row(template, "email", context, to), portal)
    assert isinstance(mail, Email)
    return mail


def _sms(portal: Portal, template: str, context: dict[str, str]) -> str:
    sms = compose(_row(template, "sms", context), portal)
    assert isinstance(sms, Sms)
    return sms.text


def test_a_batch_mail_has_both_parts_the_link_and_the_ways_to_reach_us(world: World) -> None:
    portal = world.portal(
        support={"email": "help@acme.example", "phone": "555 0100"}, branding={"brand_colour": "#0a5c36"}
    )
    put(portal)
    world.drain()
    sent = world.newest(TO)
    link = f"https://portal.example.com/{portal.slug}/batches/{'0' * 32}"
    assert sent.subject == "2031 renewal is ready for your review - Acme Benefits"
    assert sent.link == link
    for part in (sent.text, sent.html):
        assert link in part
        assert "30 June 2030" in part
        assert "help@acme.example or 555 0100" in part
    assert "Hello Jane," in sent.text
    assert "#0a5c36" in sent.html
    assert "<script" not in sent.html
    assert sent.html.count("<img") == 0
    assert sent.mail["From"].addresses == (Address("Acme Benefits", addr_spec="hello@portal.example.com"),)
    assert sent.mail["Reply-To"] == "help@acme.example"
    assert (sent.mail["Auto-Submitted"], sent.mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert sent.mail["Date"].datetime.year == 2030


def test_a_code_mail_puts_the_code_first_and_says_when_it_expires(world: World) -> None:
    portal = world.portal()
    put_code(portal, not_after=clock.timestamp() + 300)
    world.drain()
    sent = world.newest(TO)
    assert sent.subject == f"{sent.code} is your Acme Benefits code"
    assert sent.html.index("It expires in 5 minutes") < sent.html.index("<h1")
    assert sent.code in sent.text
    assert "http" not in sent.text


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (0, "10 minutes"),
        (15, "10 minutes"),
        (16, "9 minutes"),
        (480, "2 minutes"),
        (540, "1 minute"),
        (599, "1 minute"),
    ],
)
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_code_that_is_sent_late_says_how_long_it_still_counts(
    world: World, moment: MovableClock, channel: str, late: int, said: str
) -> None:
    put_code(world.portal(policy={"code_minutes": 10}), channel)
    moment.advance(late)
    world.drain()
    sent = world.newest(TO if channel == "email" else MOBILE)
    assert f"It expires in {said}." in sent.text
    if channel == "email":
        assert sent.html.count(f"It expires in {said}.") == 2


def test_a_code_without_an_end_says_what_the_portal_s_policy_says(world: World) -> None:
    endless = _row("verification-code", "sms", code_context())
    endless.not_after = None
    sms = compose(endless, world.portal(policy={"code_minutes": 5}))
    assert isinstance(sms, Sms)
    assert "It expires in 5 minutes." in sms.text


def test_staff_read_the_answer_and_the_comment(world: World) -> None:
    mail = _mail(world.portal(), "client-answered", ANSWER)
    assert mail.subject == "Northwind asked for changes to 2031 renewal"
    assert "> Please drop the dental plan.\n> Thank you" in mail.text
    assert "Please drop the dental plan.<br>Thank you" in mail.html
    plain = _mail(world.portal(), "client-answered", {**ANSWER, "answer": "approve", "comment": ""})
    assert plain.subject == "Northwind approved 2031 renewal"
    assert "> " not in plain.text


def test_blank_values_leave_no_holes(world: World) -> None:
    mail = _mail(world.portal(), "batch-in-review", {**BATCH, "contact_first_name": "", "answer_by": ""})
    assert "Hello" not in mail.text
    assert "answer by" not in mail.text
    reminder = _mail(world.portal(), "answer-reminder", BATCH)
    assert reminder.subject.startswith("Reminder: 2031 renewal")


@pytest.mark.parametrize("broken", _BREAKS)
@pytest.mark.parametrize("name", ["batch_title", "contact_first_name", "account_name"])
def test_threat_26_no_value_can_end_a_header(world: World, broken: str, name: str) -> None:
    template, context = ("client-answered", ANSWER) if name == "account_name" else ("batch-in-review", BATCH)
    evil = {**context, name: f"Renewal{broken}Bcc: victim@example.org"}
    with pytest.raises(Invalid):
        put(world.portal(), template=template, context=evil)
    if name != "contact_first_name":  # which stands in no header
        with pytest.raises(templates.NotOneLine):
            _mail(world.portal(), template, evil)


@pytest.mark.parametrize("broken", _BREAKS)
def test_threat_26_nor_can_a_name_or_an_address(world: World, broken: str) -> None:
    portal = world.portal()
    renamed = type(portal)(**{**_fields(portal), "name": f"Acme{broken}Bcc: victim@example.org"})
    with pytest.raises(ValueError):
        _mail(renamed, "batch-in-review", BATCH)
    for evil in (f"a@b.example{broken}", f"a@b.example{broken}c@d.example", f"{broken}a@b.example"):
        with pytest.raises(addresses.NotAnAddress):
            put(portal, to=evil)
        with pytest.raises(addresses.NotAnAddress):
            _mail(portal, "batch-in-review", BATCH, to=evil)


@pytest.mark.parametrize(
    "several", ["a@b.example,c@d.example", "a@b.example;c@d.example", "a@b.example c@d.example", "A <a@b.example>",
                '"a@b.example"@c.example', "a@b@c.example", "", "a", "@b.example", "a@", "group:a@b.example;"],
)  # fmt: skip
def test_threat_26_one_recipient_is_one(world: World, several: str) -> None:
    with pytest.raises(addresses.NotAnAddress):
        put(world.portal(), to=several)


@pytest.mark.parametrize("number", ["12025550123", "+1202555012x", "+0123456789", "+1 202 555 0123", "+1", ""])
def test_a_mobile_number_is_e164(world: World, number: str) -> None:
    with pytest.raises(addresses.NotAnAddress):
        put_code(world.portal(), "sms", to=number)


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x"])
def test_threat_25_what_was_typed_is_text_in_html(world: World, evil: str) -> None:
    portal = world.portal(name=evil, support={"phone": f"{evil} 555 0100"})
    for template, context in (
        ("batch-in-review", {**BATCH, "batch_title": evil}),
        ("client-answered", {**ANSWER, "comment": evil}),
    ):
        mail = _mail(portal, template, context)
        assert evil not in mail.html
        assert evil in mail.text
        mail.mime()


@pytest.mark.parametrize("evil", ["((code))", "((portal_name))", "{{7*7}}", "{0.__class__}", "%(x)s", "((", "\\1"])
def test_threat_27_what_was_typed_is_never_read_as_wording(world: World, evil: str) -> None:
    mail = _mail(world.portal(), "batch-in-review", {**BATCH, "batch_title": evil})
    assert mail.subject.startswith(f"{evil} is ready")


_CHANNELS = [(name, channel) for name, template in TEMPLATES.items() for channel in template.channels]
_PLACEHOLDERS = [(name, each) for name, template in TEMPLATES.items() for each in template.context]


def test_every_message_has_a_sample_with_every_value() -> None:
    assert FULL.keys() == TEMPLATES.keys()
    for name, context in FULL.items():
        assert context.keys() == {each.name for each in TEMPLATES[name].context}, name
        TEMPLATES[name].check(context)


@pytest.mark.parametrize(("name", "placeholder"), _PLACEHOLDERS, ids=lambda each: getattr(each, "name", each))
def test_a_required_value_is_required_and_another_is_not(name: str, placeholder: Placeholder) -> None:
    lacking = {key: value for key, value in FULL[name].items() if key != placeholder.name}
    for context in (lacking, {**lacking, placeholder.name: ""}):
        if placeholder.required:
            with pytest.raises(Invalid) as refusal:
                TEMPLATES[name].check(context)
            assert list(refusal.value.fields) == [placeholder.name]
        else:
            TEMPLATES[name].check(context)


@pytest.mark.parametrize(("name", "placeholder"), _PLACEHOLDERS, ids=lambda each: getattr(each, "name", each))
def test_threat_26_nothing_but_a_comment_has_lines(name: str, placeholder: Placeholder) -> None:
    if placeholder.kind == "text":
        return
    for broken in _BREAKS:
        for evil in (FULL[name][placeholder.name] + broken, f"a{broken}Bcc: victim@example.org"):
            with pytest.raises(Invalid):
                TEMPLATES[name].check({**FULL[name], placeholder.name: evil})


@pytest.mark.parametrize(("name", "channel"), _CHANNELS)
def test_each_message_can_be_composed_with_and_without_each_optional_value(
    world: World, name: str, channel: str
) -> None:
    portals = world.portal(), world.portal(support={"email": "help@acme.example", "phone": "555 0100"})
    optional = sorted(
        {_group(each.name) for each in TEMPLATES[name].context if not each.required and _counts(name, each)}
    )
    for given_ones in itertools.product((True, False), repeat=len(optional)):
        left_out = {each for each, is_given in zip(optional, given_ones, strict=True) if not is_given}
        context = {key: value for key, value in FULL[name].items() if _group(key) not in left_out}
        for portal in portals:
            if channel == "sms":
                assert gsm.fits(_sms(portal, name, context), 160)
                continue
            mail = _mail(portal, name, context)
            for said in (mail.subject, mail.text, mail.html):
                assert "((" not in said and "))" not in said
                assert "  " not in said.replace("\n    ", "\n") and " ." not in said
            assert 'href=""' not in mail.html
            mail.mime()


def _counts(name: str, placeholder: Placeholder) -> bool:
    """Whether a value can matter. Messages for records know far more than they say: all ways to lack that are thousands."""
    said = {each for text in TEMPLATES[name]._texts() for each, _ in templates.used(text)}
    return not TEMPLATES[name].for_records or placeholder.name in said


def _group(name: str) -> str:
    """The five values of a link are given together, or not at all."""
    return "link" if name.startswith("link_") else name


def test_wording_that_names_what_is_not_there_does_not_load() -> None:
    wording = EmailWording("((nobody))", "", (Block("paragraph", "x"),))
    with pytest.raises(UnknownPlaceholder, match="nobody"):
        Template("x", "", (), frozenset(), email=wording)
    with pytest.raises(UnknownPlaceholder):
        Template("x", "", (), frozenset(), sms=SmsWording(("((Portal Name))",)))
    with pytest.raises(UnknownPlaceholder):
        Template("x", "", (Placeholder("a", "line", ""),), frozenset()).check({"b": ""})


@pytest.mark.parametrize("name", ["Zoë & Søn GmbH", '"Quoted" <b@c.example>', "日本語", "a, b; c@d.example", "x" * 200])
def test_any_name_is_a_name_in_from(world: World, name: str) -> None:
    put(world.portal(name=name))
    world.drain()
    (address,) = world.newest(TO).mail["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "hello@portal.example.com")


@pytest.mark.parametrize("spoilt", [MessageRow.recipient.set("nobody"), MessageRow.template.set("gone")])
def test_what_cannot_be_composed_says_that_it_is_the_text_or_the_address(world: World, spoilt: Action) -> None:
    portal = world.portal()
    identifier = put(portal)
    row(portal, identifier).update(actions=[spoilt])
    world.drain()
    told = reading.get(portal.slug, identifier)
    assert (told.status, told.reason) == ("failed", "cannot-compose")
    assert "its text" in told.status_text and "its address" in told.status_text
    assert world.sent_to(TO) == []


def test_a_domain_in_other_letters_travels_in_ascii(world: World) -> None:
    assert _mail(world.portal(), "batch-in-review", BATCH, to="jane@müller.example").to == "jane@xn--mller-kva.example"


def test_a_code_sms_is_short_gsm_and_ends_with_the_bound_code(world: World) -> None:
    portal = world.portal()
    put_code(portal, "sms")
    world.drain()
    sent = world.newest(MOBILE)
    assert sent.text == (
        f"Acme Benefits: {sent.code} is your code. It expires in 10 minutes. Never share it.\n"
        f"@portal.example.com #{sent.code}"
    )


@given(name=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=200))
@settings(max_examples=150)
def test_whatever_the_brand_is_called_the_sms_fits(name: str) -> None:
    portal = _PORTALS["any"]
    named = type(portal)(**{**_fields(portal), "name": name})
    text = _sms(named, "verification-code", code_context())
    assert gsm.fits(text, 140)
    last = text.splitlines()[-1]
    assert last.startswith("@portal.example.com #")
    assert last[-6:].isdigit()
    assert "10 min" in text
    assert "never share" in text.lower()
    batch = _sms(named, "batch-in-review", {**BATCH, "batch_title": name})
    assert gsm.fits(batch, 160)
    assert batch.endswith(f"/batches/{'0' * 32}")


_PORTALS: dict[str, Portal] = {}


@pytest.fixture(autouse=True)
def _some_portal(world: World) -> None:
    if not _PORTALS:
        _PORTALS["any"] = world.portal()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Société “Générale” – 5 €", 'Société "Générale" - 5 €'),
        ("Łódź…", "Lodz..."),
        ("a\nb\tc", "a b c"),
        ("日本 Co", "Co"),
    ],
)
def test_gsm_writes_what_is_nearest(text: str, plain: str) -> None:
    assert gsm.plain(text) == plain


def test_gsm_counts_extended_letters_twice() -> None:
    assert gsm.length("€[]") == 6
    assert gsm.fits("x" * 160, 160)
    assert not gsm.fits("x" * 161, 160)
    assert not gsm.fits("日", 160)


def _fields(portal: Portal) -> dict[str, object]:
    return {name: getattr(portal, name) for name in portal.__struct_fields__}
