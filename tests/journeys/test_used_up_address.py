"""An address that several accounts share, or that a stranger knows."""

from __future__ import annotations

from chalicelib.facts import Kind, recent
from tests.browsing import Browser
from tests.factories import Client, ask_code, make_account, make_batch, make_client, make_contact, newest_code, sign_in
from tests.world import MovableClock, World


def test_made_up_numbers_do_not_use_up_an_address(world: World) -> None:
    client = make_client(world)
    for place in range(12):
        stranger = Browser(f"198.51.100.{place + 1}")
        stranger.open(f"/{client.slug}/sign-in")
        stranger.fill(client_number=f"NO-{place}", last_name="Nobody")
        stranger.fill(method="email", destination=client.email)
    world.drain()
    assert not [sent for sent in world.sent_to(client.email) if sent.subject[:6].isdigit()]
    assert sign_in(world, Browser(), client).status == 200


def test_accounts_that_share_an_address_share_its_codes_and_a_stranger_learns_nothing(
    world: World, moment: MovableClock
) -> None:
    first = make_client(world, emails=["office@northwind.example"])
    sharing = [first, *(_another(first) for _ in range(3))]
    seen = []
    for client in sharing:
        browser = Browser("203.0.113.99")
        seen.append(ask_code(browser, client))
        moment.advance(1)
    world.drain()
    codes = [sent for sent in world.sent_to(first.email) if sent.subject[:6].isdigit()]
    assert len(codes) == 3  # the fourth account's code is one too many for the address
    assert [page.heading for page in seen] == ["Enter your code"] * 4
    checks = [fact.changes.get("check") for fact in recent(first.slug).items if fact.kind == Kind.CODE_NOT_SENT]
    assert checks == ["sends-used-up"]
    moment.advance(minutes=16)
    late = Browser()
    ask_code(late, sharing[-1])
    world.drain()
    assert late.fill(code=newest_code(world, first.email)).status == 200 and late.cookie("session")


def _another(first: Client) -> Client:
    account = make_account(first.portal)
    contact = make_contact(first.portal, account, emails=[first.email])
    return Client(first.portal, account, contact, make_batch(first.portal, contact))
