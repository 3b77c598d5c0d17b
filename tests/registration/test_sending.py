"""Many links in one go: each address is invited once, whatever happens in the middle."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from chalicelib import agenda
from chalicelib.facts import Kind
from chalicelib.messaging.models import MessageRow, message_key
from chalicelib.portals import Portal
from chalicelib.registration import due, entries, sending
from chalicelib.registration.models import RegistrationRow, SendingRow
from chalicelib.registration.sending import Sending
from chalicelib.registration.statuses import Status
from tests.browsing import Machine, Seen, at_once
from tests.factories import change_account, change_portal, facts_of, make_machine
from tests.faults.journey import cold
from tests.invitees import STAFF, answers, entry_of, make_office, office_portal, send, take
from tests.mishaps import Killed, Mishap, Mishaps
from tests.tracing import Asked, traced
from tests.world import World

KEY = {"Idempotency_Key": "links-1"}


def many(count: int) -> str:
    return ", ".join(f"p{place}@elm.example" for place in range(count))


def ask(machine: Machine, account_id: str, emails: Any, **headers: str) -> Seen:
    body = {"emails": emails, "role": "portal-user", "account_id": account_id}
    return machine.ask("POST", "registration-links", body, **headers)


def minutes_pass(world: World, count: int = 1) -> None:
    for _ in range(count):
        world.clock.advance(minutes=1)
        world.tick()


def whole(portal: Portal, sending_id: str) -> Sending:
    """All answers."""
    found = sending.get(portal.slug, STAFF, sending_id)
    every, cursor = list(found.answers), found.cursor
    while cursor:
        page = sending.get(portal.slug, STAFF, sending_id, cursor=cursor)
        every, cursor = every + list(page.answers), page.cursor
    return Sending(
        id=found.id, state=found.state, account_id=found.account_id, role=found.role, total=found.total, done=found.done,
        answers=tuple(every), cursor=None,
    )  # fmt: skip


def invited(portal: Portal) -> Counter[str]:
    """How many invitations of each address there are, and as many facts and counts."""
    rows: list[RegistrationRow] = []
    cursor: str | None = None
    while True:
        page = entries.listed(portal.slug, STAFF, limit=500, cursor=cursor)
        rows, cursor = rows + page.items, page.cursor
        if cursor is None:
            break
    assert entries.counts(portal.slug, STAFF)[Status.EMAIL_INT] == len(rows)
    return Counter(row.applicant.email for row in rows)


def test_a_thousand_addresses_are_each_invited_once(world: World) -> None:
    portal = office_portal(world)
    machine, office = make_machine(portal), make_office(portal)
    first = ask(machine, office.id, many(1000), **KEY)
    assert first.status == 202 and first.json["done"] == 25 and first.json["state"] == "working"
    assert first.headers["Location"].endswith(first.json["id"])
    again = ask(machine, office.id, many(1000), **KEY)  # and a further 25 while we are at it
    assert (again.status, again.json["id"], again.json["done"]) == (202, first.json["id"], 50)
    world.tick()
    assert machine.get(f"registration-links/{first.json['id']}")["done"] == 550
    minutes_pass(world)
    found = whole(portal, first.json["id"])
    assert (found.state, found.done, set(answers(found))) == ("done", 1000, {"sent"})
    assert len(found.answers) == 1000
    assert [each.email for each in found.answers[:2]] == ["p0@elm.example", "p1@elm.example"]
    assert set(invited(portal).values()) == {1} and len(invited(portal)) == 1000
    over = ask(machine, office.id, many(1000), **KEY)
    assert over.status == 201 and over.headers["Idempotency-Replayed"] == "true"
    message = MessageRow.find(message_key(portal.slug, str(entry_of(portal, found.answers[0]).message_id)))
    assert message is not None and not message.urgent, "a code must not wait behind a thousand links"


def test_how_many_calls_an_address_costs(world: World) -> None:
    """Two reads beside each other and one transaction; per 25 a few more for the office, its users and the progress."""
    portal = office_portal(world)
    office = make_office(portal)
    send(portal, office, "warm@elm.example")
    with traced() as one:
        send(portal, office, "one@elm.example")
    with traced() as eleven:
        send(portal, office, many(11))
    more = _kinds(eleven) - _kinds(one)
    assert more == {"dynamodb.GetItem": 20, "dynamodb.TransactWriteItems": 10}
    assert _kinds(one).total() <= 14, "storing the job, office, users, lease, progress, and reading it back"


def test_all_that_fits_is_answered_at_once_and_urgently(world: World) -> None:
    portal = office_portal(world)
    seen = ask(make_machine(portal), make_office(portal).id, f"{many(24)}, nonsense")
    assert seen.status == 201 and seen.json["state"] == "done" and seen.json["cursor"] is None
    told = [(each["email"], each["answer"]) for each in seen.json["answers"]]
    assert told[0] == ("p0@elm.example", "sent") and told[-1] == ("nonsense", "invalid") and len(told) == 25
    row = entries.found(portal.slug, seen.json["answers"][0]["registration_id"])
    message = MessageRow.find(message_key(portal.slug, str(row and row.message_id)))
    assert message is not None and message.urgent


def _kinds(calls: list[Asked]) -> Counter[str]:
    """How many of which kind; reads of the portal, which is kept for a while, left out."""
    return Counter(call.name for call in calls if "portals" not in "".join(call.tables))


def _calls_of(world: World, mishaps: Mishaps, count: int) -> list[str]:
    portal = office_portal(world)
    machine, office = make_machine(portal), make_office(portal)
    cold()
    with mishaps.recording() as recorded:
        ask(machine, office.id, many(count), **KEY)
    return list(recorded)


@pytest.mark.parametrize("kind", ["kill", "killed"])
def test_it_dies_at_any_call_and_everybody_is_invited_once(world: World, mishaps: Mishaps, kind: str) -> None:
    """Within the request; its caller repeats it with the same key, and the tick does the rest."""
    for at in range(len(_calls_of(world, mishaps, 3))):
        portal = office_portal(world)
        machine, office = make_machine(portal), make_office(portal)
        cold()
        with pytest.raises(Killed), mishaps.planned(Mishap(kind, at)):
            ask(machine, office.id, many(3), **KEY)
        seen = ask(machine, office.id, many(3), **KEY)
        assert seen.status in (201, 202), (at, seen.text)
        minutes_pass(world, 2)
        found = whole(portal, seen.json["id"])
        assert (found.state, answers(found)) == ("done", ["sent"] * 3), at
        assert set(invited(portal).values()) == {1}, at
        assert len(facts_of(portal.slug, Kind.INVITATION_SENT)) == 3, at


@pytest.mark.parametrize("kind", ["kill", "killed", "fail", "lost"])
def test_the_tick_dies_at_any_call_and_everybody_is_invited_once(world: World, mishaps: Mishaps, kind: str) -> None:
    portal = office_portal(world)
    take(portal, make_office(portal), many(3))
    cold()
    with mishaps.recording() as recorded:
        due.work_due(agenda.REGISTRATIONS.due())
    for at in range(len(recorded)):
        portal = office_portal(world)
        sending_id = take(portal, make_office(portal), many(3))
        cold()
        with mishaps.planned(Mishap(kind, at, sticky=kind in ("fail", "lost"))):
            try:
                due.work_due(agenda.REGISTRATIONS.due())
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - as the tick does
                assert type(error).__name__ == "Unavailable", error
        for _ in range(2):
            world.clock.advance(minutes=1, seconds=1)
            due.work_due(agenda.REGISTRATIONS.due())
        every = whole(portal, sending_id)
        assert (every.state, every.done, answers(every)) == ("done", 3, ["sent"] * 3), at
        assert set(invited(portal).values()) == {1}, at


def test_two_workers_at_once_invite_once(world: World) -> None:
    portal = office_portal(world)
    found = send(portal, make_office(portal), many(60))
    at_once([lambda: sending.work(portal.slug, found.id, 500) for _ in range(4)])
    minutes_pass(world, 2)
    assert set(answers(whole(portal, found.id))) == {"sent"}
    assert len(invited(portal)) == 60 and set(invited(portal).values()) == {1}


def test_a_slow_worker_is_overtaken_and_does_no_harm(world: World) -> None:
    portal = office_portal(world)
    found = send(portal, make_office(portal), many(60))
    row = SendingRow.find(f"{portal.slug}#sending#{found.id}", "job")
    assert row is not None and sending._lease(row)
    world.clock.advance(minutes=2)
    due.work_due(agenda.REGISTRATIONS.due())
    assert not sending._note_progress(row, 25, is_last=False)
    assert whole(portal, found.id).done == 60


def test_what_is_closed_or_gone_in_the_middle_stops_the_rest(world: World) -> None:
    for close in (
        lambda portal, office: change_account(portal, office.id, status="closed"),
        lambda portal, _: change_portal(portal, roles=[{"key": "reader", "name": "Reader", "permissions": []}]),
    ):
        portal = office_portal(world)
        office = make_office(portal)
        found = send(portal, office, many(30))
        close(portal, office)
        minutes_pass(world)
        every = whole(portal, found.id)
        assert every.state == "done" and Counter(answers(every)) == {"sent": 25, "stopped": 5}
        assert "closed" in every.answers[-1].why


def test_one_address_that_goes_wrong_stops_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = office_portal(world)
    invite = sending.invitations.invite

    def stumbling(act: Any, offer: Any, to: Any, note: Any) -> Any:
        if to.email.startswith("p1@"):
            raise ValueError("never seen before")
        return invite(act, offer, to, note)

    monkeypatch.setattr(sending.invitations, "invite", stumbling)
    found = send(portal, make_office(portal), many(3))
    assert answers(found) == ["sent", "stopped", "sent"] and "went wrong" in found.answers[1].why


def test_a_tick_takes_so_many_over_all_sendings(world: World) -> None:
    portal = office_portal(world)
    ids_of = [take(portal, make_office(portal), many(30)) for _ in range(2)]
    assert due.work_due(agenda.REGISTRATIONS.due(), 40) == 40
    assert sorted(sending.get(portal.slug, STAFF, each).done for each in ids_of) == [10, 30]
    due.work_due(agenda.REGISTRATIONS.due(), 40)
    assert {sending.get(portal.slug, STAFF, each).state for each in ids_of} == {"done"}
