"""U5 and threat 48: what support does for whoever cannot get in is on record, told to its owner, and shows no secret."""

from __future__ import annotations

import pytest

from chalicelib import clock
from chalicelib.people import user_changes
from chalicelib.portals.permissions import PERMISSIONS
from chalicelib.security import identities
from chalicelib.storage import Transaction
from chalicelib.support import diagnosis, remedies
from chalicelib.support.case import code_identity
from chalicelib.support.diagnosis_shapes import Told
from chalicelib.web.guard import GUARDS
from tests import offices
from tests.browsing import Browser
from tests.customers import (
    Customer,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    recovery_codes,
    seed_shown,
    with_app,
)
from tests.factories import facts_of, make_client, make_contact, make_machine, make_portal, newest_code, sign_in
from tests.offices import make_office, make_office_user
from tests.self_service import PASSWORD_LINK, make_record
from tests.staffing import make_colleague, signed_in
from tests.threats.conftest import Hashes, hashes
from tests.world import World

__all__ = ["hashes"]


def test_every_remedy_leads_to_an_operation_and_names_its_permission() -> None:
    for name, act in remedies.ACTS.items():
        if act.route:
            assert GUARDS[act.method, act.route].permission == act.permission, name
        else:
            assert not (act.method or act.permission), name


def factored(world: World) -> tuple[Customer, Browser]:
    """A customer with an app, in a browser that is remembered."""
    home, customer = Browser("192.0.2.1"), make_customer(world)
    enter_password(home, customer)
    customer = with_app(home, customer)
    world.clock.advance(minutes=2)
    other = Browser("192.0.2.1")
    enter_password(other, customer)
    other.fill(code=customer.otp(), remember="yes")
    assert other.cookie("device") and customer.user.devices
    return customer, other


def test_a_factor_that_was_reset_is_set_up_anew_after_a_code_to_the_contact_on_file(
    world: World, hashes: Hashes
) -> None:
    customer, remembered = factored(world)
    machine = make_machine(customer.portal)
    seen = machine.post(f"support/users/{customer.account.id}/reset-factors")
    assert seen["second_factors"] == [] and customer.email not in str(seen)
    held = customer.user
    assert (held.devices, held.sessions, held.recovery, held.factors) == ({}, {}, (), ())
    assert "/sign-in/password" in remembered.open(f"/{customer.slug}/security").path, "signed out at once"
    world.drain()
    mail = world.newest(customer.email)
    assert mail.subject.startswith("Your second factor was reset") and "/not-me?t=" in mail.text
    (fact,) = facts_of(customer.slug, "staff:credential:factor-reset")
    assert fact.changes == {"factors": [["totp"], []]} and fact.actor.startswith("api-key:")
    assert machine.ask("POST", f"support/users/{customer.account.id}/reset-factors").status == 409, "there is none now"

    world.clock.advance(minutes=2)
    browser = Browser("192.0.2.9")
    assert enter_password(browser, customer).path.endswith("/sign-in/factor"), "the password alone is not enough"
    world.drain()
    seen = browser.fill(code=newest_code(world, customer.email))
    assert seen.path.endswith("/sign-in/set-up") and not browser.cookie("session")
    browser.fill(method="totp")
    import pyotp

    seen = browser.fill(name="New phone", code=pyotp.TOTP(seed_shown(browser.here)).at(clock.timestamp()))
    assert browser.cookie("session") and len(recovery_codes(seen)) == 10
    assert customer.user.factors == ("totp",)


def test_a_user_of_an_office_is_helped_alike(world: World, hashes: Hashes) -> None:
    portal = password_portal(world)
    user = offices.with_app(make_office_user(portal, make_office(portal)))
    machine = make_machine(portal)
    assert machine.post(f"support/users/{user.id}/reset-factors")["second_factors"] == []
    assert user.user.must_set_up
    assert machine.post(f"support/users/{user.id}/send-link")["link"] == "temporary-password"
    assert user.user.must_change
    assert machine.post(f"support/users/{user.id}/unlock")["state"] == "active"
    world.drain()
    told = [sent.subject.partition(" - ")[0] for sent in world.sent_to(user.email)]
    assert sorted(told) == ["Your second factor was reset", "Your sign-in was unlocked", "Your temporary password"]


