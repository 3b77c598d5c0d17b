"""B8 and X1: why somebody cannot sign in. Each cause is brought about as it happens, and the diagnosis names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import facts, portals
from chalicelib.facts import Act
from chalicelib.messaging import progress, suppression
from chalicelib.messaging.models import MessageRow, message_key
from chalicelib.people import credentials, staff, user_changes
from chalicelib.people.staff import By
from chalicelib.portals.permissions import PERMISSIONS
from chalicelib.selfservice import access
from chalicelib.storage import Transaction
from chalicelib.support import diagnosis
from chalicelib.support.diagnosis_shapes import Diagnosis, Told
from tests.browsing import Browser
from tests.customers import (
    Customer,
    enter_password,
    make_customer,
    make_customer_account,
    newest_link,
    password_portal,
    with_app,
)
from tests.factories import (
    Client,
    ask_code,
    begin,
    change_account,
    change_batch,
    change_portal,
    make_batch,
    make_client,
    make_contact,
    make_help_request,
    make_machine,
    make_portal,
    newest_code,
    other_than,
    sign_in,
)
from tests.offices import make_office, make_office_user
from tests.self_service import make_record
from tests.staffing import make_colleague
from tests.threats.conftest import Hashes, hashes
from tests.world import World

__all__ = ["hashes"]
EVERYTHING = frozenset(PERMISSIONS)
Cause = Callable[[World, Client], dict[str, Any]]


def diagnosed(client: Client | Customer, **told: Any) -> Diagnosis:
    """The diagnosis, for somebody with every permission."""
    return diagnosis.diagnose(portals.get(client.slug), Told(**told), scopes=EVERYTHING)


def typed(client: Client, **other: Any) -> dict[str, Any]:
    """What the client has to type, but for what is said to be other."""
    return {
        "client_number": client.number, "last_name": client.last_name, "destination": client.email, **other,
    }  # fmt: skip


def portal_closed(_world: World, client: Client) -> dict[str, Any]:
    change_portal(client.portal, status="closed")
    return typed(client)


def by_password_only(_world: World, client: Client) -> dict[str, Any]:
    change_portal(client.portal, policy={"sign_in_ways": ["password"]})
    return typed(client)


def wrong_number(_world: World, client: Client) -> dict[str, Any]:
    return typed(client, client_number="NW-0")


def old_number(_world: World, client: Client) -> dict[str, Any]:
    change_account(client.portal, client.account.id, number=f"{client.number}-B")
    return typed(client, account_id=client.account.id)


def number_of_another(world: World, client: Client) -> dict[str, Any]:
    return typed(client, account_id=make_client(world, client.portal).account.id)


def no_number(_world: World, client: Client) -> dict[str, Any]:
    change_account(client.portal, client.account.id, number=None)
    return typed(client, account_id=client.account.id)


def account_closed(_world: World, client: Client) -> dict[str, Any]:
    change_account(client.portal, client.account.id, status="closed")
    return typed(client)


def new_surname(_world: World, client: Client) -> dict[str, Any]:
    return typed(client, last_name="Garcia")


def unknown_name(_world: World, client: Client) -> dict[str, Any]:
    return typed(client, last_name="Garcia", destination="garcia@elsewhere.example")


def no_address(_world: World, client: Client) -> dict[str, Any]:
    return typed(client, destination="maria at northwind")


def no_texts(_world: World, client: Client) -> dict[str, Any]:
    change_portal(client.portal, policy={"sign_in_methods": ["email"]})
    return typed(client, destination=client.mobile)


def other_email(_world: World, client: Client) -> dict[str, Any]:
    return typed(client, destination="maria.new@northwind.example")


def other_mobile(_world: World, client: Client) -> dict[str, Any]:
    return typed(client, destination="+1 415 555 9999")


def not_open(_world: World, client: Client) -> dict[str, Any]:
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    return typed(client)


def cancelled(_world: World, client: Client) -> dict[str, Any]:
    change_batch(client.portal, client.batch.id, status="cancelled")
    return typed(client)


def for_somebody_else(_world: World, client: Client) -> dict[str, Any]:
    other = make_contact(client.portal, client.account, last_name="Okafor")
    return typed(client, last_name="Okafor", destination=other.emails[0])


def no_batch(_world: World, client: Client) -> dict[str, Any]:
    from tests.factories import make_account

    account = make_account(client.portal)
    contact = make_contact(client.portal, account)
    return {"client_number": account.number, "last_name": contact.last_name, "destination": contact.emails[0]}


def two_alike(_world: World, client: Client) -> dict[str, Any]:
    twin = make_contact(client.portal, client.account, first_name="Ana", emails=[client.email])
    make_batch(client.portal, twin)
    return typed(client)


def bounced(world: World, client: Client) -> dict[str, Any]:
    world.cloud.provider.tells = lambda _to: ["Send", "Bounce"]
    ask_code(Browser(), client)
    world.drain()
    return typed(client)


def soft_bounce(world: World, client: Client) -> dict[str, Any]:
    world.cloud.provider.tells = lambda _to: ["Send", "SoftBounce"]
    ask_code(Browser(), client)
    world.drain()
    return typed(client)


def complained(_world: World, client: Client) -> dict[str, Any]:
    suppression.suppress(Act(client.slug, "system:tests"), "email", client.email, "complained")
    return typed(client)


def opted_out(_world: World, client: Client) -> dict[str, Any]:
    suppression.suppress(Act(client.slug, "system:tests"), "sms", client.mobile, "opted-out")
    return typed(client, destination=client.mobile)


def no_such_country(world: World, client: Client) -> dict[str, Any]:
    change_portal(client.portal, policy={"sms_countries": ["GB"]})
    portals.forget_kept()
    ask_code(Browser(), client, by="sms")
    world.drain()
    return typed(client, destination=client.mobile)


def unknown_outcome(world: World, client: Client) -> dict[str, Any]:
    ask_code(Browser(), client)
    (line,) = list(make_machine(client.portal).get("messages", about=f"contact:{client.contact.id}")["items"])
    row = MessageRow.find(message_key(client.slug, line["id"]))
    assert row and progress.claim(row) and progress.lost_sight(row, "worker-died")
    return typed(client)


def came_too_late(world: World, client: Client) -> dict[str, Any]:
    ask_code(Browser(), client)
    world.clock.advance(minutes=11)
    world.drain()
    return typed(client)


def locked(world: World, client: Client) -> dict[str, Any]:
    browser = Browser()
    for _ in range(2):
        ask_code(browser, client)
        world.drain()
        for further in range(5):
            browser.fill(code=other_than(newest_code(world, client.email), further + 1))
        world.clock.advance(seconds=31)
    return typed(client)


def locked_for_good(world: World, client: Client) -> dict[str, Any]:
    from chalicelib.security import identities
    from chalicelib.support.case import code_identity

    for _ in range(100):
        tx = Transaction()
        identities.note_failure(tx, client.slug, code_identity(client.number, client.last_name))
        tx.commit()
        world.clock.advance(days=1)
    return typed(client)


def really_typed_another(_world: World, client: Client) -> dict[str, Any]:
    browser = Browser()
    begin(browser, client)
    browser.fill(method="email", destination="slip@northwind.example")
    return typed(client)


def wrong_code(world: World, client: Client) -> dict[str, Any]:
    browser = Browser()
    ask_code(browser, client)
    world.drain()
    browser.fill(code=other_than(newest_code(world, client.email)))
    return typed(client)


def code_ran_out(world: World, client: Client) -> dict[str, Any]:
    ask_code(Browser(), client)
    world.drain()
    world.clock.advance(minutes=11)
    return typed(client)


def codes_used_up(world: World, client: Client) -> dict[str, Any]:
    browser = Browser()
    ask_code(browser, client)
    for _ in range(2):
        world.clock.advance(seconds=31)
        browser.press("Send another code")
    world.drain()
    return typed(client)


CAUSES: list[tuple[Cause, str, str, str]] = [
    (portal_closed, "portal-open", "open-portal", "closed"),
    (by_password_only, "way-offered", "change-policy", "username and password"),
    (wrong_number, "number-known", "verify-caller", "No account has the number NW-0"),
    (old_number, "number-known", "verify-caller", "the old one"),
    (number_of_another, "number-known", "verify-caller", "not the number of"),
    (no_number, "number-known", "correct-account", "no client number"),
    (account_closed, "account-open", "open-account", "is closed"),
    (new_surname, "name-matches", "correct-contact", "surname has changed"),
    (unknown_name, "name-matches", "add-contact", '"Garcia"'),
    (no_address, "is-an-address", "try-again", "neither"),
    (no_texts, "is-an-address", "change-policy", "text message"),
    (other_email, "on-file", "correct-contact", "Another email address is on file"),
    (other_mobile, "on-file", "correct-contact", "Another mobile number is on file"),
    (not_open, "something-open", "open-batch", "not open to the portal"),
    (cancelled, "something-open", "move-batch", "cancelled"),
    (for_somebody_else, "something-open", "share-batch", "for somebody else"),
    (no_batch, "something-open", "make-batch", "no batch"),
    (two_alike, "one-contact", "correct-contact", "several contacts"),
    (bounced, "takes-messages", "lift-suppression", "bounced"),
    (complained, "takes-messages", "lift-suppression", "spam"),
    (opted_out, "takes-messages", "text-start", "STOP"),
    (locked, "not-locked", "unlock-contact", "opens by itself"),
    (locked_for_good, "not-locked", "unlock-contact", "until staff unlock"),
    (really_typed_another, "code-sent", "try-again", "not the address on file"),
    (soft_bounce, "code-arrived", "correct-contact", "turned it away"),
    (no_such_country, "code-arrived", "change-policy", "country"),
    (unknown_outcome, "code-arrived", "release-message", "do not know"),
    (came_too_late, "code-arrived", "newest-code", "time was over"),
    (wrong_code, "code-entered", "newest-code", "wrong code was typed once"),
    (code_ran_out, "code-entered", "newest-code", "ran out"),
    (codes_used_up, "codes-left", "wait", "3 codes"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "check", "act", "words"), CAUSES, ids=[each[0].__name__ for each in CAUSES])
def test_each_cause_at_the_door_of_codes_is_named_with_what_fixes_it(
    world: World, cause: Cause, check: str, act: str, words: str
) -> None:
    client = make_client(world)
    told = cause(world, client)
    found = diagnosed(client, **told)
    assert found.first_failed == check, [(each.name, each.outcome, each.text) for each in found.checks]
    (failed,) = [each for each in found.checks if each.outcome == "failed"]
    assert words in failed.text == found.summary
    assert failed.remedy and failed.remedy.act == act and failed.remedy.may
    after = found.checks[[each.name for each in found.checks].index(check) + 1 :]
    assert {each.outcome for each in after} <= {"not-reached"}


def test_every_check_of_codes_has_a_cause() -> None:
    assert {each[1] for each in CAUSES} == {name for name, _, _ in diagnosis.CHECKS["code"]}


def test_who_signs_in_without_trouble_passes_everything(world: World) -> None:
    client, browser = make_client(world), Browser()
    ask_code(browser, client)
    world.drain()
    world.clock.advance(seconds=20)
    browser.fill(code=newest_code(world, client.email))
    found = diagnosed(client, **typed(client, client_number=client.number.lower(), last_name="NUNEZ"))
    assert found.first_failed is None and {each.outcome for each in found.checks} == {"passed"}
    assert (found.account_id, found.contact_id) == (client.account.id, client.contact.id)
    assert next(each.kind for each in found.attempts) == "client:sign-in:succeeded"


def test_what_was_not_told_is_asked_for_and_the_rest_is_looked_at_all_the_same(world: World) -> None:
    client = make_client(world)
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    found = diagnosed(client, client_number=client.number)
    outcomes = {each.name: each.outcome for each in found.checks}
    assert outcomes["name-matches"] == outcomes["on-file"] == "not-reached"
    assert found.first_failed == "something-open"
    assert "Ask the caller" in next(each.text for each in found.checks if each.name == "name-matches")


def test_a_remedy_can_be_carried_out_as_it_is_given(world: World) -> None:
    """Open the batch by the very call that the diagnosis names, and the client gets in."""
    client = make_client(world)
    told = not_open(world, client)
    (failed,) = [each for each in diagnosed(client, **told).checks if each.outcome == "failed"]
    assert failed.remedy
    at = failed.remedy.path.removeprefix("/api/v1")
    make_machine(client.portal)._good(make_machine(client.portal).ask(failed.remedy.method, at, failed.remedy.body))
    assert diagnosed(client, **told).first_failed is None
    sign_in(world, Browser(), client)


def test_who_lacks_the_permission_is_told_the_act_but_not_its_body(world: World) -> None:
    client = make_client(world)
    complained(world, client)
    found = diagnosis.diagnose(client.portal, Told(**typed(client)), scopes=frozenset({"support:diagnose"}))
    (failed,) = [each for each in found.checks if each.outcome == "failed"]
    assert failed.remedy and not failed.remedy.may and failed.remedy.body == {}
    assert failed.remedy.permission == "messages:write"


def test_the_attempts_tell_all_that_happened_and_never_a_code(world: World) -> None:
    client, browser = make_client(world), Browser()
    begin(browser, client)
    browser.fill(method="email", destination="slip@northwind.example")
    world.clock.advance(seconds=31)
    ask_code(browser, client)
    world.drain()
    world.clock.advance(seconds=5)
    code = newest_code(world, client.email)
    wrong = other_than(code)
    browser.fill(code=wrong)
    world.clock.advance(seconds=5)
    browser.fill(code=code)
    found = diagnosed(client, **typed(client))
    assert [each.kind for each in found.attempts if not each.kind.startswith("message:")] == [
        "client:sign-in:succeeded", "client:sign-in:code-wrong", "client:sign-in:code-requested",
        "client:sign-in:code-not-sent",
    ]  # fmt: skip
    (sent,) = [each for each in found.attempts if each.kind == "message:verification-code"]
    assert sent.recipient == f"{client.email[0]}•••@northwind.example" and sent.status == "delivered"
    assert code not in str(found) and wrong not in str(found)
    assert "slip@" not in str(found)


def test_after_a_week_an_attempt_is_told_no_more(world: World) -> None:
    client = make_client(world)
    really_typed_another(world, client)
    assert diagnosed(client, **typed(client)).first_failed == "code-sent"
    world.clock.advance(days=7, seconds=1)
    found = diagnosed(client, **typed(client))
    assert found.first_failed is None and found.attempts == ()


def test_a_help_request_stands_in_for_what_was_not_told(world: World) -> None:
    client = make_client(world)
    asked = make_help_request(
        client.portal, signs_in_as=client.number, name=f"Maria {client.last_name}", reached_by=client.email
    )
    change_account(client.portal, client.account.id, status="closed")
    found = diagnosed(client, help_request_id=asked.id)
    assert (found.first_failed, found.help_request_id) == ("account-open", asked.id)
    by_name = make_help_request(client.portal, signs_in_as="maria.nunez", reached_by=client.email)
    assert diagnosed(client, help_request_id=by_name.id).way == "password"


# --- by username and password ---------------------------------------------------------------------------------------

UserCause = Callable[[World], tuple[Customer, dict[str, Any]]]


def customer_of(world: World) -> tuple[Customer, dict[str, Any]]:
    customer = make_customer(world)
    return customer, {"username": customer.username}


def wrong_times(customer: Customer, times: int) -> None:
    browser = Browser()
    for _ in range(times):
        enter_password(browser, customer, "quite-another-1")


def nobody(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, _ = customer_of(world)
    return customer, {"username": "somebody.else"}


def none_yet(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, _ = customer_of(world)
    account, _ = make_customer_account(customer.portal)
    return customer, {"account_id": account.id, "way": "password"}


def of_another(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    return customer, {**told, "account_id": make_customer_account(customer.portal)[0].id}


def codes_only(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    change_portal(customer.portal, policy={"sign_in_ways": ["code"]})
    return customer, told


def closed(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    change_account(customer.portal, customer.account.id, status="closed")
    return customer, told


def disavowed(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    enter_password(Browser(), customer)
    world.drain()
    browser = Browser()
    browser.open(newest_link(world, customer.email, "not-me"))
    browser.press("This was not me")
    return customer, told


def link_bounced(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    world.cloud.provider.tells = lambda _to: ["Send", "Bounce"]
    credentials.send_reset(Act(customer.slug, "api-key:tests"), customer.portal, customer.account.id)
    world.drain()
    return customer, told


def link_bounced_softly(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    world.clock.advance(minutes=1)
    world.cloud.provider.tells = lambda _to: ["Send", "SoftBounce"]
    credentials.send_reset(Act(customer.slug, "api-key:tests"), customer.portal, customer.account.id)
    world.drain()
    return customer, told


def never_chosen(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, _ = customer_of(world)
    account, _ = make_customer_account(customer.portal)
    act = Act(customer.slug, "api-key:tests")
    credentials.send_create(act, customer.portal, account.id)
    credentials.set_username(act, customer.portal, account.id, "waiting.name")
    world.drain()
    world.clock.advance(hours=25)
    return customer, {"username": "waiting.name"}


def temporary_over(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, _ = customer_of(world)
    colleague, boss = make_colleague(customer.slug, "agent"), make_colleague(customer.slug)
    staff.send_temporary_password(Act(customer.slug, "x"), By("owner", "Ana", boss.id), colleague.id)
    world.drain()
    world.clock.advance(hours=25)
    return customer, {"username": colleague.email}


def reset_ran_out(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    world.clock.advance(minutes=1)
    credentials.send_reset(Act(customer.slug, "api-key:tests"), customer.portal, customer.account.id)
    world.drain()
    world.clock.advance(minutes=31)
    return customer, told


def reset_half_done(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    world.clock.advance(minutes=1)
    credentials.send_reset(Act(customer.slug, "api-key:tests"), customer.portal, customer.account.id)
    world.drain()
    browser = Browser()
    browser.open(newest_link(world, customer.email, "reset-password"))
    browser.press("Continue")
    return customer, told


def locked_out(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    wrong_times(customer, 10)
    return customer, told


def wrong_password(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    world.clock.advance(minutes=1)
    wrong_times(customer, 2)
    return customer, told


def wrong_factor(world: World) -> tuple[Customer, dict[str, Any]]:
    customer, told = customer_of(world)
    browser = Browser()
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    world.clock.advance(minutes=2)
    other = Browser("192.0.2.7")
    enter_password(other, customer)
    other.fill(code=other_than(customer.otp()))
    return customer, told


def factor_not_delivered(world: World) -> tuple[Customer, dict[str, Any]]:
    """The factor was reset, and the mail with the code bounces softly."""
    from chalicelib.people import user_factors

    customer, told = customer_of(world)
    browser = Browser()
    enter_password(browser, customer)
    customer = with_app(browser, customer)
    tx = Transaction()
    user_factors.reset_factors(tx, customer.user)
    tx.commit()
    world.clock.advance(minutes=2)
    world.cloud.provider.tells = lambda _to: ["Send", "SoftBounce"]
    enter_password(Browser("192.0.2.7"), customer)
    world.drain()
    return customer, told


USER_CAUSES: list[tuple[UserCause, str, str, str]] = [
    (nobody, "username-known", "find-person", "Nobody has the username"),
    (none_yet, "username-known", "send-create", "no username yet"),
    (of_another, "username-known", "verify-caller", "not one of"),
    (codes_only, "right-door", "change-policy", "by a code"),
    (closed, "account-open", "open-account", "is closed"),
    (disavowed, "user-active", "send-link", "This was not me"),
    (link_bounced, "mail-arrives", "lift-suppression", "bounced"),
    (link_bounced_softly, "mail-arrives", "correct-account", "turned it away"),
    (never_chosen, "password-chosen", "send-link", "ran out"),
    (temporary_over, "password-in-time", "send-link", "ran out"),
    (reset_ran_out, "link-usable", "send-link", "ran out"),
    (reset_half_done, "link-usable", "send-link", "pressed"),
    (locked_out, "not-locked-out", "unlock-user", "opens by itself"),
    (wrong_password, "password-right", "send-link", "2 times in a row"),
    (wrong_factor, "second-factor", "reset-factors", "second step"),
    (factor_not_delivered, "factor-arrived", "correct-account", "turned it away"),
]


@pytest.mark.parametrize(
    ("cause", "check", "act", "words"), USER_CAUSES, ids=[each[0].__name__ for each in USER_CAUSES]
)
def test_each_cause_at_the_door_of_passwords_is_named_with_what_fixes_it(
    world: World, hashes: Hashes, cause: UserCause, check: str, act: str, words: str
) -> None:
    customer, told = cause(world)
    found = diagnosed(customer, **told)
    assert found.first_failed == check, [(each.name, each.outcome, each.text) for each in found.checks]
    (failed,) = [each for each in found.checks if each.outcome == "failed"]
    assert words in failed.text and failed.remedy and failed.remedy.act == act


def test_every_check_of_passwords_has_a_cause() -> None:
    """But for whether the portal is open, which is tried at the other door, and the last, which cannot fail."""
    named = {name for name, _, _ in diagnosis.CHECKS["password"]} - {"portal-open", "signed-in"}
    assert {each[1] for each in USER_CAUSES} == named


@pytest.mark.parametrize(
    ("state", "act"), [("locked", "unlock-user"), ("deleted", "restore-user"), ("pending", "decide-registration")]
)
def test_a_user_of_an_office_who_may_not_enter(world: World, state: str, act: str) -> None:
    portal = password_portal(world)
    user = make_office_user(portal, make_office(portal))
    tx = Act(portal.slug, "system:tests").transaction()
    user_changes.set_state(tx, user.user, state, note="Left us")  # type: ignore[arg-type]
    tx.commit()
    found = diagnosis.diagnose(portal, Told(username=user.username), scopes=EVERYTHING)
    (failed,) = [each for each in found.checks if each.outcome == "failed"]
    assert failed.name == "user-active" and failed.remedy and failed.remedy.act == act


def test_a_colleague_who_was_deactivated(world: World) -> None:
    portal = make_portal(world)
    boss, colleague = make_colleague(portal.slug), make_colleague(portal.slug, "agent")
    staff.deactivate(Act(portal.slug, "x"), By("owner", "Ana", boss.id), colleague.id)
    found = diagnosis.diagnose(portal, Told(username=colleague.email), scopes=EVERYTHING)
    (failed,) = [each for each in found.checks if each.outcome == "failed"]
    assert failed.remedy and failed.remedy.act == "reactivate-staff"
    assert failed.remedy.path == f"/api/v1/portals/{portal.slug}/staff/{colleague.id}/reactivate"


def test_a_customer_who_signs_in_passes_everything(world: World, hashes: Hashes) -> None:
    customer, told = customer_of(world)
    enter_password(Browser(), customer)
    world.drain()
    found = diagnosed(customer, **told)
    assert found.first_failed is None and {each.outcome for each in found.checks} == {"passed"}
    assert found.user_id == customer.account.id
    secrets = [word.rpartition("?t=")[2] for sent in world.inbox for word in sent.text.split() if "?t=" in word]
    assert secrets and not any(secret in str(found) for secret in secrets)
    assert customer.password not in str(found) and "$argon2" not in str(found)


# --- a record's own link ----------------------------------------------------------------------------------------------


def test_self_service_that_is_off_ran_out_or_is_right(world: World, hashes: Hashes) -> None:
    record = make_record(world)
    told = {"way": "self-service", "account_id": record.account.id}
    world.drain()
    at = diagnosis.diagnose(record.portal, Told(username=record.user.username), scopes=EVERYTHING)
    assert at.way == "self-service" and at.first_failed is None, at.summary
    world.clock.advance(hours=73)
    found = diagnosis.diagnose(record.portal, Told(**told), scopes=EVERYTHING)
    assert (found.first_failed, found.user_id) == ("link-usable", record.user_id)
    access.disable(Act(record.slug, "api-key:tests"), record.portal, record.account.id)
    found = diagnosis.diagnose(record.portal, Told(**told), scopes=EVERYTHING)
    (failed,) = [each for each in found.checks if each.outcome == "failed"]
    assert failed.name == "self-service-on" and failed.remedy and failed.remedy.act == "enable-self-service"


def test_a_diagnosis_writes_nothing(world: World) -> None:
    client = make_client(world)
    before = len(facts.recent(client.slug, limit=100).items)
    diagnosed(client, **typed(client))
    assert len(facts.recent(client.slug, limit=100).items) == before
