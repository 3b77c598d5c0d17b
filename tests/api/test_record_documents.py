"""Documents of a record over the API: HTTP's own rules. What they are for: tests/journeys/test_record_documents.py."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import facts
from tests.browsing import fetch, send_file
from tests.records import PDF, record_portal
from tests.staffing import make_session
from tests.world import World

from .conftest import Office, good

WANTED: dict[str, Any] = {"name": "Policy.pdf", "content_type": "application/pdf", "allow_client_access": True}


@pytest.fixture
def office(world: World) -> Office:
    return Office(record_portal(world).slug, world.clock)


def test_it_is_added_sent_checked_renamed_downloaded_and_removed(office: Office) -> None:
    account = office.account().id
    at = f"{office.at}/accounts/{account}/documents"
    made = good(office.api.post(at, WANTED))
    document = made.json["document"]
    where = f"{at}/{document['id']}"
    assert made.status == 201 and made.headers["Location"].endswith(where)
    assert (document["status"], document["version"], document["allow_client_access"]) == ("waiting", 1, True)
    assert (document["updated_by"]["side"], document["updated_by"]["name"]) == ("staff", "Test")
    assert office.api.get(f"{where}/download").status == 409
    assert office.api.post(f"{where}/check").status == 409
    assert send_file(made.json["url"], made.json["fields"], PDF).status == 204
    ready = good(office.api.post(f"{where}/check")).json
    assert (ready["status"], ready["size"], ready["version"]) == ("ready", len(PDF), 2)
    assert good(office.api.get(where)).json == ready == good(office.api.post(f"{where}/check")).json
    assert office.api.get(where, If_None_Match='"2"').status == 304
    renamed = good(office.api.patch(where, {"name": "Policy 2031.pdf"}, If_Match='"2"')).json
    assert (renamed["name"], renamed["allow_client_access"], renamed["version"]) == ("Policy 2031.pdf", True, 3)
    assert office.api.patch(where, {"allow_client_access": False}, If_Match='"2"').status == 412
    link = good(office.api.get(f"{where}/download")).json["url"]
    saved = fetch(link)
    assert saved.body == PDF and 'filename="Policy 2031.pdf"' in saved.headers["Content-Disposition"]
    assert good(office.api.get(at)).items == [renamed]
    assert office.api.delete(where, If_Match='"2"').status == 412
    assert fetch(link).status == 200, "a refused removal removes no file"
    assert office.api.delete(where, If_Match='"3"').status == 204
    assert (fetch(link).status, office.api.get(where).status, office.api.delete(where).status) == (404, 404, 404)
    told = {fact.kind: fact.changes for fact in facts.about(office.slug, f"account:{account}").items}
    del told["staff:account:created"]
    one = {"document": document["id"]}
    assert told == {
        "staff:record:added": one, "staff:document:ready": one, "staff:record:changed": {**one, "name": "changed"},
        "staff:record:downloaded": one, "staff:record:removed": one,
    }  # fmt: skip


def test_what_is_said_of_it_is_checked(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/documents"
    for changes, wrong in (
        ({"content_type": "text/html"}, ["content_type"]), ({"name": "a/b.pdf"}, ["name"]),
        ({"name": "a.exe"}, ["content_type"]),
        ({"size": 10**12}, ["size"]), ({"shared": True}, ["shared"]), ({"allow_client_access": "yes"}, ["allow_client_access"]),
    ):  # fmt: skip
        reply = office.api.post(at, {**WANTED, **changes})
        assert (reply.status, sorted(reply.errors)) == (400, wrong), changes
    where = f"{at}/{good(office.api.post(at, WANTED)).json['document']['id']}"
    for changes, wrong in (
        ({"name": "a.txt"}, ["name"]), ({"name": "a/b.pdf"}, ["name"]), ({"name": ""}, ["name"]),
        ({"content_type": "text/plain"}, ["content_type"]), ({"status": "ready"}, ["status"]),
    ):  # fmt: skip
        reply = office.api.patch(where, changes)
        assert (reply.status, sorted(reply.errors)) == (400, wrong), changes


def test_for_a_lead_it_says_that_files_are_for_clients(office: Office) -> None:
    lead = office.account(record_type="lead").id
    at = f"{office.at}/accounts/{lead}/documents"
    refused = office.api.post(at, WANTED)
    assert refused.errors == {
        "allow_client_access": "Files are shared with clients only, and this account is a lead. Make it a client first."
    }
    where = f"{at}/{good(office.api.post(at, {**WANTED, 'allow_client_access': False})).json['document']['id']}"
    assert list(office.api.patch(where, {"allow_client_access": True}).errors) == ["allow_client_access"]
    good(office.api.patch(f"{office.at}/accounts/{lead}", {"record_type": "client"}))
    assert good(office.api.patch(where, {"allow_client_access": True})).json["allow_client_access"] is True


def test_an_account_has_its_own_documents_and_a_batch_has_others(office: Office) -> None:
    batch = office.batch()
    one, two = (f"{office.at}/accounts/{each}/documents" for each in (batch.json["account_id"], office.account().id))
    held = good(office.api.post(one, WANTED)).json["document"]["id"]
    of_batch = f"{office.at}/batches/{batch.id}/documents"
    assert good(office.api.get(two)).items == good(office.api.get(of_batch)).items == []
    for at in (two, of_batch, f"{office.at}/accounts/{'0' * 32}/documents"):
        assert office.api.get(f"{at}/{held}").status == 404
        assert office.api.delete(f"{at}/{held}").status == 404
        assert office.api.post(f"{at}/{held}/check").status == 404
        assert office.api.get(f"{at}/{held}/download").status == 404
    assert len(good(office.api.get(one)).items) == 1


def test_the_same_key_adds_it_once_with_a_fresh_form(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/documents"
    first, again = (good(office.api.post(at, WANTED, Idempotency_Key="one-two-three")) for _ in range(2))
    assert first.json["document"] == again.json["document"] and again.headers["Idempotency-Replayed"] == "true"
    assert len(good(office.api.get(at)).items) == 1
    assert send_file(again.json["url"], again.json["fields"], PDF).status == 204
    where = f"{at}/{first.json['document']['id']}"
    checks = [good(office.api.post(f"{where}/check", Idempotency_Key="four-five-six")) for _ in range(2)]
    assert checks[0].json == checks[1].json and checks[0].json["status"] == "ready"


def test_who_may_read_and_who_may_write(office: Office) -> None:
    at = f"{office.at}/accounts/{office.account().id}/documents"
    support, agent = make_session(office.slug, "support"), make_session(office.slug, "agent")
    assert good(support.get(at)).items == []
    assert support.post(at, WANTED).status == 403
    made = good(agent.post(at, WANTED)).json
    assert made["document"]["updated_by"]["id"].startswith("user:")
    send_file(made["url"], made["fields"], PDF)
    good(agent.post(f"{at}/{made['document']['id']}/check"))
    assert good(support.get(f"{at}/{made['document']['id']}/download")).json["url"]
