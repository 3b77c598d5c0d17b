"""A client's own record: what is shared to read, what they keep up to date, and how staff hear of it."""

from __future__ import annotations

import pytest

from chalicelib import facts
from chalicelib.portals import Portal
from chalicelib.selfservice import records
from chalicelib.selfservice.record_shapes import Prescription
from chalicelib.selfservice.records import PRESCRIPTIONS, PROVIDERS
from tests.browsing import Browser, Seen
from tests.customers import enter_password, make_customer, password_portal
from tests.factories import (
    Client,
    change_account,
    change_portal,
    make_batch,
    make_client,
    make_contact,
    sign_in,
    staff,
)
from tests.offices import make_office, make_office_user
from tests.offices import sign_in as sign_in_at_office
from tests.records import (
    MODULES,
    SAM,
    make_care_provider,
    make_prescription,
    make_product,
    make_website_link,
    record_portal,
)
from tests.world import World

BOSS, AGENT = "boss@acme.example", "ann@acme.example"
TEMPLATE = "record-changed"


def told(world: World, to: str) -> list[str]:
    """The subjects of the mails about records that reached an address."""
    world.drain()
    return [sent.subject for sent in world.sent_to(to) if sent.subject.endswith("changed their record")]


def prescriptions(client: Client) -> list[Prescription]:
    """What is on the account's record."""
    return records.listed(client.portal, client.account.id, PRESCRIPTIONS)


def test_a_client_reads_what_is_shared_and_nothing_else(world: World) -> None:
    client = make_client(world)
    make_product(client.portal, client.account)
    make_product(client.portal, client.account, carrier="Bright Smile", allow_client_access=False)
    make_website_link(client.portal, client.account, title="Member site")
    make_website_link(client.portal, client.account, title="Underwriting desk", allow_client_access=False)
    browser = Browser()
    seen = sign_in(world, browser, client)
    assert "2 shared with you" in seen.shown
    assert "Prescriptions" not in seen.shown and "Care providers" not in seen.shown
    seen = browser.press("Policies and links")
    assert "Blue Harbor PPO 1500" in seen.shown
    for fact in ("Active", "Medical", "BH-204417", "$412.50", "1 January 2031"):
        assert fact in seen.shown
    assert "Bright Smile" not in seen.text and "Underwriting desk" not in seen.text
    (link,) = [each for each in seen.page.all("a") if each.get("href").startswith("https://members.example")]
    assert link.get("rel") == "noopener"
    assert [form.action for form in seen.forms if "/records" in form.action] == [], "what is shared cannot be changed"


def test_the_welcome_page_says_nothing_of_a_record_that_is_not_there(world: World) -> None:
    client = make_client(world)
    make_product(client.portal, client.account, allow_client_access=False)
    seen = sign_in(world, browser := Browser(), client)
    assert "Your record" not in seen.shown
    assert "Nothing here just now" in browser.open(f"/{client.slug}/records").shown
    for path in ("prescriptions/new", f"prescriptions/{'0' * 32}", "providers/new"):
        assert browser.open(f"/{client.slug}/records/{path}").status == 404


def test_what_is_no_longer_shared_is_gone_at_once(world: World) -> None:
    client = make_client(world)
    product = make_product(client.portal, client.account)
    browser = Browser()
    assert "1 shared with you" in sign_in(world, browser, client).shown
    kind, account = records.PRODUCTS, client.account
    details = records.ProductInput(carrier="Blue Harbor", status="Active")
    records.change(staff(client.portal), client.portal, account, kind, product.id, details, by=SAM)
    assert "Your record" not in browser.open(f"/{client.slug}").shown
    assert "Blue Harbor PPO" not in browser.open(f"/{client.slug}/records").shown


