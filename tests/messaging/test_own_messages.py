"""Messages of a portal's own: made, sent, changed, deleted and brought back; and those of the product about a record."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chalicelib.errors import Conflict, Invalid, NotFound, Stale
from chalicelib.facts import Act
from chalicelib.messaging import (
    own_message_changes,
    own_messages,
    placeholders,
    preview,
    reading,
    samples,
    templates,
    wordings,
)
from chalicelib.messaging.models import OwnMessageRow, own_messages_key
from chalicelib.messaging.own_message_changes import with_wording
from chalicelib.messaging.own_messages import Deleted, Held
from chalicelib.messaging.record_messages import MESSAGES_FOR_RECORDS, RECORD
from chalicelib.messaging.shapes import Own, OwnEmail, OwnMessage, OwnSms
from chalicelib.messaging.wording import TEMPLATES
from chalicelib.portals import Portal
from tests.factories import facts_of
from tests.messaging import samples as sent_samples
from tests.messaging.samples import MOBILE, TO, put, row
from tests.world import MovableClock, World

NAME = "own-spring-note"
VALUES = sent_samples.RECORD
ONLY_NAME = {"account_name": "Northwind Traders"}
BUTTON = {"kind": "button", "text": "Open it", "link": "portal_link"}


def mail(*texts: str, subject: str = "Ours", blocks: tuple[dict[str, str], ...] = ()) -> OwnEmail:
    """A mail of paragraphs."""
    said = [{"kind": "paragraph", "text": text} for text in texts or ("Hello.",)]
    return msgspec.convert({"subject": subject, "blocks": [*said, *blocks]}, OwnEmail)


def message(**given: Any) -> OwnMessage:
    """A message, of a mail unless told otherwise."""
    said = {"title": "Spring note", "purpose": "service", "email": mail(), **given}
    return OwnMessage(**said)


def act(portal: Portal) -> Act:
    """Somebody of the company at work."""
    return Act(portal.slug, "user:ana")


def make(portal: Portal, name: str = NAME, **given: Any) -> Held:
    """Make a message."""
    return own_message_changes.create(act(portal), name, message(**given), author="Ana Silva")


def change(portal: Portal, version: int | None = None, **said: Any) -> Held:
    """Change some of it."""
    return own_message_changes.change(
        act(portal), NAME, lambda held: msgspec.structs.replace(held, **said), author="Ben Okafor", version=version
    )  # fmt: skip


def delete(portal: Portal, **given: Any) -> None:
    """Delete it."""
    own_message_changes.delete(act(portal), NAME, author="Ana Silva", **given)


def send(portal: Portal, channel: str = "email", **given: Any) -> str:
    """Queue it with all that it may tell."""
    to = TO if channel == "email" else MOBILE
    return put(portal, **{"template": NAME, "channel": channel, "to": to, "context": VALUES, **given})


def refused(**given: Any) -> dict[str, str]:
    """What is said against a message, by field."""
    with pytest.raises(Invalid) as refusal:
        own_message_changes.check(message(**given))
    return dict(refusal.value.fields)


def test_a_message_of_ones_own_is_sent_with_what_the_record_holds(world: World) -> None:
    portal = world.portal()
    make(
        portal,
        email=mail(
            "Hello ((first_name|there)),", "((product_plan)) begins on ((product_effective_date_words)).",
            "((product_premium)) a month.", subject="For ((account_name))", blocks=(BUTTON,),
        ),
        sms=OwnSms(texts=("((portal_name)): hello ((first_name|there)). ((portal_link))",)),
    )  # fmt: skip
    identifier = send(portal)
    send(portal, "sms")
    world.drain()
    sent = world.newest(TO)
    assert sent.subject == "For Northwind Traders"
    assert "Hello Jane," in sent.text and "PPO 1500 begins on 31 January 2031." in sent.text
    assert "$412.50 a month." in sent.text
    assert sent.link == f"https://portal.example.com/{portal.slug}"
    assert world.newest(MOBILE).text == f"Acme Benefits: hello Jane. https://portal.example.com/{portal.slug}"
    told = reading.get(portal.slug, identifier)
    assert (told.template, told.wording_version, told.is_sample) == (NAME, 1, False)


def test_what_is_blank_is_left_out_or_has_its_words(world: World) -> None:
    portal = world.portal()
    make(
        portal, email=mail("Hello ((first_name|there)),", "Your agent is ((agent_name)).", "From ((product_carrier)).")
    )
    send(portal, context=ONLY_NAME)
    world.drain()
    text = world.newest(TO).text
    assert "Hello there," in text and "Your agent" not in text and "From" not in text


@pytest.mark.parametrize("template", MESSAGES_FOR_RECORDS, ids=lambda each: each.name)
@pytest.mark.parametrize("context", [VALUES, ONLY_NAME], ids=["all", "only the name"])
def test_the_product_s_messages_for_records_need_nothing_but_the_account(
    world: World, template: templates.Template, context: dict[str, str]
) -> None:
    portal = world.portal()
    send(portal, template=template.name, context=context)
    send(portal, "sms", template=template.name, context=context)
    world.drain()
    assert "Hello " in world.newest(TO).text
    assert ("Ada Brook" in world.newest(TO).text) == ("Ada Brook" in world.newest(MOBILE).text) == (context is VALUES)


def test_messages_for_records_are_those_that_hold_no_secret() -> None:
    """Nothing that opens somebody's own page may go out by the hundred."""
    chosen = {name for name, each in TEMPLATES.items() if each.for_records}
    assert chosen == {"quote-follow-up", "annual-review", "get-in-touch"}
    for each in (*MESSAGES_FOR_RECORDS, own_messages.blank(NAME)):
        assert each.purpose == "service"
        assert not placeholders.SECRETS & placeholders.offered(each, "email").keys()
        assert not {"code", "link", "password", "link_id", "nonce"} & {value.name for value in each.context}
        assert [value.name for value in each.context if value.required] == ["account_name"]
    assert all(value.meaning for value in RECORD)
    assert not any(own_messages.is_own(name) for name in TEMPLATES)


