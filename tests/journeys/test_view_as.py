"""Staff see a client's pages as the client does: with a reason, for half an hour, on record, told to the client."""

from __future__ import annotations

import re

import pytest

from chalicelib.people import cards, contacts, matching
from tests import offices, self_service, viewing
from tests.api.client import Reply
from tests.browsing import Browser, Seen
from tests.customers import enter_password, make_customer
from tests.factories import (
    Client,
    change_account,
    change_batch,
    change_portal,
    facts_of,
    make_client,
    make_contact,
    make_machine,
    make_portal,
    sign_in,
    staff,
)
from tests.faults.journey import document_of
from tests.records import MODULES, make_care_provider, make_document, make_prescription, make_product, record_portal
from tests.viewing import REASON, Viewer, make_viewer
from tests.world import World

ASKED, STARTED = "staff:view:asked-for", "staff:view:started"
SEEN, ENDED = "staff:view:page-seen", "staff:view:ended"


def content(seen: Seen) -> str:
    """What the page says, without what tells that it is looked at, and without tokens."""
    main = re.search(r"<main.*?</main>", seen.text, re.DOTALL)
    assert main, seen.text
    bare = re.sub(r'<fieldset class="viewed".*?</legend>|</fieldset>\s*</main>|</main>', "", main[0], flags=re.DOTALL)
    return "".join(re.sub(r'(name="csrf"|name="\w+") value="([0-9a-f]{32}|[0-9a-f]{40}[.]\d+|)"', "", bare).split())


def test_every_page_is_what_the_client_sees(world: World) -> None:
    portal = record_portal(world, policy={"view_as_downloads": True})
    client = make_client(world, portal)
    change_account(portal, client.account.id, record_type="client")
    make_product(portal, client.account)
    item = make_prescription(portal, client.account).id
    make_care_provider(portal, client.account)
    make_document(portal, client.account)
    document_of(client.slug, make_machine(portal), client.batch.id, check=True)
    change_portal(portal, policy={"view_as_downloads": True, "tell_clients_of_views": False}, modules=MODULES)
    own, viewer = Browser(), make_viewer(world, client)
    sign_in(world, own, client)
    viewer.enter()
    paths = (
        "", f"/batches/{client.batch.id}", f"/batches/{client.batch.id}/upload", "/records",
        "/records/prescriptions/new", f"/records/prescriptions/{item}", f"/records/prescriptions/{item}/remove",
    )  # fmt: skip
    for path in paths:
        theirs, seen = own.open(f"/{client.slug}{path}"), viewer.browser.open(f"/{client.slug}{path}")
        assert seen.status == theirs.status == 200
        assert content(seen) == content(theirs), path
        for told in ("views as them until", REASON, viewer.colleague.user.name):
            assert told in seen.shown
        usable = [form.action for form in seen.forms if form.fields.get("csrf")]
        assert usable == [f"/{client.slug}/staff/view-as/leave"], "only the way out can be pressed"
    assert sorted(fact.changes["page"] for fact in facts_of(client.slug, SEEN)) == sorted(["/", "/", *paths[1:]])


def test_it_begins_at_a_batch_if_one_is_named(world: World) -> None:
    viewer = make_viewer(world)
    seen = viewer.enter(batch_id=viewer.client.batch.id)
    assert seen.heading == viewer.client.batch.title


def test_all_of_it_is_on_record_with_both_identities(world: World) -> None:
    viewer = make_viewer(world)
    viewer.browser.open(viewer.ask())
    for step in (
        lambda: viewer.browser.press("View as client"),
        lambda: viewer.browser.open(viewer.client.batch_path),
        lambda: viewer.browser.press("Leave"),
    ):
        world.clock.advance(1)
        seen = step()
    assert seen.path.endswith("/staff") and viewer.browser.cookie("view") is None
    kinds = (ASKED, STARTED, SEEN, ENDED)
    found = sorted(facts_of(viewer.client.slug, *kinds), key=lambda fact: (fact.at, kinds.index(fact.kind)))
    assert [fact.kind for fact in found] == [ASKED, STARTED, SEEN, SEEN, ENDED]
    for fact in found:
        assert fact.actor == f"user:{viewer.colleague.id}" and fact.subject == f"account:{viewer.client.account.id}"
        assert fact.changes["contact"] == viewer.client.contact.id
    assert len({fact.changes["view"] for fact in found}) == 1
    assert found[1].changes["reason"] == REASON
    assert [found[2].changes["page"], found[3].changes["page"]] == ["/", f"/batches/{viewer.client.batch.id}"]
    assert found[4].changes["why"] == "left"


