"""Threat 11, of help requests: whoever is named in one, known or not, the same page and the same calls of AWS."""

from __future__ import annotations

from typing import Any

from tests.browsing import Browser
from tests.customers import make_customer, password_portal
from tests.factories import HELP, change_account, make_account, make_client
from tests.tracing import counted, traced
from tests.world import World

from .test_11_enumeration import comparable


def test_the_answer_does_not_tell_whether_anybody_is_known(world: World) -> None:
    portal = password_portal(world, support={"email": "help@acme.example"})
    client, customer = make_client(world, portal), make_customer(world, portal)
    closed = make_account(portal)
    change_account(portal, closed.id, status="closed")
    typed = {
        "nobody": ("nobody at all", "x@elsewhere.example"),
        "a client's number": (client.number, client.email),
        "a closed account": (closed.number or "", client.mobile),
        "a username": (customer.username, customer.email),
    }
    answers: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    for n, (name, (signs_in_as, reached_by)) in enumerate(typed.items()):
        browser = Browser(f"198.51.100.{n}")
        browser.open(f"/{portal.slug}/help")
        with traced() as calls:
            seen = browser.fill(**{**HELP, "signs_in_as": signs_in_as, "reached_by": reached_by})
        number = seen.shown.partition("number is ")[2][:9]
        asked[name] = counted(calls)
        answers[name] = tuple((*part[:4], part[4].replace(number, "")) for part in comparable(seen))
    for name in typed:
        assert answers[name] == answers["nobody"], name
        assert asked[name] == asked["nobody"], name
    (one,) = asked["nobody"].items()
    assert one[0].name == "dynamodb.TransactWriteItems" and one[1] == 1, "nothing is read: there is nothing to tell"
    assert not any(table.endswith(("people", "batches")) for table in one[0].tables)
