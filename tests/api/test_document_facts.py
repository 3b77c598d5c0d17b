"""Which door an upload's check came through, as the audit trail tells it."""

from __future__ import annotations

import urllib.request
import uuid

import pytest

from chalicelib.facts import Act, reading
from chalicelib.selfservice import documents
from chalicelib.selfservice.homes import OfBatch
from chalicelib.selfservice.shapes import DocumentUpload, NewDocument
from tests.factories import Client, make_client, staff
from tests.world import World


def _send(upload: DocumentUpload, content: bytes) -> None:
    boundary = uuid.uuid4().hex
    parts = [*((f'name="{name}"', value.encode()) for name, value in upload.fields.items())]
    parts.append(('name="file"; filename="x"', content))
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
        for head, value in parts
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    asked = urllib.request.Request(upload.url, body + f"--{boundary}--\r\n".encode(), kind)
    urllib.request.urlopen(asked, timeout=10).close()


def _checked(client: Client, act: Act, content: bytes) -> str:
    wanted = NewDocument(name="Form.pdf", content_type="application/pdf")
    upload = documents.add(act, client.portal, OfBatch(client.slug, client.batch.id), wanted)
    _send(upload, content)
    documents.check(act, client.portal, OfBatch(client.slug, client.batch.id), upload.document.id)
    found = reading.about(client.portal.slug, f"batch:{client.batch.id}").items
    (told,) = [fact for fact in found if fact.actor == act.actor and fact.kind.endswith(("ready", "refused"))]
    return told.kind


@pytest.mark.parametrize(("content", "outcome"), [(b"%PDF-1.7\n" + b"x" * 200, "ready"), (b"MZ" * 90, "refused")])
def test_a_check_is_recorded_as_an_act_of_whoever_made_it(world: World, content: bytes, outcome: str) -> None:
    client = make_client(world)
    by_contact = Act(client.portal.slug, f"contact:{client.contact.id}")
    assert _checked(client, by_contact, content) == f"client:document:{outcome}"
    assert _checked(client, staff(client.portal), content) == f"staff:document:{outcome}"