def test_the_client_reads_who_looked_and_when(world: World) -> None:
    viewer = make_viewer(world)
    client, own = viewer.client, Browser()
    sign_in(world, own, client)
    assert "Our staff looked" not in own.open(f"/{client.slug}").shown
    sent = len(world.inbox)
    viewer.enter()
    world.drain()
    assert "Our staff looked at your pages on" in own.open(f"/{client.slug}").shown
    assert viewer.colleague.user.name in own.press("See when and who").shown
    assert len(world.inbox) == sent, "no mail is sent"
    colleague = make_contact(client.portal, client.account)
    change_batch(client.portal, client.batch.id, renewal_contact_id=colleague.id)
    other = Client(client.portal, client.account, colleague, client.batch)
    elsewhere = Browser("203.0.113.77")
    sign_in(world, elsewhere, other)
    assert "Our staff looked" not in elsewhere.open(f"/{client.slug}").shown
    assert "Nobody has" in elsewhere.open(f"/{client.slug}/views").shown


def test_a_portal_may_keep_it_to_itself(world: World) -> None:
    viewer = make_viewer(world)
    client, own = viewer.client, Browser()
    change_portal(client.portal, policy={"tell_clients_of_views": False})
    sign_in(world, own, client)
    viewer.enter()
    assert "Our staff looked" not in own.open(f"/{client.slug}").shown
    assert own.open(f"/{client.slug}/views").status == 404


def test_the_client_is_left_as_they_were(world: World) -> None:
    client, own = make_client(world), Browser()
    sign_in(world, own, client)
    key = matching.number_key(client.number)
    before = cards.of_contact(client.slug, key, client.contact.id)
    world.clock.advance(minutes=5)
    viewer = viewing.begin(world, client)
    viewer.browser.open(client.batch_path)
    viewer.browser.press("Leave")
    after = cards.of_contact(client.slug, key, client.contact.id)
    assert before and after and after.signed_in_before == before.signed_in_before
    assert own.open(client.batch_path).heading == client.batch.title
    assert own.fill(answer="approve").status == 200


def test_an_account_s_own_user_and_a_record_s_page(world: World) -> None:
    customer, own = make_customer(world), Browser()
    enter_password(own, customer)
    viewer = make_viewer(world, Client(customer.portal, customer.account, None, customer.batch))  # type: ignore[arg-type]
    seen = viewer.enter(account_id=customer.account.id)
    assert customer.batch.title in seen.shown
    assert content(viewer.browser.open(f"/{customer.slug}")) == content(own.open(f"/{customer.slug}"))
    assert "Not while" in viewer.browser.open(f"/{customer.slug}/security").heading
    record, own = self_service.make_record(world), Browser()
    self_service.sign_in(own, record)
    viewer = make_viewer(world, Client(record.portal, record.account, None, None))  # type: ignore[arg-type]
    viewer.enter(account_id=record.account.id)
    for path in ("", "/records", "/views"):
        assert content(viewer.browser.open(f"/{record.slug}{path}")) == content(own.open(f"/{record.slug}{path}"))


def test_people_of_an_office_are_seen_one_by_one(world: World) -> None:
    portal = make_portal(world, policy={"sign_in_ways": ["password"]})
    office = offices.make_office(portal)
    frances, own = offices.make_office_user(portal, office), Browser()
    offices.sign_in(own, frances)
    viewer = make_viewer(world, Client(portal, office, None, None))  # type: ignore[arg-type]
    assert refused(viewer, account_id=office.id).status == 409
    assert frances.user.contact_id
    seen = viewer.enter(contact_id=frances.user.contact_id)
    assert office.name in seen.shown
    assert content(viewer.browser.open(f"/{portal.slug}")) == content(own.open(f"/{portal.slug}"))


