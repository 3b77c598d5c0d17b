"""A portal's own wording: saved, sent, looked at, and taken back. Every message keeps what it is sent for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chalicelib import clock
from chalicelib.errors import Invalid, NotFound, Stale
from chalicelib.facts import Act
from chalicelib.messaging import checking, derived, gsm, overrides, placeholders, preview, progress, reading, samples
from chalicelib.messaging.models import MessageRow, TemplateRow, template_key
from chalicelib.messaging.shapes import Channel, Own, own_of
from chalicelib.messaging.templates import used
from chalicelib.messaging.wording import TEMPLATES
from chalicelib.portals import Portal
from tests.factories import facts_of
from tests.messaging.samples import BATCH, FULL, MOBILE, TO, put, put_code, row
from tests.world import MovableClock, World

CHANNELS: list[tuple[str, Channel]] = [
    (name, channel) for name, each in TEMPLATES.items() for channel in each.channels
]  # fmt: skip
BUTTON = {"kind": "button", "text": "Open it", "link": "link"}
BOUND = "\n@((host)) #((code))"


def email(*blocks: dict[str, str], subject: str = "Ours", preheader: str = "") -> Own:
    """A mail, by default with nothing but the button."""
    plain = {"email": {"subject": subject, "preheader": preheader, "blocks": blocks or (BUTTON,)}}
    return msgspec.convert(plain, Own)


def sms(*texts: str) -> Own:
    """Texts, from fullest to shortest."""
    return msgspec.convert({"sms": {"texts": texts}}, Own)


def paragraph(text: str) -> dict[str, str]:
    """A block of plain text."""
    return {"kind": "paragraph", "text": text}


def act(portal: Portal) -> Act:
    """Somebody of the company at work."""
    return Act(portal.slug, "user:ana")


def save(portal: Portal, own: Own, name: str = "batch-in-review", **given: Any) -> overrides.Saved:
    """Save a wording."""
    return overrides.save(act(portal), name, own, author="Ana Silva", **given)


def unbroken(text: str) -> str:
    """A part of a mail as it was before it travelled."""
    return text.replace("\r\n", "\n")


def refused(own: Own, name: str = "batch-in-review") -> dict[str, str]:
    """What is said against a wording, by field."""
    with pytest.raises(Invalid) as refusal:
        checking.check(TEMPLATES[name], own)
    return dict(refusal.value.fields)


def test_a_mail_goes_out_in_the_portal_s_own_words_and_the_log_says_in_which(world: World) -> None:
    portal = world.portal()
    save(portal, email(paragraph("Dear ((contact_first_name|client)),"), BUTTON, subject="Read ((batch_title))"))
    identifier = put(portal)
    world.drain()
    sent = world.newest(TO)
    assert sent.subject == "Read 2031 renewal"
    assert "Dear Jane," in sent.text and "Dear Jane," in sent.html
    assert sent.link == f"https://portal.example.com/{portal.slug}/batches/{'0' * 32}"
    told = reading.get(portal.slug, identifier)
    assert (told.wording_version, told.is_sample) == (1, False)


def test_other_portals_other_messages_and_other_channels_keep_their_words(world: World) -> None:
    portal, neighbour = world.portal(), world.portal()
    save(portal, email(subject="Ours"))
    put(neighbour)
    put(portal, template="answer-reminder")
    put(portal, channel="sms", to=MOBILE)
    world.drain()
    assert {sent.subject for sent in world.sent_to(TO)} == {
        "2031 renewal is ready for your review - Acme Benefits",
        "Reminder: 2031 renewal waits for your answer - Acme Benefits",
    }
    assert world.newest(MOBILE).text.startswith("Acme Benefits: 2031 renewal is ready")
    assert {each.wording_version for each in reading.listed(portal.slug).items} == {None}


def test_a_blank_value_has_the_words_given_for_it(world: World) -> None:
    portal = world.portal()
    save(portal, email(paragraph("Hello ((contact_first_name|there)),"), BUTTON))
    put(portal, context={**BATCH, "contact_first_name": ""})
    world.drain()
    assert "Hello there," in world.newest(TO).text


def test_a_text_message_goes_out_in_the_portal_s_own_words(world: World) -> None:
    portal = world.portal()
    save(portal, sms("((portal_name)) code: ((code))." + BOUND), "verification-code")
    put_code(portal, "sms")
    world.drain()
    sent = world.newest(MOBILE)
    assert sent.text == f"Acme Benefits code: {sent.code}.\n@portal.example.com #{sent.code}"


def test_every_default_could_be_saved_as_it_is(world: World) -> None:
    """So staff can start from it; and what a default carries is what is asked of theirs."""
    portal = world.portal()
    for name, channel in CHANNELS:
        wording = TEMPLATES[name].wording(channel)
        assert wording is not None
        own = own_of(wording)
        saved = save(portal, own, name)
        assert (saved.version, saved.own) == (1, own)
        assert overrides.words(TEMPLATES[name], own) == wording


@pytest.mark.parametrize(("name", "channel"), CHANNELS)
def test_what_is_looked_at_is_what_is_sent(world: World, name: str, channel: Channel) -> None:
    portal = world.portal(support={"phone": "+1 415 555 0100"})
    identifier = preview.send_sample(
        act(portal), name, channel, to=TO if channel == "email" else MOBILE, user_id="a" * 32, occasion="b" * 32
    )  # fmt: skip
    world.drain()
    seen, sent = preview.preview(portal, name, channel), world.newest(TO if channel == "email" else MOBILE)
    assert identifier == preview.sample_id(portal.slug, "b" * 32)
    assert reading.get(portal.slug, identifier).is_sample
    if channel == "email":
        assert (sent.subject, unbroken(sent.text), unbroken(sent.html).rstrip()) == (seen.subject, seen.text, seen.html)
        assert seen.preheader and seen.preheader in sent.html.replace("&#x27;", "'")
    else:
        assert sent.text == seen.text
        assert (seen.encoding, seen.parts, seen.estimated_price) == ("GSM-7", 1, "0.0083")


def test_a_wording_is_looked_at_as_it_would_be_sent_in_somebody_s_name(world: World) -> None:
    portal = world.portal()
    own = email(paragraph("Dear ((contact_first_name)),"), BUTTON, subject="For you: ((batch_title))")
    looked = preview.preview(
        portal, "batch-in-review", "email", own=own, about={"contact_first_name": "Jane", "batch_title": "2031 renewal"}
    )  # fmt: skip
    save(portal, own)
    put(portal)
    world.drain()
    sent = world.newest(TO)
    page = f"https://portal.example.com/{portal.slug}"
    assert sent.subject == looked.subject == "For you: 2031 renewal"
    assert unbroken(sent.text).replace(f"/batches/{'0' * 32}", "") == looked.text
    assert page in looked.text


def test_a_sample_opens_nothing_and_needs_no_batch(world: World) -> None:
    portal = world.portal()
    for name in ("password-reset", "temporary-password", "registration-invitation"):
        seen = preview.preview(portal, name, "email")
        assert f"https://portal.example.com/{portal.slug}\n" in seen.text
        assert "?" not in seen.text.split("https://")[1].split()[0]
    assert "123456" in (preview.preview(portal, "verification-code", "email").subject or "")


def test_a_long_or_foreign_text_says_what_it_costs(world: World) -> None:
    portal = world.portal()
    long = preview.preview(portal, "batch-in-review", "sms", own=sms("x" * 300 + " ((link))"))
    assert (long.encoding, long.parts, long.estimated_price) == ("GSM-7", 3, "0.0249")
    foreign = preview.preview(portal, "batch-in-review", "sms", own=sms("更新 ((link))"))
    assert (foreign.encoding, foreign.parts) == ("UCS-2", 1)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3), ("€" * 80, 1), ("€" * 81, 2),
        ("x" * 152 + "€" + "x" * 152, 3), ("日" * 70, 1), ("日" * 71, 2), ("日" * 134, 2), ("日" * 135, 3),
        ("😀" * 35, 1), ("😀" * 36, 2), ("日" * 66 + "😀" + "日" * 66, 3), ("", 1),
    ],
)  # fmt: skip
def test_the_parts_of_a_text_are_counted_as_the_networks_do(text: str, parts: int) -> None:
    assert gsm.parts(text) == parts


@pytest.mark.parametrize(
    ("name", "own", "field"),
    [
        ("batch-in-review", email(paragraph("No link at all.")), "email.blocks"),
        ("batch-in-review", email(paragraph("Only in words: ((link))")), "email.blocks"),
        ("batch-in-review", email({**BUTTON, "text": "Open it, ((contact_first_name))"}), "email.blocks"),
        ("batch-in-review", email({**BUTTON, "text": " "}), "email.blocks.0.text"),
        ("batch-in-review", email(subject=" "), "email.subject"),
        ("batch-in-review", email({**BUTTON, "link": ""}), "email.blocks.0.link"),
        ("batch-in-review", email({**BUTTON, "link": "batch_title"}, BUTTON), "email.blocks.0.link"),
        ("password-reset", email(paragraph("((username))")), "email.blocks"),
        ("verification-code", email(paragraph("No code.")), "email.blocks"),
        ("temporary-password", email(BUTTON), "email.blocks"),
        ("temporary-password", email({"kind": "code", "text": "((password))", "link": "link"}, BUTTON), "email.blocks"),
        ("batch-in-review", sms("No link."), "sms.texts.0"),
        ("batch-in-review", sms("((link))", "No link."), "sms.texts.1"),
        ("verification-code", sms("Your code is ((code))."), "sms.texts.0"),
        ("verification-code", sms("Hello." + BOUND.replace("((host))", "evil.example")), "sms.texts.0"),
        ("verification-code", sms("Hello." + BOUND + "\nBye"), "sms.texts.0"),
        ("verification-code", email({"kind": "code", "text": "((code|123456))"}), "email.blocks.0.text"),
        ("batch-in-review", sms("((link|https://evil.example))"), "sms.texts.0"),
    ],
)  # fmt: skip
def test_what_a_message_is_sent_for_stays(name: str, own: Own, field: str) -> None:
    assert field in refused(own, name)


@pytest.mark.parametrize(("name", "channel"), CHANNELS)
def test_without_its_links_codes_and_passwords_no_default_passes(name: str, channel: Channel) -> None:
    template = TEMPLATES[name]
    for must in placeholders.required(template, channel):
        own = own_of(template.wording(channel))  # type: ignore[arg-type]
        if own.email:
            kept = [b for b in own.email.blocks if b.link != must and must not in dict(used(b.text))]
            blocks = [msgspec.to_builtins(block) for block in kept] or [paragraph("x")]
            assert "email.blocks" in refused(email(*blocks), name)
        else:
            assert refused(sms("Nothing."), name)


def test_the_secrets_that_messages_carry_are_those_that_must_stay() -> None:
    must = {(name, channel): placeholders.required(TEMPLATES[name], channel) for name, channel in CHANNELS}
    assert must["verification-code", "sms"] == must["verification-code", "email"] == {"code"}
    assert must["temporary-password", "email"] == {"password", "link"}
    assert must["credential-changed", "email"] == {"link"}
    assert must["credential-changed", "sms"] == must["client-answered", "email"] == frozenset()
    for (name, channel), each in must.items():
        assert each >= {"link", "code", "password"} & set(TEMPLATES[name].derived) or channel == "sms", name


def test_only_what_is_made_for_people_is_offered_and_all_of_it_is_explained(world: World) -> None:
    portal = world.portal()
    for name, channel in CHANNELS:
        offered = placeholders.offered(TEMPLATES[name], channel)
        assert not {"challenge", "nonce", "holder", "version", "link_id", "link_holder", "batch_id"} & offered.keys()
        assert all(each.meaning for each in offered.values())
        made = samples.values(TEMPLATES[name], portal)
        assert offered.keys() <= made.keys()
    assert "challenge" in refused(email(paragraph("((challenge))"), BUTTON))["email.blocks.0.text"]


def test_what_may_be_blank_is_said_to_be(world: World) -> None:
    """Of what is worked out too: with nothing optional given, at a portal that has set up nothing."""
    portal = world.portal()
    for name, template in TEMPLATES.items():
        context = {each.name: FULL[name][each.name] if each.required else "" for each in template.context}
        queued = MessageRow(portal=portal.slug, template=name, context=context, not_after=clock.timestamp() + 600)
        made = {**context, **derived.values(queued, portal, context)}
        for channel in template.channels:
            for each in placeholders.offered(template, channel).values():
                is_blank = not made.get(each.name, "x")
                assert each.may_be_blank or not is_blank or each.name == "link", (name, each.name)


@pytest.mark.parametrize(
    ("own", "field", "said"),
    [
        (email(subject="Hello ((contact_first_name))"), "email.subject", "((contact_first_name|...))"),
        (email(preheader="By ((answer_by_words))"), "email.preheader", "needs words"),
        (email(subject="Open ((link))"), "email.subject", "whoever sees the screen"),
        (sms("((contact_first_name)): ((link))"), "sms.texts.0", "needs words"),
    ],
)
def test_a_line_that_is_always_sent_never_has_a_hole(own: Own, field: str, said: str) -> None:
    assert said in refused(own)[field]


def test_a_text_of_several_lines_stands_in_no_subject() -> None:
    own = email(paragraph("x"), subject="((comment|none))")
    assert "several lines" in refused(own, "client-answered")["email.subject"]


def test_every_save_is_a_version_with_author_and_time_and_can_be_brought_back(
    world: World, moment: MovableClock
) -> None:
    portal = world.portal()
    for number in (1, 2, 3):
        moment.advance(minutes=1)
        assert save(portal, email(subject=f"Subject {number}")).version == number
    back = overrides.restore(act(portal), "batch-in-review", "email", author="Ben", to=1)
    assert back and (back.version, back.restored_from, back.author, back.saved_by) == (4, 1, "Ben", "user:ana")
    history = overrides.versions(portal.slug, "batch-in-review", "email").items
    assert [each.version for each in history] == [4, 3, 2, 1]
    assert [each.own.email.subject for each in history if each.own and each.own.email] == [
        "Subject 1", "Subject 3", "Subject 2", "Subject 1",
    ]  # fmt: skip
    assert [each.saved_at[11:16] for each in history] == ["09:03", "09:03", "09:02", "09:01"]
    put(portal)
    world.drain()
    assert world.newest(TO).subject == "Subject 1"
    kinds = [fact.kind for fact in facts_of(portal.slug) if fact.subject == "template:batch-in-review"]
    assert kinds.count("staff:template:changed") == 3 and kinds.count("staff:template:restored") == 1


def test_history_comes_in_pages(world: World) -> None:
    portal = world.portal()
    for number in range(5):
        save(portal, email(subject=f"Subject {number}"))
    first = overrides.versions(portal.slug, "batch-in-review", "email", limit=2)
    rest = overrides.versions(portal.slug, "batch-in-review", "email", limit=10, cursor=first.cursor)
    assert [each.version for each in (*first.items, *rest.items)] == [5, 4, 3, 2, 1]
    assert rest.cursor is None


def test_what_says_the_same_is_not_saved_again(world: World) -> None:
    portal = world.portal()
    assert save(portal, email()) == save(portal, email())
    assert len(overrides.versions(portal.slug, "batch-in-review", "email").items) == 1


def test_of_two_who_write_at_the_same_time_one_is_told(world: World) -> None:
    portal = world.portal()
    save(portal, email(subject="First"), version=0)
    with pytest.raises(Stale):
        save(portal, email(subject="Second"), version=0)
    assert save(portal, email(subject="Second"), version=1).version == 2


def test_the_default_comes_back_for_one_and_for_all(world: World) -> None:
    portal, neighbour = world.portal(), world.portal()
    save(neighbour, email())
    for name in ("batch-in-review", "answer-reminder"):
        save(portal, email(), name)
        save(portal, sms("Look: ((link))"), name)
    restored = overrides.restore(act(portal), "batch-in-review", "email", author="Ana Silva")
    assert restored and (restored.is_default, restored.version) == (True, 2)
    assert overrides.restore_all(act(portal), author="Ana Silva") == 3
    assert overrides.restore_all(act(portal), author="Ana Silva") == 0
    assert {each.is_default for each in overrides.listed(portal.slug).values()} == {True}
    assert not overrides.listed(neighbour.slug)["batch-in-review", "email"].is_default
    identifier = put(portal)
    world.drain()
    assert world.newest(TO).subject == "2031 renewal is ready for your review - Acme Benefits"
    assert reading.get(portal.slug, identifier).wording_version is None


def test_restoring_all_takes_any_number_of_messages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides, "_AT_ONCE", 2)
    portal = world.portal()
    for name, channel in CHANNELS:
        save(portal, own_of(TEMPLATES[name].wording(channel)), name)  # type: ignore[arg-type]
    assert overrides.restore_all(act(portal), author="Ana Silva") == len(CHANNELS)
    assert all(each.is_default for each in overrides.listed(portal.slug).values())


def test_what_was_never_changed_needs_no_restoring(world: World) -> None:
    portal = world.portal()
    assert overrides.restore(act(portal), "batch-in-review", "email", author="Ana") is None
    assert overrides.versions(portal.slug, "batch-in-review", "email").items == []
    with pytest.raises(NotFound):
        overrides.restore(act(portal), "batch-in-review", "email", author="Ana", to=7)


@pytest.mark.parametrize(("name", "channel"), [("no-such", "email"), ("help-request", "sms"), ("__class__", "email")])
def test_there_is_no_wording_of_what_is_not_sent(world: World, name: str, channel: Channel) -> None:
    portal = world.portal()
    for ask in (overrides.newest, overrides.versions):
        with pytest.raises(NotFound):
            ask(portal.slug, name, channel)  # type: ignore[operator]
    with pytest.raises(NotFound):
        preview.preview(portal, name, channel)


def test_another_process_sends_the_new_wording_within_fifteen_seconds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told by nobody, so it looks again."""
    portal, now = world.portal(), [1000.0]
    monkeypatch.setattr(overrides.time, "monotonic", lambda: now[0])
    assert overrides.current(portal.slug, "batch-in-review", "email") is None
    held = dict(overrides._kept)
    save(portal, email())
    overrides._kept.update(held)  # as a process has it that did not save
    now[0] += overrides.KEPT_SECONDS - 1
    assert overrides.current(portal.slug, "batch-in-review", "email") is None
    now[0] += 1.5
    found = overrides.current(portal.slug, "batch-in-review", "email")
    assert found and found.version == 1


