"""The credential of an account over the API: the same rules as in tests/people/test_credentials.py, and HTTP's own."""

from __future__ import annotations

from functools import partial

import pytest

from tests.world import World

from .client import ApiClient, Reply
from .conftest import Office, at_once, good, make_key

EMAILS = ["maria@northwind.example", "office@northwind.example"]


class Desk:
    """A customer, and the calls about its credential."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.account = office.account(record_type="customer", primary_emails=EMAILS).id
        self.at = f"{office.at}/accounts/{self.account}/credential"

    def read(self) -> Reply:
        return good(self.office.api.get(self.at))

    def send(self, what: str, **headers: str) -> Reply:
        return self.office.api.post(f"{self.at}/send-{what}", **headers)

    def name(self, username: object, **headers: str) -> Reply:
        return self.office.api.patch(self.at, {"username": username}, **headers)

    def delete(self, **headers: str) -> Reply:
        return self.office.api.delete(self.at, **headers)

    def choose_password(self) -> None:
        from chalicelib.facts import Act
        from chalicelib.people import user_changes, users

        tx = Act(self.office.slug, "system:tests").transaction()
        user_changes.set_password(tx, users.get(self.office.slug, self.account), "a hash")
        tx.commit()


@pytest.fixture
def desk(office: Office) -> Desk:
    good(office.api.patch(office.at, {"policy": {"sign_in_ways": ["code", "password"]}}))
    return Desk(office)


def test_the_whole_story(desk: Desk, world: World) -> None:
    panel = desk.read().json
    assert (panel["state"], panel["username"], panel["actions"]) == (
        "no-username",
        None,
        ["send-create", "set-username"],
    )
    assert sorted(panel["refused"]) == ["change-username", "delete-username", "send-reset"]
    panel = good(desk.send("create")).json
    assert panel["create_link"] == {
        "sent_at": panel["create_link"]["sent_at"], "valid_until": panel["create_link"]["valid_until"], "state": "live",
    }  # fmt: skip
    panel = good(desk.name("Northwind")).json
    assert (panel["state"], panel["username"]) == ("username-only", "Northwind")
    assert good(desk.name("Northwind.Traders")).json["username"] == "Northwind.Traders"
    desk.choose_password()
    panel = good(desk.send("reset")).json
    assert (panel["state"], panel["actions"]) == ("complete", ["send-reset", "change-username", "delete-username"])
    assert panel["reset_link"]["state"] == "live" and panel["password_changed_at"]
    assert desk.delete().status == 204
    assert desk.read().json["state"] == "no-username" and desk.read().json["reset_link"] is None
    world.drain()
    assert [sent.to for sent in world.inbox] == EMAILS * 3, "two links, and the news that the username is gone"
    about = [
        fact["kind"].removeprefix("staff:")
        for subject in ("account", "user")
        for fact in good(desk.office.api.get(f"{desk.office.at}/facts?subject={subject}:{desk.account}")).items
    ]
    assert sorted(about) == [
        "account:created", "credential:create-sent", "credential:reset-sent", "credential:username-changed",
        "credential:username-deleted", "credential:username-set",
    ]  # fmt: skip


@pytest.mark.parametrize("call", ["reset", "delete"])
def test_a_refused_action_is_a_problem_that_says_why(desk: Desk, call: str) -> None:
    reply = desk.send("reset") if call == "reset" else desk.delete()
    assert (reply.status, reply.code) == (409, "not-in-this-state")
    assert reply.json["title"] == "Not in this state of the credential"
    assert (
        reply.json["detail"] == desk.read().json["refused"][{"reset": "send-reset", "delete": "delete-username"}[call]]
    )


def test_a_repeated_call_sends_once(desk: Desk, world: World) -> None:
    first, again = (desk.send("create", Idempotency_Key="k") for _ in range(2))
    assert (first.json, again.headers["Idempotency-Replayed"]) == (again.json, "true")
    replies = at_once([partial(desk.send, "create", Idempotency_Key="race")] * 16)
    assert {reply.status for reply in replies} == {200}
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1
    world.drain()
    assert [sent.to for sent in world.inbox] == EMAILS * 2
    assert desk.send("reset", Idempotency_Key="k").code in ("idempotency-key-reused", "not-in-this-state")


def test_what_a_username_may_be_is_said(desk: Desk) -> None:
    for odd in ("ab", "", "a b", 7, None, "x" * 201):
        reply = desk.name(odd)
        assert (reply.status, list(reply.errors)) == (400, ["username"]), odd
    for body in ({}, {"username": "northwind", "password": "secret"}, {"name": "northwind"}):
        assert desk.office.api.patch(desk.at, body).status == 400
    assert desk.read().json["state"] == "no-username"


def test_a_taken_username_is_said_at_once(desk: Desk) -> None:
    other = Desk(desk.office)
    good(other.name("northwind"))
    reply = desk.name("NORTHWIND")
    assert (reply.status, reply.code) == (409, "username-taken") and "taken" in reply.json["detail"]
    good(desk.name("fabrikam"))
    assert desk.name("Northwind").code == "username-taken"
    assert desk.read().json["username"] == "fabrikam"


def test_two_staff_who_read_the_same_do_not_overwrite_each_other(desk: Desk) -> None:
    good(desk.name("northwind"))
    seen = desk.read()
    assert seen.headers["ETag"] == f'"{seen.json["version"]}"'
    good(desk.name("theirs", If_Match=seen.headers["ETag"]))
    for reply in (desk.name("mine", If_Match=seen.headers["ETag"]), desk.delete(If_Match=seen.headers["ETag"])):
        assert (reply.status, reply.code) == (412, "stale")
    assert desk.read().json["username"] == "theirs"
    assert desk.delete(If_Match=desk.read().headers["ETag"]).status == 204


def test_the_tag_changes_with_whatever_is_shown(desk: Desk) -> None:
    tag = desk.read().headers["ETag"]
    assert desk.office.api.get(desk.at, If_None_Match=tag).status == 304
    good(desk.send("create"))
    assert desk.office.api.get(desk.at, If_None_Match=tag).status == 200
    tag = desk.read().headers["ETag"]
    good(desk.office.api.patch(f"{desk.office.at}/accounts/{desk.account}", {"status": "closed"}))
    assert desk.office.api.get(desk.at, If_None_Match=tag).status == 200


def test_whoever_may_read_may_not_manage(desk: Desk) -> None:
    reader = ApiClient(make_key(desk.office.slug, ["credentials:read"]))
    assert reader.get(desk.at).status == 200
    for reply in (
        reader.post(f"{desk.at}/send-create"), reader.post(f"{desk.at}/send-reset"),
        reader.patch(desk.at, {"username": "northwind"}), reader.delete(desk.at),
    ):  # fmt: skip
        assert (reply.status, reply.code) == (403, "forbidden") and "credentials:manage" in reply.json["detail"]


def test_an_account_that_is_not_there(desk: Desk) -> None:
    nobody = f"{desk.office.at}/accounts/{'0' * 32}/credential"
    api = desk.office.api
    for reply in (
        api.get(nobody), api.post(f"{nobody}/send-create"), api.post(f"{nobody}/send-reset"),
        api.patch(nobody, {"username": "northwind"}), api.delete(nobody),
    ):  # fmt: skip
        assert (reply.status, reply.json["detail"]) == (404, "There is no account with this id.")