def test_documents_are_downloaded_only_where_the_policy_says_so(world: World) -> None:
    portal = record_portal(world)
    client = make_client(world, portal)
    change_account(portal, client.account.id, record_type="client")
    file = document_of(client.slug, make_machine(portal), client.batch.id, check=True)
    kept = make_document(portal, client.account).id
    paths = (f"/{client.slug}/batches/{client.batch.id}/documents/{file}", f"/{client.slug}/records/documents/{kept}")
    viewer = viewing.begin(world, client)
    assert file not in viewer.browser.open(client.batch_path).text
    assert [viewer.browser.ask("GET", path).status for path in paths] == [403, 403]
    change_portal(portal, policy={"view_as_downloads": True})
    assert file in viewer.browser.open(client.batch_path).text
    assert [viewer.browser.ask("GET", path).status for path in paths] == [303, 303]
    by = [fact.actor for fact in facts_of(client.slug, "staff:record:downloaded", "client:record:downloaded")]
    assert by == [f"user:{viewer.colleague.id}"]
    assert not facts_of(client.slug, "client:record:downloaded")


def refused(viewer: Viewer, **wanted: str) -> Reply:
    """Ask in vain."""
    whose = {} if {"account_id", "contact_id"} & set(wanted) else {"contact_id": viewer.client.contact.id}
    body = {"reason": REASON, **whose, **wanted}
    return viewer.held.post(f"/portals/{viewer.client.slug}/view-as", body)


def test_who_may_not_ask(world: World) -> None:
    from tests.staffing import make_session

    client = make_client(world)
    viewer = make_viewer(world, client, "agent", email="agent@company.example")
    assert (refused(viewer).status, refused(viewer).code) == (403, "forbidden")
    change_account(client.portal, client.account.id, assigned_agent="Agent@company.example")
    assert refused(viewer).status == 201
    unproved = make_session(client.slug, "owner", proved=False)
    body = {"reason": REASON, "contact_id": client.contact.id}
    assert unproved.post(f"/portals/{client.slug}/view-as", body).code == "step-up-needed"
    machine = make_machine(client.portal)
    assert machine.ask("POST", "view-as", body).json["code"] == "forbidden"
    other = make_viewer(world, make_client(world))
    assert other.held.post(f"/portals/{client.slug}/view-as", body).status in (401, 404)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"reason": "x"}, 400), ({"contact_id": "0" * 32}, 404), ({"batch_id": "0" * 32}, 400),
        ({"account_id": "0" * 32}, 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(world: World, wanted: dict[str, str], status: int) -> None:
    assert refused(make_viewer(world), **wanted).status == status


def test_closed_doors_are_refused(world: World) -> None:
    viewer = make_viewer(world)
    client = viewer.client
    change_account(client.portal, client.account.id, status="closed")
    assert refused(viewer).status == 409
    change_account(client.portal, client.account.id, status="open")
    path = viewer.ask()
    change_portal(client.portal, status="closed")
    assert refused(viewer).status in (404, 409)
    assert viewer.browser.open(path).status == 404


def test_a_contact_removed_before_the_button_is_pressed(world: World) -> None:
    viewer = make_viewer(world)
    client = viewer.client
    viewer.browser.open(viewer.ask())
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    contacts.remove(staff(client.portal), client.contact.id)
    assert viewer.browser.press("View as client").status == 404 and viewer.browser.cookie("view") is None
    assert not facts_of(client.slug, STARTED)


def test_thirty_an_hour_are_enough(world: World) -> None:
    viewer = make_viewer(world)
    assert [refused(viewer).status for _ in range(31)] == [201] * 30 + [429]
    assert len(facts_of(viewer.client.slug, ASKED)) == 30


def test_an_idempotency_key_asks_once(world: World) -> None:
    viewer = make_viewer(world)
    body = {"reason": REASON, "contact_id": viewer.client.contact.id}
    path = f"/portals/{viewer.client.slug}/view-as"
    answers = [viewer.held.post(path, body, Idempotency_Key="k" * 20) for _ in range(2)]
    assert answers[0].json == answers[1].json and len(facts_of(viewer.client.slug, ASKED)) == 1