@pytest.mark.parametrize("word", ["plan for", "next year", "2027", "enrol", "switch", "better", "save", "benefits"])
def test_the_annual_review_says_nothing_of_any_plan(word: str) -> None:
    """Before the first of October nobody may be told of next year's plans."""
    (review,) = (each for each in MESSAGES_FOR_RECORDS if each.name == "annual-review")
    said = " ".join(review._texts())
    assert word not in said.lower() and "product_" not in said


def test_it_is_a_message_of_this_portal_and_of_no_other(world: World) -> None:
    portal, neighbour = world.portal(), world.portal()
    make(portal)
    assert own_messages.listed(neighbour.slug) == []
    with pytest.raises(LookupError):
        send(neighbour)
    with pytest.raises(NotFound):
        preview.preview(neighbour, NAME, "email")


def test_only_what_it_takes_can_be_queued(world: World) -> None:
    portal = world.portal()
    make(portal)
    for wrong in ({}, {**VALUES, "code": "rec-1"}, {**VALUES, "first_name": "Jane\nBcc: x"}):
        with pytest.raises((Invalid, LookupError)):
            send(portal, context=wrong)
    with pytest.raises(LookupError):
        send(portal, "sms")
    with pytest.raises(LookupError):
        send(portal, template="own-nobody")


def test_its_purpose_goes_with_it_unless_another_is_given(world: World) -> None:
    portal = world.portal(support={"postal_address": "1 Harbour Street, Springfield"})
    make(portal, purpose="marketing")
    assert row(portal, send(portal)).is_marketing
    assert not row(portal, send(portal, purpose="service")).is_marketing
    change(portal, purpose="service")
    assert not row(portal, send(portal)).is_marketing


def test_every_change_is_a_version_with_author_and_time(world: World, moment: MovableClock) -> None:
    portal = world.portal()
    make(portal)
    moment.advance(minutes=1)
    change(portal, title="Note in spring")
    own_message_changes.change(
        act(portal), NAME, with_wording(Own(sms=OwnSms(texts=("Hello.",)))), author="Ben Okafor"
    )  # fmt: skip
    found = own_messages.versions(portal.slug, NAME).items
    assert [(each.version, each.author, each.saved_by) for each in found] == [
        (3, "Ben Okafor", "user:ana"), (2, "Ben Okafor", "user:ana"), (1, "Ana Silva", "user:ana"),
    ]  # fmt: skip
    assert [each.message.title for each in found] == ["Note in spring", "Note in spring", "Spring note"]
    assert [each.message.channels for each in found] == [("email", "sms"), ("email",), ("email",)]
    assert found[0].saved_at > found[2].saved_at
    told = [fact.kind for fact in facts_of(portal.slug) if fact.subject == f"template:{NAME}"]
    assert sorted(told) == ["staff:template:changed", "staff:template:changed", "staff:template:created"]


