"""Batches, their documents and the delivery log over the API."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from tests.world import World

from .client import Reply
from .conftest import Office, at_once, good

PDF = b"%PDF-1.7\n" + b"x" * 200


def upload(form: dict[str, Any], content: bytes, name: str = "file.pdf") -> int:
    """Send a file as a browser does: the form's fields, then the file."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in form["fields"].items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: application/pdf\r\n\r\n".encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(form["url"], b"".join(parts), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_batch_goes_from_draft_to_review_and_its_contact_is_told(office: Office, world: World) -> None:
    line = {"carrier": "Blue Harbor", "plan": "PPO", "employee_cost": "120.50", "change_percent": "-2.5"}
    batch = office.batch(effective_date="2031-01-01", lines=[line])
    assert (batch.status, batch.json["status"], batch.json["placed_in_review"]) == (201, "draft", 0)
    assert batch.json["lines"][0]["employer_cost"] == "0"
    where = f"{office.at}/batches/{batch.id}"
    placed = good(office.api.patch(where, {"status": "client_review", "open_to_portal": True}))
    assert (placed.json["placed_in_review"], placed.headers["ETag"]) == (1, '"2"')
    world.drain()
    assert len(world.sent_to("maria@northwind.example")) == 1
    (message,) = good(office.api.get(f"{office.at}/messages?about=batch:{batch.id}")).items
    assert (message["template"], message["channel"], message["status"]) == ("batch-in-review", "email", "delivered")
    assert good(office.api.get(f"{office.at}/messages/{message['id']}")).json == message
    assert good(office.api.get(f"{office.at}/messages?status=delivered&channel=email")).items == [message]
    assert good(office.api.get(f"{office.at}/messages?channel=sms")).items == []
    kinds = [fact["kind"] for fact in good(office.api.get(f"{office.at}/facts?subject=batch:{batch.id}")).items]
    assert set(kinds) == {"staff:batch:created", "staff:batch:placed-in-review"}
    actors = {fact["actor"] for fact in good(office.api.get(f"{office.at}/facts?kind=staff:batch:created")).items}
    assert len(actors) == 1
    assert actors.pop().startswith("api-key:")


def test_50_repeated_and_parallel_placings_in_review_send_one_mail(office: Office, world: World) -> None:
    batch = office.batch()
    where = f"{office.at}/batches/{batch.id}"

    def place() -> Reply:
        return office.api.patch(where, {"status": "client_review", "open_to_portal": True})

    replies = at_once([place] * 40) + [place() for _ in range(10)]
    assert {reply.status for reply in replies} == {200}, [reply.text for reply in replies if reply.status != 200]
    assert {reply.json["placed_in_review"] for reply in replies} == {1}
    world.drain()
    assert len(world.sent_to("maria@northwind.example")) == 1


def test_only_sensible_moves_are_made(office: Office) -> None:
    batch = office.batch()
    where = f"{office.at}/batches/{batch.id}"
    reply = office.api.patch(where, {"status": "complete"})
    assert (reply.status, list(reply.errors)) == (400, ["status"])
    assert "client_review" in reply.errors["status"]
    assert list(office.api.patch(where, {"effective_date": "2031-02-30"}).errors) == ["effective_date"]
    assert list(office.api.patch(where, {"renewal_contact_id": "0" * 32}).errors) == ["renewal_contact_id"]
    wrong = office.api.patch(where, {"lines": [{"carrier": "A", "plan": "B", "employee_cost": "1,5"}, {"plan": ""}]})
    assert set(wrong.errors) == {"lines.0.employee_cost", "lines.1.carrier", "lines.1.plan"}
    assert good(office.api.get(where)).json == batch.json


def test_batches_are_listed_by_account_and_status(office: Office) -> None:
    first = office.batch(title="First")
    second = office.batch(title="Second", status="in_progress")

    def titles(query: str) -> list[str]:
        return [batch["title"] for batch in good(office.api.get(f"{office.at}/batches{query}")).items]

    assert titles("") == ["Second", "First"]
    assert titles("?sort=created_at") == ["First", "Second"]
    assert titles("?status=in_progress") == ["Second"]
    assert titles(f"?account_id={first.json['account_id']}") == ["First"]
    assert titles(f"?account_id={second.json['account_id']}&status=draft") == []


