"""Contacts over the API."""

from __future__ import annotations

from .conftest import Office, good


def test_a_contact_is_created_changed_and_removed(office: Office) -> None:
    account = office.account()
    made = office.contact(account.id, roles=["renewals"])
    where = f"{office.at}/contacts/{made.id}"
    assert made.headers["Location"].endswith(where)
    changed = good(office.api.patch(where, {"mobile": "+44 20 7946 0018", "emails": None}, If_Match='"1"'))
    assert (changed.json["mobile"], changed.json["emails"], changed.json["version"]) == ("+442079460018", [], 2)
    assert office.api.delete(where, If_Match='"1"').status == 412
    gone = office.api.delete(where, If_Match='"2"')
    assert (gone.status, gone.text) == (204, "")
    assert office.api.delete(where).status == 404
    assert office.api.get(where).status == 404


def test_a_contact_stays_with_its_account(office: Office) -> None:
    contact = office.contact(office.account("One").id)
    reply = office.api.patch(f"{office.at}/contacts/{contact.id}", {"account_id": office.account("Two").id})
    assert (reply.status, list(reply.errors)) == (400, ["account_id"])


def test_a_contact_needs_an_account_of_this_portal(office: Office, other: Office) -> None:
    body = {"first_name": "A", "last_name": "B", "account_id": other.account().id}
    reply = office.api.post(f"{office.at}/contacts", body)
    assert (reply.status, list(reply.errors)) == (400, ["account_id"])


def test_contacts_are_found_by_account_name_and_email(office: Office) -> None:
    one, two = office.account("One").id, office.account("Two").id
    office.contact(one, first_name="Ada", last_name="Byron", emails=["ada@one.example"])
    office.contact(two, first_name="Bo", last_name="Carter", emails=["bo@two.example"])
    office.contact(two, first_name="Al", last_name="Byrne", emails=["al@two.example", "albert@two.example"])

    def found(query: str, path: str = "contacts") -> list[str]:
        return [contact["first_name"] for contact in good(office.api.get(f"{office.at}/{path}{query}")).items]

    assert found("") == ["Al", "Bo", "Ada"]
    assert found("?sort=name") == ["Al", "Ada", "Bo"]
    assert found(f"?account_id={two}&sort=created_at") == ["Bo", "Al"]
    assert found("?name=byr") == ["Al", "Ada"]
    assert found("?email=ALBERT@two.example") == ["Al"]
    assert found("?sort=created_at", f"accounts/{two}/contacts") == ["Bo", "Al"]
    assert found("?name=byr", f"accounts/{two}/contacts") == ["Al"]
    assert office.api.get(f"{office.at}/accounts/{'0' * 32}/contacts").status == 404