def test_a_prescription_is_added_edited_and_removed(world: World) -> None:
    client = make_client(world, record_portal(world))
    browser = Browser()
    assert "None on your record" in sign_in(world, browser, client).shown
    browser.press("Prescriptions")
    browser.press("Add a prescription")
    seen = browser.fill(name="Lisinopril", dosage="10 mg", notes="With water.\nIn the morning.")
    assert (seen.status, seen.path.partition("?")[2]) == (200, "notice=added")
    for shown in ("It is on your record.", "Lisinopril", "10 mg", "Last changed by Maria Nuñez, 3 June 2030"):
        assert shown in seen.shown
    (kept,) = prescriptions(client)
    assert (kept.created_by.side, kept.created_by.id) == ("client", f"contact:{client.contact.id}")
    browser.press("Edit Lisinopril")
    assert browser.here.form_with("dosage").fields["notes"].splitlines() == ["With water.", "In the morning."]
    seen = browser.fill(dosage="20 mg")
    assert "20 mg" in seen.shown and "Your change is saved." in seen.shown
    assert "1 on your record" in browser.open(f"/{client.slug}").shown
    browser.press("Prescriptions")
    seen = browser.press("Remove Lisinopril")
    assert (seen.heading, len(prescriptions(client))) == ("Remove this prescription?", 1)
    seen = browser.press("Remove")
    assert "It is removed." in seen.shown and "Lisinopril" not in seen.shown
    assert prescriptions(client) == []
    kinds = sorted(fact.kind for fact in facts.about(client.slug, f"account:{client.account.id}").items)
    assert kinds[:3] == ["client:record:added", "client:record:changed", "client:record:removed"]


def test_a_care_provider_is_kept_too(world: World) -> None:
    client = make_client(world, record_portal(world))
    sign_in(world, browser := Browser(), client)
    browser.open(f"/{client.slug}/records/providers/new")
    seen = browser.fill(name="Dr. Iris Hale", address="1 Elm St\nSpringfield", phone="415 555 0132", is_primary="yes")
    assert "Primary" in seen.shown and "+14155550132" in seen.shown
    browser.press("Edit Dr. Iris Hale")
    browser.fill(is_primary="")
    (kept,) = records.listed(client.portal, client.account.id, PROVIDERS)
    assert (kept.is_primary, kept.address, kept.version) == (False, "1 Elm St\nSpringfield", 2)


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(world: World) -> None:
    client = make_client(world, record_portal(world))
    sign_in(world, browser := Browser(), client)
    browser.open(f"/{client.slug}/records/providers/new")
    seen = browser.fill(specialty="Family medicine", phone="tomorrow")
    assert (seen.status, list(seen.errors)) == (400, ["name", "phone"])
    assert seen.errors["name"] == "Enter the name of the care provider."
    assert seen.form_with("specialty").fields["specialty"] == "Family medicine"
    seen = browser.fill(name="x" * 201, phone="")
    assert (seen.status, list(seen.errors)) == (400, ["name"])
    assert browser.fill(name="Dr. Hale").status == 200
    make_prescription(client.portal, client.account)
    browser.open(f"/{client.slug}/records")
    browser.press("Edit Lisinopril")
    assert browser.fill(name="  ").errors == {"name": "Enter the name of the medicine."}
    assert [each.name for each in prescriptions(client)] == ["Lisinopril"]


def test_a_form_that_is_sent_twice_does_its_work_once(world: World) -> None:
    client = make_client(world, record_portal(world))
    sign_in(world, browser := Browser(), client)
    path = f"/{client.slug}/records/prescriptions"
    browser.open(f"{path}/new")
    typed = {**browser.here.form_with("draft").fields, "name": "Lisinopril"}
    assert [browser.post(f"{path}/new", typed).status for _ in range(2)] == [303, 303]
    (kept,) = prescriptions(client)
    # Back, and another one typed into the form that was sent: said, and taken the second time.
    seen = browser.post(f"{path}/new", {**typed, "name": "Metformin"})
    assert seen.status == 409 and "added this already" in seen.shown
    again = {**typed, "name": "Metformin", "draft": seen.form_with("draft").fields["draft"]}
    assert browser.post(f"{path}/new", again).status == 303
    assert sorted(each.name for each in prescriptions(client)) == ["Lisinopril", "Metformin"]
    typed = {**browser.open(f"{path}/{kept.id}").form_with("version").fields, "dosage": "5 mg"}
    assert [browser.post(f"{path}/{kept.id}", typed).status for _ in range(2)] == [303, 303]
    assert next(each for each in prescriptions(client) if each.id == kept.id).version == 2


