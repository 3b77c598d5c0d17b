"""What the mails about usernames, passwords and second factors say, where their links lead, and what is never stored."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.errors import Invalid
from chalicelib.messaging import gsm, reading, wording_credentials
from chalicelib.messaging.compose import Email, Sms, compose
from chalicelib.messaging.models import MessageRow
from chalicelib.messaging.templates import NotOneLine, UnknownPlaceholder
from chalicelib.portals import Portal
from chalicelib.security import links, passwords
from tests.messaging.samples import FULL, HOLDER, MOBILE, TO, link_context, put
from tests.world import MovableClock, World

_NAMES = [template.name for template in wording_credentials.CREDENTIAL_MESSAGES]
_DAY = 86400
_TIMED = [
    "credential-create", "password-reset", "contact-confirmation", "staff-invitation", "temporary-password",
    "self-service-password",
]  # fmt: skip
_PAGES = {
    "credential-create": "create-credential",
    "password-reset": "reset-password",
    "staff-invitation": "staff/join",
    "new-device": "not-me",
    "credential-changed": "not-me",
    "contact-confirmation": "confirm-address",
    "self-service-password": "my-password",
}
_SUPPORT = {"email": "help@acme.example", "phone": "555 0100"}


def _row(template: str, channel: str, seconds: int | None = _DAY, **changed: str) -> MessageRow:
    return MessageRow(
        portal="acme",
        template=template,
        channel=channel,
        recipient=TO if channel == "email" else MOBILE,
        context={**FULL[template], **changed},
        not_after=None if seconds is None else clock.timestamp() + seconds,
    )


def _mail(portal: Portal, template: str, seconds: int | None = _DAY, **changed: str) -> Email:
    mail = compose(_row(template, "email", seconds, **changed), portal)
    assert isinstance(mail, Email)
    return mail


def _sms(portal: Portal, template: str, **changed: str) -> str:
    sms = compose(_row(template, "sms", **changed), portal)
    assert isinstance(sms, Sms)
    return sms.text


def _link_in(mail: Email) -> str:
    found = re.findall(r"https?://\S+", mail.text)
    assert len(found) == 1, mail.text
    return str(found[0])


def _is_said(sentence: str, mail: Email) -> bool:
    return sentence in mail.text and sentence in mail.html


def test_a_person_who_is_to_choose_both_reads_this(world: World) -> None:
    portal = world.portal(support=_SUPPORT, time_zone="America/New_York")
    mail = _mail(portal, "credential-create", username="")
    assert mail.subject == "Choose a username and a password - Acme Benefits"
    assert mail.text == (
        "Choose a username and a password\n"
        "================================\n\n"
        "Acme Benefits has opened its portal for Northwind Traders.\n\n"
        "Press the button, then choose a username and a password to sign in with.\n\n"
        f"Set up my sign-in:\n{_link_in(mail)}\n\n"
        "The button works once, for 24 hours: until 4 June 2030 at 05:00 EDT.\n\n"
        "If somebody else at Northwind Traders has this mail too, only the first of you to press the button can go on."
        "\n\nDid you not expect this mail? Ignore it, or tell Acme Benefits that you got it.\n\n"
        "-- \nAcme Benefits\nQuestions? help@acme.example or 555 0100\n"
    )
    assert mail.html.index("works once, for 24 hours") < mail.html.index("<h1")


def test_where_staff_chose_the_username_only_a_password_is_asked_for(world: World) -> None:
    mail = _mail(world.portal(), "credential-create", username="jane.doe")
    assert mail.subject == "Choose a password - Acme Benefits"
    assert _is_said("Your username is jane.doe.", mail)
    assert "a username and" not in mail.text + mail.html


@pytest.mark.parametrize("template", _PAGES)
@pytest.mark.parametrize("place", [0, 3])
def test_the_button_leads_to_its_page_at_the_public_url(world: World, template: str, place: int) -> None:
    portal = world.portal()
    mail = _mail(portal, template, link_place=str(place))
    link = _link_in(mail)
    assert link.startswith(f"https://portal.example.com/{portal.slug}/{_PAGES[template]}?t=")
    purpose = FULL[template]["link_purpose"]
    assert link == links.url(portal.slug, purpose, HOLDER, FULL[template]["link_id"], 1, place)
    assert set(re.findall(r'https?://[^\s"<]+', mail.html)) == {link}


@pytest.mark.parametrize(
    ("template", "staff", "page"),
    [
        ("username-reminder", None, "sign-in/password"),
        ("temporary-password", "", "sign-in/password"),
        ("temporary-password", "yes", "staff/sign-in"),
    ],
)
def test_who_has_a_username_is_led_to_where_they_sign_in(
    world: World, template: str, staff: str | None, page: str
) -> None:
    portal = world.portal()
    mail = _mail(portal, template, **({} if staff is None else {"staff": staff}))
    assert _link_in(mail) == f"https://portal.example.com/{portal.slug}/{page}"
    assert "jane.doe" in mail.text and "jane.doe" in mail.html


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (10 * 60, "10 minutes"),
        (30 * 60, "30 minutes"),
        (61 * 60 - 16, "1 hour"),
        (3600, "1 hour"),
        (90 * 60, "1 hour and 30 minutes"),
        (_DAY, "24 hours"),
        (_DAY - 15, "24 hours"),
        (_DAY - 16, "23 hours and 59 minutes"),
        (2 * _DAY - 3600, "47 hours"),
        (2 * _DAY, "2 days"),
        (3 * _DAY, "3 days"),
        (3 * _DAY - 60, "2 days and 23 hours"),
        (7 * _DAY, "7 days"),
        (20, "1 minute"),
        (-30, "1 minute"),
    ],
)
def test_time_is_told_in_plain_words(world: World, seconds: int, said: str) -> None:
    mail = _mail(world.portal(), "password-reset", seconds)
    assert f"for {said}: until" in mail.text
    assert mail.html.count(f"for {said}") == 2


@pytest.mark.parametrize("template", _TIMED)
def test_a_mail_that_waited_promises_only_what_is_left(world: World, moment: MovableClock, template: str) -> None:
    put(world.portal(), template=template, context=FULL[template], not_after=clock.timestamp() + 3 * 3600)
    moment.advance(minutes=90)
    world.drain()
    assert "for 1 hour and 30 minutes: until 3 June 2030 at 12:00 UTC" in world.newest(TO).text


@pytest.mark.parametrize("template", _TIMED)
def test_no_mail_makes_up_a_time(world: World, template: str) -> None:
    portal = world.portal()
    identifier = put(portal, template=template, context=FULL[template])
    world.drain()
    assert reading.get(portal.slug, identifier).reason == "cannot-compose"
    assert world.sent_to(TO) == []


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("UTC", "30 June 2030 at 09:30 UTC"),
        ("America/New_York", "30 June 2030 at 05:30 EDT"),
        ("Pacific/Kiritimati", "30 June 2030 at 23:30 UTC+14"),
        ("America/Sao_Paulo", "30 June 2030 at 06:30 UTC-03"),
    ],
)
def test_a_new_browser_is_told_with_the_moment_by_the_portal_s_clock(world: World, zone: str, told: str) -> None:
    mail = _mail(world.portal(time_zone=zone), "new-device", None)
    assert f"> Firefox, Linux\n> {told}" in mail.text
    assert f"Firefox, Linux<br>{told}" in mail.html


@pytest.mark.parametrize("template", ["new-device", "credential-changed"])
def test_who_it_was_not_is_told_what_the_button_does(world: World, template: str) -> None:
    mail = _mail(world.portal(), template)
    assert _is_said(
        "It signs out every browser, and locks your sign-in until you set a new password or reach us.", mail
    )
    assert f"This was not me:\n{_link_in(mail)}" in mail.text
    assert mail.text.index("need not do anything") < mail.text.index("This was not me")


def test_without_a_link_there_is_no_button_and_no_word_of_one(world: World) -> None:
    mail = _mail(world.portal(), "credential-changed", **dict.fromkeys(link_context("not-me"), ""))
    assert "http" not in mail.text and "<a " not in mail.html
    assert "button" not in mail.text
    assert _is_said("If not, tell Acme Benefits at once.", mail)


@pytest.mark.parametrize("lacking", link_context("not-me"))
def test_a_link_that_is_named_by_halves_is_not_made(world: World, lacking: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        _mail(world.portal(), "credential-changed", **{lacking: ""})


@pytest.mark.parametrize("change", wording_credentials.CHANGES)
def test_each_change_is_told_in_a_sentence(world: World, change: str) -> None:
    portal = world.portal(support=_SUPPORT)
    said = wording_credentials.CHANGES[change]
    mail = _mail(portal, "credential-changed", change=change)
    assert mail.subject == f"{said.subject} - Acme Benefits"
    assert len(mail.subject) <= 60  # what an inbox shows
    assert _is_said(f"{said.what} This is about the username jane.doe at Acme Benefits.", mail)
    assert said.what.endswith(".") and not said.subject.endswith(".")
    text = _sms(portal, "credential-changed", change=change)
    assert text == f"Acme Benefits: {said.what} Not you? Call 555 0100"
    assert gsm.fits(text, 160)


@pytest.mark.parametrize("which", ["email", "mobile"])
def test_the_old_contact_learns_that_it_was_replaced_but_not_by_what(world: World, which: str) -> None:
    thing = {"email": "email address", "mobile": "mobile number"}[which]
    portal = world.portal(support=_SUPPORT)
    mail = _mail(portal, "contact-changed", which=which)
    assert mail.subject == f"Your {thing} was replaced - Acme Benefits"
    assert _is_said(f"The {thing} we had on file for you was replaced.", mail)
    assert "http" not in mail.text
    assert _sms(portal, "contact-changed", which=which) == (
        f"Acme Benefits: The {thing} we had on file for you was replaced. Not you? Call 555 0100"
    )


@pytest.mark.parametrize("template", ["credential-changed", "contact-changed"])
def test_an_sms_of_a_portal_without_a_phone_still_says_what_to_do(world: World, template: str) -> None:
    text = _sms(world.portal(support={"email": "help@acme.example"}), template)
    assert text.startswith("Acme Benefits: ") and text.endswith(" Not you? Tell us at once.")


_PORTALS: dict[str, Portal] = {}


@pytest.fixture(autouse=True)
def _some_portal(world: World) -> None:
    if not _PORTALS:
        _PORTALS["any"] = world.portal(support=_SUPPORT)


@given(
    name=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=200),
    phone=st.one_of(
        st.none(),
        st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=190).map("55501{}".format),
    ),
    change=st.sampled_from(sorted(wording_credentials.CHANGES)),
)
@example(name="Acme Benefits", phone="5" * 150, change="factor-reset")
@settings(max_examples=150)
def test_whatever_the_brand_and_its_phone_are_the_sms_fits(name: str, phone: str | None, change: str) -> None:
    portal = _with(_PORTALS["any"], name=name, support=_with(_PORTALS["any"].support, phone=phone))
    text = _sms(portal, "credential-changed", change=change)
    assert gsm.fits(text, 160)
    assert f"{wording_credentials.CHANGES[change].what} Not you? " in text
    assert "portal.example.com" not in text
    brand, call = gsm.plain(name), gsm.plain(phone or "")
    if gsm.length(call) <= 30:  # as every phone number is
        assert text.endswith(f" Call {call}" if call else " Tell us at once.")
        assert text.startswith(wording_credentials.CHANGES[change].what) is not bool(brand)


def _with(one: Any, **changed: object) -> Any:
    """A copy of a struct with some values changed, unchecked: as if it had come from a table."""
    return type(one)(**{**{name: getattr(one, name) for name in one.__struct_fields__}, **changed})


def test_a_temporary_password_is_in_the_mail_s_body_only(world: World) -> None:
    portal = world.portal()
    secret = passwords.generated(portal.slug, HOLDER, FULL["temporary-password"]["nonce"], 1)
    mail = _mail(portal, "temporary-password")
    assert f"\n    {secret}\n" in mail.text
    assert mail.html.count(secret) == 1
    assert secret not in mail.subject
    assert mail.html.index("letter-spacing") < mail.html.index(secret)
    assert "It works for 24 hours: until 4 June 2030 at 09:00 UTC." in mail.text


@pytest.mark.parametrize("template", [*_PAGES, "temporary-password"])
def test_threat_38_what_opens_something_is_in_the_mail_and_nowhere_at_rest(world: World, template: str) -> None:
    portal = world.portal()
    put(portal, template=template, context=FULL[template], not_after=clock.timestamp() + _DAY)
    world.drain()
    sent = world.newest(TO)
    if template == "temporary-password":
        secret = passwords.generated(portal.slug, HOLDER, FULL[template]["nonce"], 1)
    else:
        secret = sent.link.split("?t=")[1].split(".")[-1]
    assert secret in sent.text and len(secret) > 16
    kept = [item for table in ("messages", "facts", "tokens") for item in world.scan(table)]
    assert any(item["pk"]["S"].startswith(f"{portal.slug}#message#") for item in kept)
    # A link's token begins with its holder and its id, which are no secret; what is, is at its end.
    assert secret[-24:] not in repr(kept)


@pytest.mark.parametrize("template", _NAMES)
@pytest.mark.parametrize("name", ["client_number", "password", "token", "link", "code"])
def test_no_context_takes_a_secret_or_a_client_number(world: World, template: str, name: str) -> None:
    with pytest.raises(UnknownPlaceholder):
        put(world.portal(), template=template, context={**FULL[template], name: "NW-1001"})


@pytest.mark.parametrize(
    ("template", "name", "value"),
    [
        ("credential-create", "link_purpose", "password-reset"),
        ("contact-confirmation", "link_purpose", "not-me"),
        ("credential-changed", "link_purpose", "credential-create"),
        ("password-reset", "link_holder", "../x"),
        ("password-reset", "link_place", "-1"),
        ("credential-changed", "change", "passwords"),
        ("credential-changed", "change", "password\n"),
        ("contact-changed", "which", "phone"),
        ("new-device", "at", "2030-06-30"),
        ("new-device", "at", "9" * 12),
        ("temporary-password", "staff", "no"),
    ],
)
def test_a_value_that_the_message_does_not_know_is_refused(world: World, template: str, name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        put(world.portal(), template=template, context={**FULL[template], name: value})
    assert list(refusal.value.fields) == [name]


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "((link))", "{{7*7}}"])
@pytest.mark.parametrize("template", _NAMES)
def test_threats_25_and_27_what_was_typed_is_text(world: World, template: str, evil: str) -> None:
    typed = {"username", "account_name", "browser", "inviter", "role"} & FULL[template].keys()
    mail = _mail(world.portal(name=evil), template, **dict.fromkeys(typed, evil))
    assert mail.text.count(evil) >= len(typed)
    assert "<script" not in mail.html and "<img" not in mail.html
    mail.mime()


@pytest.mark.parametrize("broken", ["\r\n", "\n", "\u2028", "\x85"])
@pytest.mark.parametrize("template", _NAMES)
def test_threat_26_a_portal_s_name_cannot_end_a_header(world: World, template: str, broken: str) -> None:
    renamed = _with(_PORTALS["any"], name=f"Acme{broken}Bcc: victim@example.org")
    with pytest.raises(NotOneLine):
        _mail(renamed, template)