def test_what_says_the_same_is_not_saved_again_and_a_late_change_is_stale(world: World) -> None:
    portal = world.portal()
    made = make(portal)
    assert change(portal, title="Spring note") == made
    change(portal, title="Newer", version=1)
    with pytest.raises(Stale):
        change(portal, title="Late", version=1)
    with pytest.raises(Stale):
        delete(portal, version=1)


def test_the_same_name_is_never_another_message(world: World) -> None:
    portal = world.portal()
    make(portal)
    with pytest.raises(Conflict, match=r"conflict") as taken:
        make(portal)
    delete(portal)
    with pytest.raises(Conflict) as deleted:
        make(portal)
    assert "change that one" in taken.value.text and "Restore" in deleted.value.text


def test_two_who_make_it_at_once_make_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = world.portal()
    monkeypatch.setattr(own_messages, "every", lambda _portal: [])  # as the second saw it before the first was there
    make(portal)
    with pytest.raises(Conflict):
        make(portal, title="Another")
    assert own_messages.get(portal.slug, NAME).message.title == "Spring note"


def test_there_is_an_end_to_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_message_changes, "MOST", 2)
    portal = world.portal()
    make(portal, "own-a")
    make(portal, "own-b")
    with pytest.raises(Conflict, match="conflict"):
        make(portal, "own-c")


def test_deleted_it_is_sent_no_more_and_says_why(world: World) -> None:
    portal = world.portal()
    make(portal)
    waiting = send(portal)
    delete(portal)
    world.drain()
    told = reading.get(portal.slug, waiting)
    assert (told.status, told.reason) == ("failed", "message-deleted")
    assert "restore the message" in told.status_text
    assert world.sent_to(TO) == []
    with pytest.raises(Deleted):
        send(portal)
    for ask in (own_messages.get, wordings.known):
        with pytest.raises(NotFound):
            ask(portal.slug, NAME)
    assert own_messages.listed(portal.slug) == []
    assert [each.name for each in own_messages.listed(portal.slug, deleted=True)] == [NAME]


def test_a_version_brings_it_back_and_its_versions_were_kept(world: World) -> None:
    portal = world.portal()
    make(portal)
    change(portal, title="Second", purpose="marketing")
    delete(portal)
    assert [each.is_deleted for each in own_messages.versions(portal.slug, NAME).items] == [True, False, False]
    back = own_message_changes.restore(act(portal), NAME, 1, author="Ana Silva")
    assert (back.version, back.restored_from, back.message.title) == (4, 1, "Spring note")
    assert own_message_changes.restore(act(portal), NAME, 1, author="Ana Silva") == back
    send(portal)
    world.drain()
    assert world.newest(TO).subject == "Ours"
    for name, version in ((NAME, 9), ("own-nobody", 1)):
        with pytest.raises(NotFound):
            own_message_changes.restore(act(portal), name, version, author="Ana Silva")


def test_the_version_that_deleted_it_brings_back_what_it_was(world: World) -> None:
    portal = world.portal()
    make(portal)
    delete(portal)
    assert own_message_changes.restore(act(portal), NAME, 2, author="Ana Silva").message.title == "Spring note"


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"email": None}, {"email", "sms"}),
        ({"title": "  "}, {"title"}),
        ({"email": mail("((code))")}, {"email.blocks.0.text"}),
        ({"email": mail("((link))")}, {"email.blocks.0.text"}),
        ({"email": mail(subject="Hello ((first_name))")}, {"email.subject"}),
        ({"email": mail(subject="Open ((portal_link))")}, {"email.subject"}),
        ({"email": mail(blocks=({**BUTTON, "link": "link"},))}, {"email.blocks.1.link"}),
        ({"email": mail(blocks=({**BUTTON, "link": "account_name"},))}, {"email.blocks.1.link"}),
        ({"sms": OwnSms(texts=("Hello ((first_name)).",))}, {"sms.texts.0"}),
        ({"email": mail("(("), "sms": OwnSms(texts=("((nobody))",))}, {"email.blocks.0.text", "sms.texts.0"}),
    ],
)
def test_what_cannot_be_sent_is_refused_by_field(given: dict[str, Any], fields: set[str]) -> None:
    assert set(refused(**given)) == fields


