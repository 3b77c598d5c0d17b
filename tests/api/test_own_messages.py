"""A portal's own messages over the API, as the console works on them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib import portals
from chalicelib.campaigns import uses
from chalicelib.messaging import own_messages
from chalicelib.people import accounts
from chalicelib.portals.permissions import PERMISSIONS
from tests.factories import change_portal
from tests.messaging.samples import RECORD, TO, put
from tests.records import MODULES, make_product
from tests.staffing import make_colleague, make_session, signed_in
from tests.world import World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

NAME = "own-spring-note"
BUTTON = {"kind": "button", "text": "Open it", "link": "portal_link"}
EMAIL: dict[str, Any] = {
    "subject": "For ((account_name))", "preheader": "",
    "blocks": [{"kind": "paragraph", "text": "Hello ((first_name|there)),", "link": ""}, BUTTON],
}  # fmt: skip
SMS = {"texts": ["((portal_name)): hello ((first_name|there))."]}
NEW: dict[str, Any] = {"name": "spring-note", "title": "Spring note", "email": EMAIL}
ASKED = f"?name={NAME}&channel=email"


def create(office: Office, **more: Any) -> Any:
    """Make it."""
    return good(office.api.post(f"{office.at}/templates", {**NEW, **more})).json


def change(office: Office, **more: Any) -> Reply:
    """Change something of it."""
    return office.api.post(f"{office.at}/templates/change", {"name": NAME, **more})


def delete(office: Office, **more: Any) -> Reply:
    """Delete it."""
    return office.api.post(f"{office.at}/templates/delete", {"name": NAME, **more})


def restore(office: Office, version: int | None, channel: str = "email") -> Reply:
    """Bring a version back."""
    body = {"name": NAME, "channel": channel} | ({"version": version} if version else {})
    return office.api.post(f"{office.at}/templates/restore", body)


def own(office: Office, query: str = "") -> list[Any]:
    """Those of the portal's own in the list."""
    return [item for item in good(office.api.get(f"{office.at}/templates{query}")).items if item["is_own"]]


def test_it_stands_beside_the_others(office: Office) -> None:
    made = create(office, purpose="marketing", sms=SMS)
    assert own(office) == [made]
    assert (made["name"], made["meaning"], made["purpose"]) == (NAME, "Spring note", "marketing")
    assert (made["is_own"], made["for_records"]) == (True, True)
    assert [each["channel"] for each in made["channels"]] == ["email", "sms"]
    assert {(each["version"], each["author"], each["is_overridden"]) for each in made["channels"]} == {
        (1, "Test", False)
    }  # fmt: skip
    offered = {each["name"]: each for each in made["channels"][0]["placeholders"]}
    assert offered["account_name"]["may_be_blank"] is False and offered["first_name"]["may_be_blank"] is True
    assert {"portal_link", "portal_name", "product_premium", "product_effective_date_words"} <= offered.keys()
    assert not any(each["required"] for each in offered.values())
    items = good(office.api.get(f"{office.at}/templates")).items
    assert items[-1] == made
    assert {item["name"] for item in items if item["for_records"]} == {
        "quote-follow-up", "annual-review", "get-in-touch", NAME,
    }  # fmt: skip


def test_it_is_read_and_written_as_any_wording(office: Office) -> None:
    create(office)
    read = good(office.api.get(f"{office.at}/templates/wording{ASKED}")).json
    assert (read["wording"], read["default"], read["is_own"], read["version"]) == ({"email": EMAIL}, None, True, 1)
    body = {"name": NAME, "sms": SMS, "version": 1}
    saved = good(office.api.post(f"{office.at}/templates/wording", body)).json
    assert (saved["wording"], saved["version"]) == ({"sms": SMS}, 2)
    late = office.api.post(f"{office.at}/templates/wording", body)
    assert (late.status, late.code) == (412, "stale")
    versions = good(office.api.get(f"{office.at}/templates/versions?name={NAME}&channel=sms")).items
    assert [(each["version"], each["own"]) for each in versions] == [(2, {"sms": SMS}), (1, None)]
    assert {(each["title"], each["purpose"], each["is_deleted"]) for each in versions} == {
        ("Spring note", "service", False)
    }  # fmt: skip
    first = good(office.api.get(f"{office.at}/templates/versions{ASKED}&limit=1"))
    assert [each["version"] for each in first.items] == [2]
    rest = good(office.api.get(f"{office.at}/templates/versions{ASKED}&limit=1&cursor={first.cursor}"))
    assert [each["version"] for each in rest.items] == [1]


def test_what_is_left_out_of_a_change_stays(office: Office, world: World) -> None:
    create(office, sms=SMS)
    changed = good(change(office, title="Note in spring", purpose="marketing", version=1)).json
    assert (changed["meaning"], changed["purpose"], len(changed["channels"])) == ("Note in spring", "marketing", 2)
    assert [each["channel"] for each in good(change(office, without="email")).json["channels"]] == ["sms"]
    read = good(office.api.get(f"{office.at}/templates/wording?name={NAME}&channel=sms")).json
    assert (read["wording"], read["version"]) == ({"sms": SMS}, 3)
    assert office.api.get(f"{office.at}/templates/wording{ASKED}").status == 404
    last = change(office, without="sms")
    assert (last.status, set(last.errors)) == (400, {"email", "sms"})
    stale = change(office, title="Late", version=1)
    assert (stale.status, stale.code) == (412, "stale")
    world.forget_unsent()


