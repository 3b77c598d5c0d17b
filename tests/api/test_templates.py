"""The wording of messages over the API, as the console works on it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib.errors import Unavailable
from chalicelib.facts import Act
from chalicelib.messaging import overrides
from chalicelib.messaging.wording import TEMPLATES
from chalicelib.people import user_factors
from chalicelib.portals.permissions import PERMISSIONS, ROLES
from chalicelib.security import limits
from chalicelib.storage import Transaction
from tests.staffing import StaffClient, make_colleague, make_session, signed_in
from tests.world import World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

BUTTON = {"kind": "button", "text": "Open it", "link": "link"}
EMAIL: dict[str, Any] = {"subject": "Ours: ((batch_title))", "preheader": "Soon.", "blocks": [BUTTON]}
PLAIN = {**EMAIL, "subject": "Ours"}
SAVE: dict[str, Any] = {"name": "batch-in-review", "email": EMAIL}
WHICH = {"name": "batch-in-review", "channel": "email"}
ASKED = "?name=batch-in-review&channel=email"


def read(office: Office) -> Any:
    """The wording as it stands."""
    return good(office.api.get(f"{office.at}/templates/wording{ASKED}")).json


def test_every_message_is_listed_with_what_may_stand_in_it(office: Office) -> None:
    items = good(office.api.get(f"{office.at}/templates")).items
    assert [item["name"] for item in items] == list(TEMPLATES)
    (code,) = (item for item in items if item["name"] == "verification-code")
    assert code["meaning"] == TEMPLATES["verification-code"].meaning
    assert [channel["channel"] for channel in code["channels"]] == ["email", "sms"]
    assert {(channel["is_overridden"], channel["version"], channel["author"]) for channel in code["channels"]} == {
        (False, 0, None)
    }  # fmt: skip
    shown = {each["name"]: each for each in code["channels"][0]["placeholders"]}
    assert shown["code"] == {"name": "code", "meaning": "the six digits", "required": True, "may_be_blank": False}
    assert "challenge" not in shown


def test_a_wording_is_saved_read_and_restored(office: Office) -> None:
    before = read(office)
    assert before["wording"] == before["default"] and before["version"] == 0
    saved = good(office.api.post(f"{office.at}/templates/wording", {**SAVE, "version": 0})).json
    assert saved == read(office)
    assert saved["wording"] == {"email": {**EMAIL, "blocks": [BUTTON]}}
    assert (saved["is_overridden"], saved["version"], saved["author"]) == (True, 1, "Test")
    assert saved["default"] == before["default"]
    listed = {item["name"]: item for item in good(office.api.get(f"{office.at}/templates")).items}
    assert [each["is_overridden"] for each in listed["batch-in-review"]["channels"]] == [True, False]
    assert good(office.api.post(f"{office.at}/templates/restore", WHICH)).json["restored"] == 1
    assert good(office.api.post(f"{office.at}/templates/restore", WHICH)).json["restored"] == 0
    after = read(office)
    assert (after["wording"], after["is_overridden"], after["version"]) == (before["wording"], False, 2)
    versions = good(office.api.get(f"{office.at}/templates/versions{ASKED}")).items
    assert [(each["version"], each["is_default"]) for each in versions] == [(2, True), (1, False)]
    assert versions[1]["own"]["email"]["subject"] == "Ours: ((batch_title))"
    assert good(office.api.post(f"{office.at}/templates/restore", {**WHICH, "version": 1})).json["restored"] == 1
    assert read(office)["wording"]["email"]["subject"] == "Ours: ((batch_title))"


def test_all_are_restored_at_once(office: Office) -> None:
    for name in ("batch-in-review", "answer-reminder"):
        good(office.api.post(f"{office.at}/templates/wording", {**SAVE, "name": name}))
    assert good(office.api.post(f"{office.at}/templates/restore", {"all": True})).json["restored"] == 2
    items = good(office.api.get(f"{office.at}/templates")).items
    assert not any(channel["is_overridden"] for item in items for channel in item["channels"])


def test_a_restoring_that_was_cut_short_goes_on_when_the_call_is_repeated(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overrides, "_AT_ONCE", 1)
    whole, tried = overrides._restored, []

    def once(act: Act, places: list[tuple[str, str]], author: str) -> None:
        tried.append(places)
        if len(tried) == 2:
            raise Unavailable
        whole(act, places, author)

    monkeypatch.setattr(overrides, "_restored", once)
    names = ("batch-in-review", "answer-reminder", "credential-changed")
    for name in names:
        good(office.api.post(f"{office.at}/templates/wording", {**SAVE, "name": name, "email": PLAIN}))

    def restore() -> Reply:
        return office.api.post(f"{office.at}/templates/restore", {"all": True}, Idempotency_Key="r-1")

    assert restore().status == 503
    assert good(restore()).json["restored"] == 2
    assert good(restore()).headers["Idempotency-Replayed"] == "true"
    items = good(office.api.get(f"{office.at}/templates")).items
    found = {item["name"]: item["channels"][0] for item in items if item["name"] in names}
    assert {(each["is_overridden"], each["version"]) for each in found.values()} == {(False, 2)}


def test_of_those_who_save_at_once_all_are_kept_and_numbered(office: Office) -> None:
    def save(number: int) -> Reply:
        return office.api.post(f"{office.at}/templates/wording", {**SAVE, "email": {**EMAIL, "subject": f"S{number}"}})

    replies = at_once([partial(save, number) for number in range(3)])
    assert {reply.status for reply in replies} == {200}
    versions = good(office.api.get(f"{office.at}/templates/versions{ASKED}")).items
    assert [each["version"] for each in versions] == [3, 2, 1]
    assert {each["own"]["email"]["subject"] for each in versions} == {"S0", "S1", "S2"}
    assert read(office)["wording"] == versions[0]["own"]


def test_versions_come_in_pages(office: Office) -> None:
    for number in range(3):
        good(office.api.post(f"{office.at}/templates/wording", {**SAVE, "email": {**EMAIL, "subject": f"S{number}"}}))
    first = good(office.api.get(f"{office.at}/templates/versions{ASKED}&limit=2"))
    assert first.headers["Link"].endswith('; rel="next"')
    rest = good(office.api.get(f"{office.at}/templates/versions{ASKED}&limit=2&cursor={first.cursor}"))
    assert [each["version"] for each in (*first.items, *rest.items)] == [3, 2, 1]


def test_a_save_over_a_newer_one_is_stale_and_a_repeated_one_is_one(office: Office) -> None:
    good(office.api.post(f"{office.at}/templates/wording", SAVE, Idempotency_Key="w-1"))
    again = good(office.api.post(f"{office.at}/templates/wording", SAVE, Idempotency_Key="w-1"))
    assert (again.json["version"], again.headers["Idempotency-Replayed"]) == (1, "true")
    late = office.api.post(
        f"{office.at}/templates/wording", {**SAVE, "email": {**EMAIL, "subject": "Late"}, "version": 0}
    )
    assert (late.status, late.code) == (412, "stale")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "batch-in-review"}, {"email", "sms"}),
        ({**SAVE, "sms": {"texts": ["((link))"]}}, {"email", "sms"}),
        ({**SAVE, "email": {**EMAIL, "html": "<b>"}}, {"email.html"}),
        ({**SAVE, "email": {**EMAIL, "blocks": []}}, {"email.blocks"}),
        ({**SAVE, "email": {**EMAIL, "blocks": [BUTTON] * 41}}, {"email.blocks"}),
        ({**SAVE, "email": {**EMAIL, "blocks": [{**BUTTON, "kind": "html"}]}}, {"email.blocks.0.kind"}),
        ({**SAVE, "email": {**EMAIL, "blocks": [{**BUTTON, "href": "x"}]}}, {"email.blocks.0.href"}),
        ({**SAVE, "email": {**EMAIL, "blocks": [{**BUTTON, "text": "x" * 4001}]}}, {"email.blocks.0.text"}),
        ({**SAVE, "email": {**EMAIL, "subject": ""}}, {"email.subject"}),
        ({**SAVE, "email": {**EMAIL, "subject": "x" * 201}}, {"email.subject"}),
        ({"name": "batch-in-review", "sms": {"texts": []}}, {"sms.texts"}),
        ({"name": "batch-in-review", "sms": {"texts": ["x" * 481]}}, {"sms.texts.0"}),
        ({**SAVE, "version": -1}, {"version"}),
        ({**SAVE, "author": "Somebody"}, {"author"}),
    ],
)
def test_a_body_of_the_wrong_form_is_refused_by_field(office: Office, body: dict[str, Any], fields: set[str]) -> None:
    reply = office.api.post(f"{office.at}/templates/wording", body)
    assert (reply.status, set(reply.errors)) == (400, fields), reply.text
    assert read(office)["version"] == 0


@pytest.mark.parametrize(
    "query", ["", "?name=batch-in-review", "?channel=email", f"{ASKED}&x=1", "?name=A&channel=email"]
)
def test_a_question_must_be_whole(office: Office, query: str) -> None:
    for path in ("wording", "versions"):
        assert office.api.get(f"{office.at}/templates/{path}{query}").status == 400


def test_what_is_not_sent_has_no_wording(office: Office) -> None:
    for name, channel in (("nobody", "email"), ("help-request", "sms")):
        for reply in (
            office.api.get(f"{office.at}/templates/wording?name={name}&channel={channel}"),
            office.api.get(f"{office.at}/templates/versions?name={name}&channel={channel}"),
            office.api.post(f"{office.at}/templates/preview", {"name": name, "channel": channel}),
            office.api.post(f"{office.at}/templates/restore", {"name": name, "channel": channel}),
        ):
            assert (reply.status, reply.code) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name", "channel"}),
        ({"name": "batch-in-review"}, {"channel"}),
        ({"all": True, "name": "batch-in-review"}, {"all"}),
        ({**WHICH, "version": 0}, {"version"}),
    ],
)
def test_what_to_restore_must_be_said(office: Office, body: dict[str, Any], fields: set[str]) -> None:
    reply = office.api.post(f"{office.at}/templates/restore", body)
    assert (reply.status, set(reply.errors)) == (400, fields)


def test_a_draft_is_looked_at_and_nothing_is_kept(office: Office) -> None:
    seen = good(office.api.post(f"{office.at}/templates/preview", {**WHICH, "email": EMAIL})).json
    assert (seen["subject"], seen["preheader"]) == ("Ours: Renewal 2031", "Soon.")
    assert "Open it" in seen["html"] and "Open it:" in seen["text"]
    assert read(office)["version"] == 0
    sms = good(office.api.post(f"{office.at}/templates/preview", {**WHICH, "channel": "sms"})).json
    assert (sms["encoding"], sms["parts"], sms["estimated_price"]) == ("GSM-7", 1, "0.0083")
    wrong = office.api.post(f"{office.at}/templates/preview", {**WHICH, "channel": "sms", "email": EMAIL})
    assert (wrong.status, set(wrong.errors)) == (400, {"email"})


def test_it_is_looked_at_in_somebody_s_name_by_whoever_may_read_them(office: Office, other: Office) -> None:
    account = office.account("Harbor Mill").id
    contact = office.contact(account, first_name="Zoe", last_name="Lang").id
    body = {"name": "client-answered", "channel": "email", "account_id": account, "contact_id": contact}
    seen = good(office.api.post(f"{office.at}/templates/preview", body)).json
    assert seen["subject"].startswith("Harbor Mill approved") and "Zoe Lang" in seen["text"]
    for lacking in ("accounts:read", "contacts:read"):
        caller = ApiClient(make_key(office.slug, set(PERMISSIONS) - {lacking}))
        reply = caller.post(f"{office.at}/templates/preview", body)
        assert (reply.status, lacking in reply.text, "Harbor" in reply.text) == (403, True, False)
    stranger = other.api.post(f"{other.at}/templates/preview", body)
    assert (stranger.status, "Harbor" in stranger.text) == (404, False)


def test_staff_send_a_message_to_themselves_and_to_nobody_else(office: Office, world: World) -> None:
    colleague = make_colleague(office.slug)
    browser = signed_in(colleague)
    good(office.api.post(f"{office.at}/templates/wording", SAVE))
    told = good(browser.post(f"{office.at}/templates/test", WHICH, Idempotency_Key="t-1")).json
    again = good(browser.post(f"{office.at}/templates/test", WHICH, Idempotency_Key="t-1")).json
    assert (told["recipient"], told["is_sample"], again["id"]) == (colleague.email, True, told["id"])
    world.drain()
    assert [(sent.to, sent.subject) for sent in world.inbox] == [(colleague.email, "Ours: Renewal 2031")]
    shown = good(office.api.get(f"{office.at}/messages/{told['id']}")).json
    assert (shown["status"], shown["wording_version"], shown["about"]) == ("delivered", 1, "template:batch-in-review")
    for more in ("to", "recipient", "email"):
        assert browser.post(f"{office.at}/templates/test", {**WHICH, more: "victim@x.example"}).status == 400
    by_key = office.api.post(f"{office.at}/templates/test", WHICH)
    assert (by_key.status, by_key.code) == (403, "forbidden")


def test_a_text_message_goes_to_the_number_they_have_set_up(office: Office, world: World) -> None:
    colleague = make_colleague(office.slug)
    browser = signed_in(colleague)
    body = {"name": "batch-in-review", "channel": "sms"}
    none = browser.post(f"{office.at}/templates/test", body)
    assert (none.status, set(none.errors)) == (400, {"channel"})
    tx = Transaction()
    user_factors.set_sms(tx, colleague.user, "+12025550123", recovery=())
    tx.commit()
    assert good(browser.post(f"{office.at}/templates/test", body)).json["recipient"] == "+12025550123"


def test_nobody_floods_themselves(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SAMPLES_A_HOUR", limits.Limit(2, 3600))
    one, two = make_session(office.slug), make_session(office.slug)
    seen = [one.post(f"{office.at}/templates/test", WHICH).status for _ in range(3)]
    assert seen == [200, 200, 429]
    assert two.post(f"{office.at}/templates/test", WHICH).status == 200


def test_a_role_reads_or_writes(office: Office) -> None:
    assert {role for role, held in ROLES.items() if "templates:write" in held} == {"owner", "administrator"}
    assert {role for role, held in ROLES.items() if "templates:read" in held} == set(ROLES)
    agent = make_session(office.slug, "agent")
    assert agent.get(f"{office.at}/templates").status == 200
    assert agent.post(f"{office.at}/templates/preview", WHICH).status == 200
    for path, body in _WRITING.items():
        assert _said(agent, office, path, body) == (403, "forbidden")


_WRITING: dict[str, dict[str, Any]] = {"wording": SAVE, "restore": WHICH, "test": WHICH}


def test_changing_what_everybody_reads_takes_a_fresh_second_factor(office: Office) -> None:
    stale = make_session(office.slug, proved=False)
    assert _said(stale, office, "wording", SAVE) == (403, "step-up-needed")
    assert _said(stale, office, "restore", WHICH) == (403, "step-up-needed")
    assert read(office)["version"] == 0


def _said(caller: StaffClient, office: Office, path: str, body: dict[str, Any]) -> tuple[int, str]:
    reply: Reply = caller.post(f"{office.at}/templates/{path}", body)
    return reply.status, reply.code


def test_a_portal_neither_sees_nor_changes_what_another_says(office: Office, other: Office) -> None:
    good(office.api.post(f"{office.at}/templates/wording", {**SAVE, "email": {**EMAIL, "subject": "Heron"}}))
    assert read(other)["version"] == 0
    assert other.api.post(f"{other.at}/templates/restore", {**WHICH, "version": 1}).status == 404
    for path in ("", "/wording" + ASKED, "/versions" + ASKED):
        assert "Heron" not in good(other.api.get(f"{other.at}/templates{path}")).text
    cursor = good(office.api.get(f"{office.at}/templates/versions{ASKED}")).cursor
    assert cursor is None
    assert other.api.post(f"{other.at}/templates/restore", {"all": True}).json["restored"] == 0
    assert read(office)["version"] == 1