def test_a_draft_is_looked_at_before_there_is_such_a_message(world: World) -> None:
    portal = world.portal()
    looked = preview.preview(
        portal, NAME, "sms", own=Own(sms=OwnSms(texts=("Hello ((first_name|there)). " + "x" * 160,)))
    )
    assert looked.text.startswith("Hello Maria.") and (looked.encoding, looked.parts) == ("GSM-7", 2)
    assert looked.estimated_price == "0.0166"
    with pytest.raises(Invalid):
        preview.preview(portal, NAME, "email", own=Own(email=mail("((code))")))
    assert own_messages.listed(portal.slug) == []


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_is_looked_at_is_what_is_sent_to_oneself(world: World, channel: Any) -> None:
    portal = world.portal()
    make(
        portal,
        email=mail("Hello ((first_name)), ((product_premium))."),
        sms=OwnSms(texts=("Hello ((agent_name|us)).",)),
    )
    to = TO if channel == "email" else MOBILE
    preview.send_sample(act(portal), NAME, channel, to=to, user_id="a" * 32, occasion="b" * 32)
    world.drain()
    seen, sent = preview.preview(portal, NAME, channel), world.newest(to)
    assert sent.text.replace("\r\n", "\n") == seen.text
    assert "Maria" in seen.text or "Ana Silva" in seen.text


def test_a_sample_has_every_value_and_says_the_date_in_words(world: World) -> None:
    portal = world.portal(currency="EUR")
    made = samples.values(own_messages.blank(NAME), portal, {"product_effective_date": "2031-03-01"})
    assert made.keys() == placeholders.offered(own_messages.blank(NAME), "email").keys()
    assert made["product_effective_date_words"] == "1 March 2031"
    assert made["product_premium"] == "€412.50"
    assert made["portal_link"] == f"https://portal.example.com/{portal.slug}"


def test_one_delivery_reads_it_once_and_the_next_within_fifteen_seconds_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, now, read = world.portal(), [1000.0], []
    make(portal)
    find = own_messages.find
    monkeypatch.setattr(own_messages.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(own_messages, "find", lambda *asked: read.append(asked) or find(*asked))
    for _ in range(2):
        send(portal)
        world.drain()
    assert read == [(portal.slug, NAME)]
    now[0] += own_messages.KEPT_SECONDS + 1
    send(portal)
    assert len(read) == 2


def test_what_was_changed_elsewhere_is_noticed_where_it_must_be(world: World) -> None:
    """Another process has just given it a channel, or brought it back: neither waits for what is kept here."""
    portal = world.portal()
    make(portal)
    send(portal)
    kept = dict(own_messages._kept)
    change(portal, sms=OwnSms(texts=("Hello.",)))
    own_messages._kept.update(kept)
    send(portal, "sms")
    delete(portal)
    with pytest.raises(Deleted):
        send(portal)
    assert not own_messages._kept


def test_what_the_product_has_outgrown_is_not_sent_but_can_be_seen_and_changed(world: World) -> None:
    portal = world.portal()
    make(portal)
    stored = OwnMessageRow.find(own_messages_key(portal.slug), NAME)
    assert stored is not None
    stored.message = message(email=mail("((gone))"))
    stored.save()
    own_messages.forget_kept()
    with pytest.raises(LookupError):
        send(portal)
    (listed,) = (each for each in wordings.listed(portal.slug) if each.is_own)
    assert listed.name == NAME and wordings.shown(portal.slug, NAME, "email").default is None
    change(portal, email=mail("Hello again."))
    send(portal)
    world.drain()
    assert "Hello again." in world.newest(TO).text
