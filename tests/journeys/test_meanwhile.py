"""What changes between two steps of a person: nothing they did not see is approved, nothing they lost lets them in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.errors import Stale
from chalicelib.people import contacts
from chalicelib.selfservice import answers, batches
from tests.browsing import Browser
from tests.factories import (
    Client,
    ask_code,
    begin,
    change_account,
    change_batch,
    make_client,
    newest_code,
    sign_in,
    staff,
)
from tests.world import MovableClock, World


def test_a_stranger_is_never_handed_the_owners_challenge(world: World, moment: MovableClock) -> None:
    client, stranger, owner = make_client(world), Browser("198.51.100.66"), Browser("192.0.2.1")
    for _ in range(2):
        begin(stranger, client)
        stranger.fill(method="email", destination="evil@example.com")
    ask_code(owner, client)
    world.drain()
    code = newest_code(world, client.email)
    begin(stranger, client)
    refused = stranger.fill(method="email", destination="evil@example.com")
    assert refused.status == 429 and refused.headers["Retry-After"]
    stranger.open(f"/{client.slug}/sign-in/code")
    assert stranger.fill(code=code).status != 200 and not stranger.cookie("session")
    assert owner.fill(code=code).status == 200 and owner.cookie("session")


def test_whoever_starts_again_in_the_same_browser_keeps_the_code_that_is_open(world: World) -> None:
    client, browser = make_client(world), Browser()
    for _ in range(3):
        ask_code(browser, client)
    world.drain()
    code = newest_code(world, client.email)
    seen = ask_code(browser, client)
    assert (
        seen.heading == "Enter your code"
        and len([s for s in world.sent_to(client.email) if s.subject[:6].isdigit()]) == 3
    )
    assert browser.fill(code=code).status == 200 and browser.cookie("session")


def test_nobody_approves_what_they_have_not_seen(world: World) -> None:
    client, browser = make_client(world), Browser()
    sign_in(world, browser, client)
    form = browser.open(client.batch_path).form_with("answer", "comment")
    change_batch(client.portal, client.batch.id, summary="Twice as much.")
    seen = browser.send(form, answer="approve", comment="Fine with me")
    assert seen.status == 409 and "changed while you were reading it" in seen.shown and "Twice as much." in seen.shown
    assert seen.value_of("comment") == "Fine with me"
    assert batches.get(client.slug, client.batch.id).answers == ()
    seen = browser.fill(answer="approve", comment="Fine with me")
    assert seen.status == 200 and batches.get(client.slug, client.batch.id).status == "approved"


def test_an_answer_that_meets_another_write_is_given_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, browser = make_client(world), Browser()
    sign_in(world, browser, client)
    form = browser.open(client.batch_path).form_with("answer", "comment")
    given, tries = answers._given, []

    def meeting_another(*args: object) -> object:
        tries.append(args)
        if len(tries) == 1:
            raise Stale
        return given(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(answers, "_given", meeting_another)
    assert browser.send(form, answer="changes", comment="More dental").status == 200
    assert len(tries) == 2 and batches.get(client.slug, client.batch.id).answers[-1].comment == "More dental"


def close_account(client: Client) -> None:
    change_account(client.portal, client.account.id, status="closed")


def hide_batch(client: Client) -> None:
    change_batch(client.portal, client.batch.id, open_to_portal=False, status="in_progress")


def give_another_address(client: Client) -> None:
    details = {name: getattr(client.contact, name) for name in contacts.ContactInput.__struct_fields__}
    wanted = contacts.ContactInput(**{**details, "emails": ("new@northwind.example",)})
    contacts.change(staff(client.portal), "US", client.contact.id, wanted)


@pytest.mark.parametrize("change", [close_account, hide_batch, give_another_address])
def test_a_code_opens_only_what_is_still_open_when_it_is_entered(
    world: World, change: Callable[[Client], None]
) -> None:
    client, browser = make_client(world), Browser()
    ask_code(browser, client)
    world.drain()
    code = newest_code(world, client.email)
    change(client)
    seen = browser.fill(code=code)
    assert seen.status == 410 and not browser.cookie("session")


def test_stay_signed_in_keeps_its_whole_promise(world: World, moment: MovableClock) -> None:
    client, browser = make_client(world), Browser()
    sign_in(world, browser, client)
    moment.advance(50)
    token = browser.open(client.batch_path).csrf
    assert browser.post(f"/{client.slug}/session/extend", {"csrf": token}).status == 204
    moment.advance(14 * 60 + 59)
    assert browser.open(client.batch_path).status == 200


def test_a_deep_link_to_a_file_survives_the_sign_in(world: World) -> None:
    client, browser = make_client(world), Browser()
    seen = browser.open(f"{client.batch_path}/upload")
    assert seen.value_of("next") == f"{client.batch_path}/upload"