def test_what_staff_change_meanwhile_is_not_lost_unseen(world: World) -> None:
    client = make_client(world, record_portal(world))
    kept = make_prescription(client.portal, client.account)
    sign_in(world, browser := Browser(), client)
    browser.open(f"/{client.slug}/records/prescriptions/{kept.id}")
    removal = browser.copy()
    removal.open(f"/{client.slug}/records/prescriptions/{kept.id}/remove")
    details = records.PrescriptionInput(name="Lisinopril", dosage="40 mg")
    records.change(staff(client.portal), client.portal, client.account, PRESCRIPTIONS, kept.id, details, by=SAM)
    seen = browser.fill(dosage="20 mg")
    assert seen.status == 409 and "changed while you were at it: Acme Benefits, 3 June 2030" in seen.shown
    assert seen.form_with("dosage").fields["dosage"] == "20 mg", "what was typed is still there"
    seen = removal.press("Remove")
    assert seen.status == 409 and "then remove it if you still want to" in seen.shown
    assert prescriptions(client)[0].dosage == "40 mg"
    browser.fill(dosage="20 mg")
    assert (prescriptions(client)[0].dosage, prescriptions(client)[0].updated_by.side) == ("20 mg", "client")


def test_the_two_hundredth_is_the_last(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST", 1)
    client = make_client(world, record_portal(world))
    make_prescription(client.portal, client.account)
    sign_in(world, browser := Browser(), client)
    browser.open(f"/{client.slug}/records/prescriptions/new")
    seen = browser.fill(name="Metformin")
    assert seen.status == 409 and "at most 1 prescriptions" in seen.shown


def test_everybody_of_an_account_keeps_the_same_record_and_no_other(world: World) -> None:
    """By a code, by a password, as a user of an office: each at their own account."""
    portal = password_portal(world, modules=MODULES, policy={"sign_in_ways": ["code", "password"]})
    by_password, customer = Browser(), make_customer(world, portal)
    assert enter_password(by_password, customer).status == 200
    contact = make_contact(portal, customer.account)
    colleague = Client(portal, customer.account, contact, make_batch(portal, contact))
    sign_in(world, by_code := Browser(), colleague)
    office = make_office(portal)
    sign_in_at_office(of_office := Browser(), make_office_user(portal, office))
    neighbour = make_client(world, portal)
    elsewhere = make_prescription(portal, neighbour.account, name="Warfarin")
    at = f"/{portal.slug}/records"
    by_password.open(f"{at}/prescriptions/new")
    assert "Lisinopril" in by_password.fill(name="Lisinopril").shown
    assert f"Last changed by {customer.account.name}" in by_password.here.shown
    assert "Lisinopril" in by_code.open(at).shown
    by_code.press("Edit Lisinopril")
    assert "5 mg" in by_code.fill(dosage="5 mg").shown
    assert "5 mg" in by_password.open(at).shown
    assert "Lisinopril" not in of_office.open(at).shown
    of_office.open(f"{at}/providers/new")
    assert "Dr. Iris Hale" in of_office.fill(name="Dr. Iris Hale").shown
    assert [each.name for each in records.listed(portal, office.id, PROVIDERS)] == ["Dr. Iris Hale"]
    for browser in (by_password, by_code, of_office):
        assert "Warfarin" not in browser.open(at).text
        for rest in ("", "/remove"):
            assert browser.open(f"{at}/prescriptions/{elsewhere.id}{rest}").status == 404


def change(browser: Browser, portal: Portal, name: str) -> Seen:
    """One more prescription."""
    browser.open(f"/{portal.slug}/records/prescriptions/new")
    return browser.fill(name=name)


def test_staff_get_one_mail_a_day_and_account(world: World) -> None:
    portal = record_portal(world, notifications={"staff_emails": [BOSS]}, time_zone="America/New_York")
    one, two = make_client(world, portal), make_client(world, portal)
    sign_in(world, browser := Browser(), one)
    sign_in(world, other := Browser(), two)
    for name in ("Lisinopril", "Sertraline", "Metformin"):
        assert change(browser, portal, name).status == 200
    assert len(prescriptions(one)) == 3
    assert told(world, BOSS) == ["Northwind Traders changed their record"]
    mail = world.newest(BOSS)
    assert "3 June 2030" in mail.text and "one mail" in mail.text
    assert not any(name in mail.text for name in ("Lisinopril", "Sertraline", "Metformin", "Maria"))
    change(other, portal, "Warfarin")
    assert len(told(world, BOSS)) == 2
    world.clock.advance(hours=19 - 4)  # midnight in UTC is not midnight in New York
    sign_in(world, browser, one)
    change(browser, portal, "Ibuprofen")
    assert len(told(world, BOSS)) == 2
    world.clock.advance(hours=5)
    sign_in(world, browser, one)
    change(browser, portal, "Aspirin")
    assert len(told(world, BOSS)) == 3


def test_the_agent_of_the_account_is_told_instead(world: World) -> None:
    portal = record_portal(world, notifications={"staff_emails": [BOSS]})
    client = make_client(world, portal)
    change_account(portal, client.account.id, assigned_agent=AGENT)
    sign_in(world, browser := Browser(), client)
    change(browser, portal, "Lisinopril")
    assert (len(told(world, AGENT)), told(world, BOSS)) == (1, [])


def test_nobody_is_told_of_what_staff_do_themselves_or_where_the_portal_wants_no_mail(world: World) -> None:
    portal = record_portal(world, notifications={"staff_emails": [BOSS]})
    client = make_client(world, portal)
    make_prescription(portal, client.account)
    make_care_provider(portal, client.account)
    assert told(world, BOSS) == []
    change_portal(portal, notifications={"staff_emails": [BOSS], "record_changed": False})
    sign_in(world, browser := Browser(), client)
    assert change(browser, portal, "Lisinopril").status == 200
    assert told(world, BOSS) == []


def test_an_account_without_anybody_to_tell_is_changed_all_the_same(world: World) -> None:
    client = make_client(world, record_portal(world))
    sign_in(world, browser := Browser(), client)
    assert change(browser, client.portal, "Lisinopril").status == 200
    assert len(prescriptions(client)) == 1


def test_closing_the_account_ends_it(world: World) -> None:
    client = make_client(world, record_portal(world))
    kept = make_prescription(client.portal, client.account)
    sign_in(world, browser := Browser(), client)
    browser.open(f"/{client.slug}/records/prescriptions/{kept.id}")
    change_account(client.portal, client.account.id, status="closed")
    seen = browser.fill(dosage="20 mg")
    assert "Sign in" in seen.heading
    assert prescriptions(client) == [kept]


def test_a_closed_module_is_no_page_of_the_clients(world: World) -> None:
    client = make_client(world, record_portal(world))
    kept = make_prescription(client.portal, client.account)
    sign_in(world, browser := Browser(), client)
    change_portal(client.portal, modules={"providers": True})
    seen = browser.open(f"/{client.slug}/records")
    assert "Prescriptions" not in seen.shown and "Care providers" in seen.shown
    assert browser.open(f"/{client.slug}/records/prescriptions/{kept.id}").status == 404
