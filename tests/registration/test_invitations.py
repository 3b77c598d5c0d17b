"""Invitations: what an address is answered, sent again, revoked, reminded of, and how far a mail has come."""

from __future__ import annotations

import pytest

from chalicelib import agenda
from chalicelib.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from chalicelib.facts import Kind
from chalicelib.messaging import suppression
from chalicelib.people import office_users, users
from chalicelib.portals import Portal
from chalicelib.registration import choosing, entries, invitations, person
from chalicelib.registration.statuses import Status
from chalicelib.security import links
from chalicelib.security.links import LinkOver
from tests import meanwhile
from tests.browsing import Browser, at_once
from tests.factories import change_account, change_portal, facts_of, staff
from tests.invitees import (
    PERSON,
    STAFF,
    again,
    answers,
    entry_of,
    invite,
    link_of,
    make_office,
    make_provider,
    manager_of,
    office_portal,
    send,
)
from tests.world import World

JANE = "jane@elm.example"


def accept(world: World, email: str, **typed: str) -> None:
    browser = Browser()
    browser.open(link_of(world, email))
    browser.press("Continue")
    seen = browser.fill(**{**PERSON, **typed})
    assert "Your password is set" in seen.shown, seen.errors


def test_an_address_is_sent_a_link_of_its_own(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    found = send(portal, office, f"Jane Doe <{JANE}>, ravi@elm.example")
    assert answers(found) == ["sent", "sent"] and (found.state, found.done, found.total) == ("done", 2, 2)
    row = entry_of(portal, found.answers[0])
    assert (row.status, row.level, row.role, row.inviter) == ("EMAIL-INT", "office", "portal-user", STAFF.name)
    assert (row.applicant.first_name, row.applicant.last_name) == ("Jane", "Doe")
    assert link_of(world, JANE) != link_of(world, "ravi@elm.example")
    assert "Olive Owner has invited you" in world.newest(JANE).text
    assert entries.counts(portal.slug, STAFF)[Status.EMAIL_INT] == 2
    assert len(facts_of(portal.slug, Kind.INVITATION_SENT)) == 2


def test_a_provider_is_another_level(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    row = invite(portal, make_provider(portal, office), JANE)
    assert (row.level, row.office_id) == ("provider", office.id)


def test_who_has_a_live_invitation_gets_a_new_link_and_the_new_role(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    row = invite(portal, office, JANE)
    old = link_of(world, JANE)
    world.clock.advance(hours=3)
    (second,) = send(portal, office, JANE.upper(), role="clerical-user").answers
    assert second.answer == "resent" and second.registration_id == row.created_key
    now = again(portal, row)
    assert (now.role, now.valid_until) == ("clerical-user", int(row.valid_until or 0) + 3 * 3600)
    assert Browser().open(old).status == 410 and Browser().open(link_of(world, JANE)).status == 200
    assert len(facts_of(portal.slug, Kind.INVITATION_RESENT)) == 1
    assert entries.counts(portal.slug, STAFF)[Status.EMAIL_INT] == 1


def test_another_account_is_another_invitation(world: World) -> None:
    portal = office_portal(world)
    first, second = invite(portal, make_office(portal), JANE), invite(portal, make_office(portal), JANE)
    assert first.created_key != second.created_key


def test_an_expired_or_revoked_one_stays_and_a_new_one_is_made(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    first = invite(portal, office, JANE)
    world.clock.advance(hours=25)
    second = invite(portal, office, JANE)
    invitations.revoke(staff(portal), STAFF, portal, str(second.created_key))
    third = invite(portal, office, JANE)
    assert len({row.created_key for row in (first, second, third)}) == 3
    shown = [entries.shown(portal, again(portal, row)) for row in (first, second, third)]
    assert [(each.status, each.is_expired, each.is_revoked) for each in shown] == [
        ("EMAIL-INT", True, False), ("EMAIL-INT", False, True), ("EMAIL-INT", False, False),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        invitations.resend(staff(portal), STAFF, portal, str(first.created_key))
    with pytest.raises(Conflict):
        invitations.resend(staff(portal), STAFF, portal, str(second.created_key))


def test_a_user_of_the_account_is_not_invited_again_even_when_locked(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    invite(portal, office, JANE)
    accept(world, JANE)
    (only,) = send(portal, office, f" {JANE.upper()} ").answers
    assert only.answer == "already-user" and only.registration_id is None
    assert answers(send(portal, make_provider(portal, office), JANE)) == ["sent"]
    user = users.find(portal.slug, "jane.doe")
    assert user is not None
    assert office_users.addresses_of(portal.slug, office) == {JANE: "active"}


def test_a_suppressed_address_is_told_of_and_not_written_to(world: World) -> None:
    portal = office_portal(world)
    suppression.suppress(staff(portal), "email", JANE, "bounced")
    (only,) = send(portal, make_office(portal), JANE).answers
    assert only.answer == "suppressed" and "suppressions/lift" in only.why
    world.drain()
    assert not world.sent_to(JANE) and not facts_of(portal.slug, Kind.INVITATION_SENT)


def test_no_more_than_the_limits_of_an_address_in_a_day(world: World) -> None:
    portal = office_portal(world)
    offices = [make_office(portal) for _ in range(3)]
    told: list[str | None] = []
    for _ in range(4):
        told += [answers(send(portal, office, JANE))[0] for office in (*offices, offices[0])]
        world.clock.advance(hours=1)
    assert told[:4] == ["sent", "sent", "sent", "too-many"]
    assert len([each for each in told if each in ("sent", "resent")]) == 8
    world.drain()
    assert len(world.sent_to(JANE)) == 8


def test_resend_and_revoke(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    entry_id, old = str(row.created_key), link_of(world, JANE)
    world.clock.advance(hours=30)
    invitations.resend(staff(portal), STAFF, portal, entry_id)
    new = link_of(world, JANE)
    assert Browser().open(old).status == 410 and Browser().open(new).status == 200
    for _ in range(2):
        invitations.revoke(staff(portal), STAFF, portal, entry_id)
    assert "taken back" in Browser().open(new).shown
    assert len(facts_of(portal.slug, Kind.INVITATION_REVOKED)) == 1
    assert again(portal, row).status == "EMAIL-INT"


def test_resending_keeps_to_the_limits_and_the_suppressions(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    entry_id = str(row.created_key)
    for _ in range(2):
        invitations.resend(staff(portal), STAFF, portal, entry_id)
    with pytest.raises(TooMany):
        invitations.resend(staff(portal), STAFF, portal, entry_id)
    suppression.suppress(staff(portal), "email", JANE, "bounced")
    with pytest.raises(Conflict) as refused:
        invitations.resend(staff(portal), STAFF, portal, entry_id)
    assert refused.value.text == invitations.BLOCKED


def test_what_is_accepted_is_neither_sent_again_nor_revoked(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    accept(world, JANE)
    for act in (invitations.resend, invitations.revoke):
        with pytest.raises(Conflict):
            act(staff(portal), STAFF, portal, str(row.created_key))


def test_a_manager_invites_within_their_own_office_and_up_to_their_own_level(world: World) -> None:
    portal = office_portal(
        world,
        roles=[
            {"key": "boss", "name": "Boss", "permissions": ["claims:read", "users:manage:own-office"]},
            {"key": "reader", "name": "Reader", "permissions": ["claims:read"]},
            {"key": "tools", "name": "Tools", "permissions": ["practice-tools:use"]},
        ],
    )
    office, foreign = make_office(portal), make_office(portal)
    provider, sister = make_provider(portal, office), make_provider(portal, office)
    boss, below = manager_of(portal, office, "boss"), manager_of(portal, provider, "boss")
    assert answers(send(portal, office, "a@elm.example", "boss", boss)) == ["sent"]
    assert answers(send(portal, provider, "b@elm.example", "reader", boss)) == ["sent"]
    assert answers(send(portal, provider, "c@elm.example", "reader", below)) == ["sent"]
    for by, account, role in (
        (boss, foreign, "reader"), (below, office, "reader"), (below, sister, "reader"), (boss, office, "tools"),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            send(portal, account, "x@elm.example", role, by)
    assert len(facts_of(portal.slug, Kind.OFFICE_USER_REFUSED)) == 4
    entry = invite(portal, foreign, "d@elm.example", role="reader")
    above = invite(portal, office, "e@elm.example", role="tools")
    for act in (invitations.resend, invitations.revoke):
        with pytest.raises(NotFound):
            act(staff(portal), boss, portal, str(entry.created_key))
        with pytest.raises(Forbidden):
            act(staff(portal), boss, portal, str(above.created_key))
    with pytest.raises(NotFound):
        entries.get(portal.slug, str(entry.created_key), boss)


def test_what_cannot_be_invited_to_is_named_by_field(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    closed = make_office(portal)
    change_account(portal, closed.id, status="closed")
    for account, role, emails, field in (
        (office, "no-such-role", JANE, "role"),
        (closed, "portal-user", JANE, "account_id"),
        (make_office(portal, record_type="customer", identifiers=[]), "portal-user", JANE, "account_id"),
        (office, "portal-user", " ,; \n", "emails"),
        (office, "portal-user", [f"p{place}@elm.example" for place in range(1001)], "emails"),
    ):
        with pytest.raises(Invalid) as refused:
            send(portal, account, emails, role)
        assert list(refused.value.fields) == [field]


def test_the_same_address_at_the_same_moment_has_one_invitation(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    found = at_once([lambda: send(portal, office, JANE) for _ in range(8)])
    assert len({each.answers[0].registration_id for each in found} - {None}) == 1
    assert entries.counts(portal.slug, STAFF)[Status.EMAIL_INT] == 1
    assert len(facts_of(portal.slug, Kind.INVITATION_SENT)) == 1


@pytest.fixture
def reminding(world: World) -> Portal:
    return office_portal(world, registration={"invitation_hours": 24, "reminder_hours": 4})


def test_a_reminder_comes_once_with_a_link_to_the_same_moment(world: World, reminding: Portal) -> None:
    row = invite(reminding, make_office(reminding), JANE)
    old = link_of(world, JANE)
    world.clock.advance(hours=19, minutes=59)
    world.tick()
    assert again(reminding, row).reminded_at is None
    world.clock.advance(minutes=1)
    for _ in range(3):
        world.tick()
        world.drain()
    assert [sent.subject[:8] for sent in world.sent_to(JANE)] == ["You are ", "Reminder"]
    assert "4 hours" in world.newest(JANE).text
    now = again(reminding, row)
    assert now.valid_until == row.valid_until and now.reminded_at and now.due_at is None
    assert Browser().open(old).status == 410 and Browser().open(link_of(world, JANE)).status == 200
    world.clock.advance(hours=4)
    assert Browser().open(link_of(world, JANE)).status == 410
    assert len(facts_of(reminding.slug, Kind.INVITATION_REMINDED)) == 1


def test_nobody_is_reminded_of_what_is_over(world: World, reminding: Portal) -> None:
    office = make_office(reminding)
    revoked, taken, late = (invite(reminding, office, f"{name}@elm.example") for name in ("a", "b", "c"))
    invitations.revoke(staff(reminding), STAFF, reminding, str(revoked.created_key))
    accept(world, "b@elm.example")
    world.clock.advance(hours=25)
    world.tick()
    world.drain()
    assert not [sent for sent in world.inbox if sent.channel == "email" and "Reminder" in sent.subject]
    assert not [row for row in (revoked, taken, late) if again(reminding, row).due_at]


def test_nobody_is_reminded_in_the_middle_of_the_form(world: World, reminding: Portal) -> None:
    invite(reminding, make_office(reminding), JANE)
    world.clock.advance(hours=19, minutes=55)
    browser = Browser()
    browser.open(link_of(world, JANE))
    browser.press("Continue")
    world.clock.advance(minutes=6)
    world.tick()
    assert "Your password is set" in browser.fill(**PERSON).shown
    world.clock.advance(minutes=20)
    world.tick()
    world.drain()
    assert len(world.sent_to(JANE)) == 1


def test_who_opened_it_and_went_away_is_reminded_after_that(world: World, reminding: Portal) -> None:
    invite(reminding, make_office(reminding), JANE)
    world.clock.advance(hours=19, minutes=55)
    browser = Browser()
    browser.open(link_of(world, JANE))
    browser.press("Continue")
    for _ in range(4):
        world.clock.advance(minutes=6)
        world.tick()
    accept(world, JANE)
    assert "Reminder" in world.newest(JANE).subject


def test_a_closed_office_reminds_nobody(world: World, reminding: Portal) -> None:
    office = make_office(reminding)
    row = invite(reminding, office, JANE)
    change_account(reminding, office.id, status="closed")
    world.clock.advance(hours=21)
    world.tick()
    world.drain()
    assert len(world.sent_to(JANE)) == 1 and again(reminding, row).due_at is None


def test_an_attempt_that_nobody_finished_is_given_up(world: World) -> None:
    portal = office_portal(world)
    role = portal.role("portal-user")
    assert role is not None
    row = entries.new(
        portal, "a" * 32, kind="request", status=Status.STARTED, account=make_office(portal), role=role,
        applicant=person.typed(PERSON, JANE, "US")[0],
    )  # fmt: skip
    row.due_at, row.due_shard = int(world.clock()) + 60, agenda.REGISTRATIONS.shard_of("a" * 32)
    tx = staff(portal).transaction()
    entries.add(tx, portal.slug, row)
    tx.commit()
    world.tick()
    assert again(portal, row).status == "STARTED"
    world.clock.advance(minutes=1)
    world.tick()
    assert again(portal, row).status == "INVALIDATED"


def test_how_far_a_mail_has_come(world: World) -> None:
    portal = office_portal(world)
    office = make_office(portal)
    world.cloud.provider.tells = lambda to: {"b": ("Send", "Bounce"), "s": ("Send",)}.get(to[0], ("Send", "Delivery"))
    rows = [invite(portal, office, f"{name}@elm.example") for name in ("b", "s", "d", "o")]
    assert set(invitations.deliveries(portal.slug, rows).values()) == {"queued"}
    world.drain()
    browser = Browser()
    browser.open(link_of(world, "o@elm.example"))
    browser.press("Continue")
    now = [again(portal, row) for row in rows]
    assert list(invitations.deliveries(portal.slug, now).values()) == ["bounced", "sent", "delivered", "opened"]
    assert invitations.delivery(portal.slug, now[0]) == "bounced"
    world.clock.advance(minutes=16)
    invitations.resend(staff(portal), STAFF, portal, str(rows[3].created_key))
    assert invitations.delivery(portal.slug, again(portal, rows[3])) == "queued"


def test_what_there_is_to_choose_from(world: World) -> None:
    portal = office_portal(world)
    office, foreign = make_office(portal), make_office(portal, name="Harbour Dental")
    provider = make_provider(portal, office)
    gone = make_provider(portal, office, name="Dr. Gone")
    change_account(portal, gone.id, status="closed")
    make_office(portal, name="A customer", record_type="customer", identifiers=[])

    def chosen(by: object, office_id: str | None = None, name: str = "") -> list[tuple[str, str]]:
        found = choosing.choices(portal, by, office_id=office_id, name=name, limit=50, cursor=None)  # type: ignore[arg-type]
        return [(each.name, each.level) for each in found.items]

    assert chosen(STAFF) == [("Elm Street Clinic", "office"), ("Harbour Dental", "office")]
    assert chosen(STAFF, name="harb") == [("Harbour Dental", "office")]
    below = [("Elm Street Clinic", "office"), ("Dr. Iris Hale", "provider")]
    assert chosen(STAFF, office.id) == chosen(manager_of(portal, office)) == below
    assert chosen(manager_of(portal, provider)) == below[1:]
    for by in (manager_of(portal, office), manager_of(portal, provider)):
        with pytest.raises(NotFound):
            chosen(by, foreign.id)
    roles = choosing.choices(portal, STAFF, office_id=None, name="", limit=1, cursor=None).roles
    assert [role.key for role in roles] == ["provider-administrator", "portal-user", "clerical-user"]


def test_a_role_that_is_gone_sends_nothing_again(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE, role="clerical-user")
    changed = change_portal(portal, roles=[{"key": "portal-user", "name": "Portal User", "permissions": []}])
    with pytest.raises(Conflict):
        invitations.resend(staff(portal), STAFF, changed, str(row.created_key))


def test_revoked_while_it_is_being_accepted_makes_no_user(world: World) -> None:
    portal = office_portal(world)
    row = invite(portal, make_office(portal), JANE)
    browser = Browser()
    browser.open(link_of(world, JANE))
    browser.press("Continue")

    def revoke() -> None:
        invitations.revoke(staff(portal), STAFF, portal, str(row.created_key))

    with meanwhile.after("dynamodb.GetItem", revoke, nth=3):
        browser.fill(**PERSON)
    assert users.find(portal.slug, "jane.doe") is None
    assert again(portal, row).status == "EMAIL-INT"
    with pytest.raises(LinkOver):
        links.peek(portal.slug, "invitation", link_of(world, JANE).rpartition("=")[2])
