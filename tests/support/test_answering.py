"""U6: help requests that staff log for callers, hand to a colleague, diagnose, and answer by mail."""

from __future__ import annotations

from chalicelib.people import staff as people
from chalicelib.people.staff import By
from tests.browsing import Browser
from tests.factories import (
    HELP,
    change_batch,
    change_portal,
    facts_of,
    make_client,
    make_help_request,
    make_machine,
    make_portal,
    staff,
)
from tests.staffing import make_colleague, signed_in
from tests.world import World


def test_the_whole_story_of_a_call(world: World) -> None:
    """Logged with a number, handed on, diagnosed, fixed by what the diagnosis names, answered, resolved."""
    client = make_client(world)
    change_batch(client.portal, client.batch.id, open_to_portal=False)
    colleague, desk = make_colleague(client.slug, "support"), signed_in(make_colleague(client.slug, "support"))
    at = f"/portals/{client.slug}"
    said = {**HELP, "signs_in_as": client.number, "reached_by": client.email, "assignee": colleague.id}
    made = desk.post(f"{at}/help-requests", said)
    assert made.status == 201 and made.json["reference"].startswith("H-") and made.json["logged_by"].startswith("user:")
    assert made.headers["Location"].endswith(f"/help-requests/{made.id}")
    (mine,) = desk.get(f"{at}/help-requests?assignee={colleague.id}").items
    assert mine["id"] == made.id and desk.get(f"{at}/help-requests?assignee={'0' * 32}").items == []
    found = desk.post(f"{at}/support/diagnose", {"help_request_id": made.id}).json
    assert (found["first_failed"], found["account_id"]) == ("something-open", client.account.id)
    linked = desk.patch(f"{at}/help-requests/{made.id}", {"account_id": found["account_id"]})
    assert linked.json["account_id"] == client.account.id
    (remedy,) = [each["remedy"] for each in found["checks"] if each["remedy"]]
    assert remedy["act"] == "open-batch" and not remedy["may"], "support reads batches; whoever works on them opens it"
    machine = make_machine(client.portal)
    assert machine.ask(remedy["method"], remedy["path"].removeprefix("/api/v1"), {"open_to_portal": True}).status == 200
    answered = desk.post(f"{at}/help-requests/{made.id}/answer", {"text": "It is open.\nTry again.", "resolves": True})
    assert (answered.json["state"], len(answered.json["answers"])) == ("resolved", 1)
    world.drain()
    mail = world.newest(client.email)
    assert mail.subject.startswith(f"{made.json['reference']}: our answer") and "It is open." in mail.text
    assert "Ana Silva" in mail.text and "http" not in mail.text
    kinds = [fact.kind for fact in facts_of(client.slug) if fact.subject == f"help:{made.id}"]
    assert sorted(kinds) == ["staff:help:answered", "staff:help:changed", "staff:help:logged"]
    assert world.sent_to(colleague.email) == []


def test_a_request_of_the_page_is_answered_too_and_the_answer_is_nothing_but_text(world: World) -> None:
    portal = make_portal(world, notifications={"reply_to": "help@acme.example"})
    made = make_help_request(portal, reached_by="maria@northwind.example")
    machine = make_machine(portal)
    machine.post(f"help-requests/{made.id}/answer", {"text": "((portal_name)) <b>bold</b>\nhttps://x.example"})
    world.drain()
    mail = world.newest("maria@northwind.example")
    assert "((portal_name))" in mail.text and "<b>" not in mail.html and mail.mail["Reply-To"] == "help@acme.example"
    assert machine.get(f"help-requests/{made.id}")["state"] == "in-progress"


def test_who_left_a_phone_number_is_called(world: World) -> None:
    portal = make_portal(world)
    made = make_help_request(portal, reached_by="+1 415 555 0132")
    refused = make_machine(portal).ask("POST", f"help-requests/{made.id}/answer", {"text": "Hello"})
    assert refused.status == 409 and "Call them" in refused.json["detail"]
    world.drain()
    assert world.inbox == []


def test_threat_14_an_address_gets_few_answers(world: World) -> None:
    portal = make_portal(world)
    requests = [make_help_request(portal, reached_by="victim@x.example").id for _ in range(5)]
    machine = make_machine(portal)
    answers = [machine.ask("POST", f"help-requests/{each}/answer", {"text": "Hello"}).status for each in requests]
    assert answers == [200, 200, 200, 429, 429]
    world.drain()
    assert len(world.sent_to("victim@x.example")) == 3
    assert [len(machine.get(f"help-requests/{each}")["answers"]) for each in requests] == [1, 1, 1, 0, 0]


def test_the_same_answer_repeated_is_one(world: World) -> None:
    portal = make_portal(world)
    made = make_help_request(portal, reached_by="maria@northwind.example")
    machine = make_machine(portal)
    for _ in range(2):
        machine.post(f"help-requests/{made.id}/answer", {"text": "Hello"}, Idempotency_Key="once")
    world.drain()
    assert len(world.sent_to("maria@northwind.example")) == 1


def test_only_a_colleague_who_works_here_can_be_asked_and_only_an_account_of_ours_named(world: World) -> None:
    portal = make_portal(world)
    boss, gone = make_colleague(portal.slug), make_colleague(portal.slug, "agent")
    stranger = make_colleague(make_portal(world).slug)
    people.deactivate(staff(portal), By("owner", "Ana", boss.id), gone.id)
    machine, made = make_machine(portal), make_help_request(portal)
    for who in (gone.id, stranger.id, "0" * 32):
        seen = machine.ask("PATCH", f"help-requests/{made.id}", {"assignee": who})
        assert seen.status == 400 and seen.json["errors"][0]["field"] == "assignee"
        assert machine.ask("POST", "help-requests", {**HELP, "assignee": who}).status == 400
    seen = machine.ask("PATCH", f"help-requests/{made.id}", {"account_id": make_client(world).account.id})
    assert seen.status == 400 and seen.json["errors"][0]["field"] == "account_id"
    taken = machine.patch(f"help-requests/{made.id}", {"assignee": boss.id})
    assert taken["assignee"] == boss.id
    (fact,) = facts_of(portal.slug, "staff:help:changed")
    assert fact.changes == {"assignee": [None, boss.id]}
    assert machine.patch(f"help-requests/{made.id}", {"assignee": None})["assignee"] is None


def test_canned_answers_are_a_short_list_in_the_settings(world: World) -> None:
    portal = make_portal(world)
    answers = [{"title": "Spam", "text": "Look in your spam folder."}, {"title": "Call", "text": "We call you."}]
    machine = make_machine(portal)
    assert change_portal(portal, canned_answers=answers).canned_answers[0].title == "Spam"
    assert machine.get("")["canned_answers"] == answers
    for wrong in (
        [*answers, answers[0]],
        [{"title": "", "text": "x"}],
        [{"title": "x", "text": ""}],
        [answers[0]] * 13,
    ):
        assert machine.ask("PATCH", "", {"canned_answers": wrong}).status == 400
    assert "Look in your spam folder." not in Browser().open(f"/{portal.slug}/help").text, "for staff alone"


def test_agents_read_and_only_support_answers(world: World) -> None:
    portal = make_portal(world)
    made = make_help_request(portal, reached_by="maria@northwind.example")
    agent = signed_in(make_colleague(portal.slug, "agent"))
    at = f"/portals/{portal.slug}/help-requests"
    assert agent.get(f"{at}/{made.id}").status == 200
    assert agent.post(f"{at}/{made.id}/answer", {"text": "Hello"}).code == "forbidden"
    assert agent.post(at, HELP).code == "forbidden"
