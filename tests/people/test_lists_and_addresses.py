"""What filters find, and which addresses are taken."""

from __future__ import annotations

import pytest

from chalicelib.errors import Invalid
from chalicelib.people import accounts, contacts, matching
from tests.factories import make_account, make_batch, make_contact, make_portal
from tests.world import World


def test_a_tag_is_found_as_a_whole_only(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal, tags=["ab", "b c", "x, y"])
    for tag, found in {
        "ab": 1,
        "b c": 1,
        "x, y": 1,
        "b": 0,
        "c": 0,
        ",": 0,
        '","': 0,
        'b c","x, y': 0,
        "\\": 0,
    }.items():
        assert len(accounts.listed(portal.slug, tag=tag).items) == found, tag
    for tag in ('a"b', "a\\b", ","):
        with pytest.raises(Invalid) as refused:
            make_account(portal, tags=["fine", tag])
        assert list(refused.value.fields) == ["tags.1"]
    assert account.tags == ("ab", "b c", "x, y")


def test_what_folds_to_nothing_is_found_nowhere(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    make_contact(portal, account)
    assert accounts.listed(portal.slug, number="--").items == accounts.listed(portal.slug, name="--").items == []
    assert contacts.listed(portal.slug, name="--").items == []
    assert contacts.listed(portal.slug, name="--", account_id=account.id).items == []
    assert len(accounts.listed(portal.slug, name="").items) == len(contacts.listed(portal.slug, name="").items) == 1


def test_addresses_that_cannot_be_sent_to_are_refused_with_the_letter(world: World) -> None:
    portal = make_portal(world)
    account = make_account(portal)
    told = "We cannot send to addresses with letters such as ë before the @."
    with pytest.raises(Invalid) as refused:
        make_contact(portal, account, emails=["zoe@northwind.example", "zoë@northwind.example"])
    assert refused.value.fields == {"emails.1": told}
    with pytest.raises(Invalid) as refused:
        make_account(portal, primary_emails=["zoë@northwind.example"], assigned_agent="zoë@northwind.example")
    assert refused.value.fields == {"primary_emails.0": told, "assigned_agent": told}
    with pytest.raises(Invalid) as refused:
        make_batch(portal, make_contact(portal, account), assigned_to="zoë@northwind.example")
    assert refused.value.fields == {"assigned_to": told}
    assert matching.email_fault("nobody") == "This is not an email address."
    assert matching.email_checked("zoe@bücher.example") == "zoe@bücher.example"
