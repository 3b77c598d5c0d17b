"""Files on a client's record: shared with clients, never with leads, and gone the moment they are not meant for them."""

from __future__ import annotations

import pytest

from chalicelib import facts
from chalicelib.errors import Invalid, NotFound, Stale
from chalicelib.people import cards, matching
from chalicelib.people.shapes import Account
from chalicelib.portals import Portal
from chalicelib.selfservice import documents, record_documents, records
from chalicelib.selfservice.record_documents import OfRecord
from chalicelib.selfservice.record_shapes import RecordDocumentInput
from tests import self_service
from tests.browsing import Browser, Seen, fetch, send_file
from tests.factories import Client, change_account, make_account, make_client, make_portal, sign_in, staff
from tests.meanwhile import after
from tests.offices import make_office, make_office_user
from tests.offices import sign_in as sign_in_at_office
from tests.records import PDF, SAM, make_document, make_product
from tests.world import World

DOWNLOADED = "client:record:downloaded"


def kept(portal: Portal, account: Account) -> OfRecord:
    """The documents of an account, as staff keep them."""
    return record_documents.by_staff(portal.slug, account, SAM)


def share(client: Client, document_id: str, *, name: str = "Policy.pdf", shared: bool = True) -> None:
    """Staff say what a document is called and whether the client sees it."""
    wanted = RecordDocumentInput(name=name, allow_client_access=shared)
    record_documents.change(staff(client.portal), kept(client.portal, client.account), document_id, wanted)


def on_card(client: Client) -> int:
    """How much the client's card counts as meant for them."""
    card = cards.of_contact(client.slug, matching.number_key(client.number), client.contact.id)
    assert card is not None
    return card.shared


def downloads(client: Client) -> int:
    """How often the client asked for a file, as facts tell."""
    return sum(fact.kind == DOWNLOADED for fact in facts.about(client.slug, f"account:{client.account.id}").items)


def had(seen: Seen) -> bytes:
    """What a browser gets that is sent to a file."""
    assert seen.status == 303 and "/documents/" in seen.location, (seen.status, seen.shown)
    return fetch(seen.location).body


def test_a_client_sees_what_is_meant_for_them_and_downloads_it(world: World) -> None:
    client = make_client(world)
    document = make_document(client.portal, client.account, name="Policy 2031.pdf")
    make_document(client.portal, client.account, name="Underwriting.pdf", shared=False)
    make_document(client.portal, client.account, name="On its way.pdf", step="sent")
    browser = Browser()
    seen = sign_in(world, browser, client)
    assert "1 shared with you" in seen.shown and "Policies and links" not in seen.shown
    seen = browser.press("Documents")
    assert "Policy 2031.pdf" in seen.shown and "PDF, 1 KB, added 3 June 2030" in seen.shown
    assert "Underwriting" not in seen.text and "On its way" not in seen.text
    (link,) = [each.get("href") for each in seen.page.all("a") if document.id in each.get("href")]
    assert had(browser.ask("GET", link)) == PDF
    assert downloads(client) == 1
    (fact, *_) = [
        each for each in facts.about(client.slug, f"account:{client.account.id}").items if each.kind == DOWNLOADED
    ]
    assert (fact.actor, fact.changes) == (f"contact:{client.contact.id}", {"document": document.id})


def test_what_is_not_meant_for_them_is_not_there(world: World) -> None:
    client = make_client(world)
    hidden = make_document(client.portal, client.account, shared=False)
    waiting = make_document(client.portal, client.account, step="sent")
    foreign = make_document(client.portal, make_account(client.portal))
    sign_in(world, browser := Browser(), client)
    for each in (hidden.id, waiting.id, foreign.id, "0" * 32):
        assert browser.open(f"/{client.slug}/records/documents/{each}").status == 404
    assert downloads(client) == 0


def test_the_counts_follow_whatever_staff_do(world: World) -> None:
    client = make_client(world)
    home = kept(client.portal, client.account)
    make_product(client.portal, client.account)
    sent = make_document(client.portal, client.account, step="sent")
    assert (on_card(client), records.standing(client.slug, client.account.id).files) == (1, 0)
    documents.check(staff(client.portal), client.portal, home, sent.id)
    documents.check(staff(client.portal), client.portal, home, sent.id)
    assert (on_card(client), records.standing(client.slug, client.account.id).files) == (2, 1)
    share(client, sent.id, shared=False)
    assert on_card(client) == 1
    share(client, sent.id)
    share(client, sent.id, name="Renamed.pdf")
    assert on_card(client) == 2
    documents.remove(staff(client.portal), home, sent.id)
    assert (on_card(client), records.standing(client.slug, client.account.id).files) == (1, 0)
    documents.remove(staff(client.portal), home, make_document(client.portal, client.account, shared=False).id)
    documents.remove(staff(client.portal), home, make_document(client.portal, client.account, step="sent").id)
    refused = make_document(client.portal, client.account, step="announced")
    form = documents.upload(client.portal, home, refused.id)
    send_file(form.url, form.fields, b"MZ" * 90)
    assert documents.check(staff(client.portal), client.portal, home, refused.id).status == "refused"
    assert on_card(client) == 1
    documents.remove(staff(client.portal), home, refused.id)
    assert on_card(client) == 1