def test_a_wording_that_the_product_has_outgrown_stops_no_message(world: World) -> None:
    portal = world.portal()
    save(portal, email())
    key = template_key(portal.slug, "batch-in-review", "email")
    stored = TemplateRow.find(key, "current")
    assert stored is not None
    stored.own = email(paragraph("((gone))"), BUTTON)
    stored.save()
    overrides.forget_kept()
    identifier = put(portal)
    world.drain()
    assert world.newest(TO).subject == "2031 renewal is ready for your review - Acme Benefits"
    assert reading.get(portal.slug, identifier).wording_version is None


def test_a_message_tried_again_notes_what_was_said_the_last_time(world: World) -> None:
    portal = world.portal()
    identifier = put(portal)
    assert progress.claim(row(portal, identifier), wording_version=7)
    progress.hand_back(row(portal, identifier), "provider:Throttling")
    assert progress.claim(row(portal, identifier))
    assert row(portal, identifier).wording_version is None


def test_a_sample_needs_no_context_and_any_other_message_does(world: World) -> None:
    portal = world.portal()
    with pytest.raises(Invalid):
        put(portal, context={})
    assert FULL.keys() == TEMPLATES.keys()
    put(portal, context={}, sample=True)
    world.drain()
    assert world.newest(TO).subject == "Renewal 2031 is ready for your review - Acme Benefits"