def test_announcing_again_is_repeatable_by_key(office: Office, world: World) -> None:
    batch = office.batch(status="client_review", open_to_portal=True)
    where = f"{office.at}/batches/{batch.id}/notify"
    replies = at_once([lambda: office.api.post(where, Idempotency_Key="again")] * 16)
    assert {reply.status for reply in replies} == {200}
    world.drain()
    assert len(world.sent_to("maria@northwind.example")) == 2
    good(office.api.post(where, {}, Idempotency_Key="once-more"))
    world.drain()
    assert len(world.sent_to("maria@northwind.example")) == 3
    assert office.api.post(where, {"x": 1}).status == 400
    draft = office.batch()
    assert office.api.post(f"{office.at}/batches/{draft.id}/notify").code == "conflict"


def test_a_document_is_uploaded_checked_downloaded_and_removed(office: Office) -> None:
    where = f"{office.at}/batches/{office.batch().id}/documents"
    added = good(office.api.post(where, {"name": "Plan.pdf", "content_type": "application/pdf"}))
    document = added.json["document"]
    one = f"{where}/{document['id']}"
    assert (added.status, document["status"]) == (201, "waiting")
    assert added.headers["Location"].endswith(one)
    assert office.api.get(f"{one}/download").code == "conflict"
    assert office.api.post(f"{one}/check").code == "conflict"
    assert upload(added.json, PDF) in (200, 201, 204)
    checked = good(office.api.post(f"{one}/check", Idempotency_Key="c"))
    assert (checked.json["status"], checked.json["size"]) == ("ready", len(PDF))
    assert good(office.api.post(f"{one}/check", Idempotency_Key="c")).json == checked.json
    link = good(office.api.get(f"{one}/download")).json
    with urllib.request.urlopen(link["url"], timeout=10) as answer:
        assert answer.read() == PDF
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert good(office.api.get(where)).items == [good(office.api.get(one)).json]
    assert office.api.delete(one).status == 204
    assert office.api.get(one).status == 404
    assert office.api.delete(one).status == 404
    assert good(office.api.get(where)).items == []


def test_a_document_is_not_added_twice(office: Office) -> None:
    where = f"{office.at}/batches/{office.batch().id}/documents"
    body = {"name": "Plan.pdf", "content_type": "application/pdf"}
    replies = at_once([lambda: office.api.post(where, body, Idempotency_Key="d")] * 8)
    assert sum(reply.status == 201 for reply in replies) >= 1
    assert {reply.status for reply in replies} <= {201, 409}
    assert len(good(office.api.get(where)).items) == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": "a.exe", "content_type": "application/x-msdownload"}, {"content_type"}),
        ({"name": "a.html", "content_type": "text/html"}, {"content_type"}),
        ({"name": "../a.pdf", "content_type": "application/pdf"}, {"name"}),
        ({"name": "a.pdf", "content_type": "application/pdf", "size": 10**12}, {"size"}),
        ({"name": "a.pdf", "content_type": "application/pdf", "size": 0}, {"size"}),
        ({"name": "a\r\nX: y.pdf"}, {"name", "content_type"}),
    ],
)
def test_only_documents_that_can_be_shared_are_taken(office: Office, body: dict[str, Any], named: set[str]) -> None:
    reply = office.api.post(f"{office.at}/batches/{office.batch().id}/documents", body)
    assert (reply.status, set(reply.errors)) == (400, named)


def test_a_contact_with_an_open_batch_cannot_be_removed(office: Office) -> None:
    batch = office.batch(status="client_review", open_to_portal=True)
    contact = f"{office.at}/contacts/{batch.json['renewal_contact_id']}"
    assert office.api.delete(contact).code == "conflict"
    good(office.api.patch(f"{office.at}/batches/{batch.id}", {"status": "cancelled"}))
    assert office.api.delete(contact).status == 204