@pytest.mark.parametrize("record_type", ["lead", "office"])
def test_files_are_not_shared_with_leads_or_offices(world: World, record_type: str) -> None:
    portal = make_portal(world)
    account = make_account(portal, record_type=record_type)
    with pytest.raises(Invalid) as refused:
        make_document(portal, account)
    assert "Files are shared with clients only" in refused.value.fields["allow_client_access"]
    hidden = make_document(portal, account, shared=False)
    with pytest.raises(Invalid):
        record_documents.change(
            staff(portal), kept(portal, account), hidden.id, RecordDocumentInput(name="a.pdf", allow_client_access=True)
        )
    for each in ("client", "customer"):
        account = (
            change_account(portal, account.id, record_type=each) if record_type == "lead" else make_account(portal)
        )
        assert make_document(portal, account).allow_client_access


def test_a_client_who_becomes_a_lead_again_is_shown_none(world: World) -> None:
    record = self_service.make_record(world)
    document = make_document(record.portal, record.account)
    make_product(record.portal, record.account)
    browser = Browser()
    assert "Documents" in self_service.sign_in(browser, record).shown
    at = f"/{record.slug}/records"
    assert had(browser.ask("GET", f"{at}/documents/{document.id}")) == PDF
    lead = change_account(record.portal, record.account.id, record_type="lead")
    seen = browser.open(f"/{record.slug}")
    assert "Documents" not in seen.shown and "Policies and links" in seen.shown, "what else is shared stays so"
    assert "Policy.pdf" not in browser.open(at).text
    assert browser.open(f"{at}/documents/{document.id}").status == 404
    # Renaming says nothing new of who sees it, and does not share it.
    wanted = RecordDocumentInput(name="Other.pdf", allow_client_access=True)
    record_documents.change(staff(record.portal), kept(record.portal, lead), document.id, wanted)
    assert browser.open(f"{at}/documents/{document.id}").status == 404
    change_account(record.portal, record.account.id, record_type="customer")
    assert "Other.pdf" in browser.open(at).shown


def test_nor_after_a_new_number_at_the_same_time(world: World) -> None:
    """The card moves with the number, and what kind of account it is of moves with it."""
    client = make_client(world)
    document = make_document(client.portal, client.account)
    changed = change_account(client.portal, client.account.id, record_type="lead", number="LD-9001")
    card = cards.of_contact(client.slug, matching.number_key("LD-9001"), client.contact.id)
    assert card is not None and (card.record_type, card.shared, card.sees_files) == ("lead", 1, False)
    assert record_documents.for_client(client.slug, card) == []
    with pytest.raises(NotFound):
        record_documents.download_by_client(staff(client.portal), card, document.id)
    assert changed.number == "LD-9001"


def test_a_user_of_an_office_is_shown_none(world: World) -> None:
    portal = make_portal(world)
    office = make_office(portal)
    document = make_document(portal, office, shared=False)
    sign_in_at_office(browser := Browser(), make_office_user(portal, office))
    assert browser.open(f"/{portal.slug}/records/documents/{document.id}").status == 404


def test_what_is_taken_back_is_gone_at_once(world: World) -> None:
    client = make_client(world)
    document = make_document(client.portal, client.account)
    sign_in(world, browser := Browser(), client)
    at = f"/{client.slug}/records"
    assert "Policy.pdf" in browser.open(at).shown
    share(client, document.id, shared=False)
    assert "Nothing here just now" in browser.open(at).shown
    assert browser.open(f"{at}/documents/{document.id}").status == 404
    share(client, document.id)
    change_account(client.portal, client.account.id, status="closed")
    assert "Sign in" in browser.open(f"{at}/documents/{document.id}").heading
    assert downloads(client) == 0


def test_a_document_renamed_while_it_is_checked_keeps_its_new_name_and_its_count(world: World) -> None:
    client = make_client(world)
    home = kept(client.portal, client.account)
    sent = make_document(client.portal, client.account, step="sent")
    with after("s3.GetObject", lambda: share(client, sent.id, name="Renamed.pdf", shared=False)):
        checked = documents.check(staff(client.portal), client.portal, home, sent.id)
    assert (checked.status, checked.name, checked.allow_client_access) == ("ready", "Renamed.pdf", False)
    assert on_card(client) == 0
    assert fetch(documents.download_url(home, sent.id).url).body == PDF


def test_two_changes_at_once_are_counted_once(world: World) -> None:
    client = make_client(world)
    home = kept(client.portal, client.account)
    document = make_document(client.portal, client.account)
    with (
        after("dynamodb.GetItem", lambda: share(client, document.id, shared=False)),
        pytest.raises(Stale),
    ):
        share(client, document.id, shared=False, name="Other.pdf")
    assert on_card(client) == 0
    share(client, document.id)
    with after("s3.DeleteObject", lambda: share(client, document.id, shared=False)):
        documents.remove(staff(client.portal), home, document.id)
    assert (on_card(client), documents.of_home(home)) == (0, [])
