"""A refusal names fields of the wrong form and fields of the wrong content together."""

from __future__ import annotations

from typing import Any

import pytest

from .client import ApiClient
from .conftest import Office

_PERSON: dict[str, Any] = {"first_name": "Maria", "last_name": "Nuñez"}


def test_a_contact_with_a_wrong_form_and_wrong_contents(office: Office) -> None:
    body = {
        "account_id": "x",
        "first_name": "",
        "last_name": "--",
        "emails": ["a@b.example", "nobody"],
        "mobile": "call me",
    }
    reply = office.api.post(f"{office.at}/contacts", body)
    assert set(reply.errors) == {"account_id", "first_name", "last_name", "emails.1", "mobile"}


def test_an_account_with_wrong_contents_only_names_those_of_every_contact(office: Office) -> None:
    contacts = [{**_PERSON, "emails": ["nobody"]}, {**_PERSON, "mobile": "(020) 1"}]
    reply = office.api.post(f"{office.at}/accounts", {"name": "--", "primary_emails": ["nobody"], "contacts": contacts})
    assert set(reply.errors) == {"name", "primary_emails.0", "contacts.0.emails.0", "contacts.1.mobile"}


def test_a_portal_with_a_wrong_form_and_wrong_contents(deployment: ApiClient) -> None:
    body = {
        "slug": "X", "name": "Acme", "time_zone": "Mars/North", "wording": {"x": "y"},
        "support": {"email": "nobody", "phone": "1"}, "notifications": {"staff_emails": ["nobody"]},
    }  # fmt: skip
    reply = deployment.post("/portals", body)
    assert set(reply.errors) == {
        "slug", "time_zone", "wording.x", "support.email", "support.phone", "notifications.staff_emails.0",
    }  # fmt: skip


def test_a_batch_with_a_wrong_form_and_wrong_contents(office: Office) -> None:
    body = {"account_id": "x", "effective_date": "2027-02-30", "title": "Renewal", "assigned_to": "nobody"}
    reply = office.api.post(f"{office.at}/batches", body)
    assert set(reply.errors) == {"account_id", "renewal_contact_id", "effective_date", "assigned_to"}


@pytest.mark.parametrize("phone", ["1", "call us", "12 34"])
def test_a_support_number_that_nobody_can_call_is_refused(office: Office, phone: str) -> None:
    assert set(office.api.patch(office.at, {"support": {"phone": phone}}).errors) == {"support.phone"}


@pytest.mark.parametrize("phone", ["+1 415 555 0100", "0800 11 22", "1-800-FLOWERS (35693)", None])
def test_a_support_number_is_shown_as_it_was_written(office: Office, phone: str | None) -> None:
    assert office.api.patch(office.at, {"support": {"phone": phone}}).json["support"]["phone"] == phone