@pytest.mark.parametrize("state", ["deleted", "pending"])
def test_whoever_is_shut_out_is_not_let_in_by_a_reset(world: World, state: str) -> None:
    portal = password_portal(world)
    user = offices.with_app(make_office_user(portal, make_office(portal)))
    tx = Transaction()
    user_changes.set_state(tx, user.user, state)  # type: ignore[arg-type]
    tx.commit()
    assert make_machine(portal).ask("POST", f"support/users/{user.id}/reset-factors").status in (404, 409)
    assert user.user.factors == ("totp",)


def test_without_an_address_the_code_could_go_to_nothing_is_reset(world: World, hashes: Hashes) -> None:
    customer, _ = factored(world)
    machine = make_machine(customer.portal)
    machine.patch(f"accounts/{customer.account.id}", {"primary_emails": []})
    world.clock.advance(hours=25)
    refused = machine.ask("POST", f"support/users/{customer.account.id}/reset-factors")
    assert refused.status == 409 and "No email address is on file" in refused.json["detail"]
    assert customer.user.factors == ("totp",)


def test_who_is_locked_out_gets_in_after_support_has_unlocked_them(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    browser = Browser("192.0.2.3")
    for _ in range(10):
        enter_password(browser, customer, "wrong-one-12345")
    world.clock.advance(minutes=6)
    stranger = Browser("192.0.2.4")
    assert enter_password(stranger, customer).status == 429
    found = diagnosis.diagnose(customer.portal, Told(username=customer.username), scopes=frozenset(PERMISSIONS))
    (remedy,) = [each.remedy for each in found.checks if each.remedy]
    assert remedy.act == "unlock-user"
    machine = make_machine(customer.portal)
    assert machine.ask(remedy.method, remedy.path.removeprefix("/api/v1")).status == 200
    assert enter_password(stranger, customer).status == 200 and stranger.cookie("session")
    world.drain()
    assert any(sent.subject.startswith("Your sign-in was unlocked") for sent in world.sent_to(customer.email))


def test_a_contact_who_typed_wrong_codes_is_unlocked_and_told(world: World) -> None:
    client = make_client(world)
    key = code_identity(client.number, client.last_name)
    for _ in range(10):
        tx = Transaction()
        identities.note_failure(tx, client.slug, key)
        tx.commit()
    assert identities.lockouts(client.slug, [key])
    machine = make_machine(client.portal)
    seen = machine.post(f"support/contacts/{client.contact.id}/unlock")
    assert seen["told"] == f"{client.email[0]}•••@northwind.example"
    assert not identities.lockouts(client.slug, [key])
    sign_in(world, Browser(), client)
    assert any(sent.subject.startswith("You can sign in again") for sent in world.sent_to(client.email))
    (fact,) = facts_of(client.slug, "staff:contact:unlocked")
    assert fact.subject == f"contact:{client.contact.id}"


def test_a_contact_without_email_is_told_by_text_and_one_without_either_not_at_all(world: World) -> None:
    client = make_client(world, support_portal(world))
    machine = make_machine(client.portal)
    texted = make_contact(client.portal, client.account, emails=[], last_name="Text")
    silent = make_contact(client.portal, client.account, emails=[], mobile=None, last_name="Silent")
    assert machine.post(f"support/contacts/{texted.id}/unlock")["told"].startswith("•••")
    assert machine.post(f"support/contacts/{silent.id}/unlock")["told"] is None
    world.drain()
    assert texted.mobile and "+1 212 555 0100" in world.newest(texted.mobile).text


def support_portal(world: World):  # type: ignore[no-untyped-def]
    return make_portal(world, support={"phone": "+1 212 555 0100"})


def test_a_fresh_link_is_whatever_lets_this_one_in(world: World, hashes: Hashes) -> None:
    customer, record = make_customer(world), None
    portal, machine = customer.portal, make_machine(customer.portal)
    record = make_record(world, portal)
    account, _ = make_customer_account(portal)
    machine.patch(f"accounts/{account.id}/credential", {"username": "waiting.one"})
    colleague, newcomer = make_colleague(portal.slug, "agent"), make_colleague(portal.slug, "agent", has_password=False)
    world.drain()
    for user_id, address, link, path in (
        (customer.account.id, customer.email, "password-reset", "reset-password"),
        (account.id, account.primary_emails[0], "credential-create", "create-credential"),
        (record.user_id, record.email, "self-service-password", PASSWORD_LINK),
        (newcomer.id, newcomer.email, "staff-invitation", "staff/join"),
    ):
        before = len(world.sent_to(address))
        seen = machine.post(f"support/users/{user_id}/send-link")
        world.drain()
        assert seen["link"] == link and seen["sent_to"] == [f"{address[0]}•••@{address.partition('@')[2]}"]
        assert len(world.sent_to(address)) == before + 1
        token = newest_link(world, address, path).partition("?t=")[2]
        assert token not in str(seen)
    assert machine.post(f"support/users/{colleague.id}/send-link")["link"] == "temporary-password"
    world.drain()
    assert "temporary password" in world.newest(colleague.email).subject
    machine.patch(f"accounts/{customer.account.id}", {"status": "closed"})
    refused = machine.ask("POST", f"support/users/{customer.account.id}/send-link")
    assert (refused.status, refused.json["code"]) == (409, "not-in-this-state")


ACTS = ("unlock", "reset-factors", "send-link")


def test_threat_16_nobody_at_the_desk_acts_above_their_level(world: World) -> None:
    slug = make_portal(world).slug
    boss, chief, peer, agent = (
        make_colleague(slug, role) for role in ("owner", "administrator", "support", "agent")
    )  # fmt: skip
    desk = signed_in(make_colleague(slug, "support"))
    for act in ACTS:
        for above in (boss, chief):
            before = above.user
            refused = desk.post(f"/portals/{slug}/support/users/{above.id}/{act}")
            assert refused.status == 403 and "above your level" in refused.json["detail"], (act, above)
            assert above.user == before
        for within in (peer, agent):
            assert desk.post(f"/portals/{slug}/support/users/{within.id}/{act}").status == 200, act
    assert len(facts_of(slug, "staff:support:refused")) == len(ACTS) * 2
    assert signed_in(agent, proved=True).post(f"/portals/{slug}/support/users/{peer.id}/unlock").code == "forbidden"


def test_threat_16_a_key_acts_on_no_more_than_its_permissions_say(world: World) -> None:
    portal = password_portal(world)
    user, record, boss = (
        make_office_user(portal, make_office(portal)), make_record(world, portal), make_colleague(portal.slug, "agent"),
    )  # fmt: skip
    key = make_machine(portal, "credentials:manage")
    for user_id in (user.id, record.user_id, boss.id):
        for act in ACTS:
            assert key.ask("POST", f"support/users/{user_id}/{act}").status == 403
    assert len(facts_of(portal.slug, "staff:support:refused")) == 3 * len(ACTS)


def test_a_dangerous_act_takes_a_second_factor_shown_just_now(world: World, hashes: Hashes) -> None:
    customer = make_customer(world)
    desk = signed_in(make_colleague(customer.slug, "support"), proved=False)
    for act in ACTS:
        seen = desk.post(f"/portals/{customer.slug}/support/users/{customer.account.id}/{act}")
        assert (seen.status, seen.code) == (403, "step-up-needed")


def test_nobody_resets_their_own_factor_at_the_desk(world: World) -> None:
    slug = make_portal(world).slug
    self_ = make_colleague(slug, "support")
    assert signed_in(self_).post(f"/portals/{slug}/support/users/{self_.id}/reset-factors").status == 403
    assert self_.user.factors == ("totp",)
