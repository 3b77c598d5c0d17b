"""Documents: room in a batch, and no file that outlives its document."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict, NotFound
from chalicelib.selfservice import documents
from chalicelib.selfservice.homes import OfBatch
from chalicelib.selfservice.shapes import NewDocument
from tests.browsing import fetch, send_file
from tests.factories import Client, make_client, staff
from tests.meanwhile import after
from tests.world import MovableClock, World

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"


def announce(client: Client, actor: str) -> None:
    wanted = NewDocument(name="Plan.pdf", content_type="application/pdf")
    documents.add(staff(client.portal).by(actor), client.portal, OfBatch(client.slug, client.batch.id), wanted)


def test_a_document_removed_while_it_is_checked_leaves_no_file(world: World) -> None:
    client = make_client(world)
    act = staff(client.portal)
    form = documents.add(
        act,
        client.portal,
        OfBatch(client.slug, client.batch.id),
        NewDocument(name="Plan.pdf", content_type="application/pdf"),
    )
    send_file(form.url, form.fields, PDF)
    links: list[str] = []

    def check() -> None:
        documents.check(act, client.portal, OfBatch(client.slug, client.batch.id), form.id)
        links.append(documents.download_url(OfBatch(client.slug, client.batch.id), form.id).url)
        assert fetch(links[0]).body == PDF

    with after("dynamodb.GetItem", check):
        documents.remove(act, OfBatch(client.slug, client.batch.id), form.id)
    with pytest.raises(NotFound):
        documents.get(OfBatch(client.slug, client.batch.id), form.id)
    assert fetch(links[0]).status == 404


def test_a_contact_does_not_take_the_room_of_the_staff(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    for _ in range(10):
        announce(client, "contact:one")
    with pytest.raises(Conflict):
        announce(client, "contact:one")
    announce(client, "contact:other")
    announce(client, "api-key:tests")
    moment.advance(minutes=15)
    announce(client, "contact:one")


def test_what_was_never_sent_takes_no_room(world: World, moment: MovableClock) -> None:
    client = make_client(world)
    for _ in range(100):
        announce(client, "api-key:tests")
    with pytest.raises(Conflict):
        announce(client, "api-key:tests")
    moment.advance(minutes=15)
    announce(client, "api-key:tests")
    assert len(documents.of_home(OfBatch(client.slug, client.batch.id))) == 101