def test_deleted_it_comes_back_by_a_version(office: Office) -> None:
    create(office)
    good(change(office, title="Second"))
    assert delete(office).status == 204
    assert own(office) == []
    assert [item["meaning"] for item in own(office, "?state=deleted")] == ["Second"]
    for reply in (
        delete(office),
        change(office, title="Third"),
        office.api.get(f"{office.at}/templates/wording{ASKED}"),
        office.api.post(f"{office.at}/templates/preview", {"name": NAME, "channel": "email"}),
    ):
        assert (reply.status, "Restore one of its versions" in reply.text) == (404, True)
    again = office.api.post(f"{office.at}/templates", NEW)
    assert (again.status, again.code, "Restore" in again.text) == (409, "conflict", True)
    none = restore(office, None)
    assert (none.status, set(none.errors)) == (400, {"version"})
    versions = good(office.api.get(f"{office.at}/templates/versions{ASKED}")).items
    assert [(each["version"], each["title"], each["is_deleted"]) for each in versions] == [
        (3, "Second", True), (2, "Second", False), (1, "Spring note", False),
    ]  # fmt: skip
    assert good(restore(office, 1)).json["restored"] == 1
    assert good(restore(office, 1)).json["restored"] == 0
    assert [item["meaning"] for item in own(office)] == ["Spring note"]
    assert own(office, "?state=deleted") == []
    assert restore(office, 9).status == 404


def test_restoring_all_leaves_them_as_they_are(office: Office) -> None:
    made = create(office)
    assert good(office.api.post(f"{office.at}/templates/restore", {"all": True})).json["restored"] == 0
    assert own(office) == [made]


def test_what_workflows_send_is_not_taken_away(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    create(office)
    good(change(office, sms=SMS))
    asked: list[tuple[str, str]] = []

    def used(portal: str, name: str) -> tuple[str, ...]:
        asked.append((portal, name))
        return ("New leads", "Spring sending")

    monkeypatch.setattr(uses, "of_template", used)
    for reply in (delete(office), change(office, without="sms"), restore(office, 1)):
        assert (reply.status, reply.code) == (409, "conflict")
        assert "New leads, Spring sending" in reply.json["detail"] and "Choose another" in reply.json["detail"]
    assert asked == [(office.slug, NAME)] * 3
    good(change(office, title="Another title"))
    assert good(restore(office, 2)).json["restored"] == 1
    assert len(own(office)[0]["channels"]) == 2


def test_repeated_with_its_key_each_is_done_once(office: Office) -> None:
    def twice(path: str, body: Any) -> list[Reply]:
        replies = [office.api.post(f"{office.at}/templates{path}", body, Idempotency_Key=f"k{path}") for _ in range(2)]
        assert replies[1].headers["Idempotency-Replayed"] == "true"
        return replies

    assert [reply.status for reply in twice("", NEW)] == [201, 201]
    assert {reply.json["meaning"] for reply in twice("/change", {"name": NAME, "title": "Second"})} == {"Second"}
    assert [reply.status for reply in twice("/delete", {"name": NAME})] == [204, 204]
    assert len(good(office.api.get(f"{office.at}/templates/versions{ASKED}")).items) == 3


def test_of_those_who_make_it_at_once_one_does(office: Office) -> None:
    replies = at_once([partial(office.api.post, f"{office.at}/templates", {**NEW, "title": f"T{n}"}) for n in range(3)])
    assert sorted(reply.status for reply in replies) == [201, 409, 409]
    (title,) = (reply.json["meaning"] for reply in replies if reply.status == 201)
    assert [item["meaning"] for item in own(office)] == [title]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": None}, {"email", "sms"}),
        ({"name": "own-spring-note"}, {"name"}),
        ({"name": "Spring"}, {"name"}),
        ({"name": "a#b"}, {"name"}),
        ({"name": "x"}, {"name"}),
        ({"name": "x" * 41}, {"name"}),
        ({"title": ""}, {"title"}),
        ({"title": "x" * 201}, {"title"}),
        ({"title": "a\nb"}, {"title"}),
        ({"purpose": "security"}, {"purpose"}),
        ({"for_records": False}, {"for_records"}),
        ({"sms": {"texts": ["((code))"]}}, {"sms.texts.0"}),
        ({"email": {**EMAIL, "blocks": [{**BUTTON, "link": "link"}]}}, {"email.blocks.0.link"}),
    ],
)
def test_a_body_of_the_wrong_form_is_refused_by_field(office: Office, body: dict[str, Any], fields: set[str]) -> None:
    wanted = {name: value for name, value in {**NEW, **body}.items() if value is not None}
    reply = office.api.post(f"{office.at}/templates", wanted)
    assert (reply.status, set(reply.errors)) == (400, fields), reply.text
    assert own(office) == []


