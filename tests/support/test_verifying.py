"""U5: a caller reads out a code that went to the contact on file; only then, and once, staff tell the username."""

from __future__ import annotations

import re

import pytest

from chalicelib.security import codes
from tests.browsing import Browser, Machine, at_once
from tests.factories import ask_code, facts_of, make_client, make_machine, make_portal, newest_code, other_than
from tests.offices import OfficeUser, make_office, make_office_user
from tests.staffing import make_colleague, signed_in
from tests.world import World


@pytest.fixture
def user(world: World) -> OfficeUser:
    portal = make_portal(world, support={"phone": "+1 212 555 0100"})
    return make_office_user(portal, make_office(portal))


def begin(machine: Machine, user: OfficeUser) -> str:
    made = machine.post("support/verifications", {"kind": "user", "id": user.id, "channel": "email"})
    assert made["state"] == "waiting" and made["tries_left"] == 3
    return str(made["id"])


def enter(machine: Machine, verification: str, code: str):  # type: ignore[no-untyped-def]
    return machine.ask("POST", f"support/verifications/{verification}/code", {"code": code})


def tell(machine: Machine, verification: str):  # type: ignore[no-untyped-def]
    return machine.ask("POST", f"support/verifications/{verification}/username")


def test_a_caller_who_reads_out_the_code_is_told_the_username_once_and_its_owner_hears_of_it(
    world: World, user: OfficeUser
) -> None:
    machine = make_machine(user.portal)
    (way,) = machine.get("support/verifications", kind="user", id=user.id)["items"]
    assert way == {"channel": "email", "sent_to": f"{user.email[0]}•••@elmstreet.example"}
    verification = begin(machine, user)
    world.drain()
    mail = world.newest(user.email)
    assert (
        "read out" in mail.subject
        and "Nobody else may ask you for it" in mail.text
        and "type it on no page" in mail.text
    )
    assert tell(machine, verification).status == 409, "not before the code"
    seen = enter(machine, verification, f" {mail.code[:3]} {mail.code[3:]} ")
    assert seen.status == 200 and seen.json["state"] == "verified"
    told = tell(machine, verification)
    assert told.json == {"username": user.username}
    assert tell(machine, verification).status == 409, "once"
    assert machine.get(f"support/verifications/{verification}")["state"] == "told"
    world.drain()
    mail = world.newest(user.email)
    assert mail.subject.startswith("Your username was told on the phone") and "/not-me?t=" in mail.text
    kinds = [fact.kind for fact in facts_of(user.slug) if fact.kind.startswith("staff:support:")]
    assert sorted(kinds) == ["staff:support:caller-verified", "staff:support:code-sent", "staff:support:username-told"]
    assert {fact.actor for fact in facts_of(user.slug) if fact.kind in kinds} == {fact_actor(user)}


def fact_actor(user: OfficeUser) -> str:
    return next(fact.actor for fact in facts_of(user.slug, "staff:support:code-sent"))


def test_after_three_wrong_ones_it_starts_anew(world: World, user: OfficeUser) -> None:
    machine = make_machine(user.portal)
    verification = begin(machine, user)
    world.drain()
    code = newest_code(world, user.email)
    left = [enter(machine, verification, other_than(code, n)).json["errors"][0]["message"] for n in (1, 2, 3)]
    assert [re.findall(r"\d more|anew", text)[0] for text in left] == ["2 more", "1 more", "anew"]
    assert enter(machine, verification, code).status == 409
    assert machine.get(f"support/verifications/{verification}")["state"] == "over"
    assert tell(machine, verification).status == 409
    again = begin(machine, user)
    world.drain()
    assert enter(machine, verification, newest_code(world, user.email)).status == 409
    assert enter(machine, again, newest_code(world, user.email)).status == 200


def test_threat_1_of_many_parallel_wrong_ones_three_are_looked_at(world: World, user: OfficeUser) -> None:
    machine = make_machine(user.portal)
    verification = begin(machine, user)
    world.drain()
    code = newest_code(world, user.email)
    answers = at_once([lambda n=n: enter(machine, verification, other_than(code, n + 1)) for n in range(40)])  # type: ignore[misc]
    assert sorted(each.status for each in answers) == [400] * 3 + [409] * 37
    assert enter(machine, verification, code).status == 409


def test_a_code_lasts_ten_minutes_and_so_does_the_word(world: World, user: OfficeUser) -> None:
    machine = make_machine(user.portal)
    verification = begin(machine, user)
    world.drain()
    code = newest_code(world, user.email)
    world.clock.advance(minutes=10)
    assert enter(machine, verification, code).status == 409
    verification = begin(machine, user)
    world.drain()
    assert enter(machine, verification, newest_code(world, user.email)).status == 200
    world.clock.advance(minutes=10)
    assert machine.get(f"support/verifications/{verification}")["state"] == "over"
    assert tell(machine, verification).status == 409