def test_only_ones_own_is_changed_or_deleted_so(office: Office) -> None:
    for path in ("change", "delete"):
        reply = office.api.post(f"{office.at}/templates/{path}", {"name": "batch-in-review"})
        assert (reply.status, set(reply.errors)) == (400, {"name"})
        reply = office.api.post(f"{office.at}/templates/{path}", {"name": "own-nobody"})
        assert (reply.status, reply.code) == (404, "not-found")
    assert office.api.get(f"{office.at}/templates?state=x").status == 400


def test_another_portal_sees_and_changes_none(office: Office, other: Office) -> None:
    create(office, title="Heron")
    assert own(other) == [] and own(other, "?state=deleted") == []
    for reply in (
        delete(other),
        change(other, title="Mine"),
        restore(other, 1),
        other.api.get(f"{other.at}/templates/wording{ASKED}"),
        other.api.get(f"{other.at}/templates/versions{ASKED}"),
        other.api.post(f"{other.at}/templates/preview", {"name": NAME, "channel": "email"}),
    ):
        assert (reply.status, "Heron" in reply.text) == (404, False)
    create(other)
    assert [item["meaning"] for item in own(office)] == ["Heron"]


def test_it_takes_the_permission_and_a_fresh_second_factor(office: Office) -> None:
    create(office)
    writing = {"": NEW, "/change": {"name": NAME, "title": "Mine"}, "/delete": {"name": NAME}}
    agent, stale = make_session(office.slug, "agent"), make_session(office.slug, proved=False)
    for path, body in writing.items():
        assert agent.post(f"{office.at}/templates{path}", body).code == "forbidden"
        assert stale.post(f"{office.at}/templates{path}", body).code == "step-up-needed"
    assert [item["meaning"] for item in own(office)] == ["Spring note"]
    assert agent.get(f"{office.at}/templates").status == 200


def test_it_is_looked_at_with_somebody_s_record_by_whoever_may_read_it(office: Office) -> None:
    portal = change_portal(portals.get(office.slug), modules=MODULES)
    agent = make_colleague(office.slug)
    account = office.account("Harbor Mill", assigned_agent=agent.email).id
    contact = office.contact(account, first_name="Zoe", last_name="Lang").id
    product = make_product(portal, accounts.get(office.slug, account), plan="HMO 7").id
    texts = [
        "((account_name)), ((first_name|-)), ((agent_name|-)), ((product_plan|-)), ((product_effective_date_words|-))"
    ]
    body = {"name": "own-draft", "channel": "sms", "sms": {"texts": texts}}

    def seen(caller: ApiClient = office.api, **more: Any) -> Reply:
        return caller.post(f"{office.at}/templates/preview", {**body, **more})

    assert good(seen()).json["text"] == "Northwind Traders, Maria, Ana Silva, PPO 1500, 31 January 2031"
    of_account = good(seen(account_id=account)).json["text"]
    assert of_account == f"Harbor Mill, Maria, {agent.user.name}, PPO 1500, 31 January 2031"
    alone = office.account("Lone Pine").id
    assert good(seen(account_id=alone)).json["text"] == "Lone Pine, Maria, -, PPO 1500, 31 January 2031"
    everything = {"account_id": account, "contact_id": contact, "product_id": product}
    told = good(seen(**everything)).json["text"]
    assert told == f"Harbor Mill, Zoe, {agent.user.name}, HMO 7, 1 January 2031"
    nobody_s = seen(product_id=product)
    assert (nobody_s.status, set(nobody_s.errors)) == (400, {"account_id"})
    assert seen(account_id=alone, product_id=product).status == 404
    assert seen(account_id=account, product_id="0" * 32).status == 404
    for lacking in ("accounts:read", "contacts:read", "records:read"):
        reply = seen(ApiClient(make_key(office.slug, set(PERMISSIONS) - {lacking})), **everything)
        assert (reply.status, lacking in reply.text, "Harbor" in reply.text) == (403, True, False)


def test_staff_send_it_to_themselves_and_find_it_in_the_log(office: Office, world: World) -> None:
    colleague = make_colleague(office.slug)
    create(office)
    which = {"name": NAME, "channel": "email"}
    told = good(signed_in(colleague).post(f"{office.at}/templates/test", which)).json
    assert (told["recipient"], told["template"], told["is_sample"]) == (colleague.email, NAME, True)
    put(portals.get(office.slug), template=NAME, context=RECORD)
    world.drain()
    assert world.newest(colleague.email).subject == world.newest(TO).subject == "For Northwind Traders"
    found = good(office.api.get(f"{office.at}/messages?template={NAME}")).items
    assert sorted(item["is_sample"] for item in found) == [False, True]
    assert good(office.api.get(f"{office.at}/facts?subject=template:{NAME}")).items
    assert own_messages.get(office.slug, NAME).version == 1