def test_codes_are_few_for_the_address_with_all_other_codes_that_go_to_it(world: World) -> None:
    client = make_client(world)
    machine, browser = make_machine(client.portal), Browser()
    ask_code(browser, client)
    wanted = {"kind": "contact", "id": client.contact.id, "channel": "email"}
    assert [machine.ask("POST", "support/verifications", wanted).status for _ in range(3)] == [201, 201, 429]
    world.clock.advance(minutes=16)
    assert machine.ask("POST", "support/verifications", wanted).status == 201


def test_it_is_only_of_use_to_whoever_started_it(world: World, user: OfficeUser) -> None:
    one, other = (signed_in(make_colleague(user.slug, "support")) for _ in range(2))
    at = f"/portals/{user.slug}/support/verifications"
    made = one.post(at, {"kind": "user", "id": user.id, "channel": "email"})
    assert made.status == 201
    world.drain()
    code = newest_code(world, user.email)
    assert other.get(f"{at}/{made.id}").status == 404
    assert other.post(f"{at}/{made.id}/code", {"code": code}).status == 404
    assert one.post(f"{at}/{made.id}/code", {"code": code}).status == 200
    assert other.post(f"{at}/{made.id}/username").status == 404
    agent = signed_in(make_colleague(user.slug, "agent"))
    assert agent.post(at, {"kind": "user", "id": user.id, "channel": "email"}).code == "forbidden"


def test_threat_5_the_code_opens_no_sign_in_and_a_sign_in_code_verifies_nobody(world: World) -> None:
    client = make_client(world)
    machine, browser = make_machine(client.portal), Browser()
    ask_code(browser, client)
    world.drain()
    sign_in_code = newest_code(world, client.email)
    made = machine.post("support/verifications", {"kind": "contact", "id": client.contact.id, "channel": "sms"})
    world.drain()
    text = world.newest(client.mobile)
    assert "read out" in text.text and "@" not in text.text, "no browser fills it in"
    callers = text.code
    assert callers == codes.digits(client.slug, made["id"], 0, 1)
    if callers != sign_in_code:
        assert browser.fill(code=callers).status == 400
        assert enter(machine, made["id"], sign_in_code).status == 400
    assert enter(machine, made["id"], callers).status == 200


def test_a_contact_without_a_user_has_no_username_to_be_told(world: World) -> None:
    client = make_client(world)
    machine = make_machine(client.portal)
    made = machine.post("support/verifications", {"kind": "contact", "id": client.contact.id, "channel": "email"})
    world.drain()
    assert enter(machine, made["id"], newest_code(world, client.email)).status == 200
    assert "no username" in tell(machine, made["id"]).json["detail"]


def test_a_contact_of_an_office_is_told_their_own(world: World, user: OfficeUser) -> None:
    machine, contact = make_machine(user.portal), user.user.contact_id
    made = machine.post("support/verifications", {"kind": "contact", "id": contact, "channel": "email"})
    world.drain()
    assert enter(machine, made["id"], newest_code(world, user.email)).status == 200
    assert tell(machine, made["id"]).json == {"username": user.username}


def test_nothing_on_file_is_said_before_anything_is_sent(world: World, user: OfficeUser) -> None:
    machine = make_machine(user.portal)
    seen = machine.ask("POST", "support/verifications", {"kind": "user", "id": user.id, "channel": "sms"})
    assert seen.status == 400 and "No mobile number is on file" in seen.json["errors"][0]["message"]
    world.drain()
    assert world.inbox == []


def test_threat_48_the_code_is_in_no_answer_no_table_and_no_fact(world: World, user: OfficeUser) -> None:
    machine = make_machine(user.portal)
    made = machine.ask("POST", "support/verifications", {"kind": "user", "id": user.id, "channel": "email"})
    world.drain()
    code = newest_code(world, user.email)
    wrong = enter(machine, made.json["id"], other_than(code))
    held = made.text + wrong.text + machine.ask("GET", f"support/verifications/{made.json['id']}").text
    held += machine.ask("GET", "facts?limit=100").text + machine.ask("GET", "messages?limit=100").text
    held += "".join(
        str(item) for table in ("tokens", "messages", "facts") for item in world.scan(table) if user.slug in str(item)
    )
    assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", held)


def test_threat_16_a_colleague_above_is_out_of_reach(world: World, user: OfficeUser) -> None:
    owner, support = make_colleague(user.slug, "owner"), signed_in(make_colleague(user.slug, "support"))
    at = f"/portals/{user.slug}/support/verifications"
    refused = support.post(at, {"kind": "user", "id": owner.id, "channel": "email"})
    assert refused.status == 403 and "above your level" in refused.json["detail"]
    assert support.get(f"{at}?kind=user&id={owner.id}").status == 403
    assert len(facts_of(user.slug, "staff:support:refused")) == 2
    peer = make_colleague(user.slug, "agent")
    assert support.post(at, {"kind": "user", "id": peer.id, "channel": "email"}).status == 201
